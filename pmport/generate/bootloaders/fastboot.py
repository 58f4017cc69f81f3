"""A shell script that flashes with the ``fastboot`` program."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["flash_script"]

UNKNOWN = "not known yet"


def flash_script(device: Device, *, boot: str = "boot.img", rootfs: str = "rootfs.img") -> str:
    """A shell script that flashes with the ``fastboot`` program, for those who have only that.

    Args:
        device: The record.
        boot: The boot image's name.
        rootfs: The root file system's name.

    Returns:
        The text of the script; it checks the product first, where the record knows it.
    """
    parts = device.flash.partitions.get("fastboot", {})
    lines = ["#!/bin/sh", f"# Flash {' '.join((device.name or device.codename).split())}.", "set -eu"]
    if device.flash.method.partition("-")[0] != "fastboot":
        return "\n".join(
            [
                *lines,
                f'echo "{device.codename} is flashed by {device.flash.method or UNKNOWN}, not by fastboot" >&2',
                "exit 1",
                "",
            ]
        )
    if device.flash.products:
        lines += [
            "product=$(fastboot getvar product 2>&1 | sed -n 's/^product: *//p')",
            "case $product in",
            f"  {' | '.join(map(quote, device.flash.products))}) ;;",
            '  *) echo "this phone says that it is $product" >&2; exit 1 ;;',
            "esac",
        ]
    if "vbmeta" in parts:
        lines.append(f"fastboot --disable-verity --disable-verification flash {quote(parts['vbmeta'])} vbmeta.img")
    lines += [
        f"fastboot flash {quote(parts.get('rootfs', 'userdata'))} {quote(rootfs)}",
        f"fastboot flash {quote(parts.get('kernel', 'boot'))} {quote(boot)}",
        "fastboot reboot",
        "",
    ]
    return "\n".join(lines)
