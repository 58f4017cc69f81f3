"""One view of partitions for every format that lists some: GPT, scatter, rawprogram, PIT and super.

Each of those formats has a property ``table``, a :class:`PartitionTable`.

Example:
    >>> table = PartitionTable([Partition("boot", 1 << 20, 4096), Partition("system", 1 << 21, 8192)])
    >>> table["boot"].end, [partition.name for partition in table]
    (1052672, ['boot', 'system'])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import SupportsIndex, overload

from pmport.findings import Finding, Severity
from pmport.render import Bar, Renders, Stack, Table, View, size_text

__all__ = ["Partition", "PartitionTable"]


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition.

    Args:
        name: Its name.
        start: Where it starts, bytes from the start of its storage; None where the table does not tell.
        size: Bytes; None where the table does not tell, or for what takes the rest.
        storage: Which storage it is on: ``eMMC``, ``EMMC_BOOT_1``, ``LUN 0``, ``super`` …
        file: The file that a flashing tool writes to it.
        type: What the table says that it is.
    """

    name: str
    start: int | None = None
    size: int | None = None
    storage: str = ""
    file: str = ""
    type: str = ""

    @property
    def end(self) -> int | None:
        """Where it ends, bytes; None if start or size is not known."""
        return None if self.start is None or self.size is None else self.start + self.size


class PartitionTable(tuple[Partition, ...], Renders):
    """Partitions, in the order of their table.

    Args:
        partitions: The partitions.
    """

    __slots__ = ()

    def __new__(cls, partitions: Iterable[Partition] = ()) -> PartitionTable:  # noqa: PYI034 - a tuple's own
        """Keep the order."""
        return super().__new__(cls, partitions)

    def find(self, name: str) -> Partition | None:
        """A partition.

        Args:
            name: Its name.

        Returns:
            The first of that name, or None.
        """
        return next((partition for partition in self if partition.name == name), None)

    @overload
    def __getitem__(self, place: str | SupportsIndex) -> Partition: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Partition, ...]: ...
    def __getitem__(self, place: str | SupportsIndex | slice) -> Partition | tuple[Partition, ...]:
        """The partition of that name, or as any tuple: at that place, or places."""
        if not isinstance(place, str):
            return super().__getitem__(place)
        partition = self.find(place)
        if partition is None:
            raise KeyError(f"no partition is named {place!r}; there are {', '.join(p.name for p in self) or 'none'}")
        return partition

    @property
    def in_order(self) -> PartitionTable:
        """The same, storage by storage in the order in which they lie there; those without a place behind the others."""
        far = max((partition.start or 0 for partition in self), default=0) + 1
        return PartitionTable(sorted(self, key=lambda p: (p.storage, far if p.start is None else p.start)))

    def overlaps(self) -> Iterator[tuple[Partition, Partition]]:
        """Neighbours on one storage that share bytes.

        Yields:
            Pairs, the one that starts first before the other.
        """
        placed = [p for p in self if p.start is not None and p.end is not None and p.size]
        ordered = sorted(placed, key=lambda p: (p.storage, p.start or 0))
        for one, other in pairwise(ordered):
            if one.storage == other.storage and (other.start or 0) < (one.end or 0):
                yield one, other

    def findings(self) -> tuple[Finding, ...]:
        """What is odd: partitions that overlap.

        Returns:
            The findings.
        """
        return tuple(
            Finding(Severity.ERROR, "partition-overlap", f"{one.name} and {other.name} overlap", where=other.name)
            for one, other in self.overlaps()
        )

    def view(self) -> View:
        """A table, and the sizes to scale.

        Returns:
            Both, or the table alone where no size is known.
        """
        rows = [
            (p.name, "" if p.start is None else f"{p.start:#x}", "" if p.size is None else size_text(p.size), p.storage, p.file, p.type)
            for p in self
        ]  # fmt: skip
        table = Table(("partition", "start", "size", "storage", "file", "type"), rows, empty="no partitions")
        sizes = [(partition.name, partition.size or 0) for partition in self]
        return Stack([table, Bar(sizes)]) if any(size for _, size in sizes) else table
