"""The header of a boot image that was built: its id is hashed when the header is read, or while the rest is written."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.byte_sources import BytesSource, FileSource
from pmport.formats.boot.image_id import made_id

if TYPE_CHECKING:
    from pmport.formats.boot.header import BootHeader
    from pmport.section import Section

__all__ = ["LatePage"]


class LatePage:
    """A header's page whose id is hashed when somebody reads it.

    Args:
        header: The header, its id zero.
        page: Its page.
        recipe: How the id is made.
        sections: What it is made over.
    """

    name = "boot image header"

    def __init__(self, header: BootHeader, page: bytes, recipe: str, sections: tuple[tuple[str, Section], ...]) -> None:
        self.size: int = len(page)
        self._zero_id = header
        self._page = page
        self._recipe = recipe
        self._sections = sections

    @cached_property
    def header(self) -> BootHeader:
        """The header with its id. Reads all sections once, when it is first asked for."""
        return replace(self._zero_id, id_field=made_id(self._recipe, self._sections))

    @property
    def may_be_hashed_aside(self) -> bool:
        """Whether the sections can be read by two threads, and nobody has hashed them yet."""
        plain = all(isinstance(section.source, (BytesSource, FileSource)) for _, section in self._sections if section)
        return plain and "header" not in vars(self)

    def hash_quietly(self) -> None:
        """Hash in a thread; what goes wrong is raised again when the page is read."""
        with suppress(Exception):
            self.header  # noqa: B018 - it is kept

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the page.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes.
        """
        return self.header.encode(self._page)[offset : offset + size]
