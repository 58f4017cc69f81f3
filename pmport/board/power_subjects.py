"""Regulators: the outputs of the PMICs with their limits, what feeds them, and those that a GPIO switches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting, label_like
from pmport.board.places import one

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.board.habits import Habit
    from pmport.board.vendor_rails import Rail
    from pmport.devicetree import TreeNode

__all__ = ["draft_fixed", "draft_inputs", "draft_rails"]

SHARE = 0.5
AGREED = 0.5
ENOUGH = 3.0
CARD = 2_500_000
"""µV. What feeds a card with more is limited to what the vendor gives the card."""
RARE = 0.3
"""Share of boards under which an output is only written where something drafted uses it."""
FLAGS = (
    "regulator-always-on",
    "regulator-boot-on",
    "regulator-allow-set-load",
    "regulator-allow-bypass",
    "regulator-system-load",
)


def draft_rails(draft: Drafting) -> None:
    """The outputs of the PMICs.

    Args:
        draft: The draft.
    """
    for key, rail in sorted(by_key(draft).items(), key=lambda item: (item[1].unit, natural(item[0]))):
        habit = draft.chip.habits.nodes.get(key)
        label = draft.chip_rails.get(key, "")
        if label:
            _chip_rail(draft, label, rail)
        elif known_output(draft, key) and (
            habit is None or draft.chip.own < ENOUGH or habit.weight >= draft.chip.habits.total * RARE
        ):
            part = pmic_part(draft, key.strip("<>").partition(":")[0])
            if part is not None:
                name = key.strip("<>").partition(":")[2]
                child = part.child(
                    name, key=key, wanted=learned_label(habit) or rail_label(rail, rpmh=draft.vendor.rpmh)
                )
                child.keep = True
                _limits(draft, child, rail, habit)


def by_key(draft: Drafting) -> dict[str, Rail]:
    """Key → rail; the first of several.

    Args:
        draft: The draft.

    Returns:
        Rails.
    """
    found: dict[str, Rail] = {}
    for rail in draft.vendor.rails.values():
        found.setdefault(rail.key(rpmh=draft.vendor.rpmh), rail)
    return found


def natural(key: str) -> list[tuple[int, str]]:
    """A key by which names with numbers are sorted as people do.

    Args:
        key: The name.

    Returns:
        The key.
    """
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", key)]


def known_output(draft: Drafting, key: str) -> bool:
    """Whether mainline's driver knows an output of a PMIC, going by what boards write.

    Args:
        draft: The draft.
        key: The rail's key.

    Returns:
        True where some board of the chip has it, or its PMIC is not known by any board.
    """
    pmic, _, output = key.strip("<>").partition(":")
    driver = draft.chip.outputs.get(pmic.partition(".")[0], {})
    if key in draft.chip.habits.nodes or driver:
        return key in draft.chip.habits.nodes or output in driver
    outputs = [other for other in draft.chip.habits.nodes if other.startswith(f"<{pmic}:")]
    return not outputs


def rail_label(rail: Rail, *, rpmh: bool) -> str:
    """The label that a rail gets: ``vreg_l28a_3p0`` with RPMh, ``pm8994_l28`` before.

    Args:
        rail: The rail.
        rpmh: Whether the chip has RPMh.

    Returns:
        The label.
    """
    short = {"ldo": "l", "smps": "s"}.get(rail.kind, rail.kind)
    if not rpmh:
        return f"{rail.pmic}_{short}{rail.number}"
    volts = rail.low or rail.high
    value = f"_{volts // 1_000_000}p{volts // 10_000 % 100:02d}".removesuffix("0") if volts else ""
    return f"vreg_{short}{rail.number}{rail.unit}{value}"


def learned_label(habit: Habit | None) -> str:
    """The label that most boards give to a node.

    Args:
        habit: What they say of it.

    Returns:
        The label; empty where they do not agree.
    """
    if habit is None or not habit.labels:
        return ""
    label, weight = habit.labels.most_common()[0]
    return label if weight > habit.weight * SHARE else ""


def pmic_part(draft: Drafting, pmic: str) -> Part | None:
    """The node of a PMIC's regulators.

    Args:
        draft: The draft.
        pmic: ``pm8998.a`` or ``pm8994``.

    Returns:
        The part, made where there is none; None where the chip's files have no place for it.
    """
    name, _, unit = pmic.partition(".")
    holder = next((label for label in ("apps_rsc", "rpm_requests") if label in draft.chip.labels), "")
    if not holder:
        return None
    over = draft.board.extend(holder)
    key = f"[{pmic}]"
    existing = next((part for part in over.children.values() if part.key == key), None)
    if existing is not None:
        return existing
    part = over.child(f"regulators-{len(over.children)}", key=key)
    kind = f"{name}-rpmh-regulators" if holder == "apps_rsc" else f"rpm-{name}-regulators"
    part.say("compatible", f'"qcom,{kind}"', "the vendor's PMIC", subject="regulators")
    if unit:
        part.say("qcom,pmic-id", f'"{unit}"', "qcom,resource-name", subject="regulators")
    return part


def _chip_rail(draft: Drafting, label: str, rail: Rail) -> None:
    """An output that the chip's files have: only what differs is said."""
    node = draft.chip.labels[label]
    habit = draft.chip.habits.nodes.get(label)
    if one(node, "regulator-min-microvolt", 0):
        return
    if habit is not None and habit.weight >= draft.chip.habits.total * SHARE:
        _limits(draft, draft.board.extend(label), rail, habit)


