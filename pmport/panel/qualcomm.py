"""Qualcomm's panel nodes: ``qcom,mdss-dsi-…``, of Linux 3.4 to the newest vendor kernels.

Properties: the vendor kernels' bindings ``mdss-dsi-panel.txt`` and ``mdss-dsi.txt``; the oldest trees spell some as
``qcom,mdss-pan-…``. Sony's and LG's own command properties are read like the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.panel.node_reading import NodeReading, simulated
from pmport.panel.packets import QUALCOMM, QUALCOMM_OLD
from pmport.panel.panel_value import Backlight, Dsc, Mode, Panel, Sequence, Supply, Timing

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["qualcomm_panels"]

Q = "qcom,mdss-dsi-"
NAME = Q + "panel-name"
WIDTH = Q + "panel-width"
OLD_SIZE = "qcom,mdss-pan-res"
COMMANDS = re.compile(r"(?<!te-dcs)(?:-(?:command|commands)(?:-\d+|-on|-off)?|(?<!read)-cmds|_tx_cmds_rev[A-Z])$")
"""Properties that hold packets. Samsung's ``…-read-cmds`` have bytes between the packets that say what to read."""
ON = (Q + "on-command", "qcom,panel-on-cmds")
OFF = (Q + "off-command", "qcom,panel-off-cmds")
BEFORE_ON = re.compile(r"early-init-command$|pre-on-command$|^(?:somc|lge|qcom),.*(?<!early-)init-command$")
AFTER_ON = re.compile(r"post-panel-on-command$|^qcom,panel-display-on-cmds$")
TRAFFIC = {
    "non_burst_sync_pulse": Mode.SYNC_PULSE,
    "non_burst_sync_event": Mode.SYNC_EVENT,
    "burst_mode": Mode.BURST,
    0: Mode.SYNC_PULSE,
    1: Mode.SYNC_EVENT,
    2: Mode.BURST,
}
COLOURS = {24: "RGB888", 18: "RGB666", 16: "RGB565", 30: "RGB101010"}
PINS = (
    ("reset", "qcom,platform-reset-gpio"),
    ("reset", "qcom,rst-gpio"),
    ("te", "qcom,platform-te-gpio"),
    ("te", "qcom,te-gpio"),
    ("enable", "qcom,platform-enable-gpio"),
    ("enable", "qcom,enable-gpio"),
    ("backlight-enable", "qcom,platform-bklight-en-gpio"),
    ("mode", "qcom,panel-mode-gpio"),
)
POWER = (("hfp", "NO_HFP"), ("hbp", "NO_HBP"), ("hsa", "NO_HSA"))


def qualcomm_panels(tree: DeviceTree) -> Iterator[Panel]:
    """The panels of a tree, or of an overlay that is not applied.

    Args:
        tree: The tree.

    Yields:
        Panels, in the tree's order.
    """
    nodes = [node for node in tree.walk() if _is_panel(node)]
    if not nodes:
        return
    more = _more(tree)
    for node in nodes:
        yield _panel(NodeReading(node, tuple(more.get(node.phandle or -1, ()))))


def _is_panel(node: TreeNode) -> bool:
    raw = node.raw
    if NAME in raw or OLD_SIZE in raw:
        return True
    if WIDTH not in raw and ON[0] not in raw:
        return False
    return not any(NAME in up.raw or OLD_SIZE in up.raw or WIDTH in up.raw for up in node.ancestors) and (
        Q + "panel-type" in raw or Q + "bpp" in raw
    )


def _more(tree: DeviceTree) -> dict[int, list[TreeNode]]:
    """Phandle of a panel → what says more of it: fragments that lie over it, displays and controllers that name it."""
    found: dict[int, list[TreeNode]] = {}
    for node in tree.walk():
        raw = node.raw
        over = node.children.get("__overlay__")
        if over is not None and "target" in raw:
            found.setdefault(int.from_bytes(raw["target"][:4], "big"), []).insert(0, over)
        for name in ("qcom,dsi-panel", "qcom,dsi-pref-prim-pan"):
            if name in raw:
                found.setdefault(int.from_bytes(raw[name][:4], "big"), []).append(node)
    return found


