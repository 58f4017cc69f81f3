"""Samsung's download mode ("Odin", "Loke"): every message, declared once for the flasher and for the virtual phone.

The host sends requests of 1024 bytes, the phone answers with 8; between them go raw parts of files and partition tables.
All numbers are little-endian. The layout is that of Heimdall (MIT), Thor (MPL-2.0) and odin4 (Apache-2.0), and of the
documents of Samsung-Loki; the codes of newer bootloaders are those that their users report.

Example:
    >>> bytes(begin_session(4))[:12].hex(" ")
    '64 00 00 00 00 00 00 00 04 00 00 00'
    >>> Response.parse(bytes.fromhex("6400000000800400")).value == 0x48000
    True
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.wire.loke_dialect import Sequence

__all__ = [
    "FAILED",
    "HANDSHAKE",
    "HANDSHAKE_REPLY",
    "PIT_PART",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "CloseCommand",
    "FileCommand",
    "Kind",
    "PitCommand",
    "Request",
    "Response",
    "SessionCommand",
    "begin_session",
    "close",
    "end_sequence",
    "file_begin",
    "part_size",
    "pit_dump",
    "pit_end",
    "pit_flash",
    "pit_part",
    "sequence_begin",
    "total_bytes",
]

FORMAT = "download mode message"
REQUEST_SIZE = 1024
"""A bootloader refuses a request of any other length."""
RESPONSE_SIZE = 8
HANDSHAKE = b"ODIN"
HANDSHAKE_REPLY = b"LOKE"
PIT_PART = 500
"""Bytes of the partition table that come in answer to one request."""
FAILED = 0xFFFF_FFFF
"""Kind of a response that says no; its value is the reason."""
MODEM = 1
"""Destination of files that a partition table marks as the modem's (binary type 1)."""


class Kind(IntEnum):
    """What a request is about: its first word."""

    DATA = 0
    """Only in responses: a part of a file has arrived."""
    SESSION = 0x64
    PIT = 0x65
    FILE = 0x66
    CLOSE = 0x67
    DEVICE_INFO = 0x69
    SUPER_BLOCKS = 0x6A


class SessionCommand(IntEnum):
    """Second word of :attr:`Kind.SESSION`."""

    BEGIN = 0
    DEVICE_TYPE = 1
    TOTAL_BYTES = 2
    PART_SIZE = 5
    ERASE_USERDATA = 7
    T_FLASH = 8
    REGION = 9


class PitCommand(IntEnum):
    """Second word of :attr:`Kind.PIT`."""

    FLASH = 0
    DUMP = 1
    PART = 2
    END = 3


class FileCommand(IntEnum):
    """Second word of :attr:`Kind.FILE`."""

    BEGIN = 0
    DUMP = 1
    SEQUENCE = 2
    SEQUENCE_END = 3
    COMPRESSED_BEGIN = 5
    COMPRESSED_SEQUENCE = 6
    COMPRESSED_END = 7


class CloseCommand(IntEnum):
    """Second word of :attr:`Kind.CLOSE`."""

    END = 0
    REBOOT = 1
    REBOOT_TO_DOWNLOAD = 2
    POWER_OFF = 3
    """Shut down, says Samsung-Loki's document; the recovery, say others. Phones differ."""


@cache
def _request() -> Any:
    from construct import Bytes, Int32ul, Padding, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "kind" / Int32ul,
        "command" / Int32ul,
        "numbers" / Int32ul[9],
        "text" / Bytes(128),
        "md5" / Bytes(32),
        Padding(REQUEST_SIZE - 204),
    ).compile()


RESPONSE = struct.Struct("<Ii")
"""The same layout as :func:`response_declaration`: every part of a file is answered by one."""


@cache
def response_declaration() -> Any:
    """A response, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Int32sl, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct("kind" / Int32ul, "value" / Int32sl).compile()


@dataclass(frozen=True, slots=True)
class Request:
    """One request of the host.

    Args:
        kind: What it is about, a :class:`Kind`.
        command: What to do, one of the command enumerations.
        numbers: Up to nine unsigned words.
        text: Up to 128 bytes.
        md5: Up to 32 bytes, in hexadecimal.
    """

    kind: int
    command: int
    numbers: tuple[int, ...] = ()
    text: bytes = b""
    md5: bytes = b""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read one.

        Args:
            data: The whole transfer.

        Returns:
            The request; always nine numbers, text without the zeros behind it.

        Raises:
            FormatError: If it is not 1024 bytes long.
        """
        if len(data) != REQUEST_SIZE:
            raise FormatError(f"A request of {len(data)} bytes instead of {REQUEST_SIZE}", format=FORMAT, offset=0)
        raw = _request().parse(data)
        return cls(raw.kind, raw.command, tuple(raw.numbers), raw.text.rstrip(b"\0"), raw.md5.rstrip(b"\0"))

    def __bytes__(self) -> bytes:
        if len(self.numbers) > 9 or not all(0 <= number < 1 << 32 for number in self.numbers):
            raise FormatError(f"{self.numbers} are not up to nine words of 32 bits", format=FORMAT, field="numbers")
        numbers = (*self.numbers, *(0,) * (9 - len(self.numbers)))
        fields = {"kind": self.kind, "command": self.command, "numbers": numbers}
        built: bytes = _request().build(
            fields | {"text": self.text[:128].ljust(128, b"\0"), "md5": self.md5[:32].ljust(32, b"\0")}
        )
        return built

    @property
    def name(self) -> str:
        """What it is called in this module, for messages and recordings: ``"FILE SEQUENCE_END"``."""
        try:
            kind = Kind(self.kind)
        except ValueError:
            return f"{self.kind:#x} {self.command}"
        try:
            return f"{kind.name} {_COMMANDS[kind](self.command).name}"
        except (KeyError, ValueError):
            return f"{kind.name} {self.command}"


