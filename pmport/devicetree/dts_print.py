"""A tree as source that people read and :program:`dtc` compiles to the same values.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> tree = DeviceTree()
    >>> tree.root["model"] = "Acme Argon"
    >>> tree.root.add("memory@80000000")["reg"] = [0x80000000, 0x40000000]
    >>> print(to_source(tree).expandtabs(4), end="")
    /dts-v1/;
    <BLANKLINE>
    / {
        model = "Acme Argon";
    <BLANKLINE>
        memory@80000000 {
            reg = <0x80000000 0x40000000>;
        };
    };
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from pmport.devicetree.bindings import binding_of
from pmport.devicetree.constants import GIC_KINDS, GPIO_FLAGS, INTERRUPT_TYPES, KEYS, SWITCHES
from pmport.devicetree.interrupt_resolver import interrupt_parent
from pmport.devicetree.reference_resolver import PATH_LISTS, entries, refers
from pmport.devicetree.value_forms import STRING_HOLDERS, Form, choose, decimal, escaped
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.bindings import Binding
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["to_source"]

NAME = re.compile(r"[A-Za-z0-9,._+*#?@-]+")
"""Letters that dtc takes in names; more than the specification allows."""
LABEL = re.compile(r"[A-Za-z_]\w*", re.ASCII)
NO_LETTER = re.compile(r"\W", re.ASCII)
DEEPEST = 24
"""Deeper nodes are not indented further, so that a tree of ten thousand levels stays readable by programs at least."""
INDENTS = tuple("\t" * depth for depth in range(DEEPEST + 1))
NEWLINE = "\n"
CELLS_PER_LINE = 8
BYTES_PER_LINE = 24
TEXT_PER_LINE = 80
EV_SW = 5
SHORT = 24
"""A value of so few bytes fits on one line in every form."""
GIC_CELLS = 3
GPIO_CELLS = 2


def to_source(tree: DeviceTree, *, labels: bool = True, constants: bool = False) -> str:
    """Print a tree as source.

    Args:
        tree: The tree; an overlay is printed as the plain tree that its blob is, with its fixups.
        labels: Write references as ``&label``, with the labels of the source or of ``/__symbols__``, and others made from
            the node's name. False: numbers only.
        constants: Write GPIO flags, interrupt types and key codes by their names, with the ``#include`` lines that they
            need; the text wants a preprocessor then.

    Returns:
        The source. Phandles are kept as properties, so that compiling it gives the same values.
    """
    return _Printer(tree, labels=labels, constants=constants).text()


class _Printer:
    """Prints one tree, without recursion."""

    def __init__(self, tree: DeviceTree, *, labels: bool, constants: bool) -> None:
        self.tree = tree
        self.constants = constants
        self.labels = _labels(tree) if labels else {}
        self.headers: set[str] = set()

    def text(self) -> str:
        body = self._nodes()
        head = ["/dts-v1/;\n"]
        head += [f"\n#include <{header}>" for header in sorted(self.headers)]
        head += ["\n"] if self.headers else []
        head += [f"\n/memreserve/ {address:#x} {size:#x};" for address, size in self.tree.reservations]
        head += ["\n\n" if self.tree.reservations else "\n"]
        return "".join((*head, *body))

    def _nodes(self) -> list[str]:
        out: list[str] = []
        waiting: list[tuple[TreeNode | None, int]] = [(self.tree.root, 0)]
        while waiting:
            node, depth = waiting.pop()
            indent = INDENTS[min(depth, DEEPEST)]
            if node is None:
                out.append(f"{indent}}};\n")
                continue
            out.append(f"{NEWLINE if depth else ''}{indent}{self._head(node)} {{\n")
            inner = indent + "\t"
            plain = not self.constants and node.name not in STRING_HOLDERS
            for name, value in node.raw.items():
                if plain and len(value) <= SHORT and _stands_alone(name):
                    out.append(inner + _line(name, value))
                else:
                    out.append(self._property(node, name, value, inner))
            waiting.append((None, depth))
            waiting.extend((child, depth + 1) for child in reversed(node.children.values()))
        return out

    def _head(self, node: TreeNode) -> str:
        if node.parent is None:
            return "/"
        labels = dict.fromkeys((*node.labels, *self.labels.get(node, ())))
        name = node.name if NAME.fullmatch(node.name) else f"{escaped(_raw(node.name))} /* no valid name */"
        return "".join(f"{label}: " for label in labels if LABEL.fullmatch(label)) + name

    def _property(self, node: TreeNode, name: str, value: bytes, indent: str) -> str:
        shown = _name(name)
        holder = node.name if node.parent is not None and node.parent.parent is None else ""
        form = choose(name, value, holder)
        if form is Form.FLAG:
            return f"{indent}{shown};\n"
        start = f"{indent}{shown} = "
        if form is Form.STRINGS:
            return start + _wrapped([escaped(text) for text in value[:-1].split(b"\0")], indent) + ";\n"
        if form is Form.BYTES:
            rows = [value[at : at + BYTES_PER_LINE].hex(" ") for at in range(0, len(value), BYTES_PER_LINE)]
            return start + "[" + f"\n{indent}\t".join(rows) + "];\n"
        return start + self._cells(node, name, struct.unpack(f">{len(value) // 4}I", value), indent) + ";\n"

    def _cells(self, node: TreeNode, name: str, cells: tuple[int, ...], indent: str) -> str:
        words = _words(name, cells)
        binding = binding_of(name) if self.labels and refers(node, name) else None
        if binding is not None:
            try:
                return _wrapped(list(self._entries(node, name, cells, words, binding)), indent)
            except FormatError:  # an overlay that is not applied yet, or a broken reference: the cells say all there is
                words = _words(name, cells)
        if self.constants:
            self._name_cells(node, name, cells, words)
        rows = [" ".join(words[at : at + CELLS_PER_LINE]) for at in range(0, len(words), CELLS_PER_LINE)]
        return "<" + f"\n{indent}\t".join(rows) + ">"

    def _entries(
        self, node: TreeNode, name: str, cells: tuple[int, ...], words: list[str], binding: Binding
    ) -> Iterator[str]:
        for at, past, target in entries(node, name, cells, binding):
            labels = self.labels.get(target)
            if labels and target is not None:
                words[at] = f"&{labels[0]}"
            if self.constants and binding.kind == "gpio" and past - at == 1 + GPIO_CELLS:
                words[past - 1] = self._named(GPIO_FLAGS, cells[past - 1], "dt-bindings/gpio/gpio.h")
            end = past + (binding.after if target is not None else 0)
            yield f"<{' '.join(words[at - binding.before : end])}>"

    def _name_cells(self, node: TreeNode, name: str, cells: tuple[int, ...], words: list[str]) -> None:
        if name == "linux,code" and len(cells) == 1:
            table = SWITCHES if node.cells("linux,input-type") == (EV_SW,) else KEYS
            words[0] = self._named(table, cells[0], "dt-bindings/input/input.h")
        elif name == "interrupts":
            controller = interrupt_parent(node)
            count = controller.cells("#interrupt-cells") if controller is not None else ()
            if controller is None or not count or count[0] not in {2, GIC_CELLS} or len(cells) % count[0]:
                return
            gic = any(text.startswith("arm,") and "gic" in text for text in controller.compatible)
            if count[0] == GIC_CELLS and not gic:
                return
            header = "dt-bindings/interrupt-controller/" + ("arm-gic.h" if gic else "irq.h")
            for at in range(0, len(cells), count[0]):
                last = at + count[0] - 1
                words[last] = self._named(INTERRUPT_TYPES, cells[last], header)
                if gic:
                    words[at] = self._named(GIC_KINDS, cells[at], header)

    def _named(self, table: Mapping[int, str], number: int, header: str) -> str:
        if number not in table:
            return str(number)
        self.headers.add(header)
        return table[number]


@lru_cache(maxsize=8192)
def _name(name: str) -> str:
    return name if NAME.fullmatch(name) else f"{escaped(_raw(name))} /* no valid name */"


@lru_cache(maxsize=8192)
def _stands_alone(name: str) -> bool:
    """Whether a value is written by its name and bytes alone, wherever it stands."""
    return binding_of(name) is None


@lru_cache(maxsize=1 << 15)
def _line(name: str, value: bytes) -> str:
    """A short property, as every tree repeats it: most of a tree's lines, so they are kept."""
    form = choose(name, value)
    if form is Form.FLAG:
        return f"{_name(name)};\n"
    if form is Form.STRINGS:
        text = ", ".join(escaped(part) for part in value[:-1].split(b"\0"))
    elif form is Form.BYTES:
        text = f"[{value.hex(' ')}]"
    else:
        text = f"<{' '.join(_words(name, struct.unpack(f'>{len(value) // 4}I', value)))}>"
    return f"{_name(name)} = {text};\n"


