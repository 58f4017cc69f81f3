"""What tables of device trees tell: the ids that a bootloader chooses by, and what each tree tells itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.table import inside

if TYPE_CHECKING:
    from pmport.formats.trees.base import TreeTable
    from pmport.formats.trees.sequence import TreeSequence

__all__ = ["of_sequence", "of_table"]


def of_table(table: TreeTable) -> Iterator[Fact]:
    """Facts of a table.

    Args:
        table: The table.

    Yields:
        How device trees are placed, the ids of every entry, and what the trees tell.
    """
    yield Fact("dtb_placement", table.PLACEMENT, f"{table.KIND} header", 0, Certainty.DERIVED)
    for index, entry in enumerate(table.entries):
        source = f"{table.KIND} entry {index}"
        ids = entry.ids
        if table.PLACEMENT == "qcdt":
            yield Fact("qcom_msm_id", (ids["platform_id"], ids["soc_rev"]), source, entry.offset)
            yield Fact("qcom_board_id", (ids["variant_id"], ids.get("subtype", 0)), source, entry.offset)
            if ids.get("board_name"):
                yield Fact("board", ids["board_name"], source, entry.offset)
        elif table.PLACEMENT == "dtbh":
            yield Fact("exynos_ids", tuple(ids.values()), source, entry.offset)
        elif table.PLACEMENT == "sprd":
            yield Fact("sprd_ids", tuple(ids.values()), source, entry.offset)
    yield from inside(table)


def of_sequence(sequence: TreeSequence) -> Iterator[Fact]:
    """Facts of trees in sequence.

    Args:
        sequence: The sequence.

    Yields:
        What the trees tell.
    """
    yield from inside(sequence)
