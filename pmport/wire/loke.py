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
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError

__all__ = [
    "FAILED",
    "HANDSHAKE",
    "HANDSHAKE_REPLY",
    "OLD",
    "PIT_PART",
    "REQUEST_SIZE",
    "RESPONSE_SIZE",
    "CloseCommand",
    "Dialect",
    "FileCommand",
    "Kind",
    "PitCommand",
    "Request",
    "Response",
    "Sequence",
    "SessionCommand",
    "begin_session",
    "close",
    "end_sequence",
    "file_begin",
    "meaning",
    "part_size",
    "pit_dump",
    "pit_end",
    "pit_flash",
    "pit_part",
    "sequence_begin",
    "sequences",
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
            raise FormatError(f"a request of {len(data)} bytes instead of {REQUEST_SIZE}", format=FORMAT, offset=0)
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
            raise FormatError(f"a response of {len(data)} bytes instead of {RESPONSE_SIZE}", format=FORMAT, offset=0)
        return cls(*RESPONSE.unpack(data))

    def __bytes__(self) -> bytes:
        return RESPONSE.pack(self.kind, self.value)

    @property
    def failed(self) -> bool:
        """Whether the phone says no."""
        return self.kind == FAILED


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a phone's answer to the begin of a session says about its protocol.

    Args:
        word: The answer's value.
        part_size: Bytes per part of a file.
        parts: The most parts of one sequence.
        end_seconds: How long the end of a sequence may take, in seconds (Heimdall's limits).
    """

    word: int
    part_size: int
    parts: int
    end_seconds: float

    @classmethod
    def of(cls, word: int) -> Self:
        """The dialect behind a version word.

        Args:
            word: The value of the answer.

        Returns:
            0: parts of 128 KiB, 800 in a sequence; everything else: parts of 1 MiB, 30 in a sequence.

        Example:
            >>> Dialect.of(0x48000).version, Dialect.of(0x48000).compressed
            (4, True)
        """
        word &= 0xFFFF_FFFF
        return cls(word, 131072, 800, 30.0) if word == 0 else cls(word, 1 << 20, 30, 120.0)

    @property
    def version(self) -> int:
        """Protocol version; an old bootloader that names none counts as 1."""
        return self.word >> 16 or 1

    @property
    def compressed(self) -> bool:
        """Whether the phone takes LZ4 blocks (bit 15, from version 3 on)."""
        return bool(self.word & 0x8000) and self.version > 2

    @property
    def sets_part_size(self) -> bool:
        """Whether the host has to tell the part size; an old bootloader knows only one."""
        return self.word != 0


OLD = Dialect.of(0)
"""Bootloaders up to about 2011."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A run of parts that the phone acknowledges one by one and writes as a whole.

    Args:
        offset: From where in the file, in bytes.
        real: Bytes of the file.
        aligned: Bytes on the cable: whole parts, filled up with zeros.
        parts: How many parts.
        last: Whether the file ends with it.
    """

    offset: int
    real: int
    aligned: int
    parts: int
    last: bool


def sequences(size: int, dialect: Dialect) -> Iterator[Sequence]:
    """How a file is cut.

    Args:
        size: Bytes of the file.
        dialect: What the phone speaks.

    Yields:
        The sequences, in order; none for an empty file.

    Example:
        >>> [(cut.aligned, cut.parts, cut.real, cut.last) for cut in sequences(131073, Dialect.of(0))]
        [(262144, 2, 131073, True)]
    """
    most = dialect.part_size * dialect.parts
    for offset in range(0, size, most):
        real = min(size - offset, most)
        parts = -(-real // dialect.part_size)
        yield Sequence(offset, real, parts * dialect.part_size, parts, offset + real == size)


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


_OLD_MEANINGS = {
    -1: "this kind of binary is not supported",
    -2: "the flash is write-protected",
    -3: "erasing failed",
    -4: "writing failed",
    -5: "the signature check refused it",
    -6: "the size is wrong",
    -7: "the ext4 image is wrong",
    -8: "the image is larger than the staging memory (112 MiB)",
}
_NEW_MEANINGS = {
    -127: "no such partition",
    -126: "the partition table's entry has no file name",
    -125: "m9kefs3 may not be written",
    -124: "the image is too large for the partition",
    -123: "the first bootloader failed its check",
    -122: "the image belongs to another partition",
    -121: "this storage is not UFS",
    -120: "this kind of storage is not supported",
    -119: "a block could not be written",
    -118: "a block could not be read",
    -117: "a block could not be erased",
    -116: "the file system is wrong",
    -115: "the file system is wrong",
    -114: "Knox Guard has locked the phone: nothing may be flashed",
    -113: "device management has locked the phone",
    -112: "Knox Guard is in its factory state",
    -111: "the signature check refused it",
    -110: "only official binaries are allowed (Knox Guard)",
    -109: "only official binaries are allowed (Knox Guard)",
    -108: "custom binaries are blocked by remote lock",
    -107: "custom binaries are blocked by the OEM lock: allow OEM unlocking in the developer options",
    -106: "the kernel is older than the phone allows",
    -105: "the kill switch is on",
    -104: "the system is older than the phone allows",
    -103: "an engineering binary is not allowed",
    -102: "the token has the wrong size",
    -101: "the version is older than the phone allows",
    -100: "the loadable firmware was refused",
    -99: "the loadable firmware was refused",
    -98: "the unlock keys were refused",
    -97: "the token could not be installed",
    -96: "the image could not be written",
    -94: "Auto Blocker is on: switch it off in the settings",
}


def meaning(code: int) -> str:
    """What a failure's value means.

    Args:
        code: The value, signed.

    Returns:
        A half sentence; unknown codes are named as such.

    Example:
        >>> meaning(-4)
        'writing failed'
    """
    return _OLD_MEANINGS.get(code) or _NEW_MEANINGS.get(code) or f"unknown reason {code}"
