r"""A dump of the memory in which ramoops keeps the last kernel log: zones, each a ring of text behind a header.

The region's order is dmesg records, console, pmsg, ftrace; how large each is stands only in the tree's node, so zones are
found by their signature, or by :class:`ZoneSizes`. Error correction (``ecc-size``) is not applied: its bytes are left out.

Example:
    >>> zone = b"DBGC" + (5).to_bytes(4, "little") + (10).to_bytes(4, "little") + b"world" + b"hello"
    >>> found = RamoopsRegion.parse(zone + bytes(10))
    >>> [(zone.kind, zone.text) for zone in found.zones]
    [('console', b'helloworld')]
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pmport.errors import FormatError
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["RamoopsRegion", "Zone", "ZoneSizes"]

MAGIC = b"DBGC"
"""0x43474244, little-endian. (``PERSISTENT_RAM_SIG``)"""
HEADER = struct.Struct("<4sII")
LIMIT = 64 << 20
"""Largest region that is read, bytes; phones have 256 KiB to 4 MiB."""
RECORD = re.compile(rb"====(\d{1,20})\.(\d{1,9})(?:-([CD]))?\n")
PART = re.compile(rb"[A-Z][a-z]+#\d+ Part(\d+)\n")
ECC_BLOCK = 128
"""Bytes that one block of error correction covers. (``persistent_ram_init_ecc``)"""
RECORD_LIMIT = 8 << 20


@dataclass(frozen=True, slots=True)
class ZoneSizes:
    """How the region is divided, as the tree's node says, in bytes.

    Args:
        record: Of each dmesg record (``record-size``).
        console: Of the console's zone (``console-size``).
        pmsg: Of the zone for messages of user space (``pmsg-size``).
        ftrace: Of the trace's zone (``ftrace-size``).
        ecc: Of each block's error correction (``ecc-size``).
    """

    record: int = 0
    console: int = 0
    pmsg: int = 0
    ftrace: int = 0
    ecc: int = 0


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone.

    Args:
        kind: ``dmesg``: a record that was written at a crash; ``console``: all that the console saw; ``pmsg``; ``ftrace``.
        offset: Where it starts in the region.
        size: How long it is with its header, bytes.
        text: What is in it, the oldest first; of a compressed record, what was compressed.
        seconds: When a record was written, in seconds since 1970; None for other zones.
    """

    kind: str
    offset: int
    size: int
    text: bytes
    seconds: int | None = None


class RamoopsRegion(Node):
    """A dump of the region.

    Args:
        section: Its bytes.
        zones: The zones that hold something, in order.
    """

    KIND = "ramoops region"
    FORMAT = Format(
        magics=((0, MAGIC),),
        writes="identical",
        source="kernel source, fs/pstore/ram_core.c and ram.c; ram_console of Android kernels up to 3.4",
        limits="error correction is not applied; records that were not compressed with deflate stay as they are",
    )

    def __init__(self, section: Section, zones: tuple[Zone, ...]) -> None:
        self._section = section
        self.zones = zones

    @classmethod
    def parse(cls, source: Readable, sizes: ZoneSizes | None = None) -> Self:
        """Read a dump.

        Args:
            source: The region, from its first byte; with ``sizes``, also one whose first zone is empty.
            sizes: How it is divided; None: zones begin where their signature is.

        Returns:
            The zones.

        Raises:
            FormatError: If no zone is in it.
        """
        section = Section.of(source)
        data = section.read(limit=LIMIT)
        places = _places(data, sizes) if sizes else _found(data)
        ecc = sizes.ecc if sizes else 0
        zones = tuple(zone for kind, at, size in places if (zone := _zone(data, kind, at, size, ecc)) is not None)
        if not zones:
            raise FormatError(
                "no zone holds anything",
                format=cls.KIND,
                offset=0,
                remedy="dump the memory that the tree's ramoops node names, before it is written anew",
            )
        return cls(section, zones)

    def parts(self) -> Iterator[Part]:
        """Each zone that holds something, and what lies between."""
        at = 0
        for zone in self.zones:
            if zone.offset > at:
                yield Part("empty", self._section[at : zone.offset], Role.PADDING)
            at = zone.offset + zone.size
            yield Part(zone.kind, self._section[zone.offset : at], Role.CONTENT)
        if at < self._section.size:
            yield Part("empty", self._section[at:], Role.PADDING)

    @property
    def log(self) -> bytes:
        """The last kernel log: what the console saw, else the records of a crash, the oldest lines first."""
        console = b"".join(zone.text for zone in self.zones if zone.kind == "console")
        if console.strip(b"\0 \n"):
            return console
        records = [zone for zone in self.zones if zone.kind == "dmesg"]
        return b"".join(zone.text for zone in sorted(records, key=_age))

    def describe(self) -> Iterator[tuple[str, object]]:
        """Its zones, and how much is in each."""
        for zone in self.zones:
            yield f"{zone.kind} at {zone.offset:#x}", f"{len(zone.text)} bytes"


