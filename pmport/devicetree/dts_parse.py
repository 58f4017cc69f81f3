"""Source text into nodes and properties, as :program:`dtc` reads it; references are linked afterwards.

The reader keeps its own stack of nodes, so a tree may be as deep as it likes. What :program:`dtc` does with a node that is
defined again depends on whether there was one: a block that makes a new node is kept as it stands, and two members of one
name are a fault; a block for a node that is there already is merged into it, member by member.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pmport.devicetree.dts_expressions import number
from pmport.devicetree.dts_parsed import Fault, Labels, Parsed, Target
from pmport.devicetree.dts_values import LABEL, Values
from pmport.devicetree.tree_node import TreeNode

if TYPE_CHECKING:
    from pmport.devicetree.dts_parsed import Piece
    from pmport.devicetree.dts_scan import Place, Scanner

__all__ = ["parse"]

NAME = re.compile(r"\\?([A-Za-z0-9,._+*#?@-]+)")
ORDER = "it belongs at the top: /dts-v1/;, /plugin/;, /memreserve/, and then the nodes"


def parse(scanner: Scanner, *, bare: bool = False) -> Parsed:
    """Read a whole source.

    Args:
        scanner: Its text.
        bare: Whether ``/dts-v1/;`` may be left out, as in pieces of source within a program.

    Returns:
        What it says.

    Raises:
        FormatError: Where it is no device tree source.
    """
    return _Reader(scanner).read(bare=bare)


class _Block(NamedTuple):
    """A node whose braces are open.

    Args:
        node: The node.
        fresh: Whether these braces make it.
    """

    node: TreeNode
    fresh: bool


class _Reader:
    """Reads one source."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.values = Values(scanner)
        self.parsed = Parsed()

    def read(self, *, bare: bool) -> Parsed:
        self._head(bare=bare)
        while self._reservation():
            pass
        if self.parsed.plugin and self.scanner.next == "&":
            self._extended("")
        else:
            self._root(first=True)
        while not self.scanner.ended:
            self._definition()
        self.parsed.sweep()
        return self.parsed

    # before the nodes

    def _head(self, *, bare: bool) -> None:
        """``/dts-v1/;`` and ``/plugin/;``, which every included file may say again."""
        scanner, begun = self.scanner, False
        while (versioned := scanner.accept("/dts-v1/")) or (bare and not begun):
            if versioned:
                scanner.expect(";", "behind /dts-v1/")
            plugin = scanner.accept("/plugin/")
            if plugin:
                scanner.expect(";", "behind /plugin/")
            if begun and plugin != self.parsed.plugin:
                scanner.fail("this head says /plugin/; and an earlier one does not, or the other way round")
            self.parsed.plugin, begun = plugin, True
        if not begun:
            scanner.fail("the source does not begin with /dts-v1/;", remedy="is it a file for others to include?")

    def _reservation(self) -> bool:
        labels = self._labels()
        if not self.scanner.accept("/memreserve/"):
            if labels:
                self.scanner.fail("a label stands here before a reservation only, or before &label { … };")
            return False
        address, size = number(self.scanner), number(self.scanner)
        if address is None or size is None:
            self.scanner.fail("an address and a size must follow /memreserve/")
        self.scanner.expect(";", "behind the reservation")
        self.parsed.reservations.append((address, size))
        return True

    # at the top

    def _definition(self) -> None:
        """``/ { };``, ``&label { };``, or a node that is deleted."""
        scanner = self.scanner
        if scanner.accept("/delete-node/"):
            node = self._needed(self.values.target())
            self.parsed.delete(node)
            scanner.expect(";", "behind it")
        elif scanner.accept("/omit-if-no-ref/"):
            self.parsed.optional.add(self._needed(self.values.target()))
            scanner.expect(";", "behind it")
        elif label := scanner.take(LABEL):
            self._extended(label[1])
        elif scanner.next == "&":
            self._extended("")
        else:
            self._root(first=False)

    def _needed(self, target: Target) -> TreeNode:
        node = self.parsed.find(target)
        if node is None:
            self.scanner.fail(f"there is no node {target}", place=target.place)
        return node

    def _root(self, *, first: bool) -> None:
        scanner = self.scanner
        for late in ("/dts-v1/", "/plugin/", "/memreserve/"):
            if scanner.accept(late):
                scanner.fail(f"{late} stands behind the first node", remedy=ORDER, back=len(late))
        if not scanner.accept("/"):
            scanner.fail("a node is expected: / { … }; or &label { … };")
        self._body(_Block(self.parsed.root, first))

    def _extended(self, label: str) -> None:
        """``&label { };``, with one label of its own at most."""
        scanner, parsed = self.scanner, self.parsed
        target = self.values.target()
        if parsed.plugin and target.label and target.path:
            scanner.fail("an overlay cannot extend a path that begins at a label", place=target.place)
        node = parsed.find(target)
        orphan = parsed.plugin and not label and (node is None or not target.label)
        if orphan:
            self._body(_Block(self._fragment(target), fresh=True))
            return
        if node is None:
            scanner.fail(
                f"there is no node {target} to extend",
                remedy="include the file that defines it, or say /plugin/;",
                place=target.place,
            )
        if label:
            self._label(node, (label,))
        self._body(_Block(node, fresh=False))

    def _fragment(self, target: Target) -> TreeNode:
        """The node that an overlay's ``&label { };`` becomes; they are counted in decimal."""
        parsed = self.parsed
        name = f"fragment@{parsed.orphans}"
        if name in parsed.root.children:
            self._duplicate_node(parsed.root.children[name], target.place)
        while name in parsed.root.children:
            parsed.orphans += 1
            name = f"fragment@{parsed.orphans}"
        parsed.orphans += 1
        fragment = parsed.root.add(name)
        if target.label:
            fragment.raw["target"] = b""
            parsed.pieces[fragment] = {"target": [target]}
        else:
            fragment["target-path"] = target.path
        return fragment.add("__overlay__")

    def _labels(self) -> tuple[str, ...]:
        found = []
        while match := self.scanner.take(LABEL):
            found.append(match[1])
        return tuple(found)

    def _label(self, node: TreeNode, labels: tuple[str, ...]) -> None:
        """Give a node labels; each comes before those that it has."""
        for label in labels:
            if label not in node.labels:
                self.parsed.labels.setdefault(label, []).append(node)
                node.labels = (label, *node.labels)

    # inside a node

    def _body(self, outermost: _Block) -> None:
        """What stands between the braces; nodes inside it are kept on a stack."""
        scanner = self.scanner
        self._open(outermost.node)
        stack = [outermost]
        nodes = [False]  # whether a node came already: no property may follow
        while stack:
            block = stack[-1]
            if scanner.accept("}"):
                scanner.expect(";", "behind the node")
                stack.pop()
                nodes.pop()
            elif scanner.ended:
                scanner.fail(f"the node {block.node.path} has no end")
            else:
                child = self._member(block, after_node=nodes[-1])
                if child is False:
                    continue
                nodes[-1] = True
                if isinstance(child, _Block):
                    self._open(child.node)
                    stack.append(child)
                    nodes.append(False)

    def _open(self, node: TreeNode) -> None:
        self.scanner.skip()
        place = self.scanner.place
        self.scanner.expect("{", "before the node's content")
        self.parsed.places.setdefault(node, []).append(place)
        self.parsed.deleted.discard(node)

    def _member(self, block: _Block, *, after_node: bool) -> _Block | bool:
        """A property (False), a node that is deleted (True), or the head of a node, which is given back."""
        scanner = self.scanner
        labels, optional = self._labels(), False
        while scanner.accept("/omit-if-no-ref/"):
            optional = True
            labels += self._labels()
        scanner.skip()
        place = scanner.place
        if scanner.accept("/delete-node/"):
            if scanner.next == "&":
                scanner.fail("within a node, a node is deleted by its name", remedy="delete it by &label at the top")
            self._delete_node(block, self._name())
            scanner.expect(";", "behind it")
            return True
        deletes = scanner.accept("/delete-property/")
        name = self._name()
        if not deletes and scanner.next == "{":
            return self._child(block, name, labels, optional=optional)
        if optional:
            scanner.fail("a node must follow /omit-if-no-ref/")
        if after_node:
            scanner.fail(f"the property {name} stands behind a node", remedy="properties come first", place=place)
        if deletes:
            self._delete_property(block, name)
            scanner.expect(";", "behind it")
            return False
        pieces: list[Piece] = []
        self.values.labels, self.values.truncated = [], []
        if scanner.accept("="):
            pieces = self.values.read()
        scanner.expect(";", f"behind {name}")
        self._set(block, name, pieces, labels, place)
        return False

    def _child(self, block: _Block, name: str, labels: tuple[str, ...], *, optional: bool) -> _Block:
        node, fresh = block.node, False
        child = node.children.get(name)
        if child is None:  # not by add(), which tells the root each time: a deep tree would take long
            child, fresh = TreeNode(name, node), True
            node.children[name] = child
        elif block.fresh and child not in self.parsed.deleted:
            self._duplicate_node(child, self.scanner.place)
        self._label(child, tuple(reversed(labels)) if fresh else labels)
        if optional:
            self.parsed.optional.add(child)
        return _Block(child, fresh)

    def _name(self) -> str:
        """A name; between quotes, as pmport prints it, where dtc would not take it."""
        match = self.scanner.take(NAME)
        if match:
            return match[1]
        if self.scanner.next != '"':
            self.scanner.fail("the name of a property or node is expected")
        name = self.values.string("a name")
        if not name or "\0" in name or "/" in name:
            self.scanner.fail(f"{name!r} cannot be a name")
        self.parsed.quoted.add(name)
        return name

    def _delete_node(self, block: _Block, name: str) -> None:
        """In a block that makes its node, it only keeps a place: that block is not merged into anything."""
        child = block.node.children.get(name)
        if child is not None and not block.fresh:
            self.parsed.delete(child)
        elif child is None and block.fresh:
            child = block.node.children[name] = TreeNode(name, block.node)
            self.parsed.deleted.add(child)

    def _delete_property(self, block: _Block, name: str) -> None:
        if not block.fresh:
            self.parsed.delete_property(block.node, name)

    def _duplicate_node(self, node: TreeNode, place: Place | None) -> None:
        self.parsed.faults.append(Fault("duplicate_node_names", node, "Duplicate node name", place=place))

    def _set(self, block: _Block, name: str, pieces: list[Piece], labels: tuple[str, ...], place: Place) -> None:
        parsed, node = self.parsed, block.node
        places = parsed.property_places.setdefault(node, {})
        if block.fresh and name in node.raw:
            parsed.faults.append(
                Fault("duplicate_property_names", node, "Duplicate property name", name, places.get(name))
            )
        places[name] = place
        own = parsed.property_labels.setdefault(node, {})
        if labels or self.values.labels or name in own:
            kept = own.get(name, Labels()).name
            own[name] = Labels(tuple(dict.fromkeys((*labels, *kept))), tuple(self.values.labels))
        for value, bits in self.values.truncated:
            message = f"Value {value:#018x} truncated to {value & (1 << bits) - 1:#0{bits // 4 + 2}x}"
            parsed.faults.append(Fault("value_truncated", node, message, name, place))
        parsed.deleted_properties.discard((node, name))
        if any(isinstance(piece, Target) for piece in pieces):
            parsed.pieces.setdefault(node, {})[name] = pieces
            node.raw[name] = b""
        else:
            parsed.pieces.get(node, {}).pop(name, None)
            node[name] = b"".join(piece for piece in pieces if isinstance(piece, bytes))
