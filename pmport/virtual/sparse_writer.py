"""How a bootloader writes an Android sparse image to a partition, with the checks that LK makes.

This is the device's end: it stands apart from :mod:`pmport.formats.storage.sparse` on purpose, so that each judges the other.
Layout: libsparse ``sparse_format.h``; checks: LK ``app/aboot/aboot.c``, ``cmd_flash_mmc_sparse_img``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.virtual.partitions import Partition

__all__ = ["MAGIC", "SparseRefusedError", "write_sparse"]

MAGIC = 0xED26FF3A
HEADER = struct.Struct("<IHHHHIIII")
CHUNK = struct.Struct("<HHII")
RAW, FILL, DONT_CARE, CRC32 = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4


class SparseRefusedError(Exception):
    """The bootloader's words about a sparse image that it does not take."""


def write_sparse(partition: Partition, image: bytes) -> None:
    """Write a sparse image.

    Args:
        partition: Where to.
        image: The whole image, as it was downloaded.

    Raises:
        SparseRefusedError: With the words that LK says.
    """
    _, major, _, header_size, chunk_size, block, blocks, chunks, _ = HEADER.unpack_from(image)
    if major != 1 or header_size != HEADER.size or chunk_size != CHUNK.size or not block or block % 4:
        raise SparseRefusedError("sparse image header is not supported")
    if block * blocks > partition.size:
        raise SparseRefusedError("size too large")
    position, at = 0, HEADER.size
    for _ in range(chunks):
        if at + CHUNK.size > len(image) or position > blocks:
            raise SparseRefusedError("buffer overreads occured due to invalid sparse header")
        kind, _, count, total = CHUNK.unpack_from(image, at)
        if total < CHUNK.size or at + total > len(image):
            raise SparseRefusedError("buffer overreads occured due to invalid sparse header")
        if (position + count) * block > partition.size:
            raise SparseRefusedError("sparse image write failure")
        data = image[at + CHUNK.size : at + total]
        _write_chunk(partition, kind, position * block, count * block, data)
        position += 0 if kind == CRC32 else count
        at += total
    if position != blocks:
        raise SparseRefusedError("sparse image write failure")


def _write_chunk(partition: Partition, kind: int, offset: int, size: int, data: bytes) -> None:
    if kind == RAW:
        if len(data) != size:
            raise SparseRefusedError("Bogus chunk size for chunk type Raw")
        partition.write(offset, data)
    elif kind == FILL:
        if len(data) != 4:
            raise SparseRefusedError("Bogus chunk size for chunk type FILL")
        if any(data) or partition.written > offset:
            partition.write(offset, data * (size // 4))
    elif kind == DONT_CARE:
        pass
    elif kind == CRC32:
        if data:
            raise SparseRefusedError("Bogus chunk size for chunk type CRC")
    else:
        raise SparseRefusedError("Unknown chunk type")
