"""Parts of the board that vendors describe as mainline does: LEDs at GPIOs, backlights and vibrators at a PWM."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY
from pmport.board.places import one
from pmport.devicetree import references
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.board.drafting import Drafting
    from pmport.devicetree import TreeNode

__all__ = ["draft_literal"]

PWM = frozenset({"pwm-backlight", "pwm-vibrator"})
COLOURS = {"white": "WHITE", "red": "RED", "green": "GREEN", "blue": "BLUE", "amber": "AMBER", "yellow": "YELLOW"}
CELLS = ("brightness-levels", "default-brightness-level", "num-interpolated-steps")
SUPPLIES = ("power-supply", "enable-supply", "vcc-supply")


def draft_literal(draft: Drafting) -> None:
    """LEDs, backlights and vibrators.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.active:
        if node.parent is None or node.parent.parent not in {None, draft.vendor.tree.root}:
            continue
        kind = next((text for text in node.compatible if text in PWM), "")
        if "gpio-leds" in node.compatible:
            _leds(draft, node)
        elif kind:
            _pwm(draft, node, kind)


def _leds(draft: Drafting, node: TreeNode) -> None:
    for child in node.children.values():
        pins = draft.vendor.pins(child, "gpios")
        if child not in draft.vendor.in_use or len(pins) != 1 or re.search(r"flash|torch", child.name):
            continue
        holder = draft.board.root.child("gpio-leds")
        holder.say("compatible", '"gpio-leds"', draft.evidence(node), subject="leds")
        part = holder.child(f"led-{len(holder.children)}")
        part.say(
            "gpios", draft.gpio(pins[0], low=bool(pins[0].flags & 1)), draft.evidence(child, "gpios"), subject="leds"
        )
        words = re.findall(r"[a-z]+", f"{child.name} {' '.join(child.strings('label'))}".lower())
        colour = next((COLOURS[word] for word in words if word in COLOURS), "")
        if colour:
            part.say("color", f"<LED_COLOR_ID_{colour}>", draft.evidence(child), subject="leds")


def _pwm(draft: Drafting, node: TreeNode, kind: str) -> None:
    try:
        found = references(node, "pwms")
    except FormatError:
        return
    target = found[0].node if len(found) == 1 else None
    label = draft.vendor.label(target) if target is not None else ""
    if not label or one(draft.chip.labels[label], "#pwm-cells") != len(found[0].args):
        return
    name = "backlight" if kind == "pwm-backlight" else "vibrator"
    part = draft.board.root.child(name, key=f"<{kind}>", wanted=name)
    part.say("compatible", f'"{kind}"', draft.evidence(node, "compatible"), subject="leds")
    part.say("pwms", f"<&{label} {' '.join(map(str, found[0].args))}>", draft.evidence(node, "pwms"), subject="leds")
    if draft.chip.labels[label].status == "disabled":
        draft.board.extend(label).say("status", '"okay"', draft.evidence(node, "pwms"), subject="leds")
    for name in CELLS:
        cells = node.cells(name)
        if cells:
            part.say(name, f"<{' '.join(map(str, cells))}>", draft.evidence(node, name), subject="leds")
    for name in SUPPLIES:
        if name in node.raw:
            draft.supply(part, name, node, name, subject="leds")
    pins = draft.vendor.pins(node, "enable-gpios")
    if pins:
        value = draft.gpio(pins[0], low=bool(pins[0].flags & 1))
        part.say("enable-gpios", value, draft.evidence(node, "enable-gpios"), certainty=LIKELY, subject="leds")
