"""Transfers over USB, through pyusb; what is on the bus is in :mod:`pmport.transport.usb_bus`."""

from __future__ import annotations

import errno
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, Self

from pmport.errors import AccessError, DeadlineError, DeviceGoneError, TransportError
from pmport.interruption import check, waiting_slice
from pmport.transport.base import Transport
from pmport.transport.returning import wait_for_return
from pmport.transport.usb_bus import (
    POLL_SECONDS,
    UsbDevice,
    UsbInterface,
    libusb_backend,
    usb_devices,
    wait_for_device,
)

if TYPE_CHECKING:
    from array import array

    from usb.core import USBError

    from pmport.transport.base import Choose, Waited

__all__ = ["UsbDevice", "UsbInterface", "UsbTransport", "libusb_backend", "usb_devices", "wait_for_device"]

FIRST_TRANSFER = 256 * 1024
"""Bytes per bulk write, as AOSP's host starts with."""
LAST_TRANSFER = 16 * 1024
"""Bytes per bulk write that every host and device takes; the size is halved down to here on ENOMEM."""
MOST_OLD = 64
"""Old answers that are thrown away; a phone that has more talks for ever."""
OLD_SIZE = 16 << 10
OLD_SECONDS = 0.003
UNPLUGGED = {errno.ENODEV, errno.ESHUTDOWN, errno.ENOENT}
BROKEN = {errno.EIO, errno.EPROTO, errno.EILSEQ}


class UsbTransport(Transport):
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
        self._device = device
        self.interface: UsbInterface = interface or _bulk_interface(device)
        self.transfer_size = transfer_size
        self._handle: Any = device.handle
        self._claim()

    @property
    def name(self) -> str:
        """Where the device is plugged in."""
        return self.device.path

    @property
    def device(self) -> UsbDevice:
        """The device."""
        return self._device

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
        left = timeout
        while sent < len(data):
            whole = not sent and len(data) <= self.transfer_size
            piece = data if whole else data[sent : sent + self.transfer_size]
            begun = time.monotonic()
            try:
                sent += self._handle.write(self.interface.endpoint_out, piece, _milliseconds(waiting_slice(left)))
                left = timeout
            except usb.core.USBError as error:
                if error.errno == errno.ENOMEM and self.transfer_size > LAST_TRANSFER:
                    self.transfer_size: int = max(self.transfer_size // 2, LAST_TRANSFER)
                    continue
                left = None if left is None else left - (time.monotonic() - begun)
                if error.errno != errno.ETIMEDOUT or (left is not None and left <= 0):
                    self._fail(error, sent)
                check(bytes_sent=sent)
            if sent < len(data) and sent % self.interface.packet_size:
                raise TransportError(
                    f"The device took {sent} of {len(data)} bytes and stopped in the middle of a packet",
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

        left = timeout
        while True:
            begun = time.monotonic()
            try:
                return bytes(self._handle.read(self.interface.endpoint_in, size, _milliseconds(waiting_slice(left))))
            except usb.core.USBError as error:
                left = None if left is None else left - (time.monotonic() - begun)
                if error.errno != errno.ETIMEDOUT or (left is not None and left <= 0):
                    self._fail(error, 0)
            check()

    def drain(self) -> None:
        """Throw away old answers, and end a halt of the endpoint that they come by."""
        import usb.core  # noqa: PLC0415 - as above

        for _ in range(MOST_OLD):
            try:
                self._handle.read(self.interface.endpoint_in, OLD_SIZE, _milliseconds(OLD_SECONDS))
            except usb.core.USBError as error:
                if error.errno == errno.EPIPE:
                    with suppress(usb.core.USBError):
                        self._handle.clear_halt(self.interface.endpoint_in)
                return

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

    def returned(
        self, *, timeout: float, waited: Waited | None = None, mode: str = "", choose: Choose | None = None
    ) -> Self:
        """The same phone, after it left the bus and came back; see :class:`~pmport.transport.base.Transport`."""
        before, backend = self.device, self.device.handle.backend
        self.close()
        method = before.mode.method if before.mode else ""
        serials = bool(before.serial)

        def look() -> list[UsbDevice]:
            import usb.core  # noqa: PLC0415 - as above

            try:
                return usb_devices(method=method, backend=backend, serials=serials)
            except usb.core.USBError:  # one left while it was looked at
                return [before]

        end = time.monotonic() + timeout
        while True:
            found = wait_for_return(before, look, timeout=max(end - time.monotonic(), 0), waited=waited, mode=mode)
            try:
                return type(self)(found, choose and choose(found), transfer_size=self.transfer_size)
            except DeviceGoneError:  # it was there for a moment only
                if time.monotonic() >= end:
                    raise
            except AccessError:  # udev is still at it
                if time.monotonic() >= end:
                    raise
                time.sleep(POLL_SECONDS)

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
            raise DeadlineError(f"The device at {at} did not answer in time", device=at, bytes_sent=sent) from error
        if code in UNPLUGGED:
            raise DeviceGoneError(f"The device at {at} is gone", device=at, bytes_sent=sent) from error
        if code in {errno.EACCES, errno.EPERM}:
            raise AccessError(
                f"The device at {at} may not be opened",
                device=at,
                remedy="`pmport doctor` writes the udev rule that allows it",
            ) from error
        if code == errno.EBUSY:
            raise AccessError(
                f"Another program holds the device at {at}",
                device=at,
                remedy="Stop it (adb, ModemManager, a second flasher)",
            ) from error
        if code == errno.EPIPE:
            raise TransportError(
                f"The device at {at} refused the transfer (STALL)", device=at, bytes_sent=sent
            ) from error
        if code in BROKEN:
            raise TransportError(
                f"The transfer with {at} broke: {error}", device=at, bytes_sent=sent,
                remedy="Try another cable, a USB 2 port or a hub",
            ) from error  # fmt: skip
        raise TransportError(f"USB trouble with {at}: {error}", device=at, bytes_sent=sent) from error


def _bulk_interface(device: UsbDevice) -> UsbInterface:
    wanted = device.mode.interface if device.mode else None
    for interface in device.interfaces:
        if interface.endpoint_in and interface.endpoint_out and wanted in {None, interface.triple}:
            return interface
    raise TransportError(f"The device at {device.path} has no interface with two bulk endpoints", device=device.path)


def _milliseconds(timeout: float | None) -> int:
    """Libusb takes 0 for "for ever", so the shortest wait is one millisecond."""
    return 0 if timeout is None else max(int(timeout * 1000), 1)
