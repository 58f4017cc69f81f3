"""Where each key of a deviceinfo stands in a record: one table, read in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any

from pmport.device_db.device import Correction, Device, KernelVariant
from pmport.errors import RecordError

__all__ = ["DEFAULT_BASE", "KEYS", "VARIANT_KEYS", "Key", "from_deviceinfo", "value_text"]

DEFAULT_BASE = 0x10000000
"""What mkbootimg and boot-deploy take where ``flash_offset_base`` is not given."""
WORD = 1 << 32


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Args:
        name: The key, without ``deviceinfo_``.
        path: Where it stands in :class:`~pmport.device_db.Device`, dotted.
        kind: How its text is read: ``text``, ``number``, ``bool``, ``words``, ``commas``, ``hex4``, ``base``, ``offset``,
            ``offset64``.
    """

    name: str
    path: str
    kind: str = "text"


def _keys() -> Iterator[Key]:
    """In the order in which a deviceinfo is written."""
    yield Key("format_version", "format_version", "number")
    for name in ("name", "manufacturer", "codename"):
        yield Key(name, name)
    yield Key("year", "year", "number")
    yield Key("dtb", "dtb", "words")
    yield Key("append_dtb", "boot.append_dtb", "bool")
    yield Key("arch", "arch")
    yield from (
        Key("uboot_boardname", "boot_files.uboot_board"),
        Key("chassis", "chassis"),
        Key("keymaps", "system.keymaps", "words"),
        Key("external_storage", "storage.external", "bool"),
        Key("dev_internal_storage", "storage.internal"),
        Key("dev_internal_storage_repartition", "storage.internal_repartition", "bool"),
        Key("screen_width", "display.width", "number"),
        Key("screen_height", "display.height", "number"),
        Key("dev_touchscreen", "display.touchscreen"),
        Key("dev_touchscreen_calibration", "display.touchscreen_calibration"),
        Key("drm", "display.drm", "bool"),
        Key("no_framebuffer", "display.no_framebuffer", "bool"),
        Key("getty", "system.getty"),
        Key("swap_size_recommended", "system.swap_size", "number"),
        Key("zram_swap_algo", "system.zram_algorithm"),
        Key("zram_swap_pct", "system.zram_percent", "number"),
        Key("disable_dhcpd", "system.disable_dhcpd", "bool"),
        Key("initfs_compression", "system.initfs_compression"),
        Key("create_initfs_extra", "system.initfs_extra", "bool"),
        Key("mkinitfs_postprocess", "system.initfs_postprocess"),
        Key("flash_method", "flash.method"),
        Key("generate_bootimg", "boot.generate", "bool"),
        Key("header_version", "boot.header_version", "number"),
        Key("flash_pagesize", "boot.page_size", "number"),
        Key("flash_offset_base", "boot.addresses.base", "base"),
        Key("flash_offset_kernel", "boot.addresses.kernel", "offset"),
        Key("flash_offset_ramdisk", "boot.addresses.ramdisk", "offset"),
        Key("flash_offset_second", "boot.addresses.second", "offset"),
        Key("flash_offset_tags", "boot.addresses.tags", "offset"),
        Key("flash_offset_dtb", "boot.addresses.dtb", "offset64"),
    )
    for name in (
        "amazon_omap_header_size", "blobpack", "qcdt", "qcdt_type", "mtk_label_kernel", "mtk_label_ramdisk",
        "override_payload", "override_payload_compression", "override_payload_append_dtb", "override_initramfs",
        "prepend_dhtb", "dtb_second", "append_seandroidenforce", "pxa", "custom_args", "vendor_dependent",
        "vendor_android_boot_image", "vendor_device_tree_identifiers",
    ):  # fmt: skip
        kinds = {"amazon_omap_header_size": "number"} | dict.fromkeys(
            ("qcdt", "prepend_dhtb", "dtb_second", "append_seandroidenforce", "pxa"), "bool"
        )
        yield Key(f"bootimg_{name}", f"boot.{name}", kinds.get(name, "text"))
    yield from (
        Key("flash_sparse", "flash.sparse", "bool"),
        Key("flash_sparse_samsung_format", "flash.sparse_samsung_format", "number"),
        Key("flash_kernel_on_update", "flash.kernel_on_update", "bool"),
    )
    for family, roles in PARTITION_ROLES.items():
        for role in roles:
            yield Key(f"flash_{family}_partition_{role}", f"flash.partitions.{family}.{role}")
    yield from (
        Key("flash_fastboot_max_size", "flash.max_size", "number"),
        Key("partition_blacklist", "flash.blacklist", "commas"),
        Key("generate_extlinux_config", "boot_files.extlinux", "bool"),
        Key("generate_grub_config", "boot_files.grub", "bool"),
        Key("generate_uboot_fit_images", "boot_files.uboot_fit", "bool"),
        Key("generate_legacy_uboot_initfs", "boot_files.legacy_uboot", "bool"),
        Key("legacy_uboot_load_address", "boot_files.legacy_uboot_load_address"),
        Key("legacy_uboot_image_name", "boot_files.legacy_uboot_image_name"),
        Key("generate_cmdline_txt", "boot_files.cmdline_txt", "bool"),
        Key("create_prep_boot", "boot_files.prep_boot", "bool"),
        Key("boot_filesystem", "storage.boot_filesystem"),
        Key("root_filesystem", "storage.root_filesystem"),
        Key("rootfs_image_sector_size", "storage.sector_size", "number"),
        Key("sd_embed_firmware", "storage.sd_embed_firmware", "commas"),
        Key("sd_embed_firmware_step_size", "storage.sd_embed_firmware_step_size", "number"),
        Key("boot_part_start", "storage.boot_part_start", "number"),
        Key("partition_type", "storage.partition_type"),
        Key("super_partitions", "storage.super_partitions", "words"),
        Key("usb_idVendor", "usb.vendor", "hex4"),
        Key("usb_idProduct", "usb.product", "hex4"),
        Key("usb_serialnumber", "usb.serial"),
        Key("usb_network_function", "usb.network_function"),
        Key("usb_network_udc", "usb.network_udc"),
        Key("usb_network_host_addr", "usb.network_host_addr"),
        Key("cgpt_kpart", "chromebook.kernel_partition"),
        Key("cgpt_kpart_start", "chromebook.kernel_partition_start", "number"),
        Key("cgpt_kpart_size", "chromebook.kernel_partition_size", "number"),
        Key("depthcharge_board", "chromebook.depthcharge_board"),
        Key("depthcharge_compression", "chromebook.depthcharge_compression"),
        Key("generate_depthcharge_image", "chromebook.depthcharge_image", "bool"),
    )


