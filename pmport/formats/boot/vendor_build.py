"""Making and changing vendor boot images, byte for byte as AOSP's ``mkbootimg`` does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, cast

from pmport.errors import FormatError
from pmport.formats.avb.edit import AvbChoice, retail
from pmport.formats.base.given import text
from pmport.formats.boot.header import PAGE_SIZES, page_aligned
from pmport.formats.boot.vendor_header import (
    ENTRY_SIZE,
    FORMAT,
    HEADER_SIZES,
    Fragment,
    FragmentType,
    TableRow,
    VendorBootHeader,
    encode_entry,
)
from pmport.node import Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.boot.vendor_image import VendorBoot
    from pmport.section import Readable

__all__ = ["VendorBuildOptions", "VendorEditOptions", "assemble", "edited", "ramdisk_parts"]

BANNED = "default"
"""AOSP's tool refuses a fragment of this name."""
CMDLINE_ROOM = 2047
ADDRESSES = ("kernel_addr", "ramdisk_addr", "tags_addr", "dtb_addr")
_PART_NAME = re.compile(r"vendor_ramdisk(\d\d+)?")


class VendorBuildOptions(TypedDict, total=False):
    """What :meth:`VendorBoot.build` takes beside ramdisks and dtb, all by keyword.

    Attributes:
        bootconfig: Lines ``key=value`` (v4).
        header_version: 3 or 4; else 4.
        page_size: Bytes, a power of two from 2048 to 131072; else 2048.
        kernel_addr: Absolute load address; else 0x10008000.
        ramdisk_addr: Absolute load address; else 0x11000000.
        tags_addr: Absolute address of the tags; else 0x10000100.
        dtb_addr: Absolute load address, 64 bits; else 0x11f00000.
        name: Product name, up to 16 bytes.
        cmdline: The vendor's kernel command line, up to 2047 bytes.
        header_size: What the header says of its own size; else what AOSP's tool writes.
    """

    bootconfig: Readable
    header_version: int
    page_size: int
    kernel_addr: int
    ramdisk_addr: int
    tags_addr: int
    dtb_addr: int
    name: str
    cmdline: str
    header_size: int | None


class VendorEditOptions(TypedDict, total=False):
    """What :meth:`VendorBoot.replace` changes, all by keyword; what is not named stays.

    Attributes:
        fragments: Fragment's name → its new bytes.
        vendor_ramdisk: The ramdisk of v3.
        dtb: The device trees; empty: without.
        bootconfig: Lines ``key=value`` (v4); empty: without.
        vbmeta: Other bytes for the vbmeta blob behind the image.
        kernel_addr: Absolute load address.
        ramdisk_addr: Absolute load address.
        tags_addr: Absolute address.
        dtb_addr: Absolute load address.
        name: Product name.
        cmdline: The vendor's kernel command line.
    """

    fragments: Mapping[str, Readable]
    vendor_ramdisk: Readable
    dtb: Readable
    bootconfig: Readable
    vbmeta: Readable
    kernel_addr: int
    ramdisk_addr: int
    tags_addr: int
    dtb_addr: int
    name: str
    cmdline: str


Assembled = tuple[VendorBootHeader, tuple[Part, ...], tuple[Fragment, ...]]


def assemble(
    ramdisks: Readable | Sequence[Fragment],
    dtb: Readable,
    *,
    bootconfig: Readable = b"",
    header_version: int = 4,
    page_size: int = 2048,
    kernel_addr: int = 0x1000_8000,
    ramdisk_addr: int = 0x1100_0000,
    tags_addr: int = 0x1000_0100,
    dtb_addr: int = 0x11F0_0000,
    name: str = "",
    cmdline: str = "",
    header_size: int | None = None,
) -> Assembled:
    """Make header, parts and fragments; see :meth:`VendorBoot.build`.

    Args:
        ramdisks: A ramdisk, or fragments.
        dtb: The device trees.
        bootconfig: See :class:`VendorBuildOptions`, as all others.
        header_version: 3 or 4.
        page_size: Bytes.
        kernel_addr: Absolute address.
        ramdisk_addr: Absolute address.
        tags_addr: Absolute address.
        dtb_addr: Absolute address.
        name: Product name.
        cmdline: Command line.
        header_size: What the header says of its own size.

    Returns:
        ``(header, parts, fragments)``.

    Raises:
        FormatError: If something does not fit.
    """
    if header_version not in HEADER_SIZES:
        raise FormatError(
            f"header version {header_version} is not known; 3 and 4 are", format=FORMAT, field="header_version"
        )
    if page_size not in PAGE_SIZES:
        raise FormatError(f"page size is {page_size}", format=FORMAT, field="page_size")
    fragments = _fragments(ramdisks, header_version)
    trees, config = Section.of(dtb), Section.of(bootconfig)
    if config and header_version < 4:
        raise FormatError("header version 3 has no place for bootconfig", format=FORMAT, field="bootconfig_size")
    table = _table(fragments) if header_version > 3 else b""
    header = VendorBootHeader(
        header_version=header_version,
        page_size=page_size,
        kernel_addr=kernel_addr,
        ramdisk_addr=ramdisk_addr,
        ramdisk_size=sum(fragment.section.size for fragment in fragments),
        cmdline_field=_cmdline(cmdline),
        tags_addr=tags_addr,
        name_field=text(name, "name", FORMAT),
        header_size=HEADER_SIZES[header_version] if header_size is None else header_size,
        dtb_size=trees.size,
        dtb_addr=dtb_addr,
        ramdisk_table_size=len(table),
        entry_count=len(fragments) if header_version > 3 else 0,
        entry_size=ENTRY_SIZE if header_version > 3 else 0,
        bootconfig_size=config.size,
    )
    page = header.encode(bytes(page_aligned(HEADER_SIZES[header_version], page_size)))
    single = header_version < 4
    groups = {
        "ramdisk": [
            Part("vendor_ramdisk" if single else f"vendor_ramdisk{index:02}", fragment.section)
            for index, fragment in enumerate(fragments)
        ],
        "dtb": [Part("dtb", trees)] if trees else [],
        "ramdisk_table": [Part("ramdisk_table", Section.of(table), Role.HEADER)] if table else [],
        "bootconfig": [Part("bootconfig", config)] if config else [],
    }
    parts = [Part("header", Section.of(page), Role.HEADER)]
    for group_name, group in groups.items():
        parts += _padded(group_name, group, page_size, None)
    return VendorBootHeader.parse(Section.of(page)), tuple(parts), fragments


