"""Plans for Samsung's download mode: from a record and images, from partition names, from firmware packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.formats.storage.pit import Pit
from pmport.formats.storage.sparse import is_sparse
from pmport.generate.plans.images import ROLES, Flashable, check_boot_image, forbid, planned_file
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.node import Node

__all__ = ["TABLE", "package_plan", "samsung_plan"]

DEFAULTS: Mapping[str, tuple[str, ...]] = {
    "kernel": ("KERNEL", "BOOT"),
    "initfs": ("RECOVERY",),
    "rootfs": ("SYSTEM", "FACTORYFS", "SUPER"),
    "vbmeta": ("VBMETA",),
    "dtbo": ("DTBO",),
    "vendor_boot": ("VENDOR_BOOT",),
}
"""Samsung's partitions where a record names none: the schema's own default, then what other generations call it."""
SEQUENCE = 30 << 20
"""Bytes that are written at once."""
TABLE = "PIT"
"""The step that replaces the partition table."""


def samsung_plan(
    images: Mapping[str, Flashable],
    table: Pit | None = None,
    allow: Iterable[str] = (),
    *,
    device: Device | None = None,
    reboot: bool = True,
) -> FlashPlan:
    """Plan to flash files in download mode, in one session.

    Args:
        images: Partition name, entry identifier, or role of the record → file. ``PIT`` replaces the partition table.
        table: The phone's partition table, recorded or live: names and sizes are checked against it already now.
        allow: Dangers that are accepted.
        device: The record, for roles.
        reboot: Reboot afterwards; without, the next run resumes the session.

    Returns:
        The plan.

    Raises:
        PlanError: If a file is empty or does not fit, or there is no such partition.
        RefusedError: If a step is dangerous and was not allowed.
    """
    steps = []
    for name, file in images.items():
        image = planned_file(name, file)
        if name in {"boot", "kernel"} and device is not None and device.flash.method.endswith("-bootimg"):
            check_boot_image(image)
        partition = _known(_partition(name, device, table), image, table)
        forbid(device, partition)
        steps.append(Step(Verb.FLASH, partition, image))
    steps.sort(key=lambda step: step.partition != TABLE)  # the table comes before everything else
    return _samsung(steps, _isorec(device), table, allow, device, reboot=reboot)


def _partition(name: str, device: Device | None, table: Pit | None) -> str:
    """The partition that a role means: what the record says, else the first usual one that the phone has."""
    role = ROLES.get(name, "")
    if device is None or not role:
        return name
    usual = DEFAULTS.get(role, (name,))
    named = device.flash.partitions.get("heimdall", {}).get(role)
    there = (item for item in usual if table is not None and table.find(item) is not None)
    return named or next(there, usual[0])


def _sparse(steps: Iterable[Step]) -> Iterator[Finding]:
    """Samsung's own sparse images have longer headers; ordinary ones fail in the second sequence."""
    for step in steps:
        if step.image is not None and step.image.size > SEQUENCE and is_sparse(step.image.section):
            yield Finding(
                Severity.WARNING, "android-sparse", f"{step.image.name} is an Android sparse image", where=step.partition,
                why="Samsung's bootloaders take another kind of sparse image, and fail in its second sequence",
                fix="flash the raw image",
            )  # fmt: skip


def _isorec(device: Device | None) -> tuple[Finding, ...]:
    if device is None or not device.flash.method.endswith("-isorec"):
        return ()
    return (
        Finding(
            Severity.NOTE, "isorec", "This phone keeps the kernel and its initfs in partitions of their own",
            why="its bootloader starts the kernel without a ramdisk; the kernel finds the initfs by itself",
            fix="flash kernel=FILE and initfs=FILE in one run, and the root file system to a card",
        ),
    )  # fmt: skip


def _samsung(
    steps: list[Step], findings: tuple[Finding, ...], table: Pit | None, allow: Iterable[str], device: Device | None,
    *, reboot: bool,
) -> FlashPlan:  # fmt: skip
    findings += tuple(_sparse(steps))
    if reboot:
        steps = [*steps, Step(Verb.REBOOT)]
    findings += (Finding(Severity.NOTE, "not-verified", "download mode reads nothing back; a transfer that breaks begins again with its file"),)  # fmt: skip
    if table is None:
        findings += (Finding(Severity.NOTE, "no-table", "names and sizes are checked against the phone's table when it runs"),)  # fmt: skip
    sizes = {
        step.partition: size
        for step in steps
        if table is not None and step.image and (size := table.partition_size(table.find(step.partition)))
    }
    wanted = Preconditions(partition_sizes=sizes)
    return FlashPlan("heimdall", tuple(steps), device.codename if device else "", wanted, findings, tuple(allow))


def _known(partition: str, image: PlannedFile, table: Pit | None) -> str:
    """The partition's name; refuses what does not fit."""
    if table is None or partition == TABLE:
        return partition
    entry = table.find(partition)
    if entry is None:
        raise PlanError(
            f"The table has no partition {partition!r}",
            remedy=f"It has {', '.join(table.names)}; upper and lower case count",
        )
    room = table.partition_size(entry)
    if room is not None and image.size > room:
        raise PlanError(f"{image.name} takes {image.size} bytes, and {entry.name} has {room}", remedy="Make it smaller")
    return entry.name


def package_plan(
    packages: Iterable[Node],
    table: Pit,
    allow: Iterable[str] = (),
    *,
    only: Iterable[str] = (),
    repartition: bool = False,
    reboot: bool = True,
) -> FlashPlan:
    """Plan to flash firmware packages.

    Args:
        packages: Opened ``.tar.md5`` archives, or zip files of them.
        table: The phone's partition table; it tells which file belongs where.
        allow: Dangers that are accepted; whole packages bring the bootloader.
        only: File names or partitions; empty: all.
        repartition: Replace the partition table by the package's own.
        reboot: Reboot afterwards.

    Returns:
        The plan; files that no partition takes are findings.

    Raises:
        FormatError: If a package is damaged.
        PlanError: If nothing is left to flash, or a file does not fit.
        RefusedError: If a step is dangerous and was not allowed.
    """
    from pmport.formats.packages.samsung import PackageFile, package_files  # noqa: PLC0415 - reading packages costs 12 ms

    files: dict[str, PackageFile] = {}
    for package in packages:
        files |= {file.name: file for file in package_files(package)}
    steps, findings = [], []
    wanted = {name.removesuffix(".lz4") for name in only}
    for file in files.values():
        if file.name.endswith(".pit"):
            if repartition:
                table = Pit.parse(file.section)
                steps.append(Step(Verb.FLASH, TABLE, PlannedFile.of(file.name, file.section)))
            continue
    for file in files.values():
        entry = None if file.name.endswith(".pit") else table.find_file(file.name)
        if file.name.endswith(".pit") or (wanted and not wanted & {file.name, entry.name if entry else ""}):
            continue
        if entry is None or not entry.name:
            findings.append(Finding(Severity.WARNING, "no-partition", f"No partition takes {file.name}", where=file.package))  # fmt: skip
            continue
        image = PlannedFile.of(file.name, file.section)
        steps.append(Step(Verb.FLASH, _known(entry.name, image, table), image))
    if not steps:
        raise PlanError("The packages bring nothing that this phone's table has a partition for")
    return _samsung(steps, tuple(findings), table, allow, None, reboot=reboot)
