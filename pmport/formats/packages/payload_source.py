"""A partition of an over-the-air payload as a source of bytes, made of the payload's operations where it is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.formats.packages.payload import Operation, Payload, PayloadPartition
    from pmport.section import Section

__all__ = ["PartitionSource"]


class PartitionSource:
    """A partition of a full payload as a source: the operations of a range are carried out when it is read.

    One operation is kept: who reads on in order carries out each of them once.

    Args:
        payload: The payload.
        partition: One of its partitions.
        writing: Types of operations that write something; the others leave zeros.
    """

    def __init__(self, payload: Payload, partition: PayloadPartition, writing: Collection[int]) -> None:
        self.name: str = partition.name
        self.size: int = partition.size
        self.packed: Section = payload.section()
        """What it is made of."""
        self._payload = payload
        self._partition = partition
        self._kept: tuple[Operation | None, bytes] = (None, b"")
        block = payload.block_size
        runs: list[tuple[int, int, Operation, int]] = []
        for operation in partition.operations:
            done = 0
            for first, count in operation.extents:
                runs.append((first * block, (first + count) * block, operation, done))
                done += count * block
        self._runs = sorted((run for run in runs if run[2].type in writing), key=lambda run: run[0])
        self._starts = [run[0] for run in self._runs]

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes; zeros where nothing is written.

        Raises:
            FormatError: If the data of an operation are broken.
        """
        out = bytearray(size)
        for start, end, operation, inside in self._runs[max(bisect_right(self._starts, offset) - 1, 0) :]:
            if start >= offset + size:
                break
            low, high = max(start, offset), min(end, offset + size)
            if low < high:
                if self._kept[0] is not operation:
                    self._kept = (operation, self._payload.written(operation, self._partition))
                at = inside + low - start
                out[low - offset : high - offset] = self._kept[1][at : at + high - low]
        return bytes(out)
