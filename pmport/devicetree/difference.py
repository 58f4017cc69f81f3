"""What differs between two trees in meaning, not in spelling.

Phandle numbers, the order of nodes and properties, and how a unit address is written say nothing; neither does whether a
node is called ``serial@78b0000`` or ``uart@78b0000``. References are compared by what they lead to.

Example:
    >>> from pmport.devicetree import parse_source
    >>> one = parse_source('/ { a: clock { }; uart@0A { compatible = "x"; clocks = <&a>; }; };')
    >>> two = parse_source('/ { serial@a { compatible = "x"; clocks = <&b>; current-speed = <9600>; }; b: clock { }; };')
    >>> [str(found) for found in diff(one, two)]
    ['only in the second: /serial@a/current-speed = <0x2580>']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.reference_resolver import PATH_LISTS, references, refers
from pmport.devicetree.value_forms import shown
from pmport.errors import FormatError
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Difference", "Differences", "diff", "subsystem_of"]

SUBSYSTEMS: tuple[tuple[str, str], ...] = (
    (
        "display",
        r"panel|display|mdss|mdp|dsi|dpu|\bgpu|adreno|backlight|wled|framebuffer|hdmi|dp-controller|decon|lcd|disp",
    ),
    ("touch and keys", r"touch|\bts@|rmi4|goodix|ft5|keys|keypad|pwrkey|resin|button|vibrator|haptic"),
    ("audio", r"sound|audio|codec|\bdai|slim|\bwcd|lpass|q6|i2s|speaker|amplifier|soundwire"),
    ("camera", r"camera|camss|cci|\bcsi|isp|\bimx\d|ov\d{4}|eeprom-cam|flash-led"),
    ("storage", r"sdhci|\bmmc|ufs|emmc|nand"),
    ("usb", r"usb|dwc3|typec|phy@|qusb|otg"),
    ("network and radio", r"wifi|wlan|wcnss|bluetooth|modem|mss|ipa|remoteproc|\bnfc|gps|qrtr|smem|smp2p|rpmsg|apr"),
    (
        "power",
        r"regulator|supply|pmic|pm\d{4}|charger|battery|fuel|smb\d|bms|\bldo|rpm-requests|rpmh|opp|power-controller|psci",
    ),
    ("clocks and resets", r"clock|gcc|\bclk|reset|mmcc|dispcc|rpmcc"),
    ("pins", r"pinctrl|gpio|tlmm|pinmux"),
    ("memory", r"memory|reserved|ramoops|iommu|smmu|sram|cma"),
    ("processors", r"\bcpu|idle-state|thermal|timer|watchdog|interrupt-controller|mailbox|\bgic"),
    ("sensors", r"accel|gyro|magnet|light|proximity|sensor|compass|imu|adc|barometer"),
    ("buses", r"i2c|spi|serial|uart|dma|interconnect|noc|bus"),
)
"""Subsystem → words in a node's names and compatible strings; the first that fits counts."""
OTHER = "other"
HEX = re.compile(r"(?:0x)?0*([0-9a-f]+)")
SILENT = frozenset({"phandle", "linux,phandle"})
"""Properties that say nothing by themselves."""
UNCOMPARED = frozenset({"__symbols__", "__fixups__", "__local_fixups__"})
"""Children of the root that keep a compiler's books."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Args:
        kind: ``node added``, ``node removed``, ``added``, ``removed`` or ``changed``: from the first tree to the second.
        path: The node, as the tree that has it writes it; the first where both do.
        name: The property; "" for a whole node.
        before: Its value in the first tree, as source.
        after: Its value in the second tree, as source.
        subsystem: What it belongs to.
    """

    kind: str
    path: str
    name: str
    before: str
    after: str
    subsystem: str

    def __str__(self) -> str:
        place = f"{self.path.rstrip('/')}/{self.name}" if self.name else self.path
        if self.kind == "changed":
            return f"{place}: {self.before} became {self.after}"
        side = "only in the first" if self.kind.endswith("removed") else "only in the second"
        value = self.before or self.after
        return f"{side}: {place}" + (f" = {value}" if value else "")


