"""What is known to be which phone, for judging how well records are found: boards of mainline, lk2nd's, real images."""

from __future__ import annotations

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from debian import unpacked
from support import CORPUS, REPOSITORY

import pmport
from pmport import device_db
from pmport.device_db.reference_boards import is_reference_board
from pmport.device_db.search_index import rows
from pmport.devicetree import Blob
from pmport.facts import DeviceFacts, Fact, of
from pmport.facts.device_tree import of_identity

if TYPE_CHECKING:
    from pmport.device_db import Device

FACTS = REPOSITORY.parent / "shared" / "facts" / "data"
IMAGES = {
    "boot/nexus-oneclick-crespo-recovery.img": "samsung-crespo",
    "boot/xiaomi-vayu-edk2-uefi-a.img": "xiaomi-vayu",
    "dtb/xiaomi-begonia-mt6785-dtb.img": "xiaomi-begonia",
    "dtbo/xiaomi-begonia-mt6785-dtbo.img": "xiaomi-begonia",
    "dtbo/xiaomi-pipa-sm8250-dtbo.img": "xiaomi-pipa",
    "pit/AsteroidOS-GT-I8190.pit": "samsung-golden",
    "qcdt/motorola-cedric-msm8937-dt-0.img": "motorola-cedric",
    "qcdt/motorola-cedric-msm8937-dt-1.img": "motorola-cedric",
}
"""Images that name their phone, and the phone. Others of the corpus say only which chip or platform they are for."""
STRANGERS = (
    "dtbo/google-coral-10-dtbo.img",
    "qcdt/lge-g4-msm8992-dt-0.img",
    "boot/htc-marvel-boot.img",
    "boot/sonyericsson-es209ra-boot.img",
    "boot/cuttlefish-13-init_boot.img",
    "dtb/socionext-akebi96.dtb",
    "dtbo/samsung-freshbl-dtbo.img",
    "pit/AsteroidOS-SM-J500M.pit",
)
"""Images of phones that no record describes, that do not name theirs, or that hold the trees of several boards."""


@dataclass(frozen=True)
class Case:
    """What a phone says, and which records are right.

    Args:
        name: Of the input.
        facts: What it says.
        right: Tells whether a record is right.
    """

    name: str
    facts: DeviceFacts
    right: Callable[[Device], bool]

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the fifth that nobody looks at while weights are chosen."""
        return zlib.crc32(self.name.encode()) % 5 == 0


@dataclass
class Confusion:
    """How often the right record came first, came first with others, or did not.

    Args:
        counts: Of each outcome: ``right``, ``tie``, ``wrong``, ``none``.
        wrong: ``(case, what came first)``.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, cases: Iterable[Case]) -> Confusion:
        """Look every case up."""
        confusion = cls()
        for case in cases:
            found = device_db.find(case.facts)
            best = [candidate for candidate in found if candidate.score == found[0].score]
            hit = any(case.right(candidate.device) for candidate in best)
            outcome = "none" if not best else "wrong" if not hit else "right" if len(best) == 1 else "tie"
            confusion.counts[outcome] += 1
            if not hit:
                confusion.wrong.append((case.name, best[0].codename if best else "none"))
        return confusion

    def __str__(self) -> str:
        return ", ".join(f"{name} {self.counts[name]}" for name in ("right", "tie", "wrong", "none"))


def _is_board(path: str, compatible: str, device: Device) -> bool:
    return path in device.dtb or compatible in device.compatible


def mainline_boards() -> Iterator[Case]:
    """Handsets and tablets of mainline: compatible and model of their device tree's root."""
    for board in json.loads((FACTS / "mainline_boards.json").read_text(encoding="utf-8"))["boards"]:
        if board.get("chassis") in {"handset", "tablet"}:
            given = [Fact("compatible", text, "test") for text in board["compatible"]]
            told = DeviceFacts([*given, Fact("model", board["model"], "test")])
            yield Case(board["path"], told, partial(_is_board, board["path"], board["compatible"][0]))


def _is_lk2nd(compatible: frozenset[str], model: str, device: Device) -> bool:
    return bool(compatible & {*device.compatible}) or model in device.models


def lk2nd_devices() -> Iterator[Case]:
    """Devices that lk2nd describes: its compatible and model."""
    for entry in json.loads((FACTS / "lk2nd_devices.json").read_text(encoding="utf-8"))["devices"]:
        if entry.get("compatible") and entry.get("model"):
            given = [Fact("compatible", text, "test") for text in entry["compatible"]]
            told = DeviceFacts([*given, Fact("model", entry["model"], "test")])
            yield Case(entry["model"], told, partial(_is_lk2nd, frozenset(entry["compatible"]), entry["model"]))


KERNELS = (("linux-image-arm64", "arm64", "trixie"), ("linux-image-armmp", "armhf", "bookworm"))


def _is_one_of(codenames: frozenset[str], device: Device) -> bool:
    return device.codename in codenames


def debian_boards() -> Iterator[tuple[Case, bool, bool]]:
    """Each board of Debian's kernels, whether it has a record, and that its tree names it."""
    known: dict[str, set[str]] = defaultdict(set)
    phones = (row for row in rows() if not any(map(is_reference_board, row.compatible)))
    for row in phones:
        for name in (
            row.codename.replace("-", ",", 1),
            *row.compatible,
            *(tree.rpartition("/")[2] for tree in row.dtb),
            *row.models,
            row.name,
        ):
            known[name].add(row.codename)
    for package, architecture, suite in KERNELS:
        for path in sorted(unpacked(package, architecture, suite).rglob("*.dtb")):
            told = DeviceFacts(of_identity(Blob.parse(path.read_bytes()).tree()))
            names = [path.stem, *map(str, told.values("compatible")[:1]), *map(str, told.values("model"))]
            right = frozenset(codename for name in names for codename in known[name])
            yield Case(str(path), told, partial(_is_one_of, right)), bool(right), True


def _is_named(codename: str, device: Device) -> bool:
    return device.codename in {codename, f"{codename}-downstream"}


def images() -> Iterator[Case]:
    """Real images that name their phone."""
    for name, codename in IMAGES.items():
        with pmport.open(CORPUS / name) as image:
            yield Case(name, of(image), partial(_is_named, codename))


def models_alone() -> Iterator[Case]:
    """The same boards, by the model's name alone: what a vendor's tree tells of a phone."""
    for case in mainline_boards():
        model = DeviceFacts(fact for fact in case.facts if fact.field == "model")
        yield Case(case.name, model, case.right)


SOURCES: dict[str, Callable[[], Iterator[Case]]] = {
    "mainline boards": mainline_boards,
    "mainline boards, model alone": models_alone,
    "lk2nd's devices": lk2nd_devices,
    "real images": images,
}
