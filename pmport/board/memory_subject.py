"""Reserved memory, ramoops, and the framebuffer that the bootloader leaves on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting
from pmport.board.habits import Votes
from pmport.board.places import one
from pmport.devicetree import TreeNode, reg
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.board.board_file import Part

__all__ = ["draft_memory", "framebuffer", "regions"]

LEAST_RAMOOPS = 0x10000
COMMON = 0.5
ENOUGH = 4.0
"""Weight of boards of the chip that are enough to know what is usual."""


def regions(root: TreeNode) -> Iterator[tuple[TreeNode, int, int]]:
    """The reserved memory with an address: of ``/reserved-memory``, and as older trees have it, of ``/memory``.

    Args:
        root: The root of a tree.

    Yields:
        ``(node, address, size)``.
    """
    pools = [node for node in root.children.values() if node.name == "reserved-memory" or node.unit_name == "memory"]
    for node in (node for pool in pools for node in pool.children.values()):
        if node.status not in {"okay", "ok"}:
            continue
        try:
            found = reg(node)
        except FormatError:
            continue
        if found and found[0].size and (found[0].address or node.parent is not root.children.get("memory")):
            yield node, found[0].address, found[0].size


SPLASH = re.compile(r"splash|framebuffer|display_reserved|fb_mem|disp_rdump|simplefb", re.IGNORECASE)
OTHER_SCREEN = re.compile(r"hdmi|secondary|_dp\b|wfd", re.IGNORECASE)
RAMOOPS = re.compile(r"ramoops|pstore|ram_console", re.IGNORECASE)
ROLES: tuple[tuple[str, str], ...] = (
    (r"modem|mpss", "mpss"), (r"adsp", "adsp"), (r"cdsp", "cdsp"), (r"slpi|ssc|sensor", "slpi"), (r"wcnss|pronto|peripheral", "wcnss"),
    (r"wlan", "wlan"), (r"venus|video|pil_video", "venus"), (r"gpu|zap", "gpu"), (r"ip[as]_fw", "ipa_fw"), (r"ipa_gsi", "ipa_gsi"),
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
    placed: list[Region] = []
    ramoops = 0
    for node, address, size in regions(draft.vendor.tree.root):
        names = f"{node.name} {' '.join(node.labels)} {' '.join(node.strings('label'))}"
        if RAMOOPS.search(names) or "ramoops" in node.compatible:
            if not ramoops and size >= LEAST_RAMOOPS:
                _ramoops(draft, node, address, size)
            ramoops += 1
        elif not SPLASH.search(names) and (role := role_of(names)):
            placed.append(Region(node, address, size, role))
    _place(draft, placed)
    _common_regions(draft, placed)


@dataclass(frozen=True)
class Region:
    """A region of the vendor's with a role.

    Args:
        node: The vendor's node.
        address: Where it begins.
        size: In bytes.
        role: What it is for.
    """

    node: TreeNode
    address: int
    size: int
    role: str

    def meets(self, address: int, size: int) -> bool:
        """Whether another one has a byte in common.

        Args:
            address: Its beginning.
            size: Its size.

        Returns:
            True where they overlap.
        """
        return self.address < address + size and address < self.address + self.size


def _place(draft: Drafting, placed: list[Region]) -> None:
    """The chip's regions, moved and resized as the vendor has them."""
    labels = draft.chip.label_of
    fixed = {node: (address, size) for node, address, size in regions_of_chip(draft) if labels.get(node)}
    roles = {node: role_of(f"{node.name} {labels[node]}") for node in fixed}
    settled: set[TreeNode] = set()
    done: set[str] = set()
    for region in placed:
        if region.role in done or _wanted(draft, region) or _fixed_by_board(draft, region):
            done.add(region.role)
            continue
        done.add(region.role)
        theirs = _own(region, fixed, roles)
        if theirs is None:
            continue
        settled.add(theirs)
        if fixed[theirs][0] != region.address:
            _moved(draft, labels[theirs], theirs, region, draft.evidence(region.node, "reg"))
        elif fixed[theirs][1] != region.size:
            part = draft.board.extend(labels[theirs])
            part.say(
                "reg", _reg(draft, region.address, region.size), draft.evidence(region.node, "reg"), subject="memory"
            )
    for node, (address, size) in fixed.items():
        hit = next((region for region in placed if region.meets(address, size)), None)
        same = hit is not None and (hit.address, hit.size) == (address, size)
        if node not in settled and hit is not None and not same and labels[node] not in draft.referenced:
            draft.board.deleted.setdefault(labels[node], draft.evidence(hit.node, "reg"))


