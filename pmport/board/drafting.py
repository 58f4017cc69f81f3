"""What all subjects of a draft share: the two trees, the board file, and how to speak of pins and supplies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.board.board_file import BoardFile, Certainty, Part
from pmport.board.habits import PMIC_REGULATORS

if TYPE_CHECKING:
    from pmport.board.chip_map import ChipMap
    from pmport.board.part_habits import PartHabits
    from pmport.board.vendor_view import Pin, VendorView
    from pmport.devicetree import TreeNode

__all__ = ["Drafting"]


@dataclass
class Drafting:
    """A draft in the making.

    Args:
        vendor: The vendor's tree.
        chip: What mainline knows of the chip.
        board: The board file.
        compatible: The board's string, such as ``vendor,codename``; empty where it is not known.
        model: The market name.
    """

    vendor: VendorView
    chip: ChipMap
    board: BoardFile
    compatible: str = ""
    model: str = ""

    @cached_property
    def chip_rails(self) -> dict[str, str]:
        """Key of a regulator that the chip's files have already → its label."""
        found = {}
        for node in self.chip.tree.walk():
            for text in node.compatible[:1]:
                match = PMIC_REGULATORS.search(text)
                if match:
                    unit = next(iter(node.strings("qcom,pmic-id")), "")
                    for name, child in node.children.items():
                        label = self.chip.label_of.get(child, "")
                        if label:
                            found[f"<{match[1]}{'.' + unit if unit else ''}:{name}>"] = label
        return found

    def evidence(self, node: TreeNode, name: str = "") -> str:
        """Where something stands in the vendor's tree.

        Args:
            node: The node.
            name: The property.

        Returns:
            Its path.
        """
        return f"{node.path}{':' if name else ''}{name}"

    def supply(self, part: Part, name: str, node: TreeNode, source: str, *, subject: str) -> bool:
        """State a supply, if the vendor's regulator is one that mainline has.

        Args:
            part: Who is supplied.
            name: The property, as mainline has it.
            node: The vendor's node.
            source: The vendor's property.
            subject: What it is about.

        Returns:
            Whether it was stated.
        """
        key = self.known(self.vendor.supply(node, source))
        if not key:
            return False
        part.say(name, f"<&{{{key}}}>", self.evidence(node, source), subject=subject)
        return True

    def known(self, key: str) -> str:
        """The key under which a board file has a regulator.

        Args:
            key: The vendor's.

        Returns:
            Itself, or that of a fixed regulator, where the chip's boards write one for an output that only the
            bootloader's firmware may touch: ``vreg_s4a_1p8``.
        """
        found = RPMH_OUTPUT.fullmatch(key)
        if found is None or key in self.chip.habits.nodes:
            return key
        short = f"{found[2][0]}{found[3]}{found[1]}"
        names = [other for other in self.chip.habits.nodes if other.startswith(f"<fixed:vreg_{short}_")]
        return max(names, key=lambda name: self.chip.habits.nodes[name].weight, default=key)

    def vendor_uses(self, node: TreeNode) -> bool | None:
        """Whether the vendor's tree uses what stands at the place of one of the chip's nodes.

        Args:
            node: The chip's node.

        Returns:
            None where the vendor's tree has nothing there.
        """
        key = self.chip.places.key(node)
        theirs = self.vendor.places.nodes.get(key) if key else None
        return None if theirs is None else theirs in self.vendor.in_use

    @cached_property
    def referenced(self) -> frozenset[str]:
        """Labels of reserved memory that the chip's own nodes in use refer to."""
        found = set()
        for node in self.chip.tree.walk():
            for number in node.cells("memory-region"):
                target = self.chip.tree.by_phandle(number)
                if target is not None:
                    found.add(self.chip.label_of.get(target, ""))
        return frozenset(found)

    @cached_property
    def card_voltage(self) -> dict[str, int]:
        """Key of a rail that feeds a card or an eMMC → the most that the vendor gives it; µV."""
        found: dict[str, int] = {}
        for node in self.vendor.active:
            for supply in ("vdd", "vdd-io"):
                cells = node.cells(f"qcom,{supply}-voltage-level")
                key = self.vendor.supply(node, f"{supply}-supply") if len(cells) == 2 and "sdhc" in node.name else ""
                if key:
                    found[key] = max(found.get(key, 0), cells[1])
        return found

    def said_by_boards(self, label: str) -> frozenset[str]:
        """The properties that some board of the chip states for a node.

        Args:
            label: The node's label.

        Returns:
            Names.
        """
        habit = self.chip.habits.nodes.get(label)
        return frozenset(habit.props) if habit is not None else frozenset()

    def boards_say(self, label: str, name: str, share: float = 0.3) -> bool:
        """Whether enough boards state a property, whatever its value.

        Args:
            label: The node's label.
            name: The property.
            share: How many of those that speak of the node.

        Returns:
            True where they do, or no board speaks of the node.
        """
        habit = self.chip.habits.nodes.get(label)
        return habit is None or not habit.weight or sum(habit.props.get(name, {}).values()) >= habit.weight * share

    def has_states(self, label: str) -> bool:
        """Whether a GPIO controller is a pin controller too.

        Args:
            label: Its label.

        Returns:
            True where board files put pin states into it.
        """
        node = self.chip.labels.get(label)
        return node is not None and re.search(r"pinctrl|tlmm|-gpio\b", " ".join(node.compatible)) is not None

    def chip_pinctrl(self, label: str) -> str:
        """The pin states that the chip's files give to a node already.

        Args:
            label: The node's label.

        Returns:
            References; empty where there are none.
        """
        states = [self.chip.tree.by_phandle(number) for number in self.chip.labels[label].cells("pinctrl-0")]
        names = [self.chip.label_of.get(state, "") for state in states if state is not None]
        return ", ".join(f"<&{name}>" for name in names) if names and all(names) else ""

    @cached_property
    def paths(self) -> dict[str, str]:
        """Key of a habit at the root → the chip's node that it speaks of, as ``{/path}``."""
        return {key: path for path, key in self.chip.habits.paths.items() if path in self.chip.labels}

    @property
    def has_board(self) -> bool:
        """Whether anything was drafted that only a phone has: a key, or a part on a bus."""
        return any(
            part.key.startswith("client:") or part.name.startswith(("key-", "event-")) for part in self.board.parts
        )

    @property
    def parts(self) -> PartHabits:
        """How the kernel's boards write a part."""
        return self.chip.parts

    @cached_property
    def _bus_pins(self) -> dict[frozenset[str], str]:
        """Pins → label of the i2c controller that the chip's files put there."""
        found = {}
        for label, node in self.chip.labels.items():
            if node.unit_name == "i2c":
                pins: list[str] = []
                for number in node.cells("pinctrl-0"):
                    state = self.chip.tree.by_phandle(number)
                    for leaf in state.walk() if state is not None else ():
                        pins += leaf.strings("pins")
                if pins:
                    found[frozenset(pins)] = label
        return found

    def bus_at_pins(self, sda: Pin, scl: Pin) -> str:
        """The i2c controller of the chip that can drive two pins, where a vendor drives them by hand.

        Args:
            sda: Data.
            scl: Clock.

        Returns:
            Its label; empty where there is none.
        """
        if self.chip.main_pins != sda.controller:
            return ""
        return self._bus_pins.get(frozenset({f"gpio{sda.number}", f"gpio{scl.number}"}), "")

    @cached_property
    def buses_have_frequency(self) -> bool:
        """Whether the chip's boards state the frequency of their i2c buses."""
        total = said = 0.0
        for label, habit in self.chip.habits.nodes.items():
            node = self.chip.labels.get(label)
            if node is not None and node.unit_name == "i2c":
                total += habit.weight
                said += sum(habit.props.get("clock-frequency", {}).values())
        return total > 0 and said > total / 2

    def gpio(self, pin: Pin, *, low: bool) -> str:
        """A GPIO as a board file writes it.

        Args:
            pin: The pin.
            low: Whether it is active at the low level.

        Returns:
            Text with angle brackets.
        """
        return f"<{pin.text(low=low)}>"

    def learn_value(self, key: str, name: str) -> tuple[str, float]:
        """What most boards of the chip say.

        Args:
            key: The node's key.
            name: The property.

        Returns:
            The value, and the share among the boards that have the node.
        """
        habit = self.chip.habits.nodes.get(key)
        if habit is None:
            return "", 0.0
        value, share, _ = habit.value(name)
        return value, share

    @property
    def teachers(self) -> str:
        """How many boards were asked, in words."""
        return f"the kernel's {self.chip.habits.boards} other boards with this chip"


RPMH_OUTPUT = re.compile(r"<\w+\.(\w):(ldo|smps)(\d+)>")
LIKELY = Certainty.LIKELY


def label_like(text: str) -> str:
    """A label made of a name.

    Args:
        text: The name.

    Returns:
        Lower case, with underscores.
    """
    return re.sub(r"\W+", "_", text).strip("_").lower()
