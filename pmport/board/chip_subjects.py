"""What nearly every board of a chip writes alike: storage, USB, display, remote processors, Wi-Fi, and their supplies.

The boards of the chip say what is written; the vendor's tree says whether the part is there, and which rails feed it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting
from pmport.board.habits import Votes
from pmport.board.power_subjects import pmic_part

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.board.habits import Habit, Habits
    from pmport.devicetree import TreeNode

__all__ = ["draft_common", "draft_radio", "draft_supplied"]

SHARE = 0.5
STRONG = 0.75
USED = 0.3
"""Share of boards that is enough where the vendor uses what stands at the same address."""
DESPITE = 0.8
"""Share that is needed where the vendor's tree has it switched off."""
POWER_UNIT = re.compile(r"^/\[\w+,\w+-pmu\]$")
NEVER = re.compile(
    r"^(?:compatible|model|remote-endpoint|linux,code|gpio-line-names|protected-clocks|"
    r"gpio-reserved-ranges|memory-region|.*-variant|firmware-name|.*mount-matrix|label|phandle)$"
)


def draft_common(draft: Drafting) -> None:
    """All nodes of the chip that most boards speak of.

    Args:
        draft: The draft.
    """
    habits = draft.chip.habits
    for key, habit in list(habits.nodes.items()):
        label = draft.paths.get(key, key)
        node = draft.chip.labels.get(label)
        if node is None or label.startswith(("<", "[", "/")):
            continue
        if habit.weight < habits.total * {True: USED, None: SHARE, False: DESPITE}[draft.vendor_uses(node)]:
            continue
        if "gpio-controller" in node.raw or node.path.startswith("/__") or label in draft.chip.supplied:
            continue
        if label in draft.board.deleted:
            continue
        if "reserved-memory" in node.path:
            value, share, _ = habit.value("status")
            if value and share >= SHARE:
                draft.board.extend(label).say("status", value, draft.teachers, certainty=LIKELY, subject="memory")
            continue
        if is_bus(label, node):
            continue
        _take(draft, key, draft.board.extend(label), habit)
        _children(draft, key, draft.board.extend(label), habits)


def draft_radio(draft: Drafting) -> None:
    """Wi-Fi and Bluetooth with the chip's power unit between, where some boards describe it: the newer way.

    Args:
        draft: The draft.
    """
    habits = draft.chip.newer
    if habits is None:
        return
    for key, habit in list(habits.nodes.items()):
        if habit.weight < habits.total * SHARE:
            continue
        if POWER_UNIT.search(key) and key.count("/") == 1:
            part = draft.board.root.child(key.strip("/[]").partition(",")[2], key=key)
            _all(draft, key, part, habit)
            _below(draft, key, part, habits)
        elif draft.chip.labels.get(key) is not None and re.match(r"wifi$|wcnss$", key):
            _take(draft, key, draft.board.extend(key), habit)
        elif key.endswith("/bluetooth") and draft.chip.labels.get(key.partition("/")[0]) is not None:
            part = draft.board.extend(key.partition("/")[0]).child("bluetooth", key=key)
            _all(draft, key, part, habit)


def _all(draft: Drafting, key: str, part: Part, habit: Habit) -> None:
    for name in habit.props:
        value, share, agreed = habit.value(name)
        if name == "drive-strength" and agreed < STRONG:  # how a trace was laid out is the board's own matter
            continue
        if share >= SHARE and not re.match(r"pinctrl|.*-variant|firmware-name|local-", name):
            part.say(name, value, draft.teachers, certainty=LIKELY, subject=key)


def _below(draft: Drafting, key: str, part: Part, habits: Habits) -> None:
    for other, habit in list(habits.nodes.items()):
        if other.startswith(f"{key}/") and "/" not in other[len(key) + 1 :] and habit.weight >= habits.total * SHARE:
            label = habit.labels.most_common()[0][0] if habit.labels else ""
            child = part.child(other[len(key) + 1 :], key=other, wanted=label)
            _all(draft, other, child, habit)
            _below(draft, other, child, habits)


def is_bus(label: str, node: TreeNode) -> bool:
    """Whether a chip's node is a bus whose use depends on the phone.

    Args:
        label: Its label.
        node: The node.

    Returns:
        True for i2c and spi.
    """
    return (
        node.unit_name in {"i2c", "spi", "hsi2c"} or "i2c" in label or re.match(r"(?:blsp_)?spi\d", label) is not None
    )


def _states(draft: Drafting, part: Part, name: str, value: str) -> None:
    """Pin states that the chip's files have."""
    labels = re.findall(r"&(\w+)", value)
    if name == "pinctrl-names" and value:
        if all(f"pinctrl-{number}" in part.statements for number in range(value.count(",") + 1)):
            part.say(name, value, draft.teachers, certainty=LIKELY, subject="pins")
    elif labels or "{" in value:
        own = re.findall(r"&\{([^}]*)\}", value)
        if all(label in draft.chip.labels for label in labels) and all(_copied(draft, key) for key in own):
            part.say(name, value, draft.teachers, certainty=LIKELY, subject="pins")


