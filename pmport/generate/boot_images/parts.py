"""What a boot image is made of, as a kernel build and a ramdisk tool leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import RecordError
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["BootParts", "Sections"]


@dataclass(frozen=True, kw_only=True)
class BootParts:
    """The parts.

    Args:
        kernel: ``Image``, ``Image.gz``, ``zImage``, ``vmlinuz.efi``, or what the record boots in its place.
        ramdisk: The initramfs.
        dtbs: Device trees; what the bootloader chooses by is in them.
        dt: A finished table of device trees for the dt section (QCDT, DTBH, SPRD), instead of one that is made.
        recovery_dtbo: The recovery's DTBO (v1, v2).
        vendor_ramdisk: The vendor's ramdisk (v3, v4).
    """

    kernel: Readable
    ramdisk: Readable = b""
    dtbs: tuple[Readable, ...] = ()
    dt: Readable = b""
    recovery_dtbo: Readable = b""
    vendor_ramdisk: Readable = b""


class Sections:
    """The parts as sections.

    Args:
        parts: The parts.

    Raises:
        RecordError: If there is no kernel, or a device tree is none.
    """

    def __init__(self, parts: BootParts) -> None:
        self.kernel = Section.of(parts.kernel)
        self.ramdisk = Section.of(parts.ramdisk)
        self.dtbs = tuple(Section.of(tree) for tree in parts.dtbs)
        self.dt = Section.of(parts.dt)
        self.recovery_dtbo = Section.of(parts.recovery_dtbo)
        self.vendor_ramdisk = Section.of(parts.vendor_ramdisk)
        if not self.kernel:
            raise RecordError("The kernel is empty", remedy="Name the Image, Image.gz or zImage that was built")
        for number, tree in enumerate(self.dtbs):
            if tree.read(0, 4) != b"\xd0\x0d\xfe\xed":
                raise RecordError(
                    f"Device tree {number} does not begin as a compiled one",
                    remedy="Compile it first: pmport dt compile board.dts -o board.dtb",
                )
