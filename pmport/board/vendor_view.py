"""A vendor's tree, asked the way mainline thinks: which regulator, which pin, which controller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.board.places import Places, one
from pmport.board.vendor_rails import Rail, rails_of

if TYPE_CHECKING:
    from pmport.board.chip_map import ChipMap
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Pin", "VendorView"]


@dataclass(frozen=True, slots=True)
class Pin:
    """A GPIO.

    Args:
        controller: The label of its controller in mainline.
        number: The pin.
        flags: The vendor's flags.
    """

    controller: str
    number: int
    flags: int

    def text(self, *, low: bool) -> str:
        """As a board file writes it.

        Args:
            low: Whether it is active at the low level.

        Returns:
            ``&tlmm 125 GPIO_ACTIVE_LOW``.
        """
        return f"&{self.controller} {self.number} {'GPIO_ACTIVE_LOW' if low else 'GPIO_ACTIVE_HIGH'}"


class VendorView:
    """A vendor's tree seen with mainline's eyes.

    Args:
        tree: The tree, with its overlay applied.
        chip: What mainline knows of the chip.
    """

    def __init__(self, tree: DeviceTree, chip: ChipMap) -> None:
        self.tree = tree
        self.chip = chip
        self.places: Places = Places(tree)
        self.named: dict[TreeNode, str] = {}

    @cached_property
    def phandles(self) -> dict[int, TreeNode]:
        """Phandle → node."""
        return self.tree.phandles

    @cached_property
    def active(self) -> tuple[TreeNode, ...]:
        """All nodes in use."""
        found = []
        stack = [self.tree.root]
        while stack:
            node = stack.pop()
            status = node.raw.get("status")
            if status and status.rstrip(b"\0") not in {b"okay", b"ok", b""}:
                continue
            found.append(node)
            stack.extend(reversed(node.children.values()))
        return tuple(found)

    @cached_property
    def in_use(self) -> frozenset[TreeNode]:
        """All nodes in use, as a set."""
        return frozenset(self.active)

    def target(self, node: TreeNode, name: str) -> TreeNode | None:
        """The node that the first cell of a property refers to.

        Args:
            node: The node.
            name: The property.

        Returns:
            The node referred to.
        """
        return self.phandles.get(one(node, name, 0))

    def label(self, node: TreeNode) -> str:
        """The label of mainline's node at the same place.

        Args:
            node: The vendor's node.

        Returns:
            The label; empty where mainline has nothing there.
        """
        key = self.places.key(node)
        return self.chip.label_at(key) if key else ""

    # pins

    @cached_property
    def _controllers(self) -> dict[TreeNode, str]:
        found = {}
        for node in self.tree.walk():
            if "gpio-controller" in node.raw:
                label = self._controller(node)
                if label:
                    found[node] = label
        return found

    def _controller(self, node: TreeNode) -> str:
        label = self.label(node)
        if label in self.chip.gpio_controllers:
            return label
        key = self.places.key(node)
        unit = re.match(r"(pmic\d+)/(gpios|mpps)$", key)
        if unit:
            return self.chip.label_at(f"{unit[1]}:{'c000' if unit[2] == 'gpios' else 'a000'}")
        if key and (bank := self._bank(node)):
            return bank
        text = f"{node.name} {' '.join(node.compatible)} {' '.join(node.labels)}"
        mine = re.search(r"pinctrl|tlmm|msm[-_]?gpio|gpio@fd51", text) and "qcom" in text and "spmi" not in node.path
        if mine and not re.search(r"smp2p|lpi|wcd|cdc", text):
            return self.chip.main_pins
        return ""

    def _bank(self, node: TreeNode) -> str:
        """A bank of pins that is known by its name, as Samsung's."""
        name = node.unit_name.removesuffix("-gpio-bank")
        label = name if name in self.chip.gpio_controllers else ""
        if label and node.parent is not None and "pinctrl" in node.parent.name + " ".join(node.parent.compatible):
            return label
        return ""

    def controller(self, node: TreeNode) -> str:
        """The label of a GPIO controller.

        Args:
            node: The vendor's node.

        Returns:
            Mainline's label; empty where it is not known.
        """
        return self._controllers.get(node, "")

    def pins(self, node: TreeNode, name: str) -> list[Pin]:
        """The GPIOs of a property.

        Args:
            node: The node.
            name: The property.

        Returns:
            Those whose controllers mainline knows.
        """
        cells, at = node.cells(name), 0
        found = []
        while at < len(cells):
            target = self.phandles.get(cells[at])
            if target is None:
                if cells[at] in {0, 0xFFFFFFFF}:
                    at += 1
                    continue
                break
            count = one(target, "#gpio-cells", 0)
            args = cells[at + 1 : at + 1 + count]
            at += 1 + count
            label = self.controller(target)
            if label and len(args) >= 1:
                found.append(Pin(label, args[0], args[-1] if len(args) > 1 else 0))
        return found

    def interrupt(self, node: TreeNode) -> tuple[Pin, str] | None:
        """The interrupt of a node that comes from a GPIO.

        Args:
            node: The node.

        Returns:
            The pin with the vendor's flags, and the property that says so.
        """
        for name in node.raw:
            if re.search(r"(?:irq|int|interrupt)[-_]?(?:gpios?|pin)$", name) and not re.search(
                r"point|hint|print", name
            ):
                pins = self.pins(node, name)
                if pins:
                    return pins[0], name
        if "interrupts" in node.raw:
            up: TreeNode | None = node
            while up is not None and "interrupt-parent" not in up.raw:
                up = up.parent
            target = self.target(up, "interrupt-parent") if up is not None else None
            label = self.controller(target) if target is not None else ""
            cells = node.cells("interrupts")
            if label and target is not None and len(cells) >= 2:
                if one(target, "#interrupt-cells", 2) == 4 and len(cells) >= 4:  # SPMI: unit, peripheral, line, type
                    return None
                return Pin(label, cells[0], cells[1]), "interrupts"
        return None

    # regulators

    @cached_property
    def rpmh(self) -> bool:
        """Whether the chip speaks to its PMICs by RPMh."""
        return "apps_rsc" in self.chip.labels

    @cached_property
    def rails(self) -> dict[TreeNode, Rail]:
        """The vendor's node → the PMIC's output that it stands for."""
        return rails_of(self.tree, self.active, rpmh=self.rpmh)

    def supply(self, node: TreeNode, name: str) -> str:
        """The key of the regulator that a property refers to.

        Args:
            node: The node.
            name: The property.

        Returns:
            The key; empty where it is none that mainline has.
        """
        target = self.target(node, name)
        return self.supply_key(target) if target is not None else ""

    def supply_key(self, target: TreeNode) -> str:
        """The key of a regulator.

        Args:
            target: The vendor's regulator.

        Returns:
            The key; empty where mainline has no such thing.
        """
        rail = self.rails.get(target)
        if rail is not None:
            return rail.key(rpmh=self.rpmh)
        if target in self.named:
            return self.named[target]
        outputs = target.parent is not None and target.parent.name in {"regulators", "voltage-regulators"}
        return (
            f"<vendor:{target.path}>"
            if (target.strings("compatible")[:1] and target.compatible[0].startswith("regulator-fixed")) or outputs
            else ""
        )

    def with_compatible(self, pattern: str) -> Iterator[TreeNode]:
        """Nodes in use one of whose strings fits.

        Args:
            pattern: A regular expression.

        Yields:
            Nodes.
        """
        wanted = re.compile(pattern)
        for node in self.active:
            if any(wanted.search(text) for text in node.compatible):
                yield node
