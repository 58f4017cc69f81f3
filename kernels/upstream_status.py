"""How much of a vendor's device tree has a driver in mainline Linux.

A direct comparison finds next to nothing, because vendors invent their own compatible strings. So each part is looked up
by its string, then by a table of known pairs, then by the chip's name alone; and each answer says how it was found.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pmport.devicetree.difference import subsystem_of
from pmport.kernels.driver_needs import enabled, of_the_core, special
from pmport.kernels.mainline_index import MainlineIndex, load_index
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Found", "KnownPair", "Part", "VendorStatus", "chip_in", "chip_strings", "downstream_map", "mainline_status"]

NOISE = re.compile(r"[-_]?(i2c|spi|ts|dev|device|touch|sensor|driver|mfd|regulator)$")
CHIP = re.compile(r"^[a-z]{2,6}\d{2,6}[a-z0-9]*$")
"""A word that can be a chip's name: letters, then digits."""


class Found(StrEnum):
    """How a part was found in mainline; the most certain first."""

    SAME = "same string"
    """A mainline driver matches the very string."""
    MAPPED = "known pair"
    """The table of pairs names the mainline string for the same chip family."""
    CHIP = "chip's name"
    """A mainline driver matches a string or an id with this chip's name: look whether it is the same chip."""
    CORE = "handled"
    """The kernel's core or a bus takes care of it."""
    NONE = "nothing"
    """No mainline driver is known."""


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A row of the table of pairs.

    Args:
        downstream: The vendor's string.
        mainline: Mainline's.
        part: What kind of part it is: ``touch``, ``sensor`` …
        confidence: ``same``, ``mapped`` or ``family``.
        note: What to mind.
    """

    downstream: str
    mainline: str
    part: str
    confidence: str
    note: str = ""


@lru_cache(maxsize=1)
def downstream_map() -> Mapping[str, tuple[KnownPair, ...]]:
    """The table of pairs that pmport ships.

    Returns:
        The vendor's string → candidates.

    Example:
        >>> downstream_map()["synaptics,rmi4"][0].mainline
        'syna,rmi4-i2c'
    """
    table = tomllib.loads((files("pmport.kernels") / "downstream_map.toml").read_text(encoding="utf-8"))
    found: dict[str, tuple[KnownPair, ...]] = {}
    for row in table["map"]:
        pair = KnownPair(row["downstream"], row["mainline"], row["class"], row["confidence"], row.get("note", ""))
        found[pair.downstream] = (*found.get(pair.downstream, ()), pair)
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the vendor's tree.

    Args:
        path: The node.
        compatible: The vendor's string.
        subsystem: What it belongs to.
        found: How it was found.
        candidates: Mainline's strings that may serve it.
        driver: The driver of the first candidate.
        note: What to mind.
    """

    path: str
    compatible: str
    subsystem: str
    found: Found
    candidates: tuple[str, ...] = ()
    driver: str = ""
    note: str = ""


@dataclass(frozen=True)
class VendorStatus(Renders):
    """What of a vendor's tree has a mainline driver.

    Args:
        parts: Every enabled node with a compatible string.
        index: The index that was used.
    """

    parts: tuple[Part, ...]
    index: MainlineIndex

    @property
    def score(self) -> dict[Found, float]:
        """Share of the parts that need a driver, by how they were found; 0 to 1. Never quote it without its parts."""
        counted = Counter(part.found for part in self.parts if part.found is not Found.CORE)
        total = sum(counted.values()) or 1
        return {how: counted[how] / total for how in Found if how is not Found.CORE}

    @property
    def by_subsystem(self) -> dict[str, dict[Found, int]]:
        """Subsystem → how many parts were found in which way."""
        table: dict[str, dict[Found, int]] = {}
        for part in self.parts:
            row = table.setdefault(part.subsystem, dict.fromkeys(Found, 0))
            row[part.found] += 1
        return dict(sorted(table.items()))

    @property
    def missing(self) -> tuple[Part, ...]:
        """Parts that no mainline driver is known for."""
        return tuple(part for part in self.parts if part.found is Found.NONE)

    def view(self) -> View:
        """The score with its parts, by subsystem, and what was found how.

        Returns:
            Tables.
        """
        shares = ", ".join(f"{how} {share:.0%}" for how, share in self.score.items())
        needing = sum(part.found is not Found.CORE for part in self.parts)
        rows = [(name, *(count[how] or "" for how in Found)) for name, count in self.by_subsystem.items()]
        hints = [
            (part.compatible, part.found, ", ".join(part.candidates[:3]), part.driver, part.note)
            for part in _once(self.parts)
            if part.found in {Found.MAPPED, Found.CHIP}
        ]
        missing = Counter(part.compatible for part in self.missing)
        return Stack(
            [
                Text(f"{needing} parts need a driver; Linux {self.index.kernel} ({self.index.origin}) has: {shares}"),
                Table(("subsystem", *Found), rows),
                Table(
                    ("vendor's", "by", "mainline's", "driver", "mind"), hints, title="candidates", empty="no candidates"
                ),
                Table(
                    ("vendor's", "nodes"), missing.most_common(), title="no driver known", empty="nothing is missing"
                ),
            ]
        )