def _limits(draft: Drafting, part: Part, rail: Rail, habit: Habit | None) -> None:
    evidence = draft.evidence(rail.node)
    low, high = limits(draft, rail, habit)
    for name, volts in (("regulator-min-microvolt", low), ("regulator-max-microvolt", high)):
        if volts:
            part.say(name, f"<{volts}>", evidence, subject="regulators")
    if habit is None:
        return
    for name in habit.props:
        value, share, _ = habit.value(name)
        total = sum(habit.props[name].values()) / habit.weight
        if (
            name.startswith("regulator-")
            and "microvolt" not in name
            and total > SHARE
            and share > SHARE / 2
            and name != "regulator-name"
        ):
            part.say(name, value, draft.teachers, certainty=LIKELY, subject="regulators")


def limits(draft: Drafting, rail: Rail, habit: Habit | None) -> tuple[int, int]:
    """The limits of a rail: the vendor's, narrowed to what most boards write and to what a card may get.

    Args:
        draft: The draft.
        rail: The rail.
        habit: What the chip's boards say of it.

    Returns:
        Least and greatest voltage; µV.
    """
    low, high = rail.low, rail.high
    if habit is not None and low and high and draft.vendor.rpmh and draft.chip.own >= ENOUGH:
        bounds = []
        for name, ours in (("regulator-min-microvolt", low), ("regulator-max-microvolt", high)):
            text, _, agreed = habit.value(name)
            typical = int(text.strip("<>")) if re.fullmatch(r"<\d+>", text) else 0
            bounds.append(typical if typical and agreed >= AGREED and low <= typical <= high else ours)
        low, high = min(bounds), max(bounds)
    cap = draft.card_voltage.get(rail.key(rpmh=draft.vendor.rpmh), 0)
    return low, max(low, min(high, cap)) if cap >= CARD and not draft.vendor.rpmh else high


def draft_inputs(draft: Drafting) -> None:
    """What feeds the outputs, as the boards of the chip write it.

    Args:
        draft: The draft.
    """
    holder = next((label for label in ("apps_rsc", "rpm_requests") if label in draft.chip.labels), "")
    if not holder or holder not in draft.board.extended:
        return
    for part in draft.board.extend(holder).children.values():
        habit = draft.chip.habits.nodes.get(part.key)
        if habit is None:
            continue
        for name in habit.props:
            value, share, _ = habit.value(name)
            if name.endswith("-supply") and share >= SHARE:
                part.say(name, value, draft.teachers, certainty=LIKELY, subject="regulators")


def draft_fixed(draft: Drafting) -> None:
    """Regulators that a GPIO switches, and those that boards of the chip have as names only.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.with_compatible("^regulator-fixed"):
        _fixed(draft, node)
    for key, habit in draft.chip.habits.nodes.items():
        wanted = habit.weight >= draft.chip.habits.total * SHARE or key in draft.vendor.named.values()
        if key.startswith("<fixed:") and wanted and "gpio" not in habit.props:
            _learned(draft, key, habit)


def _fixed(draft: Drafting, node: TreeNode) -> None:
    pins = draft.vendor.pins(node, "gpio") or draft.vendor.pins(node, "gpios")
    if not pins and _same_fixed(draft, node):
        return
    name = next(iter(node.strings("regulator-name")), node.unit_name)
    part = draft.board.root.child(
        f"regulator-{label_like(name).replace('_', '-')}",
        key=f"<vendor:{node.path}>",
        wanted=f"vreg_{label_like(name)}".replace("vreg_vreg", "vreg"),
    )
    part.optional = True
    evidence = draft.evidence(node)
    part.say("compatible", '"regulator-fixed"', evidence, subject="fixed")
    part.say("regulator-name", f'"{label_like(name)}"', evidence, subject="fixed")
    for limit in ("regulator-min-microvolt", "regulator-max-microvolt"):
        value = one(node, limit, 0)
        if value >= 100_000:
            part.say(limit, f"<{value}>", draft.evidence(node, limit), subject="fixed")
    for flag in ("regulator-always-on", "regulator-boot-on"):
        if flag in node.raw:
            part.say(flag, "", draft.evidence(node, flag), subject="fixed")
    if not pins:
        return
    high = "enable-active-high" in node.raw
    part.say("gpio", draft.gpio(pins[0], low=not high), draft.evidence(node, "gpio"), subject="fixed")
    if high:
        part.say("enable-active-high", "", evidence, subject="fixed")
    delay = one(node, "startup-delay-us", 0)
    if delay:
        part.say("startup-delay-us", f"<{delay}>", draft.evidence(node, "startup-delay-us"), subject="fixed")


def _same_fixed(draft: Drafting, node: TreeNode) -> bool:
    """A rail without a switch that boards of the chip have under another name: with the same voltage, and only one."""
    volts = f"<{one(node, 'regulator-min-microvolt', 0)}>"
    found = [
        key
        for key, habit in draft.chip.habits.nodes.items()
        if key.startswith("<fixed:")
        and "gpio" not in habit.props
        and habit.value("regulator-min-microvolt")[0] == volts
    ]
    if len(found) != 1:
        return False
    draft.vendor.named[node] = found[0]
    return True


def _learned(draft: Drafting, key: str, habit: Habit) -> None:
    name = key.removeprefix("<fixed:").removesuffix(">")
    label = habit.labels.most_common()[0][0] if habit.labels else label_like(name)
    part = draft.board.root.child(f"{label_like(name).replace('_', '-')}-regulator", key=key, wanted=label)
    part.optional = True
    for prop in habit.props:
        value, share, _ = habit.value(prop)
        if share > SHARE:
            part.say(prop, value, draft.teachers, certainty=LIKELY, subject="fixed")
