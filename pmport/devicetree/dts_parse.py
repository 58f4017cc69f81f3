"""Source text into nodes and properties, as :program:`dtc` reads it; references are linked afterwards.

The reader keeps its own stack of nodes, so a tree may be as deep as it likes.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pmport.devicetree.dts_expressions import MASK, number, text_of
from pmport.devicetree.dts_scan import FORMAT
from pmport.devicetree.tree_node import TreeNode
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.dts_scan import Place, Scanner

__all__ = ["Parsed", "Piece", "Target", "parse"]

NAME = re.compile(r"\\?([A-Za-z0-9,._+*#?@-]+)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
LABEL = re.compile(r"([A-Za-z_]\w*):(?!:)", re.ASCII)
REFERENCE = re.compile(r"&(?:([A-Za-z_]\w*)|\{(/[^{}]*)\})", re.ASCII)
HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
PLAIN_CELLS = re.compile(r"((?:\s*(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*)(?=[\s>]))*\s*)>")
PLAIN_BYTES = re.compile(r"((?:\s*[0-9A-Fa-f]{2})*\s*)\]")
PHANDLE_BITS = 32
BITS = frozenset({8, 16, 32, 64})
WHY_NUMBER = "a name is a macro: give the folders of the headers that define it (-I)"


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference names.

    Args:
        label: A label; "" for a path.
        path: A path; "" for a label.
        as_path: Whether the node's path is wanted, as a string; otherwise its phandle.
        place: Where it stands, for errors.
    """

    label: str
    path: str
    as_path: bool
    place: Place | None = None

    def __str__(self) -> str:
        return f"&{self.label}" if self.label else f"&{{{self.path}}}"


Piece: TypeAlias = bytes | Target
"""A part of a value."""


@dataclass
class Parsed:
    """A source that was read, before its references are linked.

    Args:
        root: The root; a property with references has an empty value in ``raw``, and its pieces in ``pieces``.
        reservations: ``(address, size)`` each.
        labels: Label → nodes; at the end only one of them may be left.
        pieces: Node → property → pieces.
        optional: Nodes that are left out where nobody refers to them.
        deleted: Nodes that were deleted. They keep their place until the end, because what is defined again stands there
            once more, as :program:`dtc` has it.
        deleted_properties: Likewise.
        plugin: Whether it is an overlay.
        fragments: For an overlay: ``(what is extended, the node that holds the extension)``.
    """

    root: TreeNode = field(default_factory=lambda: TreeNode(""))
    reservations: list[tuple[int, int]] = field(default_factory=list)
    labels: dict[str, list[TreeNode]] = field(default_factory=dict)
    pieces: dict[TreeNode, dict[str, list[Piece]]] = field(default_factory=dict)
    optional: set[TreeNode] = field(default_factory=set)
    deleted: set[TreeNode] = field(default_factory=set)
    deleted_properties: set[tuple[TreeNode, str]] = field(default_factory=set)
    plugin: bool = False
    fragments: list[tuple[Target, TreeNode]] = field(default_factory=list)

    def find(self, target: Target) -> TreeNode | None:
        """The node that a reference names.

        Args:
            target: The reference.

        Returns:
            The node, if the tree has it.
        """
        if target.label:
            return next((node for node in self.labels.get(target.label, ()) if target.label in node.labels), None)
        node = self.root.find(target.path)
        return None if node in self.deleted else node

    def delete(self, node: TreeNode) -> None:
        """Delete a node, with all below it.

        Args:
            node: The node.
        """
        for part in node.walk():
            self.deleted.add(part)
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

    def sweep(self) -> None:
        """Take out what was deleted and not defined again."""
        for node, name in self.deleted_properties:
            del node.raw[name]
        for node in self.deleted:
            if node.parent is not None:
                node.remove()
        for label, nodes in self.labels.items():
            nodes[:] = dict.fromkeys(node for node in nodes if label in node.labels)
            if len(nodes) > 1:
                places = " and ".join(node.path for node in nodes)
                raise FormatError(f"the label {label} stands at {places}", format=FORMAT, field=label)


def parse(scanner: Scanner) -> Parsed:
    """Read a whole source.

    Args:
        scanner: Its text.

    Returns:
        What it says.

    Raises:
        FormatError: Where it is no device tree source.
    """
    return _Reader(scanner).read()


def _packed(scanner: Scanner, cells: re.Match[str]) -> bytes:
    """Cells that are nothing but numbers."""
    numbers = [int(word, 0) for word in cells[1].split()]
    try:
        return struct.pack(f">{len(numbers)}I", *numbers)
    except struct.error:
        wrong = next(number for number in numbers if number >> PHANDLE_BITS)
        scanner.fail(f"{wrong:#x} does not fit into 32 bits", back=len(cells[0]))