def _words(name: str, cells: tuple[int, ...]) -> list[str]:
    if decimal(name):
        return [str(cell) for cell in cells]
    return [str(cell) if cell < 10 else f"{cell:#x}" for cell in cells]


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _wrapped(pieces: list[str], indent: str) -> str:
    """Pieces with commas between them, on one line where it is short enough."""
    line = ", ".join(pieces)
    return line if len(line) <= TEXT_PER_LINE else f",\n{indent}\t".join(pieces)


def _labels(tree: DeviceTree) -> dict[TreeNode | None, tuple[str, ...]]:
    """Labels of the tree's nodes, and new ones for nodes that are referred to and have none."""
    found: dict[TreeNode | None, tuple[str, ...]] = {}
    taken = set()
    for label, node in tree.labels.items():
        if LABEL.fullmatch(label):
            found[node] = (*found.get(node, ()), label)
            taken.add(label)
    for node in tree.phandles.values():
        if node in found or node.parent is None or node.name in PATH_LISTS:
            continue
        stem = NO_LETTER.sub("_", node.name)
        stem = stem if LABEL.fullmatch(stem) else f"node_{stem}"
        label = next(name for name in _numbered(stem) if name not in taken)
        found[node] = (label,)
        taken.add(label)
    return found


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}_{number}"
        number += 1
