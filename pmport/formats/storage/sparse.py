"""Android sparse images: raw, fill and don't-care chunks in place of a mostly empty partition.

Layout (libsparse ``sparse_format.h``; all numbers little-endian): a header of 28 bytes, then chunks, each a header of
12 bytes and its data. Both sizes stand in the file header and are honoured.

Example:
    >>> image = SparseImage.build(bytes(8192) + b"data" * 2048)
    >>> [(chunk.kind.name, chunk.blocks) for chunk in image.chunks], image.raw_size
    ([('FILL', 2), ('FILL', 2)], 16384)
    >>> SparseImage.parse(bytes(image)).raw().read(8192, 8)
    b'datadata'
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.given import number
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import PIECE, Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["BLOCK_SIZE", "MAGIC", "Chunk", "ChunkKind", "SparseImage", "is_sparse", "split"]

FORMAT = "Android sparse image"
MAGIC = 0xED26FF3A
BLOCK_SIZE = 4096
HEADER = struct.Struct("<IHHHHIIII")
CHUNK = struct.Struct("<HHII")
LARGEST_RAW = 64 << 20
"""libsparse cuts raw chunks there (``MAX_BACKED_BLOCK_SIZE``)."""
LARGEST_BLOCK = 1 << 30
SMALLEST_LIMIT = 64 << 10
"""Below about 33 KiB, libsparse's two passes disagree with each other; nobody has such a bootloader."""


class ChunkKind(IntEnum):
    """What a chunk holds."""

    RAW = 0xCAC1
    """The blocks themselves."""
    FILL = 0xCAC2
    """Four bytes that are repeated."""
    DONT_CARE = 0xCAC3
    """Nothing: the blocks are left as they are."""
    CRC32 = 0xCAC4
    """A checksum of everything before; takes no blocks."""


KINDS = {int(kind): kind for kind in ChunkKind}
RAW, CRC = int(ChunkKind.RAW), int(ChunkKind.CRC32)
SIZES = {int(ChunkKind.FILL): 4, int(ChunkKind.DONT_CARE): 0}
"""Bytes of data of the kinds that always have the same."""
WINDOW = 1 << 16
CLOSE = 256
"""A chunk of so few bytes is probably followed by more of them."""


class Chunk(NamedTuple):
    """One chunk.

    Args:
        kind: What it holds.
        blocks: How many blocks of the raw image it stands for.
        data: Its data, without the header.
    """

    kind: ChunkKind
    blocks: int
    data: Section


