"""Tables of device trees: what Qualcomm, Samsung, Spreadtrum, Amlogic and Android itself put several trees into.

They differ in their ids; what they share is here: a magic, entries with an offset and a size, and blobs that several
entries may point at. Each format is one declaration in :mod:`pmport.formats.trees.tables`.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.node import Container, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["EntryLayout", "TreeEntry", "TreeTable"]

MOST_ENTRIES = 4096
"""More than this no table has: a larger count is a damaged one."""


@dataclass(frozen=True, slots=True)
class EntryLayout:
    """How one version of a table lays out its entries.

    Args:
        start: Where the first entry is, in bytes from the start of the table.
        fields: Names of the entry's fields, in order; ``offset`` and ``size`` among them.
        texts: Field → its size in bytes, for fields that hold text; all others are 32-bit numbers.
        order: ``"<"`` or ``">"``, as :mod:`struct` has it.
    """

    start: int
    fields: tuple[str, ...]
    texts: Mapping[str, int]
    order: str = "<"

    @property
    def size(self) -> int:
        """Bytes per entry."""
        return _packer(self).size

    def read(self, data: bytes) -> Iterator[dict[str, int | bytes]]:
        """The entries of a table.

        Args:
            data: A whole number of entries.

        Yields:
            Field → value.
        """
        for values in _packer(self).iter_unpack(data):
            yield dict(zip(self.fields, values, strict=True))

    def write(self, values: Mapping[str, int | bytes]) -> bytes:
        """One entry.

        Args:
            values: Field → value.

        Returns:
            Its bytes.
        """
        return _packer(self).pack(*(values[name] for name in self.fields))


@lru_cache(maxsize=32)
def _layout_struct(order: str, codes: str) -> struct.Struct:
    return struct.Struct(order + codes)


def _packer(layout: EntryLayout) -> struct.Struct:
    return _layout_struct(
        layout.order, "".join(f"{layout.texts[f]}s" if f in layout.texts else "I" for f in layout.fields)
    )


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a table.

    Args:
        ids: What the bootloader compares, by the format's own names.
        offset: Where its tree is, in bytes from the start of the table.
        size: The tree's size in the table, padding included, bytes.
    """

    ids: Mapping[str, int | str]
    offset: int
    size: int


class TreeTable(Container):
    """A table of device trees; the formats inherit it and say how their header looks.

    Args:
        section: The whole table.
        entries: Its entries, in order.
        version: Its version, as the header has it.
    """

    MAGIC: ClassVar[bytes]
    ID_FIELDS: ClassVar[tuple[str, ...]]
    """Fields that the bootloader compares."""
    PLACEMENT: ClassVar[str]
    """What a port calls this way to place device trees."""

    def __init__(self, section: Section, entries: tuple[TreeEntry, ...], version: int) -> None:
        self._section = section
        self.entries = entries
        self.version = version

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a table; its trees stay where they are.

        Args:
            source: Where it is.

        Returns:
            The table.

        Raises:
            FormatError: If the header is impossible, or an entry points outside or into another one's tree.
        """
        section = Section.of(source)
        head = section.read(0, 64)
        if not head.startswith(cls.MAGIC) or len(head) < 12:
            raise cls._broken("it does not begin with the magic", "magic", 0)
        version, count, layout = cls.header(section)
        if not 0 < count <= MOST_ENTRIES:
            raise cls._broken(
                f"{count} entries are more than any table has" if count else "it has no entry", "count", 8
            )
        end = layout.start + count * layout.size
        data = section.read(layout.start, count * layout.size)
        if len(data) < count * layout.size:
            raise cls._broken(f"{count} entries reach to {end}, and the file ends at {section.size}", "count", 8)
        entries = []
        for index, values in enumerate(layout.read(data)):
            offset, size = values["offset"], values["size"]
            if not isinstance(offset, int) or not isinstance(size, int) or offset < end or offset + size > section.size:
                at = layout.start + index * layout.size
                raise cls._broken(f"entry {index} points at {offset!r}+{size!r}, outside of the table", "offset", at)
            entries.append(
                TreeEntry(
                    {name: cls.id_value(name, values[name]) for name in cls.ID_FIELDS if name in values}, offset, size
                )
            )
        table = cls(section, tuple(entries), version)
        table._check_overlaps()
        return table

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Read the header.

        Args:
            section: The table.

        Returns:
            Version, number of entries, and how these are laid out.

        Raises:
            FormatError: If the version is not known.
        """
        raise NotImplementedError(cls.__name__)

    @classmethod
    def id_value(cls, name: str, value: int | bytes) -> int | str:
        """An id as people write it.

        Args:
            name: The field.
            value: What stands there.

        Returns:
            The number, or the text without its padding.
        """
        del name
        return value if isinstance(value, int) else value.split(b"\0", 1)[0].decode("utf-8", "surrogateescape").strip()

    @classmethod
    def _broken(cls, what: str, field: str, offset: int) -> FormatError:
        return FormatError(
            what, format=cls.KIND, field=field, offset=offset, remedy="the file may be cut short or damaged"
        )

    def _extents(self) -> list[tuple[int, int]]:
        """Each tree once: ``(offset, size)``, in the order of the file."""
        return sorted({(entry.offset, entry.size) for entry in self.entries if entry.size})

    def _check_overlaps(self) -> None:
        extents = self._extents()
        for (low, size), (following, _) in itertools.pairwise(extents):
            if low + size > following:
                raise self._broken(f"the trees at {low} and {following} overlap", "offset", following)

    def tree_name(self, entry: TreeEntry) -> str:
        """Name of an entry's tree among the children.

        Args:
            entry: One of :attr:`entries`.

        Returns:
            ``dtb-00`` and so on, counted in the order of the file.
        """
        return f"dtb-{self._extents().index((entry.offset, entry.size)):02}"

    def parts(self) -> Iterator[Part]:
        """The header with its entries, then the trees and what lies between them.

        Yields:
            The parts.
        """
        at = 0
        for index, (offset, size) in enumerate(self._extents()):
            if offset > at:
                name, role = ("header", Role.HEADER) if not at else (f"padding before dtb-{index:02}", Role.PADDING)
                yield Part(name, self._section[at:offset], role)
            yield Part(f"dtb-{index:02}", self._section[offset : offset + size])
            at = offset + size
        if at < self._section.size:
            yield Part("tail", self._section[at:], Role.TAIL if at else Role.HEADER)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Version, and the ids of each entry.

        Yields:
            ``(label, value)``.
        """
        yield "version", f"{self.version:#x}" if self.version > 9 else self.version
        for index, entry in enumerate(self.entries):
            ids = " ".join(
                f"{name}={value:#x}" if isinstance(value, int) else f"{name}={value}"
                for name, value in entry.ids.items()
            )
            yield f"entry {index}", f"{self.tree_name(entry) if entry.size else 'no tree'}: {ids}"
