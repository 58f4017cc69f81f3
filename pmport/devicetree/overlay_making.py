"""An overlay that makes one tree out of another.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> base, wanted = DeviceTree(), DeviceTree()
    >>> base.root.add("led")["status"] = "disabled"
    >>> wanted.root.add("led")["status"] = "okay"
    >>> from pmport.devicetree.overlays import apply
    >>> apply(base, make_overlay(base, wanted)).tree["/led"]["status"].string
    'okay'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.devicetree.overlays import PHANDLES
from pmport.devicetree.reference_resolver import references, refers
from pmport.devicetree.tree import DeviceTree
from pmport.devicetree.tree_node import NO_PHANDLES
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["make_overlay"]

BOOKKEEPING = frozenset({"__symbols__", "__fixups__", "__local_fixups__"})
UNRESOLVED = b"\xff\xff\xff\xff"


def make_overlay(base: DeviceTree, wanted: DeviceTree) -> DeviceTree:
    """Make an overlay.

    Args:
        base: What it is to be applied to. Nodes with a label in ``/__symbols__`` are named by it, others by their path.
        wanted: What is to come out. Nodes that both have must have the same phandles, as they do where the second tree
            was edited from the first.

    Returns:
        The overlay. References to nodes that it adds are found by the names of properties
        (:data:`pmport.devicetree.bindings.REFERENCES`).

    Raises:
        FormatError: If something of the base is missing in the wanted tree: an overlay cannot delete.
    """
    return _Maker(base, wanted).make()


class _Maker:
    """Makes one overlay."""

    def __init__(self, base: DeviceTree, wanted: DeviceTree) -> None:
        self.base, self.wanted = base, wanted
        self.overlay = DeviceTree()
        symbols = base.root.children.get("__symbols__")
        self.labels: dict[str, str] = {}
        for label in symbols.raw if symbols is not None else ():
            self.labels.setdefault(next(iter(symbols.strings(label)), "") if symbols is not None else "", label)
        self.fixups: dict[str, list[str]] = {}
        self.lost: list[str] = []

    def make(self) -> DeviceTree:
        pairs = [(self.base.root, self.wanted.root)]
        while pairs:
            ours, theirs = pairs.pop()
            self._compare(ours, theirs)
            both = [(child, theirs.children[name]) for name, child in ours.children.items() if name in theirs.children]
            pairs += [pair for pair in both if ours.parent is not None or pair[0].name not in BOOKKEEPING]
        if self.lost:
            raise FormatError(
                f"An overlay cannot delete {', '.join(self.lost[:5])}{' …' if len(self.lost) > 5 else ''}",
                format="device tree overlay",
                remedy='Disable a node by status = "disabled"; for more, change the base tree',
            )
        if self.fixups:
            holder = self.overlay.root.add("__fixups__")
            for label, places in self.fixups.items():
                holder[label] = places
        return self.overlay

    def _compare(self, ours: TreeNode, theirs: TreeNode) -> None:
        top = ours.parent is None
        path = ours.path.rstrip("/")
        self.lost += [f"{path}/{name}" for name in ours.raw if name not in theirs.raw and name not in PHANDLES]
        self.lost += [
            f"{path}/{n}" for n in ours.children if n not in theirs.children and not (top and n in BOOKKEEPING)
        ]
        changed = [
            n for n, value in theirs.raw.items() if ours.raw.get(n) != value and not (n in PHANDLES and n in ours.raw)
        ]
        added = [c for n, c in theirs.children.items() if n not in ours.children and not (top and n in BOOKKEEPING)]
        if not changed and not added:
            return
        fragment = self.overlay.root.add(f"fragment@{len(self.overlay.root.children):x}")
        label = self.labels.get(ours.path)
        if label:
            fragment.raw["target"] = UNRESOLVED
            self.fixups.setdefault(label, []).append(f"{fragment.path}:target:0")
        else:
            fragment["target-path"] = ours.path
        into = fragment.add("__overlay__")
        for name in changed:
            self._put(theirs, name, into)
        self._copy(added, into)

    def _copy(self, nodes: list[TreeNode], into: TreeNode) -> None:
        pairs = [(node, into) for node in nodes]
        while pairs:
            source, parent = pairs.pop(0)
            twin = parent.add(source.name)
            for name in source.raw:
                self._put(source, name, twin)
            pairs += [(child, twin) for child in source.children.values()]

    def _put(self, source: TreeNode, name: str, into: TreeNode) -> None:
        """Copy a property; references to what the overlay adds are its own, the others the base's."""
        value = bytearray(source.raw[name])
        for cell, node in self._targets(source, name):
            known = self.base.root.find(node.path)
            label = self.labels.get(node.path) if known is not None else None
            if label:
                value[4 * cell : 4 * cell + 4] = UNRESOLVED
                self.fixups.setdefault(label, []).append(f"{into.path}:{name}:{4 * cell}")
            elif known is None or known.phandle is None:
                self._local(into, name, 4 * cell)
        into.raw[name] = bytes(value)

    def _targets(self, source: TreeNode, name: str) -> list[tuple[int, TreeNode]]:
        if not refers(source, name) or name in PHANDLES:
            return []
        try:
            found = references(source, name)
        except FormatError:
            return []
        return [
            (entry.cell, entry.node) for entry in found if entry.node is not None and entry.phandle not in NO_PHANDLES
        ]

    def _local(self, into: TreeNode, name: str, offset: int) -> None:
        root = self.overlay.root
        holder = root.children.get("__local_fixups__") or root.add("__local_fixups__")
        for part in into.path.strip("/").split("/"):
            holder = holder.children.get(part) or holder.add(part)
        holder.raw[name] = holder.raw.get(name, b"") + offset.to_bytes(4, "big")
