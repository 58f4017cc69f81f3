"""What mainline knows of a chip: its nodes and labels, its PMICs, and what its boards have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pmport.board.habits import Habits, Member, families, learn
from pmport.board.kernel_boards import BoardFolder, KernelBoards
from pmport.board.part_habits import PartHabits
from pmport.board.places import Places
from pmport.board.pmic_outputs import Output, outputs_of_kernel
from pmport.devicetree.checks import Levels
from pmport.devicetree.dts_link import Extras
from pmport.devicetree.source import compile_source
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["ChipMap", "chip_names", "map_from_folder", "map_from_kernel", "qualcomm_chips"]

SAME_CHIP: dict[str, tuple[str, ...]] = {
    "apq8016": ("msm8916",), "msm8216": ("msm8916",), "msm8929": ("msm8939",), "apq8026": ("msm8226",),
    "msm8926": ("msm8926", "msm8226"), "msm8228": ("msm8226",), "msm8628": ("msm8226",), "msm8928": ("msm8226",),
    "msm8974pro-ab": ("msm8974pro",), "msm8974pro-ac": ("msm8974pro",), "msm8974-ab": ("msm8974pro",),
    "apq8074": ("msm8974",), "apq8084": ("apq8084",), "apq8096": ("msm8996",), "msm8996sg": ("msm8996pro", "msm8996"), "msm8996pro": ("msm8996pro", "msm8996"),
    "apq8098": ("msm8998",), "sda660": ("sdm660",), "sdm636": ("sdm636", "sdm660"), "sda845": ("sdm845",),
    "sdm850": ("sdm850", "sdm845"), "sm7125": ("sm7125", "sc7180"), "sc7280": ("sc7280", "kodiak"), "sm7325": ("sm7325", "kodiak"),
    "sm7225": ("sm7225", "sm6350"), "lagoon": ("sm6350",), "sm4250": ("sm4250", "sm6115"), "taro": ("sm8450",),
    "sdm450": ("sdm450", "msm8953"), "sdm632": ("sdm632", "msm8953"), "msm8940": ("msm8940", "msm8937"),
    "sdm439": ("sdm439", "msm8937"), "sdm429": ("sdm429", "msm8917"), "exynos5422": ("exynos5800",), "exynos5410": ("exynos5410",),
    "gxbb": ("gxbb",), "gxtvbb": ("gxbb",), "gxl": ("gxl-s905x",), "gxm": ("gxm",), "px30": ("px30",),
    "rk3326": ("rk3326", "px30"), "tegra132": ("tegra132",),
}  # fmt: skip
"""Chips that mainline describes in the file of another one; the best first."""
PREFIXES = ("", "qcom-", "meson-", "sun50i-", "sun8i-")
MOST = 0.5
POWER_UNIT = re.compile(r"\b\w+,\w+-pmu\b")
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
HEADERS = tuple(
    f"dt-bindings/{name}.h"
    for name in ("gpio/gpio", "input/input", "interrupt-controller/irq", "leds/common", "pinctrl/qcom,pmic-gpio")
)
"""What the draft's own statements use."""
SOME = 0.25
NEW = 0.15
"""Share of boards that is enough for a way of writing that replaces an older one."""
FEW = 2.0
"""Weight of boards. With fewer of its own, a chip also learns from the boards of the chip whose file its own includes."""
QUALCOMM_ID = re.compile(r"#define\s+QCOM_ID_(\w+)\s+(\d+)")


def chip_names(*socs: str) -> tuple[str, ...]:
    """The names under which mainline may describe a chip.

    Args:
        socs: Names of the chip, the most certain first.

    Returns:
        Names, the best first.
    """
    names = [name.replace("_", "-") for soc in socs if soc for name in (*SAME_CHIP.get(soc, ()), soc)]
    return tuple(dict.fromkeys((*names, *(re.sub(r"-\w\w$|pro$", "", name) for name in names))))


def qualcomm_chips(kernel: Path) -> dict[int, str]:
    """Qualcomm's numbers of chips, from the kernel's header.

    Args:
        kernel: The source's folder.

    Returns:
        Number → name, as mainline's files have it.
    """
    header = kernel / "include" / "dt-bindings" / "arm" / "qcom,ids.h"
    text = header.read_text(encoding="utf-8", errors="replace") if header.is_file() else ""
    return {int(number): name.lower().replace("_", "-") for name, number in QUALCOMM_ID.findall(text)}


