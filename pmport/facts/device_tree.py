"""Facts that a device tree tells: who it is for, its memory, console, command line, panels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.identity import identify, memory_banks
from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from pmport.devicetree.blob import Blob
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["of_blob", "of_tree"]


SIMULATED = re.compile(r"_sim_")
"""Qualcomm's panels for simulators stand in every tree of theirs."""


def of_blob(blob: Blob) -> Iterator[Fact]:
    """Facts of a blob.

    Args:
        blob: The blob.

    Yields:
        Facts; their sources name the node and property.
    """
    return of_tree(blob.tree())


def of_tree(tree: DeviceTree) -> Iterator[Fact]:
    """Facts of a tree.

    Args:
        tree: The tree, or an overlay.

    Yields:
        Facts; their sources name the node and property.
    """
    yield from _identity(tree)
    for node, base, size in memory_banks(tree):
        yield Fact("memory", (base, size), f"{node.path}/reg")
    chosen = tree.chosen
    if chosen is not None:
        for name, field in (("bootargs", "cmdline"), ("stdout-path", "stdout"), ("linux,stdout-path", "stdout")):
            for text in chosen.strings(name)[:1]:
                yield Fact(field, text, f"/chosen/{name}")
    for text in tree.root.strings("serial-number")[:1]:
        yield Fact("serial", text, "/serial-number")
    for node in tree.walk():
        yield from _panel(node)
        yield from _touch(node)


def _identity(tree: DeviceTree) -> Iterator[Fact]:
    identity = identify(tree)
    if identity.model:
        yield Fact("model", identity.model, "/model")
    for text in identity.compatible:
        yield Fact("compatible", text, "/compatible")
    if identity.soc:
        yield Fact("soc", identity.soc, "/compatible", certainty=Certainty.DERIVED)
    rows: tuple[tuple[str, str, tuple[tuple[object, ...], ...]], ...] = (
        ("qcom_msm_id", "/qcom,msm-id", identity.msm_ids),
        ("qcom_board_id", "/qcom,board-id", identity.board_ids),
        ("qcom_pmic_id", "/qcom,pmic-id", identity.pmic_ids),
        ("exynos_ids", "/model_info-chip", (identity.exynos_ids,) if identity.exynos_ids else ()),
        ("sprd_ids", "/sprd,sc-id", (identity.sprd_ids,) if identity.sprd_ids else ()),
    )
    for field, source, values in rows:
        for value in values:
            yield Fact(field, value, source)


def _touch(node: TreeNode) -> Iterator[Fact]:
    """A touch controller: a node of that generic name, mainline's or a vendor's."""
    if node.unit_name in {"touchscreen", "touch"} and node.compatible:
        yield Fact("touchscreen", node.compatible[0], f"{node.path}/compatible", certainty=Certainty.DERIVED)


def _panel(node: TreeNode) -> Iterator[Fact]:
    """A panel: Qualcomm's panel nodes, Spreadtrum's list, MediaTek's merged video tag, mainline's panel nodes."""
    raw = node.raw
    if "qcom,mdss-dsi-panel-name" in raw and not SIMULATED.search(node.name):
        yield from _named(node, "qcom,mdss-dsi-panel-name")
        yield from _size(node, "qcom,mdss-dsi-panel-width", "qcom,mdss-dsi-panel-height")
    elif node.unit_name == "panel" and "compatible" in raw:
        for text in node.compatible[:1]:
            yield Fact("panel", text, f"{node.path}/compatible", certainty=Certainty.DERIVED)
    elif "atag,videolfb-lcmname" in raw:
        yield from _named(node, "atag,videolfb-lcmname")
    elif node.parent is not None and node.parent.name == "lcds" and "panel-name" in raw:
        yield from _named(node, "panel-name")


def _named(node: TreeNode, name: str) -> Iterator[Fact]:
    for text in node.strings(name)[:1]:
        yield Fact("panel", text, f"{node.path}/{name}")


def _size(node: TreeNode, width: str, height: str) -> Iterator[Fact]:
    for holder in (node, *node.walk()):
        across, down = holder.cells(width), holder.cells(height)
        if across and down:
            yield Fact("screen_size", (across[0], down[0]), f"{holder.path}/{width}", certainty=Certainty.DERIVED)
            return
