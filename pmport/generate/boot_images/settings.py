"""What a boot image is made with: each value from the record, else from the stock image, else what mkbootimg takes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmport.device_db.deviceinfo_keys import DEFAULT_BASE
from pmport.errors import RecordError
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.formats.kernel.appended_dtb import appended_trees

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.node import Node

__all__ = ["PLACEMENTS", "Setting", "Settings", "Stock", "custom_arguments", "placements_of", "with_variant"]

PLACEMENTS = ("append", "second", "qcdt", "dtb")
"""Where device trees go: behind the kernel, into the second stage, into a vendor's table, into a section of their own."""
FDT_MAGIC = b"\xd0\x0d\xfe\xed"
RECORD = "record"
STOCK = "stock image"
DEFAULT = "mkbootimg's default"
OFFSETS = {"kernel": 0x8000, "ramdisk": 0x0100_0000, "second": 0x00F0_0000, "tags": 0x100, "dtb": 0x01F0_0000}
"""mkbootimg's offsets from the base, where the record has none."""
CUSTOM = ("header_version", "os_version", "os_patch_level", "dtb", "recovery_dtbo", "board", "dtb_offset")
"""Options of mkbootimg that records add to their command, and that are understood here."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value, and who said it.

    Args:
        name: Such as ``page size``.
        value: As it is shown.
        source: ``record``, ``stock image``, ``given`` or ``mkbootimg's default``.
    """

    name: str
    value: str
    source: str


class Stock:
    """The phone's stock images, by what they are.

    Args:
        images: Opened images, in their wrappers or without.

    Raises:
        RecordError: If one of them holds no boot image.
    """

    def __init__(self, images: Sequence[Node]) -> None:
        found = [_boot_image(image) for image in images]
        boots = [image for image in found if isinstance(image, BootImage)]
        self.boot = next((image for image in boots if image.kernel), boots[0] if boots else None)
        self.init_boot = next((image for image in boots if image.header_version > 3 and not image.kernel), None)
        self.vendor = next((image for image in found if isinstance(image, VendorBoot)), None)


def _boot_image(image: Node) -> BootImage | VendorBoot:
    for _, inner in image.walk():
        if isinstance(inner, (BootImage, VendorBoot)):
            return inner
    raise RecordError(f"The stock image is a {image.KIND} without a boot image in it", remedy="Name the stock boot.img")


class Settings:
    """Values as they are asked for; each answer is kept with its source.

    Args:
        device: The record.
        stock: The phone's stock images.
    """

    def __init__(self, device: Device, stock: Stock) -> None:
        self.device = device
        self.stock = stock
        self.custom = custom_arguments(device.boot.custom_args)
        self._told: dict[str, Setting] = {}

    @property
    def told(self) -> tuple[Setting, ...]:
        """Everything that was asked for, in its order."""
        return tuple(self._told.values())

    def tell(self, name: str, value: str, source: str) -> None:
        """Note a value that was decided elsewhere.

        Args:
            name: What it is.
            value: As it is shown.
            source: Who said it.
        """
        self._told[name] = Setting(name, value, source)

    def header_version(self) -> int:
        """Version of the boot image's header.

        Returns:
            0 to 4.
        """
        boot, stock = self.device.boot, self.stock.boot
        if "header_version" in self.custom:
            version, source = _number(self.custom["header_version"], "--header_version"), RECORD
        elif boot.header_version is not None:
            version, source = boot.header_version, RECORD
        elif stock is not None and not boot.generate:
            version, source = stock.header_version, STOCK
        else:
            version, source = 0, DEFAULT
        self.tell("header version", str(version), source)
        return version

    def page_size(self) -> int:
        """Page size of v0 to v2 and of vendor boot images.

        Returns:
            Bytes.
        """
        stock = self.stock.vendor or self.stock.boot
        size, source = self.device.boot.page_size, RECORD
        if size is None and stock is not None:
            size, source = stock.page_size, STOCK
        if size is None:
            size, source = 2048, DEFAULT
        self.tell("page size", str(size), source)
        return size

    def address(self, part: str) -> int:
        """Where the bootloader loads a part.

        Args:
            part: ``kernel``, ``ramdisk``, ``second``, ``tags`` or ``dtb``.

        Returns:
            The absolute address.
        """
        addresses = self.device.boot.addresses
        value, source = getattr(addresses, part), RECORD
        stock = self.stock.vendor or self.stock.boot
        if value is None and stock is not None:
            value, source = getattr(stock, f"{part}_addr", 0) or None, STOCK
        if value is None:
            base = DEFAULT_BASE if addresses.base is None else addresses.base
            value, source = (base + OFFSETS[part]) & 0xFFFF_FFFF, DEFAULT
        self.tell(f"{part} address", f"{value:#010x}", source)
        return int(value)

    def word(self, field: str) -> str | None:
        """Version, patch level or board name.

        Args:
            field: ``os_version``, ``os_patch_level`` or ``name``.

        Returns:
            The text; None where nobody says it.
        """
        value, source = self.custom.get("board" if field == "name" else field), RECORD
        if value is None and self.stock.boot is not None:
            value, source = getattr(self.stock.boot, field) or None, STOCK
        if value:
            self.tell(field.replace("_", " "), value, source)
        return value

    def cmdline(self, given: str | None) -> str:
        """The kernel command line.

        Args:
            given: What the caller wants; None: the record's.

        Returns:
            The line.
        """
        if given is None:
            words = [word for word in self.device.package.cmdline if not word.startswith("-")]
            given, source = " ".join(words), RECORD
        else:
            source = "given"
        self.tell("command line", given or "(empty)", source)
        return given