@dataclass
class ChipMap:
    """What mainline knows of a chip.

    Args:
        chip: The chip's name in mainline.
        folder: Where its boards stand, from the kernel's top folder.
        includes: The chip's files that a board includes.
        tree: These files, compiled.
        habits: What its boards have in common.
        parts: How boards write a part.
        own: The weight of the boards with this very chip.
        newer: The habits of those boards that describe the power unit of their radio, as is done today.
        supplied: Labels that the chip's files want from the board.
        defines: Macros that the chip's files want from the board.
        macros: Macro → the header of bindings that has it, of those that its boards include.
        kernel: The kernel that it was made from.
        outputs: PMIC → output → what its driver knows; nothing where the drivers' sources are not there.
    """

    chip: str
    folder: str
    includes: tuple[str, ...]
    tree: DeviceTree
    habits: Habits
    parts: PartHabits
    own: float = 0.0
    newer: Habits | None = None
    supplied: tuple[str, ...] = ()
    defines: dict[str, str] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    kernel: str = ""
    outputs: dict[str, dict[str, Output]] = field(default_factory=dict)

    @cached_property
    def places(self) -> Places:
        """The keys of the chip's nodes."""
        return Places(self.tree)

    @cached_property
    def labels(self) -> dict[str, TreeNode]:
        """Label → node; of nodes without a label ``{/path}`` → node, as ``&{/path}`` extends them."""
        found = self.tree.labels
        named = set(found.values())
        for node in self.places.nodes.values():
            if node not in named:
                found[f"{{{node.path}}}"] = node
        return found

    @cached_property
    def label_of(self) -> dict[TreeNode, str]:
        """Node → its label; of several the one that boards use."""
        found: dict[TreeNode, str] = {}
        for label, node in self.labels.items():
            if node not in found or self.habits.share(label) > self.habits.share(found[node]):
                found[node] = label
        return found

    def label_at(self, key: str) -> str:
        """The label of the node with a key.

        Args:
            key: The key, as :class:`~pmport.board.places.Places` gives it.

        Returns:
            The label; empty where mainline has no such node, or it has no label.
        """
        node = self.places.nodes.get(key)
        return self.label_of.get(node, "") if node is not None else ""

    @cached_property
    def gpio_controllers(self) -> dict[str, TreeNode]:
        """Label → GPIO controller."""
        return {label: node for label, node in self.labels.items() if "gpio-controller" in node.raw}

    @cached_property
    def main_pins(self) -> str:
        """The label of the chip's own pin controller; empty where it has several."""
        return "tlmm" if "tlmm" in self.labels else ""


def map_from_kernel(kernel: Path, socs: Sequence[str], pmics: Sequence[str] = (), *, like: str = "") -> ChipMap:
    """Learn what a kernel's source says of a chip.

    Args:
        kernel: The source's folder.
        socs: The chip's names, the most certain first.
        pmics: The PMICs that the phone has.
        like: A board that counts more than all others.

    Returns:
        The map.

    Raises:
        FormatError: If the kernel has no files for the chip, or no such board.
    """
    source = KernelBoards(kernel)
    names = chip_names(*socs)
    place = source.with_file(f"{prefix}{name}.dtsi" for name in names for prefix in PREFIXES)
    if place is None:
        raise FormatError(
            f"The kernel source {kernel} has no file for the chip {next(iter(socs), 'of this tree')}",
            format="kernel source",
            remedy="mainline may not support the chip; or name a newer kernel, or a fork that does",
        )
    return map_from_folder(source, *place, pmics, like=like)


def map_from_folder(
    source: KernelBoards, folder: BoardFolder, file: str, pmics: Sequence[str], *, every: bool = False, like: str = ""
) -> ChipMap:
    """Learn what the boards of a folder, and a file in it, say of a chip.

    Args:
        source: The kernel's boards.
        folder: The folder.
        file: The chip's file.
        pmics: The PMICs.
        every: Whether the files of all these PMICs are included, whatever boards do.
        like: A board that counts more than all others.

    Returns:
        The map.

    Raises:
        FormatError: If the chip's file does not compile.
    """
    kernel = source.kernel
    members = tuple(_members(folder, file, like))
    habits = learn(members)
    includes = _includes(folder, file, pmics, habits, every=every)
    relative = folder.path.relative_to(kernel)
    defines = _defines(folder, includes, habits)
    text = "/dts-v1/;\n" + "".join(f"#define {name} {value}\n" for name, value in defines.items())
    text += "".join(f'#include "{name}"\n' for name in includes)
    tree, supplied = _compiled(text, folder.path, source)
    return ChipMap(
        file.removesuffix(".dtsi").removeprefix("qcom-"),
        str(relative),
        includes,
        tree,
        habits,
        PartHabits(source, folder),
        sum(member.weight for member in members if not member.distant),
        _newer(members, habits),
        supplied,
        defines,
        _macros(kernel, members),
        str(kernel),
        outputs_of_kernel(kernel),
    )


