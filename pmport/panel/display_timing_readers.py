"""Panels whose modes stand in ``display-timings``: Unisoc's ``lcds`` and Rockchip's ``simple-panel-dsi``.

Properties: the vendor kernels' bindings ``display/sprd/panel.txt`` and ``simple-panel-dsi``, and their parsers.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.panel.node_reading import NodeReading, display_timing, simulated
from pmport.panel.packets import ROCKCHIP, UNISOC, Layout
from pmport.panel.panel_value import Backlight, Mode, Panel, Sequence

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["rockchip_panels", "unisoc_panels"]

_SPRD_MODES = (Mode.COMMAND, Mode.BURST, Mode.SYNC_PULSE, Mode.SYNC_EVENT)
_SPRD_LISTS = {
    "init-data": "on",
    "sprd,initial-command": "on",
    "sleep-in": "off",
    "sprd,sleep-in-command": "off",
    "sleep-out": "sleep-out",
    "sprd,sleep-out-command": "sleep-out",
}
_COLOURS = {
    "rgb888": "RGB888",
    "rgb666": "RGB666",
    "rgb666_packed": "RGB666_PACKED",
    "rgb565": "RGB565",
    "dsc": "RGB888",
}
_BITS = {24: "RGB888", 18: "RGB666_PACKED", 16: "RGB565"}


def unisoc_panels(tree: DeviceTree) -> Iterator[Panel]:
    """Unisoc's (Spreadtrum's) panels, in the old spelling (``init-data``) and the new (``sprd,initial-command``).

    Args:
        tree: The tree, or an overlay.

    Yields:
        Panels.
    """
    for node in tree.walk():
        raw = node.raw
        if "init-data" in raw and "lane-number" in raw:
            yield _unisoc(NodeReading(node), "", hertz=1000)
        elif "sprd,initial-command" in raw or "sprd,dsi-work-mode" in raw:
            yield _unisoc(NodeReading(node), "sprd,", hertz=1)


def _unisoc(reading: NodeReading, prefix: str, *, hertz: int) -> Panel:
    node = reading.node
    name = reading.text("panel-name", "name") or node.unit_name
    sequences = _lists(reading, _SPRD_LISTS, UNISOC)
    kind = reading.number("sprd,dsi-work-mode" if prefix else "work-mode", "mode")
    fps = reading.number(f"{prefix}fps") or 0
    steps = _steps(reading, prefix)
    flags = {"MIPI_DSI_CLOCK_NON_CONTINUOUS"} if reading.has("sprd,dsi-non-continuous-clock") else set()
    return reading.panel(
        name,
        "unisoc",
        timings=display_timing(reading, fps=fps, hertz=hertz, sequences=sequences),
        mode=_sprd_mode(reading, kind, old=not prefix),
        lanes=_lanes(reading, "sprd,dsi-lane-number" if prefix else "lane-number", 4),
        colour=_sprd_colour(reading),
        size_mm=(
            reading.number(f"{prefix}width-mm", "size_mm") or 0,
            reading.number(f"{prefix}height-mm", "size_mm") or 0,
        ),
        flags=frozenset(flags | {"MIPI_DSI_MODE_LPM"}),
        reset=steps,
        simulated=simulated(name, node.name),
    )


def _sprd_mode(reading: NodeReading, kind: int | None, *, old: bool) -> Mode:
    if kind is None or kind >= len(_SPRD_MODES):
        reading.note("no-mode", "The node does not say its mode; the vendor's kernel takes video, burst")
        return Mode.BURST
    if old:  # 0: command, 1: video; the old binding knows no more
        return Mode.BURST if kind else Mode.COMMAND
    return _SPRD_MODES[kind]


def _sprd_colour(reading: NodeReading) -> str:
    text = reading.text("sprd,dsi-color-format", "colour")
    bits = reading.number("bpp", "colour")
    if text == "dsc":
        reading.fail("dsc", "The stream is compressed, and its parameters stand in the vendor's driver")
    return _COLOURS.get(text, "") or _BITS.get(bits or 24, "")


def _steps(reading: NodeReading, prefix: str) -> tuple[tuple[int, int], ...]:
    """Level and wait of the reset line: pairs, or triples of pin, level and wait."""
    if prefix:
        cells = reading.cells("sprd,reset-on-sequence", "reset")
        return tuple(zip(cells[::2], cells[1::2], strict=False))
    cells = reading.cells("power-on-sequence", "reset")
    pins = set(cells[::3])
    if len(pins) > 1:
        reading.note("reset", f"power-on-sequence drives the pins {sorted(pins)}; which of them is the reset line?")
        return ()
    return tuple(zip(cells[1::3], cells[2::3], strict=False))


def rockchip_panels(tree: DeviceTree) -> Iterator[Panel]:
    """Rockchip's panels: ``panel-init-sequence``.

    Args:
        tree: The tree, or an overlay.

    Yields:
        Panels.
    """
    for node in tree.walk():
        if "panel-init-sequence" in node.raw:
            yield _rockchip(NodeReading(node))


_FORMATS = ("RGB888", "RGB666", "RGB666_PACKED", "RGB565")
_ROCKCHIP_LISTS = {"panel-init-sequence": "on", "panel-exit-sequence": "off"}
_FLAGS = {
    4: "MIPI_DSI_MODE_VIDEO_HSE",
    5: "MIPI_DSI_MODE_VIDEO_NO_HFP",
    6: "MIPI_DSI_MODE_VIDEO_NO_HBP",
    7: "MIPI_DSI_MODE_VIDEO_NO_HSA",
    9: "MIPI_DSI_MODE_NO_EOT_PACKET",
    10: "MIPI_DSI_CLOCK_NON_CONTINUOUS",
    11: "MIPI_DSI_MODE_LPM",
}
"""Bits of ``dsi,flags``: those of ``include/drm/drm_mipi_dsi.h`` in Linux 4.4 and later."""


def _rockchip(reading: NodeReading) -> Panel:
    node = reading.node
    flags = reading.number("dsi,flags", "flags")
    if flags is None:
        reading.fail("no-mode", "The node has no dsi,flags, which say whether it is a video or a command panel")
    bits = flags or 0
    colour = reading.number("dsi,format", "colour") or 0
    name = next((text for text in node.compatible if not text.startswith("simple-panel")), node.name)
    sequences = _lists(reading, _ROCKCHIP_LISTS, ROCKCHIP, low_power=bool(bits & 1 << 11))
    return reading.panel(
        name,
        "rockchip",
        timings=display_timing(reading, fps=0, hertz=1, sequences=sequences),
        mode=Mode.COMMAND
        if not bits & 1
        else Mode.BURST
        if bits & 2
        else Mode.SYNC_PULSE
        if bits & 4
        else Mode.SYNC_EVENT,
        lanes=_lanes(reading, "dsi,lanes", 0),
        colour=_FORMATS[colour] if colour < len(_FORMATS) else "",
        size_mm=(reading.number("width-mm", "size_mm") or 0, reading.number("height-mm", "size_mm") or 0),
        flags=frozenset(name for bit, name in _FLAGS.items() if bits >> bit & 1),
        reset=_rockchip_reset(reading),
        backlight=Backlight("external") if node.raw.get("backlight") else None,
        pins=reading.pins((("reset", "reset-gpios"), ("enable", "enable-gpios"))),
    )


def _rockchip_reset(reading: NodeReading) -> tuple[tuple[int, int], ...]:
    """Active for ``reset-delay-ms``, then ``init-delay-ms`` at rest; levels of the line."""
    hold, settle = reading.number("reset-delay-ms", "reset"), reading.number("init-delay-ms", "reset")
    if hold is None and settle is None:
        return ()
    return ((0, hold or 0), (1, settle or 0))


def _lanes(reading: NodeReading, name: str, usual: int) -> tuple[int, ...]:
    count = reading.number(name, "lanes")
    if count is None:
        count = usual
    if not 1 <= count <= 4:
        reading.fail("no-lanes", f"{name} is {count}: DSI has one to four lanes")
        return ()
    return tuple(range(count))


def _lists(
    reading: NodeReading, names: dict[str, str], layout: Layout, *, low_power: bool | None = True
) -> MappingProxyType[str, Sequence]:
    found = {}
    node: TreeNode = reading.node
    for name, role in names.items():
        if node.raw.get(name):
            item = reading.sequence(node, name, layout, low_power=low_power, role=role)
            if item is not None:
                found[role] = item
    return MappingProxyType(found)
