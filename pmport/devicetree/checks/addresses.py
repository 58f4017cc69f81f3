"""``reg``, ``ranges`` and unit addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from pmport.devicetree.addresses import address_cells, size_cells
from pmport.devicetree.checks.context import cell

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark, Rule
    from pmport.devicetree.tree_node import TreeNode

__all__ = [
    "avoid_default_cells",
    "avoid_unnecessary_cells",
    "ranges_format",
    "reg_format",
    "unique_unit_address",
    "unit_address_and_reg",
    "unit_address_format",
]

LEADING_ZERO = re.compile("0[0-9A-Fa-f]")


def _fits(length: int, entry: int) -> bool:
    return length % entry == 0 if entry else not length


def reg_format(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``reg`` is as long as the cells of its bus want."""
    del context
    value = node.raw.get("reg")
    if value is None:
        return
    if node.parent is None:
        yield node, "", "the root has no address: reg is wrong here"
        return
    if not value:
        yield node, "reg", "it is empty"
    wide, sizes = address_cells(node.parent), size_cells(node.parent)
    if not _fits(len(value), 4 * (wide + sizes)):
        yield (
            node,
            "reg",
            f"its {len(value)} bytes are no entries of {wide} address cells and {sizes} size cells",
        )


def ranges_format(name: str) -> Rule:
    """``ranges`` or ``dma-ranges`` is as long as the cells of both buses want.

    Args:
        name: The property.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        del context
        value = node.raw.get(name)
        if value is None:
            return
        if node.parent is None:
            yield node, name, f"the root has no bus above it: {name} is wrong here"
            return
        outer, inner = address_cells(node.parent), address_cells(node)
        outer_sizes, sizes = size_cells(node.parent), size_cells(node)
        if value:
            if not _fits(len(value), 4 * (outer + inner + sizes)):
                yield (
                    node,
                    name,
                    f"its {len(value)} bytes are no entries of {inner} address cells, {outer} of the parent's and {sizes} size cells",
                )
            return
        for what, ours, theirs in (("address", inner, outer), ("size", sizes, outer_sizes)):
            if ours != theirs:
                yield node, name, f"it is empty, but #{what}-cells is {ours} here and {theirs} in {node.parent.path}"

    return rule


def unit_address_and_reg(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A node has a unit address where it has ``reg`` or ``ranges``, and only there."""
    del context
    if "__overlay__" in node.children:
        return
    addressed = "reg" in node.raw or bool(node.raw.get("ranges"))
    if addressed and not node.unit_address:
        yield node, "", "it has reg or ranges, but no unit address"
    if node.unit_address and not addressed:
        yield node, "", "it has a unit address, but neither reg nor ranges"


def unit_address_format(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A unit address is written without ``0x`` and without zeros in front, where no bus says another form."""
    if context.bus_above(node):
        return
    address = node.unit_address
    if address.startswith("0x"):
        yield node, "", "a unit address has no 0x"
        address = address[2:]
    if LEADING_ZERO.match(address):
        yield node, "", "a unit address has no zeros in front"


def avoid_default_cells(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Addresses whose bus does not say how many cells they have."""
    del context
    if node.parent is None or not ("reg" in node.raw or "ranges" in node.raw):
        return
    for what in ("address", "size"):
        if cell(node.parent, f"#{what}-cells") is None:
            yield node, "", f"{node.parent.path} has no #{what}-cells, and the default is not to be relied upon"


def avoid_unnecessary_cells(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Cells are counted where nothing has an address."""
    del context
    if node.parent is None or not node.children or "ranges" in node.raw or "dma-ranges" in node.raw:
        return
    if not _counted(node) or any("reg" in child.raw or "ranges" in child.raw for child in node.children.values()):
        return
    yield (
        node,
        "",
        "#address-cells and #size-cells say nothing: there is no ranges, no dma-ranges, and no child with reg or ranges",
    )


def _counted(node: TreeNode) -> bool:
    """Whether a node says both counts of cells; the highest bit makes :program:`dtc` take it for none."""
    counts = (cell(node, "#address-cells"), cell(node, "#size-cells"))
    return all(count is not None and not count >> 31 for count in counts)


def unique_unit_address(*, enabled: bool) -> Rule:
    """Two children with one unit address.

    Args:
        enabled: Look only at those that are not disabled.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        del context
        if not _counted(node):
            return
        children = [
            child
            for child in node.children.values()
            if child.unit_address and not (enabled and child.raw.get("status", b"").partition(b"\0")[0] == b"disabled")
        ]
        seen: dict[str, list[TreeNode]] = {}
        for child in children:
            seen.setdefault(child.unit_address, []).append(child)
        for same in seen.values():
            for first, second in combinations(same, 2):
                yield first, "", f"{second.path} has the same unit address"

    return rule
