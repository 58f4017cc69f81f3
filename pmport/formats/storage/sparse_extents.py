"""What a sparse image is made of: runs of blocks with content, found, shared out over pieces, and written as chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pmport.formats.storage.sparse_chunk import CHUNK, HEADER, Chunk, ChunkKind
from pmport.section import PIECE, Section

__all__ = ["Extent", "chunks_of", "padded", "pieces", "raw_extents", "sparse_extents"]

LARGEST_RAW = 64 << 20
"""libsparse cuts raw chunks there (``MAX_BACKED_BLOCK_SIZE``)."""


class Extent(NamedTuple):
    """Blocks with content: ``fill`` is four bytes, or None for blocks that stand in ``data``."""

    start: int
    blocks: int
    fill: bytes | None
    data: Section | None


def padded(section: Section, block_size: int) -> Section:
    """A raw image filled up with zeros to whole blocks.

    Args:
        section: The image.
        block_size: Bytes per block.

    Returns:
        The image; the same one where nothing is missing.
    """
    missing = -section.size % block_size
    return Section.joined([section, Section.zeros(missing)], section.source.name) if missing else section


def raw_extents(section: Section, block_size: int) -> Iterator[Extent]:
    """Runs of equal fills and runs of other blocks.

    Args:
        section: A raw image of whole blocks.
        block_size: Bytes per block.

    Yields:
        The runs, in order.
    """
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


def _extent(start: int, blocks: int, fill: bytes | None, section: Section, block_size: int) -> Extent:
    data = section[start * block_size : (start + blocks) * block_size] if fill is None else None
    return Extent(start, blocks, fill, data)


def sparse_extents(chunks: Iterable[Chunk]) -> Iterator[Extent]:
    """The content of a sparse image; equal fills that touch are one, as in libsparse.

    Args:
        chunks: Its chunks.

    Yields:
        The runs, in order.
    """
    start = 0
    last: Extent | None = None
    for chunk in chunks:
        if chunk.kind in {ChunkKind.RAW, ChunkKind.FILL} and chunk.blocks:
            fill = chunk.data.read() if chunk.kind is ChunkKind.FILL else None
            extent = Extent(start, chunk.blocks, fill, None if fill else chunk.data)
            if last and fill and last.fill == fill and last.start + last.blocks == start:
                last = last._replace(blocks=last.blocks + chunk.blocks)
            else:
                if last:
                    yield last
                last = extent
        start += 0 if chunk.kind is ChunkKind.CRC32 else chunk.blocks
    if last:
        yield last


def pieces(extents: Iterable[Extent], limit: int, block_size: int) -> Iterator[list[Extent]]:
    """Libsparse's way to share out the content (``sparse.c``, ``move_chunks_up_to_len``).

    Args:
        extents: The content, in order.
        limit: Largest piece, bytes.
        block_size: Bytes per block.

    Yields:
        The content of each piece.
    """
    budget = limit - (HEADER.size + 2 * CHUNK.size + 4)
    waiting = iter(extents)
    extent = next(waiting, None)
    while extent is not None:
        piece: list[Extent] = []
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


def _cut(extent: Extent, blocks: int, block_size: int) -> tuple[Extent, Extent | None]:
    if blocks >= extent.blocks:
        return extent, None
    size = blocks * block_size
    data = extent.data
    first = extent._replace(blocks=blocks, data=data[:size] if data else None)
    rest = extent._replace(
        start=extent.start + blocks, blocks=extent.blocks - blocks, data=data[size:] if data else None
    )
    return first, rest


def chunks_of(extents: Iterable[Extent], block_size: int, total_blocks: int) -> Iterator[Chunk]:
    """Chunks for some content; what lies between is don't care.

    Args:
        extents: The content, in order.
        block_size: Bytes per block.
        total_blocks: Blocks of the whole image.

    Yields:
        The chunks, in order.
    """
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
