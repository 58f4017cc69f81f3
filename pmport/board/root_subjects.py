"""Identity, chosen and aliases, memory: what stands in the root of a board file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pmport.board.board_file import Part
from pmport.board.drafting import LIKELY, Drafting
from pmport.board.places import one
from pmport.devicetree import TreeNode, reg
from pmport.devicetree.identity import identify
from pmport.errors import FormatError

__all__ = ["draft_identity", "draft_memory", "draft_serial", "framebuffer"]

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
    root.say("model", f'"{_quoted(model)}"', "given" if draft.model else "/model", subject="identity")
    names = [draft.compatible or "vendor,codename"]
    chip = _chip_compatible(draft) or next(iter(chips), "")
    names += [chip] if chip else []
    root.say("compatible", ", ".join(f'"{name}"' for name in names), "given", subject="identity")
    if not draft.compatible:
        draft.board.ask("identity", "What is the phone's codename? No vendor tree tells it: vendor,codename", "")
    form = draft.chip.habits.nodes.get("/")
    if form is not None and form.value("chassis-type")[1] > 0.2:
        kind = "tablet" if TABLET.search(f"{model} {draft.compatible}") else "handset"
        root.say("chassis-type", f'"{kind}"', "the model's name", certainty=LIKELY, subject="identity")
    for name in ("qcom,msm-id", "qcom,board-id"):
        cells = tree.root.cells(name)
        wanted = form is not None and form.value(name)[1] + sum(form.props.get(name, {}).values()) / (form.weight or 1) > 0.4
        if cells and wanted:
            value = " ".join(f"{cell:#x}" if cell > 999 else str(cell) for cell in cells)
            root.say(name, f"<{value}>", f"/:{name}", subject="identity")


def _chip_compatible(draft: Drafting) -> str:
    """The chip's string at the end of the root's list: what most boards write."""
    habit = draft.chip.habits.nodes.get("/")
    votes: dict[str, float] = {}
    for value, weight in (habit.props.get("compatible", {}) if habit is not None else {}).items():
        last = value.split(",")[-2:]
        text = ",".join(last).strip().strip('"')
        votes[text] = votes.get(text, 0) + weight
    vendor = draft.vendor.tree.root.compatible
    same = [text for text in votes if text in vendor]
    return max(same or votes, key=lambda text: votes[text], default="")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def draft_serial(draft: Drafting) -> None:
    """The console and the aliases of serial ports.

    Args:
        draft: The draft.
    """
    habit = draft.chip.habits.nodes.get("/aliases")
    if habit is None:
        return
    for name in habit.props:
        value, _, _ = habit.value(name)
        total = sum(habit.props[name].values()) / draft.chip.habits.total
        if total >= 0.5 and re.match(r"(serial|mmc|hsuart|bluetooth|wifi)\d", name):
            label = value.lstrip("&")
            if label in draft.chip.labels:
                aliases = draft.board.root.child("aliases")
                aliases.say(name, value, draft.teachers, certainty=LIKELY, subject="uart")
    value, share = draft.learn_value("/chosen", "stdout-path")
    if value and share > 0.5:
        draft.board.root.child("chosen").say("stdout-path", value, draft.teachers, certainty=LIKELY, subject="uart")


def regions(tree_root: TreeNode) -> Iterator[tuple[TreeNode, int, int]]:
    """The reserved memory with an address.

    Args:
        tree_root: The root of a tree.

    Yields:
        ``(node, address, size)``.
    """
    pool = tree_root.children.get("reserved-memory")
    for node in pool.children.values() if pool is not None else ():
        if node.status not in {"okay", "ok"}:
            continue
        try:
            found = reg(node)
        except FormatError:
            continue
        if found and found[0].size:
            yield node, found[0].address, found[0].size


SPLASH = re.compile(r"splash|framebuffer|display_reserved|fb_mem|disp_rdump|simplefb", re.IGNORECASE)
RAMOOPS = re.compile(r"ramoops|pstore|ram_console", re.IGNORECASE)
ROLES: tuple[tuple[str, str], ...] = (
    (r"modem|mpss", "mpss"), (r"adsp", "adsp"), (r"cdsp", "cdsp"), (r"slpi|ssc|sensor", "slpi"), (r"wcnss|pronto|peripheral", "wcnss"),
    (r"wlan", "wlan"), (r"venus|video|pil_video", "venus"), (r"gpu|zap", "gpu"), (r"ipa_fw", "ipa_fw"), (r"ipa_gsi", "ipa_gsi"),
    (r"spss", "spss"), (r"mba", "mba"), (r"npu", "npu"), (r"camera", "camera"), (r"hyp", "hyp"), (r"smem", "smem"), (r"tz", "tz"),
    (r"rmtfs|rmts", "rmtfs"), (r"cvp", "cvp"),
)  # fmt: skip
"""Words in the names of a region → what it is for."""


def role_of(name: str) -> str:
    """What a region is for, going by its name.

    Args:
        name: The node's name or label.

    Returns:
        The role; empty where it is not known.
    """
    lower = name.lower()
    return next((role for pattern, role in ROLES if re.search(pattern, lower)), "")


def draft_memory(draft: Drafting) -> None:
    """Reserved memory: remote processors, framebuffer, ramoops, what else the vendor keeps away.

    Args:
        draft: The draft.
    """
    vendor = list(regions(draft.vendor.tree.root))
    chip = list(regions(draft.chip.tree.root))
    ours: list[tuple[int, int]] = []
    for node, address, size in vendor:
        names = f"{node.name} {' '.join(node.labels)}"
        if RAMOOPS.search(names) or "ramoops" in node.compatible:
            _ramoops(draft, node, address, size)
        elif not SPLASH.search(names):
            _region(draft, node, address, size, chip, ours)


def _ramoops(draft: Drafting, node: TreeNode, address: int, size: int) -> None:
    part = _pool(draft).child(f"ramoops@{address:x}")
    part.say("compatible", '"ramoops"', draft.evidence(node), subject="memory")
    part.say("reg", _reg(draft, address, size), draft.evidence(node, "reg"), subject="memory")
    for ours, theirs in (("record-size", "record-size"), ("console-size", "console-size"), ("ftrace-size", "ftrace-size"), ("pmsg-size", "pmsg-size"), ("ecc-size", "ecc-size")):
        value = one(node, theirs, 0) or one(node, f"android,ramoops-{theirs}", 0)
        if value:
            part.say(ours, f"<{value:#x}>", draft.evidence(node, theirs), subject="memory")
    if not {"record-size", "console-size", "pmsg-size"} & set(part.statements):
        part.say("console-size", f"<{min(size // 2, 0x100000):#x}>", "half of it", certainty=LIKELY, subject="memory")


def _region(
    draft: Drafting, node: TreeNode, address: int, size: int, chip: list[tuple[TreeNode, int, int]], ours: list[tuple[int, int]]
) -> None:
    """One region of the vendor: the chip's own, moved or resized, or a new one."""
    for theirs, start, length in chip:
        if start == address and length == size:
            return
    role = role_of(f"{node.name} {' '.join(node.labels)}")
    labels = draft.chip.label_of
    same = [(theirs, start, length) for theirs, start, length in chip if role and role_of(f"{theirs.name} {labels.get(theirs, '')}") == role]
    if len(same) == 1 and "no-map" in node.raw and labels.get(same[0][0]):
        part = draft.board.extend(labels[same[0][0]])
        part.say("reg", _reg(draft, address, size), draft.evidence(node, "reg"), subject="memory")


