"""What a blob looks like beside its meaning, so that writing an unchanged tree gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["NodeLayout", "TreeLayout"]


@dataclass(slots=True)
class NodeLayout:
    """Oddities of one node.

    Args:
        nameoffs: Property → offset of its name, where it is not the one that the tree uses for this name elsewhere.
        nops: Property or child (with a leading ``/``) → how many NOP tokens stand before it; the empty name: before
            the end.
        pads: Property → the bytes behind its value, where they are not zeros (libfdt leaves such behind when it edits).
    """

    nameoffs: dict[str, int] = field(default_factory=dict)
    nops: dict[str, int] = field(default_factory=dict)
    pads: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class TreeLayout:
    """How a whole blob is laid out.

    Args:
        version: Version in the header.
        last_comp_version: Compatible version in the header.
        strings: The strings block.
        nameoffs: Name → its offset in the strings block.
        blocks: The three blocks in their order in the blob (``"reservations"``, ``"structure"``, ``"strings"``), each
            with the bytes that stand before it, behind the block before.
        tail: What follows the last block.
        structure_head: How many NOP tokens stand before the root.
        structure_tail: What follows the END token within the structure block.
    """

    version: int
    last_comp_version: int
    strings: bytes
    nameoffs: dict[str, int]
    blocks: list[tuple[str, bytes]]
    tail: bytes = b""
    structure_head: int = 0
    structure_tail: bytes = b""
