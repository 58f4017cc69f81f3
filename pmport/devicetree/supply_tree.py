"""Who feeds whom: the regulators of a tree as lines that fold, from the source to what it supplies.

Example:
    >>> from pmport.devicetree import parse_source
    >>> source = '''/ { s1: s1 { regulator-name = "s1"; regulator-min-microvolt = <1800000>; };
    ...     l5: l5 { regulator-name = "l5"; vin-supply = <&s1>; }; panel { vdd-supply = <&l5>; }; };'''
    >>> print(supplies(parse_source(source)))
    s1  1.8 V
      l5  as vin
        panel  as vdd
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pmport.devicetree.phandle_graph import graph
from pmport.outline import Line, Outline
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["supplies"]

DEEPEST = 16
"""Supplies that stand one behind the other; real boards have four."""

Users = Mapping["TreeNode", list[tuple["TreeNode", str]]]


def supplies(tree: DeviceTree) -> Outline:
    """The supply tree.

    Args:
        tree: The tree; a vendor's or mainline's.

    Returns:
        Each regulator that something uses, its voltage, and below it what it feeds, as which supply. Those that another
        one feeds stand below it.
    """
    edges = [edge for edge in graph(tree) if edge.kind == "regulator" and edge.user is not edge.target]
    users: dict[TreeNode, list[tuple[TreeNode, str]]] = {}
    for edge in edges:
        users.setdefault(edge.target, []).append((edge.user, edge.name or edge.property))
    fed = {edge.user for edge in edges}
    sources = [node for node in users if node not in fed] or list(users)
    return Outline(_lines(sources, users), empty="nothing names a supply")


def _lines(sources: list[TreeNode], users: Users) -> Iterator[Line]:
    shown: set[TreeNode] = set()
    waiting = [(node, "", 0) for node in reversed(sources)]
    while waiting:
        node, role, depth = waiting.pop()
        again = node in shown and node in users
        yield Line(depth, _name(node), _note(node, role, again=again), (("node", printable(node.path)),))
        if node in users and not again and depth < DEEPEST:
            shown.add(node)
            waiting += [(user, f"as {name}", depth + 1) for user, name in reversed(users[node])]


def _name(node: TreeNode) -> str:
    return printable(next(iter(node.strings("regulator-name")), "") or node.name or "/")


def _note(node: TreeNode, role: str, *, again: bool) -> str:
    least, most = node.cells("regulator-min-microvolt")[:1], node.cells("regulator-max-microvolt")[:1]
    volts = " to ".join(dict.fromkeys(f"{cell / 1e6:g}" for cell in (*least, *most)))
    always = "always on" if "regulator-always-on" in node else ""
    words = (printable(role), f"{volts} V" if volts else "", always, "shown above" if again else "")
    return ", ".join(word for word in words if word)
