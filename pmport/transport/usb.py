"""USB, through pyusb on libusb: the system's library if there is one, else the one that ``libusb-package`` brings."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pmport.errors import AccessError, DeadlineError, DeviceGoneError, NoDeviceError, TransportError
from pmport.transport.modes import Mode, mode_of

if TYPE_CHECKING:
    from array import array

    from usb.core import USBError

__all__ = ["UsbDevice", "UsbInterface", "UsbTransport", "libusb_backend", "usb_devices", "wait_for_device"]

FIRST_TRANSFER = 256 * 1024
"""Bytes per bulk write, as AOSP's host starts with."""
LAST_TRANSFER = 16 * 1024
"""Bytes per bulk write that every host and device takes; the size is halved down to here on ENOMEM."""
POLL_SECONDS = 0.25
"""How often the bus is looked at while waiting for a device."""
UNPLUGGED = {errno.ENODEV, errno.ESHUTDOWN, errno.ENOENT}
BROKEN = {errno.EIO, errno.EPROTO, errno.EILSEQ}


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
    import libusb_package  # noqa: PLC0415 - 39 ms, only when there is a cable
    import usb.backend.libusb1  # noqa: PLC0415

    backend = usb.backend.libusb1.get_backend() or libusb_package.get_libusb1_backend()
    if backend is None:
        raise TransportError("libusb could not be loaded", remedy="install it: apt install libusb-1.0-0, or the like")
    return backend


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
            found.append(UsbDevice(handle.idVendor, handle.idProduct, path, serial, interfaces, mode, problem, handle))
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
        return handle.serial_number or "", ""
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
            raise NoDeviceError(f"{len(chosen)} devices are there: {names}", remedy="choose one by serial or path")
        if end is not None and time.monotonic() >= end:
            there = f"; there are {', '.join(d.serial or d.path for d in found)}" if found else ""
            wanted = f" named {name!r}" if name else ""
            raise NoDeviceError(
                f"no {method} device{wanted} is on the USB bus{there}",
                remedy="switch the phone into that mode and check the cable; `pmport devices` shows what is there",
            )
        if waiting is not None:
            waiting()
            waiting = None
        time.sleep(poll)


