"""Have we met? A panel held against the panels that mainline drives already."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pmport.panel.driver_sources import DriverFacts

if TYPE_CHECKING:
    from pmport.panel.packets import Packet
    from pmport.panel.panel_value import Panel

__all__ = ["Acquaintance", "MainlinePanel", "acquainted", "mainline_panels", "packet_difference", "write_index"]

MainlinePanel = DriverFacts
"""What is known of one driver of mainline."""
FILE = "mainline_panels.jsonl"
FEWEST = 3
"""So many packets at least have to be alike, before their likeness means anything."""
ALIKE = 0.9
WORD = re.compile(r"(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{5,}")
"""A controller's or a panel's part number: letters and digits."""
NO_PARTS = re.compile(r"\d+p|\d+x\d+|\d+hz|wq?xga\d?|phase\d|\d+bit|(?:dsc|panel|phy|dsi|lcd|mode|rev)\d+")


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A driver of mainline that is like a panel.

    Args:
        driver: The driver's file, without suffix.
        compatibles: The strings that it binds to.
        controller: Part numbers that both names have.
        same_timing: Whether one of its modes is the panel's.
        common: How many of its packets the panel is sent, too.
        theirs: How many packets the nearest of its lists has.
        ours: How many packets the panel's own list has.
    """

    driver: str
    compatibles: tuple[str, ...]
    controller: tuple[str, ...]
    same_timing: bool
    common: int
    theirs: int
    ours: int

    @property
    def likeness(self) -> float:
        """How alike the packets are: 1 where both lists are the same."""
        total = self.theirs + self.ours
        return 2 * self.common / total if total else 0.0

    @property
    def drives(self) -> bool:
        """Whether this is the same panel: its timing, and its packets but a few, or its timing under its part number."""
        alike = self.common >= FEWEST and (self.likeness >= ALIKE or self.theirs - self.common <= FEWEST < self.common)
        return self.same_timing and (alike or bool(self.controller))

    def __str__(self) -> str:
        parts = []
        if self.controller:
            parts.append(f"the same part {', '.join(self.controller)}")
        if self.same_timing:
            parts.append("the same timing")
        if self.common >= FEWEST:
            parts.append(f"{self.common} of its {self.theirs} packets (the panel has {self.ours})")
        verdict = "drives this panel" if self.drives else "is near"
        return f"{self.driver} {verdict}: {'; '.join(parts)}"


@cache
def mainline_panels() -> tuple[MainlinePanel, ...]:
    """The panel drivers of mainline, as of the kernel that the index was made from.

    Returns:
        The drivers; the index is read once.
    """
    text = resources.files("pmport.panel").joinpath(FILE).read_text(encoding="ascii")
    return tuple(
        DriverFacts(
            row["driver"],
            tuple(row["compatibles"]),
            tuple(tuple(mode) for mode in row["modes"]),
            tuple(tuple(bytes.fromhex(packet) for packet in packets.split()) for packets in row["lists"]),
        )
        for row in map(json.loads, text.splitlines())
    )


def write_index(drivers: Iterable[DriverFacts]) -> str:
    """The index as text.

    Args:
        drivers: What :func:`~pmport.panel.driver_sources.read_drivers` gave.

    Returns:
        One JSON object a line.
    """
    rows = [
        {
            "driver": item.name,
            "compatibles": list(item.compatibles),
            "modes": [list(mode) for mode in item.modes],
            "lists": [" ".join(packet.hex() for packet in packets) for packets in item.lists],
        }
        for item in drivers
    ]
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A driver, made ready for many comparisons."""

    driver: MainlinePanel
    words: frozenset[str]
    lists: tuple[Counter[bytes], ...]


def _prepare(drivers: Iterable[MainlinePanel]) -> tuple[_Prepared, ...]:
    return tuple(
        _Prepared(
            item,
            _words(f"{item.name} {' '.join(item.compatibles)}"),
            tuple(Counter(_bare(data) for data in packets) for packets in item.lists),
        )
        for item in drivers
    )


@cache
def _prepared_index() -> tuple[_Prepared, ...]:
    return _prepare(mainline_panels())


def acquainted(panel: Panel, drivers: Iterable[MainlinePanel] | None = None) -> tuple[Acquaintance, ...]:
    """The drivers of mainline that are like a panel.

    Args:
        panel: The panel.
        drivers: The drivers; None: those of the index.

    Returns:
        The nearest first; those that drive it come before those that are merely near.
    """
    words = _words(f"{panel.name} {panel.node.rpartition('/')[2]}")
    on = panel.sequence("on")
    packets = Counter(_bare(packet.sent) for packet in (on.packets if on else ()) if _telling(packet))
    found = [
        near
        for item in (_prepared_index() if drivers is None else _prepare(drivers))
        if (near := _compared(panel, words, packets, item)) is not None
    ]
    found.sort(
        key=lambda near: (not near.drives, -near.likeness, -len(near.controller), not near.same_timing, near.driver)
    )
    return tuple(found)


def packet_difference(panel: Panel, driver: MainlinePanel) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What a panel is sent when it is switched on, against what a driver of mainline sends.

    Args:
        panel: The panel.
        driver: One of :func:`mainline_panels`; of its lists the nearest counts.

    Returns:
        The packets that the vendor's tree alone has, and those that the driver alone has, in their order. Commands
        without parameters count as one, with or without a zero behind them.
    """
    on = panel.sequence("on")
    ours = [_bare(packet.sent) for packet in (on.packets if on else ()) if _telling(packet)]
    lists = [[_bare(data) for data in packets] for packets in driver.lists]
    theirs = max(lists, key=lambda packets: (len(packets) - len(_without(packets, ours)), -len(packets)), default=[])
    return _without(ours, theirs), _without(theirs, ours)


def _without(packets: Iterable[bytes], others: Iterable[bytes]) -> tuple[bytes, ...]:
    left = Counter(others)
    kept = []
    for data in packets:
        if left[data]:
            left[data] -= 1
        else:
            kept.append(data)
    return tuple(kept)


def _words(text: str) -> frozenset[str]:
    found = set()
    for word in WORD.findall(text.lower().replace("_", " ").replace("-", " ")):
        if not NO_PARTS.fullmatch(word):
            found.add(word)
    return frozenset(found)


def _telling(packet: Packet) -> bool:
    return packet.kind in {"dcs", "generic"} and bool(packet.sent)


def _bare(data: bytes) -> bytes:
    """Commands without parameters are written with and without a zero behind them."""
    return data[:1] if data[0] in {0x10, 0x11, 0x28, 0x29} else data


def _compared(panel: Panel, words: frozenset[str], packets: Counter[bytes], item: _Prepared) -> Acquaintance | None:
    controller = tuple(sorted(words & item.words))
    same_timing = any(
        (timing.width, timing.height, *timing.porches) == mode[:8]
        for timing in panel.timings
        for mode in item.driver.modes
    )
    best, size = 0, 0
    for theirs in item.lists:
        common = sum(min(count, packets[data]) for data, count in theirs.items() if data in packets)
        if (common, -theirs.total()) > (best, -size):
            best, size = common, theirs.total()
    ours = packets.total()
    telling = best >= FEWEST + 2 and 4 * best >= size + ours
    if not (controller or same_timing or telling):
        return None
    return Acquaintance(item.driver.name, item.driver.compatibles, controller, same_timing, best, size, ours)
