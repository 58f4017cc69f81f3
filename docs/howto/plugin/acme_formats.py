"""Acme's bundle: four letters, the size of a boot image as a 32-bit number, the boot image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from pmport.errors import FormatError
from pmport.formats import Container, Format, FormatRow, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

MAGIC = b"ACME"


class Bundle(Container):
    """A bundle.

    Args:
        section: Its bytes.
    """

    KIND = "Acme bundle"
    FORMAT = Format(magics=((0, MAGIC),), source="Acme's manual, page 7")

    def __init__(self, section: Section) -> None:
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Its bytes.

        Returns:
            The bundle.

        Raises:
            FormatError: If the boot image is cut off.
        """
        section = Section.of(source)
        size = int.from_bytes(section.read(4, 4), "little")
        if section.read(0, 4) != MAGIC or section.size < 8 + size:
            raise FormatError(f"The boot image ends at {8 + size}", format=cls.KIND, field="size", offset=4)
        return cls(section)

    @classmethod
    def build(cls, boot: Readable) -> Self:
        """Make one.

        Args:
            boot: The boot image.

        Returns:
            The bundle.
        """
        content = Section.of(boot)
        return cls(Section.joined([MAGIC, content.size.to_bytes(4, "little"), content]))

    def parts(self) -> Iterator[Part]:
        """Header and boot image; joined, they are all of its bytes."""
        end = 8 + int.from_bytes(self._section.read(4, 4), "little")
        yield Part("header", self._section[:8], Role.HEADER)
        yield Part("boot", self._section[8:end])
        yield Part("tail", self._section[end:], Role.TAIL)


ROW = FormatRow.of(Bundle)