def _panel(reading: NodeReading) -> Panel:
    node = reading.node
    name = reading.text(NAME, "name") or reading.text("label", "name") or node.name
    common = _sequences(reading, node)
    mode = _mode(reading)
    timings = _timings(reading, common)
    if not any("on" in timing.sequences for timing in timings) and "on" not in common:
        reading.note("no-on-command", "The node has no packets that switch the panel on")
    lanes = tuple(
        lane
        for lane in range(4)
        if reading.has(f"{Q}lane-{lane}-state") and reading.number(f"{Q}lane-{lane}-state") != 0
    ) or tuple(lane for lane, used in enumerate(reading.cells("qcom,mdss-pan-dsi-data-lanes")[:4]) if used)
    if not lanes:
        reading.fail("no-lanes", "The node does not say which data lanes are used")
    else:
        reading.sources["lanes"] = f"{node.path}/{Q}lane-0-state"
    if reading.text("qcom,compression-mode") == "vdc" or any(t.name and _vdc(reading, t.name) for t in timings[:1]):
        reading.fail("vdc", "The stream is compressed by VDC-M, which mainline does not do")
    return reading.panel(
        name,
        "qualcomm",
        timings=timings,
        mode=mode,
        lanes=lanes,
        lane_order=_lane_order(reading),
        colour=_colour(reading),
        size_mm=(
            reading.number("qcom,mdss-pan-physical-width-dimension", "size_mm") or 0,
            reading.number("qcom,mdss-pan-physical-height-dimension", "size_mm") or 0,
        ),
        flags=_flags(reading, mode, timings[0].sequences.get("on") if timings else common.get("on")),
        sequences=MappingProxyType(common),
        reset=_reset(reading),
        backlight=_backlight(reading),
        supplies=_supplies(reading),
        pins=reading.pins(PINS),
        dual=_dual(reading),
        simulated=simulated(name, node.name),
    )


def _vdc(reading: NodeReading, name: str) -> bool:
    return any(
        item.name == name and next(iter(item.strings("qcom,compression-mode")), "") == "vdc"
        for item in reading.node.walk()
    )


def _mode(reading: NodeReading) -> Mode | None:
    kind = reading.text(Q + "panel-type", "mode") or reading.text("qcom,mdss-dsi-panel-mode")
    old = reading.number("qcom,mdss-pan-dsi-mode", "mode")
    if reading.has(Q + "video-mode") and not kind:
        kind = "dsi_video_mode"
    if not kind and old is not None:
        kind = "dsi_cmd_mode" if old else "dsi_video_mode"
    if "cmd" in kind:
        return Mode.COMMAND
    if "video" in kind:
        name = Q + "traffic-mode" if reading.has(Q + "traffic-mode") else "qcom,mdss-pan-dsi-traffic-mode"
        traffic = reading.text(name) or reading.number(name)
        if isinstance(traffic, str) and traffic not in TRAFFIC:
            reading.note("traffic-mode", f"{traffic!r} is no traffic mode; the vendor's kernel takes sync pulses then")
        return TRAFFIC.get(traffic, Mode.SYNC_PULSE) if traffic is not None else Mode.SYNC_PULSE
    reading.fail("no-mode", f"The node does not say whether it is a video or a command panel: {kind or 'nothing'}")
    return None


def _colour(reading: NodeReading) -> str:
    bits = reading.number(Q + "bpp", "colour")
    if bits is None:
        bits = reading.number("qcom,mdss-pan-bpp", "colour")
    if bits is None:
        reading.note("no-colour", "The node does not say how many bits a pixel has; the vendor's kernel takes 24")
        return "RGB888"
    if bits == 18:
        return "RGB666" if reading.text(Q + "pixel-packing") == "loose" else "RGB666_PACKED"
    if bits not in COLOURS:
        reading.fail("colour", f"No DSI format has {bits} bits for a pixel")
    return COLOURS.get(bits, "")


def _lane_order(reading: NodeReading) -> tuple[int, ...]:
    match = re.fullmatch(r"lane_map_([0-3]{4})", reading.text(Q + "lane-map"))
    order = tuple(int(digit) for digit in match[1]) if match else ()
    if order in {(), (0, 1, 2, 3)}:
        return ()
    reading.sources["lane_order"] = f"{reading.node.path}/{Q}lane-map"
    return order