def _copied(draft: Drafting, key: str) -> bool:
    """A pin state that most boards write alike, put into the draft."""
    label, _, name = key.partition("/")
    habit = draft.chip.habits.nodes.get(key)
    if habit is None or label not in draft.chip.labels or "/" in name or habit.weight < draft.chip.habits.total * SHARE:
        return False
    part = draft.board.extend(label).child(
        name, key=key, wanted=habit.labels.most_common()[0][0] if habit.labels else ""
    )
    _all(draft, key, part, habit)
    _below(draft, key, part, draft.chip.habits)
    return True


FIRMWARE = re.compile(r'^"((?:qcom/)?(?:[^/"]+/)?)[^/"]+/[^/"]+/([^/"]+)"$')


def _firmware(draft: Drafting, part: Part, habit: Habit) -> None:
    """The name of a signed firmware: the chip's folder, the maker, the phone, and the file as boards call it."""
    votes: dict[tuple[str, str], float] = defaultdict(float)
    for value, weight in habit.props.get("firmware-name", Votes()).most_common():
        found = FIRMWARE.match(value)
        if found:
            votes[found[1], found[2]] += weight
    if not votes or not draft.compatible or not draft.model:
        return
    (folder, file), weight = max(votes.items(), key=lambda item: item[1])
    if weight >= habit.weight * SHARE:
        phone = draft.compatible.partition(",")[2].partition("-")[0]
        part.say(
            "firmware-name",
            f'"{folder}{draft.model.split()[0]}/{phone}/{file}"',
            draft.teachers,
            certainty=LIKELY,
            subject="firmware",
        )


def _take(draft: Drafting, key: str, part: Part, habit: Habit) -> None:
    _firmware(draft, part, habit)
    for name in habit.props:
        value, share, _ = habit.value(name)
        if name == "dr_mode" and value == '"host"':
            part.say(name, '"peripheral"', "a phone is a peripheral first", certainty=LIKELY, subject="usb")
            continue
        if name == "firmware-name":
            continue
        if name.startswith("pinctrl-"):
            _states(draft, part, name, value if share >= SHARE else "")
        elif share >= SHARE and not NEVER.match(name):
            part.say(name, value, draft.teachers, certainty=LIKELY, subject=key)


def _children(draft: Drafting, key: str, part: Part, habits: Habits) -> None:
    """Nodes below one of the chip's that most boards write: Bluetooth at a serial port, and the like."""
    for other, habit in list(habits.nodes.items()):
        if not other.startswith(f"{key}/") or "/" in other[len(key) + 1 :]:
            continue
        name = other[len(key) + 1 :]
        if habit.weight < habits.total * SHARE or name.startswith(("panel", "ports", "port")):
            continue
        child = part.child(name, key=other)
        value, share, _ = habit.value("compatible")
        if value and share >= SHARE:
            child.say("compatible", value, draft.teachers, certainty=LIKELY, subject=key)
        _take(draft, key, child, habit)
        _children(draft, other, child, habits)


def draft_supplied(draft: Drafting) -> None:
    """The labels that the chip's files want from every board.

    Args:
        draft: The draft.
    """
    for label in draft.chip.supplied:
        part = next(
            (part for part in draft.board.parts if label in {part.label, part.wanted} or part.key == label), None
        )
        if part is None:
            part = _made(draft, label)
        part.label = label


def _made(draft: Drafting, label: str) -> Part:
    """A node with a label, as the boards of the chip have it."""
    for key, habit in draft.chip.habits.nodes.items():
        if label in habit.labels:
            part = _holder(draft, key)
            if part is None:
                continue
            for name in habit.props:
                value, share, _ = habit.value(name)
                if share >= SHARE or name in {"reg", "compatible"}:
                    part.say(name, value, draft.teachers, certainty=LIKELY, subject="chip")
            return part
    draft.board.ask(
        "chip", f"The chip's file wants a node with the label {label}; none of its boards tells what it is", ""
    )
    return draft.board.root.child(label.replace("_", "-"), key=label)


def _holder(draft: Drafting, key: str) -> Part | None:
    """A new node with a key of a habit."""
    if key.startswith("/reserved-memory/"):
        return draft.board.root.child("reserved-memory").child(key.rpartition("/")[2], key=key)
    if key.startswith("<") and not key.startswith("<fixed:"):
        pmic, _, name = key.strip("<>").partition(":")
        holder = pmic_part(draft, pmic)
        if holder is None:
            return None
        part = holder.child(name, key=key)
        part.keep = True
        return part
    if key.startswith("/["):
        return draft.board.root.child(re.sub(r"\W+", "-", key.strip("/[]")), key=key)
    if key.startswith("<fixed:"):
        return draft.board.root.child(re.sub(r"\W+", "-", key[7:-1]) + "-regulator", key=key)
    return None
