"""The tables of device trees that bootloaders choose from: QCDT, DTBH, SPRD, AML and Android's DT table.

Sources: Qualcomm's dtbTool and LK's ``dev_tree.h``; Samsung's dtbtool-exynos; Spreadtrum's dtbTool-sprd; Amlogic's
``dtb.img``; AOSP ``libufdt/utils/src/mkdtboimg.py`` and ``dt_table.h``; and the real files of each.

Example:
    >>> table = DtTable.build([(b"tree one", {"id": 7}), (b"tree two", {"id": 8}), (b"tree one", {"id": 9})])
    >>> [(entry.ids["id"], table.tree_name(entry)) for entry in table.entries]
    [(7, 'dtb-00'), (8, 'dtb-01'), (9, 'dtb-00')]
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.given import number
from pmport.formats.streams.codecs import kind_of
from pmport.formats.trees.base import MOST_ENTRIES, EntryLayout, TreeEntry, TreeTable
from pmport.formats.trees.build import paged
from pmport.formats.trees.edit import row_of
from pmport.node import Format
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["AmlTable", "DtTable", "DtbhTable", "QcdtTable", "SprdTable"]

LITTLE = struct.Struct("<II")
FDT_MAGIC = b"\xd0\x0d\xfe\xed"


def _little_header(
    table: type[TreeTable], section: Section, layouts: Mapping[int, EntryLayout]
) -> tuple[int, int, EntryLayout]:
    """Magic, version, count: how all but Android's table begin."""
    version, count = LITTLE.unpack(section.read(4, 8))
    if version not in layouts:
        known = ", ".join(f"{number:#x}" for number in layouts)
        raise FormatError(
            f"version {version:#x} is not known; {known} are", format=table.KIND, field="version", offset=4
        )
    return version, count, layouts[version]


def _hits(section: Section, count: int, layout: EntryLayout) -> bool:
    """Whether every entry of a table points at a device tree."""
    data = section.read(layout.start, count * layout.size)
    if len(data) < count * layout.size:
        return False
    places = {(values["offset"], values["size"]) for values in layout.read(data)}
    return all(
        isinstance(offset, int) and isinstance(size, int) and size > 0 and offset + size <= section.size
        and section.read(offset, 4) == FDT_MAGIC
        for offset, size in places
    )  # fmt: skip


QCOM = ("platform_id", "variant_id")


