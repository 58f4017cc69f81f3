"""Fastboot over UDP: devices with Ethernet and U-Boot, and virtual phones.

Packets have four bytes before their data: kind (0 error, 1 query, 2 init, 3 fastboot), flags (bit 0: the message goes on),
and a number of 16 bits that both sides count. Each packet is answered by one of the same number; what is not answered is
sent again (AOSP ``fastboot/README.md``, "Fastboot UDP Protocol v1").
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Self

from pmport.errors import DeadlineError, NoDeviceError, TransportError
from pmport.transport.address import shown_address
from pmport.transport.base import Transport
from pmport.transport.returning import connected_again
from pmport.untrusted import printable

if TYPE_CHECKING:
    from array import array

    from pmport.transport.base import Choose, Waited

__all__ = ["HEADER", "PORT", "Kind", "UdpTransport"]

PORT = 5554
HEADER = struct.Struct(">BBH")
VERSION = 1
PACKET = 8192
"""Largest packet that is offered, header included, bytes."""
SMALLEST = 512
"""Least that the other side must take."""
GOES_ON = 1
RESEND_SECONDS = 0.5
QUERY_TRIES = 4
SO_NO_CHECK = 11
"""Linux's ``asm-generic/socket.h``: send without UDP's checksum."""
DOUBTFUL = 2
"""After so many tries a packet of odd length goes without UDP's checksum, which U-Boot to 2025.01 adds up wrongly for those."""
TRIES = 120
NUMBERS = 1 << 16
LARGEST_READ = 1 << 21
"""Bytes of one message: a part of a partition that is fetched; twice what pmport asks for."""
LONGEST_REPORT = 256


class Kind(IntEnum):
    """What a packet is."""

    ERROR = 0
    QUERY = 1
    INIT = 2
    FASTBOOT = 3