class _Reader:
    """Reads one source."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.parsed = Parsed()

    def read(self) -> Parsed:
        scanner = self.scanner
        while not scanner.ended:
            if scanner.accept("/dts-v1/"):
                scanner.expect(";", "behind it")
            elif scanner.accept("/plugin/"):
                self.parsed.plugin = True
                scanner.expect(";", "behind it")
            elif scanner.accept("/include/"):
                scanner.include(self._string("the name of a file"))
            elif scanner.accept("/memreserve/"):
                self._reservation()
            else:
                self._definition()
        self.parsed.sweep()
        return self.parsed

    def _reservation(self) -> None:
        address, size = number(self.scanner), number(self.scanner)
        if address is None or size is None:
            self.scanner.fail("an address and a size must follow /memreserve/")
        self.scanner.expect(";", "behind the reservation")
        self.parsed.reservations.append((address, size))

    def _definition(self) -> None:
        """``/ { };``, ``&label { };``, or a node that is deleted."""
        scanner = self.scanner
        if scanner.accept("/delete-node/"):
            target = self._target()
            node = self.parsed.find(target)
            if node is None or node.parent is None:
                scanner.fail(f"there is no node {target} to delete", place=target.place)
            self.parsed.delete(node)
            scanner.expect(";", "behind it")
            return
        optional = scanner.accept("/omit-if-no-ref/")
        labels = self._labels()
        if optional and scanner.next == "&":
            node = self.parsed.find(target := self._target())
            if node is None:
                scanner.fail(f"there is no node {target}")
            self.parsed.optional.add(node)
            scanner.expect(";", "behind it")
            return
        node = self._extended(labels) if scanner.next == "&" else self._root(labels)
        scanner.expect("{", "before the node's content")
        self._body(node)

    def _root(self, labels: tuple[str, ...]) -> TreeNode:
        if not self.scanner.accept("/"):
            self.scanner.fail("a node is expected: / { … }; or &label { … };")
        self._name_node(self.parsed.root, labels)
        return self.parsed.root

    def _extended(self, labels: tuple[str, ...]) -> TreeNode:
        target = self._target()
        node = self.parsed.find(target)
        if node is None:
            if not self.parsed.plugin:
                self.scanner.fail(
                    f"there is no node {target} to extend",
                    remedy="include the file that defines it, or say /plugin/;",
                    place=target.place,
                )
            node = self._fragment(target)
        self._name_node(node, labels)
        return node

    def _fragment(self, target: Target) -> TreeNode:
        number_of = len(self.parsed.fragments)
        while f"fragment@{number_of:x}" in self.parsed.root.children:
            number_of += 1
        fragment = self.parsed.root.add(f"fragment@{number_of:x}")
        if target.path:
            fragment["target-path"] = target.path
        else:
            fragment.raw["target"] = b""
            self.parsed.pieces[fragment] = {"target": [target]}
        inner = fragment.add("__overlay__")
        self.parsed.fragments.append((target, inner))
        return inner

    def _name_node(self, node: TreeNode, labels: tuple[str, ...]) -> None:
        for label in labels:
            self.parsed.labels.setdefault(label, []).append(node)
        node.labels = tuple(dict.fromkeys((*labels, *node.labels)))

    def _labels(self) -> tuple[str, ...]:
        found = []
        while match := self.scanner.take(LABEL):
            found.append(match[1])
        return tuple(found)

    def _target(self, *, as_path: bool = False) -> Target:
        self.scanner.skip()
        place = self.scanner.place
        match = self.scanner.take(REFERENCE)
        if match is None:
            self.scanner.fail("a reference is expected: &label or &{/path}")
        return Target(match[1] or "", match[2] or "", as_path, place)

    def _string(self, what: str) -> str:
        match = self.scanner.take(QUOTED)
        if match is None:
            self.scanner.fail(f"{what} is missing, between quotes")
        return text_of(match[1]).decode("utf-8", "surrogateescape")

    # inside a node

    def _body(self, outermost: TreeNode) -> None:
        """What stands between the braces; nodes inside it are kept on a stack."""
        scanner, stack = self.scanner, [outermost]
        while stack:
            node = stack[-1]
            if scanner.accept("}"):
                scanner.expect(";", "behind the node")
                stack.pop()
            elif scanner.ended:
                scanner.fail(f"the node {node.path} has no end")
            elif scanner.accept("/include/"):
                scanner.include(self._string("the name of a file"))
            elif scanner.accept("/delete-property/"):
                self.parsed.delete_property(node, self._name())
                scanner.expect(";", "behind it")
            elif scanner.accept("/delete-node/"):
                self._delete_below(node)
            else:
                child = self._member(node)
                if child is not None:
                    stack.append(child)

    def _member(self, node: TreeNode) -> TreeNode | None:
        """A property, or the head of a node, which is given back."""
        scanner = self.scanner
        optional = scanner.accept("/omit-if-no-ref/")
        labels = self._labels()
        name = self._name()
        if scanner.accept("{"):
            child = node.children.get(name)
            if child is None:  # not by add(), which tells the root each time: a deep tree would take long
                child = node.children[name] = TreeNode(name, node)
            self.parsed.deleted.discard(child)
            self._name_node(child, labels)
            if optional:
                self.parsed.optional.add(child)
            return child
        pieces: list[Piece] = []
        if scanner.accept("="):
            pieces = self._value()
        scanner.expect(";", f"behind {name}")
        self._set(node, name, pieces)
        return None

    def _name(self) -> str:
        """A name; between quotes, as pmport prints it, where dtc would not take it."""
        match = self.scanner.take(NAME)
        if match:
            return match[1]
        if self.scanner.next != '"':
            self.scanner.fail("the name of a property or node is expected")
        return self._string("a name")

    def _delete_below(self, node: TreeNode) -> None:
        if self.scanner.next == "&":
            target = self._target()
            gone = self.parsed.find(target)
            if gone is None or gone.parent is None:
                self.scanner.fail(f"there is no node {target} to delete", place=target.place)
            self.parsed.delete(gone)
        else:
            child = node.children.get(self._name())
            if child is not None:
                self.parsed.delete(child)
        self.scanner.expect(";", "behind it")

    def _set(self, node: TreeNode, name: str, pieces: list[Piece]) -> None:
        self.parsed.deleted_properties.discard((node, name))
        if any(isinstance(piece, Target) for piece in pieces):
            self.parsed.pieces.setdefault(node, {})[name] = pieces
            node.raw[name] = b""
        else:
            self.parsed.pieces.get(node, {}).pop(name, None)
            node[name] = b"".join(piece for piece in pieces if isinstance(piece, bytes))

    # values

    def _value(self) -> list[Piece]:
        pieces: list[Piece] = []
        while True:
            self._labels()
            pieces += self._part()
            self._labels()
            if not self.scanner.accept(","):
                return pieces

    def _part(self) -> list[Piece]:
        scanner = self.scanner
        if quoted := scanner.take(QUOTED):
            return [text_of(quoted[1]) + b"\0"]
        if scanner.accept("<"):
            return self._cells(PHANDLE_BITS)
        if scanner.accept("/bits/"):
            width = number(scanner)
            if width not in BITS:
                scanner.fail("a cell has 8, 16, 32 or 64 bits")
            scanner.expect("<", "before the cells")
            return self._cells(width)
        if scanner.accept("["):
            return [self._bytes()]
        if scanner.accept("/incbin/"):
            return [self._file()]
        if scanner.next != "&":
            scanner.fail('a value is expected: "text", <cells>, [bytes] or &label')
        return [self._target(as_path=True)]

    def _cells(self, width: int) -> list[Piece]:
        scanner = self.scanner
        plain = scanner.take(PLAIN_CELLS)
        if plain and width == PHANDLE_BITS:  # nearly all of them
            return [_packed(scanner, plain)]
        if plain:
            scanner.back(len(plain[0]))
        pieces: list[Piece] = []
        while not scanner.accept(">"):
            self._labels()
            if scanner.next == "&":
                if width != PHANDLE_BITS:
                    scanner.fail("a phandle needs 32 bits")
                pieces.append(self._target())
                continue
            value = number(scanner)
            if value is None:
                if scanner.accept(">"):
                    break
                scanner.fail("a number, a reference or '>' is expected", remedy=WHY_NUMBER)
            mask = (1 << width) - 1
            if value > mask and value | mask != MASK:
                scanner.fail(f"{value:#x} does not fit into {width} bits")
            pieces.append((value & mask).to_bytes(width // 8, "big"))
        return pieces

    def _bytes(self) -> bytes:
        plain = self.scanner.take(PLAIN_BYTES)
        if plain:
            return bytes.fromhex(plain[1])
        out = bytearray()
        while not self.scanner.accept("]"):
            self._labels()
            pair = self.scanner.take(HEX_PAIR)
            if pair is None:
                self.scanner.fail("two hexadecimal digits or ']' are expected")
            out.append(int(pair[0], 16))
        return bytes(out)

    def _file(self) -> bytes:
        scanner = self.scanner
        scanner.expect("(", "behind /incbin/")
        name = self._string("the name of a file")
        start, size = 0, None
        if scanner.accept(","):
            start = self._needed_number()
            scanner.expect(",", "between offset and length")
            size = self._needed_number()
        scanner.expect(")", "behind /incbin/")
        content = scanner.content(name)[1]
        end = len(content) if size is None else start + size
        if end > len(content):
            scanner.fail(f"{name} has {len(content)} bytes, and bytes {start} to {end} are wanted")
        return content[start:end]

    def _needed_number(self) -> int:
        value = number(self.scanner)
        if value is None:
            self.scanner.fail("a number is expected", remedy=WHY_NUMBER)
        return value