PARTITION_ROLES: dict[str, tuple[str, ...]] = {
    "fastboot": ("kernel", "rootfs", "vbmeta", "dtbo", "vendor_boot"),
    "heimdall": ("kernel", "initfs", "rootfs", "vbmeta", "vendor_boot"),
    "rk": ("kernel", "rootfs", "vendor_boot"),
    "mtkclient": ("kernel", "rootfs", "vbmeta", "dtbo", "vendor_boot"),
}
"""Flash method, as the keys spell it → the roles that partitions have there."""

KEYS: Mapping[str, Key] = {key.name: key for key in _keys()}
"""Every live key of the deviceinfo schema, in the order in which they are written."""

VARIANT_KEYS: Mapping[str, tuple[str, str]] = {
    "dtb": ("dtb", "words"),
    "append_dtb": ("append_dtb", "bool"),
    "boot_filesystem": ("boot_filesystem", "text"),
    "generate_extlinux_config": ("extlinux", "bool"),
}
"""Keys that may carry a kernel variant's name behind them → attribute of :class:`KernelVariant`, and kind."""

DROPPED = {
    "dtb_second": (
        "the key is bootimg_dtb_second; nothing reads this one",
        "boot-deploy reads bootimg_dtb_second alone",
    )
}
"""Misspelled keys that ports carry: what is wrong with them, and which program reads the right one."""
READ_BY = {
    "usb_idVendor": "the initramfs writes it to the gadget's idVendor, and the kernel refuses what is no number",
    "usb_idProduct": "the initramfs writes it to the gadget's idProduct, and the kernel refuses what is no number",
}
"""Key → the program that reads it, for values that were repaired."""