class UdpTransport(Transport):
    """Messages with one device over UDP.

    Args:
        host: Name or address.
        port: UDP port.

    Raises:
        NoDeviceError: If nobody answers there.
        TransportError: If it is somebody else.
    """

    name: str = ""

    def __init__(self, host: str, port: int = PORT) -> None:
        self.name = f"udp:{shown_address(host, port)}"
        self._address = (host, port)
        self._number = 0
        self._odd_unheard = self._unchecked = False
        self._room = SMALLEST - HEADER.size
        self._ahead = b""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise NoDeviceError(
                f"There is no {self.name}: {error}", device=self.name, state="Nothing was sent",
                remedy="Is its address right?",
            ) from error  # fmt: skip
        try:
            self._reach(address)
            self._begin()
        except BaseException:
            self.close()
            raise

    def _reach(self, address: tuple[object, ...]) -> None:
        try:
            self._socket.connect(address)
        except OSError as error:
            raise NoDeviceError(
                f"{self.name} cannot be reached: {error}", device=self.name, state="Nothing was sent",
                remedy="Is its address right?",
            ) from error  # fmt: skip

    def _begin(self) -> None:
        try:
            answer = self._exchange(Kind.QUERY, b"", tries=QUERY_TRIES)
        except DeadlineError as error:
            raise NoDeviceError(
                f"Nobody answers at {self.name}", device=self.name, state="Nothing was sent",
                remedy="Is the phone in fastboot mode, and its address right?",
            ) from error  # fmt: skip
        if len(answer) != 2:
            raise TransportError(f"{self.name} answered a query with {len(answer)} bytes", device=self.name)
        self._number = int.from_bytes(answer, "big")
        offer = VERSION.to_bytes(2, "big") + PACKET.to_bytes(2, "big")
        answer = self._exchange(Kind.INIT, offer)
        version, size = struct.unpack(">HH", answer) if len(answer) == 4 else (0, 0)
        if version < 1 or size < SMALLEST:
            raise TransportError(
                f"{self.name} offers version {version} and packets of {size} bytes, and 1 and {SMALLEST} are the least",
                device=self.name,
            )
        self._room = min(size, PACKET) - HEADER.size

    def _exchange(self, kind: Kind, data: bytes, *, tries: int = TRIES, timeout: float | None = None) -> bytes:
        """Send a message, and give back the message that answers it."""
        pieces = [data[at : at + self._room] for at in range(0, len(data), self._room)] or [b""]
        answer = b""
        for number, piece in enumerate(pieces):
            try:
                answer += self._packet(kind, piece, goes_on=number + 1 < len(pieces), tries=tries, timeout=timeout)
            except TransportError as error:
                error.bytes_sent = number * self._room
                raise
        return answer

    def _packet(self, kind: Kind, data: bytes, *, goes_on: bool, tries: int, timeout: float | None) -> bytes:
        answer = b""
        while True:
            packet = HEADER.pack(kind, GOES_ON if goes_on else 0, self._number) + data
            answered, flags, content = self._answered(packet, kind, tries, timeout)
            if kind is not Kind.QUERY:
                self._number = (self._number + 1) % NUMBERS
            if answered == Kind.ERROR:
                message = printable(content[:LONGEST_REPORT].decode("utf-8", "replace"))
                raise TransportError(
                    f"{self.name} reports: {message}", device=self.name, remedy="Enter fastboot again, and retry"
                )
            answer += content
            if len(answer) > LARGEST_READ:
                raise TransportError(
                    f"{self.name} sends a message without end", device=self.name,
                    remedy="Enter fastboot again, and retry",
                )  # fmt: skip
            if not flags & GOES_ON:
                return answer
            data, goes_on = b"", False  # the answer goes on: ask for its next packet

    def _answered(self, packet: bytes, kind: Kind, tries: int, timeout: float | None) -> tuple[int, int, bytes]:
        end = None if timeout is None else time.monotonic() + timeout
        for attempt in range(tries):
            self._without_checksum(without=bool(len(packet) % 2 and (attempt >= DOUBTFUL or self._odd_unheard)))
            self._send(packet)
            resend = time.monotonic() + RESEND_SECONDS
            while (left := resend - time.monotonic()) > 0:
                self._socket.settimeout(max(left, 0.001))
                try:
                    got = self._socket.recv(1 << 16)
                except (TimeoutError, ConnectionRefusedError):
                    break
                if len(got) < HEADER.size:
                    continue
                answered, flags, number = HEADER.unpack_from(got)
                if number == HEADER.unpack_from(packet)[2] and answered in {kind, Kind.ERROR}:
                    self._odd_unheard = self._odd_unheard or bool(attempt >= DOUBTFUL and len(packet) % 2)
                    return answered, flags, got[HEADER.size :]
            if end is not None and time.monotonic() >= end:
                break
            time.sleep(max(0.0, min(resend - time.monotonic(), RESEND_SECONDS)))
        raise DeadlineError(f"{self.name} did not answer in time", device=self.name)

    def _without_checksum(self, *, without: bool) -> None:
        if without != self._unchecked and sys.platform == "linux":
            self._socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, int(without))
            self._unchecked = without

    def _send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except ConnectionRefusedError:
            pass  # the last packet's refusal; whether somebody listens now shows when the answer is waited for
        except OSError as error:
            raise TransportError(f"{self.name} cannot be reached: {error}", device=self.name) from error

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send one message; see :class:`~pmport.transport.base.Transport`."""
        if self._exchange(Kind.FASTBOOT, bytes(data), timeout=timeout):
            raise TransportError(f"{self.name} answered a write with data", device=self.name)

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive of one message what is asked for; see :class:`~pmport.transport.base.Transport`."""
        if not self._ahead:
            self._ahead = self._exchange(Kind.FASTBOOT, b"", timeout=timeout)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data

    def returned(
        self, *, timeout: float, waited: Waited | None = None, mode: str = "", choose: Choose | None = None
    ) -> Self:
        """Connect to the same address again; see :class:`~pmport.transport.base.Transport`."""
        del mode, choose  # USB's words
        self.close()
        return connected_again(lambda: type(self)(*self._address), self.name, timeout=timeout, waited=waited)

    def close(self) -> None:
        """Close the socket; the device notices nothing."""
        self._socket.close()
