"""Pin states: how the pins of what is drafted are to be set, as the vendor sets them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting, label_like
from pmport.board.places import one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.board.board_file import Part
    from pmport.devicetree import TreeNode

__all__ = ["draft_pins"]

FLAGS = ("bias-disable", "bias-pull-up", "bias-pull-down", "output-high", "output-low", "input-enable")
NUMBERS = ("drive-strength", "power-source", "qcom,drive-strength")
PIN = re.compile(r"&(\w+) (\d+) ")
USERS = re.compile(r"gpios?$|^interrupts-extended$")


@dataclass
class PinSetting:
    """How a vendor sets a pin.

    Args:
        source: Where that stands.
        function: Its function.
        flags: What is said without a value.
        numbers: What is said with one.
    """

    source: str
    function: str = "gpio"
    flags: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


def draft_pins(draft: Drafting) -> None:
    """A state for every pin that something drafted uses.

    Args:
        draft: The draft.
    """
    settings = vendor_settings(draft)
    made: dict[tuple[str, int], str] = {}
    for part in [*draft.board.parts]:
        keys = []
        for name, statement in part.statements.items():
            for label, number in PIN.findall(statement.value) if USERS.search(name) else ():
                pin = label, int(number)
                if pin not in made and draft.has_states(label) and (pin in settings or label == draft.chip.main_pins):
                    made[pin] = _state(draft, part, name, pin, settings.get(pin) or usual(name, part))
                if pin in made:
                    keys.append(made[pin])
        if keys:
            _use(draft, _user(part), list(dict.fromkeys(keys)))


def usual(name: str, part: Part) -> PinSetting:
    """How boards set a pin of which the vendor's tree says nothing.

    Args:
        name: The property that uses it.
        part: The part that has it.

    Returns:
        A weak drive; the pin of a key, or of USB's role, is pulled up; a bus has its own resistors.
    """
    pulled = name == "id-gpios" or part.name.startswith("key-")
    bias = ["bias-pull-up" if pulled else "bias-disable"] if name not in {"sda-gpios", "scl-gpios"} else []
    return PinSetting("what boards usually write", "gpio", bias, {"drive-strength": 8 if name == "id-gpios" else 2})


def _user(part: Part) -> Part:
    """Who has the state: of a key its device."""
    up = part.parent
    return up if up is not None and "compatible" not in part.statements and "compatible" in up.statements else part


def _state(draft: Drafting, part: Part, name: str, pin: tuple[str, int], setting: PinSetting) -> str:
    label, number = pin
    role = re.sub(r"-?gpios?$", "", name).rpartition(",")[2]
    role = "int" if name == "interrupts-extended" else role
    base = label_like(part.name.partition("@")[0].removeprefix("regulator-").removeprefix("key-"))
    wanted = "_".join(word for word in (base, label_like(role), "default") if word)
    key = f"pin:{label}:{number}"
    state = draft.board.extend(label).child(
        f"{wanted.replace('_', '-')}-{number}-state"
        if wanted.replace("_", "-") + "-state" in draft.board.extend(label).children
        else f"{wanted.replace('_', '-')}-state",
        key=key,
        wanted=wanted,
    )
    evidence = setting.source
    state.say("pins", f'"gpio{number}"', evidence, subject="pins")
    state.say("function", f'"{setting.function}"', evidence, subject="pins")
    for prop, value in setting.numbers.items():
        state.say(prop, f"<{value}>", evidence, subject="pins")
    for flag in setting.flags:
        state.say(flag, "", evidence, subject="pins")
    return key


def _use(draft: Drafting, part: Part, keys: list[str]) -> None:
    values = [f"<&{{{key}}}>" for key in keys]
    before = part.statements.get("pinctrl-0")
    if before is None:
        before_value = draft.chip_pinctrl(part.name) if part.name in draft.chip.labels else ""
        values = [*([before_value] if before_value else []), *values]
    else:
        values = [before.value, *(value for value in values if value not in before.value)]
    part.say("pinctrl-0", ", ".join(values), "", certainty=LIKELY, subject="pins", replace=True)
    part.say("pinctrl-names", '"default"', "", certainty=LIKELY, subject="pins")


def vendor_settings(draft: Drafting) -> dict[tuple[str, int], PinSetting]:
    """How the vendor sets pins, in the states that are on when their users work.

    Args:
        draft: The draft.

    Returns:
        ``(controller's label, pin)`` → setting.
    """
    found: dict[tuple[str, int], PinSetting] = {}
    used: dict[int, list[TreeNode]] = defaultdict(list)
    for node in draft.vendor.active:
        for number in node.cells("pinctrl-0"):
            used[number].append(node)
    phandles = draft.vendor.phandles
    for number in used:
        state = phandles.get(number)
        if state is not None:
            for pin, setting in _settings(draft, state):
                found.setdefault(pin, setting)
    return found


def _settings(draft: Drafting, state: TreeNode) -> Iterator[tuple[tuple[str, int], PinSetting]]:
    controller = next(
        (draft.vendor.controller(node) for node in (state, *state.ancestors) if draft.vendor.controller(node)), ""
    )
    if not controller:
        return
    merged: dict[int, PinSetting] = {}
    for leaf in state.walk():
        for number, function in _pins(leaf):
            setting = merged.setdefault(number, PinSetting(draft.evidence(state)))
            setting.function = function or setting.function
            setting.flags += [flag for flag in FLAGS if flag in leaf.raw and flag not in setting.flags]
            setting.numbers |= {
                name: one(leaf, name) for name in NUMBERS if name in leaf.raw and len(leaf.raw[name]) == 4
            }
    for number, setting in merged.items():
        yield (controller, number), setting


def _pins(leaf: TreeNode) -> Iterator[tuple[int, str]]:
    """The pins of a leaf with their function: by name, or as older trees have it, by number in the node above."""
    function = next(iter(leaf.strings("function")), "")
    for name in leaf.strings("pins"):
        if re.fullmatch(r"gpio\d+", name):
            yield int(name[4:]), function
    up = leaf.parent
    if up is not None and "qcom,pins" in up.raw and one(up, "qcom,pin-func", 0) == 0:
        cells = up.cells("qcom,pins")
        for number in cells[1::2] if len(cells) % 2 == 0 and len(set(cells[::2])) == 1 else cells[1:]:
            yield number, "gpio"
