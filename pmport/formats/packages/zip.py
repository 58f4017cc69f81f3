"""Zip archives: OTA packages, factory images. Stored members are read in place, deflated ones through a bounded window.

Layout (PKWARE APPNOTE 6.3): local headers and data, then the central directory, then its end record; zip64 records where
a number does not fit.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pmport.errors import FormatError
from pmport.formats.base.archive import Member, Members
from pmport.node import Format
from pmport.section import PIECE, Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["ZipArchive"]

FORMAT = "zip archive"
END = struct.Struct("<4s4H2IH")
END64_LOCATOR = struct.Struct("<4sIQI")
END64 = struct.Struct("<4sQ2H2I4Q")
CENTRAL = struct.Struct("<4s6H3I5H2I")
LOCAL = struct.Struct("<4s5H3I2H")
LARGEST_DIRECTORY = 64 << 20
STORED, DEFLATED = 0, 8
OTA_METADATA = "META-INF/com/android/metadata"
UNIX, SYMLINK = 3, 0xA
"""Who made an entry, and the kind of file in the top four bits of its mode."""


class _Entry(NamedTuple):
    name: str
    method: int
    flags: int
    packed: int
    size: int
    place: int
    crc: int
    link: bool


class ZipArchive(Members):
    """A zip archive.

    Args:
        section: Its bytes.
        members: Its files; those that are encrypted or packed in another way than deflate hold their packed bytes.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, b"PK\x03\x04"), (0, b"PK\x05\x06")),
        source="PKWARE APPNOTE 6.3",
        limits="stored and deflated members; one disk",
    )

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the directory; the files stay where they are.

        Args:
            source: The archive.

        Returns:
            The archive.

        Raises:
            FormatError: If the directory is missing or damaged, or an entry lies outside the file.
        """
        section = Section.of(source)
        entries = tuple(_entries(section))
        archive = cls(section, tuple(_member(section, entry) for entry in entries))
        archive._crcs = tuple(
            None if entry.flags & 1 or entry.method not in {STORED, DEFLATED} else entry.crc for entry in entries
        )
        return archive

    _crcs: tuple[int | None, ...] = ()

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many members there are, and what an over-the-air package says of itself.

        Yields:
            ``(label, value)``.
        """
        yield from super().describe()
        if OTA_METADATA in self.names:
            yield from self[OTA_METADATA].describe()

    def damaged(self, names: Collection[str] | None = None) -> tuple[str, ...]:
        """See :meth:`~pmport.formats.base.archive.Members.damaged`: by the CRC-32 of each file.

        Args:
            names: Only these; None: all.

        Returns:
            Names of files that cannot be read, or have another CRC-32 than the directory says.
        """
        rows = zip(self.members, self._crcs, strict=False)
        wanted = ((member, crc) for member, crc in rows if names is None or member.name in names)
        return tuple(member.name for member, crc in wanted if crc is not None and not _is_whole(member, crc))


def _is_whole(member: Member, crc: int) -> bool:
    """Whether a member can be read to its end; its source compares the CRC-32. An empty one has no end to be read."""
    try:
        return all(True for _ in member.section.chunks()) if member.section.size else not crc
    except FormatError:
        return False


class _Inflated:
    """A deflated member as a source: reading on is cheap, reading back begins again; holds one window.

    Whoever reads all of it in order has its CRC-32 checked.
    """

    def __init__(self, packed: Section, size: int, name: str, crc: int) -> None:
        self.size = size
        self.name = name
        self._crc = crc
        self.packed: Section = packed
        """Its bytes in the archive: how far it unpacks is known before it is."""
        self._rewind()

    def _rewind(self) -> None:
        self._decoder = zlib.decompressobj(-15)
        self._fed = self._at = self._sum = 0

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes.

        Raises:
            FormatError: If the stream is damaged or too short.
        """
        if offset < self._at:
            self._rewind()
        while self._at < offset:
            self._more(min(PIECE, offset - self._at))
        pieces = []
        while size:
            piece = self._more(size)
            pieces.append(piece)
            size -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _more(self, most: int) -> bytes:
        while True:
            source = self._decoder.unconsumed_tail or self.packed.read(self._fed, 1 << 16)
            if not self._decoder.unconsumed_tail:
                self._fed += len(source)
            try:
                piece = self._decoder.decompress(source, most)
            except zlib.error as error:
                raise FormatError(
                    f"{self.name} cannot be decompressed: {error}", format=FORMAT, offset=self._fed
                ) from None
            self._at += len(piece)
            self._sum = zlib.crc32(piece, self._sum)
            if self._at == self.size:
                _check_sum(self.name, self._sum, self._crc)
            if piece:
                return piece
            if self._decoder.eof or not source:
                raise FormatError(
                    f"{self.name} ends after {self._at} bytes, not {self.size}",
                    format=FORMAT,
                    field="uncompressed size",
                    offset=self._fed,
                )


class _Stored:
    """A stored member as a source: whoever reads all of it in order has its CRC-32 checked."""

    def __init__(self, packed: Section, name: str, crc: int) -> None:
        self.size: int = packed.size
        self.name = name
        self.packed: Section = packed
        """Its bytes in the archive."""
        self._crc = crc
        self._at = self._sum = 0

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes.

        Raises:
            FormatError: If they were the last ones, all before them were read, and the checksum is wrong.
        """
        data = self.packed.read(offset, size)
        if not offset:
            self._at = self._sum = 0
        if offset == self._at:
            self._at += len(data)
            self._sum = zlib.crc32(data, self._sum)
            if self._at == self.size and data:
                _check_sum(self.name, self._sum, self._crc)
        return data


