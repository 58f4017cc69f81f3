"""The panel as far as the board file speaks of it: which one, its size, its pins and supplies; and the framebuffer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting
from pmport.board.memory_subject import framebuffer
from pmport.board.part_subjects import index
from pmport.board.places import one

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.devicetree import TreeNode

__all__ = ["Panel", "draft_panel", "panels"]

NAME = "qcom,mdss-dsi-panel-name"
NOT_REAL = re.compile(
    r"\bsim\b|simulator|sim_|dual.*sim|_sim|truly wqxga|sharp (?:4k|wqhd) .*|external|test", re.IGNORECASE
)
ARGUMENT = re.compile(
    r"(?:mdss_mdp\d*\.panel|msm_drm\.dsi_display0|dsi_display0|lcd_id|panel)=\S*?((?:qcom,)?[\w,]*(?:mdss_)?dsi_\w+)"
)
PINS: tuple[tuple[str, str, bool], ...] = (
    ("reset-gpios", "qcom,platform-reset-gpio", True),
    ("te-gpios", "qcom,platform-te-gpio", False),
)
SUPPLIES = {
    "vddio": "vddio-supply",
    "lab": "vddpos-supply",
    "ibb": "vddneg-supply",
    "vci": "vci-supply",
    "vdd": "vdd-supply",
    "poc": "poc-supply",
}
SHARE = 0.5


@dataclass(frozen=True)
class Panel:
    """A panel of the vendor's tree.

    Args:
        node: Its node.
        name: What the vendor calls it.
        width: In pixels.
        height: Likewise.
    """

    node: TreeNode
    name: str
    width: int
    height: int


def panels(draft: Drafting) -> Iterator[Panel]:
    """The real panels of the vendor's tree; Qualcomm's notation.

    Args:
        draft: The draft.

    Yields:
        Panels.
    """
    for node in draft.vendor.tree.walk():
        if NAME not in node.raw:
            continue
        name = next(iter(node.strings(NAME)), node.name)
        if NOT_REAL.search(name) or NOT_REAL.search(node.name):
            continue
        timing = next((part for part in node.walk() if "qcom,mdss-dsi-panel-width" in part.raw), node)
        yield Panel(
            node, name, one(timing, "qcom,mdss-dsi-panel-width", 0), one(timing, "qcom,mdss-dsi-panel-height", 0)
        )


def active_panel(draft: Drafting) -> tuple[Panel | None, str]:
    """The panel that is fitted, as far as the tree tells.

    Args:
        draft: The draft.

    Returns:
        The panel, and how it was found; None where it is not clear.
    """
    found = list(panels(draft))
    chosen = draft.vendor.tree.chosen
    bootargs = next(iter(chosen.strings("bootargs")), "") if chosen is not None else ""
    for match in ARGUMENT.finditer(bootargs):
        word = match[1].rpartition(",")[2].removesuffix("_display")
        named = [panel for panel in found if word in panel.node.name]
        if named:
            return named[0], "the kernel command line in /chosen"
    by_node = {panel.node: panel for panel in found}
    for node in draft.vendor.active:
        for name in ("qcom,dsi-pref-prim-pan", "qcom,dsi-default-panel", "qcom,primary-panel"):
            target = draft.vendor.target(node, name) if name in node.raw else None
            if target in by_node:
                return by_node[target], draft.evidence(node, name)
    shown = [node for node in draft.vendor.active if "qcom,dsi-display-active" in node.raw]
    for node in shown:
        target = draft.vendor.target(node, "qcom,dsi-panel")
        if target in by_node:
            return by_node[target], draft.evidence(node, "qcom,dsi-display-active")
    if len(found) == 1:
        return found[0], "the only panel"
    return None, ""


def size_of(draft: Drafting) -> tuple[int, int]:
    """The panel's size, where all panels that may be fitted agree.

    Args:
        draft: The draft.

    Returns:
        Width and height; zeros where it is not clear.
    """
    panel, _ = active_panel(draft)
    if panel is not None and panel.width:
        return panel.width * _halves(draft, panel), panel.height
    shown = {one(node, "qcom,dsi-panel", 0) for node in draft.vendor.active if "qcom,dsi-panel" in node.raw}
    real = [panel for panel in panels(draft) if panel.width]
    real = [panel for panel in real if panel.node.phandle in shown] or real
    sizes = {(panel.width * _halves(draft, panel), panel.height) for panel in real}
    return sizes.pop() if len(sizes) == 1 else (0, 0)


def _halves(draft: Drafting, panel: Panel) -> int:
    """How many controllers drive a panel; each of its timings is for one of them."""
    number = panel.node.phandle
    users = [node for node in draft.vendor.active if number is not None and one(node, "qcom,dsi-panel", 0) == number]
    return max((len(node.cells("qcom,dsi-ctrl-num")) for node in (panel.node, *users)), default=1) or 1


def draft_panel(draft: Drafting) -> None:
    """The panel's node and the framebuffer.

    Args:
        draft: The draft.
    """
    framebuffer(draft, *size_of(draft))
    panel, evidence = active_panel(draft)
    names = [other.name for other in panels(draft)]
    if panel is None and names:
        panel = _some_panel(draft)
        text = f"Which panel is fitted? {len(names)}: {', '.join(dict.fromkeys(names))[:300]}"
        draft.board.ask("panel", text, "the running phone's /proc/cmdline tells")
    elif panel is None:
        return
    if panel is None:
        return
    if len(names) > 1 and evidence:
        draft.board.ask("panel", f"Is the panel {panel.name} the one that is fitted? There are {len(names)}", evidence)
    users = sum(weight for label in ("mdss_dsi0", "dsi0") for weight in [_share(draft, label)])
    label = next((name for name in ("mdss_dsi0", "dsi0") if name in draft.chip.labels), "")
    if not label or users < SHARE:
        return
    _panel(draft, label, panel, evidence)


def _some_panel(draft: Drafting) -> Panel | None:
    """One of several panels that share pins and supplies; its name stays open."""
    found = [panel for panel in panels(draft) if "qcom,platform-reset-gpio" in panel.node.raw or _around(draft, panel)]
    pins = {
        tuple(
            pin.number
            for node in (panel.node, *_around(draft, panel))
            for pin in draft.vendor.pins(node, PINS[0][1])[:1]
        )[:1]
        for panel in found
    }
    pins.discard(())
    return Panel(found[-1].node, "panel", 0, 0) if found and len(pins) == 1 else None


def _share(draft: Drafting, label: str) -> float:
    """How many boards have a panel at a controller."""
    habits = draft.chip.habits
    return sum(
        habit.weight for key, habit in habits.nodes.items() if key.startswith(f"{label}/panel") and key.count("/") == 1
    ) / (habits.total or 1)


def mainline_panel(name: str) -> str:
    """The mainline string of a panel, by the names of its maker and its controller in the vendor's name.

    Args:
        name: The vendor's name, or the name of its node.

    Returns:
        The string; empty where no driver matches.
    """
    words = set(re.findall(r"[a-z]+\d[\w]*|[a-z]{4,}", name.lower().replace("_", " ")))
    best, most = "", 1
    for text in index().compatibles:
        maker, _, part = text.partition(",")
        drivers = index().drivers(text)
        if not part or not drivers or "drm/panel" not in drivers[0].path:
            continue
        tokens = set(re.findall(r"[a-z]+\d\w*|[a-z]{3,}", part.replace("-", " ")))
        score = 2 * sum(token in words for token in tokens if re.search(r"\d", token)) + sum(
            token in words for token in (*tokens, maker) if not re.search(r"\d", token)
        )
        if score > most:
            best, most = text, score
    return best


def _panel(draft: Drafting, label: str, panel: Panel, evidence: str) -> None:
    part = draft.board.extend(label).child("panel@0", key="panel")
    compatible = mainline_panel(f"{panel.name} {panel.node.name}") if panel.width else ""
    if not compatible:
        compatible = f"vendor,{re.sub(r'[^a-z0-9]+', '-', panel.name.lower()).strip('-')[:40]}"
        draft.board.ask(
            "panel", f"Mainline has no driver that is named like {panel.name}: {compatible} is a placeholder", evidence
        )
    part.say("compatible", f'"{compatible}"', evidence, certainty=LIKELY, subject="panel")
    part.say("reg", "<0>", evidence, subject="panel")
    places = [panel.node, *_around(draft, panel)]
    for name, source, low in PINS:
        for node in places:
            pins = draft.vendor.pins(node, source)
            if pins and name not in part.statements:
                part.say(
                    name, draft.gpio(pins[0], low=low), draft.evidence(node, source), certainty=LIKELY, subject="panel"
                )
    part.statements.pop("te-gpios", None)
    for source, name in SUPPLIES.items():
        for node in places:
            if f"{source}-supply" in node.raw and name not in part.statements:
                draft.supply(part, name, node, f"{source}-supply", subject="panel")
    _wire(draft, label, part)


def _around(draft: Drafting, panel: Panel) -> list[TreeNode]:
    """The nodes that hold a panel's pins and supplies: the display that names it, and the controller."""
    number = panel.node.phandle
    found = [node for node in draft.vendor.active if number is not None and one(node, "qcom,dsi-panel", 0) == number]
    found += [
        node for node in draft.vendor.active if number is not None and one(node, "qcom,dsi-pref-prim-pan", 0) == number
    ]
    found += [
        node
        for node in draft.vendor.active
        if "qcom,mdss-dsi-ctrl" in " ".join(node.compatible) and "qcom,platform-reset-gpio" in node.raw
    ]
    return found


def _wire(draft: Drafting, label: str, part: Part) -> None:
    """Panel and controller point at each other."""
    out = f"{label}_out"
    if out not in draft.chip.labels:
        return
    endpoint = part.child("port").child("endpoint", key="panel-in", wanted="panel_in")
    endpoint.say("remote-endpoint", f"<&{out}>", "", subject="panel")
    over = draft.board.extend(out)
    over.say("remote-endpoint", "<&{panel-in}>", "", subject="panel", replace=True)
    lanes, share = draft.learn_value(out, "data-lanes")
    if lanes and share > SHARE:
        over.say("data-lanes", lanes, draft.teachers, certainty=LIKELY, subject="panel")
