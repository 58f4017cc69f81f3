"""References of a source become phandles and paths; an overlay's become fixups; labels become symbols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.dts_parsed import Fault
from pmport.devicetree.dts_scan import FORMAT
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.dts_parsed import Parsed, Target
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["PHANDLE_NAMES", "Extras", "Linker"]

UNRESOLVED = b"\xff\xff\xff\xff"
"""A phandle that the base will give, when the overlay is applied."""
PHANDLE_NAMES: dict[str, tuple[str, ...]] = {
    "epapr": ("phandle",),
    "legacy": ("linux,phandle",),
    "both": ("linux,phandle", "phandle"),
}
"""How a new phandle is written: ``dtc -H``."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What is made beside the nodes of the source.

    Args:
        symbols: ``/__symbols__``, which overlays need: ``dtc -@``.
        aliases: An alias of each label: ``dtc -A``.
        fixups: ``/__local_fixups__`` for a tree that is no overlay, too: ``dtc -L``.
        phandles: A key of :data:`PHANDLE_NAMES`: ``dtc -H``.
    """

    symbols: bool = False
    aliases: bool = False
    fixups: bool = False
    phandles: str = "epapr"


class Linker:
    """Links one tree: first its references, then, when they are checked, what is made beside its nodes.

    Args:
        parsed: The source that was read; it is changed.
        extras: What is made beside.
    """

    def __init__(self, parsed: Parsed, extras: Extras) -> None:
        self.parsed: Parsed
        self.extras: Extras
        self.parsed, self.extras = parsed, extras
        self.used: set[TreeNode] = set()
        self.uses: list[tuple[TreeNode, str, int, Target]] = []
        self.taken: set[int | None] = {node.phandle for node in parsed.root.walk()}
        self.free: int = 1

    def link(self) -> None:
        """Give every reference its value; one that leads nowhere is a fault of the source, unless a base could help."""
        parsed = self.parsed
        for node in list(parsed.root.walk()):
            pieces = parsed.pieces.get(node)
            for name in [name for name in node.raw if name in pieces] if pieces else ():
                node[name] = self._joined(node, name)
        self._omit()

    def finish(self) -> None:
        """Make symbols, aliases and fixups.

        Raises:
            FormatError: If a fixup cannot be written.
        """
        if self.extras.aliases:
            self._label_tree("aliases", numbered=False)
        if self.extras.symbols:
            self._label_tree("__symbols__", numbered=True)
        if self.parsed.plugin or self.extras.fixups:
            self._write_fixups()

    def _omit(self) -> None:
        """Take out the nodes that are left out where nobody refers to them."""
        for node in self.parsed.optional - self.used:
            if self.extras.symbols and self._labelled(node):
                continue  # an overlay may want it
            if node.parent is not None:
                node.remove()

    def _labelled(self, node: TreeNode) -> bool:
        return bool(node.labels) or node in self.parsed.once_labelled

    def _joined(self, node: TreeNode, name: str) -> bytes:
        out = bytearray()
        for piece in self.parsed.pieces[node][name]:
            if isinstance(piece, bytes):
                out += piece
            elif piece.as_path:
                found = self._found(piece, node, "path_references")
                out += found.path.encode("utf-8", "surrogateescape") + b"\0" if found is not None else b""
            else:
                out += self._phandle(piece, node, name, len(out))
        return bytes(out)

    def _found(self, target: Target, user: TreeNode, check: str) -> TreeNode | None:
        node = self.parsed.find(target)
        if node is not None:
            self.used.add(node)
        elif not self.parsed.plugin or target.as_path:
            message = f'Reference to non-existent node or label "{target.text}"'
            self.parsed.faults.append(Fault(check, user, message, place=target.place))
        return node

    def _phandle(self, target: Target, user: TreeNode, name: str, offset: int) -> bytes:
        self.uses.append((user, name, offset, target))
        self.parsed.references.setdefault(user, {}).setdefault(name, []).append(offset)
        node = self._found(target, user, "phandle_references")
        return UNRESOLVED if node is None else self._number(node).to_bytes(4, "big")

    def _number(self, node: TreeNode) -> int:
        number = node.phandle
        if number is None:
            while self.free in self.taken:
                self.free += 1
            number = self.free
            self.taken.add(number)
            for name in PHANDLE_NAMES[self.extras.phandles]:
                node[name] = number
        return number

    def _label_tree(self, name: str, *, numbered: bool) -> None:
        """The paths of all labels; for symbols each of their nodes gets a phandle, because an overlay may want it."""
        root = self.parsed.root
        named = [node for node in root.walk() if self._labelled(node)]
        if not named:
            return
        holder = root.children.get(name) or root.add(name)
        for node in named:
            for label in node.labels:
                if label not in holder.raw:
                    holder[label] = node.path
            if numbered:
                self._number(node)

    def _write_fixups(self) -> None:
        root = self.parsed.root
        inner: list[tuple[TreeNode, str, int]] = []
        for user, name, offset, target in self.uses:
            if user.root is not root:  # it was left out
                continue
            if self.parsed.find(target) is not None:
                inner.append((user, name, offset))
                continue
            place = f"{user.path}:{name}:{offset}"
            if target.path or place.count(":") > 2:
                why = "only labels can be wanted of a base" if target.path else "its place holds a colon"
                raise FormatError(f"{target.place}: no fixup can be written for {target}: {why}", format=FORMAT)
            holder = root.children.get("__fixups__") or root.add("__fixups__")
            holder.raw[target.label] = (
                holder.raw.get(target.label, b"") + place.encode("utf-8", "surrogateescape") + b"\0"
            )
        for user, name, offset in inner:
            holder = root.children.get("__local_fixups__") or root.add("__local_fixups__")
            for part in _names(user):
                holder = holder.children.get(part) or holder.add(part)
            holder.raw[name] = holder.raw.get(name, b"") + offset.to_bytes(4, "big")


def _names(node: TreeNode) -> Iterator[str]:
    path = [node, *node.ancestors]
    return (part.name for part in reversed(path) if part.parent is not None)
