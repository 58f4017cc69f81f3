"""Facts of partition tables: what each partition is called, how large it is and where; a MediaTek file's chip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Fact

if TYPE_CHECKING:
    from pmport.formats.storage.flash_lists import Rawprogram, Scatter
    from pmport.formats.storage.gpt import Gpt
    from pmport.formats.storage.partition_table import PartitionTable
    from pmport.formats.storage.super_image import SuperImage

__all__ = ["of_gpt", "of_rawprogram", "of_scatter", "of_super"]


def _partitions(table: PartitionTable, source: str) -> Iterator[Fact]:
    for partition in table:
        if partition.name and partition.size:
            yield Fact("partition", (partition.name, partition.size, partition.storage), source)


def of_gpt(gpt: Gpt) -> Iterator[Fact]:
    """Read a GUID partition table.

    Args:
        gpt: The table.

    Yields:
        Each partition, and what those that lie in the file tell.
    """
    yield from _partitions(gpt.table, "GPT entry")
    yield from _inside(gpt)


def of_super(image: SuperImage) -> Iterator[Fact]:
    """Read a super image.

    Args:
        image: The image.

    Yields:
        Each logical partition, and what is in them.
    """
    yield from _partitions(image.table, "super metadata")
    yield from _inside(image)


def of_scatter(scatter: Scatter) -> Iterator[Fact]:
    r"""Read a scatter file.

    Args:
        scatter: The file.

    Yields:
        Chip, board and partitions.

    Example:
        >>> from pmport.formats.storage.flash_lists import Scatter
        >>> text = b"- general: MTK_PLATFORM_CFG\n  info:\n    - platform: MT6735\n"
        >>> text += b"- partition_index: SYS0\n  partition_name: boot\n  partition_size: 0x1000000\n"
        >>> [(fact.field, fact.value) for fact in of_scatter(Scatter.parse(text))]
        [('soc', 'mt6735'), ('partition', ('boot', 16777216, ''))]
    """
    if scatter.head.get("platform"):
        yield Fact("soc", scatter.head["platform"].lower(), "scatter file, platform")
    if scatter.head.get("project"):
        yield Fact("board", scatter.head["project"], "scatter file, project")
    yield from _partitions(scatter.table, "scatter file")


def of_rawprogram(program: Rawprogram) -> Iterator[Fact]:
    """Read a rawprogram file.

    Args:
        program: The file.

    Yields:
        Each partition.
    """
    yield from _partitions(program.table, "rawprogram")


def _inside(node: Gpt | SuperImage) -> Iterator[Fact]:
    from pmport.facts.table import inside  # noqa: PLC0415 - the table names this module

    yield from inside(node)
