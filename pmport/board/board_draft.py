"""From a vendor's device tree to a draft of mainline's board file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from pmport.board.storage_subjects import draft_storage, draft_usb
from pmport.board.vendor_rails import pmic_names
from pmport.board.vendor_view import VendorView
from pmport.devicetree.identity import identify
from pmport.devicetree.overlays import apply

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
    """

    board: BoardFile
    chip: ChipMap

    @property
    def questions(self) -> tuple[Question, ...]:
        """What the trees do not tell."""
        return tuple(self.board.questions)

    def text(self, *, explain: bool = False) -> str:
        """The board file.

        Args:
            explain: Whether each statement has its evidence behind it.

        Returns:
            Source.
        """
        return printed(self.board, explain=explain)


def draft(
    tree: DeviceTree, *overlays: DeviceTree, kernel: Path | None = None, compatible: str = "", model: str = ""
) -> Draft:
    """Draft a board file.

    Args:
        tree: The vendor's tree.
        overlays: Overlays to apply to it first; who the phone is stands in the root of the last one.
        kernel: A kernel's source; all knowledge of the chip comes from it. None: the maps that pmport ships.
        compatible: The board's string: ``vendor,codename``.
        model: The market name.

    Returns:
        The draft.
    """
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
    chip = map_from_kernel(kernel, socs, pmics) if kernel is not None else load_map(socs, pmics)
    board = BoardFile(chip.includes, frozenset(chip.labels) - frozenset(chip.supplied), chip.macros, chip.defines)
    work = Drafting(VendorView(tree, chip), chip, board, compatible, model)
    board.keyed.update(work.chip_rails)
    for subject in SUBJECTS:
        subject(work)
    board.settle()
    return Draft(board, chip)


def _chip_in_words(tree: DeviceTree) -> str:
    """A chip that the root names in words: ``based on EXYNOS7885``."""
    text = " ".join([*tree.root.strings("model"), *tree.root.compatible])
    found = re.search(r"(?:exynos|universal)\s?(\d{4})", text, re.IGNORECASE)
    return f"exynos{found[1]}" if found else ""
