"""Interrupts: the parent, the specifier, and the way through ``interrupt-map``.

Devicetree Specification 0.4, section 2.4. A node's interrupts go to its ``interrupt-parent``, or the one of the nearest
node above; a nexus with an ``interrupt-map`` passes them on to another domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.addresses import address_cells
from pmport.devicetree.reference_resolver import references
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Interrupt", "interrupt_parent", "interrupts"]


@dataclass(frozen=True, slots=True)
class Interrupt:
    """One interrupt of a node.

    Args:
        user: The node that raises it.
        controller: The controller that takes it in the end.
        cells: The specifier, as that controller reads it.
        name: Its name in ``interrupt-names``.
        index: Which one it is, counted from 0.
        via: The nodes whose ``interrupt-map`` it went through.
    """

    user: TreeNode
    controller: TreeNode
    cells: tuple[int, ...]
    name: str = ""
    index: int = 0
    via: tuple[TreeNode, ...] = ()

    @property
    def trigger(self) -> str:
        """How it is triggered, by the low bits of the last cell; empty where the specifier has no such cell."""
        names = {1: "rising edge", 2: "falling edge", 3: "both edges", 4: "level high", 8: "level low"}
        return names.get(self.cells[-1] & 0xF, "") if len(self.cells) in {2, 3, 4} else ""


def interrupt_parent(node: TreeNode) -> TreeNode | None:
    """Where the interrupts of a node go.

    Args:
        node: The node.

    Returns:
        The nearest node, along ``interrupt-parent`` or upwards, that has ``#interrupt-cells``; None where there is none.
    """
    nodes = node.phandles
    seen: set[int] = set()
    current: TreeNode | None = node
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        value = current.raw.get("interrupt-parent")
        current = nodes.get(int.from_bytes(value, "big")) if value is not None and len(value) == 4 else current.parent
        if current is not None and "#interrupt-cells" in current.raw:
            return current
    return None


def interrupts(node: TreeNode) -> tuple[Interrupt, ...]:
    """The interrupts of a node, each with the controller that takes it.

    Args:
        node: The node.

    Returns:
        In order; ``interrupts-extended`` counts before ``interrupts``, as in the kernel.

    Raises:
        FormatError: If there is no parent, the cells do not fit, or a map does not know the interrupt.
    """
    names = node.strings("interrupt-names")
    found: list[Interrupt] = []
    if "interrupts-extended" in node.raw:
        entries = [(entry.node, entry.args) for entry in references(node, "interrupts-extended")]
    else:
        value = node.get("interrupts")
        if value is None:
            return ()
        parent = interrupt_parent(node)
        if parent is None:
            raise _misfit(node, "interrupts", "have no interrupt parent")
        count = parent["#interrupt-cells"].cell
        cells = value.cells
        if not count or len(cells) % count:
            raise _misfit(node, "interrupts", f"have {len(cells)} cells, and {parent.path} takes {count} each")
        entries = [(parent, cells[i : i + count]) for i in range(0, len(cells), count)]
    for i, (controller, cells) in enumerate(entries):
        if controller is None:
            continue
        end, final, via = _through(node, controller, cells)
        found.append(Interrupt(node, end, final, names[i] if i < len(names) else "", i, via))
    return tuple(found)


def _through(
    node: TreeNode, controller: TreeNode, cells: tuple[int, ...]
) -> tuple[TreeNode, tuple[int, ...], tuple[TreeNode, ...]]:
    """Follow maps until a controller takes the interrupt."""
    via: list[TreeNode] = []
    wide = address_cells(node.parent) if node.parent is not None else 0
    unit = node.cells("reg")[:wide]
    while "interrupt-map" in controller.raw and "interrupt-controller" not in controller.raw:
        if controller in via:
            raise _misfit(controller, "interrupt-map", "leads back to itself")
        via.append(controller)
        controller, unit, cells = _mapped(controller, unit, cells)
    return controller, cells, tuple(via)


def _mapped(
    nexus: TreeNode, unit: tuple[int, ...], cells: tuple[int, ...]
) -> tuple[TreeNode, tuple[int, ...], tuple[int, ...]]:
    wide, count = address_cells(nexus), nexus["#interrupt-cells"].cell
    if "#address-cells" not in nexus.raw:
        wide = 0
    mask = nexus.cells("interrupt-map-mask") or (0xFFFFFFFF,) * (wide + count)
    wanted = ((0,) * (wide - len(unit)) + unit)[:wide] + cells
    table = nexus["interrupt-map"].cells
    nodes = nexus.phandles
    i = 0
    while i + wide + count < len(table):
        row = table[i : i + wide + count]
        parent = nodes.get(table[i + wide + count])
        if parent is None:
            raise _misfit(
                nexus, "interrupt-map", f"holds the phandle {table[i + wide + count]:#x}, which leads nowhere"
            )
        i += wide + count + 1
        above = parent["#address-cells"].cell if "#address-cells" in parent.raw else 0
        below = parent["#interrupt-cells"].cell if "#interrupt-cells" in parent.raw else 0
        past = i + above + below
        if past > len(table):
            raise _misfit(nexus, "interrupt-map", "ends within an entry")
        if all((a ^ b) & m == 0 for a, b, m in zip(row, wanted, mask, strict=False)):
            return parent, table[i : i + above], table[i + above : past]
        i = past
    raise _misfit(nexus, "interrupt-map", f"does not know the interrupt {cells}")


def _misfit(node: TreeNode, name: str, what: str) -> FormatError:
    return FormatError(f"{node.path.rstrip('/')}/{name} {what}", format="device tree property", field=name)
