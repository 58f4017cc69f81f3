"""How mainline's boards write a part: interrupt trigger, polarity, supplies, and what else its driver wants.

A vendor's flags are no help here: the trigger that a vendor writes is the one that people wrote for mainline in one case
of four. So every board of the kernel that has the same part is asked.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport.board.board_text import BoardText, TextNode, read_text

if TYPE_CHECKING:
    from pmport.board.kernel_boards import BoardFolder, KernelBoards

__all__ = ["PartHabit", "PartHabits", "trigger_of"]

TRIGGER = re.compile(r"\b(IRQ_TYPE_\w+)")
NUMBERS = {
    "1": "IRQ_TYPE_EDGE_RISING",
    "2": "IRQ_TYPE_EDGE_FALLING",
    "3": "IRQ_TYPE_EDGE_BOTH",
    "4": "IRQ_TYPE_LEVEL_HIGH",
    "8": "IRQ_TYPE_LEVEL_LOW",
}
GPIO = re.compile(r"-?gpios?$")
OUTPUTS = frozenset({"regulators", "voltage-regulators"})
ENOUGH = 3
"""Nodes. With as many, other makers' boards are not asked."""
PHONES = frozenset(
    {"qcom", "exynos", "samsung", "rockchip", "mediatek", "allwinner", "nvidia", "amlogic", "sprd", "st", "dts"}
)
"""Folders with phones and tablets in them."""


def trigger_of(value: str) -> str:
    """The trigger in an interrupt's text.

    Args:
        value: ``<125 IRQ_TYPE_EDGE_FALLING>``.

    Returns:
        The macro; empty where it is none.

    Example:
        >>> trigger_of("<&tlmm 125 IRQ_TYPE_LEVEL_LOW>"), trigger_of("<13 2>")
        ('IRQ_TYPE_LEVEL_LOW', 'IRQ_TYPE_EDGE_FALLING')
    """
    found = TRIGGER.search(value)
    if found:
        return found[1]
    words = value.strip("<>").split()
    return NUMBERS.get(words[-1], "") if words else ""


@dataclass
class PartHabit:
    """How boards write a part.

    Args:
        weight: How many nodes were seen.
        strings: The whole ``compatible`` → how many.
        names: Node name without address → how many.
        triggers: Trigger of the interrupt → how many.
        low: GPIO property → how many are active low.
        props: Property → value → how many, of values without references.
        supplies: Supply → how many.
        outputs: Names of its regulators.
        children: Children that it has in most boards, as ``name`` → ``(node, how many)``.
    """

    weight: int = 0
    strings: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    triggers: Counter[str] = field(default_factory=Counter)
    low: dict[str, Counter[bool]] = field(default_factory=lambda: defaultdict(Counter))
    props: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    supplies: Counter[str] = field(default_factory=Counter)
    children: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    outputs: set[str] = field(default_factory=set)

    def add(self, node: TextNode, text: BoardText, weight: int = 1) -> None:
        """Learn from one node.

        Args:
            node: The node.
            text: Its board.
            weight: How much it counts.
        """
        self.weight += weight
        self.strings[node.props.get("compatible", "")] += weight
        self.names[node.name.partition("@")[0]] += weight
        for name, raw in node.props.items():
            self._property(name, text.expand(raw), weight)
        for inner in node.walk():
            if inner.name in OUTPUTS:
                self.outputs |= {name.partition("@")[0] for name in inner.children}
        for child in node.children.values():
            if child.name not in OUTPUTS:
                self._child(child, weight)

    def _property(self, name: str, value: str, weight: int) -> None:
        if name in {"interrupts", "interrupts-extended"}:
            trigger = trigger_of(
                value.split(",", maxsplit=1)[0] if name == "interrupts" else value.split(">", maxsplit=1)[0]
            )
            if trigger:
                self.triggers[trigger] += weight
        elif GPIO.search(name):
            self.low[name]["GPIO_ACTIVE_LOW" in value or value.rstrip("> ").endswith(" 1")] += weight
        elif name.endswith("-supply"):
            self.supplies[name] += weight
        elif "&" not in value:
            self.props[name][value] += weight

    def _child(self, child: TextNode, weight: int) -> None:
        for name, value in (*child.props.items(), ("", "")):
            if "&" not in value:
                self.children[child.name][f"{name}={value}" if name else ""] += weight

    def usual(self, name: str, share: float = 0.6) -> str | None:
        """The value of a property that most boards write.

        Args:
            name: The property.
            share: How many at least.

        Returns:
            The value; None where there is none.
        """
        found = self.props.get(name)
        if not found:
            return None
        value, weight = found.most_common(1)[0]
        return value if weight >= self.weight * share else None


class PartHabits:
    """The habits of all parts, found when they are asked for.

    Args:
        source: The kernel's boards.
        near: The folder of the chip, whose boards count first.
        enough: Nodes. With as many, other makers' boards are not asked.
    """

    def __init__(self, source: KernelBoards | None, near: BoardFolder | None, *, enough: int = ENOUGH) -> None:
        self.source: KernelBoards | None
        self.near: BoardFolder | None
        self.enough: int
        self.source, self.near, self.enough = source, near, enough
        self._found: dict[str, PartHabit] = {}
        self._texts: dict[tuple[str, str], BoardText] = {}

    def __call__(self, compatible: str) -> PartHabit:
        """How boards write a part.

        Args:
            compatible: Mainline's string.

        Returns:
            The habit; of weight 0 where no board has it.
        """
        if compatible not in self._found:
            self._found[compatible] = self._learn(compatible)
        return self._found[compatible]

    def _learn(self, compatible: str) -> PartHabit:
        habit = PartHabit()
        for folder in self._folders():
            for name in folder.files:
                if f'"{compatible}"' in (folder.text(name) or ""):
                    text = self._text(folder, name)
                    for node in text.nodes:
                        if compatible in node.compatible:
                            habit.add(node, text, 1)
            if habit.weight >= self.enough:
                break
        return habit

    def _folders(self) -> Iterator[BoardFolder]:
        if self.near is not None:
            yield self.near
        for path in self.source.folders if self.source is not None else ():
            if (self.near is None or path != self.near.path) and path.name in PHONES and self.source is not None:
                yield self.source.folder(path)

    def _text(self, folder: BoardFolder, name: str) -> BoardText:
        key = (str(folder.path), name)
        if key not in self._texts:
            self._texts[key] = read_text(folder.text(name) or "")
        return self._texts[key]


Asked = Callable[[str], PartHabit]
