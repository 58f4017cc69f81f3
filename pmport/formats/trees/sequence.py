"""Device trees one behind the other, as in many ``dtb`` partitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.devicetree import find_blobs
from pmport.errors import FormatError
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["TreeSequence", "is_tree_sequence"]

FDT_MAGIC = b"\xd0\x0d\xfe\xed"


class TreeSequence(Container):
    """Device trees one behind the other, as in many ``dtb`` partitions.

    Args:
        parts: The trees and what lies between them.
    """

    KIND: ClassVar[str] = "device trees in sequence"
    FORMAT = Format(
        probe="is_tree_sequence", certain=False, source="Devicetree Specification 0.4, chapter 5; real dtb partitions"
    )

    def __init__(self, parts: tuple[Part, ...]) -> None:
        self._parts = parts

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a sequence.

        Args:
            source: Where it is.

        Returns:
            The sequence.

        Raises:
            FormatError: If it does not begin with a tree.
        """
        section = Section.of(source)
        found = find_blobs(section)
        if not found or found[0].offset:
            raise FormatError("It does not begin with a device tree", format=cls.KIND, field="magic", offset=0)
        parts: list[Part] = []
        at = 0
        for index, (offset, blob) in enumerate(found):
            if offset > at:
                parts.append(Part(f"padding before dtb-{index:02}", section[at:offset], Role.PADDING))
            size = blob.header.totalsize
            parts.append(Part(f"dtb-{index:02}", section[offset : offset + size]))
            at = offset + size
        if at < section.size:
            parts.append(Part("tail", section[at:], Role.TAIL))
        return cls(tuple(parts))

    def parts(self) -> Iterator[Part]:
        """The trees and what lies between them."""
        yield from self._parts

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many trees there are."""
        yield "trees", len(self.children)


def is_tree_sequence(section: Section) -> bool:
    """Whether more than zeros follows the first device tree.

    Args:
        section: The bytes.

    Returns:
        True for a sequence; a single tree with padding is none.
    """
    head = section.read(0, 8)
    if not head.startswith(FDT_MAGIC) or len(head) < 8:
        return False
    size = int.from_bytes(head[4:8], "big")
    return 40 <= size < section.size and not section[size:].is_zero()