def edited(
    image: VendorBoot, edits: VendorEditOptions, avb: AvbChoice, partition_size: int | None
) -> tuple[VendorBootHeader, tuple[Part, ...], tuple[Fragment, ...], tuple[Finding, ...]]:
    """Work out the changed image.

    Args:
        image: The image as it is.
        edits: What changes.
        avb: What happens to verified boot data.
        partition_size: Bytes that the result may have; None: no limit.

    Returns:
        ``(header, parts, fragments, findings)``.

    Raises:
        FormatError: If something does not fit, or there is no such fragment.
        TypeError: If there is no such keyword.
    """
    known = set(VendorEditOptions.__annotations__)
    strangers = [key for key in edits if key not in known and not _PART_NAME.fullmatch(key)]
    if strangers:
        raise TypeError(f"a vendor boot image has no {', '.join(sorted(strangers))}")
    new = _new_sections(image, edits)
    groups = _groups(image, new)
    values: dict[str, Any] = {key: value for key, value in edits.items() if key in ADDRESSES}
    if "cmdline" in edits:
        values["cmdline_field"] = _cmdline(edits["cmdline"])
    if "name" in edits:
        values["name_field"] = edits["name"].encode("utf-8", "surrogateescape")
    header = replace(
        image.header,
        ramdisk_size=_size(groups["ramdisk"]),
        dtb_size=_size(groups["dtb"]),
        bootconfig_size=_size(groups["bootconfig"]),
        **values,
    )
    sections = [part.section for part in groups["ramdisk"] if part.role is Role.CONTENT]
    fragments = tuple(replace(old, data=section) for old, section in zip(image.fragments, sections, strict=True))
    if groups["ramdisk_table"]:
        table = _retabled(image, groups["ramdisk"], fragments)
        groups["ramdisk_table"] = [Part("ramdisk_table", Section.of(table), Role.HEADER)]
    page = header.encode(image.content("header").read())
    parts = [Part("header", Section.of(page), Role.HEADER)]
    padding = {part.name: part for part in image.parts() if part.role is Role.PADDING}
    for name, group in groups.items():
        kept = padding.get(f"{name} padding")
        parts += _padded(name, group, header.page_size, kept)
    notes: list[Finding] = []
    tail = {"vbmeta": Section.of(edits["vbmeta"])} if "vbmeta" in edits else {}
    whole = (*parts, *retail(tuple(image.parts()), parts, tail, avb=avb, partition_size=partition_size, notes=notes))
    total = _size(whole)
    if partition_size is not None and total > partition_size:
        raise FormatError(
            f"The image would have {total} bytes, {total - partition_size} more than the partition",
            format=FORMAT,
            remedy="Use smaller ramdisks, or compress them better",
        )
    return header, whole, fragments, tuple(notes)


def ramdisk_parts(ramdisks: Section, rows: Sequence[TableRow], *, single: bool) -> Iterator[Part]:
    """The ramdisk section in pieces: the fragments, and what no row of the table names.

    Args:
        ramdisks: The section.
        rows: The table's rows, in the order of their offsets.
        single: The one ramdisk of v3, which has no number.

    Yields:
        The parts, numbered as AOSP's tool does.
    """
    at = 0
    for index, row in enumerate(rows):
        if row.offset > at:
            yield Part(f"ramdisk gap {index}", ramdisks[at : row.offset], Role.TAIL)
        at = row.offset + row.size
        yield Part("vendor_ramdisk" if single else f"vendor_ramdisk{index:02}", ramdisks[row.offset : at])
    if at < ramdisks.size:
        yield Part("ramdisk gap", ramdisks[at:], Role.TAIL)


