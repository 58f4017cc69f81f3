"""Whether the sections for device trees hold any: ``dtb``, ``dt``, ``recovery_dtbo``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats import foreign
from pmport.formats.registry import recognise

if TYPE_CHECKING:
    from pmport.formats.boot.image import BootImage
    from pmport.formats.boot.vendor_image import VendorBoot
    from pmport.section import Section

    Image: TypeAlias = BootImage | VendorBoot

__all__ = ["findings_of"]

SECTIONS = ("dtb", "dt", "recovery_dtbo")
SMALLEST = 64
"""A device tree's header and an empty root take as many bytes; fewer are a stand-in."""
BLOB_MAGIC = b"\xd0\x0d\xfe\xed"


def findings_of(mine: Image) -> Iterator[Finding]:
    """Look into each section that a bootloader takes device trees from.

    Args:
        mine: A boot image or vendor boot image.

    Yields:
        Findings; none for empty sections and for vendors' forms that are not known.
    """
    for name in SECTIONS:
        section = mine.content(name)
        if section.size >= SMALLEST:
            yield from _section_findings(section, name)


def _section_findings(section: Section, name: str) -> Iterator[Finding]:
    try:
        node = recognise(section)
    except FormatError as error:
        known = foreign.identify(section)
        if section.read(0, 4) == BLOB_MAGIC:
            yield _damaged(name, error.what)
        elif known is not None:
            yield _damaged(name, f"it holds {known.word}")
        return
    for finding in node.findings():
        if finding.severity is Severity.ERROR:
            yield _damaged(name, finding.message)


def _damaged(name: str, what: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "dtb-damaged",
        f"The {name} section holds no device tree that can be read: {what}",
        where=name,
        why="the bootloader stops without a device tree, or the kernel does before it prints anything",
        fix="put the tree there again from arch/*/boot/dts, or from the stock image",
    )
