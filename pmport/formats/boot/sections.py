"""Where the sections of a boot image stand, and what is odd about an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.boot import os_version
from pmport.formats.boot.header import FORMAT, MAGIC, SMALLEST_DT, BootHeader, Layout, field_offset, page_aligned
from pmport.node import Part, Role

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["may_have_name20", "oddities", "section_parts", "unknown_version"]


def section_parts(header: BootHeader, section: Section, start: int) -> Iterator[Part]:
    """Sections and their padding, in order, from the end of the header's page.

    Args:
        header: The header.
        section: The whole image.
        start: Where the header's magic stands in it, for errors.

    Yields:
        The parts.

    Raises:
        FormatError: If a section is not all there.
    """
    offset = header.page_size
    for name, size in header.sections():
        if not size:
            continue
        there = min(size, max(section.size - offset, 0))
        if name == "dt" and there < size < SMALLEST_DT:
            raise unknown_version(size, start)
        if there < size and not _mtk_payload_fits(section[offset : offset + there]):
            raise FormatError(
                f"The {name} takes bytes {offset} to {offset + size}, and the file ends at {section.size}:"
                f" {offset + size - section.size} bytes are missing",
                format=FORMAT,
                field=f"{name}_size",
                offset=start + (field_offset(header.layout, _size_field(header, name)) or 0),
                remedy="The file is cut short, or the header is damaged",
            )
        yield Part(name, section[offset : offset + there])
        end = min(offset + page_aligned(size, header.page_size), section.size)
        if offset + there < end:
            yield Part(f"{name} padding", section[offset + there : end], Role.PADDING)
        offset += page_aligned(size, header.page_size)


def _size_field(header: BootHeader, name: str) -> str:
    if name == "dt" and header.layout is not Layout.PXA:
        return "version_word"
    return "signature_size" if name == "boot_signature" else f"{name}_size"


def _mtk_payload_fits(section: Section) -> bool:
    """Whether a MediaTek header says that all is there although the boot header counts more: seen on a real phone."""
    from pmport.formats.boot.mediatek import payload_fits  # noqa: PLC0415 - only for files that seem cut short

    return payload_fits(section)


def unknown_version(version: int, start: int) -> FormatError:
    """The error for a header version that is not known.

    Args:
        version: The version.
        start: Where the header's magic stands in the file.

    Returns:
        The error.
    """
    return FormatError(
        f"header version {version} is not known; versions 0 to 4 are",
        format=FORMAT,
        field="header_version",
        offset=start + 40,
    )


def may_have_name20(head: bytes) -> bool:
    """Whether the id may stand four bytes later: a SHA-1 that reaches four bytes too far, behind zeros.

    Args:
        head: The first 616 bytes of the header.

    Returns:
        True where Samsung's header with 20 bytes of name should be tried.
    """
    return (
        head.startswith(MAGIC)
        and int.from_bytes(head[40:44], "little") == 0
        and not any(head[576:580])
        and any(head[596:600])
        and not any(head[600:612])
    )


def oddities(header: BootHeader, parts: Iterable[Part]) -> Iterator[Finding]:
    """What is odd about an image without being an error.

    Args:
        header: Its header.
        parts: Its parts.

    Yields:
        Findings: sections that end early, header sizes and offsets that are not what they should be.
    """
    offsets: dict[str, int] = {}
    sizes: dict[str, int] = {}
    offset = 0
    for part in parts:
        offsets[part.name], sizes[part.name] = offset, part.section.size
        offset += part.section.size
    expected = {Layout.V1: 1648, Layout.V2: 1660, Layout.V3: 1580, Layout.V4: 1584}.get(header.layout, 0)
    if header.header_size != expected:
        yield Finding(
            Severity.NOTE,
            "header-size",
            f"The header says that it is {header.header_size} bytes long, and a {header.layout} header is {expected}",
            where="header_size",
            why="Debian's mkbootimg 29 writes 1596 in v3; bootloaders do not look at it",
        )
    for name, size in header.sections():
        if sizes.get(name, 0) < size:
            yield Finding(
                Severity.WARNING,
                "section-short",
                f"The header counts {size} bytes of {name}, and the file ends after {sizes.get(name, 0)}",
                where=f"{name}_size",
                why="the MediaTek header in front of it says that these are all; a bootloader reads on into the partition",
            )
    place = offsets.get("recovery_dtbo", 0)
    if place != header.recovery_dtbo_offset:
        yield Finding(
            Severity.WARNING,
            "recovery-dtbo-offset",
            f"The header says {header.recovery_dtbo_offset:#x}, and by the layout it stands at {place:#x}",
            where="recovery_dtbo_offset",
        )
    level = os_version.decode(header.os_version_word)[1]
    if level and not 1 <= int(level[-2:]) <= 12:
        yield Finding(Severity.NOTE, "os-patch-level", f"{level} has no such month", where="os_version")
