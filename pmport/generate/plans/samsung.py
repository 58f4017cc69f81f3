"""Plans for Samsung's download mode and for Nokia's NOLO: from a record and images, from partition names, from packages."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pmport.byte_sources import FileSource
from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.formats.storage.pit import Pit
from pmport.formats.storage.sparse import is_sparse
from pmport.node import Node
from pmport.plan import FlashPlan, Image, Preconditions, Step, Verb
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.section import Readable

__all__ = ["nokia_plan", "package_plan", "samsung_plan"]

ROLES = {
    "boot": "kernel",
    "kernel": "kernel",
    "rootfs": "rootfs",
    "vbmeta": "vbmeta",
    "initfs": "initfs",
    "dtbo": "dtbo",
    "vendor_boot": "vendor_boot",
}
"""Name of an image → the role that a record knows a partition by."""
DEFAULTS = {"kernel": "KERNEL", "initfs": "RECOVERY", "rootfs": "SYSTEM"}
"""Samsung's partitions where a record names none (the schema's own defaults)."""
BOOT_MAGIC = b"ANDROID!"
SEQUENCE = 30 << 20
"""Bytes that are written at once."""
TABLE = "PIT"
BOOT_CHAIN = frozenset(
    {
        "BOOTLOADER", "SBOOT", "SBL", "SBL1", "SBL2", "SBL3", "ABOOT", "ABL", "XBL", "RPM", "TZ", "HYP", "IBL+PBL", "PARAM",
        "UP_PARAM", "EFS", "SEC_EFS", "CM", "KEYSTORAGE", "KEYMASTER", "LDFW", "TZSW", "DQMDBG", "MD5HDR", "BOTA0", "BOTA1",
        "RADIO", "MODEM", "CP_DEBUG", "NAD_FW", "UH", "HARX", "DRAM_TRAIN",
    }
)  # fmt: skip
"""Partitions whose loss a phone does not survive, or that hold calibration."""
NOKIA_CHAIN = frozenset({"xloader", "secondary"})


def _image(name: str, image: str | os.PathLike[str] | Readable | Node) -> Image:
    if isinstance(image, (str, os.PathLike)):
        if os.path.isdir(image):  # noqa: PTH112 - any path-like will do
            raise PlanError(f"{os.fspath(image)} is a directory", remedy="name a file in it")
        return Image.of(os.fspath(image), Section.of(FileSource(image)))
    if isinstance(image, Node):
        return Image.of(f"{name} ({image.KIND})", image.section())
    section = Section.of(image)
    return Image.of(section.source.name or name, section)


def _danger(partition: str) -> str:
    if partition.upper() == TABLE:
        return "repartition"
    return "bootloader" if partition.upper() in BOOT_CHAIN else ""


def samsung_plan(
    images: Mapping[str, str | os.PathLike[str] | Readable | Node],
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
    roles = {} if device is None else {**DEFAULTS, **device.flash.partitions.get("heimdall", {})}
    blacklist = () if device is None else device.flash.blacklist
    steps = []
    for name, file in images.items():
        partition = roles.get(ROLES.get(name, ""), name)
        if partition in blacklist:
            raise PlanError(
                f"{partition} is never flashed on this device", remedy="its record says so: flash.blacklist"
            )
        image = _image(name, file)
        if name in {"boot", "kernel"} and device is not None and device.flash.method.endswith("-bootimg"):
            _check_magic(image)
        known = _known(partition, image, table)
        steps.append(Step(Verb.FLASH, partition, image, danger=_danger(known)))
    steps.sort(key=lambda step: step.partition != TABLE)  # the table comes before everything else
    return _samsung(steps, _isorec(device), table, allow, device, reboot=reboot)


def _check_magic(image: Image) -> None:
    if image.section.read(0, len(BOOT_MAGIC)) != BOOT_MAGIC:
        raise PlanError(f"{image.name} is no Android boot image", remedy="build it with `pmport repack`, or mkbootimg")


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
            Severity.NOTE, "isorec", "this phone keeps the kernel and its initfs in partitions of their own",
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


def _known(partition: str, image: Image, table: Pit | None) -> str:
    """The partition's name; refuses what does not fit."""
    if table is None or partition == TABLE:
        return partition
    entry = table.find(partition)
    if entry is None:
        raise PlanError(
            f"the table has no partition {partition!r}",
            remedy=f"it has {', '.join(table.names)}; upper and lower case count",
        )
    room = table.partition_size(entry)
    if room is not None and image.size > room:
        raise PlanError(f"{image.name} takes {image.size} bytes, and {entry.name} has {room}", remedy="make it smaller")
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
                steps.append(Step(Verb.FLASH, TABLE, Image.of(file.name, file.section), danger="repartition"))
            continue
    for file in files.values():
        entry = None if file.name.endswith(".pit") else table.find_file(file.name)
        if file.name.endswith(".pit") or (wanted and not wanted & {file.name, entry.name if entry else ""}):
            continue
        if entry is None or not entry.name:
            findings.append(Finding(Severity.WARNING, "no-partition", f"no partition takes {file.name}", where=file.package))  # fmt: skip
            continue
        image = Image.of(file.name, file.section)
        steps.append(Step(Verb.FLASH, entry.name, image, danger=_danger(_known(entry.name, image, table))))
    if not steps:
        raise PlanError("the packages bring nothing that this phone's table has a partition for")
    return _samsung(steps, tuple(findings), table, allow, None, reboot=reboot)


def nokia_plan(
    device: Device,
    images: Mapping[str, str | os.PathLike[str] | Readable | Node],
    allow: Iterable[str] = (),
    *,
    boot_only: bool = False,
) -> FlashPlan:
    """Plan to flash, or to start from memory, what NOLO takes.

    Args:
        device: The record.
        images: Role or type of image → file; ``boot`` is the kernel.
        allow: Dangers that are accepted.
        boot_only: Start the kernel from memory, and write nothing.

    Returns:
        The plan.
    """
    named = {ROLES.get(name, name): _image(name, file) for name, file in images.items()}
    verb = Verb.STAGE if boot_only else Verb.FLASH
    steps = [
        Step(verb, kind, image, danger="bootloader" if kind in NOKIA_CHAIN else "") for kind, image in named.items()
    ]
    steps.append(Step(Verb.BOOT) if boot_only else Step(Verb.REBOOT))
    wanted = Preconditions(products=device.flash.products)
    note = Finding(Severity.NOTE, "not-verified", "NOLO checks a hash of 16 bits, and reads nothing back")
    return FlashPlan("0xffff", tuple(steps), device.codename, wanted, (note,), tuple(allow))
