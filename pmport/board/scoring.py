"""How near a draft comes to a board file that people wrote: what both say, node by node, found by address.

Names, labels, order and phandles do not count. What the chip's files say already counts for nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.board.places import Places
from pmport.devicetree import references
from pmport.devicetree.reference_resolver import refers
from pmport.devicetree.value_forms import shown
from pmport.errors import FormatError
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Score", "score"]

IGNORED = re.compile(r"^(?:phandle|linux,phandle|label|.*-names|#.*|regulator-name|interrupt-parent)$")
REGULATORS = re.compile(r"regulators$")
PLACES = re.compile(r"^/(?:__|aliases|cpus)")


@dataclass(frozen=True)
class Score(Renders):
    """The comparison of a draft with a reference.

    Args:
        same: Facts that both state alike.
        differing: ``(fact, the draft's value, the reference's)``.
        missing: Facts that only the reference states.
        extra: Facts that only the draft states.
    """

    same: tuple[tuple[str, str], ...]
    differing: tuple[tuple[tuple[str, str], str, str], ...]
    missing: tuple[tuple[str, str], ...]
    extra: tuple[tuple[str, str], ...]

    @property
    def recall(self) -> float:
        """Share of the reference's facts that the draft states alike; 0 to 1."""
        return len(self.same) / ((len(self.same) + len(self.differing) + len(self.missing)) or 1)

    @property
    def precision(self) -> float:
        """Share of the draft's facts that the reference states alike; people leave true parts out. 0 to 1."""
        return len(self.same) / ((len(self.same) + len(self.differing) + len(self.extra)) or 1)

    @property
    def agreement(self) -> float:
        """Of what both state, the share with the same value; 0 to 1."""
        return len(self.same) / ((len(self.same) + len(self.differing)) or 1)

    def view(self) -> Table:
        """The figures, and what differs.

        Returns:
            A table.
        """
        rows = [(node, name, ours, theirs) for (node, name), ours, theirs in self.differing]
        title = f"recall {self.recall:.2f}, precision {self.precision:.2f}, agreement {self.agreement:.2f}"
        return Table(("node", "property", "draft", "reference"), rows, title=title, empty="no value differs")


def score(draft: DeviceTree, reference: DeviceTree, chip: DeviceTree) -> Score:
    """Compare two compiled boards.

    Args:
        draft: The draft.
        reference: The board file that people wrote.
        chip: The chip's files alone.

    Returns:
        What both say, and what only one does.
    """
    told = dict(_facts(chip))
    ours, theirs = (
        {key: value for key, value in _facts(tree) if told.get(key) != value} for tree in (draft, reference)
    )
    both = ours.keys() & theirs.keys()
    return Score(
        tuple(sorted(key for key in both if ours[key] == theirs[key])),
        tuple(sorted((key, ours[key], theirs[key]) for key in both if ours[key] != theirs[key])),
        tuple(sorted(theirs.keys() - ours.keys())),
        tuple(sorted(ours.keys() - theirs.keys())),
    )


def _facts(tree: DeviceTree) -> Iterator[tuple[tuple[str, str], str]]:
    places = Places(tree)
    for node in tree.walk():
        if PLACES.match(node.path) or not node.enabled:
            continue
        key = _name(places, node)
        for name, value in node.raw.items():
            if not IGNORED.match(name):
                yield (key, "interrupts" if name == "interrupts-extended" else name), _value(places, node, name, value)


def _name(places: Places, node: TreeNode) -> str:
    """What a node is called in both trees: its place, or what it is."""
    parent = node.parent
    if parent is not None and REGULATORS.search(" ".join(parent.compatible)):
        return f"{parent.compatible[0]}{' '.join(parent.strings('qcom,pmic-id'))}:{node.name}"
    if REGULATORS.search(" ".join(node.compatible)):
        return f"{node.compatible[0]}{' '.join(node.strings('qcom,pmic-id'))}"
    key = places.key(node)
    if key:
        return key
    compatible = next(iter(node.compatible), "")
    if node.parent is not None and node.parent.compatible and "linux,code" in node.raw:
        return f"{node.parent.compatible[0]} {int.from_bytes(node.raw['linux,code'], 'big')}"
    return compatible or re.sub(r"[-_].*", "", node.unit_name)


def _value(places: Places, node: TreeNode, name: str, value: bytes) -> str:
    if refers(node, name):
        try:
            found = references(node, name)
        except FormatError:
            found = ()
        if found:
            return " ".join(f"{_name(places, item.node) if item.node else ''} {item.args}" for item in found)
    return shown(name, value)