def _flags(reading: NodeReading, mode: Mode | None, on: Sequence | None) -> frozenset[str]:
    flags = set()
    if on is not None and on.low_power:
        flags.add("MIPI_DSI_MODE_LPM")
    if not reading.has(Q + "tx-eot-append"):
        flags.add("MIPI_DSI_MODE_NO_EOT_PACKET")
    if not any(reading.has(name) for name in (Q + "force-clock-lane-hs", "qcom,mdss-force-clk-lane-hs")):
        flags.add("MIPI_DSI_CLOCK_NON_CONTINUOUS")
    if mode is not None and mode.video:
        flags |= {f"MIPI_DSI_MODE_VIDEO_{flag}" for part, flag in POWER if reading.has(f"{Q}{part}-power-mode")}
        if any(
            reading.number(Q + "h-sync-pulse", within=node)
            for node in reading.node.walk()
            if Q + "h-sync-pulse" in node.raw
        ):
            flags.add("MIPI_DSI_MODE_VIDEO_HSE")
    return frozenset(flags)


def _reset(reading: NodeReading) -> tuple[tuple[int, int], ...]:
    cells = reading.cells(Q + "reset-sequence", "reset")
    if len(cells) % 2:
        reading.note("reset", f"{Q}reset-sequence has {len(cells)} cells, no pairs", name=Q + "reset-sequence")
    steps = tuple(zip(cells[::2], cells[1::2], strict=False))
    if any(level > 1 or wait > 10_000 for level, wait in steps):
        reading.note("reset", f"No reset line is driven by {steps}", name=Q + "reset-sequence")
        return ()
    return steps


def _backlight(reading: NodeReading) -> Backlight | None:
    kind = reading.text(Q + "bl-pmic-control-type", "backlight") or reading.text("qcom,mdss-pan-bl-ctrl", "backlight")
    if not kind:
        return None
    highest = reading.number(Q + "bl-max-level")
    if highest is None:
        highest = next(iter(reading.cells("qcom,mdss-pan-bl-levels")[1:2]), None)
    return Backlight(
        kind.lower().removeprefix("bl_ctrl_").removesuffix("_cmds"),
        highest or 0,
        reading.number(Q + "bl-min-level") or 0,
        reading.has(Q + "bl-inverted-dbv") or any("big-endian-type" in name for name in reading.node.raw),
    )


def _supplies(reading: NodeReading) -> tuple[Supply, ...]:
    number = reading.number("qcom,panel-supply-entries", "supplies")
    holder = reading.node.phandles.get(number) if number else None
    if holder is None:
        holder = next((node for node in reading.node.children.values() if "supply-entries" in node.name), None)
    found = []
    for entry in holder.children.values() if holder is not None else ():
        name = next(iter(entry.strings("qcom,supply-name")), "")
        if name:
            cells = [
                next(iter(entry.cells(f"qcom,supply-{part}")), 0)
                for part in ("min-voltage", "max-voltage", "enable-load")
            ]
            found.append(Supply(name, *cells))
    return tuple(found)


def _dual(reading: NodeReading) -> bool:
    splits = {text for node in reading.node.walk() for text in node.strings("qcom,split-mode")}
    controllers = len(reading.cells("qcom,dsi-ctrl-num"))
    return "dualctl-split" in splits or reading.has("qcom,dual-dsi") or controllers > 1


def _timings(reading: NodeReading, common: dict[str, Sequence]) -> tuple[Timing, ...]:
    node = reading.node
    places = [part for part in node.walk() if WIDTH in part.raw or Q + "h-front-porch" in part.raw]
    if not places and OLD_SIZE in node.raw:
        return _old_timing(reading)
    for over in reading.others:
        places += [part for part in over.walk() if WIDTH in part.raw and part not in places]
    if len(places) > 1 and places[0] is node and all(WIDTH in part.raw for part in places[1:]):
        places = places[1:]
    return reading.usable((part, _timing(reading, part, common)) for part in places)


_PORCHES = ("h-front-porch", "h-pulse-width", "h-back-porch", "v-front-porch", "v-pulse-width", "v-back-porch")


def _timing(reading: NodeReading, node: TreeNode, common: dict[str, Sequence]) -> Timing:
    def number(name: str) -> int:
        value = reading.number(Q + name, within=node)
        if value is None:
            missing.append(name)
        return value or 0

    missing: list[str] = []
    numbers = [number(name) for name in ("panel-width", "panel-height", *_PORCHES)]
    fps = number("panel-framerate")
    if missing:
        reading.note("timing-incomplete", f"The timing does not say {', '.join(missing)}", node)
    sequences = common if node is reading.node else _sequences(reading, node)
    dsc = _dsc(reading, node, sequences)
    return Timing.of(numbers[:2], numbers[2:], fps=fps, name=node.name, dsc=dsc, sequences=MappingProxyType(sequences))