_COMMANDS: dict[Kind, type[IntEnum]] = {
    Kind.SESSION: SessionCommand,
    Kind.PIT: PitCommand,
    Kind.FILE: FileCommand,
    Kind.CLOSE: CloseCommand,
}


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of the phone.

    Args:
        kind: The request's kind, 0 for a part of a file, :data:`FAILED` for no.
        value: What was asked for, the index of the part, or the reason of a failure.
    """

    kind: int
    value: int = 0

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read one.

        Args:
            data: The whole transfer.

        Returns:
            The response; its value is signed.

        Raises:
            FormatError: If it is not 8 bytes long.
        """
        if len(data) != RESPONSE_SIZE:
            raise FormatError(f"A response of {len(data)} bytes instead of {RESPONSE_SIZE}", format=FORMAT, offset=0)
        return cls(*RESPONSE.unpack(data))

    def __bytes__(self) -> bytes:
        return RESPONSE.pack(self.kind, self.value)

    @property
    def failed(self) -> bool:
        """Whether the phone says no."""
        return self.kind == FAILED


def begin_session(host_version: int = 4) -> Request:
    """Open the session; the answer is the version word.

    Args:
        host_version: The newest protocol that the host speaks: 0 as Heimdall 1.4.2, 4 as Heimdall 2.1.

    Returns:
        The request.
    """
    return Request(Kind.SESSION, SessionCommand.BEGIN, (host_version,))


def part_size(size: int) -> Request:
    """Agree on the size of parts.

    Args:
        size: Bytes.

    Returns:
        The request.
    """
    return Request(Kind.SESSION, SessionCommand.PART_SIZE, (size,))


def total_bytes(size: int) -> Request:
    """Tell how much will come in this session, for the phone's progress bar.

    Args:
        size: Bytes, up to 64 bits.

    Returns:
        The request.
    """
    return Request(Kind.SESSION, SessionCommand.TOTAL_BYTES, (size & 0xFFFF_FFFF, size >> 32))


def pit_dump() -> Request:
    """Ask for the partition table; the answer is its size."""
    return Request(Kind.PIT, PitCommand.DUMP)


def pit_flash() -> Request:
    """Begin to replace the partition table."""
    return Request(Kind.PIT, PitCommand.FLASH)


def pit_part(number: int) -> Request:
    """Ask for one piece of the table, or tell the size of a new table.

    Args:
        number: Index of the piece when dumping; bytes of the table when flashing.

    Returns:
        The request.
    """
    return Request(Kind.PIT, PitCommand.PART, (number,))


def pit_end(size: int = 0) -> Request:
    """End of dumping or flashing the table.

    Args:
        size: Bytes of the new table; 0 when dumping.

    Returns:
        The request.
    """
    return Request(Kind.PIT, PitCommand.END, (size,))


def file_begin() -> Request:
    """A file follows."""
    return Request(Kind.FILE, FileCommand.BEGIN)


def sequence_begin(aligned: int) -> Request:
    """A sequence of parts follows.

    Args:
        aligned: Bytes on the cable.

    Returns:
        The request.
    """
    return Request(Kind.FILE, FileCommand.SEQUENCE, (aligned,))


def end_sequence(cut: Sequence, *, device_type: int, identifier: int, binary_type: int = 0, kind: int = 0) -> Request:
    """Write what has come.

    Args:
        cut: The sequence.
        device_type: Of the partition table's entry.
        identifier: Of the partition table's entry; not sent for modems.
        binary_type: Of the entry; 1 is a modem, which has a layout of its own.
        kind: The third word: 0 as Heimdall sends, or the binary type as Samsung's own program does.

    Returns:
        The request.
    """
    last = int(cut.last)
    if binary_type == MODEM:
        return Request(Kind.FILE, FileCommand.SEQUENCE_END, (MODEM, cut.real, kind, device_type, last))
    return Request(Kind.FILE, FileCommand.SEQUENCE_END, (0, cut.real, kind, device_type, identifier, last))


def close(command: CloseCommand) -> Request:
    """End the session, or what comes after it.

    Args:
        command: Which.

    Returns:
        The request.
    """
    return Request(Kind.CLOSE, command)
