"""The maps that pmport ships: what a kernel says of each chip of phones, small, one chip at a time.

An archive is a zip file: ``parts.json`` holds how boards write parts, ``CHIP.json`` what boards of a chip have in common,
``CHIP.dtb`` the chip's files, compiled and reduced to what a board file has to know.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmport.board.board_text import read_text
from pmport.board.chip_map import PREFIXES, ChipMap, chip_names, map_from_folder, qualcomm_chips
from pmport.board.habits import PHONE, REST, Habit, Habits, Votes
from pmport.board.kernel_boards import KernelBoards, of_a_chip
from pmport.board.part_habits import PHONES, PartHabit, PartHabits
from pmport.board.pmic_outputs import Output, outputs_of_kernel
from pmport.devicetree import Blob
from pmport.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pmport.board.kernel_boards import BoardFolder
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["build_maps", "load_map", "shipped_ids", "shipped_maps"]

KEPT = re.compile(
    r"^(?:compatible|reg|status|ranges|device_type|#.*-cells|gpio-controller|interrupt-controller|regulator-.*|.*-supply|"
    r"pinctrl-\d+|pins|function|memory-region|no-map|size|phandle|bus-width|non-removable|extcon|qcom,pmic-id|linux,code|samsung,pins)$"
)
DROPPED = re.compile(
    r"^/(?:cpus|opp-table|thermal-zones|timer|psci|pmu|interconnect|__local_fixups__|clocks|firmware/scm)"
)
ON_A_BUS = re.compile(r"@[0-9a-f]{1,2}$")
DATE = (2020, 1, 1, 0, 0, 0)
FORMAT = "chip map"


def build_maps(kernel: Path, output: Path) -> int:
    """Make an archive of a kernel's source.

    Args:
        kernel: The source's folder.
        output: The file to write.

    Returns:
        How many chips are in it.
    """
    source = KernelBoards(kernel)
    done = 0
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for folder, file in _chips(source):
            try:
                found = map_from_folder(source, folder, file, _pmics(folder, file), every=True)
            except FormatError:
                continue  # a file that only makes sense within another one
            if folder.path.name in MIXED and not _phones(found):
                continue
            name = found.chip
            _put(archive, f"{name}.json", json.dumps(_plain(found), separators=(",", ":")).encode())
            _put(archive, f"{name}.dtb", bytes(_reduced(found.tree)))
            done += 1
        _put(archive, "pmics.json", json.dumps(outputs_of_kernel(kernel), separators=(",", ":")).encode())
        _put(archive, "ids.json", json.dumps(qualcomm_chips(kernel), separators=(",", ":")).encode())
        parts = {name: _plain_part(habit) for name, habit in _parts(source)}
        _put(archive, "parts.json", json.dumps(parts, separators=(",", ":")).encode())
    return done


EVERY = 1_000_000
MIXED = frozenset({"rockchip", "allwinner", "st", "dts", "mediatek"})
"""Folders in which most boards are no phones."""


def _phones(found: ChipMap) -> bool:
    """Whether a chip is in a phone or a tablet."""
    root = found.habits.nodes.get("/")
    return root is not None and any(kind.strip('"') in PHONE for kind in root.props.get("chassis-type", ()))


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, DATE), data, zipfile.ZIP_DEFLATED)


def _chips(source: KernelBoards) -> Iterator[tuple[BoardFolder, str]]:
    """The files of chips that boards include, in the folders with phones."""
    for path in source.folders:
        if path.name not in PHONES:
            continue
        folder = source.folder(path)
        used = {file for board in folder.boards for file in board.includes}
        for file in sorted(used):
            stem = file.removesuffix(".dtsi")
            plain = re.fullmatch(r"(?:qcom-|meson-|sun\d+i-)?[a-z]+\d[\da-z]*(?:-s\w+)?|exynos\d+|tegra\d+", stem)
            if plain and of_a_chip(file) and not re.match(r"(?:qcom-)?(?:pm|smb)", file) and "/" not in file:
                yield folder, file


def _pmics(folder: BoardFolder, file: str) -> tuple[str, ...]:
    """The PMICs on the boards of a chip."""
    found = {part for board in folder.boards if file in board.includes for part in board.includes}
    return tuple(
        sorted(part.removesuffix(".dtsi") for part in found if re.match(r"(?:qcom-)?(?:pm|smb)\w+\.dtsi$", part))
    )


def _reduced(tree: DeviceTree) -> DeviceTree:
    """A tree with nothing but what a board file has to know."""
    small = tree.copy()
    for node in [*small.walk()]:
        if node.parent is not None and DROPPED.match(node.path):
            if node.root is small.root:
                node.remove()
            continue
        if node.name == "__symbols__":
            continue
        for name in [*node.raw]:
            if not KEPT.match(name):
                del node.raw[name]
    symbols = small.root.children.get("__symbols__")
    for name in [*symbols.raw] if symbols is not None else ():
        if symbols is not None and small.root.find(symbols[name].string) is None:
            del symbols.raw[name]
    return small


def _plain(found: ChipMap) -> dict[str, Any]:
    values = " ".join(
        value
        for habits in (found.habits, found.newer)
        if habits
        for habit in habits.nodes.values()
        for votes in habit.props.values()
        for value in votes
    )
    used = set(re.findall(r"[A-Za-z_]\w+", values))
    return {
        "chip": found.chip, "folder": found.folder, "includes": found.includes, "supplied": found.supplied, "defines": found.defines,
        "own": found.own, "habits": _plain_habits(found.habits), "newer": _plain_habits(found.newer) if found.newer else None,
        "macros": {name: header for name, header in found.macros.items() if name in used or re.match(r"GPIO_|KEY_|SW_|EV_|IRQ_TYPE|LED_COLOR", name)},
    }  # fmt: skip


MOST_VALUES = 6
LEAST = 0.2
"""Share of the boards with a node. What fewer of them say is not shipped."""


def _plain_habits(habits: Habits) -> dict[str, Any]:
    nodes = {}
    for key, habit in habits.nodes.items():
        if habit.weight < habits.total * 0.1 and not key.startswith(("<", "[", "/chosen", "/[gpio-keys]")):
            continue
        props = {
            name: _rounded(votes, 0 if name == "firmware-name" or key == "/" else habit.weight * LEAST)
            for name, votes in habit.props.items()
            if sum(votes.values()) >= habit.weight * LEAST or key == "/"
        }
        nodes[key] = [round(habit.weight, 3), props, _rounded(habit.labels, 0)]
    return {
        "total": habits.total, "boards": habits.boards, "nodes": nodes, "deleted": _rounded(habits.deleted, 0),
        "files": _rounded(habits.files, 0), "paths": habits.paths,
    }  # fmt: skip


def _rounded(votes: Mapping[str, float], least: float) -> dict[str, float]:
    """The most common ones; the others' weight together."""
    best = sorted(votes.items(), key=lambda item: -item[1])[: MOST_VALUES if least else 4 * MOST_VALUES]
    kept = {value: round(weight, 3) for value, weight in best if weight >= least or value == best[0][0]}
    rest = sum(votes.values()) - sum(kept.values())
    return kept | ({REST: round(rest, 3)} if rest > 0.01 else {})


