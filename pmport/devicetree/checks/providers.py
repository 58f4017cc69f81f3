"""References with arguments: clocks, GPIOs and the like have as many cells as their provider wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import cell, cells
from pmport.devicetree.checks.values import is_gpio
from pmport.devicetree.tree_node import NO_PHANDLES

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark, Rule
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["PROVIDERS", "gpios", "provider_cells"]

PROVIDERS = {
    "clocks": "#clock-cells",
    "cooling-device": "#cooling-cells",
    "dmas": "#dma-cells",
    "hwlocks": "#hwlock-cells",
    "interrupts-extended": "#interrupt-cells",
    "io-channels": "#io-channel-cells",
    "iommus": "#iommu-cells",
    "mboxes": "#mbox-cells",
    "msi-parent": "#msi-cells",
    "mux-controls": "#mux-control-cells",
    "phys": "#phy-cells",
    "power-domains": "#power-domain-cells",
    "pwms": "#pwm-cells",
    "resets": "#reset-cells",
    "sound-dai": "#sound-dai-cells",
    "thermal-sensors": "#thermal-sensor-cells",
}
"""Property → what its provider counts the arguments by. Each is a check of dtc's, and so is the count alone."""
OPTIONAL = frozenset({"msi-parent"})
"""Providers of these may leave the count out: no arguments."""


def provider_cells(name: str) -> Rule:
    """A property with references and arguments.

    Args:
        name: The property, of :data:`PROVIDERS`.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        if name in node.raw:
            yield from _entries(context, node, name, PROVIDERS[name])

    return rule


def gpios(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``…-gpios``, except those of a hog, which names lines of its own controller."""
    if "gpio-hog" in node.raw:
        return
    for name in node.raw:
        if is_gpio(name):
            yield from _entries(context, node, name, "#gpio-cells")


def _entries(context: Context, node: TreeNode, name: str, counted_by: str) -> Iterator[Remark]:
    """Each entry: a phandle, or 0 or -1 for one that is left out, and the arguments that its provider counts."""
    size = len(node.raw[name])
    if size % 4:
        yield node, name, f"its {size} bytes are no cells"
        return
    found = cells(node, name) or ()
    at = 0
    while at < len(found):
        if found[at] in NO_PHANDLES:
            if context.plugin:
                return
            at += 1
            continue
        if not context.refers(node, name, 4 * at):
            yield node, name, f"cell {at} is no reference"
        provider = context.by_phandle(found[at])
        if provider is None:
            yield node, name, f"the phandle in cell {at} belongs to no node"
            return
        count = cell(provider, counted_by)
        if count is None and counted_by in provider.raw:
            return  # the check of the count says it
        if count is None and name not in OPTIONAL:
            yield node, "", f"{provider.path} has no {counted_by}, and cell {at} of {name} refers to it"
            return
        at += 1 + (count or 0)
        if at > len(found):
            yield node, name, f"its {size} bytes are too few for {count} arguments of {provider.path}"
