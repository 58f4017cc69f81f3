"""The headers of Android boot images, v0 to v4, and the two Samsung variants of v0.

The tables below read like AOSP's ``bootimg.h``; all numbers are little-endian. :class:`BootHeader` is what the
other modules see. A header is changed by encoding it *over* the bytes of the page that it came from, so that whatever
a vendor put behind the fields stays.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pmport.errors import FormatError
from pmport.formats.base.struct_layout import encode_over

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["FORMAT", "MAGIC", "BootHeader", "Layout", "declaration", "field_offset", "page_aligned"]

FORMAT = "Android boot image"
MAGIC = b"ANDROID!"
MODERN_PAGE_SIZE = 4096
"""Page size of v3 and v4, which have no field for it."""
PAGE_SIZES = tuple(1 << bit for bit in range(11, 18))
"""What page_size may be: AOSP's tool writes 2048 to 16384, osm0sis' up to 131072."""
PXA_MARK = 0x0200_0000
"""In Samsung's PXA header the word where others have the page size is at least this (magiskboot's rule)."""
SMALLEST_DT = 0x100
"""The word at 40 is a dt size from here on, and a header version up to 4; between the two only a matching id decides."""
NEWEST = 4
LONGEST = 1660
"""Bytes of the longest header, v2."""


class Layout(StrEnum):
    """How the header's fields are laid out."""

    V0 = "v0"
    V1 = "v1"
    V2 = "v2"
    V3 = "v3"
    V4 = "v4"
    PXA = "samsung-pxa"
    """Samsung's for Marvell PXA: two words and eight bytes of name more."""
    NAME20 = "samsung-name20"
    """Samsung's with 20 bytes of name; everything behind stands four bytes later."""


def page_aligned(size: int, page_size: int) -> int:
    """A size rounded up to whole pages.

    Args:
        size: Bytes.
        page_size: Bytes per page, a power of two.

    Returns:
        Bytes.
    """
    return (size + page_size - 1) & -page_size


_LOADS = (
    ("magic", "8s"),
    ("kernel_size", "I"),
    ("kernel_addr", "I"),
    ("ramdisk_size", "I"),
    ("ramdisk_addr", "I"),
    ("second_size", "I"),
    ("second_addr", "I"),
)
_PLAIN = (*_LOADS, ("tags_addr", "I"), ("page_size", "I"), ("version_word", "I"), ("os_version_word", "I"))
_TEXT = (("cmdline_field", "512s"), ("id_field", "32s"), ("extra_field", "1024s"))
_V0 = (*_PLAIN, ("name_field", "16s"), *_TEXT)
_V1 = (*_V0, ("recovery_dtbo_size", "I"), ("recovery_dtbo_offset", "Q"), ("header_size", "I"))
_V3 = (
    ("magic", "8s"),
    ("kernel_size", "I"),
    ("ramdisk_size", "I"),
    ("os_version_word", "I"),
    ("header_size", "I"),
    ("reserved_field", "16s"),
    ("version_word", "I"),
    ("cmdline_field", "1536s"),
)
_PXA = (
    *_LOADS,
    ("dt_size", "I"),
    ("unknown_word", "I"),
    ("tags_addr", "I"),
    ("page_size", "I"),
    ("name_field", "24s"),
    *_TEXT,
)
FIELDS: dict[Layout, tuple[tuple[str, str], ...]] = {
    Layout.V0: _V0,
    Layout.V1: _V1,
    Layout.V2: (*_V1, ("dtb_size", "I"), ("dtb_addr", "Q")),
    Layout.V3: _V3,
    Layout.V4: (*_V3, ("signature_size", "I")),
    Layout.PXA: _PXA,
    Layout.NAME20: (*_PLAIN, ("name_field", "20s"), *_TEXT),
}
"""Layout → ``(field, code of the struct module)``; ``version_word`` holds the version or, in v0, the size of the dt."""


@cache
def declaration(layout: Layout) -> Any:
    """The declaration of one header, compiled; headers are written with it.

    Args:
        layout: Which.

    Returns:
        A ``construct`` struct; its names are those of :class:`BootHeader`.
    """
    from construct import Bytes, Int32ul, Int64ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    numbers = {"I": Int32ul, "Q": Int64ul}
    return Struct(*(name / (numbers.get(code) or Bytes(int(code[:-1]))) for name, code in FIELDS[layout])).compile()


@cache
def reader(layout: Layout) -> struct.Struct:
    """The same for reading: to import construct takes as long as to unpack an image.

    Args:
        layout: Which.

    Returns:
        The struct.
    """
    return struct.Struct("<" + "".join(code for _, code in FIELDS[layout]))


@cache
def field_offset(layout: Layout, name: str) -> int | None:
    """Where a field stands.

    Args:
        layout: The header's layout.
        name: The field.

    Returns:
        Bytes from the start of the header; None where that layout has no such field.
    """
    offset = 0
    for field, code in FIELDS[layout]:
        if field == name:
            return offset
        offset += struct.calcsize(f"<{code}")
    return None


