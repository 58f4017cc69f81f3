"""A device tree to fold and to search: its nodes under each other, properties below them, references followed.

Example:
    >>> from pmport.devicetree import parse_source
    >>> print(outline(parse_source('/ { model = "Argon"; l5: l5 { }; panel { compatible = "a,b"; vdd-supply = <&l5>; }; };')))
    /  Argon
      l5
      panel  a,b
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.reference_resolver import all_references
from pmport.devicetree.value_forms import shown
from pmport.outline import Line, Outline
from pmport.redaction import REDACTED, identifies, redact
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["outline"]

LONGEST = 400
"""Letters of a value after which it is cut."""


def outline(tree: DeviceTree, title: str = "") -> Outline:
    """A tree as lines that fold, what identifies the phone redacted.

    Args:
        tree: The tree.
        title: A line above it.

    Returns:
        One line per node, with its first compatible string and whether it is off; below it, its properties with what
        they refer to.
    """
    return Outline(_lines(tree), title, empty="no nodes")


def _lines(tree: DeviceTree) -> Iterator[Line]:
    waiting = [(tree.root, 0)]
    while waiting:
        node, depth = waiting.pop()
        waiting += [(child, depth + 1) for child in reversed(node.children.values())]
        yield Line(depth, _text(node.name) or "/", _note(node), tuple(_leaves(node)))


def _note(node: TreeNode) -> str:
    says = node.compatible[:1] if node.parent is not None else node.strings("model")[:1] or node.compatible[:1]
    return ", ".join(_text(word) for word in (*says, *([node.status] if "status" in node and not node.enabled else [])))


def _leaves(node: TreeNode) -> Iterator[tuple[str, str]]:
    led: dict[str, dict[str, None]] = {}
    for reference in all_references(node):
        if reference.node is not None:
            led.setdefault(reference.property, {})[reference.node.path] = None
    for name, value in node.raw.items():
        text = REDACTED if value and identifies(name) else redact(shown(name, value, LONGEST))
        if name in led and text != REDACTED:
            text = f"{text} → {', '.join(led[name])}"
        yield _text(name), _text(text)


def _text(text: str) -> str:
    return printable(text.encode("utf-8", "backslashreplace").decode())
