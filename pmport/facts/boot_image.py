"""What a boot image tells: its header, the vendors' marks, and whatever its kernel, ramdisk and device trees tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.table import inside
from pmport.formats.boot.header import field_offset
from pmport.formats.boot.image_id import AOSP, PRESUMED
from pmport.formats.boot.mediatek import label_of

if TYPE_CHECKING:
    from pmport.formats.boot.image import BootImage

__all__ = ["read"]

SOURCE = "boot image header"
PLACEMENTS = ((b"QCDT", "qcdt"), (b"DTBH", "dtbh"), (b"SPRD", "sprd"))
"""How a vendor's dt begins, and what that placement is called."""


def read(image: BootImage) -> Iterator[Fact]:
    """Read a boot image.

    Args:
        image: The image.

    Yields:
        Its facts. An address of a section that is absent is a fact only where it is not zero: AOSP's tool writes zero
        there, and that says nothing about the bootloader.
    """
    yield from _numbers(image)
    yield from _texts(image)
    yield from _marks(image)
    yield from _placements(image)
    yield from inside(image)


def _at(image: BootImage, name: str) -> int | None:
    return field_offset(image.header.layout, name)


def _numbers(image: BootImage) -> Iterator[Fact]:
    header = image.header
    version_at = _at(image, "version_word")
    yield Fact("header_version", header.header_version, SOURCE, version_at)
    yield Fact("boot_format", image.variant, SOURCE, version_at, Certainty.DERIVED)
    page_size_at = _at(image, "page_size")
    yield Fact(
        "page_size",
        header.page_size,
        SOURCE,
        page_size_at,
        Certainty.STATED if page_size_at is not None else Certainty.DERIVED,
    )
    if header.header_version >= 3:
        return
    yield Fact("kernel_addr", header.kernel_addr, SOURCE, _at(image, "kernel_addr"))
    for name in ("ramdisk", "second"):
        address = getattr(header, f"{name}_addr")
        if image.content(name) or address:
            yield Fact(f"{name}_addr", address, SOURCE, _at(image, f"{name}_addr"))
    yield Fact("second_size", header.second_size, SOURCE, _at(image, "second_size"))
    yield Fact("tags_addr", header.tags_addr, SOURCE, _at(image, "tags_addr"))
    if header.header_version == 2:
        yield Fact("dtb_addr", header.dtb_addr, SOURCE, _at(image, "dtb_addr"))


def _texts(image: BootImage) -> Iterator[Fact]:
    if image.name:
        yield Fact("board", image.name, SOURCE, _at(image, "name_field"))
    if image.cmdline:
        yield Fact("cmdline", image.cmdline, SOURCE, _at(image, "cmdline_field"))
    word_at = _at(image, "os_version_word")
    if image.os_version:
        yield Fact("os_version", image.os_version, SOURCE, word_at)
    if image.os_patch_level:
        yield Fact("os_patch_level", image.os_patch_level, SOURCE, word_at)
    if image.header_version < 3:
        recipe = image.quick_id_recipe
        certainty = Certainty.GUESS if recipe == PRESUMED else Certainty.DERIVED
        yield Fact("id_recipe", AOSP if recipe == PRESUMED else recipe, SOURCE, _at(image, "id_field"), certainty)


def _marks(image: BootImage) -> Iterator[Fact]:
    offset = 0
    for part in image.parts():
        if part.name in {"kernel", "ramdisk"} and (label := label_of(part.section)) is not None:
            yield Fact("wrapper", "mtk", f"MediaTek header of the {part.name}", offset)
            yield Fact(f"mtk_label_{part.name}", label, f"MediaTek header of the {part.name}", offset + 8)
        if part.name in {"seandroidenforce", "bump"}:
            yield Fact("wrapper", part.name, "behind the last section", offset)
        if part.name == "avb_footer":
            yield Fact("avb", "2", "AVB footer", offset)
        offset += part.section.size


def _placements(image: BootImage) -> Iterator[Fact]:
    offset = 0
    for part in image.parts():
        place = None
        if part.name == "dtb":
            place = "dtb"
        elif part.name == "second" and part.section.read(0, 4) == b"\xd0\x0d\xfe\xed":
            place = "second"
        elif part.name == "dt":
            head = part.section.read(0, 4)
            place = next((place for magic, place in PLACEMENTS if head == magic), None)
        if place:
            yield Fact("dtb_placement", place, f"{part.name} section", offset, Certainty.DERIVED)
        offset += part.section.size
