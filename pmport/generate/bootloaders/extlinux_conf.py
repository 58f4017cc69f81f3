"""``extlinux.conf``, as U-Boot and others read it (the Boot Loader Specification's older sibling)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["extlinux"]


def extlinux(device: Device, *, root: str = "", cmdline: str | None = None) -> str:
    """An ``extlinux.conf``.

    Args:
        device: The record.
        root: The kernel's ``root=`` parameter; "": none is written, because the initramfs finds its own.
        cmdline: The other parameters; None: the record's, with its serial console.

    Returns:
        The text. One device tree is named with ``fdt``; of several U-Boot takes its own from ``fdtdir``.

    Example:
        >>> from pmport import device_db
        >>> "fdt /dtbs/" in extlinux(device_db.load("fairphone-fp5"))
        True
    """
    console = [f"console={device.system.getty.replace(';', ',')}"] if device.system.getty else []
    words = [word for word in device.package.cmdline if not word.startswith("-")]
    known = [word for word in console if not any(word.partition(",")[0] == other.partition(",")[0] for other in words)]
    others = [*known, *words] if cmdline is None else [cmdline] if cmdline else []
    parameters = " ".join([*([f"root={root}"] if root else []), *others])
    lines = [
        "timeout 1",
        f"default {device.codename}",
        f"menu title {device.name or device.codename}",
        "",
        f"label {device.codename}",
        "\tkernel /vmlinuz",
    ]
    if len(device.dtb) == 1 and "*" not in device.dtb[0]:
        lines.append(f"\tfdt /dtbs/{device.dtb[0]}.dtb")
    else:
        lines.append("\tfdtdir /dtbs")
    lines.append("\tinitrd /initramfs")
    if parameters:
        lines.append(f"\tappend {parameters}")
    return "\n".join([*lines, ""])
