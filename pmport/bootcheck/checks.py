"""Will it boot? What a bootloader would refuse or mishandle in a boot image, found before it is flashed.

:func:`check` looks at the image itself, at what a family of bootloaders expects (:mod:`pmport.bootcheck.profiles`), at the
partition's size, and field by field at the phone's stock image. It is a pure function: image in, findings out.

Example:
    >>> from pmport.formats.boot.image import BootImage
    >>> stock = BootImage.build(b"kernel", b"ramdisk", page_size=4096)
    >>> mine = BootImage.build(b"kernel", b"ramdisk", page_size=2048)
    >>> [str(finding.severity) for finding in check(mine, against=stock) if finding.code == "page-size"]
    ['error']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from pmport.bootcheck import memory_layout, ramdisk_section, stock, tree_sections
from pmport.bootcheck.kernel_section import KernelSection
from pmport.bootcheck.profiles import Profile, profile_named
from pmport.errors import FormatError
from pmport.findings import Finding, Findings, Severity
from pmport.formats.avb.verify import footer_findings
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.image_id import UNKNOWN
from pmport.formats.boot.mediatek import label_of
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.formats.kernel.appended_dtb import ZIMAGE_MAGIC
from pmport.formats.streams.codecs import kind_of
from pmport.render import size_text

if TYPE_CHECKING:
    from pmport.node import Node

__all__ = ["check"]

Image: TypeAlias = BootImage | VendorBoot

FIRST_FIELD = 512
KERNEL_CMDLINE = 2048
"""COMMAND_LINE_SIZE of arm64 and x86; arm has 1024."""
ARM_CMDLINE = 1024


def check(
    image: Node, *, against: Node | None = None, partition_size: int | None = None, profile: str | None = None
) -> Findings:
    """Look for what would keep an image from booting.

    Args:
        image: A boot image, vendor boot image, or a wrapper with one inside.
        against: The phone's stock image.
        partition_size: Size of its partition in bytes.
        profile: Name of a family of bootloaders.

    Returns:
        The findings; none where nothing is known against it.

    Raises:
        FormatError: If there is no boot image in it.
        RecordError: If there is no such profile.
    """
    mine = _boot_of(image, "the image")
    original = _boot_of(against, "the stock image") if against is not None else None
    family = profile_named(profile) if profile else None
    found = [*_size(image, partition_size), *_inside(mine, family)]
    if original is not None and against is not None:
        known = {(finding.code, finding.where) for finding in _inside(original, family)}
        found = [
            _shared_with_stock(finding) if (finding.code, finding.where) in known else finding for finding in found
        ]
        found += stock.wrapping(image, against)
        found += stock.fields(mine, original)
    if isinstance(mine, BootImage) and family:
        found += _expectations(mine, family, original)
    if original is not None or (family and family.dtb_ids):
        found += stock.device_trees(mine, original, family)
    return Findings(found)


def _inside(mine: Image, family: Profile | None) -> Iterator[Finding]:
    """What the image shows by itself: verified boot data, each section, addresses, command line."""
    yield from footer_findings(mine)
    yield from tree_sections.findings_of(mine)
    if isinstance(mine, VendorBoot):
        for number, fragment in enumerate(mine.fragments):
            where = f"vendor_ramdisk{number:02}" if mine.header_version > 3 else "vendor_ramdisk"
            yield from ramdisk_section.findings_of(fragment.section, None, where)
        return
    kernel = KernelSection(mine)
    yield from _contents(mine)
    yield from kernel.findings()
    yield from ramdisk_section.findings_of(mine.ramdisk, kernel if mine.kernel else None)
    yield from memory_layout.findings_of(mine, kernel, family)
    yield from _unpacked(kernel, family)
    yield from _cmdline(mine, family)


def _shared_with_stock(finding: Finding) -> Finding:
    """What the stock image has too keeps nothing from booting."""
    if finding.severity is Severity.NOTE:
        return finding
    return Finding(
        Severity.NOTE, finding.code, finding.message, where=finding.where, why="the stock image is the same", fix=""
    )


def _boot_of(node: Node | None, what: str) -> Image:
    if node is not None:
        for _, inner in node.walk():
            if isinstance(inner, (BootImage, VendorBoot)):
                return inner
    kind = node.KIND if node is not None else "nothing"
    raise FormatError(
        f"{what} is {kind}, and no boot image is in it", remedy="Name a boot, recovery or vendor_boot image"
    )


def _size(image: Node, partition_size: int | None) -> Iterator[Finding]:
    if partition_size is not None and image.size > partition_size:
        over = image.size - partition_size
        yield Finding(
            Severity.ERROR,
            "partition-size",
            f"The image has {image.size} bytes, {over} more than the partition ({size_text(over)})",
            why="the end would be cut off, or the flashing tool refuses it",
            fix="compress the ramdisk better, leave modules out of it, or compress the kernel if the bootloader unpacks it",
        )


def _contents(mine: BootImage) -> Iterator[Finding]:
    if not mine.kernel and (mine.header_version < 3 or not mine.ramdisk):
        yield Finding(Severity.ERROR, "no-kernel", "There is no kernel in it", where="kernel_size")
    if mine.header_version < 3 and not mine.ramdisk:
        yield Finding(
            Severity.NOTE,
            "no-ramdisk",
            "There is no ramdisk in it",
            where="ramdisk_size",
            why="right for firmware such as UEFI or lk2nd, and for kernels with a built-in initramfs",
        )
    if mine.header_version < 3 and mine.id_recipe == UNKNOWN and any(mine.id):
        yield Finding(
            Severity.WARNING,
            "id-mismatch",
            "The id in the header is that of no known recipe over these sections",
            where="id",
            why="no bootloader that is known checks it, but a section was damaged, or changed by a tool that left the id",
            fix="compare the sections with their origin; pmport repack makes the id anew",
        )
    if any(ord(char) < 0x20 and char not in "\t\n" for char in mine.cmdline):
        yield Finding(
            Severity.WARNING, "cmdline-bytes", "The command line holds control characters", where="cmdline",
            why="the header is damaged, or was written with another layout",
        )  # fmt: skip
    for finding in mine.findings():
        if finding.severity is Severity.WARNING:
            yield finding


def _unpacked(kernel: KernelSection, family: Profile | None) -> Iterator[Finding]:
    """Whether a compressed kernel fits the room that the bootloader unpacks it to."""
    if family and family.kernel_room and kind_of(kernel.payload.read(0, 16)) and kernel.layers[1:]:
        size = max(layer.size for layer in kernel.layers[1:])
        if size > family.kernel_room:
            yield Finding(
                Severity.ERROR,
                "kernel-room",
                f"The kernel unpacks to {size} bytes, and {family.title} has room for {family.kernel_room}",
                where="kernel",
                why="it refuses the kernel, or overwrites what lies behind",
                fix="leave drivers out of the kernel, or build them as modules",
                source=family.source,
            )


def _cmdline(mine: BootImage, family: Profile | None) -> Iterator[Finding]:
    length = len(mine.cmdline.encode("utf-8", "surrogateescape"))
    if family and family.first_cmdline_field_only and mine.header_version < 3 and length >= FIRST_FIELD:
        yield Finding(
            Severity.WARNING,
            "cmdline-first-field",
            f"The command line has {length} bytes, and old bootloaders of this family read the first {FIRST_FIELD - 1}",
            where="extra_cmdline",
            source=family.source,
        )
    limit = ARM_CMDLINE if mine.kernel.read(0x24, 4) == ZIMAGE_MAGIC else KERNEL_CMDLINE
    if length >= limit:
        yield Finding(
            Severity.ERROR,
            "cmdline-too-long",
            f"The command line has {length} bytes, and the kernel keeps {limit - 1} of them",
            where="cmdline",
            why="COMMAND_LINE_SIZE; the bootloader adds its own arguments besides",
        )


def _expectations(mine: BootImage, family: Profile, stock: Image | None) -> Iterator[Finding]:
    if mine.header_version not in family.header_versions:
        yield Finding(
            Severity.ERROR,
            "header-version",
            f"{family.title} boots header versions {', '.join(map(str, family.header_versions))},"
            f" and this is {mine.header_version}",
            where="header_version",
            source=family.source,
        )
    if family.page_sizes and mine.page_size not in family.page_sizes and stock is None:
        yield Finding(
            Severity.WARNING,
            "page-size",
            f"page size {mine.page_size} is unusual for {family.title}: {', '.join(map(str, family.page_sizes))}",
            where="page_size",
            source=family.source,
        )
    compression = (kind_of(KernelSection(mine).payload.read(0, 16)) or "").removesuffix("-legacy")
    if compression and compression not in family.compressions:
        yield Finding(
            Severity.WARNING,
            "kernel-compressed",
            f"The kernel is compressed with {compression}, which {family.title} does not unpack",
            where="kernel",
            why="it would jump into compressed bytes",
            fix="use the uncompressed Image, or a zImage that unpacks itself",
            source=family.source,
        )
    names = {part.name for part in mine.parts()}
    if family.mark and family.mark not in names and stock is None:
        yield Finding(
            Severity.WARNING,
            "mark-missing",
            f"{family.mark.upper()} does not stand behind the image",
            why="bootloaders of this family warn about it, or refuse it",
            source=family.source,
        )
    if family.mtk_header and stock is None and mine.kernel and label_of(mine.kernel) is None:
        yield Finding(
            Severity.WARNING,
            "mtk-header-missing",
            "The kernel has no MediaTek header",
            where="kernel",
            why="many, not all, of MediaTek's bootloaders refuse a kernel without it; the stock image tells",
            source=family.source,
        )