def _once(parts: Iterable[Part]) -> Iterable[Part]:
    return {part.compatible: part for part in parts}.values()


def mainline_status(
    tree: DeviceTree, index: MainlineIndex | None = None, pairs: Mapping[str, tuple[KnownPair, ...]] | None = None
) -> VendorStatus:
    """Find out how much of a vendor's tree mainline has drivers for.

    Args:
        tree: The vendor's tree, with its overlay applied where it has one.
        index: The index of a kernel; None: the newest that is shipped.
        pairs: Known pairs; None: those that are shipped.

    Returns:
        One row for each enabled node with a compatible string.
    """
    used, known = index or load_index(), downstream_map() if pairs is None else pairs
    chips = chip_strings(used)
    return VendorStatus(tuple(_part(node, used, known, chips) for node in enabled(tree)), used)


def _part(
    node: TreeNode, index: MainlineIndex, known: Mapping[str, tuple[KnownPair, ...]], chips: Mapping[str, str]
) -> Part:
    strings = node.compatible
    first, subsystem = strings[0] if strings else "", subsystem_of(node)
    if of_the_core(strings):
        return Part(node.path, first, subsystem, Found.CORE)
    for text in strings:
        drivers = index.drivers(text)
        if drivers:
            return Part(node.path, text, subsystem, Found.SAME, (text,), drivers[0].path)
    for text in strings:
        if text in known:
            rows = known[text]
            drivers = index.drivers(rows[0].mainline)
            note = "; ".join(row.note or row.confidence for row in rows if row.note or row.confidence == "family")
            names = tuple(row.mainline for row in rows)
            return Part(node.path, text, subsystem, Found.MAPPED, names, drivers[0].path if drivers else "", note)
    if any(special(text) for text in strings):
        return Part(node.path, first, subsystem, Found.CORE)
    for text in strings:
        name = chip_in(text)
        if name and name in chips:
            drivers = index.drivers(chips[name])
            return Part(
                node.path, text, subsystem, Found.CHIP, (chips[name],), drivers[0].path if drivers else "", "same chip?"
            )
    return Part(node.path, first, subsystem, Found.NONE)


def chip_in(compatible: str) -> str:
    """The chip's name in a string.

    Args:
        compatible: The string.

    Returns:
        ``tfa9890`` of ``nxp,tfa9890_i2c``; empty where there is none.

    Example:
        >>> chip_in("nxp,tfa9890_i2c")
        'tfa9890'
    """
    word = compatible.rpartition(",")[2].lower()
    while (shorter := NOISE.sub("", word)) != word:
        word = shorter
    return word if CHIP.match(word) else ""


@lru_cache(maxsize=4)
def chip_strings(index: MainlineIndex) -> Mapping[str, str]:
    """Which chips' names are in mainline's strings.

    Args:
        index: The index of a kernel.

    Returns:
        Chip's name → a string with it. Names of whole systems on chip are no parts, and are left out.
    """
    found: dict[str, str] = {}
    for text in index.compatibles:
        name = chip_in(text)
        if name and "," in text:
            found.setdefault(name, text)
    return found
