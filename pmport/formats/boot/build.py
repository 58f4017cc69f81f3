"""Making boot images from parts, byte for byte as AOSP's ``mkbootimg`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from pmport.errors import FormatError
from pmport.formats.base.given import number, text
from pmport.formats.boot import os_version as version_words
from pmport.formats.boot.deferred_id import LatePage
from pmport.formats.boot.header import FORMAT, MODERN_PAGE_SIZE, NEWEST, PAGE_SIZES, BootHeader, Layout, page_aligned
from pmport.formats.boot.image_id import AOSP, ZERO, check_recipe
from pmport.node import Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["BuildOptions", "assemble", "layout_parts", "split_cmdline"]

HEADER_SIZES = {Layout.V1: 1648, Layout.V2: 1660, Layout.V3: 1580, Layout.V4: 1584}
ORDER = ("kernel", "ramdisk", "second", "dt", "recovery_dtbo", "dtb", "boot_signature")
KNOWN = {
    0: {"kernel", "ramdisk", "second", "dt"},
    1: {"kernel", "ramdisk", "second", "recovery_dtbo"},
    2: {"kernel", "ramdisk", "second", "recovery_dtbo", "dtb"},
    3: {"kernel", "ramdisk"},
    4: {"kernel", "ramdisk", "boot_signature"},
}
"""Header version → the sections that it can hold."""


class BuildOptions(TypedDict, total=False):
    """What :meth:`BootImage.build` takes beside kernel and ramdisk, all by keyword.

    Attributes:
        second: The second stage (v0 to v2).
        dt: The vendor's device trees (v0 only): QCDT and the like.
        recovery_dtbo: The recovery's DTBO or ACPIO (v1, v2).
        dtb: The device trees; v2 must have some.
        boot_signature: A vbmeta blob (v4).
        header_version: 0 to 4; else 0.
        page_size: Bytes, a power of two from 2048 to 131072; else 2048. In v3 and v4 always 4096.
        kernel_addr: Absolute load address; else 0x10008000. Addresses mean nothing in v3 and v4.
        ramdisk_addr: Absolute load address; else 0x11000000 if there is a ramdisk, and 0 if not, as AOSP's tool.
        second_addr: Absolute load address; else 0x10f00000 if there is a second stage, and 0 if not, as AOSP's tool.
        tags_addr: Absolute address of the tags; else 0x10000100.
        dtb_addr: Absolute load address of the dtb (v2), 64 bits; else 0x11f00000.
        name: Product name, up to 16 bytes.
        cmdline: Kernel command line: up to 1534 bytes in v0 to v2, 1535 in v3 and v4.
        os_version: Such as ``"8.1.0"``.
        os_patch_level: Such as ``"2018-12"``.
        id_recipe: How the id is made: ``aosp-sha1`` (the default), ``lineage-sha1``, ``sha256`` or ``zero``.
        header_size: What the header says of its own size; else what AOSP's tool writes.
        full_cmdline_field: Fill the first command line field to its last byte, as Debian's mkbootimg 29, osm0sis' and
            older tools do, instead of ending it with NUL.
    """

    second: Readable
    dt: Readable
    recovery_dtbo: Readable
    dtb: Readable
    boot_signature: Readable
    header_version: int
    page_size: int | None
    kernel_addr: int
    ramdisk_addr: int | None
    second_addr: int | None
    tags_addr: int
    dtb_addr: int
    name: str
    cmdline: str
    os_version: str | None
    os_patch_level: str | None
    id_recipe: str
    header_size: int | None
    full_cmdline_field: bool


def assemble(
    kernel: Readable,
    ramdisk: Readable,
    *,
    header_version: int = 0,
    page_size: int | None = None,
    kernel_addr: int = 0x1000_8000,
    ramdisk_addr: int | None = None,
    second_addr: int | None = None,
    tags_addr: int = 0x1000_0100,
    dtb_addr: int = 0x11F0_0000,
    name: str = "",
    cmdline: str = "",
    os_version: str | None = None,
    os_patch_level: str | None = None,
    id_recipe: str = AOSP,
    header_size: int | None = None,
    full_cmdline_field: bool = False,
    **others: Readable,
) -> tuple[BootHeader, tuple[Part, ...]]:
    """Make header and parts; see :meth:`BootImage.build`.

    Args:
        kernel: The kernel.
        ramdisk: The ramdisk.
        header_version: See :class:`BuildOptions`, as all others.
        page_size: Bytes.
        kernel_addr: Absolute address.
        ramdisk_addr: Absolute address.
        second_addr: Absolute address.
        tags_addr: Absolute address.
        dtb_addr: Absolute address.
        name: Product name.
        cmdline: Kernel command line.
        os_version: Android's version.
        os_patch_level: Security patch level.
        id_recipe: How the id is made.
        header_size: What the header says of its own size.
        full_cmdline_field: Fill the first command line field to its last byte.
        others: The other sections, by name.

    Returns:
        ``(header, parts)``.

    Raises:
        FormatError: If something does not fit its field, or does not belong into that version.
    """
    given = {"kernel": kernel, "ramdisk": ramdisk, **others}
    sections = {part: Section.of(given.get(part, b"")) for part in ORDER}
    _check(number(header_version, "header_version", FORMAT), sections)
    check_recipe(id_recipe)
    layout = Layout(f"v{header_version}")
    pages = MODERN_PAGE_SIZE if header_version >= 3 else page_size or 2048
    if pages not in PAGE_SIZES or (header_version >= 3 and page_size not in {None, MODERN_PAGE_SIZE}):
        raise FormatError(f"page size is {page_size}", format=FORMAT, field="page_size", remedy="v3 and v4 have 4096")
    first, rest = split_cmdline(cmdline, layout, full=full_cmdline_field)
    if ramdisk_addr is None:
        ramdisk_addr = 0x1100_0000 if sections["ramdisk"] else 0
    if second_addr is None:
        second_addr = 0x10F0_0000 if sections["second"] else 0
    header = BootHeader(
        layout=layout,
        header_version=header_version,
        kernel_size=sections["kernel"].size,
        kernel_addr=kernel_addr,
        ramdisk_size=sections["ramdisk"].size,
        ramdisk_addr=ramdisk_addr,
        second_size=sections["second"].size,
        second_addr=second_addr,
        tags_addr=tags_addr,
        page_size=pages,
        dt_size=sections["dt"].size,
        os_version_word=version_words.encode(os_version, os_patch_level),
        name_field=text(name, "name", FORMAT),
        cmdline_field=first,
        extra_field=rest,
        recovery_dtbo_size=sections["recovery_dtbo"].size,
        recovery_dtbo_offset=_dtbo_offset(sections, pages),
        header_size=HEADER_SIZES.get(layout, 0) if header_size is None else header_size,
        dtb_size=sections["dtb"].size,
        dtb_addr=dtb_addr,
        signature_size=sections["boot_signature"].size,
        id_field=bytes(32) if header_version < 3 else b"",
    )
    page = header.encode(bytes(pages))
    header = BootHeader.parse(Section.of(page))
    known = _known(header_version, sections)
    if header_version >= 3 or id_recipe == ZERO:
        return header, layout_parts(Section.of(page), known)
    return header, layout_parts(Section.of(LatePage(header, page, id_recipe, known)), known)


def split_cmdline(cmdline: str, layout: Layout, *, full: bool = False) -> tuple[bytes, bytes]:
    """Put a command line into its two fields.

    Args:
        cmdline: The command line.
        layout: The header's layout; v3 and v4 have one field of 1536 bytes.
        full: Fill the first field to its last byte instead of ending it with NUL.

    Returns:
        ``(first field, second field)``, without fill.

    Raises:
        FormatError: If it is too long.
    """
    words = text(cmdline, "cmdline", FORMAT)
    modern = layout in {Layout.V3, Layout.V4}
    room = 1536 if full else 1535 if modern else 1534
    if len(words) > room:
        raise FormatError(
            f"The command line has {len(words)} bytes, and the fields hold {room}", format=FORMAT, field="cmdline"
        )
    if modern:
        return words, b""
    split = 512 if full else 511
    return words[:split], words[split:]


def layout_parts(page: Section, sections: tuple[tuple[str, Section], ...]) -> tuple[Part, ...]:
    """Put the header's page and the sections one behind the other, padded to whole pages.

    Args:
        page: The header's page; its length is the page size.
        sections: ``(name, section)`` in their order; empty ones are left out.

    Returns:
        The parts.
    """
    parts = [Part("header", page, Role.HEADER)]
    for name, section in sections:
        if section.size:
            parts.append(Part(name, section))
            fill = page_aligned(section.size, page.size) - section.size
            if fill:
                parts.append(Part(f"{name} padding", Section.zeros(fill), Role.PADDING))
    return tuple(parts)


def _known(header_version: int, sections: dict[str, Section]) -> tuple[tuple[str, Section], ...]:
    return tuple((name, section) for name, section in sections.items() if name in KNOWN[header_version])


def _dtbo_offset(sections: dict[str, Section], page_size: int) -> int:
    if not sections["recovery_dtbo"]:
        return 0
    before = (sections[name] for name in ("kernel", "ramdisk", "second"))
    return page_size + sum(page_aligned(section.size, page_size) for section in before)


def _check(header_version: int, sections: dict[str, Section]) -> None:
    if header_version not in KNOWN:
        raise FormatError(
            f"header version {header_version} is not known; versions 0 to 4 are", format=FORMAT, field="header_version"
        )
    strangers = [name for name, section in sections.items() if section and name not in KNOWN[header_version]]
    if strangers:
        raise FormatError(
            f"header version {header_version} has no place for {' and '.join(strangers)}",
            format=FORMAT,
            field=strangers[0],
        )
    if header_version == 2 and not sections["dtb"]:
        raise FormatError("header version 2 must have a dtb", format=FORMAT, field="dtb_size")
    if 0 < sections["dt"].size <= NEWEST:
        raise FormatError("A dt of four bytes or less would be read as a version", format=FORMAT, field="dt_size")
