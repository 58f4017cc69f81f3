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

import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.given import number
from pmport.formats.storage.sparse_chunk import (
    BLOCK_SIZE,
    CHUNK,
    CRC,
    FORMAT,
    HEADER,
    KINDS,
    MAGIC,
    Chunk,
    ChunkKind,
    broken,
    check_block_size,
    data_size,
    expand,
    header,
)
from pmport.formats.storage.sparse_expanded import ExpandedSource
from pmport.formats.storage.sparse_extents import Extent, chunks_of, padded, pieces, raw_extents, sparse_extents
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["BLOCK_SIZE", "MAGIC", "Chunk", "ChunkKind", "SparseImage", "is_sparse", "split"]

SMALLEST_LIMIT = 64 << 10
"""Below about 33 KiB, libsparse's two passes disagree with each other; nobody has such a bootloader."""

WINDOW = 1 << 16
CLOSE = 256
"""A chunk of so few bytes is probably followed by more of them."""


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
        block_size, total_blocks, count, at, chunk_size = header(section)
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
                raise broken(f"chunk {index} of {count} is missing: the file ends", "total_chunks", at)
            kind, _, chunk_blocks, total = CHUNK.unpack_from(window, inside)
            size = data_size(kind, chunk_blocks, block_size, total - chunk_size, at)
            if at + total > section.size:
                raise broken(
                    f"chunk {index} reaches to {at + total}, and the file ends at {section.size}", "total_sz", at + 8
                )
            data = section[at + chunk_size : at + chunk_size + size] if size else nothing
            chunks.append(Chunk(KINDS[kind], chunk_blocks, data))
            blocks += 0 if kind == CRC else chunk_blocks
            at += total
        if blocks != total_blocks:
            raise broken(f"the chunks have {blocks} blocks, and the header says {total_blocks}", "total_blks", 16)
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
        check_block_size(block_size)
        section = padded(Section.of(raw), block_size)
        return cls._of_extents(raw_extents(section, block_size), block_size, section.size // block_size)

    @classmethod
    def _of_extents(cls, extents: Iterable[Extent], block_size: int, total_blocks: int) -> Self:
        chunks = tuple(chunks_of(extents, block_size, total_blocks))
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
    def _expanded(self) -> ExpandedSource:
        return ExpandedSource(self)

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
        extents = sorted((extent for image in images for extent in sparse_extents(image.chunks)), key=lambda e: e.start)
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
                for piece in expand(chunk, self.block_size):
                    state = zlib.crc32(piece, state)
        return ()


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
        FormatError: If the limit is too small or no number, or the image is broken.
    """
    number(limit, "limit", FORMAT, low=SMALLEST_LIMIT, high=1 << 63)
    check_block_size(block_size)
    section = Section.of(source)
    if is_sparse(section):
        image = SparseImage.parse(section)
        block_size, total_blocks = image.block_size, image.total_blocks
        extents = sparse_extents(image.chunks)
    else:
        section = padded(section, block_size)
        total_blocks = section.size // block_size
        extents = raw_extents(section, block_size)
    for piece in pieces(extents, limit, block_size):
        yield SparseImage._of_extents(piece, block_size, total_blocks)  # noqa: SLF001 - this module's own