def _size(parts: Iterable[Part]) -> int:
    return sum(part.section.size for part in parts)


def _padded(name: str, group: Sequence[Part], page_size: int, kept: Part | None) -> Iterator[Part]:
    """A group of parts and its fill; what filled it before stays where it still fits."""
    yield from group
    fill = page_aligned(_size(group), page_size) - _size(group)
    if kept and (kept.section.size == fill or not fill):
        fill, kept = 0, kept if fill else None
        if kept:
            yield kept
    if fill:
        yield Part(f"{name} padding", Section.zeros(fill), Role.PADDING)


def _new_sections(image: VendorBoot, edits: VendorEditOptions) -> dict[str, Section]:
    """What changes, by the name of the part."""
    given: Mapping[str, Any] = edits
    names = [fragment.name for fragment in image.fragments]
    new: dict[str, Section] = {}
    for key, value in given.items():
        if key == "fragments":
            for name, data in cast("Mapping[str, Readable]", value).items():
                if names.count(name) != 1:
                    known = ", ".join(repr(known) for known in names)
                    raise FormatError(
                        f"There is no fragment {name!r}",
                        format=FORMAT,
                        field="ramdisk_name",
                        remedy=f"There are {known}",
                    )
                number = "" if image.header_version < 4 else f"{names.index(name):02}"
                new[f"vendor_ramdisk{number}"] = Section.of(data)
        elif key in {"dtb", "bootconfig"} or _PART_NAME.fullmatch(key):
            new[key] = Section.of(value)
    numbered = {part.name for part in image.parts()}
    for key in new:
        if _PART_NAME.fullmatch(key) and key not in numbered:
            raise FormatError(f"There is no ramdisk {key}", format=FORMAT, field="ramdisk_name")
    if new.get("bootconfig") and image.header_version < 4:
        raise FormatError("header version 3 has no place for bootconfig", format=FORMAT, field="bootconfig_size")
    return new


def _groups(image: VendorBoot, new: Mapping[str, Section]) -> dict[str, list[Part]]:
    """The parts of each page-aligned group, in order, with what changes."""
    groups: dict[str, list[Part]] = {"ramdisk": [], "dtb": [], "ramdisk_table": [], "bootconfig": []}
    for part in image.parts():
        if part.name.startswith(("vendor_ramdisk", "ramdisk gap")):
            groups["ramdisk"].append(replace(part, section=new.get(part.name, part.section)))
        elif part.name in groups:
            groups[part.name].append(replace(part, section=new.get(part.name, part.section)))
    for name in ("dtb", "bootconfig"):
        if not groups[name] and new.get(name):
            groups[name].append(Part(name, new[name]))
        groups[name] = [part for part in groups[name] if part.section]
    return groups


def _retabled(image: VendorBoot, ramdisks: Sequence[Part], fragments: Sequence[Fragment]) -> bytes:
    """The table with sizes and offsets brought up to date; bytes that it has besides stay."""
    old = image.content("ramdisk_table").read()
    stride = image.header.entry_size
    rows = []
    at = index = 0
    for part in ramdisks:
        if part.role is Role.CONTENT:
            rows.append(encode_entry(fragments[index], at, old[index * stride : (index + 1) * stride]))
            index += 1
        at += part.section.size
    written = b"".join(rows)
    return written + old[len(written) :]


def _fragments(ramdisks: Readable | Sequence[Fragment], header_version: int) -> tuple[Fragment, ...]:
    if isinstance(ramdisks, (list, tuple)):
        fragments = tuple(ramdisks)
    else:
        kind = FragmentType.PLATFORM if header_version > 3 else FragmentType.NONE
        fragments = (Fragment("", cast("Readable", ramdisks), kind),)
    if header_version < 4 and len(fragments) != 1:
        raise FormatError("header version 3 has one ramdisk", format=FORMAT, field="vendor_ramdisk_size")
    names = [fragment.name for fragment in fragments]
    for name in names:
        if name == BANNED or names.count(name) > 1 or len(text(name, "name", FORMAT)) > 32:
            raise FormatError(
                f"A fragment cannot be named {name!r}",
                format=FORMAT,
                field="ramdisk_name",
                remedy="names are up to 32 bytes, each one different, and not default",
            )
    return fragments


def _table(fragments: Sequence[Fragment]) -> bytes:
    rows = []
    at = 0
    for fragment in fragments:
        rows.append(encode_entry(fragment, at))
        at += fragment.section.size
    return b"".join(rows)


def _cmdline(cmdline: str) -> bytes:
    words = text(cmdline, "cmdline", FORMAT)
    if len(words) > CMDLINE_ROOM:
        raise FormatError(
            f"The command line has {len(words)} bytes, and the field holds {CMDLINE_ROOM}",
            format=FORMAT,
            field="cmdline",
        )
    return words
