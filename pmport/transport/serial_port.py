"""Serial ports: a phone's UART behind an adapter, or the ACM gadget of its system.

Example:
    >>> import os, pty
    >>> ours, theirs = pty.openpty()
    >>> port = SerialTransport(os.ttyname(theirs))
    >>> os.write(ours, b"Linux version 6.12") and port.read(64, 1.0)
    b'Linux version 6.12'
    >>> port.close(); os.close(ours); os.close(theirs)
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmport.errors import (
    AccessError,
    DeadlineError,
    DeviceGoneError,
    MissingDependencyError,
    NoDeviceError,
    TransportError,
)
from pmport.transport.base import Transport

if TYPE_CHECKING:
    from array import array

__all__ = ["BAUD_RATE", "SerialTransport", "serial_ports"]

BAUD_RATE = 115200
"""What nearly every phone's UART speaks."""


class SerialTransport(Transport):
    """Bytes to and from a serial port.

    Args:
        port: Its name: ``/dev/ttyACM0``, ``COM3``.
        baud_rate: Bits per second; an ACM gadget does not care.

    Raises:
        NoDeviceError: If there is no such port.
        AccessError: If it may not be opened.
        TransportError: For any other trouble.
        MissingDependencyError: If the package ``pyserial`` is not installed.
    """

    name: str = ""

    def __init__(self, port: str, baud_rate: int = BAUD_RATE) -> None:
        serial = _pyserial()
        self.name = f"serial:{port}"
        self._error: type[Exception] = serial.SerialException
        self._late: type[Exception] = serial.SerialTimeoutException
        try:
            self._port: Any = serial.Serial(port, baud_rate, timeout=None)
        except serial.SerialException as error:
            raise _refused(error, port) from error

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send bytes; see :class:`~pmport.transport.base.Transport`."""
        try:
            self._port.write_timeout = timeout
            self._port.write(data)
        except self._late as error:
            raise DeadlineError(f"{self.name} took no data in time", device=self.name) from error
        except (self._error, OSError) as error:
            raise DeviceGoneError(f"{self.name} is gone: {error}", device=self.name) from error

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive what has come; see :class:`~pmport.transport.base.Transport`."""
        try:
            self._port.timeout = timeout
            data: bytes = self._port.read(1)
            waiting = min(size - 1, self._port.in_waiting) if data else 0
            data += self._port.read(waiting) if waiting else b""
        except (self._error, OSError, TypeError) as error:  # pyserial's own descriptor is None after it was pulled
            raise DeviceGoneError(f"{self.name} is gone: {error}", device=self.name) from error
        if not data:
            raise DeadlineError(f"{self.name} said nothing in time", device=self.name)
        return data

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def _pyserial() -> Any:
    """The package, or a word on what is missing."""
    try:
        import serial  # noqa: PLC0415 - only where a serial port is spoken to
    except ImportError as error:
        raise MissingDependencyError(
            "A serial port needs the package pyserial", install="pip install pyserial"
        ) from error
    return serial


def _refused(error: Exception, port: str) -> TransportError:
    number = getattr(error, "errno", None)
    if number in {errno.EACCES, errno.EPERM}:
        return AccessError(
            f"{port} may not be opened",
            device=port,
            remedy="Join the group that owns it (dialout or uucp), or log in again",
        )
    if number == errno.EBUSY:
        return AccessError(f"{port} is used by another program", device=port, remedy="Close that one, or ModemManager")
    if number == errno.ENOENT or not Path(port).exists():
        return NoDeviceError(f"There is no {port}", device=port, remedy="pmport console --list shows what there is")
    return TransportError(f"{port} cannot be opened: {error}", device=port)


def serial_ports() -> Iterator[tuple[str, str, str]]:
    """The serial ports of this machine that something is plugged into.

    Yields:
        ``(port, what it is, USB serial number)``; the last is "" for those that have none.

    Raises:
        MissingDependencyError: If the package ``pyserial`` is not installed.
    """
    _pyserial()
    from serial.tools import list_ports  # noqa: PLC0415 - only to list them

    for port in sorted(list_ports.comports()):
        if port.vid is not None:
            yield port.device, port.description or "", port.serial_number or ""
