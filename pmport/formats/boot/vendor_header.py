"""The header of vendor boot images, and the table of their ramdisk fragments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError
from pmport.formats.base.given import number, text
from pmport.formats.base.struct_layout import encode_over
from pmport.formats.boot.header import PAGE_SIZES, page_aligned
from pmport.section import Readable, Section

__all__ = [
    "ENTRY_SIZE",
    "FORMAT",
    "MAGIC",
    "Fragment",
    "FragmentType",
    "VendorBootHeader",
    "encode_entry",
    "parse_table",
]

FORMAT = "Android vendor boot image"
MAGIC = b"VNDRBOOT"
ENTRY_SIZE = 108
HEADER_SIZES = {3: 2112, 4: 2128}
MOST_FRAGMENTS = 1024
"""More than this many fragments is a damaged table."""


@cache
def declaration(version: int) -> Any:
    """The header, compiled.

    Args:
        version: 3 or 4.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Const, Int32ul, Int64ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    v3 = (
        "magic" / Const(MAGIC),
        "header_version" / Int32ul,
        "page_size" / Int32ul,
        "kernel_addr" / Int32ul,
        "ramdisk_addr" / Int32ul,
        "ramdisk_size" / Int32ul,
        "cmdline_field" / Bytes(2048),
        "tags_addr" / Int32ul,
        "name_field" / Bytes(16),
        "header_size" / Int32ul,
        "dtb_size" / Int32ul,
        "dtb_addr" / Int64ul,
    )
    v4 = (
        *v3,
        "ramdisk_table_size" / Int32ul,
        "entry_count" / Int32ul,
        "entry_size" / Int32ul,
        "bootconfig_size" / Int32ul,
    )
    return Struct(*(v4 if version > 3 else v3)).compile()


@cache
def entry_declaration() -> Any:
    """One row of the ramdisk table, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Array, Bytes, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "size" / Int32ul,
        "offset" / Int32ul,
        "type" / Int32ul,
        "name" / Bytes(32),
        "board_id" / Array(16, Int32ul),
    ).compile()


class FragmentType(IntEnum):
    """What a ramdisk fragment is for."""

    NONE = 0
    PLATFORM = 1
    RECOVERY = 2
    DLKM = 3
    """Loadable kernel modules."""


@dataclass(frozen=True)
class Fragment:
    """One ramdisk of a v4 image.

    Args:
        name: Its name; the first often has none. ``default`` is banned.
        data: Its bytes.
        type: What it is for: a :class:`FragmentType`, or another number.
        board_id: 16 words by which a bootloader selects it.
    """

    name: str
    data: Readable
    type: int = FragmentType.NONE
    board_id: tuple[int, ...] = (0,) * 16

    @property
    def section(self) -> Section:
        """Its bytes."""
        return Section.of(self.data)

    @property
    def kind(self) -> str:
        """What it is for, as AOSP's tool names it."""
        return FragmentType(self.type).name.lower() if self.type in list(FragmentType) else f"type {self.type:#x}"


