"""Tables of device trees as the dtbTools of Qualcomm, Samsung and Spreadtrum lay them out: each tree padded to pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.formats.base.given import number
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.trees.base import EntryLayout, TreeTable

__all__ = ["paged"]

LARGEST_PAGE = 128 << 10
END_MARK = 4
"""Bytes of zeros behind the last entry: where it ends for a loader that does not count."""


def paged(
    table: type[TreeTable],
    version: int,
    layout: EntryLayout,
    rows: Iterable[tuple[Section, dict[str, int | bytes]]],
    page_size: int,
) -> Section:
    """Lay out a table; equal trees are there once.

    Args:
        table: The format.
        version: As the header has it.
        layout: How an entry looks.
        rows: Each tree with its checked ids, in the order of the entries.
        page_size: Bytes per page; a tree is followed by at least one byte of padding.

    Returns:
        The table.

    Raises:
        FormatError: If there is no tree, or the page size is impossible.
    """
    page = number(page_size, "page_size", table.KIND, low=1, high=LARGEST_PAGE)
    given = list(rows)
    if not given:
        raise FormatError("There is no tree to put in", format=table.KIND, field="count")
    start = at = _aligned(layout.start + layout.size * len(given) + END_MARK, page)
    places: dict[bytes, tuple[int, int]] = {}
    body: list[Section] = []
    head = bytearray(table.MAGIC + version.to_bytes(4, "little") + len(given).to_bytes(4, "little"))
    for tree, ids in given:
        key = tree.digest()
        if key not in places:
            size = _aligned(tree.size + 1, page)
            places[key] = (at, size)
            body += [tree, Section.zeros(size - tree.size)]
            at += size
        offset, size = places[key]
        head += layout.write(ids | {"offset": offset, "size": size})
    return Section.joined([bytes(head), Section.zeros(start - len(head)), *body], table.KIND)


def _aligned(size: int, page: int) -> int:
    return -(-size // page) * page