def from_deviceinfo(values: Mapping[str, str], *, variants: Mapping[str, KernelVariant] | None = None) -> Device:
    """A device from the values of a deviceinfo.

    Args:
        values: Key without ``deviceinfo_`` → value, as a shell reads it.
        variants: Kernel variants of the package, by name; their keys are merged in.

    Returns:
        The device. What cannot be right is corrected, and noted in its ``corrections``; keys that the schema does not
        have are kept in ``newer_keys``.

    Raises:
        RecordError: For a value that cannot be read.

    Example:
        >>> device = from_deviceinfo({"codename": "a-b", "flash_offset_base": "0x80000000", "flash_offset_kernel": "0x00008000"})
        >>> hex(device.boot.addresses.kernel)
        '0x80008000'
    """
    plain: dict[str, Any] = {}
    found = dict(variants or {})
    corrections: list[Correction] = []
    newer: dict[str, str] = {}
    base = (
        _read_number(values["flash_offset_base"], 16, "flash_offset_base")
        if "flash_offset_base" in values
        else DEFAULT_BASE
    )
    for name, text in values.items():
        if name in KEYS:
            key = KEYS[name]
            try:
                value = _read(key.kind, text, base, name)
            except RecordError as error:
                repaired = _repaired(text)
                if repaired == text:
                    raise
                value = _read(key.kind, repaired, base, name)
                reason = error.what.rpartition(": ")[2]
                corrections.append(Correction(name, text, reason, READ_BY.get(name, "")))
            _put(plain, key.path.split("."), value)
        elif name in DROPPED:
            corrections.append(Correction(name, text, *DROPPED[name]))
        elif not _variant(found, name, text):
            newer[name] = text
    plain["variants"] = found
    plain["newer_keys"] = newer
    plain["corrections"] = tuple(corrections)
    device: Device = _filled(Device, plain)
    return device


def _variant(found: dict[str, KernelVariant], name: str, text: str) -> bool:
    """Whether a key is one of a kernel variant's, which then has the value."""
    for key, (attribute, kind) in VARIANT_KEYS.items():
        if name.startswith(f"{key}_"):
            suffix = name.removeprefix(f"{key}_")
            variant = next((item for item in found if item.replace("-", "_") == suffix), suffix)
            value = _read(kind, text, 0, name)
            found[variant] = replace(found.get(variant, KernelVariant()), **{attribute: value})
            return True
    return False


def _put(table: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        table = table.setdefault(name, {})
    table[path[-1]] = value


def _filled(kind: Any, table: dict[str, Any]) -> Any:
    """A dataclass from nested plain values."""
    given = {}
    for item in fields(kind):
        if item.name in table:
            value = table[item.name]
            default = item.default_factory() if item.default_factory is not MISSING else item.default
            given[item.name] = _filled(type(default), value) if is_dataclass(default) else value
    missing = [
        item.name
        for item in fields(kind)
        if item.name not in given and item.default is MISSING and item.default_factory is MISSING
    ]
    if missing:
        raise RecordError("The deviceinfo does not say it", key=", ".join(missing))
    return kind(**given)


def _repaired(text: str) -> str:
    """Cyrillic letters that look like Latin ones, replaced by these."""
    return text.translate(str.maketrans("асеорхАСЕОРХВН", "aceopxACEOPXBH"))  # noqa: RUF001 - that is the point


def _read_number(text: str, radix: int, name: str) -> int:
    odd = next((char for char in text if not char.isascii()), "")
    try:
        return int(odd or text, radix)
    except ValueError:
        reason = f"it holds {odd!r} (U+{ord(odd):04X}), which is no digit" if odd else "it is no number"
        raise RecordError(f"{text!r}: {reason}", key=name) from None


READERS: Mapping[str, Callable[[str, int, str], Any]] = {
    "text": lambda text, _base, _name: text,
    "number": lambda text, _base, name: _read_number(text, 10, name),
    "hex4": lambda text, _base, name: _read_number(text, 16, name),
    "base": lambda text, _base, name: _read_number(text, 16, name),
    "offset": lambda text, base, name: (base + _read_number(text, 16, name)) % WORD,
    "offset64": lambda text, base, name: base + _read_number(text, 16, name),
    "words": lambda text, _base, _name: tuple(text.split()),
    "commas": lambda text, _base, _name: tuple(item.strip() for item in text.split(",") if item.strip()),
}


def _read(kind: str, text: str, base: int, name: str) -> Any:
    if kind == "bool":
        if text not in {"true", "false"}:
            raise RecordError(f"{text!r} is neither true nor false", key=name)
        return text == "true"
    return READERS[kind](text, base, name)


def value_text(key: Key, value: Any, base: int) -> str:
    """A value as a deviceinfo writes it.

    Args:
        key: Its key.
        value: The value in the record.
        base: The base that offsets are counted from.

    Returns:
        The text between the quotes.

    Example:
        >>> value_text(KEYS["flash_offset_kernel"], 0x80008000, 0x80000000)
        '0x00008000'
    """
    writers: Mapping[str, Callable[[], str]] = {
        "bool": lambda: str(value).lower(),
        "hex4": lambda: f"0x{value:04x}",
        "base": lambda: f"0x{value:08x}",
        "offset": lambda: f"0x{(value - base) % WORD:08x}",
        "offset64": lambda: f"0x{value - base:08x}",
        "words": lambda: " ".join(value),
        "commas": lambda: ",".join(value),
    }
    return writers.get(key.kind, lambda: str(value))()
