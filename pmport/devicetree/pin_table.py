"""Which pin goes where: every GPIO and interrupt line of a tree that something uses.

Example:
    >>> from pmport.devicetree import parse_source
    >>> source = '''/ { tlmm: pinctrl { gpio-controller; #gpio-cells = <2>; };
    ...     panel { reset-gpios = <&tlmm 25 1>; }; };'''
    >>> print(pins(parse_source(source)))
    controller  pin  used by  as     flags
    /pinctrl    25   /panel   reset  low
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.devicetree.phandle_graph import graph
from pmport.render import Table
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.devicetree.phandle_graph import Edge
    from pmport.devicetree.tree import DeviceTree

__all__ = ["pins"]

ACTIVE_LOW = 1
"""GPIO_ACTIVE_LOW, of include/dt-bindings/gpio/gpio.h."""
EDGES = {1: "rising", 2: "falling", 3: "both edges", 4: "high", 8: "low"}
"""Interrupt types, of include/dt-bindings/interrupt-controller/irq.h."""


def pins(tree: DeviceTree) -> Table:
    """The pins that are used.

    Args:
        tree: The tree.

    Returns:
        One row per use: controller, pin, who uses it as what, and how; in the order of controllers and pins.
    """
    uses = [edge for edge in graph(tree) if _is_pin(edge)]
    uses.sort(key=lambda edge: (edge.target.path, edge.args[0], edge.user.path))
    rows = [
        (
            printable(edge.target.path),
            edge.args[0],
            printable(edge.user.path),
            printable(edge.name or edge.property),
            _flags(edge),
        )
        for edge in uses
    ]
    return Table(("controller", "pin", "used by", "as", "flags"), rows, empty="no pin is used")


def _is_pin(edge: Edge) -> bool:
    return bool(edge.args) and (edge.kind == "gpio" or (edge.kind == "interrupt" and "gpio-controller" in edge.target))


def _flags(edge: Edge) -> str:
    if len(edge.args) < 2:
        return ""
    flags = edge.args[-1]
    if edge.kind == "interrupt":
        return EDGES.get(flags & 0xF, hex(flags))
    return "low" if flags == ACTIVE_LOW else "high" if flags == 0 else hex(flags)
