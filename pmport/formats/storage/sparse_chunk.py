"""The header and the chunks of an Android sparse image.

Layout (libsparse ``sparse_format.h``): :mod:`pmport.formats.storage.sparse` has the words.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from pmport.errors import FormatError
from pmport.formats.base.given import number
from pmport.section import PIECE, Section

__all__ = [
    "BLOCK_SIZE",
    "CHUNK",
    "CRC",
    "FORMAT",
    "HEADER",
    "KINDS",
    "MAGIC",
    "Chunk",
    "ChunkKind",
    "broken",
    "check_block_size",
    "data_size",
    "expand",
    "header",
]

FORMAT = "Android sparse image"
MAGIC = 0xED26FF3A
BLOCK_SIZE = 4096
HEADER = struct.Struct("<IHHHHIIII")
CHUNK = struct.Struct("<HHII")
LARGEST_BLOCK = 1 << 30


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


def check_block_size(block_size: int) -> None:
    """Refuse a block size that no sparse image has.

    Args:
        block_size: Bytes per block.

    Raises:
        FormatError: If it is no multiple of 4, or too large.
    """
    if number(block_size, "block_size", FORMAT, low=4, high=LARGEST_BLOCK) % 4:
        raise FormatError(
            f"block_size is {block_size}", format=FORMAT, field="block_size", remedy="Use a multiple of 4"
        )


def broken(what: str, field: str, offset: int) -> FormatError:
    """The error for an image that ends too early.

    Args:
        what: What is wrong.
        field: The field that says so.
        offset: Where, in bytes from the start of the image.

    Returns:
        The error, to be raised.
    """
    return FormatError(
        what, format=FORMAT, field=field, offset=offset, remedy="The file may be cut short: get it again"
    )


def header(section: Section) -> tuple[int, int, int, int, int]:
    """Read and check the file header.

    Args:
        section: The image.

    Returns:
        ``(bytes per block, blocks, chunks, bytes of the file header, bytes of a chunk header)``.

    Raises:
        FormatError: If it is no header of version 1, or its numbers are impossible.
    """
    head = section.read(0, HEADER.size)
    if len(head) < HEADER.size:
        raise broken("the header is cut short", "magic", len(head))
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
        raise broken(f"{count} chunks do not fit into {section.size} bytes", "total_chunks", 20)
    return block_size, total_blocks, count, header_size, chunk_size


def data_size(kind: int, blocks: int, block_size: int, size: int, at: int) -> int:
    """The size of a chunk's data, checked against its kind.

    Args:
        kind: The chunk's type.
        blocks: Blocks that it stands for.
        block_size: Bytes per block.
        size: Bytes of data that its header announces.
        at: Where the chunk begins, in bytes from the start of the image.

    Returns:
        Bytes.

    Raises:
        FormatError: If the kind is not known, or has another size.
    """
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


def expand(chunk: Chunk, block_size: int) -> Iterator[bytes]:
    """The raw blocks of a chunk.

    Args:
        chunk: The chunk.
        block_size: Bytes per block.

    Yields:
        Pieces of its blocks, in order; zeros for blocks that are left alone.
    """
    if chunk.kind is ChunkKind.RAW:
        yield from chunk.data.chunks()
        return
    word = chunk.data.read() if chunk.kind is ChunkKind.FILL else bytes(4)
    size = chunk.blocks * block_size
    piece = word * (min(size, PIECE) // 4)
    for offset in range(0, size, PIECE):
        yield piece[: size - offset]
