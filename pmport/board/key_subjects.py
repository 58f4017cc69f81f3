"""Keys, the hall sensor, and the keys of the PMIC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.board.board_file import quoted
from pmport.board.drafting import LIKELY, Drafting
from pmport.board.places import one
from pmport.devicetree.constants import KEYS, SWITCHES

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.board.vendor_view import Pin
    from pmport.devicetree import TreeNode

__all__ = ["draft_keys"]

EV_SW = 5
KEY_VOLUMEDOWN = 114
NAMES = {
    114: ("volume-down", "Volume Down"), 115: ("volume-up", "Volume Up"), 102: ("home", "Home"), 172: ("home", "Home"),
    212: ("camera", "Camera"), 528: ("camera-focus", "Camera Focus"), 766: ("camera-snapshot", "Camera Snapshot"),
    116: ("power", "Power"), 139: ("menu", "Menu"), 158: ("back", "Back"),
}  # fmt: skip
HALL = re.compile(r"hall|flip|cover|lid", re.IGNORECASE)


def draft_keys(draft: Drafting) -> None:
    """Keys at GPIOs, the hall sensor, power and volume down at the PMIC.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.active:
        if {"gpio-keys", "gpio-keys-polled"} & set(node.compatible) or node.unit_name in {"gpio_keys", "gpio-keys"}:
            for child in node.children.values():
                if child in draft.vendor.in_use:
                    _key(draft, child)
        elif HALL.search(" ".join(node.compatible) + node.unit_name) and "gpio-keys" not in " ".join(node.compatible):
            _hall(draft, node)
    _pmic_keys(draft)


def _key(draft: Drafting, node: TreeNode) -> None:
    pins = draft.vendor.pins(node, "gpios")
    code = one(node, "linux,code")
    if not pins or code <= 0 < one(node, "linux,input-type", 1) != EV_SW:
        return
    if one(node, "linux,input-type", 1) == EV_SW or HALL.search(node.name + " ".join(node.strings("label"))):
        if one(node, "linux,input-type", 1) == EV_SW or code in SWITCHES:
            _switch(draft, node, pins[0], code if one(node, "linux,input-type", 1) == EV_SW else 0)
        return
    name, label = NAMES.get(
        code, (re.sub(r"\W+|_", "-", node.unit_name.lower()), node.unit_name.replace("_", " ").title())
    )
    part = _holder(draft, "gpio-keys").child(f"key-{name}")
    evidence = draft.evidence(node)
    part.say("label", quoted(label), evidence, subject="keys")
    part.say(
        "gpios",
        draft.gpio(pins[0], low=bool(pins[0].flags & 1) or not _flags_known(pins[0])),
        draft.evidence(node, "gpios"),
        subject="keys",
    )
    part.say("linux,code", f"<{KEYS.get(code, code)}>", draft.evidence(node, "linux,code"), subject="keys")
    if {"gpio-key,wakeup", "wakeup-source"} & set(node.raw) and _boards_wake(draft):
        part.say("wakeup-source", "", draft.evidence(node, "gpio-key,wakeup"), subject="keys")
    debounce = one(node, "debounce-interval", 0)
    if debounce:
        part.say("debounce-interval", f"<{debounce}>", draft.evidence(node, "debounce-interval"), subject="keys")


def _boards_wake(draft: Drafting) -> bool:
    """Whether the chip's boards let keys wake the phone."""
    found = [
        habit
        for key, habit in draft.chip.habits.nodes.items()
        if key.startswith("/[gpio-keys]/") and "linux,code" in habit.props
    ]
    total = sum(habit.weight for habit in found)
    return sum(sum(habit.props.get("wakeup-source", {}).values()) for habit in found) > total / 2


def _flags_known(pin: Pin) -> bool:
    return not re.match(r"gp[a-z]\d", pin.controller)


def _switch(draft: Drafting, node: TreeNode, pin: Pin, code: int) -> None:
    part = _holder(draft, "gpio-hall-sensor").child("event-hall-sensor")
    evidence = draft.evidence(node)
    part.say("label", '"Hall Effect Sensor"', evidence, subject="keys")
    part.say("gpios", draft.gpio(pin, low=True), evidence, subject="keys")
    part.say("linux,input-type", "<EV_SW>", evidence, subject="keys")
    part.say("linux,code", f"<{SWITCHES.get(code, code)}>", evidence, subject="keys")
    if {"gpio-key,wakeup", "wakeup-source"} & set(node.raw):
        part.say("wakeup-source", "", evidence, subject="keys")


def _hall(draft: Drafting, node: TreeNode) -> None:
    found = draft.vendor.interrupt(node)
    pins = [
        pin for name in node.raw if re.search(r"gpios?$|gpio_flip_cover", name) for pin in draft.vendor.pins(node, name)
    ]
    pin = pins[0] if pins else found[0] if found else None
    if pin is not None:
        _switch(draft, node, pin, 0)


def _holder(draft: Drafting, name: str) -> Part:
    part = draft.board.root.child(name)
    part.say("compatible", '"gpio-keys"', "", subject="keys")
    return part


def _pmic_keys(draft: Drafting) -> None:
    """The PMIC's power key, and its reset input, which phones use for volume down."""
    used = {
        statement.value
        for part in draft.board.parts
        for statement in part.statements.values()
        if statement.name == "linux,code"
    }
    habits = draft.chip.habits
    for label, node in draft.chip.labels.items():
        if "pwrkey" in " ".join(node.compatible) and node.status == "disabled":
            draft.board.extend(label).say("status", '"okay"', "every phone has one", certainty=LIKELY, subject="keys")
    resins = [
        (label, node)
        for label, node in draft.chip.labels.items()
        if "resin" in " ".join(node.compatible) and node.status == "disabled"
    ]
    if not resins:
        return
    source = _vendor_resin(draft)
    unit = draft.vendor.places.key(source).partition("/")[0].partition(":")[0] if source is not None else "pmic0"
    label = next(
        (name for name, node in resins if draft.chip.places.key(node).startswith((f"{unit}/", f"{unit}:"))),
        resins[0][0],
    )
    if source is None and (habits.used(label) <= 0.5 or "<KEY_VOLUMEDOWN>" in used):
        return
    code = one(source, "linux,code", KEY_VOLUMEDOWN) if source is not None else KEY_VOLUMEDOWN
    name = f"<{KEYS.get(code, code)}>"
    if name not in used:
        part = draft.board.extend(label)
        evidence = draft.evidence(source) if source is not None else draft.teachers
        part.say("linux,code", name, evidence, subject="keys")
        part.say("status", '"okay"', evidence, subject="keys")


def _vendor_resin(draft: Drafting) -> TreeNode | None:
    """The vendor's node of the reset input, where it is used as a key."""
    for node in draft.vendor.active:
        if one(node, "linux,code", 0) > 0 and one(node, "qcom,pon-type", -1) == 1:
            return node
    return None
