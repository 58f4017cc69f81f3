"""A pyusb backend whose bus holds virtual phones: in this process, without a kernel, without libusb.

Example:
    >>> from pmport.transport import usb_devices
    >>> from pmport.virtual import FastbootPhone
    >>> phone = FastbootPhone(serial="EXAMPLE01")
    >>> [device.serial for device in usb_devices(backend=PyusbBackend([phone]))]
    ['EXAMPLE01']
"""

from __future__ import annotations

import errno
import struct
import time
from array import array
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import usb.backend
from usb.core import USBError, USBTimeoutError

from pmport.virtual.faults import FaultKind
from pmport.virtual.transfers import ask, settle
from pmport.virtual.usb_device import ControlRequest, Stall, VirtualUsbDevice

__all__ = ["PyusbBackend"]

HIGH_SPEED = 3
DEVICE_FIELDS = [
    "bLength",
    "bDescriptorType",
    "bcdUSB",
    "bDeviceClass",
    "bDeviceSubClass",
    "bDeviceProtocol",
    "bMaxPacketSize0",
    "idVendor",
    "idProduct",
    "bcdDevice",
    "iManufacturer",
    "iProduct",
    "iSerialNumber",
    "bNumConfigurations",
]
CONFIGURATION_FIELDS = [
    "bLength",
    "bDescriptorType",
    "wTotalLength",
    "bNumInterfaces",
    "bConfigurationValue",
    "iConfiguration",
    "bmAttributes",
    "bMaxPower",
]
INTERFACE_FIELDS = [
    "bLength",
    "bDescriptorType",
    "bInterfaceNumber",
    "bAlternateSetting",
    "bNumEndpoints",
    "bInterfaceClass",
    "bInterfaceSubClass",
    "bInterfaceProtocol",
    "iInterface",
]
ENDPOINT_FIELDS = ["bLength", "bDescriptorType", "bEndpointAddress", "bmAttributes", "wMaxPacketSize", "bInterval"]


def _fields(names: list[str], layout: str, raw: bytes) -> SimpleNamespace:
    values = dict(zip(names, struct.unpack_from(layout, raw), strict=True))
    return SimpleNamespace(**values, extra_descriptors=[], bRefresh=0, bSynchAddress=0)


