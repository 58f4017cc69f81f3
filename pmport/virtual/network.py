"""A virtual phone on the network: fastboot over TCP and UDP, for unmodified programs.

Example:
    >>> from pmport.virtual import FastbootPhone
    >>> import pmport.flashers
    >>> with NetworkPhone(FastbootPhone("fastbootd")) as server:
    ...     with pmport.flashers.open("fastboot", device=f"tcp:127.0.0.1:{server.port}") as flasher:
    ...         flasher.client.getvar("is-userspace")
    'yes'
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Self

from pmport.transport.tcp import HANDSHAKE, LENGTH_SIZE
from pmport.transport.udp import GOES_ON, HEADER, NUMBERS, Kind

if TYPE_CHECKING:
    from pmport.virtual.fastboot_model import FastbootModel
    from pmport.virtual.fastboot_phone import FastbootPhone

__all__ = ["NetworkPhone"]

PACKET = 1024
"""Largest UDP packet that the phone takes, header included: less than a host offers, as real ones."""
FIRST_NUMBER = 0x55AA
POLL_SECONDS = 0.1


class NetworkPhone:
    """Serves a phone on one port, by TCP and by UDP, one conversation at a time.

    Args:
        phone: The phone; its model answers, its USB side is not used.
        host: Address to listen at.
        port: Port; 0: a free one.
        drop: Every so many-th UDP packet is lost on its way; 0: none.
    """

    def __init__(self, phone: FastbootPhone, host: str = "127.0.0.1", port: int = 0, *, drop: int = 0) -> None:
        self.model: FastbootModel = phone.model
        self._drop = drop
        self._seen = 0
        self._stop = threading.Event()
        self._tcp = socket.create_server((host, port))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind((host, self.port))
        for server in (self._tcp, self._udp):
            server.settimeout(POLL_SECONDS)
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._serve_tcp, self._serve_udp)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()

    # TCP

    def _serve_tcp(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._tcp.accept()
            except TimeoutError:
                continue
            with connection, contextlib.suppress(OSError):
                connection.settimeout(POLL_SECONDS)
                self._converse(connection)
            self.model.reset()

    def _converse(self, connection: socket.socket) -> None:
        greeting = self._received(connection, len(HANDSHAKE))
        if greeting[:2] != HANDSHAKE[:2]:
            return
        connection.sendall(HANDSHAKE)
        while size := self._received(connection, LENGTH_SIZE):
            data = self._received(connection, int.from_bytes(size, "big"))
            for answer in self.model.receive(data):
                connection.sendall(len(answer).to_bytes(LENGTH_SIZE, "big") + answer)

    def _received(self, connection: socket.socket, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                piece = connection.recv(min(size - len(data), 1 << 20))
            except TimeoutError:
                if self._stop.is_set():
                    raise OSError("the server is stopped") from None
                continue
            if not piece:
                return b""
            data += piece
        return bytes(data)

    # UDP

    def _serve_udp(self) -> None:
        conversation = _UdpConversation(self.model)
        while not self._stop.is_set():
            try:
                packet, address = self._udp.recvfrom(1 << 16)
            except TimeoutError:
                continue
            self._seen += 1
            lost = self._drop and self._seen % self._drop == 0
            answer = conversation.answer(packet) if len(packet) >= HEADER.size and not lost else b""
            if answer:
                self._udp.sendto(answer, address)


class _UdpConversation:
    """Which packet comes next, and what was answered last."""

    def __init__(self, model: FastbootModel) -> None:
        self._model = model
        self._expected = FIRST_NUMBER
        self._remembered = b""
        self._message = b""
        self._answers: list[bytes] = []

    def answer(self, packet: bytes) -> bytes:
        """The packet that answers one; b"" for one that is not expected."""
        kind, flags, number = HEADER.unpack_from(packet)
        if kind == Kind.QUERY:
            return HEADER.pack(kind, 0, number) + self._expected.to_bytes(2, "big")
        if number == (self._expected - 1) % NUMBERS:
            return self._remembered  # it was lost on its way
        if number != self._expected:
            return b""
        self._expected = (self._expected + 1) % NUMBERS
        goes_on, content = self._init() if kind == Kind.INIT else self._take(packet[HEADER.size :], flags)
        self._remembered = HEADER.pack(kind, goes_on, number) + content
        return self._remembered

    def _init(self) -> tuple[int, bytes]:
        self._model.reset()
        self._message, self._answers = b"", []
        return 0, (1).to_bytes(2, "big") + PACKET.to_bytes(2, "big")

    def _take(self, data: bytes, flags: int) -> tuple[int, bytes]:
        """A part of a message; an empty one asks for the next part of the answers."""
        if data:
            self._message += data
            if not flags & GOES_ON:
                self._answers += list(self._model.receive(self._message))
                self._message = b""
            return 0, b""
        if not self._answers:
            return 0, b""
        room = PACKET - HEADER.size
        part, rest = self._answers[0][:room], self._answers[0][room:]
        self._answers[:1] = [rest] if rest else []
        return (GOES_ON if rest else 0), part