class UsbTransport:
    """Bulk transfers with one interface of one device.

    Args:
        device: The device, as :func:`usb_devices` gives it.
        interface: The interface; None: the first that has both bulk endpoints and fits the device's mode.
        transfer_size: Bytes per write at first.

    Raises:
        AccessError: If the device may not be opened, or another program holds it.
        TransportError: If it has no such interface.
    """

    def __init__(
        self, device: UsbDevice, interface: UsbInterface | None = None, *, transfer_size: int = FIRST_TRANSFER
    ) -> None:
        self.device = device
        self.interface = interface or _bulk_interface(device)
        self.transfer_size = transfer_size
        self._handle: Any = device.handle
        self._claim()

    @property
    def name(self) -> str:
        """Where the device is plugged in."""
        return self.device.path

    def _claim(self) -> None:
        import usb.core  # noqa: PLC0415 - as above
        import usb.util  # noqa: PLC0415

        number = self.interface.number
        try:
            with suppress(NotImplementedError):
                if self._handle.is_kernel_driver_active(number):
                    self._handle.detach_kernel_driver(number)
            usb.util.claim_interface(self._handle, number)
            if self.interface.alternate:  # asking for setting 0 upsets some bootloaders, and changes nothing
                self._handle.set_interface_altsetting(number, self.interface.alternate)
        except usb.core.USBError as error:
            usb.util.dispose_resources(self._handle)
            self._fail(error, 0)

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send bytes, in pieces; see :class:`~pmport.transport.base.Transport`. An array of bytes is not copied."""
        import usb.core  # noqa: PLC0415 - as above

        sent = 0
        while sent < len(data):
            whole = not sent and len(data) <= self.transfer_size
            piece = data if whole else data[sent : sent + self.transfer_size]
            try:
                sent += self._handle.write(self.interface.endpoint_out, piece, _milliseconds(timeout))
            except usb.core.USBError as error:
                if error.errno == errno.ENOMEM and self.transfer_size > LAST_TRANSFER:
                    self.transfer_size = max(self.transfer_size // 2, LAST_TRANSFER)
                    continue
                self._fail(error, sent)
            if sent < len(data) and sent % self.interface.packet_size:
                raise TransportError(
                    f"the device took {sent} of {len(data)} bytes and stopped in the middle of a packet",
                    device=self.name,
                    bytes_sent=sent,
                )

    def write_empty(self, timeout: float | None) -> None:
        """Send a zero-length packet, which ends a transfer of whole packets, to those protocols that want it.

        Args:
            timeout: Seconds.

        Raises:
            TransportError: As :meth:`write`; after a refusal (STALL) the endpoint works again.
        """
        import usb.core  # noqa: PLC0415 - as above

        try:
            self._handle.write(self.interface.endpoint_out, b"", _milliseconds(timeout))
        except usb.core.USBError as error:
            if error.errno == errno.EPIPE:
                with suppress(usb.core.USBError):
                    self._handle.clear_halt(self.interface.endpoint_out)
            self._fail(error, 0)

    def reset(self) -> None:
        """Reset the port; the device keeps its address.

        Raises:
            TransportError: If the device does not come back.
        """
        import usb.core  # noqa: PLC0415 - as above

        try:
            self._handle.reset()
        except usb.core.USBError as error:
            self._fail(error, 0)

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive one transfer; see :class:`~pmport.transport.base.Transport`."""
        import usb.core  # noqa: PLC0415 - as above

        try:
            return bytes(self._handle.read(self.interface.endpoint_in, size, _milliseconds(timeout)))
        except usb.core.USBError as error:
            self._fail(error, 0)

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes | int = b"",
        timeout: float = 1,
    ) -> bytes:
        """One control transfer.

        Args:
            request_type: bmRequestType.
            request: bRequest.
            value: wValue.
            index: wIndex.
            data: What to send, or how many bytes to receive.
            timeout: Seconds.

        Returns:
            What came; empty for transfers to the device.

        Raises:
            TransportError: As :meth:`write`; a refusal by the device (STALL) is one too.
        """
        import usb.core  # noqa: PLC0415 - as above

        try:
            answer = self._handle.ctrl_transfer(request_type, request, value, index, data, _milliseconds(timeout))
        except usb.core.USBError as error:
            self._fail(error, 0)
        return bytes(answer) if request_type & 0x80 else b""

    def close(self) -> None:
        """Release the interface."""
        import usb.core  # noqa: PLC0415 - as above
        import usb.util  # noqa: PLC0415

        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(usb.core.USBError):  # unplugged: nothing to release
                usb.util.release_interface(handle, self.interface.number)
            usb.util.dispose_resources(handle)

    def _fail(self, error: USBError, sent: int) -> NoReturn:
        code = error.errno
        at = self.name
        if code == errno.ETIMEDOUT:
            raise DeadlineError(f"the device at {at} did not answer in time", device=at, bytes_sent=sent) from error
        if code in UNPLUGGED:
            raise DeviceGoneError(f"the device at {at} is gone", device=at, bytes_sent=sent) from error
        if code in {errno.EACCES, errno.EPERM}:
            raise AccessError(
                f"the device at {at} may not be opened",
                device=at,
                remedy="`pmport doctor` writes the udev rule that allows it",
            ) from error
        if code == errno.EBUSY:
            raise AccessError(
                f"another program holds the device at {at}",
                device=at,
                remedy="stop it (adb, ModemManager, a second flasher)",
            ) from error
        if code == errno.EPIPE:
            raise TransportError(
                f"the device at {at} refused the transfer (STALL)", device=at, bytes_sent=sent
            ) from error
        if code in BROKEN:
            raise TransportError(
                f"the transfer with {at} broke: {error}", device=at, bytes_sent=sent,
                remedy="try another cable, a USB 2 port or a hub",
            ) from error  # fmt: skip
        raise TransportError(f"USB trouble with {at}: {error}", device=at, bytes_sent=sent) from error


def _bulk_interface(device: UsbDevice) -> UsbInterface:
    wanted = device.mode.interface if device.mode else None
    for interface in device.interfaces:
        if interface.endpoint_in and interface.endpoint_out and wanted in {None, interface.triple}:
            return interface
    raise TransportError(f"the device at {device.path} has no interface with two bulk endpoints", device=device.path)


def _milliseconds(timeout: float | None) -> int:
    """Libusb takes 0 for "for ever", so the shortest wait is one millisecond."""
    return 0 if timeout is None else max(int(timeout * 1000), 1)
