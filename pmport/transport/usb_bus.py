"""What is on the USB bus, through pyusb on libusb: the system's library if there is one, else that of ``libusb-package``."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pmport.errors import NoDeviceError, TransportError
from pmport.transport.modes import Mode, mode_of
from pmport.untrusted import printable

__all__ = ["POLL_SECONDS", "UsbDevice", "UsbInterface", "libusb_backend", "usb_devices", "wait_for_device"]

POLL_SECONDS = 0.25
"""How often the bus is looked at while waiting for a device."""


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """One interface of a device, with its bulk endpoints.

    Args:
        number: Its number.
        alternate: Its alternate setting.
        triple: Class, subclass, protocol.
        endpoint_in: Address of the last bulk IN endpoint, or None.
        endpoint_out: Address of the last bulk OUT endpoint, or None.
        packet_size: Largest packet of the OUT endpoint, bytes.
    """

    number: int
    alternate: int
    triple: tuple[int, int, int]
    endpoint_in: int | None
    endpoint_out: int | None
    packet_size: int


@dataclass(frozen=True)
class UsbDevice:
    """A device on the bus that is in a mode known to pmport, or was asked for.

    Args:
        vendor: USB vendor id.
        product: USB product id.
        path: Where it is plugged in, as the kernel names it: ``usb:1-4.2``. Stays the same over a reboot.
        serial: Its serial number; "" where it has none or may not be asked.
        interfaces: Its interfaces.
        mode: The mode it is in, or None.
        problem: Why it cannot be asked for its serial number, or "".
        handle: pyusb's device.
    """

    vendor: int
    product: int
    path: str
    serial: str
    interfaces: tuple[UsbInterface, ...]
    mode: Mode | None
    problem: str = ""
    handle: Any = field(default=None, repr=False, compare=False)
    address: int = field(default=0, compare=False)
    """Its number on the bus, which changes whenever it is plugged in."""

    @property
    def place(self) -> tuple[str, int]:
        """Port and address: what no other device has, nor the same one after it was away."""
        return self.path, self.address

    def named(self, name: str) -> bool:
        """Whether the user means this one.

        Args:
            name: A serial number or a path.

        Returns:
            True where either is equal.
        """
        return name in {self.serial, self.path} and bool(name)


def libusb_backend() -> Any:
    """The backend that pyusb is to use.

    Returns:
        The system's libusb, else the wheel's.

    Raises:
        TransportError: If neither can be loaded.
    """
    import usb.backend.libusb1  # noqa: PLC0415 - only when there is a cable

    backend = usb.backend.libusb1.get_backend() or _packaged_libusb()
    if backend is None:
        raise TransportError(
            "libusb could not be loaded: neither the system has one, nor the package libusb-package",
            remedy="Install it: apt install libusb-1.0-0, or the like; or pip install libusb-package",
        )
    return backend


def _packaged_libusb() -> Any:
    """The library in ``libusb-package``; None where that package is not installed."""
    try:
        import libusb_package  # noqa: PLC0415 - 39 ms, only where the system has no libusb
    except ImportError:
        return None
    return libusb_package.get_libusb1_backend()


def usb_devices(*, method: str = "", backend: Any = None, serials: bool = True) -> list[UsbDevice]:
    """What is on the bus.

    Args:
        method: Only devices that this flash method speaks to; "": all that are in a known mode.
        backend: pyusb backend; None: :func:`libusb_backend`. A virtual phone brings its own.
        serials: Ask each for its serial number; a boot ROM that waits for a moment only is not to be asked.

    Returns:
        The devices, in the order of the bus.
    """
    import usb.core  # noqa: PLC0415 - 17 ms, only when there is a cable

    found = []
    for handle in usb.core.find(find_all=True, backend=backend or libusb_backend()):
        interfaces = tuple(_interfaces(handle))
        mode = mode_of(handle.idVendor, handle.idProduct, (interface.triple for interface in interfaces))
        if mode is not None and method in {"", mode.method}:
            serial, problem = _serial(handle) if serials and mode.asked else ("", "")
            path = _path(handle)
            found.append(
                UsbDevice(
                    handle.idVendor,
                    handle.idProduct,
                    path,
                    serial,
                    interfaces,
                    mode,
                    problem,
                    handle,
                    handle.address or 0,
                )
            )
    return found


def _interfaces(handle: Any) -> Iterator[UsbInterface]:
    import usb.util  # noqa: PLC0415 - as above

    for configuration in handle:
        for interface in configuration:
            ends: dict[int, Any] = {}
            for endpoint in interface:
                if usb.util.endpoint_type(endpoint.bmAttributes) == usb.util.ENDPOINT_TYPE_BULK:
                    ends[usb.util.endpoint_direction(endpoint.bEndpointAddress)] = endpoint
            bulk_in, bulk_out = ends.get(usb.util.ENDPOINT_IN), ends.get(usb.util.ENDPOINT_OUT)
            yield UsbInterface(
                interface.bInterfaceNumber,
                interface.bAlternateSetting,
                (interface.bInterfaceClass, interface.bInterfaceSubClass, interface.bInterfaceProtocol),
                bulk_in and bulk_in.bEndpointAddress,
                bulk_out and bulk_out.bEndpointAddress,
                bulk_out.wMaxPacketSize if bulk_out else 512,
            )


def _path(handle: Any) -> str:
    ports = handle.port_numbers or (handle.address,)
    return f"usb:{handle.bus}-{'.'.join(str(port) for port in ports)}"


def _serial(handle: Any) -> tuple[str, str]:
    """The serial number, asked once before anything is claimed: some bootloaders mind being asked later."""
    import usb.core  # noqa: PLC0415 - as above

    try:
        return printable(handle.serial_number or "", keep=""), ""
    except usb.core.USBError as error:
        return "", "no permission" if error.errno in {errno.EACCES, errno.EPERM} else str(error)
    except (ValueError, NotImplementedError):  # pyusb: "The device has no langid", which also means no permission
        return "", "no permission"


def wait_for_device(
    method: str,
    *,
    name: str = "",
    timeout: float | None = 0,
    backend: Any = None,
    waiting: Callable[[], None] | None = None,
    serials: bool = True,
    poll: float = POLL_SECONDS,
) -> UsbDevice:
    """The one device that a flash method speaks to; waits until it is plugged in.

    Args:
        method: The flash method.
        name: Serial number or path of the wanted one; "": there must be one only.
        timeout: Seconds to wait for it; 0: do not wait; None: for ever.
        backend: pyusb backend.
        waiting: Called once, when it is not there yet.
        serials: Ask each for its serial number.
        poll: Seconds between two looks at the bus.

    Returns:
        The device.

    Raises:
        NoDeviceError: If it does not come, or if several are there and none was named.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        found = usb_devices(method=method, backend=backend, serials=serials)
        chosen = [device for device in found if device.named(name)] if name else found
        if len(chosen) == 1:
            return chosen[0]
        if len(chosen) > 1:
            names = ", ".join(device.serial or device.path for device in chosen)
            raise NoDeviceError(f"{len(chosen)} devices are there: {names}", remedy="Choose one by serial or path")
        if end is not None and time.monotonic() >= end:
            there = f"; there are {', '.join(d.serial or d.path for d in found)}" if found else ""
            wanted = f" named {name!r}" if name else ""
            raise NoDeviceError(
                f"No {method} device{wanted} is on the USB bus{there}",
                remedy="Switch the phone into that mode and check the cable; `pmport devices` shows what is there",
            )
        if waiting is not None:
            waiting()
            waiting = None
        time.sleep(poll)