def _number(text: str, option: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise RecordError(f"{option} has {text!r} in the record's custom_args, which is no number") from None


def custom_arguments(text: str) -> Mapping[str, str]:
    """Options that a record adds to mkbootimg's.

    Args:
        text: The record's ``custom_args``.

    Returns:
        Option without dashes → value.

    Raises:
        RecordError: If one is not understood.

    Example:
        >>> custom_arguments("--os_version 12.0.0 --header_version=1")
        {'os_version': '12.0.0', 'header_version': '1'}
    """
    try:
        words = iter(shlex.split(text))
    except ValueError as error:
        raise RecordError(f"The custom_args {text!r} cannot be split into words: {error}") from None
    found = {}
    for word in words:
        option, sign, value = word.partition("=")
        name = option.removeprefix("--")
        if not option.startswith("--") or name not in CUSTOM:
            raise RecordError(
                f"The record gives mkbootimg {word!r}, which is not understood here",
                remedy=f"Options that are: {', '.join(f'--{known}' for known in CUSTOM)}",
            )
        found[name] = value if sign else next(words, "")
    return found


def with_variant(device: Device, variant: str) -> Device:
    """The record with one of its kernels chosen.

    Args:
        device: The record.
        variant: The variant's name; "": none is chosen.

    Returns:
        The record; what the variant says stands in the common fields.

    Raises:
        RecordError: If it has no such variant.
    """
    if not variant:
        return device
    if variant not in device.variants:
        known = ", ".join(device.variants) or "none"
        raise RecordError(f"{device.codename} has no variant {variant!r}", remedy=f"Variants: {known}")
    own = device.variants[variant]
    boot, files, package = device.boot, device.boot_files, device.package
    return replace(
        device,
        dtb=own.dtb or device.dtb,
        boot=replace(boot, append_dtb=boot.append_dtb if own.append_dtb is None else own.append_dtb),
        boot_files=replace(files, extlinux=files.extlinux if own.extlinux is None else own.extlinux),
        package=replace(package, cmdline=(*package.cmdline, *own.cmdline)),
    )


def placements_of(device: Device, stock: Stock, header_version: int) -> tuple[frozenset[str], str]:
    """Where the device trees go; boot-deploy treats each of a record's words by itself, and so do these.

    Args:
        device: The record.
        stock: The phone's stock images.
        header_version: Version of the header.

    Returns:
        ``(some of PLACEMENTS, who said it)``; none where nobody says that there are any.
    """
    boot = device.boot
    said = {"qcdt": boot.qcdt, "second": boot.dtb_second, "dtb": header_version >= 2, "append": boot.append_dtb}
    places = frozenset(place for place, value in said.items() if value)
    image = stock.boot
    if places or image is None:
        return places, RECORD
    has = {
        "qcdt": image.dt,
        "append": image.kernel and appended_trees(image.kernel),
        "second": image.second.read(0, 4) == FDT_MAGIC,
    }
    return frozenset(place for place, there in has.items() if there), STOCK
