"""A panel as the plain values that JSON is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.panel.panel_value import Dsc, Panel, Sequence, Timing

__all__ = ["as_json"]


def as_json(panel: Panel) -> dict[str, object]:
    """All that a panel says.

    Args:
        panel: The panel.

    Returns:
        Dicts, lists, numbers and strings; bytes as hexadecimal text. Sequences that belong to a mode stand with it.
    """
    light = panel.backlight
    return {
        "name": panel.name,
        "node": panel.node,
        "reader": panel.reader,
        "mode": panel.mode.value if panel.mode else None,
        "lanes": list(panel.lanes),
        "lane_order": list(panel.lane_order),
        "colour": panel.colour,
        "size_mm": list(panel.size_mm),
        "flags": sorted(panel.flags),
        "dual": panel.dual,
        "simulated": panel.simulated,
        "reset": [list(step) for step in panel.reset],
        "backlight": None
        if light is None
        else {"kind": light.kind, "minimum": light.minimum, "maximum": light.maximum, "big_endian": light.big_endian},
        "supplies": [
            {"name": item.name, "minimum_uv": item.minimum_uv, "maximum_uv": item.maximum_uv, "load_ua": item.load_ua}
            for item in panel.supplies
        ],
        "pins": [
            {
                "use": item.use,
                "controller": item.controller,
                "number": item.number,
                "flags": item.flags,
                "source": item.source,
            }
            for item in panel.pins
        ],
        "timings": [_timing(timing) for timing in panel.timings],
        "sequences": {name: _sequence(item) for name, item in panel.sequences.items()},
        "sources": dict(panel.sources),
        "findings": [
            {"severity": item.severity.value, "code": item.code, "message": item.message, "where": item.where}
            for item in panel.findings
        ],
    }


def _timing(timing: Timing) -> dict[str, object]:
    return {
        "name": timing.name,
        "width": timing.width,
        "height": timing.height,
        "h_front": timing.h_front,
        "h_sync": timing.h_sync,
        "h_back": timing.h_back,
        "v_front": timing.v_front,
        "v_sync": timing.v_sync,
        "v_back": timing.v_back,
        "fps": timing.fps,
        "clock_khz": timing.pixel_clock_khz,
        "dsc": _dsc(timing.dsc) if timing.dsc else None,
        "sequences": {name: _sequence(item) for name, item in timing.sequences.items()},
    }


def _dsc(dsc: Dsc) -> dict[str, object]:
    return {
        "version": list(dsc.version),
        "slice_width": dsc.slice_width,
        "slice_height": dsc.slice_height,
        "bits_per_component": dsc.bits_per_component,
        "bits_per_pixel": dsc.bits_per_pixel,
        "block_prediction": dsc.block_prediction,
        "slices_per_packet": dsc.slices_per_packet,
        "pps": dsc.pps.hex(),
    }


def _sequence(item: Sequence) -> dict[str, object]:
    return {
        "low_power": item.low_power,
        "source": item.source,
        "packets": [
            {
                "data_type": packet.data_type,
                "kind": packet.kind,
                "bytes": packet.sent.hex(),
                "wait_ms": packet.wait_ms,
                "last": packet.last,
            }
            for packet in item.packets
        ],
    }
