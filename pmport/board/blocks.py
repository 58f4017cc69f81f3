"""How much of a vendor's tree mainline describes and drives, measured by blocks: by address, not by equal strings.

Vendors name hardware as they like, so a comparison of strings finds next to nothing. A controller at an address is the same
controller, whatever it is called: where mainline's chip file has a node at that address, mainline describes it, and where a
driver matches that node's strings, mainline drives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pmport.board.map_archive import load_map, shipped_ids
from pmport.board.vendor_rails import pmic_names
from pmport.board.vendor_view import VendorView
from pmport.devicetree.difference import subsystem_of
from pmport.devicetree.identity import identify
from pmport.kernels.mainline_index import load_index
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from pmport.board.chip_map import ChipMap
    from pmport.devicetree import DeviceTree
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["Block", "BlockState", "BlockStatus", "block_status"]

ADDRESS = re.compile(r"@[0-9a-f]{5,}")


class BlockState(StrEnum):
    """What mainline has for a block; the best first."""

    DRIVEN = "driven"
    """Mainline's chip file describes it, and a driver matches."""
    DESCRIBED = "described"
    """The chip file describes it; no driver is known."""
    ABSENT = "absent"
    """The chip file has nothing at this address."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the chip that the vendor's tree uses.

    Args:
        path: The vendor's node.
        address: Where the processor sees it.
        subsystem: What it belongs to.
        state: What mainline has for it.
        label: Mainline's label.
        compatible: Mainline's string.
    """

    path: str
    address: int
    subsystem: str
    state: BlockState
    label: str = ""
    compatible: str = ""


@dataclass(frozen=True)
class BlockStatus(Renders):
    """What mainline has of a vendor's tree, block by block.

    Args:
        chip: Mainline's name of the chip.
        kernel: The kernel whose map was used.
        blocks: All blocks that the vendor's tree uses.
        unused: Labels of blocks that mainline describes and the vendor's tree does not use.
    """

    chip: str
    kernel: str
    blocks: tuple[Block, ...]
    unused: tuple[str, ...] = ()

    @property
    def score(self) -> dict[BlockState, float]:
        """Share of the vendor's blocks by state; 0 to 1."""
        total = len(self.blocks) or 1
        return {state: sum(block.state is state for block in self.blocks) / total for state in BlockState}

    @property
    def coverage(self) -> float:
        """Share of mainline's own blocks that the vendor's tree has too; 0 to 1: how far mainline is for this phone."""
        met = sum(block.state is not BlockState.ABSENT for block in self.blocks)
        return met / ((met + len(self.unused)) or 1)

    def view(self) -> Table:
        """Counts by subsystem.

        Returns:
            A table.
        """
        names = sorted({block.subsystem for block in self.blocks})
        rows = [
            (
                name,
                *(
                    sum(block.subsystem == name and block.state is state for block in self.blocks) or ""
                    for state in BlockState
                ),
            )
            for name in names
        ]
        shares = ", ".join(f"{state} {share:.0%}" for state, share in self.score.items())
        title = f"blocks of {self.chip} ({self.kernel}), by address: {shares}"
        return Table(("subsystem", *BlockState), rows, title=title, empty="the tree uses no block with an address")


def block_status(tree: DeviceTree, chip: ChipMap | None = None, index: MainlineIndex | None = None) -> BlockStatus:
    """Measure how much of a vendor's tree mainline describes and drives.

    Args:
        tree: The vendor's tree, with its overlay applied where it has one.
        chip: What mainline knows of the chip; None: the map that pmport ships.
        index: The drivers of a kernel; None: the newest that is shipped.

    Returns:
        One row for each block.

    Raises:
        FormatError: If mainline has no file for the chip.
    """
    identity = identify(tree)
    if chip is None:
        ids = shipped_ids()
        named = [ids[number[0]] for number in identity.msm_ids if number[0] in ids]
        chip = load_map([*named[:1], identity.soc], pmic_names(tree))
    used = index or load_index()
    view = VendorView(tree, chip)
    blocks, seen = [], set()
    for node in view.active:
        key = view.places.key(node)
        if not node.compatible or not ADDRESS.fullmatch(key) or key in seen:
            continue
        seen.add(key)
        theirs = chip.places.nodes.get(key)
        driver = theirs is not None and any(used.drivers(text) for text in theirs.compatible)
        state = BlockState.ABSENT if theirs is None else BlockState.DRIVEN if driver else BlockState.DESCRIBED
        strings = theirs.compatible if theirs is not None else ()
        label = chip.label_of.get(theirs, "") if theirs is not None else ""
        blocks.append(Block(node.path, int(key[1:], 16), subsystem_of(node), state, label, next(iter(strings), "")))
    unused = tuple(
        chip.label_of.get(node, key)
        for key, node in chip.places.nodes.items()
        if ADDRESS.fullmatch(key) and key not in seen
    )
    return BlockStatus(chip.chip, chip.kernel, tuple(blocks), unused)
