"""What U-Boot, GRUB, a Raspberry Pi's firmware and Samsung's split loaders read instead of a boot image."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pmport.errors import RecordError
from pmport.findings import Finding, Severity
from pmport.formats.packages.uimage import UImage
from pmport.formats.streams.codecs import kind_of
from pmport.generate.boot_images.android import finished_kernel
from pmport.generate.boot_images.settings import RECORD
from pmport.generate.bootloaders.extlinux_conf import extlinux
from pmport.generate.bootloaders.uboot import uboot_script
from pmport.section import Section
from pmport.untrusted import hexadecimal

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.generate.boot_images.parts import Sections
    from pmport.generate.boot_images.settings import Settings

__all__ = ["isorec_files", "loader_files"]

ISOREC = "heimdall-isorec"
UBOOT_ARCHITECTURES = {"aarch64": "arm64", "armv7": "arm", "armhf": "arm", "x86": "x86", "x86_64": "x86_64"}
UIMAGE_ADDRESS = 0x8000_8000
"""boot-deploy's address, where the record has none."""
UIMAGE_NAME = "postmarketos"


def loader_files(
    settings: Settings, parts: Sections, cmdline: str | None, *, boot_script: bool = False
) -> dict[str, Section]:
    """Make every file that the record's bootloader reads.

    Args:
        settings: The record's values.
        parts: The parts.
        cmdline: The kernel command line; None: the record's.
        boot_script: Whether U-Boot gets a ``boot.scr`` too.

    Returns:
        Path in the boot partition → file; empty where the record names no such bootloader.

    Raises:
        RecordError: If it names one whose files are not made here, or a device tree has no name that is a path.
    """
    device, files = settings.device, settings.device.boot_files
    line = settings.cmdline(cmdline)
    found: dict[str, Section] = {}
    if files.legacy_uboot:
        found |= _legacy(settings, parts)
    if files.extlinux or files.grub or files.cmdline_txt or boot_script:
        found |= _plain(settings, parts)
    if boot_script:
        text = _text(uboot_script(device, cmdline=cmdline))
        script = Section.joined([text.size.to_bytes(4, "big") + bytes(4), text])  # a table of one size, as mkimage's
        found["boot.scr"] = UImage.build(
            script, load=0, entry=0, name="boot", kind="script", architecture=_architecture(device)
        ).section()
    if files.extlinux:
        found["extlinux/extlinux.conf"] = _text(extlinux(device, cmdline=cmdline))
    if files.grub:
        found["grub/grub.cfg"] = _text(_grub(device, line))
    if files.cmdline_txt:
        found["cmdline.txt"] = _text(f"{line}\n")
    return found


def isorec_files(settings: Settings, parts: Sections) -> tuple[dict[str, Section], tuple[Finding, ...]]:
    """The two partitions of Samsung's loaders that start a bare kernel and find the ramdisk in recovery.

    Args:
        settings: The record's values.
        parts: The parts.

    Returns:
        ``({file: content}, findings)``.
    """
    kernel = finished_kernel(settings, parts, append=bool(settings.device.boot.append_dtb))
    found = []
    if parts.ramdisk and kind_of(parts.ramdisk.read(0, 16)) != "lzop":
        found.append(
            Finding(
                Severity.WARNING,
                "isorec-compression",
                "The ramdisk is not compressed by lzop",
                where="initramfs",
                why="kernels of isolated-recovery phones look for lzo data in the recovery partition",
                fix="Compress it: lzop -9 < initramfs.cpio > initramfs",
            )
        )
    return {"zImage": kernel, "initramfs": parts.ramdisk}, tuple(found)


def _legacy(settings: Settings, parts: Sections) -> dict[str, Section]:
    device = settings.device
    text = device.boot_files.legacy_uboot_load_address
    address = hexadecimal(text) if text else UIMAGE_ADDRESS
    if address is None:
        raise RecordError(f"legacy_uboot_load_address is {text!r}, which is no hexadecimal number")
    settings.tell("uImage address", f"{address:#010x}", RECORD if text else "boot-deploy's default")
    kernel = finished_kernel(settings, parts, append=bool(device.boot.append_dtb))
    name = device.boot_files.legacy_uboot_image_name or UIMAGE_NAME
    architecture = _architecture(device)
    image = UImage.build(kernel, load=address, entry=address, name=name, architecture=architecture)
    found = {"uImage": image.section()}
    if parts.ramdisk:
        ramdisk = UImage.build(
            parts.ramdisk, load=0, entry=0, name="uInitrd", kind="ramdisk", architecture=architecture
        )
        found["uInitrd"] = ramdisk.section()
    return found


def _architecture(device: Device) -> str:
    try:
        return UBOOT_ARCHITECTURES[device.arch]
    except KeyError:
        raise RecordError(f"U-Boot's name of the architecture {device.arch!r} is not known") from None


def _plain(settings: Settings, parts: Sections) -> dict[str, Section]:
    found = {"vmlinuz": parts.kernel}
    if parts.ramdisk:
        found["initramfs"] = parts.ramdisk
    names = settings.device.dtb
    for number, tree in enumerate(parts.dtbs):
        named = len(names) == len(parts.dtbs) and "*" not in names[number]
        found[_tree_path(names[number] if named else f"board-{number}")] = tree
    return found


def _tree_path(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
        raise RecordError(f"The record's device tree {name!r} is no path below a boot partition")
    return f"dtbs/{path}.dtb"


def _text(text: str) -> Section:
    return Section.of(text.encode("utf-8", "surrogateescape"))


def _grub(device: Device, cmdline: str) -> str:
    tree = f"\tdevicetree /dtbs/{device.dtb[0]}.dtb\n" if len(device.dtb) == 1 else ""
    title = (device.name or device.codename).replace('"', "")
    return (
        f'timeout=0\n\nmenuentry "{title}" {{\n\tlinux /vmlinuz {cmdline}\n'.replace(" \n", "\n")
        + f"{tree}\tinitrd /initramfs\n}}\n"
    )
