"""Identity, aliases and console: what stands in the root of a board file."""

from __future__ import annotations

import re

from pmport.board.board_file import quoted
from pmport.board.drafting import LIKELY, Drafting
from pmport.board.habits import Votes
from pmport.devicetree.identity import identify

__all__ = ["draft_identity", "draft_serial"]

TABLET = re.compile(r"tablet|\bpad\b|\btab\b|slate|ipad|nook|kindle|fire hd|mipad|mi pad", re.IGNORECASE)


def draft_identity(draft: Drafting) -> None:
    """Model, compatible, chassis, and the numbers by which a bootloader chooses.

    Args:
        draft: The draft.
    """
    root, tree = draft.board.root, draft.vendor.tree
    identity = identify(tree)
    chips = [text for text in draft.chip.tree.root.compatible if text != "pmport,chip"]
    model = draft.model or identity.model or "Unknown phone"
    root.say("model", quoted(model), "given" if draft.model else "/model", subject="identity")
    names = [draft.compatible or "vendor,codename"]
    chip = _chip_compatible(draft) or next(iter(chips), "")
    names += [chip] if chip else []
    root.say("compatible", ", ".join(map(quoted, names)), "given", subject="identity")
    if not draft.compatible:
        draft.board.ask("identity", "What is the phone's codename? No vendor tree tells it: vendor,codename", "")
    form = draft.chip.habits.nodes.get("/")
    if form is not None and form.value("chassis-type")[1] > 0.2:
        kind = "tablet" if TABLET.search(f"{model} {draft.compatible}") else "handset"
        root.say("chassis-type", f'"{kind}"', "the model's name", certainty=LIKELY, subject="identity")
    for name in ("qcom,msm-id", "qcom,board-id"):
        cells = tree.root.cells(name)
        wanted = draft.chip.own == 0 or (
            form is not None and form.value(name)[1] + sum(form.props.get(name, {}).values()) / (form.weight or 1) > 0.4
        )
        if cells and wanted:
            value = " ".join(f"{cell:#x}" if cell > 999 else str(cell) for cell in cells)
            root.say(name, f"<{value}>", f"/:{name}", subject="identity")


def _chip_compatible(draft: Drafting) -> str:
    """The chip's string at the end of the root's list: what most boards write."""
    habit = draft.chip.habits.nodes.get("/")
    votes: dict[str, float] = {}
    for value, weight in (habit.props.get("compatible", Votes()) if habit is not None else Votes()).most_common():
        last = value.split(",")[-2:]
        text = ",".join(last).strip().strip('"')
        votes[text] = votes.get(text, 0) + weight
    vendor = draft.vendor.tree.root.compatible
    same = [text for text in votes if text in vendor]
    return max(same or votes, key=lambda text: votes[text], default="")


CONSOLE = 0.4


def _has_alias(draft: Drafting, name: str) -> bool:
    aliases = draft.board.root.children.get("aliases")
    return aliases is not None and name in aliases.statements


def draft_serial(draft: Drafting) -> None:
    """The console and the aliases of serial ports.

    Args:
        draft: The draft.
    """
    habit = draft.chip.habits.nodes.get("/aliases")
    if habit is None:
        return
    for name in habit.props:
        value, _, agreed = habit.value(name)
        total = sum(habit.props[name].values()) / draft.chip.habits.total
        if total >= 0.5 and agreed >= 0.6 and re.match(r"(serial|mmc|hsuart|bluetooth|wifi)\d", name):
            label = value.lstrip("&")
            if label in draft.chip.labels and draft.vendor_uses(draft.chip.labels[label]) is not False:
                aliases = draft.board.root.child("aliases")
                aliases.say(name, value, draft.teachers, certainty=LIKELY, subject="uart")
    habit = draft.chip.habits.nodes.get("/chosen")
    console = habit.props.get("stdout-path", Votes()) if habit is not None else Votes()
    value = console.most_common()[0][0] if console else ""
    if (
        "serial0" in value
        and sum(console.values()) > draft.chip.habits.total * CONSOLE
        and _has_alias(draft, "serial0")
    ):
        draft.board.root.child("chosen").say("stdout-path", value, draft.teachers, certainty=LIKELY, subject="uart")
