"""The raw image that a sparse one stands for, read by range."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from pmport.formats.storage.sparse_chunk import ChunkKind

if TYPE_CHECKING:
    from pmport.formats.storage.sparse import SparseImage

__all__ = ["ExpandedSource"]


class ExpandedSource:
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
