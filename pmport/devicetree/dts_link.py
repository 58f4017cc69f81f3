"""References of a source become phandles and paths; an overlay's become fixups; labels become symbols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.dts_scan import FORMAT
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.dts_parse import Parsed, Target
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["link"]

UNRESOLVED = b"\xff\xff\xff\xff"
"""A phandle that the base will give, when the overlay is applied."""


def link(parsed: Parsed, *, symbols: bool) -> None:
    """Give every reference its value.

    Args:
        parsed: The source that was read; it is changed.
        symbols: Whether ``/__symbols__`` is made, which overlays need.

    Raises:
        FormatError: If a reference leads nowhere, and it is no overlay that a base could help.
    """
    _Linker(parsed).link(symbols=symbols)


class _Linker:
    """Links one tree."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.used: set[TreeNode] = set()
        self.fixups: dict[str, list[str]] = {}
        self.local: list[tuple[TreeNode, str, int]] = []
        self.taken = {node.phandle for node in parsed.root.walk()}
        self.free = 1

    def link(self, *, symbols: bool) -> None:
        parsed = self.parsed
        for node in list(parsed.root.walk()):
            for name in list(parsed.pieces.get(node, ())):
                if name in node.raw:
                    node[name] = self._joined(node, name)
        for node in parsed.optional - self.used:
            if symbols and node.labels:
                continue  # an overlay may want it
            if node.root is parsed.root and node is not parsed.root:
                node.remove()
        if symbols:
            self._symbols()
        if parsed.plugin:
            self._write_fixups()

    def _joined(self, node: TreeNode, name: str) -> bytes:
        out = bytearray()
        for piece in self.parsed.pieces[node][name]:
            if isinstance(piece, bytes):
                out += piece
            elif piece.as_path:
                out += self._found(piece).path.encode() + b"\0"
            else:
                out += self._phandle(piece, node, name, len(out))
        return bytes(out)

    def _found(self, target: Target) -> TreeNode:
        node = self.parsed.find(target)
        if node is None:
            raise FormatError(
                f"{target.place}: {target} leads to no node",
                format=FORMAT,
                remedy="include the file that defines it; what a base tree defines is for an overlay: /plugin/;",
            )
        self.used.add(node)
        return node

    def _phandle(self, target: Target, user: TreeNode, name: str, offset: int) -> bytes:
        if self.parsed.plugin and self.parsed.find(target) is None and target.label:
            self.fixups.setdefault(target.label, []).append(f"{user.path}:{name}:{offset}")
            return UNRESOLVED
        node = self._found(target)
        if self.parsed.plugin:
            self.local.append((user, name, offset))
        return self._number(node).to_bytes(4, "big")

    def _number(self, node: TreeNode) -> int:
        number = node.phandle
        if number is None:
            while self.free in self.taken:
                self.free += 1
            number = self.free
            self.taken.add(number)
            node["phandle"] = number
        return number

    def _symbols(self) -> None:
        """The paths of all labels; each of their nodes gets a phandle, because an overlay may want it."""
        root = self.parsed.root
        named = [node for node in root.walk() if node.labels]
        if not named:
            return
        holder = root.children.get("__symbols__") or root.add("__symbols__")
        for node in named:
            self._number(node)
            for label in node.labels:
                if label not in holder.raw:
                    holder[label] = node.path

    def _write_fixups(self) -> None:
        root = self.parsed.root
        if self.fixups:
            holder = root.children.get("__fixups__") or root.add("__fixups__")
            for label, places in self.fixups.items():
                holder[label] = places
        for user, name, offset in self.local:
            holder = root.children.get("__local_fixups__") or root.add("__local_fixups__")
            for part in _names(user):
                holder = holder.children.get(part) or holder.add(part)
            holder.raw[name] = holder.raw.get(name, b"") + offset.to_bytes(4, "big")


def _names(node: TreeNode) -> Iterator[str]:
    path = [node, *node.ancestors]
    return (part.name for part in reversed(path) if part.parent is not None)
