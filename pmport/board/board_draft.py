"""From a vendor's device tree to a draft of mainline's board file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pmport.board.board_checks import check_board, compile_board
from pmport.board.board_file import BoardFile, Question
from pmport.board.board_print import printed
from pmport.board.chip_map import ChipMap, map_from_kernel, qualcomm_chips
from pmport.board.chip_subjects import draft_common, draft_radio, draft_supplied
from pmport.board.drafting import Drafting
from pmport.board.key_subjects import draft_keys
from pmport.board.literal_subjects import draft_literal
from pmport.board.map_archive import load_map, shipped_ids
from pmport.board.memory_subject import draft_memory
from pmport.board.output_subjects import draft_same_supplies
from pmport.board.panel_subject import draft_panel
from pmport.board.part_subjects import draft_clients
from pmport.board.pin_subjects import draft_pins
from pmport.board.power_subjects import draft_fixed, draft_inputs, draft_rails
from pmport.board.root_subjects import draft_identity, draft_serial
from pmport.board.scoring import Score, score
from pmport.board.storage_subjects import draft_storage, draft_usb
from pmport.board.vendor_rails import pmic_names
from pmport.board.vendor_view import VendorView
from pmport.devicetree import parse_source
from pmport.devicetree.identity import identify
from pmport.devicetree.overlays import apply
from pmport.errors import FormatError
from pmport.findings import Findings

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree

__all__ = ["Draft", "draft"]

SUBJECTS = (
    draft_identity,
    draft_serial,
    draft_memory,
    draft_keys,
    draft_rails,
    draft_fixed,
    draft_inputs,
    draft_storage,
    draft_clients,
    draft_usb,
    draft_same_supplies,
    draft_literal,
    draft_panel,
    draft_radio,
    draft_common,
    draft_pins,
    draft_supplied,
)


@dataclass
class Draft:
    """A drafted board file.

    Args:
        board: The statements.
        chip: What was known of the chip.
        kernel: The kernel's source that it was drafted from; None: the maps that pmport ships.
    """

    board: BoardFile
    chip: ChipMap
    kernel: Path | None = None

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the trees do not tell."""
        return tuple(self.board.questions)

    @cached_property
    def findings(self) -> Findings:
        """What is wrong with the draft in itself, and, where a kernel's source was named, what its compiler says."""
        own = check_board(self.board, self.chip)
        return Findings([*own, *compile_board(self.text(), self.chip, self.kernel)]) if self.kernel is not None else own

    @property
    def includes(self) -> tuple[Path, ...]:
        """The folders of the kernel's source in which a board's files are looked for."""
        if self.kernel is None:
            return ()
        dts = self.kernel / self.chip.folder
        return (dts, dts.parent, self.kernel / "include", self.kernel / "scripts" / "dtc" / "include-prefixes")

    def score(self, reference: DeviceTree) -> Score:
        """Compare with a board file that people wrote; it needs a kernel's source, to compile the draft.

        Args:
            reference: That board file, compiled with its labels.

        Returns:
            What both say, and what only one does.
        """
        ours = parse_source(self.text(), name="board.dts", include=self.includes, symbols=True)
        return score(ours, reference, self.chip.tree)

    def text(self, *, explain: bool = False) -> str:
        """The board file.

        Args:
            explain: Whether each statement has its evidence behind it.

        Returns:
            Source.
        """
        return printed(self.board, explain=explain)


def draft(
    tree: DeviceTree,
    *overlays: DeviceTree,
    kernel: Path | None = None,
    compatible: str = "",
    model: str = "",
    like: str = "",
) -> Draft:
    """Draft a board file.

    Args:
        tree: The vendor's tree.
        overlays: Overlays to apply to it first; who the phone is stands in the root of the last one.
        kernel: A kernel's source; all knowledge of the chip comes from it. None: the maps that pmport ships.
        compatible: The board's string: ``vendor,codename``.
        model: The market name.
        like: A board of that kernel that the phone is a variant of, by its file's name or its compatible string: what it
            says counts more than all others.

    Returns:
        The draft.

    Raises:
        FormatError: If no board can be drafted from the tree: an overlay alone, a chip that mainline has not, addresses
            of another chip.
    """
    if tree.is_overlay:
        raise FormatError(
            "The tree is an overlay alone: it says nothing without the tree that it is applied to",
            format="device tree",
            remedy="Name the base first, then the overlay",
        )
    identity = identify(tree)
    if overlays:
        tree = apply(tree, *overlays).tree
        last = identify(overlays[-1])
        identity = replace(identity, msm_ids=last.msm_ids or identity.msm_ids, soc=last.soc or identity.soc)
        for name in ("model", "compatible", "qcom,msm-id", "qcom,board-id"):
            if name in overlays[-1].root:
                tree.root[name] = overlays[-1].root[name]
    ids = qualcomm_chips(kernel) if kernel is not None else shipped_ids()
    named = [ids[number[0]] for number in identity.msm_ids if number[0] in ids]
    socs = [*named[:1], identity.soc, _chip_in_words(tree)]
    pmics = pmic_names(tree)
    chip = map_from_kernel(kernel, socs, pmics, like=like) if kernel is not None else load_map(socs, pmics)
    board = BoardFile(chip.includes, frozenset(chip.labels) - frozenset(chip.supplied), chip.macros, chip.defines)
    view = VendorView(tree, chip)
    _fits(view)
    work = Drafting(view, chip, board, compatible, model)
    board.keyed.update(work.chip_rails)
    for subject in SUBJECTS:
        subject(work)
    if not work.has_board:
        text = "The tree names no key and no part on a bus: is it a base that wants the phone's overlay?"
        board.ask("tree", text, identity.model)
    board.settle()
    return Draft(board, chip, kernel)


FIT = 0.08
"""Share of a vendor's addresses that mainline has too. Real trees of a chip have a third and more."""
OWN_FIT = 0.25
"""Share of mainline's addresses: what it describes of a chip may be little yet."""
ENOUGH = 12


def _fits(view: VendorView) -> None:
    """Refuse a tree whose addresses are not those of the chip that it names."""
    keys = [key for key in view.places.nodes if re.fullmatch(r"@[0-9a-f]{5,}", key)]
    known = sum(key in view.chip.places.nodes for key in keys)
    theirs = sum(re.fullmatch(r"@[0-9a-f]{5,}", key) is not None for key in view.chip.places.nodes)
    if len(keys) >= ENOUGH and known < min(len(keys) * FIT, theirs * OWN_FIT):
        raise FormatError(
            f"Of {len(keys)} addresses in the tree mainline's {view.chip.chip} has {known}: it is a tree of another chip",
            format="device tree",
            remedy="Look at the root's compatible and qcom,msm-id",
        )


def _chip_in_words(tree: DeviceTree) -> str:
    """A chip that the root names in words: ``based on EXYNOS7885``."""
    text = " ".join([*tree.root.strings("model"), *tree.root.compatible])
    found = re.search(r"(?:exynos|universal)\s?(\d{4})", text, re.IGNORECASE)
    return f"exynos{found[1]}" if found else ""
