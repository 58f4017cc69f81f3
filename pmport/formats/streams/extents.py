"""How long a compressed stream is and how much it can unfold to, read from its frames without decompressing.

LZ4 and Zstandard state the size of each block, so a stream's end and an upper bound of its content are found by
stepping from block to block. Layouts: *LZ4 Frame Format Description* 1.6.4; RFC 8878 (Zstandard).
"""

from __future__ import annotations

from typing import NamedTuple

from pmport.errors import FormatError

__all__ = ["LEGACY_BLOCK", "LEGACY_WORST", "LZ4_LEGACY_MAGIC", "Extent", "lz4_extent", "zstd_extent"]

LZ4_LEGACY_MAGIC = b"\x02\x21\x4c\x18"
LEGACY_BLOCK = 8 << 20
"""The most that one block of a legacy LZ4 stream unfolds to, bytes."""
LEGACY_WORST = LEGACY_BLOCK + LEGACY_BLOCK // 255 + 16
"""The largest compressed size of such a block, bytes (LZ4's own bound)."""
LZ4_RATIO = 255
"""One byte of LZ4 input never gives more than this many bytes."""
ZSTD_BLOCK = 128 << 10


class Extent(NamedTuple):
    """What the frames of a stream say.

    Args:
        size: Bytes of the stream, up to and with its last checksum.
        bound: It unfolds to at most this many bytes.
    """

    size: int
    bound: int


def lz4_extent(data: bytes | memoryview, format: str) -> Extent:
    """Walk one LZ4 frame.

    Args:
        data: Begins with the frame.
        format: The format's name, for errors.

    Returns:
        Its extent.

    Raises:
        FormatError: If the frame is cut off, or its descriptor is none.
    """
    flags, block = _need(data, 4, 2, "frame descriptor", format)
    largest = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}.get(block >> 4 & 7)
    if flags >> 6 != 1 or largest is None:
        raise FormatError(f"Unknown descriptor {flags:#04x} {block:#04x}", format=format, field="FLG, BD", offset=4)
    stated = int.from_bytes(_need(data, 6, 8, "content size", format), "little") if flags & 8 else None
    at = 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    bound = 0
    while word := int.from_bytes(_need(data, at, 4, "block size", format), "little"):
        size = word & 0x7FFFFFFF
        if size > largest:
            raise FormatError(f"A block of {size} bytes is too large", format=format, field="block size", offset=at)
        bound += size if word >> 31 else min(largest, size * LZ4_RATIO)
        at += 4 + size + (4 if flags & 0x10 else 0)
    at += 4 + (4 if flags & 4 else 0)
    _need(data, at - 4, 4, "end", format)
    return Extent(at, bound if stated is None else min(bound, stated))


def zstd_extent(data: bytes | memoryview, format: str) -> Extent:
    """Walk one Zstandard frame.

    Args:
        data: Begins with the frame.
        format: The format's name, for errors.

    Returns:
        Its extent.

    Raises:
        FormatError: If the frame is cut off, or a block has a reserved type.
    """
    (descriptor,) = _need(data, 4, 1, "frame header", format)
    single = descriptor >> 5 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    width = (single, 2, 4, 8)[descriptor >> 6]
    stated = int.from_bytes(_need(data, at, width, "content size", format), "little") + (256 if width == 2 else 0)
    at += width
    bound = 0
    last = False
    while not last:
        word = int.from_bytes(_need(data, at, 3, "block header", format), "little")
        last, kind, size = bool(word & 1), word >> 1 & 3, word >> 3
        if kind == 3 or (kind != 1 and size > ZSTD_BLOCK):
            raise FormatError("A block has no known type or size", format=format, field="block header", offset=at)
        bound += ZSTD_BLOCK if kind == 2 else size
        at += 3 + (1 if kind == 1 else size)
    at += 4 if descriptor & 4 else 0
    _need(data, at - 1, 1, "end", format)
    return Extent(at, min(bound, stated) if width else bound)


def _need(data: bytes | memoryview, at: int, size: int, field: str, format: str) -> bytes:
    piece = bytes(data[at : at + size])
    if len(piece) < size:
        raise FormatError("The stream ends too early", format=format, field=field, offset=min(at, len(data)))
    return piece
