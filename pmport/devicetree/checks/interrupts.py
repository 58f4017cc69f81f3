"""Interrupts: their controllers, their parents and ``interrupt-map``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import cell, cells
from pmport.devicetree.tree_node import NO_PHANDLES

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["interrupt_map", "interrupt_provider", "interrupts"]


def _provides(node: TreeNode) -> bool:
    return "interrupt-controller" in node.raw or "interrupt-map" in node.raw


def interrupt_provider(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A controller counts its cells, and nothing else does."""
    del context
    counts = "#interrupt-cells" in node.raw
    if _provides(node) and not counts:
        yield node, "", "an interrupt controller has #interrupt-cells"
    if counts and not _provides(node):
        yield node, "", "it has #interrupt-cells, but is no interrupt controller"


def interrupts(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``interrupts`` has a parent, and as many cells as that counts."""
    value = node.raw.get("interrupts")
    if value is None:
        return
    if len(value) % 4:
        yield node, "interrupts", f"its {len(value)} bytes are no cells"
    parent, wrong = _parent(context, node)
    if wrong is not None:
        yield wrong
    count = cell(parent, "#interrupt-cells") if parent is not None else None
    if parent is not None and count is not None and (len(value) % (4 * count) if count else value):
        yield node, "interrupts", f"its {len(value)} bytes are no entries of {count} cells, as {parent.path} counts"


def _parent(context: Context, node: TreeNode) -> tuple[TreeNode | None, Remark | None]:
    """Who takes a node's interrupts, and what is wrong with that; nobody, and nothing wrong, where a base will tell."""
    at: TreeNode | None = node
    while at is not None:
        if at is not node and _provides(at):
            return at, None
        number = cell(at, "interrupt-parent")
        if number is not None and number in NO_PHANDLES and context.plugin:
            return None, None
        if number is not None:
            parent = context.by_phandle(number)
            if parent is None:
                return None, (at, "interrupt-parent", f"the phandle {number:#x} belongs to no node")
            message = f"it has neither interrupt-controller nor interrupt-map, and {at.path} names it"
            return parent, None if _provides(parent) else (parent, "", message)
        at = at.parent
    return None, (node, "", "it has no interrupt parent")


def interrupt_map(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``interrupt-map`` and its mask are as long as the cells on both sides want."""
    size = len(node.raw.get("interrupt-map", b""))
    if "interrupt-map" not in node.raw:
        return
    wide = cell(node, "#address-cells")
    if wide is None:
        yield node, "", "a node with interrupt-map has #address-cells"
        return
    own = wide + (cell(node, "#interrupt-cells") or 0)
    mask = node.raw.get("interrupt-map-mask")
    if mask is not None and len(mask) != 4 * own:
        yield node, "interrupt-map-mask", f"it is {len(mask)} bytes long, and an entry has {4 * own}"
    if size % 4:
        yield node, "interrupt-map", f"its {size} bytes are no cells"
        return
    yield from _entries(context, node, own)


def _entries(context: Context, node: TreeNode, own: int) -> Iterator[Remark]:
    name = "interrupt-map"
    found = cells(node, name) or ()
    at = 0
    while at < len(found):
        at += own
        if at >= len(found):
            yield node, name, f"it ends within an entry: {4 * len(found)} bytes, and more than {4 * at} are wanted"
            return
        if found[at] in NO_PHANDLES:
            if not context.plugin:
                yield node, name, f"cell {at} is no phandle: {found[at]:#x}"
            return
        parent = context.by_phandle(found[at])
        if parent is None:
            yield node, name, f"the phandle {found[at]:#x} in cell {at} belongs to no node"
            return
        count = cell(parent, "#interrupt-cells")
        if count is None:
            if "#interrupt-cells" not in parent.raw:
                yield node, "", f"{parent.path} has no #interrupt-cells, and cell {at} of interrupt-map refers to it"
            return
        wide = cell(parent, "#address-cells")
        if wide is None:
            yield node, name, f"{parent.path} has no #address-cells: 0 is taken for the entry at cell {at}"
        at += 1 + count + (wide or 0)
        if at > len(found):
            yield node, name, f"it ends within an entry: {4 * len(found)} bytes, and {4 * at} are wanted"
