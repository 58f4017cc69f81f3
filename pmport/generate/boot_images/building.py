"""From a record and the parts of a kernel build to what the phone's bootloader starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport import bootcheck
from pmport.errors import RecordError
from pmport.findings import Finding, Findings, Severity
from pmport.formats.registry import recognise
from pmport.generate.boot_images.android import android_files
from pmport.generate.boot_images.loader_files import ISOREC, isorec_files, loader_files
from pmport.generate.boot_images.parts import BootParts, Sections
from pmport.generate.boot_images.settings import PLACEMENTS, Setting, Settings, Stock, with_variant
from pmport.render import Renders, Stack, Table, View, size_text

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.node import Node
    from pmport.section import Section

__all__ = ["BootFilesBuilt", "boot_image"]


@dataclass(frozen=True)
class BootFilesBuilt(Renders):
    """What was built.

    Args:
        files: Path → content: ``boot.img`` alone for most phones.
        settings: The values that were chosen, each with its source.
        findings: What :func:`pmport.bootcheck.check` says of the images.
        partition_size: Size of the boot partition in bytes; None: not known.
    """

    files: Mapping[str, Section]
    settings: tuple[Setting, ...]
    findings: Findings
    partition_size: int | None = field(default=None)

    def __getitem__(self, name: str) -> Section:
        return self.files[name]

    def image(self, name: str = "boot.img") -> Node:
        """One of the files as its format's own type.

        Args:
            name: Its path.

        Returns:
            The image.
        """
        return recognise(self.files[name])

    def budget(self) -> Table:
        """How the bytes are spent.

        Returns:
            A table of files, their parts and sizes, with the room that is left in the partition.
        """
        rows: list[tuple[str, str, str]] = []
        for name, section in self.files.items():
            if name.endswith(".img"):
                node = recognise(section)
                rows += [(name, path, size_text(child.size)) for path, child in node.walk() if path and "/" not in path]
            rows.append((name, "whole", size_text(section.size)))
        if self.partition_size is not None and "boot.img" in self.files:
            left = self.partition_size - self.files["boot.img"].size
            rows.append(("boot.img", "room left" if left >= 0 else "too large by", size_text(abs(left))))
        return Table(("file", "part", "size"), rows, title="Sizes")

    def view(self) -> View:
        """Values with their sources, then sizes.

        Returns:
            Both tables.
        """
        rows = [(setting.name, setting.value, setting.source) for setting in self.settings]
        return Stack([Table(("value", "is", "from"), rows, title="Boot image"), self.budget()])


def boot_image(
    device: Device,
    parts: BootParts,
    *,
    against: Sequence[Node] = (),
    cmdline: str | None = None,
    variant: str = "",
    placement: str = "",
    boot_script: bool = False,
    partition_size: int | None = None,
    profile: str | None = None,
) -> BootFilesBuilt:
    """Build what the phone's bootloader starts, as its record says.

    Addresses, page size, header version, command line and where device trees go come from the record; what the record
    does not say comes from the stock image, and only then from mkbootimg's defaults.

    Args:
        device: The record.
        parts: Kernel, ramdisk, device trees.
        against: The phone's stock images: boot, vendor_boot, init_boot.
        cmdline: The kernel command line; None: the record's.
        variant: One of the record's kernels.
        placement: Where device trees go: ``append``, ``second``, ``qcdt`` or ``dtb``; "": where the record says.
        boot_script: Whether U-Boot gets a ``boot.scr`` beside the record's files.
        partition_size: Size of the boot partition in bytes.
        profile: Family of the bootloader, as :func:`pmport.bootcheck.check` takes it.

    Returns:
        The files, where each value came from, and what was found against them.

    Raises:
        RecordError: If the record does not say how the phone boots, or wants what is not built here.
        FormatError: If a part does not fit.

    Example:
        >>> from pmport import device_db
        >>> built = boot_image(device_db.load("nokia-argon"), BootParts(kernel=b"k" * 64, ramdisk=b"r" * 64))
        >>> built.image().page_size, hex(built.image().tags_addr)
        (2048, '0x82500000')
    """
    if placement and placement not in PLACEMENTS:
        raise RecordError(f"{placement!r} is no place for device trees", remedy=f"Use {', '.join(PLACEMENTS)}")
    settings = Settings(with_variant(device, variant), Stock(against))
    sections = Sections(parts)
    files, findings = _files(settings, sections, cmdline, placement, boot_script=boot_script)
    findings += _checked(files, settings.stock, partition_size, profile)
    return BootFilesBuilt(files, settings.told, Findings(findings), partition_size)


def _files(
    settings: Settings, parts: Sections, cmdline: str | None, placement: str, *, boot_script: bool
) -> tuple[dict[str, Section], list[Finding]]:
    device = settings.device
    files: dict[str, Section] = {}
    findings: list[Finding] = []
    if device.boot.generate or settings.stock.boot is not None:
        files |= android_files(settings, parts, cmdline, placement)
    elif device.flash.method == ISOREC:
        made, found = isorec_files(settings, parts)
        files |= made
        findings += found
    files |= loader_files(settings, parts, cmdline, boot_script=boot_script)
    if unmade := _unmade(device):
        if not files:
            raise RecordError(f"{device.codename} boots {unmade}, which is not built here", remedy=UNMADE[unmade])
        findings.append(
            Finding(
                Severity.NOTE, "not-built", f"It can also boot {unmade}, which is not built here", fix=UNMADE[unmade]
            )
        )
    if not files:
        raise RecordError(
            f"The record of {device.codename} does not say how the phone boots",
            remedy="Give a stock image to build like it (--against boot.img), or fill in [boot] of the record",
        )
    return files, findings


UNMADE = {
    "a signed ChromeOS kernel partition": "Sign it with depthcharge-tools: depthchargectl build",
    "a U-Boot FIT image": "Make it from its .its file: mkimage -f image.its image.itb",
}


def _unmade(device: Device) -> str:
    if device.chromebook.depthcharge_image:
        return "a signed ChromeOS kernel partition"
    return "a U-Boot FIT image" if device.boot_files.uboot_fit else ""


def _checked(
    files: Mapping[str, Section], stock: Stock, partition_size: int | None, profile: str | None
) -> list[Finding]:
    found: list[Finding] = []
    originals = {"boot.img": stock.boot, "vendor_boot.img": stock.vendor, "init_boot.img": stock.init_boot}
    for name, original in originals.items():
        if name in files:
            limit = partition_size if name == "boot.img" else None
            node = recognise(files[name])
            found += bootcheck.check(node, against=original, partition_size=limit, profile=profile)
    return found
