"""Run the checks over a tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import Context
from pmport.devicetree.checks.table import CHECKS, Levels
from pmport.findings import Finding, Findings, Severity

if TYPE_CHECKING:
    from pmport.devicetree.checks.table import Check
    from pmport.devicetree.dts_scan import Place
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["check", "checked"]

SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


def check(tree: DeviceTree, levels: Levels | None = None) -> Findings:
    """Check a tree that came from a blob; for source see :func:`pmport.devicetree.compile_source`.

    Args:
        tree: The tree.
        levels: Which checks are on; None: those of :program:`dtc`.

    Returns:
        What was found. The codes are the names of dtc's checks, the place is the node's path.

    Example:
        >>> from pmport.devicetree import DeviceTree
        >>> tree = DeviceTree()
        >>> tree.root.add("memory")["reg"] = [0, 0, 1]
        >>> check(tree)[0].code, check(tree)[0].where
        ('unit_address_vs_reg', '/memory')
    """
    return checked(Context(tree.root, plugin=tree.is_overlay), levels or Levels())


def checked(context: Context, levels: Levels) -> Findings:
    """Run the checks that are on, in their order, each over all nodes.

    Args:
        context: The tree.
        levels: Which checks are on.

    Returns:
        What was found. A check is not made where one that it needs failed; ``not_checked`` says which.
    """
    nodes = list(context.root.walk())
    findings: list[Finding] = []
    failed: dict[str, str] = {}  # check → the one that failed: itself, or one that it needs
    for name, entry in CHECKS.items():
        level = levels.of(name)
        if level == "off":
            continue
        cause = next((failed[needed] for needed in entry.needs if needed in failed), "")
        if cause:
            failed[name] = cause
            continue
        for at, of, message, place in _found(context, entry, nodes):
            failed[name] = name
            shown = f"{at.path}{':' + of if of else ''}: {message}"
            where = str(place) if place is not None else at.path
            findings.append(Finding(SEVERITIES[level], name, shown, where=where, source=f"dtc -W{name}"))
    return Findings([*findings, *_not_made(failed)])


def _not_made(failed: dict[str, str]) -> Iterator[Finding]:
    """Which checks could not be made, because one that they need failed."""
    for cause in dict.fromkeys(failed.values()):
        names = [name for name, because in failed.items() if because == cause and name != cause]
        if names:
            message = f"{cause} failed, so these were not made: {', '.join(names)}"
            yield Finding(Severity.UNKNOWN, "not_checked", message)


def _found(context: Context, entry: Check, nodes: list[TreeNode]) -> Iterator[tuple[TreeNode, str, str, Place | None]]:
    source = context.source
    if entry.rule is None:
        for fault in source.faults if source is not None else ():
            if fault.check == entry.name:
                yield fault.node, fault.name, fault.message, fault.place
        return
    for node in nodes:
        for at, of, message in entry.rule(context, node):
            yield at, of, message, source.place_of(at, of) if source is not None else None
