"""A record as a mobile-nixos device: ``devices/<codename>/default.nix``.

Options and their types: the modules of mobile-nixos (``modules/mobile-device.nix``, ``hardware-*.nix``,
``system-types/android``), as of January 2025.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.generate.boot_offsets import boot_offsets

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["mobile_nixos"]

SOCS = {
    "sun50i-a64": "allwinner-a64",
    "sun50i-r18": "allwinner-r18",
    "exynos7880": "exynos-7880",
    "mt6755": "mediatek-mt6755",
    "mt6785": "mediatek-mt6785",
    "mt8127": "mediatek-mt8127",
    "mt8183": "mediatek-mt8183",
    "msm8939": "qualcomm-msm8939",
    "msm8940": "qualcomm-msm8940",
    "msm8953": "qualcomm-msm8953",
    "msm8996": "qualcomm-msm8996",
    "msm8998": "qualcomm-msm8998",
    "sc7180": "qualcomm-sc7180",
    "sdm660": "qualcomm-sdm660",
    "sdm845": "qualcomm-sdm845",
    "sm6125": "qualcomm-sm6125",
}
"""Chip → its name in mobile-nixos; a name that is not there is refused by its ``hardware-soc.nix``."""
FLASHING = {"fastboot": "fastboot", "heimdall": "odin"}
OFFSETS = ("base", "kernel", "ramdisk", "second", "tags")
ONE_PER_SLOT = "qbootctl"
"""The distribution installs this where a phone has two slots: it marks the running one as good."""


def mobile_nixos(device: Device) -> str:
    """A mobile-nixos device description.

    Args:
        device: The record.

    Returns:
        The text of ``devices/<codename>/default.nix``. What the record does not know is a comment that says what to fill in;
        the kernel is the porter's own package beside it.

    Example:
        >>> from pmport import device_db
        >>> "mobile.system.type" in mobile_nixos(device_db.load("xiaomi-lavender"))
        True
    """
    lines = ["{ config, lib, pkgs, ... }:", "", "{", f"  mobile.device.name = {_text(device.codename)};"]
    lines += [
        "  mobile.device.identity = {",
        *_known("name", device.name),
        *_known("manufacturer", device.manufacturer),
        "  };",
    ]
    lines += [
        '  mobile.device.supportLevel = "unsupported";',
        "",
        "  mobile.hardware = {",
        *_hardware(device),
        "  };",
        "",
    ]
    lines += ["  mobile.boot.stage-1.kernel = {", "    package = pkgs.callPackage ./kernel { };"]
    if device.package.modules_initfs:
        modules = " ".join(_text(name) for name in device.package.modules_initfs)
        lines += ["    modular = true;", f"    modules = [ {modules} ];"]
    lines += ["  };", ""]
    if device.package.cmdline:
        lines.append(f"  boot.kernelParams = [ {' '.join(_text(word) for word in device.package.cmdline)} ];")
    if device.system.getty:
        lines.append(f"  mobile.boot.serialConsole = {_text(device.system.getty.replace(';', ','))};")
    lines += [*_system(device), "}", ""]
    return "\n".join(lines)


def _text(text: str) -> str:
    r"""A Nix string: ``"``, ``\`` and ``${`` are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${").replace("\n", "\\n")
    return f'"{escaped}"'


def _known(name: str, value: str) -> Iterator[str]:
    yield f"    {name} = {_text(value)};" if value else f"    # {name}: not known yet"


def _hardware(device: Device) -> Iterator[str]:
    soc = SOCS.get(device.soc)
    if soc:
        yield f"    soc = {_text(soc)};"
    elif device.soc:
        yield f"    # soc: mobile-nixos has no module for {device.soc} yet; add one beside hardware-qualcomm.nix and name it here"
    else:
        yield "    # soc: not known yet"
    yield "    # ram: not known yet, in MB: ram = 1024 * 2;"
    if device.display.width and device.display.height:
        yield f"    screen = {{ width = {device.display.width}; height = {device.display.height}; }};"
    else:
        yield "    # screen: not known yet"


def _system(device: Device) -> Iterator[str]:
    if device.chromebook.depthcharge_image:
        yield '  mobile.system.type = "depthcharge";'
    elif device.boot.generate or device.flash.method.partition("-")[0] in FLASHING:
        yield '  mobile.system.type = "android";'
        yield from _android(device)
    elif _has_uboot(device):
        yield '  mobile.system.type = "u-boot";'
    elif device.arch == "x86_64":
        yield '  mobile.system.type = "uefi";'
    else:
        yield "  # mobile.system.type: not known yet: android, u-boot, depthcharge or uefi"


def _has_uboot(device: Device) -> bool:
    named = (device.boot_files.uboot_board, *device.storage.sd_embed_firmware, *device.package.depends)
    return bool(device.boot_files.legacy_uboot or device.boot_files.uboot_fit) or any(
        "u-boot" in name for name in named
    )


def _android(device: Device) -> Iterator[str]:
    yield "  mobile.system.android = {"
    if len(device.android_devices) == 1:
        yield f"    device_name = {_text(device.android_devices[0])};"
    else:
        yield "    # device_name: what the stock system calls it, getprop ro.product.device"
    if any(ONE_PER_SLOT in name for name in device.package.depends):
        yield "    ab_partitions = true;"
    else:
        yield "    # ab_partitions: true where the phone has boot_a and boot_b"
    method = device.flash.method.partition("-")[0]
    if device.package.lk2nd:
        yield '    flashingMethod = "lk2nd";'
    elif method in FLASHING:
        yield f"    flashingMethod = {_text(FLASHING[method])};"
    kernel = device.flash.partitions.get(method, {}).get("kernel")
    if kernel:
        yield f"    boot_partition_destination = {_text(kernel)};"
    if device.boot.append_dtb and device.dtb:
        yield f"    appendDTB = [ {' '.join(_text(f'dtbs/{tree}.dtb') for tree in device.dtb)} ];"
    yield "    bootimg.flash = {"
    offsets = boot_offsets(device)
    for name in OFFSETS:
        known = offsets.get(name)
        yield f"      offset_{name} = {_text(known)};" if known else f"      # offset_{name}: not known yet"
    yield f'      pagesize = "{device.boot.page_size}";' if device.boot.page_size else "      # pagesize: not known yet"
    yield "    };"
    yield "  };"
