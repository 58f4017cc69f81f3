"""Facts of a partition information table: how the phone is flashed, its chip, its partitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from pmport.formats.storage.pit import Pit

__all__ = ["read"]


def read(pit: Pit) -> Iterator[Fact]:
    """Read a table.

    Args:
        pit: The table.

    Yields:
        Flash method, maker, project, and each partition whose size is known.

    Example:
        >>> from pmport.formats.storage.pit import Pit, PitEntry
        >>> pit = Pit.build([PitEntry("BOOT", "boot.img", 9, block_count=8)], project="MSM8916")
        >>> [(fact.field, fact.value) for fact in read(pit)][1:]
        [('manufacturer', 'Samsung'), ('board', 'MSM8916'), ('partition', ('BOOT', 4096, 'eMMC'))]
    """
    yield Fact("flash_method", "heimdall", "it has a PIT", certainty=Certainty.DERIVED)
    yield Fact("manufacturer", "Samsung", "it has a PIT", certainty=Certainty.DERIVED)
    if pit.project.isprintable() and pit.project.strip():
        yield Fact("board", pit.project.strip(), "PIT header, project", 16)
    for entry in pit:
        size = pit.partition_size(entry)
        if entry.name and size:
            yield Fact("partition", (entry.name, size, entry.device), "PIT entry", entry.offset)
