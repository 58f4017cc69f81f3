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

__all__ = ["of_blob", "of_identity", "of_tree"]


SIMULATED = re.compile(r"_sim_")
"""Qualcomm's panels for simulators stand in every tree of theirs."""


HALF = re.compile(r"[ _][01](?=[ _]|$)")
"""What tells the two halves of a panel apart in their names."""


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
    yield from of_identity(tree)
    for node, base, size in memory_banks(tree):
        yield Fact("memory", (base, size), f"{node.path}/reg")
    chosen = tree.chosen
    if chosen is not None:
        for name, field in (("bootargs", "cmdline"), ("stdout-path", "stdout"), ("linux,stdout-path", "stdout")):
            for text in chosen.strings(name)[:1]:
                yield Fact(field, text, f"/chosen/{name}")
    for text in tree.root.strings("serial-number")[:1]:
        yield Fact("serial", text, "/serial-number")
    halves = {half.path: pair for pair in _dual_panels(tree) for half in pair}
    for node in tree.walk():
        if halves and node.path in halves:
            if node is halves[node.path][0]:
                yield from _dual(*halves[node.path])
            continue
        yield from _panel(node)
        yield from _touch(node)
        yield from _storage(node)


def of_identity(tree: DeviceTree) -> Iterator[Fact]:
    """What a tree's root says: model, names, chip, and the numbers that bootloaders choose by.

    Args:
        tree: The tree, or an overlay.

    Yields:
        Facts.
    """
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


UFS = re.compile(r"ufs(?:hc|hci)?$|^jedec,ufs")
"""Compatible strings of UFS host controllers: ``qcom,ufshc``, ``samsung,exynos-ufs``, ``mediatek,ufshci`` …"""


def _storage(node: TreeNode) -> Iterator[Fact]:
    """What is switched on: UFS, and a slot for a card where a host controller watches a pin for one."""
    raw = node.raw
    if "cd-gpios" in raw and node.enabled and any("sdhc" in name or "mmc" in name for name in node.compatible):
        yield Fact("storage", "card slot", f"{node.path}/cd-gpios", certainty=Certainty.DERIVED)
    elif "compatible" in raw and node.enabled and any(UFS.search(name) for name in node.compatible):
        yield Fact("storage", "ufs", f"{node.path}/compatible", certainty=Certainty.DERIVED)


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


def _dual_panels(tree: DeviceTree) -> Iterator[tuple[TreeNode, TreeNode]]:
    """Halves of one panel on two DSI links: their names differ in one digit, and they go to the first and the second display."""
    seen: dict[tuple[str, tuple[int, ...]], TreeNode] = {}
    for node in tree.walk():
        name = next(iter(node.strings("qcom,mdss-dsi-panel-name")), "")
        place = next(iter(node.strings("qcom,mdss-dsi-panel-destination")), "")
        if not name or place not in {"display_1", "display_2"} or SIMULATED.search(node.name):
            continue
        key = (HALF.sub("", name), _cells(node, "qcom,mdss-dsi-panel-height"))
        other = seen.pop(key, None)
        if other is None:
            seen[key] = node
        elif next(iter(other.strings("qcom,mdss-dsi-panel-destination"))) != place and HALF.search(name):
            yield other, node


def _cells(node: TreeNode, name: str) -> tuple[int, ...]:
    return next((cells for holder in (node, *node.walk()) if (cells := holder.cells(name))), ())


def _dual(first: TreeNode, second: TreeNode) -> Iterator[Fact]:
    """One panel of two halves: both widths together."""
    name = next(iter(first.strings("qcom,mdss-dsi-panel-name")))
    yield Fact("panel", HALF.sub("", name), f"{first.path}/qcom,mdss-dsi-panel-name and its other half")
    widths = [_cells(node, "qcom,mdss-dsi-panel-width") for node in (first, second)]
    height = _cells(first, "qcom,mdss-dsi-panel-height")
    if all(widths) and height:
        size = (widths[0][0] + widths[1][0], height[0])
        place = f"{first.path}/qcom,mdss-dsi-panel-width and its other half"
        yield Fact("screen_size", size, place, certainty=Certainty.DERIVED)


def _named(node: TreeNode, name: str) -> Iterator[Fact]:
    for text in node.strings(name)[:1]:
        yield Fact("panel", text, f"{node.path}/{name}")


def _size(node: TreeNode, width: str, height: str) -> Iterator[Fact]:
    for holder in (node, *node.walk()):
        across, down = holder.cells(width), holder.cells(height)
        if across and down:
            yield Fact("screen_size", (across[0], down[0]), f"{holder.path}/{width}", certainty=Certainty.DERIVED)
            return
