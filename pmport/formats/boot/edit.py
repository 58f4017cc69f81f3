"""Changing a boot image: what must change changes, everything else keeps its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypedDict

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.avb.edit import AvbChoice, retail
from pmport.formats.base.given import text
from pmport.formats.boot import os_version as version_words
from pmport.formats.boot.build import KNOWN, ORDER, split_cmdline
from pmport.formats.boot.header import FORMAT, MAGIC, BootHeader, Layout, page_aligned
from pmport.formats.boot.image_id import PRESUMED, UNKNOWN, made_id
from pmport.formats.boot.mediatek import with_header_of
from pmport.node import Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.boot.image import BootImage
    from pmport.section import Readable

__all__ = ["EditOptions", "edited"]

TAIL_CONTENT: tuple[Literal["vbmeta", "gki_signature"], ...] = ("vbmeta", "gki_signature")
FIELDS = ("kernel_addr", "ramdisk_addr", "second_addr", "tags_addr", "dtb_addr")
TEXTS = ("name", "cmdline", "os_version", "os_patch_level")


class EditOptions(TypedDict, total=False):
    """What :meth:`BootImage.replace` changes, all by keyword; what is not named stays.

    Attributes:
        kernel: A new section; empty: without it. One that had a MediaTek header gets one again.
        ramdisk: As kernel.
        second: As kernel.
        dt: As kernel (v0).
        recovery_dtbo: As kernel (v1, v2).
        dtb: As kernel (v2).
        boot_signature: As kernel (v4).
        vbmeta: Other bytes for the vbmeta blob behind the image.
        gki_signature: Other bytes for the GKI signature behind the image.
        kernel_addr: Absolute load address.
        ramdisk_addr: Absolute load address.
        second_addr: Absolute load address.
        tags_addr: Absolute address.
        dtb_addr: Absolute load address.
        name: Product name.
        cmdline: Kernel command line; split between its fields in the way that was found.
        os_version: Such as ``"8.1.0"``; empty: not set.
        os_patch_level: Such as ``"2018-12"``; empty: not set.
        id_recipe: How the id is made anew; else by the recipe that the image shows.
    """

    kernel: Readable
    ramdisk: Readable
    second: Readable
    dt: Readable
    recovery_dtbo: Readable
    dtb: Readable
    boot_signature: Readable
    vbmeta: Readable
    gki_signature: Readable
    kernel_addr: int
    ramdisk_addr: int
    second_addr: int
    tags_addr: int
    dtb_addr: int
    name: str
    cmdline: str
    os_version: str
    os_patch_level: str
    id_recipe: str


def edited(
    image: BootImage, edits: EditOptions, avb: AvbChoice, partition_size: int | None
) -> tuple[BootHeader, tuple[Part, ...], tuple[Finding, ...]]:
    """Work out header, parts and findings of the changed image.

    Args:
        image: The image as it is.
        edits: What changes.
        avb: What happens to verified boot data.
        partition_size: Bytes that the result may have; None: no limit.

    Returns:
        ``(header, parts, findings)``.

    Raises:
        FormatError: If something does not fit, or does not belong into that version.
    """
    strangers = set(edits) - set(EditOptions.__annotations__)
    if strangers:
        raise TypeError(f"a boot image has no {', '.join(sorted(strangers))}")
    if image.header.layout in {Layout.PXA, Layout.NAME20} or image.content("header").read(0, 8) != MAGIC:
        raise FormatError(
            "This variant is read-only: no real sample of it was tried", format=FORMAT, field=str(image.variant)
        )
    notes: list[Finding] = []
    sections = _new_sections(image, edits, notes)
    header = _new_header(image, edits, sections, notes)
    page = image.content("header").read()
    parts = [Part("header", Section.of(header.encode(page)), Role.HEADER), *_new_parts(image, sections)]
    tail: dict[str, Section] = {name: Section.of(edits[name]) for name in TAIL_CONTENT if name in edits}
    parts += retail(tuple(image.parts()), parts, tail, avb=avb, partition_size=partition_size, notes=notes)
    total = sum(part.section.size for part in parts)
    if partition_size is not None and total > partition_size:
        raise FormatError(
            f"The image would have {total} bytes, {total - partition_size} more than the partition",
            format=FORMAT,
            remedy="Use a smaller kernel or ramdisk, or compress it better",
        )
    return header, tuple(parts), tuple(notes)


def _new_sections(image: BootImage, edits: EditOptions, notes: list[Finding]) -> dict[str, Section]:
    """The sections that change, by name."""
    sections: dict[str, Section] = {}
    for name in ORDER:
        if name not in edits:
            continue
        new = Section.of(edits[name])  # type: ignore[literal-required]
        if new and name not in KNOWN[image.header_version] and not (name == "dt" and image.dt):
            raise FormatError(
                f"header version {image.header_version} has no place for {name}", format=FORMAT, field=name
            )
        if _equal(image.content(name), new):
            continue
        wrapped = with_header_of(image.content(name), new)
        if wrapped is not new:
            notes.append(
                Finding(
                    Severity.NOTE,
                    "mtk-header",
                    f"The new {name} got the MediaTek header that the old one had",
                    where=name,
                    why="MediaTek's bootloader refuses a section without it",
                )
            )
        sections[name] = wrapped
    return sections


def _equal(old: Section, new: Section) -> bool:
    return old.size == new.size and (old == new or all(a == b for a, b in zip(old.chunks(), new.chunks(), strict=True)))


def _new_header(
    image: BootImage, edits: EditOptions, sections: Mapping[str, Section], notes: list[Finding]
) -> BootHeader:
    values: dict[str, object] = {name: edits[name] for name in FIELDS if name in edits}  # type: ignore[literal-required]
    for name, section in sections.items():
        values["signature_size" if name == "boot_signature" else f"{name}_size"] = section.size
    if "name" in edits:
        values["name_field"] = text(edits["name"], "name", FORMAT)
    if "cmdline" in edits:
        full = image.header_version < 3 and image.header.cmdline_field[511] != 0
        first, rest = split_cmdline(edits["cmdline"], image.header.layout, full=full)
        values |= {"cmdline_field": first, "extra_field": rest}
    if "os_version" in edits or "os_patch_level" in edits:
        values["os_version_word"] = version_words.encode(
            edits.get("os_version", image.os_version), edits.get("os_patch_level", image.os_patch_level)
        )
    header = replace(image.header, **values)  # type: ignore[arg-type]
    if header.recovery_dtbo_size and set(sections) & {"kernel", "ramdisk", "second", "recovery_dtbo"}:
        before = sum(page_aligned(size, header.page_size) for _, size in header.sections()[:3])
        header = replace(header, recovery_dtbo_offset=header.page_size + before)
    elif "recovery_dtbo" in sections:
        header = replace(header, recovery_dtbo_offset=0)
    if header.layout is Layout.V2 and not header.dtb_size and image.dtb:
        raise FormatError("header version 2 must have a dtb", format=FORMAT, field="dtb_size")
    return _with_id(image, header, sections, edits.get("id_recipe"), notes)


def _with_id(
    image: BootImage, header: BootHeader, sections: Mapping[str, Section], recipe: str | None, notes: list[Finding]
) -> BootHeader:
    hashed = [(name, sections.get(name, section)) for name, section in image.hashed_sections()]
    if not (recipe or any(name in sections for name, _ in hashed)) or header.header_version >= 3:
        return header
    recipe = recipe or image.id_recipe
    if recipe == UNKNOWN:
        notes.append(
            Finding(
                Severity.NOTE,
                "id-stale",
                "The id was left as it is: no known recipe makes the old one from the old sections",
                where="id",
                why="no bootloader that is known checks it",
            )
        )
        return header
    if recipe == PRESUMED:
        notes.append(
            Finding(
                Severity.NOTE,
                "id-presumed",
                "The id was made anew as AOSP's tool makes it; how the old one was made is not known",
                where="id",
                why="the image was unpacked without hashing it; no bootloader that is known checks the id",
            )
        )
    return replace(header, id_field=made_id(recipe, hashed))


def _new_parts(image: BootImage, sections: Mapping[str, Section]) -> list[Part]:
    """The sections and their padding; what does not change keeps both."""
    old = {part.name: part for part in image.parts()}
    parts: list[Part] = []
    for name in ORDER:
        if name not in sections:
            parts += [old[key] for key in (name, f"{name} padding") if key in old]
        elif sections[name]:
            parts.append(Part(name, sections[name]))
            fill = page_aligned(sections[name].size, image.page_size) - sections[name].size
            if fill:
                parts.append(Part(f"{name} padding", Section.zeros(fill), Role.PADDING))
    return _aligned(parts, image.page_size)


def _aligned(parts: list[Part], page_size: int) -> list[Part]:
    """Pad a section that was the last one, ended with the file, and is not the last one any more."""
    filled: list[Part] = []
    for index, part in enumerate(parts):
        filled.append(part)
        following = parts[index + 1] if index + 1 < len(parts) else None
        fill = page_aligned(part.section.size, page_size) - part.section.size
        if following and fill and part.role is Role.CONTENT and following.role is Role.CONTENT:
            filled.append(Part(f"{part.name} padding", Section.zeros(fill), Role.PADDING))
    return filled
