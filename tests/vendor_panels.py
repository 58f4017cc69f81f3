"""The vendors' trees that panels are read from, and panels made up for a purpose."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import CORPUS

from pmport.devicetree import Blob, DeviceTree, parse_source
from pmport.panel import Panel, panels

BOARDS = CORPUS.parent / "boards"

QUALCOMM = """/ {{ phone {{ acme_panel {{
    qcom,mdss-dsi-panel-name = "boe nt35596 1080p video mode dsi panel"; qcom,mdss-dsi-panel-type = "dsi_video_mode";
    qcom,mdss-dsi-traffic-mode = "burst_mode"; qcom,mdss-dsi-bpp = <24>; qcom,mdss-dsi-panel-framerate = <60>;
    qcom,mdss-dsi-panel-width = <1080>; qcom,mdss-dsi-panel-height = <1920>;
    qcom,mdss-dsi-h-front-porch = <100>; qcom,mdss-dsi-h-pulse-width = <8>; qcom,mdss-dsi-h-back-porch = <16>;
    qcom,mdss-dsi-v-front-porch = <4>; qcom,mdss-dsi-v-pulse-width = <2>; qcom,mdss-dsi-v-back-porch = <5>;
    qcom,mdss-dsi-lane-0-state; qcom,mdss-dsi-lane-1-state; qcom,mdss-dsi-lane-2-state; qcom,mdss-dsi-lane-3-state;
    qcom,mdss-dsi-reset-sequence = <1 2>, <0 5>, <1 20>;
    qcom,mdss-dsi-on-command = [39 01 00 00 00 00 03 f0 5a 5a 05 01 00 00 78 00 02 11 00 05 01 00 00 14 00 02 29 00];
    qcom,mdss-dsi-off-command = [05 01 00 00 14 00 02 28 00 05 01 00 00 78 00 02 10 00];
    qcom,mdss-dsi-on-command-state = "dsi_lp_mode"; qcom,mdss-dsi-off-command-state = "dsi_hs_mode";
    {more} }}; }}; }};"""


def made(more: str = "", /, **changed: str | None) -> Panel:
    """A panel in Qualcomm's notation; properties may be replaced (``name=source``) or left out (``name=None``)."""
    text = QUALCOMM.format(more=more)
    tree = parse_source(text)
    node = tree["/phone/acme_panel"]
    for name, value in changed.items():
        key = "qcom,mdss-dsi-" + name.replace("_", "-")
        if value is None:
            del node[key]
        else:
            node.raw[key] = bytes.fromhex(value)
    return panels(tree)[0]


def boards() -> list[Path]:
    """The vendors' trees; one absent file where they are not here."""
    return sorted((BOARDS / "vendor").glob("*.xz")) or [BOARDS / "vendor" / "absent"]


def tree_of(path: Path) -> DeviceTree:
    if not path.exists():
        pytest.skip(f"the vendors' trees are not here: {path} (set PMPORT_CORPUS)")
    return Blob.parse(lzma.decompress(path.read_bytes())).tree()


@cache
def every_panel() -> tuple[tuple[str, Panel], ...]:
    return tuple((path.name, panel) for path in boards() for panel in panels(tree_of(path)))


def pairs() -> list[dict[str, Any]]:
    """Panels whose vendor's node and mainline's driver are both known; none where they are not here."""
    path = BOARDS / "panels.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["panels"] if path.exists() else []
    return found


def drivable() -> Iterator[tuple[str, Panel]]:
    yield from ((name, panel) for name, panel in every_panel() if not panel.obstacles)
