"""All panels of a tree or a file, and which of them is the one that is fitted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.lazy import named

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.node import Node
    from pmport.panel.panel_value import Panel

__all__ = ["READERS", "Fitted", "fitted", "panels", "panels_in", "trees_in"]

READERS: dict[str, str] = {
    "qualcomm": "pmport.panel.qualcomm:qualcomm_panels",
    "unisoc": "pmport.panel.display_timing_readers:unisoc_panels",
    "rockchip": "pmport.panel.display_timing_readers:rockchip_panels",
    "amlogic": "pmport.panel.amlogic:amlogic_panels",
    "samsung": "pmport.panel.code_driven:samsung_panels",
    "mediatek": "pmport.panel.code_driven:mediatek_panels",
}
"""Whose notation → the function that finds its panels in a tree."""


def panels(tree: DeviceTree) -> tuple[Panel, ...]:
    r"""All panels of a vendor's tree, found by their properties, wherever they stand.

    Args:
        tree: The tree; an overlay need not be applied.

    Returns:
        The panels. What could not be read of one is among its findings; nothing is raised.

    Example:
        >>> from pmport.devicetree import parse_source
        >>> tree = parse_source('''/ { panel_x {
        ...     qcom,mdss-dsi-panel-name = "acme nt35596 video mode dsi panel"; qcom,mdss-dsi-panel-type = "dsi_video_mode";
        ...     qcom,mdss-dsi-panel-width = <1080>; qcom,mdss-dsi-panel-height = <1920>;
        ...     qcom,mdss-dsi-panel-framerate = <60>; qcom,mdss-dsi-lane-0-state;
        ...     qcom,mdss-dsi-on-command = [05 01 00 00 78 00 02 11 00]; }; };''')
        >>> panel = panels(tree)[0]
        >>> panel.name, panel.timing.width, panel.sequence("on").packets[0].sent
        ('acme nt35596 video mode dsi panel', 1080, b'\x11')
    """
    found: list[Panel] = []
    for reader in READERS.values():
        find: Callable[[DeviceTree], Iterator[Panel]] = named(reader)
        found += find(tree)
    return tuple(found)


def trees_in(node: Node) -> Iterator[tuple[str, DeviceTree]]:
    """Every device tree in a file.

    Args:
        node: What :func:`pmport.open` gave: a blob, a table of trees, a boot image, a kernel with trees behind it …

    Yields:
        Where the tree stands in the file, and the tree. One that appears twice, byte for byte, comes once.
    """
    from pmport.devicetree import Blob, DeviceTree  # noqa: PLC0415 - only when a file is read

    if isinstance(node, DeviceTree):
        yield "", node
        return
    seen = set()
    for path, part in node.walk():
        if isinstance(part, Blob):
            digest = hashlib.sha256(bytes(part)).digest()
            if digest not in seen:
                seen.add(digest)
                yield path, part.tree()


def panels_in(node: Node) -> Iterator[tuple[str, Panel]]:
    """The panels of every tree in a file.

    Args:
        node: What :func:`pmport.open` gave.

    Yields:
        Where the tree stands in the file, and a panel of it.
    """
    for path, tree in trees_in(node):
        yield from ((path, panel) for panel in panels(tree))


@dataclass(frozen=True)
class Fitted:
    """The panel that is fitted.

    Args:
        panel: The panel.
        evidence: What says so.
    """

    panel: Panel
    evidence: str


_ARGUMENTS = re.compile(
    r"(?:mdss_mdp\d*\.panel|msm_drm\.dsi_display\d|dsi_display\d|lcd_name|lcm_name|lcd_id|lcm|androidboot\.lcd\w*|panel)=(\S+)"
)
_NODE = re.compile(r"(?:qcom,)?(?:mdss_|ss_)?dsi_[\w,-]+|lcd_\w+|[a-z]\w{3,}")


def fitted(tree: DeviceTree, found: Iterable[Panel], command_line: str = "") -> Fitted | None:
    """Which of several panels is fitted, as far as anything tells.

    Args:
        tree: The tree that they were read from.
        found: Its panels.
        command_line: The running phone's kernel command line, where it is known.

    Returns:
        The panel with the evidence; None where it is not clear. What one phone's bootloader says is stronger than what
        the tree prefers.
    """
    real = [panel for panel in found if not panel.simulated]
    chosen = tree.chosen
    lines = [(command_line, "the kernel command line")]
    if chosen is not None:
        lines += [(text, "the kernel command line in /chosen") for text in chosen.strings("bootargs")[:1]]
    for line, evidence in lines:
        for match in _ARGUMENTS.finditer(line):
            named_here = _named(real, match[1])
            if named_here is not None:
                return Fitted(named_here, f"{evidence}: {match[0]}")
    return _preferred(tree, real) or (Fitted(real[0], "the only panel of the tree") if len(real) == 1 else None)


def _named(real: list[Panel], text: str) -> Panel | None:
    """The panel that an argument names: by its node, or by a display that has the same name."""
    words = [word.removesuffix("_display") for word in _NODE.findall(text)]
    for word in sorted(words, key=len, reverse=True):
        key = re.sub(r"^qcom,|mdss_", "", word)
        same = [
            panel
            for panel in real
            if re.sub(r"^qcom,|mdss_", "", panel.node.rpartition("/")[2].partition("@")[0]) == key
        ]
        same = same or [panel for panel in real if panel.name == word]
        if len({panel.node for panel in same}) == 1:
            return same[0]
    return None


def _preferred(tree: DeviceTree, real: list[Panel]) -> Fitted | None:
    by_node = {panel.node: panel for panel in real}
    phandles = tree.phandles
    for name in ("qcom,dsi-pref-prim-pan", "qcom,dsi-default-panel", "qcom,primary-panel", "qcom,dsi-panel"):
        for node in tree.walk():
            if name not in node.raw or not node.enabled:
                continue
            if name == "qcom,dsi-panel" and "qcom,dsi-display-active" not in node.raw:
                continue
            target = phandles.get(int.from_bytes(node.raw[name][:4], "big"))
            panel = by_node.get(target.path) if target is not None else None
            if panel is not None:
                return Fitted(panel, f"{node.path}/{name}")
    return None