class PyusbBackend(usb.backend.IBackend):  # type: ignore[misc]  # pyusb ships no types
    """The bus.

    Args:
        devices: What is plugged into it, in the order of the ports; a device that was pulled out is not shown.
    """

    def __init__(self, devices: Iterable[VirtualUsbDevice]) -> None:
        super().__init__()
        self.devices: list[VirtualUsbDevice] = list(devices)
        self.claimed: set[tuple[int, int]] = set()

    # ----- what is there

    def enumerate_devices(self) -> Iterator[VirtualUsbDevice]:
        """Devices that are plugged in; those that were told to leave have done so by now."""
        for device in self.devices:
            settle(device)
        return iter([device for device in self.devices if device.plugged])

    def get_device_descriptor(self, dev: VirtualUsbDevice) -> SimpleNamespace:
        """The device descriptor, and where it is plugged in."""
        descriptor = _fields(DEVICE_FIELDS, "<BBHBBBBHHHBBBB", dev.device_descriptor())
        port = self.devices.index(dev.port_of or dev) + 1
        number = self.devices.index(dev) + 1
        descriptor.bus, descriptor.address, descriptor.speed = 1, 2 + number + 16 * dev.generation, HIGH_SPEED
        descriptor.port_number, descriptor.port_numbers = port, (port,)
        return descriptor

    def get_configuration_descriptor(self, dev: VirtualUsbDevice, config: int) -> SimpleNamespace:
        """The one configuration."""
        if config:
            raise IndexError(config)
        return _fields(CONFIGURATION_FIELDS, "<BBHBBBBB", dev.configuration_descriptor())

    def get_interface_descriptor(self, dev: VirtualUsbDevice, intf: int, alt: int, config: int) -> SimpleNamespace:
        """One interface, by its place in the list."""
        del config
        numbers = list(dict.fromkeys(interface.number for interface in dev.interfaces))
        settings = [interface for interface in dev.interfaces if interface.number == numbers[intf]]
        return _fields(INTERFACE_FIELDS, "<9B", settings[alt].descriptor())

    def get_endpoint_descriptor(
        self, dev: VirtualUsbDevice, ep: int, intf: int, alt: int, config: int
    ) -> SimpleNamespace:
        """One endpoint, by its place in the list."""
        del config
        numbers = list(dict.fromkeys(interface.number for interface in dev.interfaces))
        settings = [interface for interface in dev.interfaces if interface.number == numbers[intf]]
        return _fields(ENDPOINT_FIELDS, "<BBBBHB", settings[alt].endpoints[ep].descriptor())

    # ----- opening

    def open_device(self, dev: VirtualUsbDevice) -> VirtualUsbDevice:
        """The device is its own handle."""
        self._present(dev)
        return dev

    def close_device(self, dev_handle: VirtualUsbDevice) -> None:
        """Give up what was claimed."""
        self.claimed = {(key, number) for key, number in self.claimed if key != id(dev_handle)}

    def set_configuration(self, dev_handle: VirtualUsbDevice, config_value: int) -> None:
        """There is one."""
        dev_handle.configuration = config_value

    def get_configuration(self, dev_handle: VirtualUsbDevice) -> int:
        """The one that is set."""
        return dev_handle.configuration

    def set_interface_altsetting(self, dev_handle: VirtualUsbDevice, intf: int, altsetting: int) -> None:
        """Nothing to do: endpoints have the same addresses in all settings."""

    def claim_interface(self, dev_handle: VirtualUsbDevice, intf: int) -> None:
        """One program at a time."""
        self._present(dev_handle)
        if (id(dev_handle), intf) in self.claimed:
            raise USBError("Resource busy", -6, errno.EBUSY)
        self.claimed.add((id(dev_handle), intf))

    def release_interface(self, dev_handle: VirtualUsbDevice, intf: int) -> None:
        """Let the next one in."""
        self.claimed.discard((id(dev_handle), intf))

    def is_kernel_driver_active(self, dev_handle: VirtualUsbDevice, intf: int) -> bool:
        """No kernel here."""
        del dev_handle, intf
        return False

    def clear_halt(self, dev_handle: VirtualUsbDevice, ep: int) -> None:
        """End a halt."""
        dev_handle.halted.discard(ep)

    def reset_device(self, dev_handle: VirtualUsbDevice) -> None:
        """Reset the bus."""
        with dev_handle.condition:
            dev_handle.queues.clear()
            dev_handle.halted.clear()
            dev_handle.reset()

    # ----- transfers

    @staticmethod
    def _present(device: VirtualUsbDevice) -> None:
        if not device.plugged:
            raise USBError("No such device (it may have been disconnected)", -4, errno.ENODEV)

    def _start(self, device: VirtualUsbDevice, endpoint: int, timeout: int) -> FaultKind | None:
        """Count the transfer and let it fail, if it is its turn."""
        self._present(device)
        fault = device.faults.next("in" if endpoint & 0x80 else "out")
        if fault is None:
            kind = None
        else:
            kind = fault.kind
            if kind is FaultKind.UNPLUG:
                device.unplug()
            elif kind is FaultKind.STALL:
                device.halted.add(endpoint)
            elif kind is FaultKind.SLOW:
                device.condition.wait(fault.seconds)
            elif kind is FaultKind.NAK:
                device.condition.wait_for(lambda: not device.plugged, timeout / 1000 if timeout else None)
                self._present(device)
                raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
        self._present(device)
        if endpoint in device.halted:
            raise USBError("Pipe error", -9, errno.EPIPE)
        return kind

    def bulk_write(self, dev_handle: VirtualUsbDevice, ep: int, intf: int, data: array[int], timeout: int) -> int:
        """From the host to the device."""
        del intf
        with dev_handle.condition:
            kind = self._start(dev_handle, ep, timeout)
            sent = data.tobytes()
            if kind is FaultKind.SHORT:
                sent = sent[: len(sent) // 2]
            try:
                dev_handle.received(ep, sent)
            except Stall:
                dev_handle.halted.add(ep)
                raise USBError("Pipe error", -9, errno.EPIPE) from None
        return len(sent)

    def bulk_read(self, dev_handle: VirtualUsbDevice, ep: int, intf: int, buff: array[int], timeout: int) -> int:
        """From the device to the host: up to the first short packet, or until the buffer is full."""
        del intf
        view = memoryview(buff).cast("B")
        end = time.monotonic() + timeout / 1000 if timeout else None
        with dev_handle.condition:
            kind = self._start(dev_handle, ep, timeout)
            queue = dev_handle.queues[ep]
            while not queue:
                if not dev_handle.condition.wait(None if end is None else max(end - time.monotonic(), 0)):
                    raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
                self._present(dev_handle)
                queue = dev_handle.queues[ep]
            data = queue.popleft()
            if kind is FaultKind.GARBAGE:
                data = bytes(byte ^ 0xA5 for byte in data)
            elif kind is FaultKind.SHORT:
                data = data[: len(data) // 2]
            if len(data) > len(view):
                if len(view) % 512:
                    raise USBError("Overflow", -8, errno.EOVERFLOW)
                queue.appendleft(data[len(view) :])
                data = data[: len(view)]
            view[: len(data)] = data
        return len(data)

    intr_write = bulk_write
    intr_read = bulk_read

    def ctrl_transfer(
        self,
        dev_handle: VirtualUsbDevice,
        bmRequestType: int,  # noqa: N803 - pyusb's names
        bRequest: int,  # noqa: N803
        wValue: int,  # noqa: N803
        wIndex: int,  # noqa: N803
        data: Any,
        timeout: int,
    ) -> int:
        """A control request."""
        incoming = bool(bmRequestType & 0x80)
        with dev_handle.condition:
            self._present(dev_handle)
            sent = b"" if incoming else bytes(data)
            outcome = ask(dev_handle, ControlRequest(bmRequestType, bRequest, wValue, wIndex, len(data), sent))
            if outcome is None:
                dev_handle.condition.wait_for(lambda: not dev_handle.plugged, timeout / 1000 if timeout else None)
                raise USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
            self._present(dev_handle)
            if outcome.error:
                raise USBError("Pipe error", -9, outcome.error)
        if incoming:
            memoryview(data).cast("B")[: len(outcome.data)] = outcome.data
            return len(outcome.data)
        return len(sent)
