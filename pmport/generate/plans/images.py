"""What all plans do with the files that they are given: take them in, and refuse those that no phone could use.

Example:
    >>> planned_file("boot", b"ANDROID! and more").size
    17
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from pmport.byte_sources import FileSource
from pmport.dangers import RAMDISK_HOSTS, SLOT
from pmport.errors import PlanError
from pmport.formats.storage.sparse import SparseImage, is_sparse
from pmport.node import Node
from pmport.plan import PlannedFile
from pmport.section import Readable, Section

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.formats.reports.getvars import GetVars

__all__ = [
    "BOOT_MAGIC",
    "ROLES",
    "Flashable",
    "check_boot_image",
    "check_not_packed",
    "check_room",
    "forbid",
    "is_ramdisk",
    "planned_file",
    "raw_size",
    "recorded_room",
]

Flashable: TypeAlias = "str | os.PathLike[str] | Readable | Node"
"""What can be flashed: a path, bytes, a section, or an image that was built."""

ROLES: Mapping[str, str] = {
    "boot": "kernel",
    "kernel": "kernel",
    "rootfs": "rootfs",
    "vbmeta": "vbmeta",
    "initfs": "initfs",
    "dtbo": "dtbo",
    "vendor_boot": "vendor_boot",
}
"""Name of an image → the role that a record knows a partition by."""
BOOT_MAGIC = b"ANDROID!"
PACKED: Mapping[bytes, str] = {
    b"\xfd7zXZ\0": "xz -d",
    b"\x1f\x8b\x08": "gzip -d",
    b"\x28\xb5\x2f\xfd": "zstd -d",
    b"BZh": "bzip2 -d",
    b"PK\x03\x04": "unzip",
    b"7z\xbc\xaf\x27\x1c": "7z x",
}
"""How files begin that are handed around packed → what unpacks them."""


def is_ramdisk(partition: str) -> bool:
    """Whether a name means a ramdisk of a vendor boot image: ``vendor_boot:dlkm``; other names have their colon as they stand.

    Args:
        partition: A step's partition.

    Returns:
        True where it does.
    """
    host, sign, _ = partition.partition(":")
    return bool(sign) and host.removesuffix("_a").removesuffix("_b") in RAMDISK_HOSTS


def planned_file(name: str, image: Flashable) -> PlannedFile:
    """Take a file into a plan.

    Args:
        name: Its role or partition: what it is called where it has no path.
        image: The file.

    Returns:
        The file, with its size and hash.

    Raises:
        PlanError: If it is empty, or a directory.
    """
    if isinstance(image, (str, os.PathLike)):
        if os.path.isdir(image):  # noqa: PTH112 - any path-like will do
            raise PlanError(f"{os.fspath(image)} is a directory", remedy="Name a file in it")
        return PlannedFile.of(os.fspath(image), Section.of(FileSource(image)))
    if isinstance(image, Node):
        return PlannedFile.of(f"{name} ({image.KIND})", image.section())
    section = Section.of(image)
    return PlannedFile.of(section.source.name or name, section)


def check_boot_image(planned: PlannedFile) -> None:
    """Refuse what is no Android boot image.

    Args:
        planned: The file.

    Raises:
        PlanError: If it is none.
    """
    if planned.section.read(0, len(BOOT_MAGIC)) != BOOT_MAGIC:
        raise PlanError(
            f"{planned.name} is no Android boot image",
            remedy="Build one with `pmport repack` or mkbootimg; --any-content (any_content=True) if the bootloader takes it",
        )


def check_not_packed(planned: PlannedFile) -> None:
    """Refuse a file as it is handed around, packed: on a partition nobody unpacks it.

    Args:
        planned: The file.

    Raises:
        PlanError: If it is compressed, or an archive.
    """
    head = planned.section.read(0, min(8, planned.size))
    unpack = next((command for magic, command in PACKED.items() if head.startswith(magic)), "")
    if unpack:
        raise PlanError(
            f"{planned.name} is packed, and no bootloader unpacks it", state="Nothing was written",
            remedy=f"Unpack it first: {unpack} FILE",
        )  # fmt: skip


def forbid(device: Device | None, partition: str) -> None:
    """Refuse a partition that the record forbids.

    Args:
        device: The record.
        partition: The partition.

    Raises:
        PlanError: If it is on the record's list.
    """
    names = {partition.lower(), SLOT.sub("", partition.lower())}
    if device is not None and names & {name.lower() for name in device.flash.blacklist}:
        raise PlanError(
            f"{partition} is never flashed on {device.codename}", remedy="Its record says so: flash.blacklist"
        )


def check_room(name: str, size: int, partition: str, room: int | None) -> None:
    """Refuse what is larger than its partition; what exactly fills it fits.

    Args:
        name: What a person calls the file.
        size: Bytes that it takes on the phone.
        partition: The partition.
        room: Bytes of the partition; None: not known, or it grows as it must.

    Raises:
        PlanError: If it is larger.
    """
    if room is not None and size > room:
        raise PlanError(
            f"{name} takes {size} bytes, and {partition} has {room}", state="Nothing was written",
            remedy="Make it smaller: another compression of the ramdisk, fewer modules",
        )  # fmt: skip


def recorded_room(partition: str, phone: GetVars) -> tuple[str, int | None]:
    """What a recording says of a partition's size.

    Args:
        partition: Its name, with or without a slot.
        phone: The recording.

    Returns:
        The name under which it is listed, and its bytes; None where it is not, or grows as it must.
    """
    sizes = phone.partition_sizes
    own = partition if partition in sizes else f"{partition}_{phone.current_slot}"
    return own, None if phone[f"is-logical:{own}"] == "yes" else sizes.get(own)


def raw_size(section: Section) -> int:
    """How much room an image takes on the phone.

    Args:
        section: A raw or a sparse image.

    Returns:
        Bytes: a sparse image's expanded size.
    """
    return SparseImage.parse(section).raw_size if is_sparse(section) else section.size