@dataclass(frozen=True)
class TableRow:
    """One row of the table, not yet bound to bytes.

    Args:
        size: Bytes.
        offset: Where it starts in the ramdisk section.
        fragment: Name, type and board id.
    """

    size: int
    offset: int
    fragment: Fragment

    def over(self, ramdisks: Section) -> Fragment:
        """The fragment with its bytes.

        Args:
            ramdisks: The ramdisk section.

        Returns:
            The fragment.
        """
        return replace(self.fragment, data=ramdisks[self.offset : self.offset + self.size])


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorBootHeader:
    """The header's fields; addresses are absolute, sizes in bytes.

    Args:
        header_version: 3 or 4.
        page_size: Bytes per page.
        kernel_addr: Load address of the kernel.
        ramdisk_addr: Load address of the ramdisks.
        ramdisk_size: Size of the ramdisk section: all fragments.
        cmdline_field: The vendor's command line, with its fill.
        tags_addr: Address of the tags.
        name_field: Product name, with its fill.
        header_size: As it says itself.
        dtb_size: Size of the dtb section.
        dtb_addr: Load address of it, 64 bits.
        ramdisk_table_size: Size of the table (v4).
        entry_count: Its rows (v4).
        entry_size: Bytes per row (v4).
        bootconfig_size: Size of the bootconfig (v4).
    """

    header_version: int
    page_size: int
    kernel_addr: int
    ramdisk_addr: int
    ramdisk_size: int
    cmdline_field: bytes
    tags_addr: int
    name_field: bytes
    header_size: int
    dtb_size: int
    dtb_addr: int
    ramdisk_table_size: int = 0
    entry_count: int = 0
    entry_size: int = 0
    bootconfig_size: int = 0

    @classmethod
    def parse(cls, section: Section) -> Self:
        """Read a header.

        Args:
            section: The image.

        Returns:
            The header.

        Raises:
            FormatError: If there is no magic, it is cut short, or version or page size are none.
        """
        head = section.read(0, HEADER_SIZES[4])
        if not head.startswith(MAGIC):
            raise FormatError("There is no vendor boot magic", format=FORMAT, field="magic", offset=0)
        version = int.from_bytes(head[8:12], "little")
        if version not in HEADER_SIZES:
            raise FormatError(
                f"header version {version} is not known; 3 and 4 are", format=FORMAT, field="header_version", offset=8
            )
        declared = declaration(version)
        if len(head) < declared.sizeof():
            raise FormatError(
                f"The v{version} header takes {declared.sizeof()} bytes, and the file ends after {len(head)} of them",
                format=FORMAT,
                field="header",
                offset=len(head),
                remedy="The file is cut short: get it again",
            )
        parsed = declared.parse(head)
        header = cls(**{field.name: parsed[field.name] for field in fields(cls) if field.name in parsed})
        if header.page_size not in PAGE_SIZES:
            raise FormatError(
                f"page size is {header.page_size}, which is no power of two from 2048 to 131072",
                format=FORMAT,
                field="page_size",
                offset=12,
            )
        return header

    def encode(self, page: bytes) -> bytes:
        """Write the header over its pages.

        Args:
            page: The bytes that it stood in, or zeros.

        Returns:
            As many bytes.

        Raises:
            FormatError: If a value does not fit its field.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return encode_over(declaration(self.header_version), values, page, FORMAT)

    def offsets(self, available: int) -> dict[str, tuple[int, int]]:
        """Where the pieces stand.

        Args:
            available: Bytes that the file has.

        Returns:
            Name → ``(offset, size)``, for all four pieces.

        Raises:
            FormatError: If one is not all there.
        """
        size_offsets = {"ramdisk": 24, "dtb": 2100, "ramdisk_table": 2112, "bootconfig": 2124}
        at = page_aligned(HEADER_SIZES[self.header_version], self.page_size)
        found = {}
        for name, size_at in size_offsets.items():
            size = getattr(self, f"{name}_size")
            if at + size > available and (size or name == "ramdisk"):
                raise FormatError(
                    f"The {name} takes bytes {at} to {at + size}, and the file ends at {available}:"
                    f" {at + size - available} bytes are missing",
                    format=FORMAT,
                    field=f"{name}_size",
                    offset=size_at,
                    remedy="The file is cut short, or the header is damaged",
                )
            found[name] = (at, size)
            at += page_aligned(size, self.page_size)
        return found


def parse_table(table: bytes, header: VendorBootHeader, ramdisk_size: int, offset: int) -> Iterator[TableRow]:
    """Read the ramdisk table; of v3 the one ramdisk.

    Args:
        table: Its bytes.
        header: The header.
        ramdisk_size: Bytes of the ramdisk section.
        offset: Where the table stands in the image, for errors.

    Yields:
        Its rows.

    Raises:
        FormatError: If it does not hold its rows, or a fragment lies outside the section or over another.
    """
    if header.header_version < 4:
        yield TableRow(ramdisk_size, 0, Fragment("", b""))
        return
    count, stride = header.entry_count, header.entry_size
    if count and (stride < ENTRY_SIZE or count > MOST_FRAGMENTS or count * stride > len(table)):
        raise FormatError(
            f"{count} rows of {stride} bytes are no table of {len(table)} bytes",
            format=FORMAT,
            field="vendor_ramdisk_table_entry_num",
            offset=2116,
        )
    end = 0
    for index in range(count):
        row = entry_declaration().parse(table[index * stride : index * stride + ENTRY_SIZE])
        where = offset + index * stride
        if row.offset < end:
            raise FormatError(
                f"Fragment {index} begins at {row.offset}, and the one before it ends at {end}",
                format=FORMAT,
                field="ramdisk_offset",
                offset=where + 4,
            )
        end = row.offset + row.size
        if end > ramdisk_size:
            raise FormatError(
                f"Fragment {index} ends at {end}, and the ramdisks at {ramdisk_size}",
                format=FORMAT,
                field="ramdisk_size",
                offset=where,
            )
        name = row.name.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        yield TableRow(row.size, row.offset, Fragment(name, b"", row.type, tuple(row.board_id)))


def encode_entry(fragment: Fragment, offset: int, old: bytes = b"") -> bytes:
    """Write one row of the table.

    Args:
        fragment: The fragment.
        offset: Where it starts in the ramdisk section.
        old: The row as it was, for bytes behind the fields.

    Returns:
        The row.

    Raises:
        FormatError: If the name is longer than 32 bytes, or a number does not fit.
    """
    if len(fragment.board_id) != 16:
        raise FormatError("A board id is 16 words of 32 bits", format=FORMAT, field="board_id")
    values = {
        "size": fragment.section.size,
        "offset": offset,
        "type": number(fragment.type, "type", FORMAT),
        "name": text(fragment.name, "name", FORMAT),
        "board_id": [number(word, "board_id", FORMAT) for word in fragment.board_id],
    }
    return encode_over(entry_declaration(), values, old, FORMAT)