class QcdtTable(TreeTable):
    """Qualcomm's ``dt.img``: chosen by msm-id and board-id, since version 3 by the power chips too."""

    KIND: ClassVar[str] = "QCDT"
    MAGIC: ClassVar[bytes] = b"QCDT"
    FORMAT = Format(
        magics=((0, MAGIC),),
        writes="identical, build, edit",
        source="Qualcomm dtbTool; LK dev_tree.h",
    )
    PLACEMENT: ClassVar[str] = "qcdt"
    ID_FIELDS: ClassVar[tuple[str, ...]] = (
        *QCOM,
        "subtype",
        "soc_rev",
        "pmic0",
        "pmic1",
        "pmic2",
        "pmic3",
        "board_name",
        "board_rev",
    )
    LAYOUTS: ClassVar[Mapping[int, EntryLayout]] = {
        1: EntryLayout(12, (*QCOM, "soc_rev", "offset", "size"), {}),
        2: EntryLayout(12, (*QCOM, "subtype", "soc_rev", "offset", "size"), {}),
        3: EntryLayout(12, (*QCOM, "subtype", "soc_rev", "pmic0", "pmic1", "pmic2", "pmic3", "offset", "size"), {}),
        0x103: EntryLayout(
            12,
            (*QCOM, "subtype", "soc_rev", "pmic0", "pmic1", "pmic2", "pmic3", "offset", "size", "board_name"),
            {"board_name": 32},
        ),
    }
    """0x103 is Motorola's: a board name follows in each entry."""
    DIALECTS: ClassVar[Mapping[int, EntryLayout]] = {
        1: EntryLayout(12, (*QCOM, "offset", "size"), {}),
        3: EntryLayout(
            12,
            (
                *QCOM,
                "subtype",
                "soc_rev",
                "board_name",
                "board_rev",
                "pmic0",
                "pmic1",
                "pmic2",
                "pmic3",
                "offset",
                "size",
            ),
            {"board_name": 8},
        ),
    }
    """Entries of the same version with other fields: LG's of 16 bytes, and those of 52 with a vendor's text and revision.
    Taken where every offset hits a tree, and not every one does in the usual layout."""

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Version, count and layout; see :class:`~pmport.formats.trees.base.TreeTable`."""
        version, count, usual = _little_header(cls, section, cls.LAYOUTS)
        other = cls.DIALECTS.get(version)
        if other and 0 < count <= MOST_ENTRIES and not _hits(section, count, usual) and _hits(section, count, other):
            return version, count, other
        return version, count, usual

    @classmethod
    def build(
        cls, trees: Iterable[tuple[Readable, Mapping[str, int]]], *, version: int = 3, page_size: int = 2048
    ) -> Self:
        """Make a table as dtbTool does: sorted by id, trees padded to pages with at least one byte.

        Args:
            trees: Each tree with its ids, by the names of :attr:`ID_FIELDS`; ids that are not given are 0.
            version: 1 to 3.
            page_size: Bytes per page.

        Returns:
            The table. Equal trees are there once.

        Raises:
            FormatError: If the version is none of these, or an id is unknown or no number of 32 bits.
        """
        if version not in (1, 2, 3):
            raise FormatError(f"version {version} is not built; 1 to 3 are", format=cls.KIND, field="version")
        layout = cls.LAYOUTS[version]
        order = [name for name in cls.ID_FIELDS if name in layout.fields]
        checked = [(Section.of(tree), row_of(cls.KIND, tuple(order), ids)) for tree, ids in trees]
        given = sorted(checked, key=lambda item: [item[1][name] for name in order])
        return cls.parse(paged(cls, version, layout, given, page_size))


class _OneLayout(TreeTable):
    """A table whose entries have one layout, and that is built from trees."""

    LAYOUTS: ClassVar[Mapping[int, EntryLayout]]

    @classmethod
    def build(cls, trees: Iterable[tuple[Readable, Mapping[str, int]]], *, page_size: int = 2048) -> Self:
        """Make a table in the order of the trees, each padded to pages with at least one byte.

        Args:
            trees: Each tree with its ids, by the names of the layout's fields; ids that are not given are 0.
            page_size: Bytes per page.

        Returns:
            The table. Equal trees are there once.

        Raises:
            FormatError: If an id is unknown or no number of 32 bits, or the page size is none.
        """
        ((version, layout),) = cls.LAYOUTS.items()
        fields = tuple(name for name in layout.fields if name not in {"offset", "size"})
        rows = [(Section.of(tree), row_of(cls.KIND, fields, ids)) for tree, ids in trees]
        return cls.parse(paged(cls, version, layout, rows, page_size))


class DtbhTable(_OneLayout):
    """Samsung's table for Exynos: chosen by chip, platform, subtype and a range of board revisions."""

    KIND: ClassVar[str] = "DTBH"
    MAGIC: ClassVar[bytes] = b"DTBH"
    FORMAT = Format(magics=((0, MAGIC),), writes="identical, build, edit", source="Samsung dtbtool-exynos; a real file")
    PLACEMENT: ClassVar[str] = "dtbh"
    ID_FIELDS: ClassVar[tuple[str, ...]] = ("chip", "platform", "subtype", "hw_rev", "hw_rev_end")
    LAYOUTS: ClassVar[Mapping[int, EntryLayout]] = {2: EntryLayout(12, (*ID_FIELDS, "offset", "size", "space"), {})}

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Version, count and layout; see :class:`~pmport.formats.trees.base.TreeTable`."""
        return _little_header(cls, section, cls.LAYOUTS)


class SprdTable(_OneLayout):
    """Spreadtrum's table: chosen by chip, board and revision."""

    KIND: ClassVar[str] = "SPRD device tree table"
    MAGIC: ClassVar[bytes] = b"SPRD"
    FORMAT = Format(magics=((0, MAGIC),), writes="identical, build, edit", source="Spreadtrum dtbTool-sprd; real files")
    PLACEMENT: ClassVar[str] = "sprd"
    ID_FIELDS: ClassVar[tuple[str, ...]] = ("chip", "board", "revision")
    LAYOUTS: ClassVar[Mapping[int, EntryLayout]] = {1: EntryLayout(12, (*ID_FIELDS, "offset", "size"), {})}

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Version, count and layout; see :class:`~pmport.formats.trees.base.TreeTable`."""
        return _little_header(cls, section, cls.LAYOUTS)


class AmlTable(TreeTable):
    """Amlogic's multi-dtb: chosen by chip, platform and variant, written as text in byte-swapped words."""

    KIND: ClassVar[str] = "Amlogic multi-dtb"
    MAGIC: ClassVar[bytes] = b"AML_"
    FORMAT = Format(magics=((0, MAGIC),), source="a real file", limits="version 1 is unverified")
    PLACEMENT: ClassVar[str] = "aml"
    ID_FIELDS: ClassVar[tuple[str, ...]] = ("soc", "platform", "variant")
    LAYOUTS: ClassVar[Mapping[int, EntryLayout]] = {
        1: EntryLayout(12, (*ID_FIELDS, "offset", "size"), dict.fromkeys(ID_FIELDS, 4)),
        2: EntryLayout(12, (*ID_FIELDS, "offset", "size"), dict.fromkeys(ID_FIELDS, 16)),
    }

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Version, count and layout; see :class:`~pmport.formats.trees.base.TreeTable`."""
        return _little_header(cls, section, cls.LAYOUTS)

    @classmethod
    def id_value(cls, name: str, value: int | bytes) -> int | str:
        """The text, its words swapped back."""
        if isinstance(value, bytes):
            value = b"".join(value[at : at + 4][::-1] for at in range(0, len(value), 4))
        return super().id_value(name, value)


class DtTable(TreeTable):
    """Android's DT table: ``dtbo.img``, and ``dtb.img`` of many makers. Its numbers are big-endian."""

    KIND: ClassVar[str] = "DT table"
    MAGIC: ClassVar[bytes] = b"\xd7\xb7\xab\x1e"
    FORMAT = Format(magics=((0, MAGIC),), writes="identical, build, edit", source="AOSP libufdt, dt_table.h")
    PLACEMENT: ClassVar[str] = "dtbo"
    ID_FIELDS: ClassVar[tuple[str, ...]] = ("id", "rev", "flags", "custom0", "custom1", "custom2", "custom3")
    HEADER = struct.Struct(">8I")
    FIELDS: ClassVar[Mapping[int, tuple[str, ...]]] = {
        0: ("size", "offset", "id", "rev", "custom0", "custom1", "custom2", "custom3"),
        1: ("size", "offset", "id", "rev", "flags", "custom0", "custom1", "custom2"),
    }
    COMPRESSION_MASK = 0xF
    COMPRESSIONS: ClassVar[Mapping[int, tuple[str, int]]] = {
        1: ("zlib", zlib.MAX_WBITS), 2: ("gzip", zlib.MAX_WBITS | 16),
    }  # fmt: skip
    """Low bits of ``flags`` of version 1 → the compression, and its window as zlib counts."""

    @classmethod
    def header(cls, section: Section) -> tuple[int, int, EntryLayout]:
        """Version, count and layout, by the sizes that the header itself states."""
        head = section.read(0, cls.HEADER.size)
        if len(head) < cls.HEADER.size:
            raise cls._broken("the header is cut short", "header_size", len(head))
        _, total, header_size, entry_size, count, start, _, version = cls.HEADER.unpack(head)
        if version not in cls.FIELDS:
            raise FormatError(f"version {version} is not known", format=cls.KIND, field="version", offset=28)
        if total > section.size:
            raise cls._broken(f"the table has {total} bytes, and the file ends at {section.size}", "total_size", 4)
        if header_size < cls.HEADER.size or entry_size < 32 or start < header_size:
            raise cls._broken("the sizes in the header cannot be", "dt_entry_size", 12)
        extra = {"extra": entry_size - 32} if entry_size > 32 else {}
        return version, count, EntryLayout(start, (*cls.FIELDS[version], *extra), extra, ">")

    @classmethod
    def build(
        cls, trees: Iterable[tuple[Readable, Mapping[str, int]]], *, version: int = 0, page_size: int = 2048
    ) -> Self:
        """Make a table as ``mkdtboimg`` does: trees back to back, equal ones once.

        Args:
            trees: Each tree with its ``id``, ``rev``, ``custom0`` …; what is not given is 0.
            version: 0 or 1.
            page_size: What the header says; nothing is padded to it.

        Returns:
            The table. In version 1 a tree whose ``flags`` say so is compressed, unless it is already.

        Raises:
            FormatError: If there is no tree, the version is none of these, an id is unknown or no number of 32 bits, or
                ``flags`` name a compression that is not done here.
        """
        if version not in cls.FIELDS:
            raise FormatError(f"version {version} is not known; 0 and 1 are", format=cls.KIND, field="version")
        number(page_size, "page_size", cls.KIND)
        fields = tuple(name for name in cls.FIELDS[version] if name not in {"size", "offset"})
        checked = [(Section.of(tree), row_of(cls.KIND, fields, ids)) for tree, ids in trees]
        if not checked:
            raise FormatError("There is no tree to put in", format=cls.KIND, field="dt_entry_count")
        given = [(cls._compressed(tree, ids.get("flags", 0)), ids) for tree, ids in checked]
        layout = EntryLayout(cls.HEADER.size, cls.FIELDS[version], {}, ">")
        at = layout.start + layout.size * len(given)
        places: dict[bytes, int] = {}
        body: list[Section] = []
        rows = bytearray()
        for tree, ids in given:
            key = tree.digest()
            if key not in places:
                places[key] = at
                body.append(tree)
                at += tree.size
            rows += layout.write(ids | {"size": tree.size, "offset": places[key]})
        magic = int.from_bytes(cls.MAGIC, "big")
        head = cls.HEADER.pack(magic, at, cls.HEADER.size, layout.size, len(given), layout.start, page_size, version)
        return cls.parse(Section.joined([head + bytes(rows), *body], cls.KIND))

    @classmethod
    def _compressed(cls, tree: Section, flags: object) -> Section:
        """A tree compressed as the flags say; one that is already stays as it is."""
        number = flags & cls.COMPRESSION_MASK if isinstance(flags, int) else 0
        if not number:
            return tree
        if number not in cls.COMPRESSIONS:
            raise FormatError(
                f"Compression {number} is not done here", format=cls.KIND, field="flags", remedy="1 is zlib, 2 is gzip"
            )
        kind, window = cls.COMPRESSIONS[number]
        if kind_of(tree.read(0, 16)) == kind:
            return tree
        stream = zlib.compressobj(wbits=window)
        return Section.of(stream.compress(tree.read()) + stream.flush())

    def packed(self, entry: TreeEntry, tree: Section) -> Section:
        """See :meth:`~pmport.formats.trees.base.TreeTable.packed`: compressed as the entry's flags say."""
        return self._compressed(tree, entry.ids.get("flags", 0))

    def with_total(self, header: bytes, total: int) -> bytes:
        """See :meth:`~pmport.formats.trees.base.TreeTable.with_total`."""
        return header[:4] + total.to_bytes(4, "big") + header[8:]
