"""Graphs of ports and endpoints: which nodes are such, their addresses, and whether each connection is told by both ends.

Source: ``graph.yaml`` of dt-schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import cell

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["graph_child_address", "graph_endpoint", "graph_nodes", "graph_port"]

PORT, PORTS = "graph-port", "graph-ports"


def graph_nodes(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Which nodes are ports, and which hold ports."""
    for child in node.children.values():
        if child.unit_name != "endpoint" and "remote-endpoint" not in child.raw:
            continue
        if node.parent is None:
            yield node, "", f"the root is no port: {child.name} is an endpoint, or remote-endpoint is misplaced"
            continue
        context.buses[node] = PORT
        if node.parent not in context.buses and (node.parent.name == "ports" or "reg" in node.raw):
            context.buses[node.parent] = PORTS
        break


def _address(node: TreeNode) -> Iterator[Remark]:
    if "reg" not in node.raw or node.parent is None:
        return
    number = cell(node, "reg")
    if number is None:
        yield node, "", "reg of a port or endpoint is one cell"
        return
    if node.unit_address != f"{number:x}":
        yield node, "", f"the unit address of a port or endpoint would be {number:x}"
    for what, wanted in (("address", 1), ("size", 0)):
        count = cell(node.parent, f"#{what}-cells")
        if count != wanted:
            shown = "absent" if count is None else count
            yield node, "", f"#{what}-cells above a port or endpoint is {wanted}, and it is {shown}"


def graph_port(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A port: its address and name."""
    if context.buses.get(node) != PORT:
        return
    yield from _address(node)
    if not context.plugin and node.unit_name != "port":
        yield node, "", "a node with endpoints is called port"


def graph_endpoint(context: Context, node: TreeNode) -> Iterator[Remark]:
    """An endpoint: its address and name, and the other end."""
    if context.bus_above(node) != PORT:
        return
    yield from _address(node)
    if context.plugin:
        return
    if node.unit_name != "endpoint":
        yield node, "", "a child of a port is called endpoint"
    other = _other_end(context, node)
    if other is None:
        if cell(node, "remote-endpoint") not in {None, 0, 0xFFFFFFFF}:
            yield node, "remote-endpoint", "its phandle belongs to no node"
        return
    if _other_end(context, other) is not node:
        yield node, "", f"{other.path} does not name it in turn"


def _other_end(context: Context, node: TreeNode) -> TreeNode | None:
    return context.by_phandle(cell(node, "remote-endpoint") or 0)


def graph_child_address(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Cells are counted where there is only one port or endpoint, with the address 0 or none."""
    if context.buses.get(node) not in {PORT, PORTS} or len(node.children) != 1:
        return
    (child,) = node.children.values()
    if cell(child, "reg") in {None, 0} and cell(node, "#address-cells") is not None:
        yield node, "", f"{child.name} is its only child: #address-cells and #size-cells are not needed"
