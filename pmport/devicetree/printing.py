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
from typing import TYPE_CHECKING

from pmport.devicetree.constants import GIC_KINDS, GPIO_FLAGS, INTERRUPT_TYPES, KEYS, SWITCHES
from pmport.devicetree.interrupts import interrupt_parent
from pmport.devicetree.references import PATH_LISTS, references, refers
from pmport.devicetree.value_forms import Form, choose, decimal, escaped
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.references import Reference
    from pmport.devicetree.tree import DeviceTree, TreeNode

__all__ = ["to_source"]

NAME = re.compile(r"[A-Za-z0-9,._+*#?@-]+")
"""Letters that dtc takes in names; more than the specification allows."""
LABEL = re.compile(r"[A-Za-z_]\w*", re.ASCII)
NO_LETTER = re.compile(r"\W", re.ASCII)
DEEPEST = 24
"""Deeper nodes are not indented further, so that a tree of ten thousand levels stays readable by programs at least."""
CELLS_PER_LINE = 8
BYTES_PER_LINE = 24
TEXT_PER_LINE = 80
EV_SW = 5
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
    return "".join(_Printer(tree, labels=labels, constants=constants).text())


class _Printer:
    """Prints one tree, without recursion."""

    def __init__(self, tree: DeviceTree, *, labels: bool, constants: bool) -> None:
        self.tree = tree
        self.constants = constants
        self.labels = _labels(tree) if labels else {}
        self.headers: set[str] = set()

    def text(self) -> Iterator[str]:
        body = list(self._nodes())
        yield "/dts-v1/;\n"
        for header in sorted(self.headers):
            yield f"\n#include <{header}>"
        if self.headers:
            yield "\n"
        for address, size in self.tree.reservations:
            yield f"\n/memreserve/ {address:#x} {size:#x};"
        yield "\n" if not self.tree.reservations else "\n\n"
        yield from body

    def _nodes(self) -> Iterator[str]:
        waiting: list[tuple[TreeNode | None, int]] = [(self.tree.root, 0)]
        while waiting:
            node, depth = waiting.pop()
            indent = "\t" * min(depth, DEEPEST)
            if node is None:
                yield f"{indent}}};\n"
                continue
            if depth:
                yield "\n"
            yield f"{indent}{self._head(node)} {{\n"
            for name, value in node.raw.items():
                yield self._property(node, name, value, indent + "\t")
            waiting.append((None, depth))
            waiting.extend((child, depth + 1) for child in reversed(node.children.values()))

    def _head(self, node: TreeNode) -> str:
        if node.parent is None:
            return "/"
        labels = dict.fromkeys((*node.labels, *self.labels.get(node, ())))
        name = node.name if NAME.fullmatch(node.name) else f"{escaped(_raw(node.name))} /* no valid name */"
        return "".join(f"{label}: " for label in labels if LABEL.fullmatch(label)) + name

    def _property(self, node: TreeNode, name: str, value: bytes, indent: str) -> str:
        shown = name if NAME.fullmatch(name) else f"{escaped(_raw(name))} /* no valid name */"
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
        words = [str(cell) if cell < 10 or decimal(name) else f"{cell:#x}" for cell in cells]
        entries = self._references(node, name)
        if entries:
            return _wrapped(list(self._entries(entries, words)), indent)
        if self.constants:
            self._name_cells(node, name, cells, words)
        rows = [" ".join(words[at : at + CELLS_PER_LINE]) for at in range(0, len(words), CELLS_PER_LINE)]
        return "<" + f"\n{indent}\t".join(rows) + ">"

    def _references(self, node: TreeNode, name: str) -> tuple[Reference, ...]:
        if not self.labels or not refers(node, name):
            return ()
        try:
            return references(node, name)
        except FormatError:
            return ()  # an overlay that is not applied yet, or a broken reference: the cells say all there is

    def _entries(self, entries: tuple[Reference, ...], words: list[str]) -> Iterator[str]:
        starts = [entry.cell - len(entry.before) for entry in entries]
        for entry, start, end in zip(entries, starts, [*starts[1:], len(words)], strict=True):
            part = words[start:end]
            label = next(iter(self.labels.get(entry.node, ())), "") if entry.node is not None else ""
            if label:
                part[entry.cell - start] = f"&{label}"
            if self.constants and entry.kind == "gpio" and len(entry.args) == GPIO_CELLS:
                part[-1] = self._named(GPIO_FLAGS, entry.args[-1], "dt-bindings/gpio/gpio.h")
            yield f"<{' '.join(part)}>"

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
