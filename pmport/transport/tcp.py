"""Fastboot over TCP: emulators, fastbootd on devices without USB, and virtual phones.

Each side first sends ``FB`` and two digits; then every message is its length, eight bytes big-endian, and its bytes
(AOSP ``fastboot/README.md``, "Fastboot TCP Protocol v1").
"""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, Self

from pmport.errors import DeadlineError, DeviceGoneError, NoDeviceError, TransportError
from pmport.interruption import SLICE_SECONDS, check, waiting_slice
from pmport.transport.address import shown_address
from pmport.transport.base import Transport
from pmport.transport.returning import connected_again

if TYPE_CHECKING:
    from array import array

    from pmport.transport.base import Choose, Waited

__all__ = ["HANDSHAKE", "LENGTH_SIZE", "PORT", "TcpTransport"]

PORT = 5554
HANDSHAKE = b"FB01"
LENGTH_SIZE = 8
CONNECT_SECONDS = 5.0
HANDSHAKE_SECONDS = 2.0
LEAST_SECONDS = 0.001
"""A timeout of 0 would mean another kind of socket."""


class TcpTransport(Transport):
    """Messages with one device over TCP.

    Args:
        host: Name or address.
        port: TCP port.
        timeout: Seconds for the connection.

    Raises:
        NoDeviceError: If nobody listens there.
        TransportError: If it is somebody else.
    """

    name: str = ""

    def __init__(self, host: str, port: int = PORT, *, timeout: float = CONNECT_SECONDS) -> None:
        self.name = f"tcp:{shown_address(host, port)}"
        self._address = (host, port)
        self._left = 0
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise NoDeviceError(
                f"Nobody answers at {self.name}: {error}", device=self.name, state="Nothing was sent",
                remedy="Is the phone in fastboot mode, and its address right?",
            ) from error  # fmt: skip
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> None:
        answer = b""
        try:
            self._socket.settimeout(HANDSHAKE_SECONDS)
            self._socket.sendall(HANDSHAKE)
            while len(answer) < len(HANDSHAKE) and (piece := self._socket.recv(len(HANDSHAKE) - len(answer))):
                answer += piece
        except TimeoutError:
            pass
        except OSError as error:
            raise DeviceGoneError(
                f"{self.name} closed the connection before its greeting: {error}", device=self.name,
                state="Nothing was sent", remedy="One client at a time: does another one hold it?",
            ) from error  # fmt: skip
        if not re.fullmatch(rb"FB(?!00)[0-9]{2}", answer):
            raise TransportError(
                f"{self.name} answered {answer!r} instead of fastboot's greeting", device=self.name,
                state="Nothing was sent", remedy="Is it fastboot that listens there?",
            )  # fmt: skip

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send one message; see :class:`~pmport.transport.base.Transport`."""
        self._socket.settimeout(timeout)
        try:
            self._socket.sendall(len(data).to_bytes(LENGTH_SIZE, "big"))
            self._socket.sendall(data)
        except TimeoutError as error:
            raise DeadlineError(f"{self.name} took no data in time", device=self.name) from error
        except OSError as error:
            raise DeviceGoneError(f"The connection to {self.name} broke: {error}", device=self.name) from error

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive of one message what is asked for; see :class:`~pmport.transport.base.Transport`."""
        end = None if timeout is None else time.monotonic() + timeout
        if not self._left:
            self._left = int.from_bytes(self._receive(LENGTH_SIZE, end), "big")
        data = self._receive(min(size, self._left), end)
        self._left -= len(data)
        return data

    def _receive(self, size: int, end: float | None) -> bytes:
        """So many bytes; a phone that sends them one by one has no more time than another."""
        pieces: list[bytes] = []
        while size:
            left = None if end is None else end - time.monotonic()
            try:
                self._socket.settimeout(max(waiting_slice(left), LEAST_SECONDS))
                piece = self._socket.recv(min(size, 1 << 20))
            except TimeoutError as error:
                if left is not None and left <= SLICE_SECONDS:
                    raise DeadlineError(f"{self.name} did not answer in time", device=self.name) from error
                if not pieces:
                    check()
                continue
            except OSError as error:
                raise DeviceGoneError(f"The connection to {self.name} broke: {error}", device=self.name) from error
            if not piece:
                raise DeviceGoneError(f"{self.name} closed the connection", device=self.name)
            pieces.append(piece)
            size -= len(piece)
            if size and end is not None and time.monotonic() >= end:
                raise DeadlineError(f"{self.name} did not answer in time", device=self.name)
        return b"".join(pieces)

    def returned(
        self, *, timeout: float, waited: Waited | None = None, mode: str = "", choose: Choose | None = None
    ) -> Self:
        """Connect to the same address again; see :class:`~pmport.transport.base.Transport`."""
        del mode, choose  # USB's words
        self.close()
        return connected_again(lambda: type(self)(*self._address), self.name, timeout=timeout, waited=waited)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
