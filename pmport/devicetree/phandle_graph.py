"""Who uses what: every reference of a tree as an edge, from the user to what it uses.

Example:
    >>> from pmport.devicetree import parse_source
    >>> tree = parse_source('''/ { l5: l5 { }; panel { vddio-supply = <&l5>; }; touchscreen { vdd-supply = <&l5>; }; };''')
    >>> [(edge.user.path, edge.name) for edge in graph(tree).users_of("/l5")]
    [('/panel', 'vddio'), ('/touchscreen', 'vdd')]
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.interrupt_resolver import interrupt_parent
from pmport.devicetree.reference_resolver import all_references
from pmport.render import Renders, Table, View

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Edge", "Graph", "graph"]

DRAWN = 80
"""A picture of more nodes than this says nothing; a table is shown in its place."""
ROW = 22
WIDTH = 860
STYLE = 'font-family="sans-serif" font-size="12" fill="currentColor"'


@dataclass(frozen=True, slots=True)
class Edge:
    """One use.

    Args:
        user: The node that uses.
        target: The node that is used.
        kind: ``clock``, ``gpio``, ``regulator`` …
        property: The property that says so.
        name: Its name for the user: ``core`` of ``clock-names``, ``vdd`` of ``vdd-supply``, ``reset`` of ``reset-gpios``.
        args: What is given along: number and flags.
    """

    user: TreeNode
    target: TreeNode
    kind: str
    property: str
    name: str = ""
    args: tuple[int, ...] = ()


class Graph(Renders):
    """All uses of a tree, or some of them.

    Args:
        edges: The uses.
    """

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.edges: tuple[Edge, ...] = tuple(edges)

    def __len__(self) -> int:
        return len(self.edges)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self.edges)

    def users_of(self, target: TreeNode | str) -> tuple[Edge, ...]:
        """Who uses a node, or something below it.

        Args:
            target: The node, or its path.

        Returns:
            The uses.
        """
        path = target if isinstance(target, str) else target.path
        return tuple(edge for edge in self.edges if f"{edge.target.path}/".startswith(f"{path.rstrip('/')}/"))

    def used_by(self, user: TreeNode | str) -> tuple[Edge, ...]:
        """What a node uses, and what is below it.

        Args:
            user: The node, or its path.

        Returns:
            The uses.
        """
        path = user if isinstance(user, str) else user.path
        return tuple(edge for edge in self.edges if f"{edge.user.path}/".startswith(f"{path.rstrip('/')}/"))

    def around(self, *nodes: TreeNode | str) -> Graph:
        """The nodes' own uses, and the uses of them.

        Args:
            nodes: The nodes, or their paths.

        Returns:
            A smaller graph.
        """
        return Graph(dict.fromkeys(edge for node in nodes for edge in (*self.used_by(node), *self.users_of(node))))

    def of_kind(self, *kinds: str) -> Graph:
        """Uses of some kinds.

        Args:
            kinds: ``regulator``, ``clock`` …

        Returns:
            A smaller graph.
        """
        return Graph(edge for edge in self.edges if edge.kind in kinds)

    @property
    def kinds(self) -> dict[str, int]:
        """Kind → number of uses, the commonest first."""
        return dict(Counter(edge.kind for edge in self.edges).most_common())

    def to_dot(self) -> str:
        """In Graphviz's language.

        Returns:
            The text: from users to what they use.
        """
        nodes = dict.fromkeys(node for edge in self.edges for node in (edge.user, edge.target))
        numbers = {node: f"n{number}" for number, node in enumerate(nodes)}
        lines = [
            f"  {numbers[node]} [label={_quoted(node.name or '/')}, tooltip={_quoted(node.path)}];" for node in nodes
        ]
        lines += [
            f"  {numbers[edge.user]} -> {numbers[edge.target]} [label={_quoted(edge.name or edge.kind)}];"
            for edge in self.edges
        ]
        return "digraph devicetree {\n  rankdir=LR;\n  node [shape=box];\n" + "\n".join(lines) + "\n}\n"

    def view(self) -> View:
        """The uses as a table.

        Returns:
            The table.
        """
        rows = [
            (edge.user.path, edge.kind, edge.name or edge.property, edge.target.path, " ".join(map(str, edge.args)))
            for edge in self.edges
        ]
        return Table(("user", "kind", "as", "uses", "with"), rows, empty="nothing is used")

    def _repr_html_(self) -> str:
        nodes = {node for edge in self.edges for node in (edge.user, edge.target)}
        return self.svg() if 0 < len(nodes) <= DRAWN else self.view()._repr_html_()

    def svg(self) -> str:
        """A picture: users on the left, what they use on the right.

        Returns:
            SVG, in the colours of the text around it.
        """
        users = list(dict.fromkeys(edge.user for edge in self.edges))
        targets = list(dict.fromkeys(edge.target for edge in self.edges))
        left = {node: ROW * (number + 1) for number, node in enumerate(users)}
        right = {node: ROW * (number + 1) for number, node in enumerate(targets)}
        height = ROW * (max(len(users), len(targets)) + 1)
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" {STYLE}>']
        for node, y in left.items():
            parts.append(_label(node, WIDTH * 0.36, y, "end"))
        for node, y in right.items():
            parts.append(_label(node, WIDTH * 0.64, y, "start"))
        for edge in self.edges:
            y, z = left[edge.user] - 4, right[edge.target] - 4
            curve = f"M{WIDTH * 0.37:.0f} {y}C{WIDTH / 2:.0f} {y} {WIDTH / 2:.0f} {z} {WIDTH * 0.63:.0f} {z}"
            title = html.escape(f"{edge.kind} {edge.name}")
            line = f'<path d="{curve}" fill="none" stroke="currentColor" stroke-opacity="0.45">'
            parts.append(f"{line}<title>{title}</title></path>")
        return "".join(parts) + "</svg>"


def graph(tree: DeviceTree) -> Graph:
    """Every use in a tree that can be resolved.

    Args:
        tree: The tree.

    Returns:
        The graph; interrupts that come by ``interrupt-parent`` are in it.
    """
    return Graph(_edges(tree))


def _edges(tree: DeviceTree) -> Iterator[Edge]:
    for node in tree.walk():
        for found in all_references(node):
            if found.node is not None and found.property != "interrupt-parent":
                yield Edge(
                    node, found.node, found.kind, found.property, found.name or _name(found.property), found.args
                )
        if "interrupts" in node.raw:
            parent = interrupt_parent(node)
            if parent is not None:
                yield Edge(node, parent, "interrupt", "interrupts", "", node.cells("interrupts"))


def _name(name: str) -> str:
    for ending in ("-supply", "-gpios", "-gpio"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _label(node: TreeNode, x: float, y: int, anchor: str) -> str:
    return (
        f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}">{html.escape(node.name or "/")}'
        f"<title>{html.escape(node.path)}</title></text>"
    )
