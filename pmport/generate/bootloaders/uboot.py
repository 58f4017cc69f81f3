"""A script for U-Boot: the source of ``boot.scr``, which ``mkimage -T script`` wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["uboot_script"]

BOOT = {"aarch64": "booti", "riscv64": "booti"}
"""Architecture → the command that starts its plain kernel image; 32-bit ARM has ``bootz``."""


def uboot_script(device: Device, *, cmdline: str | None = None) -> str:
    """Commands that load kernel, initramfs and device tree from the boot partition and start them.

    Args:
        device: The record.
        cmdline: The kernel command line; None: the record's.

    Returns:
        The text; addresses come from U-Boot's own environment (``kernel_addr_r``, ``ramdisk_addr_r``, ``fdt_addr_r``), the
        partition from distro boot (``devtype``, ``devnum``, ``distro_bootpart``).

    Example:
        >>> from pmport import device_db
        >>> uboot_script(device_db.load("pine64-pinephone")).splitlines()[-1]
        'booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr_r}'
    """
    part = "${devtype} ${devnum}:${distro_bootpart}"
    words = (
        [word for word in device.package.cmdline if not word.startswith("-")] if cmdline is None else cmdline.split()
    )
    lines = [
        f"# Start {device.name or device.codename}; wrap with: mkimage -T script -C none -n boot -d boot.cmd boot.scr"
    ]
    if words:
        lines.append(f'setenv bootargs "{" ".join(words)}"')
    tree = device.dtb[0] if len(device.dtb) == 1 and "*" not in device.dtb[0] else ""
    lines += [
        f"load {part} ${{fdt_addr_r}} /dtbs/{f'{tree}.dtb' if tree else '${fdtfile}'}",
        f"load {part} ${{kernel_addr_r}} /vmlinuz",
        f"load {part} ${{ramdisk_addr_r}} /initramfs",
        f"{BOOT.get(device.arch, 'bootz')} ${{kernel_addr_r}} ${{ramdisk_addr_r}}:${{filesize}} ${{fdt_addr_r}}",
        "",
    ]
    return "\n".join(lines)