def _age(zone: Zone) -> tuple[int, int]:
    """By time; of one crash, part 1 is the end of the log."""
    part = PART.match(zone.text)
    return zone.seconds or 0, -int(part[1]) if part else 0


def _places(data: bytes, sizes: ZoneSizes) -> Iterator[tuple[str, int, int]]:
    """Where zones are, as ``ramoops_probe`` divides the region: sizes are rounded down to powers of two."""
    record, console, pmsg, ftrace = map(_power_of_two, (sizes.record, sizes.console, sizes.pmsg, sizes.ftrace))
    room = len(data) - console - pmsg - ftrace
    at = 0
    while record and at + record <= room:
        yield "dmesg", at, record
        at += record
    for kind, size in (("console", console), ("pmsg", pmsg), ("ftrace", ftrace)):
        if size:
            yield kind, at, size
            at += size


def _power_of_two(size: int) -> int:
    return 1 << (size.bit_length() - 1) if size > 0 else 0


def _found(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Where zones are, by their signature: at a multiple of four, with numbers that fit."""
    starts = []
    at = data.find(MAGIC)
    while at >= 0:
        if at % 4 == 0 and len(data) - at >= HEADER.size:
            _, start, size = HEADER.unpack_from(data, at)
            if start <= size <= len(data) - at - HEADER.size:
                starts.append(at)
                at += size
        at = data.find(MAGIC, at + 4)
    for number, begin in enumerate(starts):
        yield "", begin, (starts[number + 1] if number + 1 < len(starts) else len(data)) - begin


def _zone(data: bytes, kind: str, at: int, size: int, ecc: int) -> Zone | None:
    """One zone; None where it holds nothing, or what is no zone."""
    if len(data) - at < HEADER.size:
        return None
    magic, start, used = HEADER.unpack_from(data, at)
    room = size - HEADER.size
    if ecc:
        blocks = -(-(room - ecc) // (ECC_BLOCK + ecc))
        room -= (blocks + 1) * ecc
    if magic != MAGIC or not used or used > room or start > used:
        return None
    ring = data[at + HEADER.size : at + HEADER.size + used]
    text = ring[start:] + ring[:start]
    record = RECORD.match(text)
    if record:
        return Zone("dmesg", at, size, _inflated(text[record.end() :], record[3] == b"C"), int(record[1]))
    return Zone(kind or ("console" if _is_text(text) else "ftrace"), at, size, text)


def _inflated(text: bytes, compressed: bool) -> bytes:
    """What a record holds: deflate without a header, as the kernel writes it, or with one."""
    for window in (-zlib.MAX_WBITS, zlib.MAX_WBITS) if compressed else ():
        try:
            return zlib.decompressobj(window).decompress(text, RECORD_LIMIT)
        except zlib.error:
            continue
    return text


def _is_text(text: bytes) -> bool:
    head = text[:4096]
    return sum(byte in b"\n\r\t" or 32 <= byte < 127 for byte in head) * 10 >= len(head) * 8
