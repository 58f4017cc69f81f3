"""A record as a deviceinfo, by the current schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pmport.device_db.deviceinfo_keys import DEFAULT_BASE, KEYS, VARIANT_KEYS, Key, value_text
from pmport.formats.reports.deviceinfo import DeviceInfo

if TYPE_CHECKING:
    from pmport.device_db import Device, Question

__all__ = ["deviceinfo", "deviceinfo_values"]

REFERENCE = "# Reference: <https://postmarketos.org/deviceinfo>"
PARAGRAPHS: tuple[tuple[str, str, str], ...] = (
    ("format_version", "arch", "Identity"),
    ("uboot_boardname", "mkinitfs_postprocess", "Device"),
    ("flash_method", "create_prep_boot", "Bootloader"),
    ("boot_filesystem", "super_partitions", "Storage"),
    ("usb_idVendor", "usb_network_host_addr", "USB"),
    ("cgpt_kpart", "generate_depthcharge_image", "Chromebook"),
)
"""First key, last key and heading of each paragraph."""


def deviceinfo_values(device: Device) -> dict[str, str]:
    """The keys of a deviceinfo, with their values.

    Args:
        device: The record.

    Returns:
        Key without ``deviceinfo_`` → value, in the order in which they are written; what is not known is left out.
    """
    base = DEFAULT_BASE if device.boot.addresses.base is None else device.boot.addresses.base
    values: dict[str, str] = {}
    for name, key in KEYS.items():
        value = _value(device, key)
        if value is not None and value not in {"", ()}:
            values[name] = value_text(key, value, base)
        if name in VARIANT_KEYS:
            attribute, kind = VARIANT_KEYS[name]
            for variant, content in device.variants.items():
                own = getattr(content, attribute)
                if own is not None and own not in {"", ()}:
                    values[f"{name}_{variant.replace('-', '_')}"] = value_text(Key(name, "", kind), own, base)
    return {**values, **device.newer_keys}


def _value(device: Device, key: Key) -> Any:
    value: Any = device
    for name in key.path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name)
        if value is None:
            return None
    return value


def deviceinfo(device: Device, questions: Iterable[Question] = ()) -> str:
    """A deviceinfo.

    Args:
        device: The record.
        questions: What is still open; the needed ones are written as comments at the end.

    Returns:
        The text of the file.

    Example:
        >>> from pmport import device_db
        >>> print(deviceinfo(device_db.load("nokia-n900")).splitlines()[4])
        deviceinfo_name="Nokia N900"
    """
    values = deviceinfo_values(device)
    order = list(KEYS)
    blocks = []
    for first, last, heading in PARAGRAPHS:
        names = set(order[order.index(first) : order.index(last) + 1])
        own = {key: value for key, value in values.items() if _plain(key, device) in names}
        if own:
            blocks.append(f"# {heading}\n{DeviceInfo.build(own).text}")
    if device.newer_keys:
        blocks.append(f"# Keys of a newer schema\n{DeviceInfo.build(device.newer_keys).text}")
    open_questions = [question for question in questions if question.needed]
    if open_questions:
        lines = [f"# {question.key}: {question}\n" for question in open_questions]
        blocks.append("# Not known yet\n" + "".join(lines))
    return "\n".join([f"{REFERENCE}\n", *blocks])


def _plain(key: str, device: Device) -> str:
    """A key without the variant's name behind it."""
    if key in KEYS:
        return key
    suffixes = [f"_{variant.replace('-', '_')}" for variant in device.variants]
    return next((key.removesuffix(suffix) for suffix in suffixes if key.endswith(suffix)), key)
