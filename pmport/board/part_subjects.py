"""Parts on i2c and spi buses: touch, sensors, NFC, chargers, amplifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting, label_like
from pmport.board.output_subjects import CHARGERS, draft_outputs, has_outputs
from pmport.board.part_names import candidates
from pmport.board.places import bus_of, one
from pmport.kernels.mainline_index import MainlineIndex, load_index

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.board.part_habits import PartHabit
    from pmport.board.vendor_view import Pin
    from pmport.devicetree import TreeNode

__all__ = ["draft_clients"]

SHARE = 0.6
IO_LIMIT = 2_000_000
"""µV. What is below is the supply of a part's pins."""
SOFT_PINS = ("sda-gpios", "i2c-gpio-sda", "scl-gpios", "i2c-gpio-scl")
IO_SUPPLY = re.compile(r"io|i2c|dvdd|1v8|digital|pullup|lvs", re.IGNORECASE)
MAINLINE_IO = re.compile(r"io|dig|dvdd|vid$|pvdd", re.IGNORECASE)
ROLES: tuple[tuple[str, str], ...] = (
    ("reset", r"reset|rst"), ("enable", r"(?:^|[,_-])(?:ven|en|enable)(?:[-_]|$)|-ven|ven$"), ("firmware", r"firm|dnld|dwl|dwnld|download"),
    ("en", r"ven|(?:^|[,_-])en(?:[-_]|$)"), ("wake", r"wake|firm"), ("shutdown", r"shutdown|sdb?$|sd_"), ("te", r"te"), ("hpd", r"hpd"),
)  # fmt: skip
"""Mainline's function of a GPIO → how vendors call it."""
TOUCH = re.compile(r"touchscreen")


@lru_cache(maxsize=1)
def index() -> MainlineIndex:
    """The drivers of the newest kernel that pmport knows.

    Returns:
        The index.
    """
    return load_index()


def draft_clients(draft: Drafting) -> None:
    """Every part on a bus.

    Args:
        draft: The draft.
    """
    for bus, node in clients(draft):
        names = candidates(node, index(), lambda name: draft.parts(name).weight)
        if not names:
            continue
        over = _bus_part(draft, bus)
        if over is None:
            continue
        if any(one_reg(part) == one(node, "reg", 0) for part in over.children.values()):
            draft.board.ask(
                "parts", f"{node.name}: another part has the same address; which is fitted?", draft.evidence(node)
            )
            continue
        _client(draft, over, node, names[0])
        _alternative(draft, over, node, names[0])


ONE_OF = re.compile(r"tusb|typec|fusb|nfc|charger|bq2|edt-ft|rmi4|goodix|nvt-ts|-muic")
"""Parts of which a phone has one, though its tree may name several."""


def _alternative(draft: Drafting, bus: Part, node: TreeNode, compatible: str) -> None:
    """Switch off a second part of a kind of which a phone has one."""
    mine = next(part for part in bus.children.values() if part.key == f"client:{node.path}")
    same = [part for part in bus.children.values() if part is not mine and _is(part, compatible)]
    if same and ONE_OF.search(compatible):
        mine.say("status", '"disabled"', draft.evidence(node), certainty=LIKELY, subject=mine.name)
        text = f"Which is fitted, {same[0].name} or {mine.name}? The second one is switched off in the draft"
        draft.board.ask("parts", text, draft.evidence(node))


def _is(part: Part, compatible: str) -> bool:
    statement = part.statements.get("compatible")
    return statement is not None and f'"{compatible}"' in statement.value


def one_reg(part: Part) -> int:
    """The address of a part of the draft.

    Args:
        part: The part.

    Returns:
        The number; -1 where it has none.
    """
    statement = part.statements.get("reg")
    return int(statement.value.strip("<>"), 0) if statement is not None else -1


def clients(draft: Drafting) -> Iterator[tuple[TreeNode, TreeNode]]:
    """The parts on i2c and spi buses that are in use.

    Args:
        draft: The draft.

    Yields:
        ``(bus, part)``.
    """
    for node in draft.vendor.active:
        if bus_of(node) in {"i2c", "spi"}:
            for child in node.children.values():
                if child in draft.vendor.in_use and child.compatible and "reg" in child.raw:
                    yield node, child


def _bus_part(draft: Drafting, bus: TreeNode) -> Part | None:
    """The bus in the draft: mainline's at the same address, or at the same pins, or one made of GPIOs."""
    label = draft.vendor.label(bus)
    if not label and "i2c-gpio" in bus.compatible:
        pins = draft.vendor.pins(bus, "gpios") or [pin for name in SOFT_PINS for pin in draft.vendor.pins(bus, name)]
        if len(pins) < 2:
            return None
        label = draft.bus_at_pins(pins[0], pins[1])
        if not label:
            return _soft_bus(draft, bus, pins[0], pins[1])
    if not label:
        return None
    part = draft.board.extend(label)
    if draft.chip.labels[label].status == "disabled":
        part.say("status", '"okay"', draft.evidence(bus), subject="bus")
    frequency = one(bus, "qcom,clk-freq-out", 0) or one(bus, "qcom,i2c-bus-freq", 0) or one(bus, "clock-frequency", 0)
    if draft.buses_have_frequency:
        part.say("clock-frequency", f"<{frequency or 400000}>", draft.evidence(bus), certainty=LIKELY, subject="bus")
    return part


