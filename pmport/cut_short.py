"""What can still be told of a file that ends too early: its header, and which parts are there.

Such a file is no value of its format: :func:`pmport.open` refuses it. A person who looks at one wants to know what it
was to be, and where it ends.

Example:
    >>> from pmport.formats.boot.image import BootImage
    >>> begun = bytes(BootImage.build(b"kernel" * 999, cmdline="quiet"))[:4000]
    >>> found = look_at(begun)
    >>> found.kind, dict(found.fields)["command line"], [(part.name, part.present < part.size) for part in found.parts]
    ('Android boot image', 'quiet', [('header', False), ('kernel', True)])
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.formats.registry import recognise
from pmport.node import Node, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["CutPart", "CutShort", "look_at"]

FILLS = (1 << 20, 16 << 20, 256 << 20)
"""Zeros that stand for what is missing, bytes; the first that suffices is taken."""


@dataclass(frozen=True, slots=True)
class CutPart:
    """A part of what the file was to be.

    Args:
        name: As the format calls it.
        offset: Where it begins, in bytes.
        size: How large the header says it is, bytes.
        present: How much of it is there, bytes.
        role: What it is for.
    """

    name: str
    offset: int
    size: int
    present: int
    role: Role


@dataclass(frozen=True, slots=True)
class CutShort:
    """A file that ends too early.

    Args:
        kind: The format.
        size: How many bytes are there.
        fields: Its header, as :meth:`pmport.node.Node.describe` tells it.
        parts: Its parts in order, as far as the first that is not there.
    """

    kind: str
    size: int
    fields: tuple[tuple[str, object], ...]
    parts: tuple[CutPart, ...]


def look_at(source: Readable) -> CutShort | None:
    """Read the header of a file that ends too early.

    Args:
        source: A file that :func:`pmport.open` refused.

    Returns:
        What its header says; None where the file is broken otherwise, or all that the header counts is there.
    """
    section = Section.of(source)
    for fill in FILLS:
        try:
            node = recognise(Section.joined((section, Section.zeros(fill))))
            found = CutShort(node.KIND, section.size, tuple(node.describe()), tuple(_parts(node, section.size)))
        except FormatError:
            continue
        return found if any(part.present < part.size for part in found.parts) else None
    return None


def _parts(node: Node, end: int) -> Iterator[CutPart]:
    at = 0
    for part in node.parts():
        size = part.section.size
        counts = part.role in {Role.HEADER, Role.CONTENT}
        if counts and size:
            yield CutPart(part.name, at, size, max(min(end - at, size), 0), part.role)
        at += size
