"""Sony's SIN of version 3: an image in blocks, each with its hash, in front of it a certificate.

Layout (Flashtool, ``org.sinfile.parsers.v3``; all numbers big-endian): a version byte, ``SIN``, then the size of the
header, the kinds of payload and hash, a reserved word and the size of the list of blocks: the size and SHA-256 of each.
The certificate follows, with its size before it. Behind the header stand the blocks; where the first one begins with
``MMCF``, it is a map that says where in the image each range belongs.

Files of the versions 4 and 5 are gzip streams of a tar archive, and open as such; those of 1 and 2 have no mark.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["SonySin"]

FORMAT = "Sony SIN"
MAGIC, MAP, RANGE = b"\x03SIN", b"MMCF", b"ADDR"
HEADER = struct.Struct(">4s5I")
CHUNK = struct.Struct(">4sI")
BLOCK = struct.Struct(">I32s")
PLACE = struct.Struct(">3Q")
SHA256 = 2
"""The kind of hash whose size is known."""
LARGEST = 1 << 40


class _Range(NamedTuple):
    """A range of the image: where it stands in the data, how large it is, where it belongs."""

    source: int
    size: int
    target: int


class SonySin(Container):
    """A SIN file.

    Args:
        section: All of it.
        header_size: Where the blocks begin, bytes.
        blocks: Size and SHA-256 of each block.
        map_size: Bytes of the map; 0 without one.
        ranges: What the map says; None where there is none, or it has ranges of a kind that is not read.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, MAGIC),),
        certain=False,
        source="Flashtool, org.sinfile.parsers.v3",
        limits="unverified: no real sample; version 3, without LZ4 ranges; certificates are not checked",
    )

    def __init__(
        self,
        section: Section,
        header_size: int,
        blocks: tuple[tuple[int, bytes], ...],
        map_size: int,
        ranges: tuple[_Range, ...] | None,
    ) -> None:
        self._section = section
        self._header_size = header_size
        self._blocks = blocks
        self._map_size = map_size
        self._ranges = ranges

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The file.

        Raises:
            FormatError: If the header, a block or a range cannot be.
        """
        section = Section.of(source)
        head = section.read(0, HEADER.size)
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            raise _broken("The header is cut short", "magic", len(head))
        _, size, _, hash_kind, _, listed = HEADER.unpack(head)
        if size > section.size or HEADER.size + listed > size:
            raise _broken(f"A header of {size} bytes with a list of {listed} cannot be", "header size", 4)
        blocks = _blocks(section.read(HEADER.size, listed), hash_kind)
        map_size, ranges = _map(section[size:])
        return cls(section, size, blocks, map_size, ranges)

    def parts(self) -> Iterator[Part]:
        """Header, map, and the blocks: the image itself where there is no map."""
        yield Part("header", self._section[: self._header_size], Role.HEADER)
        at = self._header_size + self._map_size
        if self._map_size:
            yield Part("map", self._section[self._header_size : at], Role.HEADER)
        if at < self._section.size:
            mapped = Part("blocks", self._section[at:], Role.TAIL)
            yield mapped if self._map_size else Part("image", self._section[at:])

    def contents(self) -> Mapping[str, Section]:
        """The image that the map describes, zeros where it says nothing.

        Returns:
            ``image``; nothing without a map, or where it has ranges that are not read.
        """
        if not self._ranges:
            return {}
        data = self._section[self._header_size + self._map_size :]
        pieces: list[Section] = []
        at = 0
        for item in sorted(self._ranges, key=lambda item: item.target):
            pieces += [Section.zeros(item.target - at), data[item.source : item.source + item.size]]
            at = item.target + item.size
        return {"image": Section.joined(pieces, "image")}

    def facets(self) -> Iterator[tuple[str, Node]]:
        """The image that the map describes."""
        for name, section in self.contents().items():
            yield name, self.opened(section)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Blocks, and what can be read of the map."""
        yield "blocks with a hash", len(self._blocks)
        if self._ranges is not None:
            yield "ranges", len(self._ranges)
        elif self._map_size:
            yield "what to do", "its map has ranges that are not read here; anyxperia_dumper reads them"

    def findings(self) -> tuple[Finding, ...]:
        """Blocks with another SHA-256 than the header has, or that are missing. Reads everything.

        Returns:
            One finding, or none.
        """
        at = self._header_size
        for index, (size, digest) in enumerate(self._blocks):
            block = self._section[at : at + size]
            if block.size < size or block.digest() != digest:
                what = f"Block {index} of {len(self._blocks)} is damaged or cut short"
                why = "the phone refuses it"
                return (
                    Finding(Severity.ERROR, "sin-hash", what, f"offset {at:#x}", why=why, fix="get the file again"),
                )
            at += size
        return ()


def _broken(what: str, field: str, offset: int) -> FormatError:
    return FormatError(
        what, format=FORMAT, field=field, offset=offset, remedy="The file may be cut short: get it again"
    )


def _blocks(raw: bytes, kind: int) -> tuple[tuple[int, bytes], ...]:
    """Size and hash of each; none where the kind of hash is another."""
    if kind != SHA256:
        return ()
    if len(raw) % BLOCK.size:
        raise _broken(f"A list of {len(raw)} bytes cannot be", "hash list", HEADER.size)
    return tuple((size, digest) for size, digest in BLOCK.iter_unpack(raw))


def _map(data: Section) -> tuple[int, tuple[_Range, ...] | None]:
    """The size of the map before the data, and its ranges; None where it has others than plain ones."""
    head = data.read(0, CHUNK.size)
    if not head.startswith(MAP) or len(head) < CHUNK.size:
        return 0, None
    end = CHUNK.size + CHUNK.unpack(head)[1]
    if end > data.size:
        raise _broken(f"A map of {end} bytes reaches past the end", MAP.decode(), 0)
    raw = data.read(0, end)
    ranges: list[_Range] = []
    at, plain = CHUNK.size, True
    while at + CHUNK.size <= end:
        magic, size = CHUNK.unpack_from(raw, at)
        if size < CHUNK.size or at + size > end:
            raise _broken(f"An entry of {size} bytes cannot be", "map", at)
        if magic == RANGE and size >= CHUNK.size + PLACE.size:
            ranges.append(_Range(*PLACE.unpack_from(raw, at + CHUNK.size)))
        elif magic != b"GPTP":
            plain = False
        at += size
    _check(ranges, data.size - end)
    return end, tuple(ranges) if plain else None


def _check(ranges: list[_Range], available: int) -> None:
    at = 0
    for item in sorted(ranges, key=lambda item: item.target):
        if item.source + item.size > available or item.target < at or item.target + item.size > LARGEST:
            raise _broken(f"A range of {item.size} bytes for {item.target} cannot be", "map", item.source)
        at = item.target + item.size