def _soft_bus(draft: Drafting, bus: TreeNode, sda: Pin, scl: Pin) -> Part:
    part = draft.board.root.child(f"i2c-{sda.number}")
    evidence = draft.evidence(bus, "gpios")
    part.say("compatible", '"i2c-gpio"', evidence, subject="bus")
    part.say(
        "sda-gpios", f"<&{sda.controller} {sda.number} (GPIO_ACTIVE_HIGH | GPIO_OPEN_DRAIN)>", evidence, subject="bus"
    )
    part.say(
        "scl-gpios", f"<&{scl.controller} {scl.number} (GPIO_ACTIVE_HIGH | GPIO_OPEN_DRAIN)>", evidence, subject="bus"
    )
    part.say("#address-cells", "<1>", evidence, subject="bus")
    part.say("#size-cells", "<0>", evidence, subject="bus")
    return part


def _client(draft: Drafting, bus: Part, node: TreeNode, compatible: str) -> None:
    habit = draft.parts(compatible)
    name = habit.names.most_common(1)[0][0] if habit.names else re.sub(r"[^a-z0-9-]", "-", compatible.partition(",")[2])
    address = one(node, "reg", 0)
    part = bus.child(f"{name}@{address:x}", key=f"client:{node.path}")
    evidence = draft.evidence(node, "compatible")
    strings = habit.strings.most_common(1)[0][0] if habit.strings else ""
    part.say("compatible", strings or f'"{compatible}"', evidence, subject=name)
    part.say("reg", f"<{address:#04x}>", draft.evidence(node, "reg"), subject=name)
    _interrupt(draft, part, node, habit)
    _gpios(draft, part, node, habit)
    _supplies(draft, part, node, habit)
    if TOUCH.match(name):
        _geometry(draft, part, node, habit)
    _constants(part, habit)
    if has_outputs(node) and not CHARGERS.search(compatible):
        draft_outputs(draft, part, node, habit)
    else:
        _inner(part, habit)


def _interrupt(draft: Drafting, part: Part, node: TreeNode, habit: PartHabit) -> None:
    found = draft.vendor.interrupt(node)
    if found is None or (habit.weight and not habit.triggers):
        return
    pin, source = found
    trigger = (
        habit.triggers.most_common(1)[0][0]
        if habit.triggers
        else {1: "IRQ_TYPE_EDGE_RISING", 4: "IRQ_TYPE_LEVEL_HIGH", 8: "IRQ_TYPE_LEVEL_LOW"}.get(
            pin.flags & 15, "IRQ_TYPE_EDGE_FALLING"
        )
    )
    part.say(
        "interrupts-extended",
        f"<&{pin.controller} {pin.number} {trigger}>",
        draft.evidence(node, source),
        certainty=LIKELY,
        subject=part.name,
    )


def _gpios(draft: Drafting, part: Part, node: TreeNode, habit: PartHabit) -> None:
    for name, votes in habit.low.items():
        if sum(votes.values()) < habit.weight * 0.5:
            continue
        role = re.sub(r"-?gpios?$", "", name).rpartition(",")[2]
        pattern = next((pattern for known, pattern in ROLES if known == role), role or "gpio")
        for source in node.raw:
            if (
                not source.endswith("-supply")
                and re.search(pattern, re.sub(r"[-_]?gpios?$", "", source))
                and "irq" not in source
            ):
                pins = draft.vendor.pins(node, source)
                if pins:
                    part.say(
                        name,
                        draft.gpio(pins[0], low=votes.most_common(1)[0][0]),
                        draft.evidence(node, source),
                        certainty=LIKELY,
                        subject=part.name,
                    )
                    break


def _supplies(draft: Drafting, part: Part, node: TreeNode, habit: PartHabit) -> None:
    wanted = [name for name, count in habit.supplies.most_common() if count >= habit.weight * 0.4]
    theirs = [name for name in node.raw if name.endswith("-supply") and draft.vendor.supply(node, name)]
    for name in wanted:
        if name in theirs:
            draft.supply(part, name, node, name, subject=part.name)
    left = [name for name in theirs if name not in part.statements]
    for name in wanted:
        if name not in part.statements:
            digital = bool(MAINLINE_IO.search(name)) or (
                name == "vdd-supply" and any(re.match(r"avdd|vcc", other) for other in wanted)
            )
            fit = [source for source in left if bool(IO_SUPPLY.search(source)) == digital]
            if fit:
                draft.supply(part, name, node, fit[0], subject=part.name)
                left.remove(fit[0])
            else:
                _switched(draft, part, name, node, digital=digital)


