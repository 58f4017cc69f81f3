"""A record as the ``deviceinfo`` of Halium's build tools (Ubuntu Touch and others); its keys are not postmarketOS' own.

Keys: UBports' *halium-generic-adaptation-build-tools*, and the deviceinfo reference of its porting guide.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.generate.boot_offsets import boot_offsets
from pmport.generate.shell_text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.device_db import Device

__all__ = ["halium_deviceinfo"]

ARCHES = {"armv7": "armhf", "aarch64": "aarch64", "x86_64": "x86_64", "x86": "x86"}
SUFFIX = re.compile(r"-(?:downstream|mainline)$")
"""What pmaports hangs on a codename where it has two ports of one phone."""
HEADER_WITH_DTB = 2


def halium_deviceinfo(
    device: Device, *, kernel_source: str = "", branch: str = "", defconfig: str = "", halium_version: str = ""
) -> str:
    """A deviceinfo for Halium's build tools.

    Args:
        device: The record.
        kernel_source: Repository of the vendor's kernel.
        branch: Its branch.
        defconfig: Name of its configuration; ``halium.config`` is added.
        halium_version: Version of Halium: the Android that the vendor's blobs are of, such as ``"10"``.

    Returns:
        The text. What is not given and the record does not know is a comment.

    Example:
        >>> from pmport import device_db
        >>> halium_deviceinfo(device_db.load("fairphone-fp4"), halium_version="11").splitlines()[2]
        'deviceinfo_codename="fp4"'
    """
    values = {
        "name": device.name,
        "manufacturer": device.manufacturer,
        "codename": SUFFIX.sub("", device.codename.partition("-")[2]),
        "arch": ARCHES.get(device.arch, ""),
        "halium_version": halium_version,
        "kernel_source": kernel_source,
        "kernel_source_branch": branch,
        "kernel_defconfig": f"{defconfig} halium.config" if defconfig else "",
        "kernel_cmdline": " ".join(word for word in device.package.cmdline if not word.startswith("-")),
        **dict(_boot_image(device)),
    }
    lines = (
        f'deviceinfo_{key}="{quoted(value)}"' if value else f"# deviceinfo_{key}: not known yet"
        for key, value in values.items()
    )
    return "\n".join([*lines, ""])


def _boot_image(device: Device) -> Iterator[tuple[str, str]]:
    boot = device.boot
    header = boot.header_version or 0
    yield "bootimg_header_version", "" if boot.header_version is None else str(boot.header_version)
    offsets = boot_offsets(device)
    for name in ("base", "kernel", "ramdisk", "second", "tags"):
        if header <= HEADER_WITH_DTB:  # later headers hold no addresses
            yield f"flash_offset_{name}", offsets.get(name, "")
    if header == HEADER_WITH_DTB:
        yield "flash_offset_dtb", offsets.get("dtb", "")
    yield "flash_pagesize", str(boot.page_size or "")
    if boot.qcdt:
        yield "bootimg_qcdt", "true"
    if boot.append_seandroidenforce:
        yield "bootimg_tailtype", "SEAndroid"
