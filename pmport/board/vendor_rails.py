"""The outputs of Qualcomm's PMICs in a vendor's tree: one node each there, one node for each PMIC in mainline."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.board.places import bus_of, one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Rail", "pmic_names", "rails_of"]

RESOURCE_NAME = "qcom,resource-name"
SINGLE = frozenset({"bob", "boost"})
RESOURCE = re.compile(r"^(ldo|smp|smps|vs|lvs|bob|bst|boost|ncp|nldo|clk)([a-z])?(\d*)$")
KINDS = {
    "ldo": "ldo",
    "smp": "smps",
    "smps": "smps",
    "vs": "lvs",
    "lvs": "lvs",
    "bob": "bob",
    "bst": "boost",
    "boost": "boost",
}
SHORT = {"ldo": "l", "smps": "s", "lvs": "lvs", "bob": "bob", "boost": "boost"}
RAIL_NAME = re.compile(
    r"^(?:regulator[-_])?(pm\w*?|smb\w*?|\d{4})[-_]?([slb]|lvs|bob|ldo|smps)[-_]?(\d*)", re.IGNORECASE
)
UNPLAIN = re.compile(r"[-_](?:ao|so|corner|floor|level|ao_level|sw|dig|stub)(?:[-_]|$)|corner|level|floor")
LEAST = 100_000
"""µV. A vendor's regulator with less is counted in corners or levels, not in volts."""
PMIC_ALIASES = {
    "pm6150a": "pm6150l",
    "pm8150a": "pm8150l",
    "pm8350a": "pm8350",
    "pm2falcon": "pm660",
    "pmfalcon": "pm660",
}
"""Names that vendors use for a PMIC that mainline calls otherwise."""
PMIC = re.compile(r"\b((?:pm|pmi|pmk|pmr|smb)[a-z]?\d{3,4}[a-z]{0,2})\b")


@dataclass(frozen=True)
class Rail:
    """An output of a PMIC.

    Args:
        node: The vendor's node.
        pmic: The PMIC, as mainline names it.
        unit: The letter by which RPMh knows it; empty with older chips.
        kind: ``ldo``, ``smps``, ``lvs``, ``bob``, ``boost``.
        number: Its number; empty where there is only one.
        low: Its least voltage; µV.
        high: Its greatest.
    """

    node: TreeNode
    pmic: str
    unit: str
    kind: str
    number: str
    low: int
    high: int

    def key(self, *, rpmh: bool) -> str:
        """What the board file's parts refer to it by.

        Args:
            rpmh: Whether the chip has RPMh.

        Returns:
            ``<pm8998.a:ldo28>`` or ``<pm8994:l28>``.
        """
        if rpmh:
            return f"<{self.pmic}.{self.unit}:{self.kind}{self.number}>"
        return f"<{self.pmic}:{SHORT[self.kind]}{self.number}>"


def pmic_names(tree: DeviceTree) -> tuple[str, ...]:
    """The PMICs of a vendor's tree, as mainline names them.

    Args:
        tree: The tree.

    Returns:
        Names, in the order of their units.
    """
    found: dict[str, None] = {}
    for node in tree.walk():
        if node.parent is not None and bus_of(node.parent) == "spmi":
            match = PMIC.search(f"{node.unit_name} {' '.join(node.compatible)}")
            if match:
                found[PMIC_ALIASES.get(match[1], match[1])] = None
    return tuple(found)


def rails_of(tree: DeviceTree, active: Iterable[TreeNode], *, rpmh: bool) -> dict[TreeNode, Rail]:
    """The outputs of the PMICs.

    Args:
        tree: The vendor's tree.
        active: Its nodes in use.
        rpmh: Whether the chip speaks to its PMICs by RPMh.

    Returns:
        The vendor's node → the output that it stands for.
    """
    pmics = pmic_names(tree)
    letters = _letters(tree, pmics)
    found: dict[TreeNode, Rail] = {}
    for node in active:
        if RESOURCE_NAME in node.raw:
            for child in node.children.values():
                rail = _rail(node, child, letters, pmics, rpmh=rpmh)
                if rail is not None:
                    found[child] = rail
    return found


def _letters(tree: DeviceTree, pmics: tuple[str, ...]) -> dict[str, str]:
    """Letter of a unit → PMIC, as most regulators' names say."""
    votes: dict[str, Counter[str]] = {}
    for node in tree.walk():
        match = RESOURCE.match(next(iter(node.strings(RESOURCE_NAME)), "")) if RESOURCE_NAME in node.raw else None
        if match is None or not match[2]:
            continue
        for child in node.children.values():
            pmic = _pmic_by_name(child, pmics)
            if pmic:
                votes.setdefault(match[2], Counter())[pmic] += 1
    return {letter: count.most_common(1)[0][0] for letter, count in votes.items()}


def _pmic_by_name(node: TreeNode, pmics: tuple[str, ...]) -> str:
    for text in (*node.strings("regulator-name"), *node.labels):
        whole = [name for name in pmics if text.lower().startswith(f"{name}_")]
        if whole:
            return whole[0]
        match = RAIL_NAME.match(text)
        if match:
            name = match[1].lower()
            name = f"pm{name}" if name.isdigit() else name.rstrip("_")
            return PMIC_ALIASES.get(name, name)
    return ""


def _rail(
    resource: TreeNode, node: TreeNode, letters: dict[str, str], pmics: tuple[str, ...], *, rpmh: bool
) -> Rail | None:
    match = RESOURCE.match(next(iter(resource.strings(RESOURCE_NAME)), ""))
    if match is None or match[1] not in KINDS or not node.enabled:
        return None
    if UNPLAIN.search(next(iter(node.strings("regulator-name")), "")) or UNPLAIN.search(node.name):
        return None
    kind, letter = KINDS[match[1]], match[2] or ""
    number = match[3] or ("" if rpmh else str(one(resource, "qcom,resource-id", 0)))
    pmic = letters.get(letter, "") or _pmic_by_name(node, pmics)
    low, high = one(node, "regulator-min-microvolt", 0), one(node, "regulator-max-microvolt", 0)
    if not pmic or 0 < high < LEAST:
        return None
    return Rail(node, pmic, letter, kind, "" if kind in SINGLE else number, low, high)
