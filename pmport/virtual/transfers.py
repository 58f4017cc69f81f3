"""Bulk transfers as a USB bus carries them, for the servers that let programs outside this process talk to a model.

A model queues whole transfers; on the bus a transfer ends with a short packet or when the host's buffer is full, so that
two answers whose first has no short packet at its end come as one. Failures are made here too.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace

from pmport.virtual.faults import Fault, FaultKind
from pmport.virtual.usb_device import ControlRequest, Endpoint, Stall, VirtualUsbDevice

__all__ = ["Outcome", "ask", "begin", "give", "packet_size", "settle", "take"]

VENDOR = 0x40
"""In bmRequestType: a request that only this device knows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a transfer ended.

    Args:
        data: What came from the device.
        sent: Bytes that the device took.
        error: errno; 0 for success.
    """

    data: bytes = b""
    sent: int = 0
    error: int = 0


def packet_size(device: VirtualUsbDevice, endpoint: int) -> int:
    """The largest packet of an endpoint.

    Args:
        device: The model.
        endpoint: The endpoint's address.

    Returns:
        Bytes; 512 for an endpoint that the model does not declare.
    """
    declared: dict[int, Endpoint] = {
        item.address: item for interface in device.interfaces for item in interface.endpoints
    }
    return declared[endpoint].packet_size if endpoint in declared else 512


def begin(device: VirtualUsbDevice, endpoint: int) -> Fault | None:
    """Count a transfer and let the failures that take effect at once do so. The caller holds the device's condition.

    Args:
        device: The model.
        endpoint: The endpoint's address.

    Returns:
        A failure that the transfer itself has to show: :attr:`~FaultKind.NAK`, :attr:`~FaultKind.SHORT` or
        :attr:`~FaultKind.GARBAGE`; None where there is none.
    """
    fault = device.faults.next("in" if endpoint & 0x80 else "out")
    if fault is None:
        return None
    if fault.kind is FaultKind.UNPLUG:
        device.unplug()
    elif fault.kind is FaultKind.STALL:
        device.halted.add(endpoint)
    elif fault.kind is FaultKind.SLOW:
        device.condition.wait_for(lambda: not device.plugged, fault.seconds)
    else:
        return fault
    return None


def give(device: VirtualUsbDevice, endpoint: int, data: bytes, fault: Fault | None = None) -> Outcome | None:
    """A transfer to the device. The caller holds the device's condition.

    Args:
        device: The model.
        endpoint: The endpoint's address.
        data: What the host sends.
        fault: What :func:`begin` returned.

    Returns:
        How it ended; None while the device does not take it.
    """
    if not device.plugged:
        return Outcome(error=errno.ENODEV)
    if endpoint in device.halted:
        return Outcome(error=errno.EPIPE)
    if fault is not None and fault.kind is FaultKind.NAK:
        return None
    if fault is not None and fault.kind is FaultKind.SHORT:
        data = data[: len(data) // 2]
    try:
        device.received(endpoint, data)
    except Stall:
        device.halted.add(endpoint)
        return Outcome(error=errno.EPIPE)
    return Outcome(sent=len(data))


def take(device: VirtualUsbDevice, endpoint: int, size: int, fault: Fault | None = None) -> Outcome | None:
    """A transfer from the device. The caller holds the device's condition.

    Args:
        device: The model.
        endpoint: The endpoint's address.
        size: Bytes that the host has room for.
        fault: What :func:`begin` returned.

    Returns:
        How it ended; None while the device has nothing more to say.
    """
    if not device.plugged:
        return Outcome(error=errno.ENODEV)
    if endpoint in device.halted:
        return Outcome(error=errno.EPIPE)
    if fault is not None and fault.kind is FaultKind.NAK:
        return None
    largest = packet_size(device, endpoint)
    queue = device.queues[endpoint]
    count = got = 0
    for item in queue:
        count += 1
        got += len(item)
        if got >= size or not item or len(item) % largest:
            break
    else:
        return None
    data = b"".join(queue.popleft() for _ in range(count))
    if got > size and size % largest:
        return Outcome(data[:size], error=errno.EOVERFLOW)
    if got > size:
        queue.appendleft(data[size:])
        data = data[:size]
    return Outcome(_spoiled(data, fault.kind if fault else None))


def ask(device: VirtualUsbDevice, setup: ControlRequest) -> Outcome | None:
    """A control request. The caller holds the device's condition.

    Args:
        device: The model.
        setup: The request; vendor requests count as transfers, and can be made to fail.

    Returns:
        How it ended; a STALL here does not halt anything. None if it runs into its deadline.
    """
    fault = None
    if setup.request_type & VENDOR:
        fault = device.faults.next("in" if setup.request_type & 0x80 else "out")
    kind = fault.kind if fault else None
    if kind is FaultKind.UNPLUG:
        device.unplug()
    elif fault is not None and kind is FaultKind.SLOW:
        device.condition.wait_for(lambda: not device.plugged, fault.seconds)
    if not device.plugged:
        return Outcome(error=errno.ENODEV)
    if kind is FaultKind.STALL:
        return Outcome(error=errno.EPIPE)
    if kind is FaultKind.NAK:
        return None
    if kind is FaultKind.SHORT:
        setup = replace(setup, data=setup.data[: len(setup.data) // 2])
    try:
        answer = device.answer_control(setup)
    except Stall:
        return Outcome(error=errno.EPIPE)
    return Outcome(_spoiled(answer, kind), len(setup.data))


def _spoiled(data: bytes, kind: FaultKind | None) -> bytes:
    if kind is FaultKind.GARBAGE:
        return bytes(byte ^ 0xA5 for byte in data)
    return data[: len(data) // 2] if kind is FaultKind.SHORT else data


def settle(device: VirtualUsbDevice) -> None:
    """Let a model that was told to reboot leave, once the host has read all that it said.

    Args:
        device: The model.
    """
    with device.condition:
        if not any(device.queues.values()):
            device.settle()