def _members(folder: BoardFolder, file: str, like: str) -> Iterable[Member]:
    boards = [board for board in folder.boards if file in board.includes]
    marks = families({board.name: board.includes - folder.chip_files for board in boards})
    liked = {
        board.name for board in boards if like and (like in board.compatible or like.removesuffix(".dts") == board.name)
    }
    if like and not liked:
        raise FormatError(
            f"The kernel source has no board {like} with this chip",
            format="kernel source",
            remedy=f"One of: {', '.join(board.name for board in boards)[:400]}",
        )
    found = [
        Member(
            board.name,
            folder.read(board),
            f"like {like}" if board.name in liked else marks[board.name],
            liked=board.name in liked,
        )
        for board in boards
    ]
    bases = folder.included(file) & folder.chip_files
    if sum(member.weight for member in found) < FEW and bases:
        known = {board.name for board in boards}
        cousins = [board for board in folder.boards if board.includes & bases and board.name not in known]
        marks = families({board.name: board.includes - folder.chip_files for board in cousins})
        found += [
            Member(board.name, folder.read(board), f"cousin {marks[board.name]}", distant=True) for board in cousins
        ]
    return found


def _newer(members: Iterable[Member], habits: Habits) -> Habits | None:
    found = learn(
        m
        for m in members
        if any(POWER_UNIT.search(" ".join(node.compatible)) for node in m.text.root.children.values())
    )
    return found if found.total > 0 and found.total >= habits.total * NEW else None


def _macros(kernel: Path, members: Iterable[Member]) -> dict[str, str]:
    """Which header has a macro."""
    found: dict[str, str] = {}
    for header in sorted({name for member in members for name in member.text.headers} | set(HEADERS)):
        for word in MACRO.findall(_header(kernel / "include", header, kernel / "include", 0)):
            found.setdefault(word, header)
    return found


def _header(folder: Path, name: str, top: Path, depth: int) -> str:
    """The text of a header, with those that it includes."""
    file = next((place / name for place in (folder, top) if (place / name).is_file()), None)
    if name.endswith("linux-event-codes.h"):  # a link, which not every copy of the source keeps
        file = top / "uapi" / "linux" / "input-event-codes.h"
    if file is None or not file.is_file() or depth > 4:
        return ""
    text = file.read_text(encoding="utf-8", errors="replace")
    nested = re.findall(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^">]+)[">]', text, re.MULTILINE)
    return "\n".join([text, *(_header(file.parent, part, top, depth + 1) for part in nested)])


def _includes(folder: BoardFolder, file: str, pmics: Sequence[str], habits: Habits, *, every: bool) -> tuple[str, ...]:
    """The chip's file, or one that includes it and that most boards take; and those of the PMICs."""
    stem = file.removesuffix(".dtsi")
    wanted = [
        name
        for name, weight in habits.files.items()
        if weight > habits.total * MOST and (name == file or name.startswith(f"{stem}-"))
    ]
    for number, pmic in enumerate(pmics):
        name = next((f"{prefix}{pmic}.dtsi" for prefix in PREFIXES[:2] if folder.text(f"{prefix}{pmic}.dtsi")), "")
        if name and (every or not number or habits.files[name] >= habits.total * SOME):
            wanted.append(name)
    if not pmics:
        wanted += [name for name, weight in habits.files.items() if weight > habits.total * MOST and _pmic(name)]
    if not any(file == name or file in folder.included(name) for name in wanted):
        wanted.insert(0, file)
    covered = {part for name in wanted for part in folder.included(name)}
    chosen = [name for name in dict.fromkeys(wanted) if name not in covered]
    return tuple(sorted(chosen, key=lambda name: (file != name and file not in folder.included(name), _pmic(name))))


def _defines(folder: BoardFolder, includes: Iterable[str], habits: Habits) -> dict[str, str]:
    """Macros that boards define because the chip's files use them without defining them: ``PM7250B_SID``."""
    files = {part for name in includes for part in (name, *folder.included(name))}
    texts = [folder.text(name) or "" for name in sorted(files)]
    found = {}
    for name, values in habits.defines.items():
        used = any(re.search(rf"\b{name}\b", text) for text in texts)
        given = any(
            re.search(rf"#[ \t]*define[ \t]+{name}\b", text) and "#ifndef " + name not in text for text in texts
        )
        if used and not given:
            found[name] = values.most_common()[0][0]
    return found


def _pmic(name: str) -> bool:
    return re.match(r"(?:qcom-)?(?:pm|smb)", name) is not None


MISSING = re.compile(r'label "(\w+)"')


def _compiled(text: str, folder: Path, source: KernelBoards) -> tuple[DeviceTree, tuple[str, ...]]:
    """The chip's files alone, and the labels that they want from a board."""
    done = compile_source(
        text,
        name="chip.dts",
        include=[folder, *source.include],
        extras=Extras(symbols=True),
        levels=Levels.errors(),
        force=True,
    )
    wanted = [MISSING.search(finding.message) for finding in done.findings if finding.code == "phandle_references"]
    return done.tree, tuple(dict.fromkeys(match[1] for match in wanted if match))
