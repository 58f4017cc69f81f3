"""Fastboot over TCP: emulators, fastbootd on devices without USB, and virtual phones.

Each side first sends ``FB`` and two digits; then every message is its length, eight bytes big-endian, and its bytes
(AOSP ``fastboot/README.md``, "Fastboot TCP Protocol v1").
"""

from __future__ import annotations

import socket

from pmport.errors import DeadlineError, DeviceGoneError, NoDeviceError, TransportError

__all__ = ["HANDSHAKE", "LENGTH_SIZE", "PORT", "TcpTransport"]

PORT = 5554
HANDSHAKE = b"FB01"
LENGTH_SIZE = 8
CONNECT_SECONDS = 5.0
HANDSHAKE_SECONDS = 2.0


class TcpTransport:
    """Messages with one device over TCP.

    Args:
        host: Name or address.
        port: TCP port.
        timeout: Seconds for the connection.

    Raises:
        NoDeviceError: If nobody listens there.
        TransportError: If it is somebody else.
    """

    def __init__(self, host: str, port: int = PORT, *, timeout: float = CONNECT_SECONDS) -> None:
        self.name = f"tcp:{host}:{port}"
        self._left = 0
        try:
            self._socket = socket.create_connection((host, port), timeout)
        except OSError as error:
            raise NoDeviceError(f"nobody answers at {self.name}: {error}", device=self.name) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> None:
        self._socket.settimeout(HANDSHAKE_SECONDS)
        self._socket.sendall(HANDSHAKE)
        answer = b""
        try:
            while len(answer) < len(HANDSHAKE) and (piece := self._socket.recv(len(HANDSHAKE) - len(answer))):
                answer += piece
        except TimeoutError:
            pass
        if not (
            answer[:2] == HANDSHAKE[:2] and answer[2:].isdigit() and len(answer) == len(HANDSHAKE) and int(answer[2:])
        ):
            raise TransportError(
                f"{self.name} answered {answer!r} instead of fastboot's greeting", device=self.name,
                remedy="is it fastboot that listens there?",
            )  # fmt: skip

    def write(self, data: bytes, timeout: float | None) -> None:
        """Send one message; see :class:`~pmport.transport.base.Transport`."""
        self._socket.settimeout(timeout)
        try:
            self._socket.sendall(len(data).to_bytes(LENGTH_SIZE, "big"))
            self._socket.sendall(data)
        except TimeoutError as error:
            raise DeadlineError(f"{self.name} took no data in time", device=self.name) from error
        except OSError as error:
            raise DeviceGoneError(f"the connection to {self.name} broke: {error}", device=self.name) from error

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive of one message what is asked for; see :class:`~pmport.transport.base.Transport`."""
        self._socket.settimeout(timeout)
        if not self._left:
            self._left = int.from_bytes(self._receive(LENGTH_SIZE), "big")
        data = self._receive(min(size, self._left))
        self._left -= len(data)
        return data

    def _receive(self, size: int) -> bytes:
        pieces: list[bytes] = []
        while size:
            try:
                piece = self._socket.recv(min(size, 1 << 20))
            except TimeoutError as error:
                raise DeadlineError(f"{self.name} did not answer in time", device=self.name) from error
            except OSError as error:
                raise DeviceGoneError(f"the connection to {self.name} broke: {error}", device=self.name) from error
            if not piece:
                raise DeviceGoneError(f"{self.name} closed the connection", device=self.name)
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
