"""A record for distributions besides postmarketOS, and for bootloaders: the knowledge is not one distribution's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.device_db.deviceinfo_keys import DEFAULT_BASE

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["extlinux", "flash_script", "halium_deviceinfo", "lk2nd_node", "mobile_nixos"]

WORD = 1 << 32
UNKNOWN = "not known yet"
NIX_ARCH = {"aarch64": "aarch64-linux", "armv7": "armv7l-linux", "x86_64": "x86_64-linux"}


def _offsets(device: Device) -> Iterator[tuple[str, str]]:
    """``(name, offset as 0x and eight digits)`` from the base, for the parts whose address is known."""
    addresses = device.boot.addresses
    base = DEFAULT_BASE if addresses.base is None else addresses.base
    yield "base", f"0x{base:08x}"
    for name in ("kernel", "ramdisk", "second", "tags"):
        value = getattr(addresses, name)
        if value is not None:
            yield name, f"0x{(value - base) % WORD:08x}"
    if addresses.dtb is not None:
        yield "dtb", f"0x{addresses.dtb - base:08x}"


def mobile_nixos(device: Device) -> str:
    """A mobile-nixos device description.

    Args:
        device: The record.

    Returns:
        The text of ``devices/<codename>/default.nix``; what is not known is a comment.
    """
    lines = ["{ config, lib, pkgs, ... }:", "", "{"]
    for key, value in (
        ("name", device.codename),
        ("identity.name", device.name),
        ("identity.manufacturer", device.manufacturer),
    ):
        lines.append(
            f"  mobile.device.{key} = {json.dumps(value)};" if value else f"  # mobile.device.{key}: {UNKNOWN}"
        )
    lines.append(
        f"  mobile.hardware.soc = {json.dumps(_nix_soc(device))};"
        if device.soc
        else f"  # mobile.hardware.soc: {UNKNOWN}"
    )
    if device.display.width and device.display.height:
        lines.append(
            f"  mobile.hardware.screen = {{ width = {device.display.width}; height = {device.display.height}; }};"
        )
    else:
        lines.append(f"  # mobile.hardware.screen: {UNKNOWN}")
    if device.boot.generate:
        lines.append('  mobile.system.type = "android";')
        lines.append(f"  mobile.system.android.device_name = {json.dumps(device.codename.partition('-')[2])};")
        lines.append("  mobile.system.android.bootimg.flash = {")
        names = {
            "base": "offset_base",
            "kernel": "offset_kernel",
            "ramdisk": "offset_ramdisk",
            "second": "offset_second",
            "tags": "offset_tags",
        }
        lines += [f"    {names[name]} = {json.dumps(value)};" for name, value in _offsets(device) if name in names]
        lines.append(
            f'    pagesize = "{device.boot.page_size}";' if device.boot.page_size else f"    # pagesize: {UNKNOWN}"
        )
        lines.append("  };")
    lines += ["}", ""]
    return "\n".join(lines)


def _nix_soc(device: Device) -> str:
    vendors = {
        "msm": "qualcomm",
        "sdm": "qualcomm",
        "sm": "qualcomm",
        "mt": "mediatek",
        "exynos": "exynos",
        "rk": "rockchip",
    }
    vendor = next((name for prefix, name in vendors.items() if device.soc.startswith(prefix)), "")
    return f"{vendor}-{device.soc}" if vendor else device.soc


def halium_deviceinfo(device: Device) -> str:
    """An Ubuntu Touch (Halium) deviceinfo.

    Args:
        device: The record.

    Returns:
        The text; its keys are those of Halium's build tools, which are not postmarketOS' own.
    """
    values: dict[str, str] = {
        "name": device.name,
        "manufacturer": device.manufacturer,
        "codename": device.codename.partition("-")[2],
        "arch": {"armv7": "armhf"}.get(device.arch, device.arch),
    }
    if device.boot.header_version is not None:
        values["bootimg_header_version"] = str(device.boot.header_version)
    values |= {f"flash_offset_{name}": value for name, value in _offsets(device)}
    if device.boot.page_size:
        values["flash_pagesize"] = str(device.boot.page_size)
    if device.package.cmdline:
        values["kernel_cmdline"] = " ".join(device.package.cmdline)
    if device.boot.append_dtb and device.dtb:
        values["kernel_apply_overlay"] = "false"
    lines = [
        f'deviceinfo_{key}="{value}"' if value else f"# deviceinfo_{key}: {UNKNOWN}" for key, value in values.items()
    ]
    return "\n".join([*lines, ""])


def extlinux(device: Device, *, root: str = "PARTLABEL=root") -> str:
    """An ``extlinux.conf``.

    Args:
        device: The record.
        root: The kernel's root parameter.

    Returns:
        The text; without a known device tree, U-Boot takes its own.
    """
    console = [f"console={device.system.getty.replace(';', ',')}"] if device.system.getty else []
    parameters = " ".join([f"root={root}", *console, *device.package.cmdline])
    lines = [
        "timeout 1",
        f"default {device.codename}",
        f"menu title {device.name or device.codename}",
        "",
        f"label {device.codename}",
        "\tkernel /vmlinuz",
    ]
    if len(device.dtb) == 1:
        lines.append(f"\tfdt /dtbs/{device.dtb[0]}.dtb")
    elif device.dtb:
        lines.append("\tfdtdir /dtbs")
    return "\n".join([*lines, "\tinitrd /initramfs", f"\tappend {parameters}", ""])


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
    lines = ["#!/bin/sh", f"# Flash {device.name or device.codename}.", "set -eu"]
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
            f"  {' | '.join(device.flash.products)}) ;;",
            '  *) echo "this phone says that it is $product" >&2; exit 1 ;;',
            "esac",
        ]
    if "vbmeta" in parts:
        lines.append(f"fastboot --disable-verity --disable-verification flash {parts['vbmeta']} vbmeta.img")
    lines += [
        f"fastboot flash {parts.get('rootfs', 'userdata')} {rootfs}",
        f"fastboot flash {parts.get('kernel', 'boot')} {boot}",
        "fastboot reboot",
        "",
    ]
    return "\n".join(lines)


def lk2nd_node(device: Device) -> str:
    """The node that makes lk2nd know a device.

    Args:
        device: The record.

    Returns:
        Device tree source for lk2nd's ``dts`` folder; the match rule is asked for where the record has no model.
    """
    name = device.codename.partition("-")[2]
    compatible = device.compatible[0] if device.compatible else device.codename.replace("-", ",", 1)
    lines = ["/ {"]
    if device.qcom_msm_id:
        lines.append(f"\tqcom,msm-id = {_cells(device.qcom_msm_id)};")
    if device.qcom_board_id:
        lines.append(f"\tqcom,board-id = {_cells(device.qcom_board_id)};")
    lines += [
        "};",
        "",
        "&lk2nd {",
        f"\t{name.replace('_', '-')} {{",
        f"\t\tmodel = {json.dumps(device.name or device.codename)};",
        f"\t\tcompatible = {json.dumps(compatible)};",
    ]
    lines.append(
        f"\t\t/* lk2nd,match-bootloader or lk2nd,match-device: {UNKNOWN}, see what the stock bootloader reports */"
    )
    if device.dtb:
        trees = ", ".join(json.dumps(tree.rpartition("/")[2]) for tree in device.dtb)
        lines.append(f"\t\tlk2nd,dtb-files = {trees};")
    return "\n".join([*lines, "\t};", "};", ""])


def _cells(ids: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join("<" + " ".join(str(cell) if cell < 4096 else f"{cell:#x}" for cell in pair) + ">" for pair in ids)
