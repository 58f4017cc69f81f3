"""Other trees in a table: what follows moves, and the entries follow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.node import Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.avb.edit import AvbChoice
    from pmport.formats.trees.base import TreeTable
    from pmport.section import Readable

__all__ = ["retabled", "row_of"]

SMALLEST_PAGE = 512
"""Sizes that are multiples of less than this are so by chance, bytes."""
LARGEST_UNIT = 4096
"""Tables align their trees to pages of no more than this, bytes."""


def retabled(
    table: TreeTable, trees: Mapping[str, Readable], avb: AvbChoice, partition_size: int | None
) -> tuple[Section, tuple[Finding, ...]]:
    """Work out the changed table.

    Args:
        table: The table as it is.
        trees: New trees by the names of their parts.
        avb: What happens to verified boot data.
        partition_size: Bytes that the result may have; None: no limit.

    Returns:
        The new table, and what there is to say.

    Raises:
        FormatError: If there is no such tree, or the result does not fit.
    """
    from pmport.formats.avb.edit import retail  # noqa: PLC0415 - reading is quicker without

    extents = table.extents()
    names = {f"dtb-{index:02}": extent for index, extent in enumerate(extents)}
    tails: dict[str, Section] = {name: Section.of(trees[name]) for name in ("vbmeta",) if name in trees}
    if unknown := [name for name in trees if name not in names and name not in tails]:
        raise FormatError(
            f"There is no tree {', '.join(sorted(unknown))} in it",
            format=table.KIND,
            remedy=f"There are {_range(extents)}",
        )
    old = tuple(table.parts())
    body, places = _body(table, old, {names[name]: Section.of(tree) for name, tree in trees.items() if name in names})
    total = sum(part.section.size for part in body)
    header = _header(table, old[0].section.read(), places, total)
    parts = [Part("header", Section.of(header), Role.HEADER), *body[1:]]
    notes: list[Finding] = []
    parts += retail(old, parts, tails, avb=avb, partition_size=partition_size, notes=notes)
    whole = Section.joined((part.section for part in parts), table.KIND)
    if partition_size is not None and whole.size > partition_size:
        raise FormatError(
            f"The table would have {whole.size} bytes, {whole.size - partition_size} more than the partition",
            format=table.KIND,
            remedy="Use smaller trees, or fewer",
        )
    return whole, tuple(notes)


def _range(extents: list[tuple[int, int]]) -> str:
    return f"dtb-00 to dtb-{len(extents) - 1:02}" if extents else "none"


def _body(
    table: TreeTable, old: tuple[Part, ...], new: Mapping[tuple[int, int], Section]
) -> tuple[list[Part], dict[tuple[int, int], tuple[int, int]]]:
    """Header, trees and padding, and where each tree was and is."""
    from pmport.formats.avb.edit import TAIL_NAMES  # noqa: PLC0415 - as above

    extents = table.extents()
    offset_unit = _unit([offset for offset, _ in extents])
    size_unit = _unit([size for _, size in extents])
    size_unit = size_unit if size_unit >= SMALLEST_PAGE else 1
    parts: list[Part] = []
    places: dict[tuple[int, int], tuple[int, int]] = {}
    at, index = 0, 0
    for part in old:
        if part.name in TAIL_NAMES:
            break
        section = part.section
        if part.role is Role.CONTENT:
            extent = extents[index]
            index += 1
            if extent in new:
                section = _padded(_packed(table, extent, new[extent]), size_unit)
            if at % offset_unit:
                fill = offset_unit - at % offset_unit
                parts.append(Part(f"padding before {part.name}", Section.zeros(fill), Role.PADDING))
                at += fill
            places[extent] = (at, section.size)
        elif part.role is Role.PADDING and section.is_zero() and offset_unit > 1:
            continue  # made anew where it is needed
        parts.append(Part(part.name, section, part.role))
        at += section.size
    return parts, places


def _packed(table: TreeTable, extent: tuple[int, int], tree: Section) -> Section:
    entry = next(entry for entry in table.entries if (entry.offset, entry.size) == extent)
    return table.packed(entry, tree)


def _unit(numbers: list[int]) -> int:
    unit = LARGEST_UNIT
    while any(number % unit for number in numbers):
        unit //= 2
    return unit


def _padded(tree: Section, unit: int) -> Section:
    fill = -tree.size % unit
    return Section.joined((tree, Section.zeros(fill))) if fill else tree


def _header(table: TreeTable, old: bytes, places: Mapping[tuple[int, int], tuple[int, int]], total: int) -> bytes:
    """Everything before the first tree, with the entries' new offsets and sizes."""
    _, count, layout = table.header(table.section())
    rows = bytearray(old)
    for index in range(count):
        start = layout.start + index * layout.size
        values = next(layout.read(bytes(rows[start : start + layout.size])))
        extent = (values["offset"], values["size"])
        if extent in places:
            offset, size = places[extent]  # type: ignore[index]  # both are numbers, as the parser has checked
            rows[start : start + layout.size] = layout.write({**values, "offset": offset, "size": size})
    return table.with_total(bytes(rows), total)


def row_of(kind: str, fields: tuple[str, ...], ids: Mapping[str, object]) -> dict[str, int | bytes]:
    """The ids of a new entry, refused where they are none of the format's.

    Args:
        kind: The format's name.
        fields: The names of the ids.
        ids: What a caller gives; what is not given is 0.

    Returns:
        Field → value.

    Raises:
        FormatError: If a name is no id of the format, or a value no number of 32 bits.
    """
    if not isinstance(ids, Mapping):
        raise FormatError(f"Ids are {ids!r}", format=kind, field="ids", remedy="Give a mapping of names to numbers")
    if strangers := [str(name) for name in ids if name not in fields]:
        what = f"An entry has no {', '.join(sorted(strangers))}"
        raise FormatError(what, format=kind, field=strangers[0], remedy=f"It has {', '.join(fields)}")
    row: dict[str, int | bytes] = dict.fromkeys(fields, 0)
    for name, value in ids.items():
        if not isinstance(value, int) or not 0 <= value < 1 << 32:
            raise FormatError(f"{value!r} is no number of 32 bits", format=kind, field=name)
        row[name] = value
    return row
