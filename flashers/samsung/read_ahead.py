r"""Reading a file one part ahead of sending it: the disk, or a decompressor, works while the cable does.

Example:
    >>> from pmport.section import Section
    >>> [bytes(part) for part in parts_ahead(Section.of(b"abcde"), 2)]
    [b'ab', b'cd', b'e\x00']
"""

from __future__ import annotations

from array import array
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["parts_ahead"]


def parts_ahead(data: Section, size: int) -> Generator[array[int], None, None]:
    """A file in parts of one size.

    Args:
        data: The file; two parts of it are in memory.
        size: Bytes of each part; the last one is filled up with zeros.

    Yields:
        Parts, in the type that pyusb sends without a copy. A part is good until the one after the next is asked for.

    Raises:
        SourceChangedError: If the file shrank.
    """
    buffers = [array("B", bytes(size)) for _ in range(2)]
    starts = range(0, data.size, size)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(_filled, buffers[0], data, 0)
        for number in range(len(starts)):
            part = future.result()
            if number + 1 < len(starts):
                future = pool.submit(_filled, buffers[(number + 1) % 2], data, starts[number + 1])
            yield part


def _filled(buffer: array[int], data: Section, offset: int) -> array[int]:
    with memoryview(buffer) as view:
        real = min(len(view), data.size - offset)
        data.read_into(offset, view[:real])
        if real < len(view):
            view[real:] = bytes(len(view) - real)
    return buffer
