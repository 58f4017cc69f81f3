"""What vendors' wrappers around boot images have in common: named ranges, in order, with everything between them kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pmport.errors import FormatError
from pmport.node import Container, Part, Role

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["Range", "Wrapper", "cut"]


class Range(NamedTuple):
    """A range of a file that has a name.

    Args:
        name: What it is called.
        offset: Where it begins, bytes.
        size: Its size, bytes.
        role: What it is for.
    """

    name: str
    offset: int
    size: int
    role: Role = Role.CONTENT


class Wrapper(Container):
    """A vendor's container around a boot image or its parts; read-only.

    Args:
        parts: Everything it is made of, in order.
        rows: What ``describe`` shows.
    """

    WRAPPER: ClassVar[str] = ""
    """What facts call it."""

    def __init__(self, parts: Iterable[Part], rows: Iterable[tuple[str, object]] = ()) -> None:
        self._parts = tuple(parts)
        self._rows = tuple(rows)

    def parts(self) -> Iterator[Part]:
        """The ranges in order."""
        return iter(self._parts)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The header's fields."""
        return iter(self._rows)


def cut(section: Section, ranges: Iterable[Range], format: str) -> Iterator[Part]:
    """Cut a section into named ranges.

    Args:
        section: The whole.
        ranges: The ranges, in any order; empty ones are left out.
        format: The format's name, for errors.

    Yields:
        Parts without a gap: what lies between the ranges is kept as tail.

    Raises:
        FormatError: If a range lies outside, or over another.
    """
    at = 0
    for item in sorted((item for item in ranges if item.size), key=lambda item: item.offset):
        if item.offset < at or item.offset + item.size > section.size:
            where = f"ends at {item.offset + item.size}, and the file at {section.size}"
            if item.offset < at:
                where = f"begins at {item.offset}, and the one before it ends at {at}"
            raise FormatError(f"The {item.name} {where}", format=format, field=item.name, offset=item.offset)
        if item.offset > at:
            yield Part(f"before {item.name}", section[at : item.offset], Role.TAIL)
        at = item.offset + item.size
        yield Part(item.name, section[item.offset : at], item.role)
    if at < section.size:
        yield Part("tail", section[at:], Role.TAIL)
