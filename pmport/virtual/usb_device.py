"""The device end of a USB cable: descriptors, control requests, and bulk endpoints with queues.

A model inherits :class:`VirtualUsbDevice`, says what it is in class attributes, and overrides
:meth:`~VirtualUsbDevice.received`; whatever serves it (a pyusb backend, usbfs, USB/IP) calls the other methods.
Layouts: USB 2.0 specification, chapter 9.6.
"""

from __future__ import annotations

import struct
import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from pmport.virtual.faults import Fault, Faults

__all__ = ["BULK", "INTERRUPT", "ControlRequest", "Endpoint", "Interface", "Stall", "VirtualUsbDevice"]

BULK = 2
INTERRUPT = 3
DEVICE, CONFIGURATION, STRING, INTERFACE, ENDPOINT = 1, 2, 3, 4, 5
GET_STATUS, CLEAR_FEATURE, GET_DESCRIPTOR, GET_CONFIGURATION = 0, 1, 6, 8
SET_CONFIGURATION, GET_INTERFACE, SET_INTERFACE = 9, 10, 11
ENGLISH = struct.pack("<BBH", 4, STRING, 0x0409)


class Stall(Exception):  # noqa: N818 - the word of the USB specification
    """The device refuses a transfer."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Args:
        address: Its address; bit 7 set for IN.
        kind: :data:`BULK` or :data:`INTERRUPT`.
        packet_size: Largest packet, bytes.
        interval: Polling interval of an interrupt endpoint.
    """

    address: int
    kind: int = BULK
    packet_size: int = 512
    interval: int = 0

    def descriptor(self) -> bytes:
        """Its descriptor."""
        return struct.pack("<BBBBHB", 7, ENDPOINT, self.address, self.kind, self.packet_size, self.interval)


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface.

    Args:
        number: Its number.
        triple: Class, subclass, protocol.
        endpoints: Its endpoints.
        string: Index of its string; 0: none.
        alternate: Its alternate setting.
        extra: Class-specific descriptors that follow it.
    """

    number: int
    triple: tuple[int, int, int]
    endpoints: tuple[Endpoint, ...] = ()
    string: int = 0
    alternate: int = 0
    extra: bytes = b""

    def descriptor(self) -> bytes:
        """Its descriptor, and those of its endpoints."""
        head = struct.pack(
            "<9B", 9, INTERFACE, self.number, self.alternate, len(self.endpoints), *self.triple, self.string
        )
        return head + self.extra + b"".join(endpoint.descriptor() for endpoint in self.endpoints)


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """One control transfer, as its setup packet says.

    Args:
        request_type: bmRequestType.
        request: bRequest.
        value: wValue.
        index: wIndex.
        length: wLength: how much the host wants at the most.
        data: What the host sends; empty for IN requests.
    """

    request_type: int
    request: int
    value: int = 0
    index: int = 0
    length: int = 0
    data: bytes = b""


class VirtualUsbDevice:
    """A device that can be plugged in, spoken to, and pulled out.

    Args:
        serial: Its serial number; "" for none.
        faults: When to fail.

    Attributes:
        condition: Guards the queues; is notified when something arrives for the host or the cable is pulled.
        plugged: Whether it is on the bus.
        generation: How often it was plugged in again; servers give each generation a new address.
    """

    vendor = 0x18D1
    product = 0xD00D
    release = 0x0100
    device_triple: tuple[int, int, int] = (0, 0, 0)
    usb_version = 0x0200
    manufacturer_name = "pmport"
    product_name = "virtual phone"
    interface_names: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()

    def __init__(self, *, serial: str = "", faults: Iterable[Fault] = ()) -> None:
        self.serial = serial
        self.condition: threading.Condition = threading.Condition(threading.RLock())
        self.faults: Faults = Faults(faults)
        self.plugged: bool = True
        self.port_of: VirtualUsbDevice | None = None
        """The device that this one takes the place of, on the same cable: another mode of one phone."""
        self.generation: int = 0
        self.configuration: int = 1
        self.queues: dict[int, deque[bytes]] = defaultdict(deque)
        self.halted: set[int] = set()

    # ----- what a model overrides

    def received(self, endpoint: int, data: bytes) -> None:
        """The host sent one bulk transfer.

        Args:
            endpoint: Address of the OUT endpoint.
            data: What it sent; empty for a zero-length packet.

        Raises:
            Stall: If the device refuses it.
        """
        raise Stall(f"{len(data)} bytes on endpoint {endpoint:#x}")

    def control(self, setup: ControlRequest) -> bytes:
        """The host makes a class or vendor request.

        Args:
            setup: The request.

        Returns:
            The answer to an IN request.

        Raises:
            Stall: If the device refuses it.
        """
        raise Stall(f"request {setup.request:#x}")

    def reset(self) -> None:
        """The bus was reset, or the device was plugged in again: forget the conversation."""

    def settle(self) -> None:
        """The host has read the last answer: do what a command asked for after it, such as to leave the bus."""

    # ----- what a model calls

    def send(self, endpoint: int, data: bytes) -> None:
        """Queue one transfer for the host.

        Args:
            endpoint: Address of the IN endpoint.
            data: The bytes; empty for a zero-length packet.
        """
        with self.condition:
            self.queues[endpoint].append(data)
            self.condition.notify_all()

    def unplug(self) -> None:
        """Pull the cable."""
        with self.condition:
            self.plugged = False
            self.queues.clear()
            self.halted.clear()
            self.condition.notify_all()

    def plug(self) -> None:
        """Put the cable in again; the device starts its conversation anew."""
        with self.condition:
            self.queues.clear()
            self.halted.clear()
            self.reset()
            self.plugged = True
            self.generation += 1
            self.faults.restart()
            self.condition.notify_all()

    # ----- descriptors, for whoever serves the device

    @property
    def strings(self) -> tuple[str, ...]:
        """String descriptors by index; 0 stands for the list of languages."""
        return ("", self.manufacturer_name, self.product_name, self.serial, *self.interface_names)

    def device_descriptor(self) -> bytes:
        """The device descriptor, 18 bytes."""
        return struct.pack(
            "<BBHBBBBHHHBBBB", 18, DEVICE, self.usb_version, *self.device_triple, 64,
            self.vendor, self.product, self.release, 1, 2, 3 if self.serial else 0, 1,
        )  # fmt: skip

    def configuration_descriptor(self) -> bytes:
        """The configuration descriptor with all interfaces."""
        body = b"".join(interface.descriptor() for interface in self.interfaces)
        count = len({interface.number for interface in self.interfaces})
        return struct.pack("<BBHBBBBB", 9, CONFIGURATION, 9 + len(body), count, 1, 0, 0xC0, 250) + body

    def string_descriptor(self, index: int) -> bytes:
        """One string descriptor.

        Args:
            index: Its index.

        Returns:
            The descriptor.

        Raises:
            Stall: If there is none of that index.
        """
        if index == 0:
            return ENGLISH
        if index >= len(self.strings):
            raise Stall
        text = self.strings[index].encode("utf-16-le")
        return struct.pack("<BB", 2 + len(text), STRING) + text

    def answer_control(self, setup: ControlRequest) -> bytes:
        """Any control request: the standard ones here, the others by the model.

        Args:
            setup: The request.

        Returns:
            The answer, cut to the wanted length.

        Raises:
            Stall: If the device refuses it.
        """
        if setup.request_type & 0x60:
            return self.control(setup)[: setup.length]
        if setup.request == GET_DESCRIPTOR:
            return self._descriptor(setup.value >> 8, setup.value & 0xFF)[: setup.length]
        if setup.request == SET_CONFIGURATION:
            self.configuration = setup.value
        elif setup.request == CLEAR_FEATURE:
            self.halted.discard(setup.index)
        elif setup.request != SET_INTERFACE:
            return self._status(setup.request)
        return b""

    def _descriptor(self, kind: int, number: int) -> bytes:
        if kind == DEVICE:
            return self.device_descriptor()
        if kind == CONFIGURATION:
            return self.configuration_descriptor()
        if kind == STRING:
            return self.string_descriptor(number)
        raise Stall(f"descriptor {kind}")

    def _status(self, request: int) -> bytes:
        answers = {GET_STATUS: bytes(2), GET_INTERFACE: bytes(1), GET_CONFIGURATION: bytes([self.configuration])}
        if request not in answers:
            raise Stall(f"request {request:#x}")
        return answers[request]
