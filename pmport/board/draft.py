"""From a vendor's device tree to a draft of mainline's board file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pmport.board.board_file import BoardFile, Question
from pmport.board.board_print import printed
from pmport.board.chip_map import ChipMap, map_from_kernel, qualcomm_chips
from pmport.board.chip_subjects import draft_common
from pmport.board.drafting import Drafting
from pmport.board.key_subjects import draft_keys
from pmport.board.part_subjects import draft_clients
from pmport.board.power_subjects import draft_fixed, draft_inputs, draft_rails
from pmport.board.root_subjects import draft_identity, draft_memory, draft_serial
from pmport.board.vendor_view import VendorView, pmic_names
from pmport.devicetree import DeviceTree
from pmport.devicetree.identity import identify

__all__ = ["Draft", "draft"]

SUBJECTS = (draft_identity, draft_serial, draft_memory, draft_keys, draft_rails, draft_fixed, draft_inputs, draft_clients, draft_common)


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


def draft(tree: DeviceTree, *, kernel: Path, compatible: str = "", model: str = "") -> Draft:
    """Draft a board file.

    Args:
        tree: The vendor's tree, with its overlay applied.
        kernel: A kernel's source; all knowledge of the chip comes from it.
        compatible: The board's string: ``vendor,codename``.
        model: The market name.

    Returns:
        The draft.
    """
    identity = identify(tree)
    ids = qualcomm_chips(kernel)
    named = [ids[number[0]] for number in identity.msm_ids if number[0] in ids]
    chip = map_from_kernel(kernel, [*named[:1], identity.soc], pmic_names(tree))
    board = BoardFile(chip.includes, frozenset(chip.labels), chip.macros)
    work = Drafting(VendorView(tree, chip), chip, board, compatible, model)
    board.keyed.update(work.chip_rails)
    for subject in SUBJECTS:
        subject(work)
    board.settle()
    return Draft(board, chip)
