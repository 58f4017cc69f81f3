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
    from pmport.board.blocks import (
        Block as Block,
        BlockState as BlockState,
        BlockStatus as BlockStatus,
        block_status as block_status,
    )
    from pmport.board.board_draft import Draft as Draft, draft as draft
    from pmport.board.board_file import (
        BoardFile as BoardFile,
        Certainty as Certainty,
        Part as Part,
        Question as Question,
        Statement as Statement,
    )
    from pmport.board.chip_map import ChipMap as ChipMap, map_from_kernel as map_from_kernel
    from pmport.board.map_archive import build_maps as build_maps, load_map as load_map
    from pmport.board.scoring import Score as Score, score as score
else:
    _PUBLIC = {
        "pmport.board.blocks": "Block BlockState BlockStatus block_status",
        "pmport.board.board_draft": "Draft draft",
        "pmport.board.board_file": "BoardFile Certainty Part Question Statement",
        "pmport.board.chip_map": "ChipMap map_from_kernel",
        "pmport.board.map_archive": "build_maps load_map",
        "pmport.board.scoring": "Score score",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
