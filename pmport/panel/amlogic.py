"""Amlogic's panels: ``basic_setting``, ``lcd_timing``, and init tables of cells, in the panel or in ``lcd_extern``.

Layout: the vendor kernel's ``Documentation/devicetree/bindings/…/lcd.txt`` and ``lcd_extern.txt``.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.panel.node_reading import NodeReading
from pmport.panel.packets import Packet
from pmport.panel.panel_value import Mode, Panel, Sequence, Timing

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["amlogic_panels"]

DELAY, END = 0xFD, 0xFF
GPIO, CHECK = 0xF0, 0xFC
NONE = 0xFF
MODES = (Mode.SYNC_PULSE, Mode.SYNC_EVENT, Mode.BURST)


def amlogic_panels(tree: DeviceTree) -> Iterator[Panel]:
    """The panels of a tree that hang on DSI; of others a finding says what they are.

    Args:
        tree: The tree.

    Yields:
        Panels.
    """
    tables = {index[0]: node for node in tree.walk() if "extern_name" in node.raw and (index := node.cells("index"))}
    for node in tree.walk():
        if "basic_setting" in node.raw and "lcd_timing" in node.raw:
            extern = tables.get(next(iter(node.cells("extern_init")), NONE))
            yield _panel(NodeReading(node, (extern,) if extern is not None else ()))


def _panel(reading: NodeReading) -> Panel:
    node = reading.node
    name = reading.text("model_name", "name") or node.name
    interface = reading.text("interface")
    sequences = {
        role: item
        for role in ("on", "off")
        for item in [_table(reading, node, f"dsi_init_{role}")]
        + [_table(reading, extern, f"init_{role}") for extern in reading.others if interface == "mipi"]
        if item is not None
    }
    attributes = reading.cells("mipi_attr", "mode")
    if interface != "mipi":
        reading.fail("no-dsi", f"The panel hangs on {interface or 'nothing known'}, not on DSI")
    elif len(attributes) < 6:
        reading.fail("no-mode", f"mipi_attr has {len(attributes)} cells, and 6 say lanes and mode")
    attributes = (*attributes, *[0] * 8)[:8]
    size = reading.cells("basic_setting", "size_mm")
    flags = {"MIPI_DSI_MODE_LPM"} if sequences else set()
    if interface == "mipi" and not attributes[6]:
        flags.add("MIPI_DSI_CLOCK_NON_CONTINUOUS")
    return reading.panel(
        name,
        "amlogic",
        timings=_timing(reading, MappingProxyType(sequences)),
        mode=Mode.COMMAND if attributes[4] else MODES[min(attributes[5], 2)],
        lanes=tuple(range(min(attributes[0], 4))),
        colour={8: "RGB888", 6: "RGB666_PACKED"}.get(size[4] if len(size) > 4 else 0, ""),
        size_mm=(size[5], size[6]) if len(size) > 6 else (0, 0),
        flags=frozenset(flags),
    )


def _timing(reading: NodeReading, sequences: MappingProxyType[str, Sequence]) -> tuple[Timing, ...]:
    size, porches = reading.cells("basic_setting", "timings"), reading.cells("lcd_timing")
    if len(size) < 4 or len(porches) < 5:
        reading.fail("no-timing", f"basic_setting has {len(size)} cells, lcd_timing {len(porches)}")
        return ()
    width, height, h_total, v_total = size[:4]
    h_sync, h_back, _, v_sync, v_back = porches[:5]
    clock = next(iter(reading.cells("clk_attr")[3:4]), 0)
    total = h_total * v_total
    # below 200 the last cell of clk_attr is the rate itself
    fps = clock if 0 < clock < 200 else round(clock / total) if total else 0
    timing = Timing(
        width,
        height,
        max(h_total - width - h_sync - h_back, 0),
        h_sync,
        h_back,
        max(v_total - height - v_sync - v_back, 0),
        v_sync,
        v_back,
        fps=fps,
        clock_khz=clock // 1000 if clock >= 200 else 0,
        sequences=sequences,
    )
    return reading.usable([(reading.node, timing)])


def _table(reading: NodeReading, node: TreeNode, name: str) -> Sequence | None:
    """A table of cells: type, count, that many values; 0xfd waits, 0xff ends."""
    cells = node.cells(name)
    packets: list[Packet] = []
    at = 0
    while at + 1 < len(cells) and cells[at] != END:
        kind, count = cells[at], cells[at + 1]
        values = cells[at + 2 : at + 2 + count]
        if count != len(values) or any(value > 0xFF for value in (kind, *values)):
            reading.fail("broken-packets", f"{name}: the entry at cell {at} is not whole", node, name)
            break
        at += 2 + count
        if kind == DELAY:
            if packets:
                last = packets.pop()
                packets.append(Packet(last.data_type, last.payload, last.wait_ms + sum(values)))
        elif kind in {GPIO, CHECK}:
            reading.note(
                "table-entry", f"{name} drives a pin or asks the panel something, which packets cannot", node, name
            )
        else:
            packets.append(Packet(kind, bytes(values)))
    return Sequence(tuple(packets), low_power=True, source=f"{node.path}/{name}") if packets else None
