"""From a vendor's device tree to a draft of mainline's board file.

::

    drafted = board.draft(tree, kernel=Path("linux"), compatible="vendor,codename", model="Market Name")
    print(drafted.text())            # a board file that compiles
    drafted.questions                # what no tree tells

Mainline's nodes are found by address, not by name; what nearly all boards of a chip write alike is learned from them;
what a phone alone can tell stands in the vendor's tree. Each statement keeps its evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.board.board_draft import Draft as Draft, draft as draft
    from pmport.board.board_file import (
        BoardFile as BoardFile,
        Certainty as Certainty,
        Part as Part,
        Question as Question,
        Statement as Statement,
    )
    from pmport.board.chip_map import ChipMap as ChipMap, map_from_kernel as map_from_kernel
else:
    _PUBLIC = {
        "pmport.board.board_draft": "Draft draft",
        "pmport.board.board_file": "BoardFile Certainty Part Question Statement",
        "pmport.board.chip_map": "ChipMap map_from_kernel",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