class SparseImage(Container):
    """A sparse image.

    Args:
        block_size: Bytes per block.
        total_blocks: Blocks of the raw image.
        chunks: Its chunks, in order.
        parts: Everything it is made of, in order.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, b":\xff&\xed"),),
        writes="identical, build, edit",
        source="AOSP system/core/libsparse, sparse_format.h",
    )

    def __init__(self, block_size: int, total_blocks: int, chunks: tuple[Chunk, ...], parts: tuple[Part, ...]) -> None:
        self.block_size = block_size
        self.total_blocks = total_blocks
        self.chunks = chunks
        self._parts = parts

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a sparse image; its data stay where they are.

        Args:
            source: Where it is.

        Returns:
            The image.

        Raises:
            FormatError: If the header or a chunk is impossible; with field and offset.
        """
        section = Section.of(source)
        block_size, total_blocks, count, at, chunk_size = _header(section)
        chunks = []
        blocks = 0
        window, window_at, total = b"", 0, 0
        nothing = section[:0]
        for index in range(count):
            inside = at - window_at
            if inside + CHUNK.size > len(window):
                # chunks without data stand close together: then many of their headers are read at once
                window, window_at, inside = section.read(at, WINDOW if total <= CLOSE else CHUNK.size), at, 0
            if len(window) < inside + CHUNK.size:
                raise _broken(f"chunk {index} of {count} is missing: the file ends", "total_chunks", at)
            kind, _, chunk_blocks, total = CHUNK.unpack_from(window, inside)
            size = _data_size(kind, chunk_blocks, block_size, total - chunk_size, at)
            if at + total > section.size:
                raise _broken(
                    f"chunk {index} reaches to {at + total}, and the file ends at {section.size}", "total_sz", at + 8
                )
            data = section[at + chunk_size : at + chunk_size + size] if size else nothing
            chunks.append(Chunk(KINDS[kind], chunk_blocks, data))
            blocks += 0 if kind == CRC else chunk_blocks
            at += total
        if blocks != total_blocks:
            raise _broken(f"the chunks have {blocks} blocks, and the header says {total_blocks}", "total_blks", 16)
        parts = [Part("sparse image", section[:at], Role.HEADER)]
        if at < section.size:
            parts.append(Part("tail", section[at:], Role.TAIL))
        return cls(block_size, total_blocks, tuple(chunks), tuple(parts))

    @classmethod
    def build(cls, raw: Readable, *, block_size: int = BLOCK_SIZE) -> Self:
        """Make a sparse image of a raw one, as ``img2simg`` does: blocks of one word become fills, the rest is raw.

        Args:
            raw: The raw image; its end is padded with zeros to whole blocks.
            block_size: Bytes per block; a multiple of 4.

        Returns:
            The image; its raw chunks stay in the raw image until it is written.

        Raises:
            FormatError: If the block size is impossible.
        """
        _check_block_size(block_size)
        section = _padded(Section.of(raw), block_size)
        return cls._of_extents(_raw_extents(section, block_size), block_size, section.size // block_size)

    @classmethod
    def _of_extents(cls, extents: Iterable[_Extent], block_size: int, total_blocks: int) -> Self:
        chunks = tuple(_chunks(extents, block_size, total_blocks))
        head = HEADER.pack(MAGIC, 1, 0, HEADER.size, CHUNK.size, block_size, total_blocks, len(chunks), 0)
        pieces: list[Section] = []
        pending = bytearray(head)
        for chunk in chunks:
            pending += CHUNK.pack(chunk.kind, 0, chunk.blocks, CHUNK.size + chunk.data.size)
            if chunk.kind is ChunkKind.RAW:
                pieces += [Section.of(bytes(pending)), chunk.data]
                pending.clear()
            else:
                pending += chunk.data.read()
        pieces.append(Section.of(bytes(pending)))
        part = Part("sparse image", Section.joined(pieces, "sparse image"), Role.HEADER)
        return cls(block_size, total_blocks, chunks, (part,))

    def parts(self) -> Iterator[Part]:
        """The image, and what follows it.

        Yields:
            One or two parts.
        """
        yield from self._parts

    @property
    def raw_size(self) -> int:
        """Size of the raw image, in bytes."""
        return self.total_blocks * self.block_size

    @cached_property
    def _expanded(self) -> _ExpandedSource:
        return _ExpandedSource(self)

    def raw(self) -> Section:
        """The raw image, expanded where it is read; don't-care blocks are zeros.

        Returns:
            A section of :attr:`raw_size` bytes.
        """
        return Section.of(self._expanded)

    def contents(self) -> Mapping[str, Section]:
        """The raw image, as ``replace`` takes it.

        Returns:
            ``raw``; nothing where it is empty.
        """
        return {"raw": self.raw()} if self.raw_size else {}

    def replace(self, *, raw: Readable | None = None) -> Self:
        """Another raw image, in chunks as ``img2simg`` makes them.

        Args:
            raw: The new raw image; None: the same, and the same bytes.

        Returns:
            A new image.
        """
        return self if raw is None else type(self).build(raw, block_size=self.block_size)

    @classmethod
    def joined(cls, pieces: Iterable[Self]) -> Self:
        """The whole that was cut into pieces: ``super.img.0``, ``super.img.1`` …, or what :func:`split` gives.

        Args:
            pieces: In any order; each counts the blocks of the whole, and leaves alone what the others write.

        Returns:
            One image.

        Raises:
            FormatError: If they are not pieces of one image, or two write the same block.

        Example:
            >>> whole = SparseImage.build(b"data" * 40000)
            >>> SparseImage.joined(split(bytes(whole), 1 << 16)).raw().read() == whole.raw().read()
            True
        """
        images = tuple(pieces)
        sizes = {(image.block_size, image.total_blocks) for image in images}
        if len(sizes) != 1:
            listed = ", ".join(f"{total} blocks of {block} bytes" for block, total in sorted(sizes)) or "nothing"
            raise FormatError(f"These are not pieces of one image: {listed}", format=FORMAT, field="total_blks")
        ((block_size, total_blocks),) = sizes
        extents = sorted(
            (extent for image in images for extent in _sparse_extents(image.chunks)), key=lambda e: e.start
        )
        for one, other in pairwise(extents):
            if one.start + one.blocks > other.start:
                raise FormatError(f"Two pieces write block {other.start}", format=FORMAT, field="chunk_sz")
        return cls._of_extents(extents, block_size, total_blocks)

    def facets(self) -> Iterator[tuple[str, Node]]:
        """The raw image, recognised.

        Yields:
            One, unless it is empty or too broken to be read.
        """
        if self.raw_size:
            yield "raw", self.opened(self.raw())

    def describe(self) -> Iterator[tuple[str, object]]:
        """Blocks, chunks by kind, and the raw size."""
        yield "block size", self.block_size
        yield "raw size", self.raw_size
        for kind in ChunkKind:
            found = [chunk for chunk in self.chunks if chunk.kind is kind]
            if found:
                yield (
                    f"{kind.name.lower().replace('_', ' ')} chunks",
                    f"{len(found)}, {sum(c.blocks for c in found)} blocks",
                )

    def findings(self) -> tuple[Finding, ...]:
        """A checksum chunk that does not fit what is before it.

        Returns:
            The findings.
        """
        if not any(chunk.kind is ChunkKind.CRC32 for chunk in self.chunks):
            return ()
        state = 0
        for chunk in self.chunks:
            if chunk.kind is ChunkKind.CRC32:
                stated = int.from_bytes(chunk.data.read(), "little") if chunk.data.size else state
                if stated != state:
                    return (
                        Finding(Severity.ERROR, "sparse-crc", f"The checksum says {stated:08x}, the data {state:08x}"),
                    )
            else:
                for piece in _expand(chunk, self.block_size):
                    state = zlib.crc32(piece, state)
        return ()


def _check_block_size(block_size: int) -> None:
    if number(block_size, "block_size", FORMAT, low=4, high=LARGEST_BLOCK) % 4:
        raise FormatError(
            f"block_size is {block_size}", format=FORMAT, field="block_size", remedy="Use a multiple of 4"
        )


def is_sparse(source: Readable) -> bool:
    """Whether some bytes begin like a sparse image.

    Args:
        source: The bytes.

    Returns:
        True for the magic.
    """
    return Section.of(source).read(0, 4) == MAGIC.to_bytes(4, "little")


def split(source: Readable, limit: int, *, block_size: int = BLOCK_SIZE) -> Iterator[SparseImage]:
    """Cut an image into sparse images that each fit a download, the very bytes that AOSP's fastboot sends.

    Every piece counts the blocks of the whole, and leaves alone what the others write.

    Args:
        source: A raw or a sparse image.
        limit: Largest piece, bytes; 64 KiB at least.
        block_size: Bytes per block, for a raw image.

    Yields:
        The pieces; nothing is read before a piece is, nothing is kept.

    Raises:
        ValueError: If the limit is too small.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"pieces of {limit} bytes are too small: {SMALLEST_LIMIT} at least")
    _check_block_size(block_size)
    section = Section.of(source)
    if is_sparse(section):
        image = SparseImage.parse(section)
        block_size, total_blocks = image.block_size, image.total_blocks
        extents = _sparse_extents(image.chunks)
    else:
        section = _padded(section, block_size)
        total_blocks = section.size // block_size
        extents = _raw_extents(section, block_size)
    for piece in _pieces(extents, limit, block_size):
        yield SparseImage._of_extents(piece, block_size, total_blocks)  # noqa: SLF001 - this module's own


class _Extent(NamedTuple):
    """Blocks with content: ``fill`` is four bytes, or None for blocks that stand in ``data``."""

    start: int
    blocks: int
    fill: bytes | None
    data: Section | None


def _broken(what: str, field: str, offset: int) -> FormatError:
    return FormatError(
        what, format=FORMAT, field=field, offset=offset, remedy="The file may be cut short: get it again"
    )


def _header(section: Section) -> tuple[int, int, int, int, int]:
    head = section.read(0, HEADER.size)
    if len(head) < HEADER.size:
        raise _broken("the header is cut short", "magic", len(head))
    magic, major, _, header_size, chunk_size, block_size, total_blocks, count, _ = HEADER.unpack(head)
    if magic != MAGIC:
        raise FormatError("It does not begin with the sparse magic", format=FORMAT, field="magic", offset=0)
    if major != 1:
        raise FormatError(f"version {major} is not known", format=FORMAT, field="major_version", offset=4)
    if header_size < HEADER.size or chunk_size < CHUNK.size:
        raise FormatError(
            f"Headers of {header_size} and {chunk_size} bytes are too small",
            format=FORMAT,
            field="file_hdr_sz",
            offset=8,
        )
    if not block_size or block_size % 4:
        raise FormatError(
            f"A block of {block_size} bytes is no multiple of 4", format=FORMAT, field="blk_sz", offset=12
        )
    if count > section.size // CHUNK.size:
        raise _broken(f"{count} chunks do not fit into {section.size} bytes", "total_chunks", 20)
    return block_size, total_blocks, count, header_size, chunk_size


def _data_size(kind: int, blocks: int, block_size: int, size: int, at: int) -> int:
    """The size of a chunk's data, checked against its kind."""
    wanted = blocks * block_size if kind == RAW else SIZES.get(kind)
    if kind == CRC:
        wanted = size if size in {0, 4} else 4
    if wanted is None:
        raise FormatError(
            f"chunk type {kind:#06x} is not known",
            format=FORMAT,
            field="chunk_type",
            offset=at,
            remedy="The vendor added a type to AOSP's four, as Sony did: unpack the image with a tool for this vendor",
        )
    if size != wanted:
        name = ChunkKind(kind).name
        raise FormatError(
            f"A {name} chunk of {blocks} blocks has {size} bytes of data, not {wanted}",
            format=FORMAT,
            field="total_sz",
            offset=at + 8,
        )
    return wanted


def _padded(section: Section, block_size: int) -> Section:
    missing = -section.size % block_size
    return Section.joined([section, Section.zeros(missing)], section.source.name) if missing else section


def _raw_extents(section: Section, block_size: int) -> Iterator[_Extent]:
    """Runs of equal fills and runs of other blocks."""
    step = max(PIECE // block_size, 1) * block_size
    start, fill, current = 0, None, 0
    begun = False
    for offset in range(0, section.size, step):
        piece = section.read(offset, step)
        for at in range(0, len(piece), block_size):
            word = piece[at : at + 4]
            same = word == piece[at + 4 : at + 8] and piece[at : at + block_size] == word * (block_size // 4)
            value = word if same else None
            if not begun or value != fill:
                if begun:
                    yield _extent(start, current - start, fill, section, block_size)
                start, fill, begun = current, value, True
            current += 1
    if begun:
        yield _extent(start, current - start, fill, section, block_size)


def _extent(start: int, blocks: int, fill: bytes | None, section: Section, block_size: int) -> _Extent:
    data = section[start * block_size : (start + blocks) * block_size] if fill is None else None
    return _Extent(start, blocks, fill, data)


def _sparse_extents(chunks: Iterable[Chunk]) -> Iterator[_Extent]:
    """The content of a sparse image; equal fills that touch are one, as in libsparse."""
    start = 0
    last: _Extent | None = None
    for chunk in chunks:
        if chunk.kind in {ChunkKind.RAW, ChunkKind.FILL} and chunk.blocks:
            fill = chunk.data.read() if chunk.kind is ChunkKind.FILL else None
            extent = _Extent(start, chunk.blocks, fill, None if fill else chunk.data)
            if last and fill and last.fill == fill and last.start + last.blocks == start:
                last = last._replace(blocks=last.blocks + chunk.blocks)
            else:
                if last:
                    yield last
                last = extent
        start += 0 if chunk.kind is ChunkKind.CRC32 else chunk.blocks
    if last:
        yield last


def _pieces(extents: Iterable[_Extent], limit: int, block_size: int) -> Iterator[list[_Extent]]:
    """Libsparse's way to share out the content (``sparse.c``, ``move_chunks_up_to_len``)."""
    budget = limit - (HEADER.size + 2 * CHUNK.size + 4)
    waiting = iter(extents)
    extent = next(waiting, None)
    while extent is not None:
        piece: list[_Extent] = []
        used = end = 0
        while extent is not None:
            cost = CHUNK.size + (4 if extent.fill else extent.blocks * block_size)
            cost += CHUNK.size if extent.start > end else 0
            if used + cost > budget:
                used += CHUNK.size
                if not piece or budget - used > budget // 8:
                    first, extent = _cut(extent, (budget - used) // block_size, block_size)
                    piece.append(first)
                break
            used += cost
            end = extent.start + extent.blocks
            piece.append(extent)
            extent = next(waiting, None)
        yield piece


def _cut(extent: _Extent, blocks: int, block_size: int) -> tuple[_Extent, _Extent | None]:
    if blocks >= extent.blocks:
        return extent, None
    size = blocks * block_size
    data = extent.data
    first = extent._replace(blocks=blocks, data=data[:size] if data else None)
    rest = extent._replace(
        start=extent.start + blocks, blocks=extent.blocks - blocks, data=data[size:] if data else None
    )
    return first, rest


def _chunks(extents: Iterable[_Extent], block_size: int, total_blocks: int) -> Iterator[Chunk]:
    """Chunks for some content; what lies between is don't care."""
    end = 0
    nothing = Section.zeros(0)
    for extent in extents:
        if extent.start > end:
            yield Chunk(ChunkKind.DONT_CARE, extent.start - end, nothing)
        if extent.fill:
            yield Chunk(ChunkKind.FILL, extent.blocks, Section.of(extent.fill))
        elif extent.data:
            largest = LARGEST_RAW // block_size * block_size
            for offset in range(0, extent.data.size, largest):
                data = extent.data[offset : offset + largest]
                yield Chunk(ChunkKind.RAW, data.size // block_size, data)
        end = extent.start + extent.blocks
    if end < total_blocks:
        yield Chunk(ChunkKind.DONT_CARE, total_blocks - end, nothing)


def _expand(chunk: Chunk, block_size: int) -> Iterator[bytes]:
    if chunk.kind is ChunkKind.RAW:
        yield from chunk.data.chunks()
        return
    word = chunk.data.read() if chunk.kind is ChunkKind.FILL else bytes(4)
    size = chunk.blocks * block_size
    piece = word * (min(size, PIECE) // 4)
    for offset in range(0, size, PIECE):
        yield piece[: size - offset]


class _ExpandedSource:
    """The raw image behind a sparse one, as a source of sections."""

    def __init__(self, image: SparseImage) -> None:
        self.name = "raw image"
        self.size = image.raw_size
        self._chunks = [chunk for chunk in image.chunks if chunk.kind is not ChunkKind.CRC32 and chunk.blocks]
        sizes = (chunk.blocks * image.block_size for chunk in self._chunks)
        self._starts = [0, *accumulate(sizes)]

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes.
        """
        pieces = []
        index = bisect_right(self._starts, offset) - 1
        while size:
            chunk, within = self._chunks[index], offset - self._starts[index]
            count = min(size, self._starts[index + 1] - offset)
            if chunk.kind is ChunkKind.RAW:
                pieces.append(chunk.data.read(within, count))
            elif chunk.kind is ChunkKind.FILL:
                word = chunk.data.read()
                pieces.append((word * (count // 4 + 2))[within % 4 : within % 4 + count])
            else:
                pieces.append(bytes(count))
            offset, size, index = offset + count, size - count, index + 1
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
