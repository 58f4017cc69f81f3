"""LZO1X, and lzop's files around it: how many older ARM kernels, and some ramdisks, are compressed.

Layouts: the kernel's ``Documentation/staging/lzo.rst`` (the stream) and ``lib/decompress_unlzo.c`` (lzop's header and
blocks; all numbers big-endian). Stream version 0 is read, as lzop and the kernel's build write it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError, TooLargeError

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["MAGIC", "Lzo", "decompress_block", "expand_lzop", "first_block"]

FORMAT = "lzop"
MAGIC = b"\x89LZO\0\r\n\x1a\n"
LARGEST_BLOCK = 64 << 20
"""lzop cuts at 256 KiB; the kernel takes what a 32-bit number holds."""
ADLER32_D, ADLER32_C, EXTRA, CRC32_D, CRC32_C, MULTIPART, FILTER, HEADER_CRC = (
    1,
    2,
    0x40,
    0x100,
    0x200,
    0x400,
    0x800,
    0x1000,
)
FARTHEST_SHORT = 0x0800
FARTHEST_MEDIUM = 0x4000


class Lzo(NamedTuple):
    """A decompressed lzop file.

    Args:
        data: The content.
        used: Bytes that the file had; what follows is something else.
    """

    data: bytes
    used: int


def expand_lzop(section: Section, limit: int) -> Lzo:
    """Decompress a file of lzop.

    Args:
        section: Begins with the file.
        limit: Refuse to make more than this many bytes.

    Returns:
        Content, and where the file ends.

    Raises:
        TooLargeError: If the content has more than ``limit`` bytes.
        FormatError: If it is damaged, or a checksum does not hold.
    """
    start, flags = _header(section)
    out = bytearray()
    end = start
    for end, block in _blocks(section, start, flags):  # noqa: B007 - where the last block ends
        out += block
        if len(out) > limit:
            raise TooLargeError(f"The content has more than {limit} bytes", limit=limit, format=FORMAT, offset=0)
    return Lzo(bytes(out), end)


def first_block(section: Section) -> bytes:
    """The content of the first block, which proves that it is such a file.

    Args:
        section: Begins with the file.

    Returns:
        Its bytes.

    Raises:
        FormatError: If header or block are damaged.
    """
    at, flags = _header(section)
    return next(_blocks(section, at, flags))[1]


def _broken(what: str, offset: int, field: str = "block") -> FormatError:
    return FormatError(what, format=FORMAT, field=field, offset=offset)


def _header(section: Section) -> tuple[int, int]:
    """Where the first block begins, and the flags."""
    head = section.read(0, 1024)
    if not head.startswith(MAGIC) or len(head) < 40:
        raise _broken("there is no header", 0, "magic")
    version = int.from_bytes(head[9:11], "big")
    at = 9 + (6 if version >= 0x0940 else 4)  # version, library's version, version needed
    method = head[at]
    at += 2 if version >= 0x0940 else 1  # method, level
    flags = int.from_bytes(head[at : at + 4], "big")
    at += 4 + (4 if flags & FILTER else 0) + 4 + 4  # flags, filter, mode, time
    at += 4 if version >= 0x0940 else 0  # upper half of the time
    at += 1 + (head[at] if at < len(head) else 0) + 4  # name, checksum of the header
    if method not in {1, 2, 3} or flags & (EXTRA | MULTIPART | FILTER):
        raise _broken(f"method {method} with flags {flags:#x} is not read", 9, "method")
    if at > len(head):
        raise _broken("the header is cut short", len(head), "header")
    return at, flags


def _blocks(section: Section, at: int, flags: int) -> Iterator[tuple[int, bytes]]:
    """``(where it ends, content)`` of each block, and once more where the file ends."""
    while True:
        size = int.from_bytes(section.read(at, 4), "big")
        if at + 4 > section.size:
            raise _broken("the file ends before its last block", section.size)
        at += 4
        if not size:
            yield at, b""
            return
        packed = int.from_bytes(section.read(at, 4), "big")
        at += 4
        if not 0 < packed <= size <= LARGEST_BLOCK:
            raise _broken(f"a block of {packed} bytes for {size}", at - 8)
        sums = [kind for bit, kind in ((ADLER32_D, "adler"), (CRC32_D, "crc")) if flags & bit]
        stated = [int.from_bytes(section.read(at + 4 * index, 4), "big") for index in range(len(sums))]
        at += 4 * len(sums)
        at += 4 * sum(1 for bit in (ADLER32_C, CRC32_C) if flags & bit) if packed < size else 0
        data = section.read(at, packed)
        if len(data) < packed:
            raise _broken(f"a block has {packed} bytes, and {len(data)} are there", at)
        content = data if packed == size else decompress_block(data, size, at)
        for kind, number in zip(sums, stated, strict=True):
            if (zlib.adler32(content) if kind == "adler" else zlib.crc32(content)) != number:
                raise _broken("the checksum of a block does not hold", at)
        at += packed
        yield at, content


def decompress_block(data: bytes, size: int, offset: int = 0) -> bytes:
    """Decompress one LZO1X stream.

    Args:
        data: The stream, to its end mark.
        size: Bytes that it has to give.
        offset: Where it stands, for errors.

    Returns:
        The content.

    Raises:
        FormatError: If it is damaged, or gives another number of bytes.
    """
    try:
        out = _unfolded(data, size)
    except IndexError:
        raise _broken("the stream ends too early", offset) from None
    except _Damage as error:
        raise _broken(str(error), offset) from None
    if len(out) != size:
        raise _broken(f"the stream gives {len(out)} bytes, not {size}", offset)
    return bytes(out)


class _Damage(Exception):  # noqa: N818 - never seen outside
    """What the stream says is impossible."""


def _unfolded(data: bytes, size: int) -> bytearray:
    """Instruction by instruction; ``state`` is how many literals the last one brought: 0 to 3, or 4 for more."""
    out = bytearray()
    at = state = 0
    first = data[0]
    if first > 17:
        at, count = 1, first - 17
        out += _literals(data, at, count)
        at += count
        state = min(count, 4)
    while True:
        code = data[at]
        at += 1
        if code < 16 and state == 0:
            count, at = _long(data, at, code, 15, 3)
            out += _literals(data, at, count)
            at += count
            state = 4
            continue
        if code < 16:
            low = data[at]
            at += 1
            distance = (low << 2) + (code >> 2) + 1 + (FARTHEST_SHORT if state == 4 else 0)
            length, state = 3 if state == 4 else 2, code & 3
        elif code < 32:
            length, at = _long(data, at, code & 7, 7, 2)
            word = data[at] | data[at + 1] << 8
            at += 2
            distance, state = FARTHEST_MEDIUM + ((code & 8) << 11) + (word >> 2), word & 3
            if distance == FARTHEST_MEDIUM:
                return out
        elif code < 64:
            length, at = _long(data, at, code & 31, 31, 2)
            word = data[at] | data[at + 1] << 8
            at += 2
            distance, state = (word >> 2) + 1, word & 3
        else:
            low = data[at]
            at += 1
            distance = (low << 3) + (code >> 2 & 7) + 1
            length, state = (code >> 5) + 1, code & 3
        _copy(out, distance, length, size)
        if state:
            out += _literals(data, at, state)
            at += state


def _long(data: bytes, at: int, bits: int, most: int, extra: int) -> tuple[int, int]:
    """A length that goes on in further bytes where its bits are all zero: each zero byte stands for 255."""
    if bits:
        return bits + extra, at
    begin = at
    while not data[at]:
        at += 1
    return (at - begin) * 255 + most + data[at] + extra, at + 1


def _literals(data: bytes, at: int, count: int) -> bytes:
    piece = data[at : at + count]
    if len(piece) < count:
        raise IndexError
    return piece


def _copy(out: bytearray, distance: int, length: int, size: int) -> None:
    """Repeat what was ``distance`` bytes ago; the source may overlap what is being written."""
    start = len(out) - distance
    if start < 0 or len(out) + length > size:
        raise _Damage(f"a copy of {length} bytes from {distance} ago leaves the block")
    if distance >= length:
        out += out[start : start + length]
    else:
        piece = bytes(out[start:])
        out += (piece * (length // distance + 1))[:length]