def _own(region: Region, fixed: dict[TreeNode, tuple[int, int]], roles: dict[TreeNode, str]) -> TreeNode | None:
    """The chip's region for the same thing: at the same place, or the only one."""
    theirs = [node for node in fixed if roles[node] == region.role]
    here = [node for node in theirs if fixed[node][0] == region.address]
    return here[0] if here else theirs[0] if len(theirs) == 1 else None


def _fixed_by_board(draft: Drafting, region: Region) -> bool:
    """A region that the chip's file leaves to be placed, and that boards put where the vendor has it."""
    pool = draft.chip.tree.root.children.get("reserved-memory")
    for node in pool.children.values() if pool is not None else ():
        label = draft.chip.label_of.get(node, "")
        habit = draft.chip.habits.nodes.get(label)
        if "reg" in node.raw or habit is None or role_of(f"{node.name} {label}") != region.role:
            continue
        if sum(habit.props.get("reg", {}).values()) >= habit.weight * COMMON:
            part = draft.board.extend(label)
            part.say(
                "reg", _reg(draft, region.address, region.size), draft.evidence(region.node, "reg"), subject="memory"
            )
            return True
    return False


def _wanted(draft: Drafting, region: Region) -> bool:
    """A region whose label the chip's files want from the board."""
    for label in draft.chip.supplied:
        if label.endswith("_mem") and role_of(label) == region.role:
            evidence = draft.evidence(region.node, "reg")
            part = _pool(draft).child(f"{label.replace('_', '-')}@{region.address:x}", key=label, wanted=label)
            part.say("reg", _reg(draft, region.address, region.size), evidence, subject="memory")
            part.say("no-map", "", evidence, subject="memory")
            return True
    return False


def regions_of_chip(draft: Drafting) -> list[tuple[TreeNode, int, int]]:
    """The chip's own regions with an address, those that are off as well.

    Args:
        draft: The draft.

    Returns:
        ``(node, address, size)``.
    """
    pool = draft.chip.tree.root.children.get("reserved-memory")
    found = []
    for node in pool.children.values() if pool is not None else ():
        place = reg(node)
        if place and place[0].size:
            found.append((node, place[0].address, place[0].size))
    return found


def _moved(draft: Drafting, label: str, node: TreeNode, region: Region, evidence: str) -> None:
    """A region at another place: the chip's node is taken out, and one with its label put in."""
    draft.board.deleted[label] = evidence
    name = f"{node.unit_name}@{region.address:x}"
    part = _pool(draft).child(name, key=label, wanted=label)
    part.label = label
    part.say("reg", _reg(draft, region.address, region.size), evidence, subject="memory")
    for flag in node.raw:
        if flag in {"no-map", "reusable"}:
            part.say(flag, "", "the chip's file", subject="memory")
    for name in ("compatible", "qcom,client-id", "qcom,vmid", "no-map"):
        value = node.get(name)
        if value is not None and value.bytes:
            text = f'"{value.string}"' if name == "compatible" else f"<{' '.join(map(str, value.cells))}>"
            part.say(name, text, "the chip's file", subject="memory")


