"""A record and some images as a plan: which file goes where, in which order, and what must be true of the phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.formats.reports.getvars import GetVars
from pmport.formats.storage.pit import Pit
from pmport.generate.plans.images import (
    ROLES,
    Flashable,
    check_boot_image,
    check_not_packed,
    check_room,
    forbid,
    is_ramdisk,
    planned_file,
    raw_size,
    recorded_room,
)
from pmport.generate.plans.vbmeta_flags import STALE, flagged, flags_of
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["flash_plan"]

DEFAULTS = {"kernel": "boot", "rootfs": "userdata", "vendor_boot": "vendor_boot", "vbmeta": "vbmeta", "dtbo": "dtbo"}
"""fastboot's partitions where a record names none (the schema's own defaults)."""
ORDER = ("vbmeta", "dtbo", "vendor_boot", "boot", "kernel", "rootfs")
"""What the bootloader checks first is written first; others come last, in the order in which they were given."""


def flash_plan(
    device: Device,
    images: Mapping[str, Flashable],
    phone: GetVars | Pit | None = None,
    allow: Iterable[str] = (),
    *,
    boot_only: bool = False,
    disable: Sequence[str] = (),
    any_content: bool = False,
    slot: str = "",
) -> FlashPlan:
    """Plan to flash images.

    Args:
        device: The record.
        images: Role or partition → image: a path, bytes, a section, or an image that was built. Roles are ``boot``,
            ``rootfs``, ``vbmeta``, ``dtbo``, ``vendor_boot``; every other name is a partition.
        phone: What the phone said of itself, recorded or live: its variables, or a Samsung phone's partition table;
            sizes and slots are checked against it already now.
        allow: Dangers that are accepted: words of :data:`pmport.plan.DANGERS`.
        boot_only: Start ``boot`` from memory, and write nothing.
        disable: ``verity``, ``verification``: flags that go into the vbmeta image, for fastboot.
        any_content: ``boot`` may be something else than an Android boot image: a bootloader such as U-Boot or lk2nd takes
            that; so do devices whose record says ``fastboot-bootpart``.
        slot: Which slot of partitions that have slots: a letter, ``other``, ``all``; "" for the current one.

    Returns:
        The plan; it prints itself, which is the dry run.

    Raises:
        PlanError: If a file is empty or no boot image, does not fit, or the record forbids a partition.
        RefusedError: If a step is dangerous and was not allowed.
    """
    method = device.flash.method.partition("-")[0]
    if method != "fastboot" and (slot or disable):
        raise PlanError(
            "Slots and flags of verified boot are fastboot's", remedy=f"{device.codename} is flashed by {method}"
        )
    if "" in images:
        raise PlanError(
            "A file has neither a role nor a partition", remedy="Name one: boot, rootfs, or a partition's name"
        )
    if method == "heimdall" and not boot_only and not isinstance(phone, GetVars):
        from pmport.generate.plans.samsung import samsung_plan  # noqa: PLC0415 - fastboot does not need it

        return samsung_plan(images, phone, allow, device=device)
    if method == "0xffff":
        from pmport.generate.plans.nokia import nokia_plan  # noqa: PLC0415 - as above

        return nokia_plan(device, images, allow, boot_only=boot_only)
    if isinstance(phone, Pit):
        raise PlanError(f"A PIT tells nothing of a phone that is flashed by {method}", remedy="Give recorded getvars")
    if method != "fastboot":
        if not method:
            raise PlanError(
                f"The record of {device.codename} does not say how it is flashed",
                remedy='Say method = "fastboot" (or another method) in its [flash] table, or use --method fastboot',
            )
        raise PlanError(
            f"{device.codename} is flashed by {device.flash.method}",
            remedy="pmport plans fastboot, heimdall and 0xffff"
            + (", but starts nothing from memory here" if boot_only else ""),
        )
    allowed = tuple(allow)
    given = sorted(images.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else len(ORDER))
    anything = any_content or device.flash.method == "fastboot-bootpart"
    flags = flags_of(disable)
    planned = [(name, _checked(name, image, flags, anything=anything)) for name, image in given]
    if flags and not any(_is_vbmeta(name) for name, _ in planned):
        raise PlanError("There is no vbmeta image to carry the flags", remedy="Give one: vbmeta=FILE")
    if boot_only:
        return FlashPlan(
            method, tuple(_boot_steps(planned)), device.codename, _preconditions(device, phone), (), allowed
        )
    steps = [_step(device, name, image, phone) for name, image in planned]
    steps.append(Step(Verb.REBOOT))
    findings = (*((STALE,) if flags else ()), *_findings(device, planned, phone))
    return FlashPlan(method, tuple(steps), device.codename, _preconditions(device, phone), findings, allowed, slot)


def _boot_steps(planned: list[tuple[str, PlannedFile]]) -> Iterator[Step]:
    images = dict(planned)
    if set(images) - {"boot", "vendor_boot"} or "boot" not in images:
        raise PlanError("Only boot, and vendor_boot with it, can be started from memory")
    if "vendor_boot" in images:
        yield Step(Verb.STAGE, "vendor_boot", images["vendor_boot"])
    yield Step(Verb.BOOT, image=images["boot"])


def _is_vbmeta(name: str) -> bool:
    """Whether a partition holds the flags; some makers have one of another prefix."""
    return name.removesuffix("_a").removesuffix("_b").endswith("vbmeta")


def _checked(name: str, image: Flashable, flags: int, *, anything: bool) -> PlannedFile:
    planned = planned_file(name, image)
    if flags and _is_vbmeta(name):
        return PlannedFile.of(planned.name, flagged(planned.section, flags))
    if name in {"boot", "kernel"} and not anything:
        check_boot_image(planned)
    elif not is_ramdisk(name):  # a ramdisk of a vendor boot image is packed as it should be
        check_not_packed(planned)
    return planned


def _partition(device: Device, name: str) -> str:
    role = ROLES.get(name)
    if role is None:
        return name
    partition = device.flash.partitions.get("fastboot", {}).get(role) or DEFAULTS.get(role)
    if not partition:
        raise PlanError(
            f"The record of {device.codename} names no partition for {name}",
            remedy=f"Set flash.partitions.fastboot.{role}, or name the partition instead of the role",
        )
    return partition


def _step(device: Device, name: str, image: PlannedFile, phone: GetVars | None) -> Step:
    partition = _partition(device, name)
    forbid(device, partition)
    if phone is not None:
        check_room(image.name, raw_size(image.section), *recorded_room(partition, phone))
    if name == "rootfs" and device.flash.max_size and raw_size(image.section) > device.flash.max_size << 20:
        raise PlanError(f"{image.name} has more than the {device.flash.max_size} MiB that {device.codename} takes")
    return Step(Verb.FLASH, partition, image)


def _preconditions(device: Device, phone: GetVars | None) -> Preconditions:
    if phone is None:
        return Preconditions(products=device.flash.products)
    return Preconditions(
        products=device.flash.products or ((phone.product,) if phone.product else ()),
        max_download_size=phone.max_download_size,
        unlocked=True if phone.unlocked is not None else None,
        current_slot=phone.current_slot,
    )


def _findings(device: Device, planned: list[tuple[str, PlannedFile]], phone: GetVars | None) -> Iterator[Finding]:
    if phone is None:
        yield Finding(Severity.NOTE, "no-phone", "Sizes, slots and the download limit are checked when it runs")
        return
    if phone.unlocked is False:
        yield Finding(Severity.ERROR, "locked", "The bootloader is locked", fix="unlock it as its maker describes")
    for name, image in planned:
        limit = phone.max_download_size
        if limit and image.size > limit:
            count = -(-image.size // limit)
            yield Finding(
                Severity.NOTE, "split", f"{name} goes in about {count} sparse pieces of at most {limit} bytes"
            )
    if phone.product and device.flash.products and phone.product not in device.flash.products:
        yield Finding(Severity.ERROR, "other-product", f"The phone says that it is {phone.product}")