def _habits(plain: Mapping[str, Any]) -> Habits:
    found = Habits(total=plain["total"], boards=plain["boards"], paths=plain["paths"])
    found.deleted, found.files = Votes(plain["deleted"]), Votes(plain["files"])
    for key, (weight, props, labels) in plain["nodes"].items():
        habit = Habit(weight, labels=Votes(labels))
        habit.props.update({name: Votes(votes) for name, votes in props.items()})
        found.nodes[key] = habit
    return found


def _parts(source: KernelBoards) -> Iterator[tuple[str, PartHabit]]:
    """How boards write every part that stands on a bus."""
    names: set[str] = set()
    for path in source.folders:
        folder = source.folder(path)
        for name in folder.files if path.name in PHONES else ():
            text = read_text(folder.text(name) or "")
            names |= {node.compatible[0] for node in text.nodes if ON_A_BUS.search(node.name) and node.compatible}
    habits = PartHabits(source, None, enough=EVERY)
    for name in sorted(names):
        yield name, habits(name)


def _plain_part(habit: PartHabit) -> dict[str, Any]:
    plain: dict[str, Any] = {"weight": habit.weight, "supplies": dict(habit.supplies), "outputs": sorted(habit.outputs)}
    plain["low"] = {name: [votes[False], votes[True]] for name, votes in habit.low.items()}
    for name in ("strings", "names", "triggers"):
        plain[name] = dict(getattr(habit, name).most_common(2))
    plain["props"] = {
        name: dict(votes.most_common(1))
        for name, votes in habit.props.items()
        if votes.most_common(1)[0][1] * 2 >= habit.weight
    }
    plain["children"] = {
        name: {text: count for text, count in seen.items() if count * 2 >= habit.weight}
        for name, seen in habit.children.items() if seen[""] * 2 >= habit.weight
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value}


