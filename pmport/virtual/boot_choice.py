"""What a bootloader takes out of a boot partition: kernel, ramdisk, command line, and whether it goes on at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.bootcheck import check
from pmport.bootcheck.kernel_section import KernelSection
from pmport.devicetree import Blob, DeviceTree
from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage, label_of
from pmport.formats.kernel.image import Arm64Image, KernelImage, RiscvImage
from pmport.formats.kernel.zimage import BzImage, EfiZboot, ZImage
from pmport.formats.registry import recognise, recognise_or_data
from pmport.section import Section
from pmport.virtual.fastboot_phone import FastbootPhone

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Readable
    from pmport.virtual.usb_device import VirtualUsbDevice

__all__ = ["BootChoice", "boot_partition", "chosen"]

QEMU_BOARD = "linux,dummy-virt"
"""Root ``compatible`` of QEMU's virt machine."""
FATAL = frozenset({"kernel-short", "kernel-damaged", "not-a-kernel"})
"""Findings with which no bootloader comes to the kernel's first instruction, or that goes nowhere."""


@dataclass(frozen=True)
class BootChoice:
    """What is started.

    Args:
        kernel: The kernel, unpacked where the bootloader would do that.
        ramdisk: The ramdisk as the kernel gets it; may be empty.
        cmdline: The command line of the image.
        architecture: ``aarch64``, ``arm``, ``x86_64`` or ``riscv64``.
        trees: Device trees in the image: what each says that it is for.
        tree: A tree that is for QEMU's own machine; None: QEMU makes its own.
        findings: What is told about it.
    """

    kernel: Section
    ramdisk: Section
    cmdline: str
    architecture: str
    trees: tuple[str, ...]
    tree: Section | None
    findings: tuple[Finding, ...]


def boot_partition(phone: VirtualUsbDevice) -> Section:
    """What a virtual phone would start: its boot partition, of the active slot where it has slots.

    Args:
        phone: The phone; one that has partitions of its own.

    Returns:
        The partition's content.

    Raises:
        FormatError: If it has no boot partition, or nothing was written to it.
    """
    partitions = getattr(phone, "partitions", {})
    slot = phone.model.current_slot if isinstance(phone, FastbootPhone) else ""
    for name in (f"boot_{slot}", "boot", "BOOT", "KERNEL"):
        if name in partitions and partitions[name].written:
            return Section.of(partitions[name].read(0, partitions[name].written))
    raise FormatError("Nothing was written to the boot partition", remedy="Flash a boot image first")


def chosen(image: Readable | Node, *, profile: str | None = None) -> BootChoice:
    """Take a boot image apart as a bootloader does.

    Args:
        image: The image.
        profile: Family of the bootloader, a key of :data:`pmport.bootcheck.PROFILES`.

    Returns:
        What is started.

    Raises:
        FormatError: If it holds no boot image, or a kernel that no bootloader could start.
    """
    from pmport.node import Node  # noqa: PLC0415 - for the check alone

    node = image if isinstance(image, Node) else recognise_or_data(Section.of(image))
    boot = next((inner for _, inner in node.walk() if isinstance(inner, BootImage)), None)
    if boot is None:
        raise FormatError(f"The bootloader finds no boot image: it is a {node.KIND}", remedy="Flash a boot image")
    found = check(node, profile=profile)
    fatal = next((finding for finding in found if finding.code in FATAL), None)
    kernel = KernelSection(boot).kernel
    if kernel is None or fatal is not None:
        why = fatal.message if fatal is not None else "The kernel section holds no kernel whose form is known"
        raise FormatError(f"The phone stays in its bootloader. {why}", remedy="See what pmport bootcheck says")
    trees = tuple(_trees(boot))
    names = tuple(_name(tree) for tree in trees)
    own = next((tree for tree in trees if QEMU_BOARD in tree.root.compatible), None)
    notes = list(found)
    if trees and own is None:
        notes.append(
            Finding(
                Severity.NOTE,
                "qemu-tree",
                f"The image's device trees ({', '.join(dict.fromkeys(names))}) describe hardware that QEMU has not",
                where="device tree",
                why="QEMU's virt machine runs with a tree of its own: drivers of the phone's parts stay unprobed",
            )
        )
    ramdisk = boot.ramdisk
    if ramdisk and label_of(ramdisk) is not None:
        ramdisk = MtkImage.parse(ramdisk).payload
    blob = Section.of(bytes(own)) if own is not None else None
    return BootChoice(_startable(kernel), ramdisk, boot.cmdline, _architecture(kernel), names, blob, tuple(notes))


def _startable(kernel: KernelImage) -> Section:
    """A kernel in the form that QEMU's loader takes: an EFI zboot unpacked, all else as it is."""
    return kernel.image if isinstance(kernel, EfiZboot) else kernel.section()


def _architecture(kernel: KernelImage) -> str:
    inner = recognise(kernel.image) if isinstance(kernel, EfiZboot) else kernel
    for kind, name in ((RiscvImage, "riscv64"), (Arm64Image, "aarch64"), (ZImage, "arm"), (BzImage, "x86_64")):
        if isinstance(inner, kind):
            return name
    raise FormatError(f"A {inner.KIND} is started by no machine that QEMU has here")


def _trees(boot: BootImage) -> Iterator[DeviceTree]:
    for _, inner in boot.walk():
        if isinstance(inner, Blob):
            yield inner.tree()


def _name(tree: DeviceTree) -> str:
    model = tree.root.raw.get("model", b"").rstrip(b"\0").decode("utf-8", "replace")
    return model or next(iter(tree.root.compatible), "one without a name")