def _check_sum(name: str, found: int, stated: int) -> None:
    if found != stated:
        raise FormatError(
            f"{name} is damaged: its CRC-32 is {found:08x}, and the directory says {stated:08x}",
            format=FORMAT,
            field="crc-32",
            remedy="Get the file again",
        )


def _broken(what: str, field: str, offset: int) -> FormatError:
    return FormatError(
        what, format=FORMAT, field=field, offset=offset, remedy="The file may be cut short: get it again"
    )


def _end(section: Section) -> tuple[int, int, int]:
    """Number of entries, size and place of the central directory."""
    tail_at = max(section.size - 65536 - END.size, 0)
    tail = section.read(tail_at)
    found = tail.rfind(b"PK\5\6", 0, max(len(tail) - END.size + 4, 0))
    if found < 0:
        raise _broken("the end of the central directory is missing", "signature", section.size)
    _, _, _, _, count, size, place, _ = END.unpack_from(tail, found)
    locator = section.read(max(tail_at + found - END64_LOCATOR.size, 0), END64_LOCATOR.size)
    if count == 0xFFFF or 0xFFFFFFFF in {size, place}:
        if not locator.startswith(b"PK\6\7") or len(locator) < END64_LOCATOR.size:
            raise _broken("the zip64 record is missing", "signature", tail_at + found)
        at = END64_LOCATOR.unpack(locator)[2]
        raw = section.read(at, END64.size)
        if len(raw) < END64.size or not raw.startswith(b"PK\6\6"):
            raise _broken("the zip64 record is damaged", "signature", at)
        count, size, place = END64.unpack(raw)[7:]
    return count, size, place


def _entries(section: Section) -> Iterator[_Entry]:
    count, size, place = _end(section)
    if place + size > section.size or size > LARGEST_DIRECTORY or count * CENTRAL.size > size:
        raise _broken(f"{count} entries in {size} bytes at {place} are impossible", "size", section.size)
    raw = section.read(place, size)
    at = 0
    for _ in range(count):
        if len(raw) - at < CENTRAL.size or raw[at : at + 4] != b"PK\1\2":
            raise _broken("an entry of the central directory is damaged", "signature", place + at)
        fields = CENTRAL.unpack_from(raw, at)
        flags, method, packed, full, name_size, extra_size, comment = (*fields[3:5], *fields[8:13])
        local = fields[16]
        start = at + CENTRAL.size
        name = raw[start : start + name_size]
        extra = raw[start + name_size : start + name_size + extra_size]
        full, packed, local = _wide(extra, [full, packed, local], place + at)
        text = name.decode("utf-8" if flags & 0x800 else "ascii", "surrogateescape")
        if not text.endswith("/"):
            link = fields[1] >> 8 == UNIX and fields[15] >> 28 == SYMLINK
            yield _Entry(text, method, flags, packed, full, local, fields[7], link)
        at = start + name_size + extra_size + comment


def _wide(extra: bytes, numbers: list[int], offset: int) -> list[int]:
    """Replace numbers of 0xffffffff by those of the zip64 field."""
    if 0xFFFFFFFF not in numbers:
        return numbers
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            words = iter(struct.unpack_from(f"<{min(size, len(extra) - at - 4) // 8}Q", extra, at + 4))
            return [next(words, number) if number == 0xFFFFFFFF else number for number in numbers]
        at += 4 + size
    raise _broken("a zip64 field is missing", "extra", offset)


def _member(section: Section, entry: _Entry) -> Member:
    raw = section.read(entry.place, LOCAL.size)
    if len(raw) < LOCAL.size or not raw.startswith(b"PK\3\4"):
        raise _broken(f"the header of {entry.name!r} is missing", "signature", entry.place)
    name_size, extra_size = LOCAL.unpack(raw)[9:]
    start = entry.place + LOCAL.size + name_size + extra_size
    if start + entry.packed > section.size:
        raise _broken(f"{entry.name!r} reaches beyond the end of the file", "compressed size", entry.place + 18)
    packed = section[start : start + entry.packed]
    problem = _problem(entry)
    if entry.method == DEFLATED and not entry.flags & 1:
        return Member(entry.name, Section.of(_Inflated(packed, entry.size, entry.name, entry.crc)), None, problem)
    if entry.method == STORED and entry.packed != entry.size:
        raise _broken(
            f"{entry.name!r} is stored in {entry.packed} bytes and has {entry.size}", "size", entry.place + 18
        )
    if entry.method == STORED and not entry.flags & 1:
        packed = Section.of(_Stored(packed, entry.name, entry.crc))
    return Member(entry.name, packed, start, problem)


def _problem(entry: _Entry) -> str:
    if entry.flags & 1:
        return "is encrypted"
    if entry.link:
        return "is a symbolic link"
    return (
        "" if entry.method in {STORED, DEFLATED} else f"is packed by method {entry.method}, which pmport does not know"
    )