def _old_timing(reading: NodeReading) -> tuple[Timing, ...]:
    size, porches = reading.cells(OLD_SIZE, "timings"), reading.cells("qcom,mdss-pan-porch-values")
    if len(size) < 2 or len(porches) < 6:
        reading.fail("no-timing", f"{OLD_SIZE} has {len(size)} cells, qcom,mdss-pan-porch-values {len(porches)}")
        return ()
    h_back, h_sync, h_front, v_back, v_sync, v_front = porches[:6]
    fps = reading.number("qcom,mdss-pan-dsi-frame-rate") or 0
    timing = Timing.of(size, (h_front, h_sync, h_back, v_front, v_sync, v_back), fps=fps, name=reading.node.name)
    return reading.usable([(reading.node, timing)])


def _dsc(reading: NodeReading, node: TreeNode, sequences: dict[str, Sequence]) -> Dsc | None:
    def number(name: str, default: int) -> int:
        value = reading.number(f"qcom,mdss-dsc-{name}", within=node)
        return default if value is None else value

    on = sequences.get("on")
    pps = next((packet.payload for packet in on.packets if packet.kind == "pps"), b"") if on else b""
    compressed = next(iter(node.strings("qcom,compression-mode")), "") or reading.text("qcom,compression-mode")
    if compressed != "dsc" and not number("slice-width", 0):
        return dsc_of_pps(pps) if pps else None
    version = number("version", 0x11)
    return Dsc(
        (version >> 4 & 0xF, version & 0xF),
        number("slice-width", 0),
        number("slice-height", 0),
        number("bit-per-component", 8),
        number("bit-per-pixel", 8),
        reading.holder("qcom,mdss-dsc-block-prediction-enable", node) is not None,
        number("slice-per-pkt", 1),
        pps,
    )


def dsc_of_pps(pps: bytes) -> Dsc | None:
    """What a picture parameter set says (VESA DSC 1.1, section 4.1).

    Args:
        pps: Its bytes.

    Returns:
        The parameters; None where it is too short to say them.
    """
    if len(pps) < 16:
        return None
    return Dsc(
        (pps[0] >> 4, pps[0] & 0xF),
        int.from_bytes(pps[12:14], "big"),
        int.from_bytes(pps[10:12], "big"),
        pps[3] >> 4,
        (int.from_bytes(pps[4:6], "big") & 0x3FF) >> 4,
        bool(pps[4] & 0x20),
        1,
        pps,
    )


def _sequences(reading: NodeReading, node: TreeNode) -> dict[str, Sequence]:
    """All lists of packets of a node; those that switch the panel on and off under these words."""
    found: dict[str, Sequence] = {}
    for name, value in node.raw.items():
        if not value or not COMMANDS.search(name):
            continue
        role = "on" if name in ON or BEFORE_ON.search(name) or AFTER_ON.search(name) else "off" if name in OFF else ""
        layouts = (QUALCOMM, QUALCOMM_OLD) if name.endswith("-cmds") else (QUALCOMM,)
        item = reading.sequence(node, name, *layouts, low_power=_low_power(node, name), role=role)
        if item is not None:
            found["off" if role == "off" else name] = item
    parts = [
        item
        for wanted in (BEFORE_ON, re.compile("|".join(ON)), AFTER_ON)
        for name, item in found.items()
        if name != "off" and wanted.search(name)
    ]
    main = next((item for item in parts if item.source.endswith(ON)), parts[0] if parts else None)
    if main is not None:
        found["on"] = Sequence(
            tuple(packet for part in parts for packet in part.packets),
            main.low_power,
            ", ".join(part.source for part in parts),
        )
    return found


def _low_power(node: TreeNode, name: str) -> bool | None:
    state = next(iter(node.strings(f"{name}-state")), "") or next(iter(node.strings(f"{name}-dsi-state")), "")
    if not state and name in {"qcom,panel-on-cmds", "qcom,panel-off-cmds"}:
        state = next(iter(node.strings(f"qcom,{'on' if 'on' in name.split('-') else 'off'}-cmds-dsi-state")), "")
    return None if not state else "lp" in state
