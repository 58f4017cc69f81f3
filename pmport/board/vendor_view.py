"""A vendor's tree, asked the way mainline thinks: which regulator, which pin, which controller."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pmport.board.chip_map import ChipMap
from pmport.board.places import Places, one
from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Pin", "Rail", "VendorView", "pmic_names"]

RESOURCE = re.compile(r"^(ldo|smp|smps|vs|lvs|bob|bst|boost|ncp|nldo|clk)([a-z])?(\d*)$")
KINDS = {"ldo": "ldo", "smp": "smps", "smps": "smps", "vs": "lvs", "lvs": "lvs", "bob": "bob", "bst": "boost", "boost": "boost"}
SHORT = {"ldo": "l", "smps": "s", "lvs": "lvs", "bob": "bob", "boost": "boost"}
RAIL_NAME = re.compile(r"^(?:regulator[-_])?(pm\w*?|smb\w*?|\d{4})[-_]?([slb]|lvs|bob|ldo|smps)[-_]?(\d*)", re.IGNORECASE)
UNPLAIN = re.compile(r"[-_](?:ao|so|corner|floor|level|ao_level|sw|dig|stub)(?:[-_]|$)|corner|level|floor")
LEAST = 100_000
"""µV. A vendor's regulator with less is counted in corners or levels, not in volts."""
PMIC_ALIASES = {"pm6150a": "pm6150l", "pm8150a": "pm8150l", "pm8350a": "pm8350", "pm2falcon": "pm660", "pmfalcon": "pm660"}
"""Names that vendors use for a PMIC that mainline calls otherwise."""
PMIC = re.compile(r"\b((?:pm|pmi|pmk|pmr|smb)[a-z]?\d{3,4}[a-z]{0,2})\b")
NOT_IN_USE = re.compile(r"^/(?:__|chosen|aliases|cpus|reserved-memory|memory|firmware)")


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
        initial: What the vendor sets at first; 0 where that is not said.
    """

    node: TreeNode
    pmic: str
    unit: str
    kind: str
    number: str
    low: int
    high: int
    initial: int

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


def pmic_names(tree: DeviceTree) -> tuple[str, ...]:
    """The PMICs of a vendor's tree, as mainline names them.

    Args:
        tree: The tree.

    Returns:
        Names, in the order of their units.
    """
    found: dict[str, None] = {}
    for node in tree.walk():
        if node.parent is not None and "spmi" in node.parent.unit_name or "spmi-pmic-arb" in " ".join(
            node.parent.compatible if node.parent is not None else ()
        ):
            match = PMIC.search(f"{node.unit_name} {' '.join(node.compatible)}")
            if match:
                found[PMIC_ALIASES.get(match[1], match[1])] = None
    return tuple(found)


class VendorView:
    """A vendor's tree seen with mainline's eyes.

    Args:
        tree: The tree, with its overlay applied.
        chip: What mainline knows of the chip.
    """

    def __init__(self, tree: DeviceTree, chip: ChipMap) -> None:
        self.tree = tree
        self.chip = chip
        self.places = Places(tree)

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
        if self.chip.main_pins and re.search(r"pinctrl|tlmm|msm[-_]?gpio|gpio@fd51", text) and "spmi" not in node.path:
            if "qcom" in text and not re.search(r"smp2p|lpi|wcd|cdc", text):
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
        for name in node.raw:
            if re.search(r"(?:irq|int|interrupt)[-_]?(?:gpios?|pin)$", name) and not re.search(r"point|hint|print", name):
                pins = self.pins(node, name)
                if pins:
                    return pins[0], name
        return None

    # regulators

    @cached_property
    def rpmh(self) -> bool:
        """Whether the chip speaks to its PMICs by RPMh."""
        return "apps_rsc" in self.chip.labels

    @cached_property
    def rails(self) -> dict[TreeNode, Rail]:
        """The vendor's node → the PMIC's output that it stands for."""
        found: dict[TreeNode, Rail] = {}
        for node in self.active:
            if "qcom,resource-name" in node.raw:
                for child in node.children.values():
                    rail = self._rail(node, child)
                    if rail is not None:
                        found[child] = rail
        return found

    @cached_property
    def letters(self) -> dict[str, str]:
        """Letter of a unit → PMIC, as most regulators' names say."""
        votes: dict[str, Counter[str]] = {}
        for node in self.tree.walk():
            if "qcom,resource-name" not in node.raw:
                continue
            match = RESOURCE.match(next(iter(node.strings("qcom,resource-name")), ""))
            if match is None or not match[2]:
                continue
            for child in node.children.values():
                pmic = self._pmic_by_name(child)
                if pmic:
                    votes.setdefault(match[2], Counter())[pmic] += 1
        return {letter: count.most_common(1)[0][0] for letter, count in votes.items()}

    @cached_property
    def pmics(self) -> tuple[str, ...]:
        """The PMICs of the tree."""
        return pmic_names(self.tree)

    def _pmic_by_name(self, node: TreeNode) -> str:
        for text in (*node.strings("regulator-name"), *node.labels):
            whole = [name for name in self.pmics if text.lower().startswith(f"{name}_")]
            if whole:
                return whole[0]
            match = RAIL_NAME.match(text)
            if match:
                name = match[1].lower()
                name = f"pm{name}" if name.isdigit() else name.rstrip("_")
                return PMIC_ALIASES.get(name, name)
        return ""

    def _rail(self, resource: TreeNode, node: TreeNode) -> Rail | None:
        name = next(iter(resource.strings("qcom,resource-name")), "")
        match = RESOURCE.match(name)
        if match is None or match[1] not in KINDS:
            return None
        if UNPLAIN.search(next(iter(node.strings("regulator-name")), "")) or UNPLAIN.search(node.name):
            return None
        if not node.enabled:
            return None
        number = match[3] or (str(one(resource, "qcom,resource-id", 0)) if not self.rpmh else "")
        kind = KINDS[match[1]]
        letter = match[2] or ""
        pmic = self.letters.get(letter, "") or self._pmic_by_name(node)
        low, high = one(node, "regulator-min-microvolt", 0), one(node, "regulator-max-microvolt", 0)
        if not pmic or (0 < high < LEAST):
            return None
        if kind in {"bob", "boost"}:
            number = ""
        return Rail(node, pmic, letter, kind, number, low, high, one(node, "qcom,init-voltage", 0))

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
        if "regulator-fixed" in target.compatible:
            return f"<vendor:{target.path}>"
        return ""

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
