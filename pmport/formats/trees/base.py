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
from pmport.formats.boot.trailer import split_tail
from pmport.node import Container, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.avb.edit import AvbChoice
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
        notes: What an edit has to say.
    """

    MAGIC: ClassVar[bytes]
    ID_FIELDS: ClassVar[tuple[str, ...]]
    """Fields that the bootloader compares."""
    PLACEMENT: ClassVar[str]
    """What a port calls this way to place device trees."""

    def __init__(
        self, section: Section, entries: tuple[TreeEntry, ...], version: int, notes: tuple[Finding, ...] = ()
    ) -> None:
        self._notes = notes
        self._end = max((entry.offset + entry.size for entry in entries if entry.size), default=0)
        self._tail = tuple(split_tail(section, self._end)) if self._end < section.size else ()
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
            what, format=cls.KIND, field=field, offset=offset, remedy="The file may be cut short or damaged"
        )

    def extents(self) -> list[tuple[int, int]]:
        """Each tree once: ``(offset, size)``, in the order of the file."""
        return sorted({(entry.offset, entry.size) for entry in self.entries if entry.size})

    def _check_overlaps(self) -> None:
        extents = self.extents()
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
        return f"dtb-{self.extents().index((entry.offset, entry.size)):02}"

    def replace(self, *, avb: AvbChoice = "leave", partition_size: int | None = None, **trees: Readable) -> Self:
        """The same table with other trees; ids, order and padding stay, offsets and sizes are brought up to date.

        Args:
            avb: What happens to verified boot data behind the table: ``"leave"``, ``"none"`` or
                :class:`~pmport.formats.avb.edit.ReSign`.
            partition_size: Bytes that the result may have; an AVB footer goes to its end.
            trees: By the names of the parts: ``**{"dtb-00": tree}``. Of a compressed entry the plain tree is taken too.

        Returns:
            A new table; what the edit has to say stands in :meth:`findings`.

        Raises:
            FormatError: If there is no such tree, or the result does not fit.

        Example:
            >>> from pmport.formats.trees.tables import DtTable
            >>> table = DtTable.build([(b"tree one", {"id": 7}), (b"tree two", {"id": 8})])
            >>> new = table.replace(**{"dtb-00": b"a longer tree"})
            >>> [(entry.offset, entry.size) for entry in new.entries]
            [(96, 13), (112, 8)]
        """
        from pmport.formats.trees.edit import retabled  # noqa: PLC0415 - only edits need it

        section, notes = retabled(self, trees, avb, partition_size)
        new = type(self).parse(section)
        return type(self)(section, new.entries, new.version, notes)

    def findings(self) -> tuple[Finding, ...]:
        """What an edit has to say, and verified boot data behind the table that does not fit it.

        Returns:
            The findings.
        """
        from pmport.formats.avb.verify import footer_findings  # noqa: PLC0415 - most tables have no footer

        return (*self._notes, *footer_findings(self))

    def with_total(self, header: bytes, total: int) -> bytes:
        """The header's bytes with the table's size in them, where the format has such a field.

        Args:
            header: Everything before the first tree.
            total: The size of the table, bytes.

        Returns:
            As many bytes.
        """
        del total
        return header

    def packed(self, entry: TreeEntry, tree: Section) -> Section:
        """A tree as it is kept for an entry: itself, or compressed as the entry says.

        Args:
            entry: The entry.
            tree: The tree.

        Returns:
            What goes into the table.
        """
        del entry
        return tree

    def parts(self) -> Iterator[Part]:
        """The header with its entries, then the trees and what lies between them; an AVB footer's data last."""
        at = 0
        for index, (offset, size) in enumerate(self.extents()):
            if offset > at:
                name, role = ("header", Role.HEADER) if not at else (f"padding before dtb-{index:02}", Role.PADDING)
                yield Part(name, self._section[at:offset], role)
            yield Part(f"dtb-{index:02}", self._section[offset : offset + size])
            at = offset + size
        yield from self._tail if at else (Part("tail", self._section, Role.HEADER),)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Version, and the ids of each entry."""
        yield "version", f"{self.version:#x}" if self.version > 9 else self.version
        for index, entry in enumerate(self.entries):
            ids = " ".join(
                f"{name}={value:#x}" if isinstance(value, int) else f"{name}={value}"
                for name, value in entry.ids.items()
            )
            yield f"entry {index}", f"{self.tree_name(entry) if entry.size else 'no tree'}: {ids}"
