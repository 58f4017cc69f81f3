"""Regulators of PMICs that sit on i2c, and supplies of nodes that vendor and mainline describe by one binding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.board.board_file import quoted
from pmport.board.drafting import label_like
from pmport.board.places import one

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.board.drafting import Drafting
    from pmport.board.part_habits import PartHabit
    from pmport.devicetree import TreeNode

__all__ = ["draft_outputs", "draft_same_supplies", "has_outputs"]

LIMITS = ("regulator-min-microvolt", "regulator-max-microvolt")
FLAGS = ("regulator-always-on", "regulator-boot-on")
CHARGERS = re.compile(r"charger|fuel|muic")


def has_outputs(node: TreeNode) -> bool:
    """Whether a part has regulators.

    Args:
        node: The vendor's node.

    Returns:
        True where it, or a part of it, holds ``regulators``.
    """
    return _holder(node) is not None


def _holder(node: TreeNode) -> TreeNode | None:
    for part in (node, *node.children.values()):
        for name in ("regulators", "voltage-regulators"):
            if name in part.children:
                return part.children[name]
    return None


def draft_outputs(draft: Drafting, part: Part, node: TreeNode, habit: PartHabit) -> None:
    """The regulators of a part on a bus, spelled as mainline's boards spell them.

    Args:
        draft: The draft.
        part: The part in the draft.
        node: The vendor's node.
        habit: How boards write the part.
    """
    holder = _holder(node)
    if holder is None:
        return
    spelled = {name.lower(): name for name in habit.outputs}
    within = part
    if holder.parent is not None and holder.parent is not node:
        within = part.child(holder.parent.name)
        if holder.parent.compatible:
            strings = ", ".join(map(quoted, holder.parent.compatible))
            within.say("compatible", strings, draft.evidence(holder.parent, "compatible"), subject="regulators")
        _inputs(draft, within, holder.parent)
    _inputs(draft, part, node)
    outputs = within.child(holder.name)
    for child in holder.children.values():
        if child in draft.vendor.in_use and (name := _name(child, spelled)):
            _output(draft, outputs.child(name, key=f"<vendor:{child.path}>", wanted=_label(child)), child)


def _name(node: TreeNode, spelled: dict[str, str]) -> str:
    """The name of an output in mainline; empty where no board has it though boards have others."""
    name = node.unit_name.lower()
    words = (name, name.replace("_", ""), name.replace("-", "_"))
    known = next((spelled[word] for word in words if word in spelled), "")
    return known or (
        "" if spelled and len(spelled) >= len(node.parent.children if node.parent else ()) else node.unit_name
    )


def _label(node: TreeNode) -> str:
    text = label_like(next(iter(node.strings("regulator-name")), node.unit_name))
    return text if text[:1].isalpha() else f"vreg_{text}"


def _inputs(draft: Drafting, part: Part, node: TreeNode) -> None:
    for name in node.raw:
        if name.endswith("-supply"):
            draft.supply(part, name, node, name, subject="regulators")


def _output(draft: Drafting, part: Part, node: TreeNode) -> None:
    part.keep = True
    name = next(iter(node.strings("regulator-name")), "")
    if name:
        part.say(
            "regulator-name", f'"{label_like(name)}"', draft.evidence(node, "regulator-name"), subject="regulators"
        )
    for limit in LIMITS:
        value = one(node, limit, 0)
        if value > 0:
            part.say(limit, f"<{value}>", draft.evidence(node, limit), subject="regulators")
    for flag in FLAGS:
        if flag in node.raw:
            part.say(flag, "", draft.evidence(node, flag), subject="regulators")


def draft_same_supplies(draft: Drafting) -> None:
    """Supplies of the chip's nodes that the vendor describes by the same binding.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.active:
        label = draft.vendor.label(node) if any(name.endswith("-supply") for name in node.raw) else ""
        if not label or not set(node.compatible) & set(draft.chip.labels[label].compatible):
            continue
        chip = draft.chip.labels[label]
        if chip.status == "disabled" and draft.chip.habits.used(label) == 0 and label not in draft.board.extended:
            continue
        said = draft.said_by_boards(label)
        for name in node.raw:
            if name.endswith("-supply") and name not in chip.raw and (name in said or not said):
                draft.supply(draft.board.extend(label), name, node, name, subject="supplies")