@dataclass(frozen=True, kw_only=True)
class BootHeader:
    """The fields of any boot image header; what a layout does not have is zero or empty.

    Args:
        layout: Which layout it is.
        kernel_size: Bytes, as all sizes; a MediaTek header in front of the payload counts.
        kernel_addr: Absolute load address, as all addresses.
        ramdisk_size: Bytes.
        ramdisk_addr: Absolute load address; AOSP's tool writes 0 where there is no ramdisk.
        second_size: Bytes of the second stage.
        second_addr: Absolute load address; AOSP's tool writes 0 where there is no second stage.
        tags_addr: Absolute address of the ATAGs or the device tree.
        page_size: Bytes; 4096 in v3 and v4.
        header_version: 0 to 4.
        dt_size: Bytes of the vendor device-tree section of v0.
        os_version_word: See :mod:`pmport.formats.boot.os_version`.
        name_field: Product name, with its fill.
        cmdline_field: First part of the command line, with its fill.
        id_field: 32 bytes: SHA-1 or SHA-256 of the sections.
        extra_field: Rest of the command line, with its fill.
        recovery_dtbo_size: Bytes of the recovery DTBO or ACPIO.
        recovery_dtbo_offset: Where that stands in the image, bytes.
        header_size: Bytes of the header, as it says itself.
        dtb_size: Bytes of the dtb section.
        dtb_addr: Absolute load address of it, 64 bits.
        signature_size: Bytes of the v4 boot signature.
        reserved_field: The four reserved words of v3 and v4.
        unknown_word: The word at 36 in Samsung's PXA header.
    """

    layout: Layout
    kernel_size: int = 0
    kernel_addr: int = 0
    ramdisk_size: int = 0
    ramdisk_addr: int = 0
    second_size: int = 0
    second_addr: int = 0
    tags_addr: int = 0
    page_size: int = MODERN_PAGE_SIZE
    header_version: int = 0
    dt_size: int = 0
    os_version_word: int = 0
    name_field: bytes = b""
    cmdline_field: bytes = b""
    id_field: bytes = b""
    extra_field: bytes = b""
    recovery_dtbo_size: int = 0
    recovery_dtbo_offset: int = 0
    header_size: int = 0
    dtb_size: int = 0
    dtb_addr: int = 0
    signature_size: int = 0
    reserved_field: bytes = bytes(16)
    unknown_word: int = 0

    @classmethod
    def parse(cls, section: Section, offset: int = 0) -> Self:
        """Read a header.

        Args:
            section: The image.
            offset: Where the magic stands in it.

        Returns:
            The header; a word at 40 that may be either is taken for a dt size, and the caller has to confirm it.

        Raises:
            FormatError: If there is no magic, the header is cut short, or version or page size are none.
        """
        head = section.read(offset, LONGEST)
        if not head.startswith(MAGIC):
            raise FormatError("There is no boot image magic", format=FORMAT, field="magic", offset=offset)
        layout = _layout_of(head)
        size = reader(layout).size
        if len(head) < size:
            raise FormatError(
                f"The {layout} header takes {size} bytes, and the file ends after {len(head)} of them",
                format=FORMAT,
                field="header",
                offset=offset + len(head),
                remedy="The file is cut short: get it again",
            )
        header = cls._from(layout, head)
        if header.page_size not in PAGE_SIZES:
            raise FormatError(
                f"page size is {header.page_size}, which is no power of two from 2048 to 131072",
                format=FORMAT,
                field="page_size",
                offset=offset + (field_offset(layout, "page_size") or 0),
            )
        return header

    @classmethod
    def _from(cls, layout: Layout, head: bytes) -> Self:
        names = (name for name, _ in FIELDS[layout])
        values = dict(zip(names, reader(layout).unpack_from(head), strict=True))
        del values["magic"]
        word = values.pop("version_word", 0)
        if word <= NEWEST:
            values["header_version"] = word
        else:
            values["dt_size"] = word
        return cls(layout=layout, **values)

    def encode(self, page: bytes) -> bytes:
        """Write the header over a page.

        Args:
            page: The bytes that it stood in, or zeros; at least as long as the header.

        Returns:
            As many bytes.

        Raises:
            FormatError: If a value does not fit its field.
        """
        values: dict[str, object] = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"magic": MAGIC, "version_word": self.dt_size or self.header_version}
        return encode_over(declaration(self.layout), values, page, FORMAT)

    def sections(self) -> tuple[tuple[str, int], ...]:
        """The sections behind the header in their order.

        Returns:
            ``(name, size in bytes)``; what this layout cannot have is left out, what it has not has size 0.
        """
        if self.header_version >= 3:
            return (
                ("kernel", self.kernel_size),
                ("ramdisk", self.ramdisk_size),
                ("boot_signature", self.signature_size),
            )[: self.header_version - 1]
        all_sections = (
            ("kernel", self.kernel_size),
            ("ramdisk", self.ramdisk_size),
            ("second", self.second_size),
            ("dt", self.dt_size),
            ("recovery_dtbo", self.recovery_dtbo_size),
            ("dtb", self.dtb_size),
        )
        return tuple(row for row in all_sections if row[0] in _SECTIONS_OF[self.header_version])

    def with_name20(self, head: bytes) -> Self:
        """The same header read as Samsung's with 20 bytes of name.

        Args:
            head: The bytes of the header, 1636 or more.

        Returns:
            The other reading.
        """
        return self._from(Layout.NAME20, head)


_SECTIONS_OF = (
    ("kernel", "ramdisk", "second", "dt"),
    ("kernel", "ramdisk", "second", "recovery_dtbo"),
    ("kernel", "ramdisk", "second", "recovery_dtbo", "dtb"),
)


def _layout_of(head: bytes) -> Layout:
    word = int.from_bytes(head[40:44], "little")
    if word in (3, NEWEST):
        return (Layout.V3, Layout.V4)[word - 3]
    if int.from_bytes(head[36:40], "little") >= PXA_MARK:
        return Layout.PXA
    return (Layout.V0, Layout.V1, Layout.V2)[word] if word <= 2 else Layout.V0
