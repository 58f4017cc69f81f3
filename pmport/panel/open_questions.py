"""What a vendor's tree does not tell of a panel, and a person has to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.findings import Severity
from pmport.panel.acquaintance import acquainted

if TYPE_CHECKING:
    from pmport.panel.naming import Names
    from pmport.panel.panel_value import Panel

__all__ = ["questions"]


def questions(panel: Panel, names: Names) -> tuple[str, ...]:
    """The questions that a driver or a node leaves open.

    Args:
        panel: The panel.
        names: Its names.

    Returns:
        Sentences; whether mainline drives the panel already is the first of them.
    """
    met = acquainted(panel)
    found = [f"Is this needed? Mainline's {met[0]}."] if met and met[0].drives else []
    if not names.certain:
        found.append(f"Who makes the panel? The prefix {names.vendor} is that of the tree's vendor.")
    found += _missing(panel)
    found += _light(panel)
    found += _link(panel)
    found += [f"{finding.message}." for finding in panel.findings if finding.severity is Severity.WARNING][:8]
    return tuple(found)


def _missing(panel: Panel) -> Iterator[str]:
    if not panel.supplies:
        yield "Which supplies does the panel have? Its node names none."
    if not panel.reset:
        yield "How is the panel reset? Its node has no reset sequence."
    for role in ("on", "off"):
        if panel.sequence(role) is None:
            yield f"What switches the panel {role}? Its node has no packets for that."
    if not all(panel.size_mm):
        yield "How large is the panel? Its node has no width and height in millimetres."
    if not panel.colour:
        yield "How many bits has a pixel? Its node does not say; RGB888 is assumed."


def _light(panel: Panel) -> Iterator[str]:
    light = panel.backlight
    if light is None:
        yield "What makes the light? Its node does not say; a backlight property is expected."
    elif light.kind == "dcs" and not light.maximum:
        yield "What is the highest brightness? The vendor's node does not say it."
    elif light.kind == "dcs" and light.maximum > 0xFF and not light.big_endian:
        yield "Is the high byte of the brightness sent first? The vendor's node does not say so."


def _link(panel: Panel) -> Iterator[str]:
    if panel.dual:
        yield "The panel hangs on two DSI links; this drives one, with the timing of the vendor's node."
    if panel.lane_order:
        yield f"The lanes are in the order {panel.lane_order}; the host's data-lanes has to say so."
    if len(panel.timings) > 1:
        others = dict.fromkeys(f"{other.width}x{other.height} at {other.fps} Hz" for other in panel.timings[1:])
        yield f"The vendor has further modes: {', '.join(others)}. Only the first is here."
    packets = [packet for role in ("on", "off") if (item := panel.sequence(role)) for packet in item.packets]
    if panel.dsc is not None and not any(packet.kind == "pps" for packet in packets):
        yield "When is the picture parameter set sent? The tree does not say; here it follows the other packets."
    if any(packet.channel for packet in packets):
        yield "The vendor sends some packets on a virtual channel other than 0; here all go to one."
