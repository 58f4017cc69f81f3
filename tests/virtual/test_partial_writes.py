"""A device that takes a part of a transfer gets the rest, once, and in order."""

from __future__ import annotations

import random
from array import array

import pytest

from pmport.errors import TransportError
from pmport.transport.usb import UsbTransport, usb_devices
from pmport.virtual import Fault, FaultKind, LokePhone, PyusbBackend


class Taking(LokePhone):
    """Keeps whatever comes."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults=faults)
        self.taken = b""

    def received(self, endpoint: int, data: bytes) -> None:  # noqa: ARG002 - there is one
        self.taken += data


def opened(phone: LokePhone, size: int) -> UsbTransport:
    (device,) = usb_devices(backend=PyusbBackend([phone]))
    interface = next(item for item in device.interfaces if item.endpoint_out)
    return UsbTransport(device, interface, transfer_size=size)


@pytest.mark.parametrize("kind", [bytes, lambda data: array("B", data)])
@pytest.mark.parametrize(("room", "at"), [(8192, 0), (1024, 0), (1024, 2), (1024, 3)])
def test_the_rest_follows(room: int, at: int, kind: type[bytes]) -> None:
    phone, data = Taking(Fault(FaultKind.SHORT, at)), random.Random(1).randbytes(4096)
    opened(phone, room).write(kind(data), 1)
    assert phone.taken == data


def test_a_part_of_a_packet_is_an_error() -> None:
    phone = Taking(Fault(FaultKind.SHORT, 0))
    with pytest.raises(TransportError, match="took 500 of 1000 bytes"):
        opened(phone, 8192).write(bytes(1000), 1)
