"""What the boards of a chip have in common: the statements that most of them make about the chip's nodes.

Each statement is kept with the share of boards that make it. Boards that share a file of their own are one family and
count once; phones and tablets count more than laptops and boards for developers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.board.board_text import BoardText, TextNode

__all__ = ["Habit", "Habits", "Member", "Votes", "learn"]

REFERENCE = re.compile(r"&([A-Za-z_]\w*)")
PMIC_REGULATORS = re.compile(r"(?:rpm-)?((?:pm|smb)\w+?)-(?:rpmh-)?regulators$")
PHONE = frozenset({"handset", "tablet", "watch", "convertible"})
OTHER_WEIGHT = 0.5
LIKED = 1000.0


REST = "\x00"
"""What others said together, where only the most common is kept."""


class Votes(dict[str, float]):
    """What was said → how much of the boards say so.

    Example:
        >>> votes = Votes()
        >>> votes["okay"] += 0.5
        >>> votes.most_common()
        [('okay', 0.5)]
    """

    def __missing__(self, key: str) -> float:
        return 0.0

    def most_common(self) -> list[tuple[str, float]]:
        """All that was said, the most common first.

        Returns:
            Pairs.
        """
        return sorted(((key, weight) for key, weight in self.items() if key != REST), key=lambda item: -item[1])


@dataclass
class Habit:
    """What boards say about one node.

    Args:
        weight: How much of the boards have the node.
        props: Property → value → how much of the boards say so.
        labels: Label → weight.
    """

    weight: float = 0.0
    props: dict[str, Votes] = field(default_factory=lambda: defaultdict(Votes))
    labels: Votes = field(default_factory=Votes)

    def value(self, name: str) -> tuple[str, float, float]:
        """The most common value of a property.

        Args:
            name: The property.

        Returns:
            ``(value, share of the boards with this node that say so, share among those that have the property)``.
        """
        found = self.props.get(name)
        if not found or not self.weight:
            return "", 0.0, 0.0
        best = found.most_common()
        if not best:
            return "", 0.0, 0.0
        value, weight = best[0]
        return value, weight / self.weight, weight / sum(found.values())


@dataclass
class Habits:
    """What the boards of a chip have in common.

    Args:
        total: The weight of all boards together.
        nodes: Key of a node → what is said about it. Keys: ``label``, ``label/child``, ``/[compatible]``.
        deleted: Label → how much of the boards take that node out.
        files: Included file of the chip → weight.
        defines: Macro of a board → value → weight.
        boards: How many boards were read.
        paths: ``{/path}`` → key, of nodes at the root.
    """

    total: float = 0.0
    nodes: dict[str, Habit] = field(default_factory=lambda: defaultdict(Habit))
    deleted: Votes = field(default_factory=Votes)
    files: Votes = field(default_factory=Votes)
    defines: dict[str, Votes] = field(default_factory=lambda: defaultdict(Votes))
    boards: int = 0
    paths: dict[str, str] = field(default_factory=dict)

    def share(self, key: str) -> float:
        """How much of the boards have a node.

        Args:
            key: Its key.

        Returns:
            0 to 1.
        """
        habit = self.nodes.get(key)
        return habit.weight / self.total if habit is not None and self.total else 0.0

    def used(self, key: str) -> float:
        """How much of the boards switch a node on.

        Args:
            key: Its key.

        Returns:
            0 to 1.
        """
        habit = self.nodes.get(key)
        if habit is None or not self.total:
            return 0.0
        return habit.props["status"]['"okay"'] / self.total if "status" in habit.props else 0.0


@dataclass(frozen=True)
class Member:
    """A board to learn from.

    Args:
        name: Its name.
        text: What it says.
        family: Boards of one family have one mark.
        liked: Whether the phone is a variant of it.
        distant: Whether it has another chip, whose file this chip's includes.
    """

    name: str
    text: BoardText
    family: str
    distant: bool = False
    liked: bool = False

    @property
    def weight(self) -> float:
        """How much it counts: a phone is the best teacher of phones."""
        chassis = self.text.root.props.get("chassis-type", "").strip('"')
        if self.liked:
            return LIKED
        return (1.0 if chassis in PHONE else OTHER_WEIGHT) * (OTHER_WEIGHT if self.distant else 1.0)


def learn(members: Iterable[Member]) -> Habits:
    """Learn from boards.

    Args:
        members: The boards.

    Returns:
        What they have in common.
    """
    families: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        families[member.family].append(member)
    found = Habits(boards=sum(map(len, families.values())))
    for family in families.values():
        weight = max(member.weight for member in family)
        found.total += weight
        for member in family:
            _learn_one(member.text, weight / len(family), found)
    return found


def _learn_one(text: BoardText, weight: float, found: Habits) -> None:
    for name in set(text.chip_files):
        found.files[name] += weight
    for name, value in text.defines.items():
        found.defines[name][value] += weight
    for label in set(text.deleted):
        found.deleted[label] += weight
    for key, node in keyed(text):
        habit = found.nodes[key]
        habit.weight += weight
        if node.top.name == "/" and node.parent is not None and node.parent.name == "/" and not key.startswith("<"):
            found.paths[f"{{/{node.name}}}"] = key
        for label in node.labels:
            habit.labels[label] += weight
        for name, value in node.props.items():
            habit.props[name][canonical(value, text)] += weight


def keyed(text: BoardText) -> Iterator[tuple[str, TextNode]]:
    """Every node of a board with its key.

    Args:
        text: The board.

    Yields:
        Keys and nodes.
    """
    for node in text.nodes:
        yield key_of(node), node


def key_of(node: TextNode) -> str:
    """The key of a node, the same for every board of the chip.

    Args:
        node: The node.

    Returns:
        ``label``, ``label/child``, ``/[compatible]/child``; of a regulator of a PMIC ``<pm8998.a:ldo28>``.
    """
    regulator = regulator_key(node)
    if regulator:
        return f"<{regulator}>"
    if node.parent is None:
        return node.name.lstrip("&")
    if node.parent.parent is None and node.parent.name == "/":
        if "regulator-fixed" in node.compatible:
            return f"<fixed:{node.props.get('regulator-name', node.name).strip(chr(34))}>"
        return f"/[{node.compatible[0]}]" if node.compatible else f"/{node.name}"
    if PMIC_REGULATORS.search(" ".join(node.compatible[:1])):
        return f"[{pmic_key(node)}]"
    return f"{key_of(node.parent)}/{node.name}"


def pmic_key(node: TextNode) -> str:
    """A node of a PMIC's regulators: ``pm8998.a``.

    Args:
        node: The node.

    Returns:
        PMIC, and the letter of its unit where it has one; empty where it is no such node.
    """
    for text in node.compatible:
        found = PMIC_REGULATORS.search(text)
        if found:
            unit = node.props.get("qcom,pmic-id", "").strip('"')
            return f"{found[1]}.{unit}" if unit else found[1]
    return ""


def regulator_key(node: TextNode) -> str:
    """The key of a regulator: ``pm8998.a:ldo28``.

    Args:
        node: The node.

    Returns:
        The key; empty where it is none of a PMIC.
    """
    pmic = pmic_key(node.parent) if node.parent is not None else ""
    return f"{pmic}:{node.name}" if pmic and not node.compatible else ""


def canonical(value: str, text: BoardText) -> str:
    """A value with the board's own labels replaced by keys, so that boards can be compared.

    Args:
        value: The value's text.
        text: The board.

    Returns:
        Text in which ``&{key}`` stands for ``&label``.
    """

    def replaced(match: re.Match[str]) -> str:
        node = text.labels.get(match[1])
        return match[0] if node is None else f"&{{{key_of(node)}}}"

    return REFERENCE.sub(replaced, text.expand(value))


def families(includes: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Which boards are one family: those that share a file of their own.

    Args:
        includes: Board → the files of boards that it includes.

    Returns:
        Board → a mark of its family.
    """
    marks = {name: name for name in includes}
    by_file: dict[str, str] = {}
    for name in sorted(includes):
        for file in includes[name]:
            if file in by_file:
                old, new = marks[name], marks[by_file[file]]
                marks = {board: new if mark == old else mark for board, mark in marks.items()}
            else:
                by_file[file] = name
    return marks