class Differences(tuple[Difference, ...], Renders):
    """All differences, grouped by subsystem when they are shown.

    Args:
        differences: In the order of the trees.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return str(self.view())

    @property
    def by_subsystem(self) -> dict[str, tuple[Difference, ...]]:
        """Subsystem → its differences, in the order of :data:`SUBSYSTEMS`."""
        order = [name for name, _ in SUBSYSTEMS] + [OTHER]
        groups = {name: tuple(found for found in self if found.subsystem == name) for name in order}
        return {name: found for name, found in groups.items() if found}

    def view(self) -> View:
        """One table for each subsystem.

        Returns:
            The tables.
        """
        if not self:
            return Text("the trees mean the same")
        return Stack(
            [
                Table(
                    ("node", "property", "first", "second"),
                    [
                        (
                            found.path,
                            found.name or "(whole node)",
                            found.before or ("" if "added" in found.kind else "present"),
                            found.after or ("" if "removed" in found.kind else "present"),
                        )
                        for found in group
                    ],
                    title=f"{name}: {len(group)}",
                )
                for name, group in self.by_subsystem.items()
            ]
        )


def diff(first: DeviceTree, second: DeviceTree) -> Differences:
    """Compare two trees.

    Args:
        first: One tree.
        second: The other.

    Returns:
        The differences; a node that only one tree has is one difference, whatever is below it.
    """
    return Differences(_Comparison(first, second).run())


def subsystem_of(node: TreeNode) -> str:
    """What a node belongs to.

    Args:
        node: The node.

    Returns:
        A name of :data:`SUBSYSTEMS`, by the words of the node and, where those say nothing, of the nodes above.
    """
    for part in (node, *node.ancestors):
        words = " ".join((part.name, *part.compatible)).lower()
        for name, pattern in SUBSYSTEMS:
            if re.search(pattern, words):
                return name
    return OTHER


class _Comparison:
    """Two trees, and which node of one is which of the other."""

    def __init__(self, first: DeviceTree, second: DeviceTree) -> None:
        self.first, self.second = first, second
        self.twins: dict[TreeNode, TreeNode] = {first.root: second.root}
        self.alone: list[tuple[str, TreeNode]] = []

    def run(self) -> Iterator[Difference]:
        waiting = [(self.first.root, self.second.root)]
        while waiting:
            pairs = self._match(*waiting.pop())
            self.twins.update(pairs)
            waiting += pairs
        for ours, theirs in list(self.twins.items()):
            yield from self._properties(ours, theirs)
        for kind, node in self.alone:
            yield Difference(f"node {kind}", node.path, "", "", "", subsystem_of(node))

    def _match(self, ours: TreeNode, theirs: TreeNode) -> list[tuple[TreeNode, TreeNode]]:
        """Children that are the same: by name, then by unit address and driver, then by driver alone."""
        left = [child for child in ours.children.values() if not _uncompared(child)]
        right = [child for child in theirs.children.values() if not _uncompared(child)]
        pairs: list[tuple[TreeNode, TreeNode]] = []
        for key in (_spelling, _place, _driver):
            known: dict[object, list[TreeNode]] = {}
            for node in right:
                known.setdefault(key(node), []).append(node)
            for node in list(left):
                found = known.get(key(node), []) if key(node) is not None else []
                if len(found) == 1 and [key(other) for other in left].count(key(node)) == 1:
                    pairs.append((node, found[0]))
                    left.remove(node)
                    right.remove(found[0])
        self.alone += [("removed", node) for node in left] + [("added", node) for node in right]
        return pairs

    def _properties(self, ours: TreeNode, theirs: TreeNode) -> Iterator[Difference]:
        names = [name for name in dict.fromkeys((*ours.raw, *theirs.raw)) if name not in SILENT]
        for name in names:
            before, after = ours.raw.get(name), theirs.raw.get(name)
            if before == after and (before is None or not refers(ours, name)):
                continue
            if before is None:
                yield self._difference("added", theirs, name, b"", after or b"")
            elif after is None:
                yield self._difference("removed", ours, name, before, b"")
            elif not self._same(ours, theirs, name):
                yield self._difference("changed", ours, name, before, after)

    @staticmethod
    def _difference(kind: str, node: TreeNode, name: str, before: bytes, after: bytes) -> Difference:
        old, new = (shown(name, value) if value else "" for value in (before, after))
        return Difference(kind, node.path, name, old, new, subsystem_of(node))

    def _same(self, ours: TreeNode, theirs: TreeNode, name: str) -> bool:
        before, after = ours.raw[name], theirs.raw[name]
        if refers(ours, name):
            try:
                return self._same_references(ours, theirs, name)
            except FormatError:
                pass
        if before == after:
            return True
        if ours.name in PATH_LISTS or (before[:1] == b"/" == after[:1]):
            return self._same_path(before, after)
        return self._same_cells(before, after)

    def _same_references(self, ours: TreeNode, theirs: TreeNode, name: str) -> bool:
        left, right = references(ours, name), references(theirs, name)
        return len(left) == len(right) and all(
            (a.args, a.before) == (b.args, b.before)
            and (a.node is None) == (b.node is None)
            and self._twin(a.node) is b.node
            for a, b in zip(left, right, strict=True)
        )

    def _twin(self, node: TreeNode | None) -> TreeNode | None:
        return None if node is None else self.twins.get(node)

    def _same_path(self, before: bytes, after: bytes) -> bool:
        left, right = (value.rstrip(b"\0").decode("utf-8", "replace") for value in (before, after))
        ours, _, one = left.partition(":")
        theirs, _, other = right.partition(":")
        node = self.first.root.find(ours)
        return one == other and node is not None and self._twin(node) is self.second.root.find(theirs)

    def _same_cells(self, before: bytes, after: bytes) -> bool:
        """A property of an unknown name: cells that differ must be phandles of the same node in both trees."""
        if len(before) != len(after) or len(before) & 3:
            return False
        for at in range(0, len(before), 4):
            one, other = (int.from_bytes(value[at : at + 4], "big") for value in (before, after))
            if one != other:
                left, right = self.first.by_phandle(one), self.second.by_phandle(other)
                if left is None or right is None or self._twin(left) is not right:
                    return False
        return True


def _uncompared(node: TreeNode) -> bool:
    return node.name in UNCOMPARED and node.parent is not None and node.parent.parent is None


def _address(node: TreeNode) -> str:
    """The unit address without case, ``0x`` and leading zeros."""
    parts = node.unit_address.lower().split(",")
    return ",".join(match[1] if (match := HEX.fullmatch(part)) else part for part in parts)


def _spelling(node: TreeNode) -> object:
    return node.unit_name.lower(), _address(node)


def _place(node: TreeNode) -> object:
    return (_address(node), node.compatible[:1]) if _address(node) else None


def _driver(node: TreeNode) -> object:
    return (node.unit_name, node.compatible) if node.compatible else None
