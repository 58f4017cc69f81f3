"""A source that was read, before its references are linked: its nodes, what is still open, and where all of it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pmport.devicetree.tree_node import TreeNode

if TYPE_CHECKING:
    from pmport.devicetree.dts_scan import Place

__all__ = ["Fault", "Labels", "Parsed", "Piece", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference names.

    Args:
        label: A label; "" for a path from the root.
        path: A path, from the label's node where there is a label; "" for the label's node itself.
        as_path: Whether the node's path is wanted, as a string; otherwise its phandle.
        place: Where it stands, for errors.
    """

    label: str
    path: str
    as_path: bool
    place: Place | None = None

    @property
    def text(self) -> str:
        """The reference without ``&`` and brackets, as :program:`dtc` names it in its messages."""
        return f"{self.label}/{self.path}" if self.label and self.path else self.label or self.path

    def __str__(self) -> str:
        return f"&{{{self.text}}}" if self.path else f"&{self.label}"


Piece: TypeAlias = bytes | Target
"""A part of a value."""


class Fault(NamedTuple):
    """One thing that is wrong in a source, found while it was read.

    Args:
        check: The name of :program:`dtc`'s check that finds it.
        node: The node.
        message: What is wrong.
        name: The property; "" for the node itself.
        place: Where it stands.
    """

    check: str
    node: TreeNode
    message: str
    name: str = ""
    place: Place | None = None


class Labels(NamedTuple):
    """The labels of one property.

    Args:
        name: Those before its name.
        value: Those within its value.
    """

    name: tuple[str, ...] = ()
    value: tuple[str, ...] = ()


@dataclass
class Parsed:
    """A source that was read.

    Args:
        root: The root; a property with references has an empty value in ``raw``, and its pieces in ``pieces``.
        reservations: ``(address, size)`` each.
        labels: Label → nodes, in the order of the source; which of them still has it, the node says.
        pieces: Node → property → pieces.
        optional: Nodes that are left out where nobody refers to them.
        deleted: Nodes that were deleted. They keep their place until the end, because what is defined again stands there
            once more, as :program:`dtc` has it.
        deleted_properties: Likewise.
        once_labelled: Nodes that lost their labels so. With symbols, dtc gives them a phandle all the same.
        plugin: Whether it is an overlay.
        orphans: How many fragments were made of ``&label { };``.
        places: Node → where its braces open, each time that it is defined.
        property_places: Node → property → where it stands.
        property_labels: Node → property → its labels.
        quoted: Names that stood between quotes, because no other spelling can write them.
        references: Node → property → offsets of its phandles; known when the source is linked.
        faults: What is wrong, as far as reading it tells.
    """

    root: TreeNode = field(default_factory=lambda: TreeNode(""))
    reservations: list[tuple[int, int]] = field(default_factory=list)
    labels: dict[str, list[TreeNode]] = field(default_factory=dict)
    pieces: dict[TreeNode, dict[str, list[Piece]]] = field(default_factory=dict)
    optional: set[TreeNode] = field(default_factory=set)
    deleted: set[TreeNode] = field(default_factory=set)
    deleted_properties: set[tuple[TreeNode, str]] = field(default_factory=set)
    once_labelled: set[TreeNode] = field(default_factory=set)
    plugin: bool = False
    orphans: int = 0
    places: dict[TreeNode, list[Place]] = field(default_factory=dict)
    property_places: dict[TreeNode, dict[str, Place]] = field(default_factory=dict)
    property_labels: dict[TreeNode, dict[str, Labels]] = field(default_factory=dict)
    quoted: set[str] = field(default_factory=set)
    references: dict[TreeNode, dict[str, list[int]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def find(self, target: Target) -> TreeNode | None:
        """The node that a reference names.

        Args:
            target: The reference.

        Returns:
            The node, if the tree has it; names are compared whole, with their unit addresses.
        """
        node: TreeNode | None = self.root
        if target.label:
            node = next((node for node in self.labels.get(target.label, ()) if target.label in node.labels), None)
        for name in target.path.split("/") if node is not None else ():
            if name and node is not None:
                node = node.children.get(name)
                node = None if node in self.deleted else node
        return node

    def place_of(self, node: TreeNode, name: str = "") -> Place | None:
        """Where a property, or else its node, stands.

        Args:
            node: The node.
            name: The property.

        Returns:
            The place; None for what the source does not hold itself.
        """
        found = self.property_places.get(node, {}).get(name)
        return found or next(iter(self.places.get(node, ())), None)

    def delete(self, node: TreeNode) -> None:
        """Delete a node, with all below it.

        Args:
            node: The node.
        """
        for part in node.walk():
            self.deleted.add(part)
            if part.labels:
                self.once_labelled.add(part)
            part.labels = ()
            for name in part.raw:
                self.delete_property(part, name)

    def delete_property(self, node: TreeNode, name: str) -> None:
        """Delete a property, if there is one.

        Args:
            node: Its node.
            name: Its name.
        """
        if name in node.raw:
            self.deleted_properties.add((node, name))
            self.pieces.get(node, {}).pop(name, None)
            self.property_labels.get(node, {}).pop(name, None)

    def sweep(self) -> None:
        """Take out what was deleted and not defined again."""
        for node, name in self.deleted_properties:
            del node.raw[name]
        for node in self.deleted:
            if node.parent is not None:
                node.remove()

    def labelled(self) -> Iterator[tuple[str, TreeNode, str, str]]:
        """Every label that is left.

        Yields:
            ``(label, node, property, kind)``; the property is "" for a node's own, the kind ``node``, ``property`` or
            ``value``.
        """
        for node in self.root.walk():
            yield from ((label, node, "", "node") for label in node.labels)
            for name, labels in self.property_labels.get(node, {}).items():
                yield from ((label, node, name, "property") for label in labels.name)
                yield from ((label, node, name, "value") for label in labels.value)
