"""What the checks look at: a tree, its source where there is one, and what earlier checks found out about its buses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pmport.devicetree.tree_node import NO_PHANDLES

if TYPE_CHECKING:
    from pmport.devicetree.dts_parsed import Parsed
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Context", "Remark", "Rule", "cell", "cells", "ends_at_nul"]

Remark: TypeAlias = "tuple[TreeNode, str, str]"
"""What a rule has to say: the node, the property or "" for the node itself, and what is the matter."""
Rule: TypeAlias = "Callable[[Context, TreeNode], Iterator[Remark]]"
"""One check, for one node."""


@dataclass
class Context:
    """A tree that is being checked.

    Args:
        root: Its root.
        source: The source that it was read from; None for a blob.
        plugin: Whether it is an overlay, whose references a base resolves.
        buses: Node → the kind of bus that it is, as far as the checks of buses have run.
    """

    root: TreeNode
    source: Parsed | None = None
    plugin: bool = False
    buses: dict[TreeNode, str] = field(default_factory=dict)

    def bus_above(self, node: TreeNode) -> str:
        """What kind of bus a node is on.

        Args:
            node: The node.

        Returns:
            ``pci``, ``simple-bus``, ``i2c``, ``spi``, ``graph-port``, ``graph-ports``, or "".
        """
        return self.buses.get(node.parent, "") if node.parent is not None else ""

    def refers(self, node: TreeNode, name: str, offset: int) -> bool:
        """Whether a cell was written as a reference; of a blob nobody can tell, so all may be.

        Args:
            node: The node.
            name: The property.
            offset: The cell's offset in bytes.

        Returns:
            Whether it was, or may have been.
        """
        return self.source is None or offset in self.source.references.get(node, {}).get(name, ())

    def by_phandle(self, number: int) -> TreeNode | None:
        """The node that a phandle stands for.

        Args:
            number: The phandle.

        Returns:
            The node, or None.
        """
        return None if number in NO_PHANDLES else self.root.phandles.get(number)


def cell(node: TreeNode, name: str) -> int | None:
    """The value of a property that is one cell.

    Args:
        node: The node.
        name: The property.

    Returns:
        The number; None where there is no such property, or it has another length.
    """
    value = node.raw.get(name)
    return int.from_bytes(value, "big") if value is not None and len(value) == 4 else None


def cells(node: TreeNode, name: str) -> tuple[int, ...] | None:
    """The whole cells of a property, however long it is.

    Args:
        node: The node.
        name: The property.

    Returns:
        The cells, without the bytes that fill none; None where there is no such property.
    """
    value = node.raw.get(name)
    if value is None:
        return None
    return tuple(int.from_bytes(value[at : at + 4], "big") for at in range(0, len(value) & ~3, 4))


def ends_at_nul(value: bytes) -> bool:
    """Whether a value is one string: a NUL at its end, and no other.

    Args:
        value: The value.

    Returns:
        Whether it is.
    """
    return value.find(0) == len(value) - 1 and value != b""