SWITCH = re.compile(r"(\d)[vp](\d)")


def _switched(draft: Drafting, part: Part, name: str, node: TreeNode, *, digital: bool) -> None:
    """A supply that the vendor's driver switches by a GPIO, where the property's name says the voltage."""
    for source in node.raw:
        found = SWITCH.search(source)
        pins = draft.vendor.pins(node, source) if found and source.endswith(("gpio", "gpios")) else []
        if found is None or not pins:
            continue
        volts = int(found[1]) * 1_000_000 + int(found[2]) * 100_000
        if (volts < IO_LIMIT) != digital:
            continue
        key = f"<switch:{pins[0].controller}:{pins[0].number}>"
        evidence = draft.evidence(node, source)
        base = part.name.partition("@")[0]
        made = draft.board.root.child(
            f"regulator-{base}-{found[1]}p{found[2]}", key=key, wanted=f"vreg_{label_like(base)}_{found[1]}p{found[2]}"
        )
        made.say("compatible", '"regulator-fixed"', evidence, subject="fixed")
        made.say("regulator-name", f'"{base}_{found[1]}p{found[2]}"', evidence, subject="fixed")
        for limit in ("regulator-min-microvolt", "regulator-max-microvolt"):
            made.say(limit, f"<{volts}>", evidence, certainty=LIKELY, subject="fixed")
        made.say("gpio", draft.gpio(pins[0], low=False), evidence, certainty=LIKELY, subject="fixed")
        made.say("enable-active-high", "", evidence, certainty=LIKELY, subject="fixed")
        part.say(name, f"<&{{{key}}}>", evidence, certainty=LIKELY, subject=part.name)
        return
    for source in node.raw:
        if re.search(r"(?:vdd|vcc|avdd|pwr|power|ldo|_en).*gpio", source) and draft.vendor.pins(node, source):
            draft.board.ask(
                "supplies",
                f"{part.name}: does the pin of {source} switch its {name.removesuffix('-supply')}, and at what voltage?",
                draft.evidence(node, source),
            )


def _geometry(draft: Drafting, part: Part, node: TreeNode, habit: PartHabit) -> None:
    if not {"touchscreen-size-x"} & set(habit.props):
        return
    if sum(habit.props["touchscreen-size-x"].values()) < habit.weight * 0.4:
        return
    size = vendor_size(node)
    if size:
        part.say("touchscreen-size-x", f"<{size[0]}>", draft.evidence(node), subject=part.name)
        part.say("touchscreen-size-y", f"<{size[1]}>", draft.evidence(node), subject=part.name)


def vendor_size(node: TreeNode) -> tuple[int, int] | None:
    """The size of a touchscreen as its vendor's node says.

    Args:
        node: The node.

    Returns:
        Width and height.
    """
    for name in node.raw:
        cells = node.cells(name)
        if re.search(r"display-coords|panel-coords|max[-_]coords|resolution", name):
            if len(cells) == 4:
                return cells[2], cells[3]
            if len(cells) == 2 and min(cells) > 100:
                return cells[0], cells[1]
    for first, second in (("max_x", "max_y"), ("x-max", "y-max"), ("x_resolution", "y_resolution"), ("max-x", "max-y")):
        pair = [one(node, name, 0) for wanted in (first, second) for name in node.raw if name.endswith(wanted)]
        if len(pair) == 2 and min(pair) > 100:
            return pair[0], pair[1]
    return None


BY_BOARD = re.compile(
    r"^(?:compatible|reg|status|label|interrupts.*|touchscreen-.*|.*mount-matrix|pinctrl.*|linux,.*|.*-name|wakeup-source|phandle)$"
)


def _constants(part: Part, habit: PartHabit) -> None:
    """What nearly all boards say of the part, whatever the phone."""
    if habit.weight < 2:
        return
    for name in habit.props:
        value = habit.usual(name, 0.75)
        if value is not None and not BY_BOARD.match(name):
            part.say(name, value, "what other boards with this part write", certainty=LIKELY, subject=part.name)


def _inner(part: Part, habit: PartHabit) -> None:
    """Children that the driver wants, such as the functions of RMI4."""
    if habit.weight < 2:
        return
    for name, seen in habit.children.items():
        if seen[""] < habit.weight * SHARE or name.startswith(("port", "connector")):
            continue
        child = part.child(name)
        for text, count in seen.items():
            prop, _, value = text.partition("=")
            if prop and count >= habit.weight * SHARE:
                child.say(prop, value, "what other boards with this part write", certainty=LIKELY, subject=part.name)
