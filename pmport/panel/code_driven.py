"""Panels of which a tree tells only a part, because the rest stands in the vendor's C code: Samsung and MediaTek.

Samsung's older ``gen-panel`` nodes (Marvell, Spreadtrum) hold all; its Exynos trees hold names and timings; MediaTek's
bootloader leaves the panel's name. Each panel says where the rest is.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.panel.node_reading import NodeReading
from pmport.panel.packets import GEN_PANEL
from pmport.panel.panel_value import Mode, Panel, Timing

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree

__all__ = ["mediatek_panels", "samsung_panels"]

_GEN = "gen-panel-"
_GEN_LISTS = {"init-cmds": "init", "enable-cmds": "enable", "disable-cmds": "off"}


def samsung_panels(tree: DeviceTree) -> Iterator[Panel]:
    """Samsung's panels outside Qualcomm's trees.

    Args:
        tree: The tree, or an overlay.

    Yields:
        Panels.
    """
    for node in tree.walk():
        raw = node.raw
        if _GEN + "xres" in raw:
            yield _gen_panel(NodeReading(node))
        elif "timing,h-porch" in raw:
            yield _exynos(NodeReading(node))
        elif "panel-name" in raw and "panel-lut" in raw:
            for name in node.strings("panel-name"):
                reading = NodeReading(node)
                reading.sources["name"] = f"{node.path}/panel-name"
                _in_code(reading, f"drivers/video/fbdev/exynos/panel, under the name {name}")
                yield reading.panel(name, "samsung")


def _in_code(reading: NodeReading, place: str) -> None:
    reading.fail("in-code", f"The tree has no packets for this panel: they stand in the vendor's kernel, {place}")


def _gen_panel(reading: NodeReading) -> Panel:
    node = reading.node
    lists = {}
    for name, role in _GEN_LISTS.items():
        item = (
            reading.sequence(node, _GEN + name, GEN_PANEL, role="off" if role == "off" else "on")
            if node.raw.get(_GEN + name)
            else None
        )
        if item is not None:
            lists[role] = item
    parts = [lists.pop(role) for role in ("init", "enable") if role in lists]
    if parts:
        first = parts[0]
        lists["on"] = type(first)(
            tuple(packet for part in parts for packet in part.packets), source=", ".join(part.source for part in parts)
        )
    numbers = [
        reading.number(_GEN + name) or 0
        for name in (
            "xres", "yres", "h-front-porch", "h-sync-width", "h-back-porch", "v-front-porch", "v-sync-width", "v-back-porch", "refresh",
        )
    ]  # fmt: skip
    timing = Timing.of(numbers[:2], numbers[2:8], fps=numbers[8], sequences=MappingProxyType(lists))
    lanes = reading.number(_GEN + "lan-number", "lanes") or 0
    if not 1 <= lanes <= 4:
        reading.fail("no-lanes", f"{_GEN}lan-number is {lanes}: DSI has one to four lanes")
    return reading.panel(
        reading.text(_GEN + "name", "name") or node.name,
        "samsung",
        timings=reading.usable([(node, timing)]),
        mode=Mode.BURST if reading.number(_GEN + "work-mode", "mode") else Mode.COMMAND,
        lanes=tuple(range(lanes)) if 1 <= lanes <= 4 else (),
        colour={24: "RGB888", 18: "RGB666_PACKED", 16: "RGB565"}.get(
            reading.number(_GEN + "bus-width", "colour") or 0, ""
        ),
        size_mm=(reading.number(_GEN + "width", "size_mm") or 0, reading.number(_GEN + "height", "size_mm") or 0),
    )


def _exynos(reading: NodeReading) -> Panel:
    """Exynos DECON nodes; each porch property is back porch, front porch, pulse."""
    node = reading.node
    name = reading.text("panel_name", "name") or node.name
    size = (*reading.cells("resolution"), 0, 0)[:2]
    h_back, h_front, h_sync = (*reading.cells("timing,h-porch", "timings"), 0, 0, 0)[:3]
    v_back, v_front, v_sync = (*reading.cells("timing,v-porch"), 0, 0, 0)[:3]
    fps = reading.number("timing,refresh") or 0
    _in_code(reading, f"drivers/video/fbdev/exynos, under the name {name}")
    millimetres = (*reading.cells("size", "size_mm"), 0, 0)[:2]
    return reading.panel(
        name,
        "samsung",
        timings=reading.usable([(node, Timing.of(size, (h_front, h_sync, h_back, v_front, v_sync, v_back), fps=fps))]),
        mode=Mode.COMMAND if reading.number("mode", "mode") else Mode.SYNC_EVENT,
        size_mm=(millimetres[0], millimetres[1]),
    )


def mediatek_panels(tree: DeviceTree) -> Iterator[Panel]:
    """MediaTek's panel, as far as the bootloader's tag names it.

    Args:
        tree: The tree, or an overlay.

    Yields:
        Panels, without timing and packets: those stand in the vendor's LCM drivers.
    """
    for node in tree.walk():
        if "atag,videolfb-lcmname" not in node.raw:
            continue
        reading = NodeReading(node)
        name = reading.text("atag,videolfb-lcmname", "name")
        _in_code(reading, f"drivers/misc/mediatek/lcm/{name.removesuffix('_drv')}, and in the bootloader")
        yield reading.panel(name, "mediatek")