class _ShippedParts(PartHabits):
    """The habits of parts, from an archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(None, None)
        self.archive = archive

    @cached_property
    def table(self) -> Mapping[str, Any]:
        """String → how boards write that part."""
        found: Mapping[str, Any] = json.loads(self.archive.read("parts.json"))
        return found

    def _learn(self, compatible: str) -> PartHabit:
        plain = self.table.get(compatible)
        if plain is None:
            return PartHabit()
        habit = PartHabit(plain["weight"], outputs=set(plain.get("outputs", ())))
        for name in ("strings", "names", "triggers", "supplies"):
            setattr(habit, name, Counter(plain.get(name, {})))
        habit.low.update(
            {name: Counter({False: high, True: low}) for name, (high, low) in plain.get("low", {}).items()}
        )
        habit.props.update({name: Counter(votes) for name, votes in plain.get("props", {}).items()})
        habit.children.update({name: Counter(seen) for name, seen in plain.get("children", {}).items()})
        return habit


def shipped_maps() -> tuple[str, ...]:
    """The kernel series whose maps are shipped.

    Returns:
        Series, such as ``7.2``; the newest last.
    """
    names = [item.name for item in files("pmport.board").iterdir() if item.name.endswith(".chip-maps")]
    return tuple(
        sorted(
            (name.removesuffix(".chip-maps") for name in names),
            key=lambda name: [int(part) for part in name.split(".")],
        )
    )


@lru_cache(maxsize=2)
def _archive(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def newest() -> Path:
    """The newest archive that is shipped.

    Returns:
        Its place.
    """
    return Path(str(files("pmport.board") / f"{shipped_maps()[-1]}.chip-maps"))


def shipped_ids() -> dict[int, str]:
    """Qualcomm's numbers of chips.

    Returns:
        Number → name, as mainline's files have it.
    """
    return {int(number): name for number, name in json.loads(_archive(newest()).read("ids.json")).items()}


def load_map(socs: Sequence[str], pmics: Iterable[str] = (), archive: Path | None = None) -> ChipMap:
    """The map of a chip.

    Args:
        socs: The chip's names, the most certain first.
        pmics: The PMICs that the phone has.
        archive: The archive; None: the newest that is shipped.

    Returns:
        The map.

    Raises:
        FormatError: If mainline has no file for the chip.
    """
    archive = archive or newest()
    opened = _archive(archive)
    names = set(opened.namelist())
    stems = [f"{prefix}{name}" for name in chip_names(*socs) for prefix in ("", *PREFIXES[1:])]
    stem = next((stem.removeprefix("qcom-") for stem in stems if f"{stem.removeprefix('qcom-')}.json" in names), "")
    if not stem:
        raise FormatError(
            f"Linux {archive.stem} has no file for the chip {next(iter(socs), '') or 'of this tree'}",
            format=FORMAT,
            remedy="mainline may not support the chip; or name a fork that does: --kernel",
        )
    plain = json.loads(opened.read(f"{stem}.json"))
    tree = Blob.parse(opened.read(f"{stem}.dtb")).tree()
    habits = _habits(plain["habits"])
    includes = _without(tree, plain["includes"], tuple(pmics), habits)
    return ChipMap(
        plain["chip"], plain["folder"], includes, tree, habits, _ShippedParts(opened),
        plain["own"], _habits(plain["newer"]) if plain["newer"] else None, tuple(plain["supplied"]), plain["defines"], plain["macros"],
        f"Linux {archive.stem}",
        _outputs(opened),
    )  # fmt: skip


def _outputs(archive: zipfile.ZipFile) -> dict[str, dict[str, Output]]:
    table = json.loads(archive.read("pmics.json"))
    return {pmic: {name: Output(*row) for name, row in rows.items()} for pmic, rows in table.items()}


def _without(tree: DeviceTree, includes: Sequence[str], pmics: tuple[str, ...], habits: Habits) -> tuple[str, ...]:
    """Take out PMICs that the phone has not, and the files that describe them."""
    kept = []
    for file in includes:
        name = file.removesuffix(".dtsi").removeprefix("qcom-")
        usual = habits.files[file] >= habits.total * 0.25
        if (
            not re.match(r"pm|smb", name)
            or (name in pmics and (usual or name == pmics[0]))
            or (not pmics and habits.files[file] > habits.total / 2)
        ):
            kept.append(file)
            continue
        for node in _units(tree, name):
            node.remove()
    return tuple(kept)


def _units(tree: DeviceTree, pmic: str) -> list[TreeNode]:
    return [
        node
        for node in tree.walk()
        if f"qcom,{pmic}" in node.compatible and node.parent is not None and "spmi" in node.parent.name
    ]