def _common_regions(draft: Drafting, placed: list[Region]) -> None:
    """Regions that most boards of the chip add at one place, where nothing of the vendor's is."""
    habits = draft.chip.habits
    votes: dict[str, float] = {}
    best: dict[str, tuple[float, str]] = {}
    for key, habit in habits.nodes.items():
        if (
            key.startswith("/reserved-memory/")
            and key.count("/") == 2
            and "ramoops" not in key
            and "framebuffer" not in key
            and "splash" not in key
        ):
            for value, weight in habit.props.get("reg", Votes()).most_common():
                votes[value] = votes.get(value, 0.0) + weight
                best[value] = max(best.get(value, (0.0, "")), (weight, key))
    for value, weight in votes.items():
        numbers = [int(word, 0) for word in re.findall(r"0x[0-9a-f]+|\b\d+\b", value)]
        wide, long = cells_of(draft)
        if weight < habits.total * COMMON or len(numbers) != wide + long:
            continue
        address, size = _joined(numbers[:wide]), _joined(numbers[wide:])
        if any(region.meets(address, size) for region in placed):
            continue
        _, key = best[value]
        habit = habits.nodes[key]
        label = habit.labels.most_common()[0][0] if habit.labels else ""
        part = _pool(draft).child(
            f"{key.rpartition('/')[2].partition('@')[0]}@{address:x}", key=label or key, wanted=label
        )
        for name in habit.props:
            text, share, _ = habit.value(name)
            if share >= COMMON or name == "reg":
                part.say(name, text if name != "reg" else value, draft.teachers, certainty=LIKELY, subject="memory")


def _joined(numbers: list[int]) -> int:
    found = 0
    for number in numbers:
        found = found << 32 | number
    return found


def _ramoops(draft: Drafting, node: TreeNode, address: int, size: int) -> None:
    part = _pool(draft).child(f"ramoops@{address:x}")
    part.say("compatible", '"ramoops"', draft.evidence(node), subject="memory")
    part.say("reg", _reg(draft, address, size), draft.evidence(node, "reg"), subject="memory")
    for ours, theirs in (
        ("record-size", "record-size"),
        ("console-size", "console-size"),
        ("ftrace-size", "ftrace-size"),
        ("pmsg-size", "pmsg-size"),
        ("ecc-size", "ecc-size"),
    ):
        value = one(node, theirs, 0) or one(node, f"android,ramoops-{theirs}", 0)
        if value:
            part.say(ours, f"<{value:#x}>", draft.evidence(node, theirs), subject="memory")
    if not {"record-size", "console-size", "pmsg-size"} & set(part.statements):
        part.say("console-size", f"<{min(size // 2, 0x100000):#x}>", "half of it", certainty=LIKELY, subject="memory")


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


def _splash(draft: Drafting) -> tuple[TreeNode, int, int] | None:
    """The memory that an older tree keeps for the splash screen, in the framebuffer's own node."""
    for node in draft.vendor.active:
        cells = node.cells("qcom,memblock-reserve")
        if len(cells) == 2 and "fb" in node.name + " ".join(node.compatible):
            return node, cells[0], cells[1]
    return None


def framebuffer(draft: Drafting, width: int, height: int) -> None:
    """The framebuffer that the bootloader leaves on.

    Args:
        draft: The draft.
        width: The panel's; pixels.
        height: Likewise.
    """
    found = _splash(draft) or next(
        (
            (node, address, size)
            for node, address, size in regions(draft.vendor.tree.root)
            if SPLASH.search(names := f"{node.name} {' '.join(node.labels)}") and not OTHER_SCREEN.search(names)
        ),
        None,
    )
    if found is None or not width or not height:
        return
    old = found[0].parent is not None and found[0].parent.name != "reserved-memory"
    if (
        old
        and draft.chip.own >= ENOUGH
        and not any(key.startswith("/chosen/framebuffer") for key in draft.chip.habits.nodes)
    ):
        what = f"{width} x {height} at {found[1]:#x}"
        text = f"Does the bootloader leave a framebuffer of {what}? No board of this chip says so"
        draft.board.ask("framebuffer", text, draft.evidence(found[0]))
        return
    node, address, size = found
    formats = Votes(a8r8g8b8=0.01)
    for key, habit in draft.chip.habits.nodes.items():
        if key.startswith("/chosen/framebuffer"):
            for value, weight in habit.props.get("format", Votes()).most_common():
                formats[value.strip('"')] += weight
    pixel = formats.most_common()[0][0]
    depth = {"r5g6b5": 2, "r8g8b8": 3}.get(pixel, 4)
    evidence = draft.evidence(node, "reg")
    pool = _pool(draft).child(f"framebuffer@{address:x}", key="framebuffer", wanted="framebuffer_mem")
    pool.say("reg", _reg(draft, address, max(size, width * height * depth)), evidence, subject="framebuffer")
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
    part.say("format", f'"{pixel}"', "the bootloader", certainty=LIKELY, subject="framebuffer")