def _pool(draft: Drafting) -> Part:
    return draft.board.root.child("reserved-memory")


def cells_of(draft: Drafting) -> tuple[int, int]:
    """How many cells addresses and sizes have at the root.

    Args:
        draft: The draft.

    Returns:
        ``(#address-cells, #size-cells)``.
    """
    pool = draft.chip.tree.root.children.get("reserved-memory") or draft.chip.tree.root
    return one(pool, "#address-cells", 2), one(pool, "#size-cells", 2)


def _reg(draft: Drafting, address: int, size: int) -> str:
    wide, long = cells_of(draft)
    return f"<{_number(address, wide)} {_number(size, long)}>"


def _number(value: int, cells: int) -> str:
    return f"{value >> 32:#x} {value & 0xFFFFFFFF:#010x}" if cells == 2 else f"{value:#x}"


def framebuffer(draft: Drafting, width: int, height: int) -> None:
    """The framebuffer that the bootloader leaves on.

    Args:
        draft: The draft.
        width: The panel's; pixels.
        height: Likewise.
    """
    found = next(((n, a, s) for n, a, s in regions(draft.vendor.tree.root) if SPLASH.search(f"{n.name} {' '.join(n.labels)}")), None)
    if found is None or not width or not height:
        return
    node, address, size = found
    depth = 4 if "apps_rsc" in draft.chip.labels or size < width * height * 3 else 4
    evidence = draft.evidence(node, "reg")
    pool = _pool(draft).child(f"framebuffer@{address:x}", key="framebuffer", wanted="framebuffer_mem")
    pool.say("reg", _reg(draft, address, width * height * depth), evidence, subject="framebuffer")
    pool.say("no-map", "", evidence, subject="framebuffer")
    chosen = draft.board.root.child("chosen")
    wide, long = cells_of(draft)
    chosen.say("#address-cells", f"<{wide}>", "", subject="framebuffer")
    chosen.say("#size-cells", f"<{long}>", "", subject="framebuffer")
    chosen.say("ranges", "", "", subject="framebuffer")
    part = chosen.child(f"framebuffer@{address:x}")
    part.say("compatible", '"simple-framebuffer"', evidence, subject="framebuffer")
    part.say("reg", _reg(draft, address, width * height * depth), evidence, subject="framebuffer")
    part.say("width", f"<{width}>", "the panel", subject="framebuffer")
    part.say("height", f"<{height}>", "the panel", subject="framebuffer")
    part.say("stride", f"<({width} * {depth})>", "the panel", subject="framebuffer")
    part.say("format", '"a8r8g8b8"', "the bootloader", certainty=LIKELY, subject="framebuffer")
