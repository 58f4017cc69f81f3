"""Load addresses as offsets from a base, as mkbootimg's options want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.device_db.deviceinfo_keys import DEFAULT_BASE

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["boot_offsets"]

WORD = 1 << 32


def boot_offsets(device: Device) -> dict[str, str]:
    """The base and the offsets of the parts whose address is known.

    Args:
        device: The record.

    Returns:
        ``base``, ``kernel``, ``ramdisk``, ``second``, ``tags``, ``dtb`` → ``0x`` and eight digits.

    Example:
        >>> from pmport import device_db
        >>> boot_offsets(device_db.load("xiaomi-lavender"))["kernel"]
        '0x00008000'
    """
    addresses = device.boot.addresses
    base = DEFAULT_BASE if addresses.base is None else addresses.base
    found = {"base": f"0x{base:08x}"}
    for name in ("kernel", "ramdisk", "second", "tags"):
        value = getattr(addresses, name)
        if value is not None:
            found[name] = f"0x{(value - base) % WORD:08x}"
    if addresses.dtb is not None:
        found["dtb"] = f"0x{addresses.dtb - base:08x}"
    return found
