"""Tables made of trees as the vendors' dtbTool and its kin make them: rows in order, each tree padded to pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.formats.base.given import number
from pmport.formats.trees.edit import row_of
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.trees.base import EntryLayout, TreeTable
    from pmport.section import Readable

__all__ = ["aligned", "paged"]

LARGEST_PAGE = 128 << 10
END_MARK = 4
"""Bytes of zeros behind the last entry: where it ends for a loader that does not count."""


def aligned(size: int, page: int) -> int:
    """A size in whole pages.

    Args:
        size: Bytes.
        page: Bytes per page.

    Returns:
        Bytes.
    """
    return -(-size // page) * page


def paged(
    table: type[TreeTable],
    trees: Iterable[tuple[Readable, Mapping[str, int]]],
    head: bytes,
    layout: EntryLayout,
    page_size: int,
    fixed: Mapping[str, int] | None = None,
) -> Section:
    """Lay out a table: entries sorted by id, trees padded to pages with at least one byte, equal trees once.

    Args:
        table: The format.
        trees: Each tree with its ids; ids that are not given are 0.
        head: What stands before the number of entries.
        layout: How an entry looks.
        page_size: Bytes per page.
        fixed: Fields of every entry that have always one value.

    Returns:
        The table.

    Raises:
        FormatError: If there is no tree, the page size is impossible, or an id is unknown or no number of 32 bits.
    """
    page_size = number(page_size, "page_size", table.KIND, low=1, high=LARGEST_PAGE)
    order = tuple(name for name in table.ID_FIELDS if name in layout.fields)
    checked = [(Section.of(tree), row_of(table.KIND, order, ids)) for tree, ids in trees]
    if not checked:
        raise FormatError("There is no tree to put in", format=table.KIND, field="count")
    given = sorted(checked, key=lambda item: [item[1][name] for name in order])
    start = at = aligned(layout.start + layout.size * len(given) + END_MARK, page_size)
    places: dict[bytes, tuple[int, int]] = {}
    body: list[Section] = []
    rows = bytearray(head + len(given).to_bytes(4, "little"))
    for tree, ids in given:
        key = tree.digest()
        if key not in places:
            size = aligned(tree.size + 1, page_size)
            places[key] = (at, size)
            body += [tree, Section.zeros(size - tree.size)]
            at += size
        offset, size = places[key]
        rows += layout.write({**ids, **(fixed or {}), "offset": offset, "size": size})
    return Section.joined([bytes(rows), Section.zeros(start - len(rows)), *body], table.KIND)
