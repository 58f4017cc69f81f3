"""A factory package as a plan: what ``fastboot update`` and ``flashall`` do, seen before it is done.

A package is a zip with ``android-info.txt`` and images, or a zip that holds such a zip as ``image-….zip``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError, PlanError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Members
from pmport.formats.packages.factory_info import FactoryStep, Requirement, factory_steps, requirements
from pmport.formats.registry import recognise_or_data
from pmport.generate.plans.images import check_room, raw_size, recorded_room
from pmport.generate.plans.vbmeta_flags import STALE, flagged, flags_of
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars
    from pmport.node import Node

__all__ = ["factory_partitions", "factory_plan"]

BOOT_IMAGES = (
    "boot", "init_boot", "dtbo", "dts", "pvmfw", "recovery", "vbmeta", "vbmeta_system", "vbmeta_vendor", "vendor_boot",
    "vendor_kernel_boot",
)  # fmt: skip
"""What the bootloader itself writes, in AOSP's order."""
OTHER_IMAGES = (
    "odm", "odm_dlkm", "product", "system", "system_dlkm", "system_ext", "vendor", "vendor_dlkm",
)  # fmt: skip
"""What follows, in fastbootd where the partitions are logical."""
MANDATORY = ("boot", "system")
INFO = "android-info.txt"
WIPED = ("userdata", "cache", "metadata")
"""What is erased with the user's data, where the phone has it."""
BOMB_SIZE = 256 << 20
BOMB_RATIO = 200
"""Deflate packs at most 1032 to 1; images of this size that pack to a 200th are not made: sparse ones leave zeros out."""


def factory_plan(
    package: Node,
    phone: GetVars,
    *,
    wipe: bool = False,
    disable: Iterable[str] = (),
    allow: Iterable[str] = (),
    reboot: bool = True,
) -> FlashPlan:
    """Plan to flash a whole factory package.

    Args:
        package: The opened zip.
        phone: What the phone says of itself: its requirements are checked against it, and its slots are used.
        wipe: Erase the user's data too.
        disable: ``verity``, ``verification``: flags that go into the vbmeta image. The signature is stale then, and only an
            unlocked bootloader starts it.
        allow: Dangers that are accepted.
        reboot: Reboot to the system at the end.

    Returns:
        The plan. Where the phone has logical partitions, it goes through fastbootd.

    Raises:
        PlanError: If the package is no factory package, lacks an image, is for another phone, or does not fit it.
        RefusedError: If a step is dangerous and was not allowed; ``wipe`` allows the wipe.
        FormatError: If one of its text files is broken, two members have one name, or one is damaged.
    """
    files = _files(package) if isinstance(package, Members) else {}
    if INFO not in files:
        raise PlanError(
            "The package has no android-info.txt, which says what phone it is for",
            remedy="It is no factory package: name the images one by one",
        )
    _check_sums(package)
    unsaid = tuple(_check(files[INFO], phone))
    told = files.get("fastboot-info.txt")
    rows = factory_steps(_text(told)) if told is not None else tuple(_usual_steps(files, phone))
    how = _How(phone, flags_of(disable), wipe)
    steps = [*_first(phone)]
    for row in rows:
        if wipe or not row.if_wipe:
            steps += _steps(row, files, how)
        if row.word == "reboot":
            how = how._replace(sized=False)
    if wipe:
        steps += _erasures(steps, phone)
        allow = (*allow, "wipe")
    while steps and steps[-1].verb is Verb.REBOOT and not steps[-1].argument:
        steps.pop()
    if reboot:
        steps.append(Step(Verb.REBOOT))
    wanted = Preconditions(
        products=(phone.product,) if phone.product else (), unlocked=True, current_slot=phone.current_slot
    )
    return FlashPlan("fastboot", tuple(steps), "", wanted, (*unsaid, *_findings(how.flags, files, rows)), tuple(allow))


def factory_partitions(package: Node) -> tuple[str, ...]:
    """The partitions that a factory package has images for, to ask a phone about them.

    Args:
        package: The opened zip.

    Returns:
        Their names, without slots; empty where it is no factory package, which :func:`factory_plan` then says.
    """
    files = _files(package) if isinstance(package, Members) else {}
    return tuple(sorted(name.removesuffix(".img") for name in files if name.endswith(".img")))


class _How(NamedTuple):
    """What all steps of a package depend on."""

    phone: GetVars
    flags: int
    wipe: bool
    sized: bool = True
    """Whether the sizes of partitions are those that will be there: in fastbootd logical ones grow."""


def _first(phone: GetVars) -> Iterator[Step]:
    """Before anything is flashed: the slot that fastbootd is to start from, and no update that waits to be merged."""
    if phone.slots > 1 and phone.current_slot:
        yield Step(Verb.SET_ACTIVE, argument=phone.current_slot)
    if phone["snapshot-update-status"] not in {"", "none"}:
        yield Step(Verb.COMMAND, argument="snapshot-update:cancel")


def _erasures(steps: list[Step], phone: GetVars) -> Iterator[Step]:
    """What a wipe erases besides what the package itself names."""
    done = {step.partition for step in steps if step.verb is Verb.ERASE}
    known = {**phone.partition_types, **phone.partition_sizes}
    for name in WIPED:
        if name not in done and (name in known or (name == "userdata" and not done)):
            yield Step(Verb.ERASE, name)


def _check_sums(package: Node) -> None:
    """Refuse a package with damaged members before anything of it is flashed; reads all of it."""
    damaged = package.damaged() if isinstance(package, Members) else ()
    if damaged:
        raise FormatError(
            f"{', '.join(damaged)} in the package cannot be read, or has another checksum than the package says",
            format=package.KIND,
            field=damaged[0],
            remedy="Nothing was flashed: get the package again",
        )


def _files(package: Members) -> dict[str, Section]:
    """Name → content, of the zip with the images: those beside ``android-info.txt``.

    Raises:
        FormatError: If two members have one name, or one is no file.
    """
    for member in package.members:
        folder, _, base = member.name.rpartition("/")
        if base == INFO:
            return _members(package, f"{folder}/" if folder else "")
    for member in package.members:
        base = member.name.rpartition("/")[2]
        if base.startswith("image-") and base.endswith(".zip"):
            inner = recognise_or_data(member.section)
            return _files(inner) if isinstance(inner, Members) else {}
    return {}


def _members(package: Members, folder: str) -> dict[str, Section]:
    found: dict[str, Section] = {}
    for member in package.members:
        name = member.name.removeprefix(folder)
        if not member.name.startswith(folder) or "/" in name:
            continue
        if name in found:
            raise FormatError(
                f"The package has two members named {member.name!r}", format=package.KIND, field=name,
                remedy="Get the package again: which of them is meant cannot be told",
            )  # fmt: skip
        if member.problem:
            raise FormatError(
                f"{member.name!r} {member.problem}", format=package.KIND, field=name,
                remedy="Unpack the package, and flash its images one by one",
            )  # fmt: skip
        found[name] = member.section
    return found


def _text(section: Section) -> str:
    return section.read(limit=1 << 20).decode("utf-8", "replace")


def _check(info: Section, phone: GetVars) -> Iterator[Finding]:
    """Refuse another phone; what the phone does not say is a finding, as AOSP's client goes on there."""
    for row in requirements(_text(info)):
        if row.product and row.product != phone.product:
            continue
        value = phone[row.variable]
        if row.variable == "partition-exists":
            _check_partition(row.values[0], phone)
        elif not value and row.variable != "product":
            yield Finding(
                Severity.WARNING, "not-told", f"The phone does not tell its {row.variable}", where=f"{INFO}, line {row.line}",
                why=f"the package wants it to be {_wanted(row)}", fix="compare it yourself before you flash",
            )  # fmt: skip
        elif not row.holds(value):
            raise PlanError(
                f"The package wants {row.variable} to be {_wanted(row)}, and the phone says {value or 'nothing'!r}",
                state="Nothing was written",
                remedy="It is for another phone, or for one with another bootloader: android-info.txt says which",
            )


def _wanted(row: Requirement) -> str:
    return ("anything but " if row.reject else "") + " or ".join(row.values)


def _check_partition(name: str, phone: GetVars) -> None:
    known = {*phone.partition_sizes, *phone.partition_types}
    said = phone[f"has-slot:{name}"]
    if known and not said and not {name, f"{name}_a", f"{name}_b"} & known:
        raise PlanError(f"The package wants a partition {name}, and the phone has none", state="Nothing was written")


def _usual_steps(files: dict[str, Section], phone: GetVars) -> Iterator[FactoryStep]:
    """AOSP's order, for a package without ``fastboot-info.txt``."""
    missing = [name for name in MANDATORY if f"{name}.img" not in files]
    if missing:
        raise PlanError(f"The package has no {', '.join(f'{name}.img' for name in missing)}")
    yield from (FactoryStep("flash", name, f"{name}.img") for name in BOOT_IMAGES if f"{name}.img" in files)
    if "super_empty.img" in files:
        yield FactoryStep("reboot", target="fastboot")
        yield FactoryStep("update-super")
    yield from (FactoryStep("flash", name, f"{name}.img") for name in OTHER_IMAGES if f"{name}.img" in files)
    if phone.slots > 1:
        others = (name for name in OTHER_IMAGES if f"{name}_other.img" in files)
        yield from (FactoryStep("flash", name, f"{name}_other.img", other_slot=True) for name in others)
    yield FactoryStep("erase", "userdata", if_wipe=True)


def _steps(row: FactoryStep, files: dict[str, Section], how: _How) -> Iterator[Step]:
    phone = how.phone
    if row.word == "flash":
        if row.image not in files:
            raise PlanError(f"The package has no {row.image}, which is to be flashed to {row.partition}")
        section, partition = files[row.image], _slotted(row, phone)
        _refuse_bomb(row.image, section)
        if how.sized:
            own, room = recorded_room(partition, phone)
            check_room(row.image, section.size, own, room)
            check_room(row.image, raw_size(section), own, room)
        if how.flags and (row.apply_vbmeta or row.partition == "vbmeta"):
            section = flagged(section, how.flags)
        yield Step(Verb.FLASH, partition, PlannedFile.of(row.image, section))
    elif row.word == "erase":
        yield Step(Verb.ERASE, row.partition)
    elif row.word == "reboot":
        yield Step(Verb.REBOOT, argument=row.target)
    elif "super_empty.img" in files:
        image = PlannedFile.of("super_empty.img", files["super_empty.img"])
        yield Step(Verb.STAGE, "super_empty", image)
        wiping = ":wipe" if how.wipe else ""
        yield Step(Verb.COMMAND, argument=f"update-super:{phone['super-partition-name'] or 'super'}{wiping}")


def _refuse_bomb(name: str, section: Section) -> None:
    """Refuse what unpacks to far more than it can mean, before its first byte is unpacked."""
    packed = getattr(section.source, "packed", None)
    if isinstance(packed, Section) and section.size > max(BOMB_SIZE, BOMB_RATIO * packed.size):
        raise PlanError(
            f"{name} unpacks from {packed.size} to {section.size} bytes, as no image does", state="Nothing was written",
            remedy="If it is meant so, unpack the package and flash its images one by one",
        )  # fmt: skip


def _slotted(row: FactoryStep, phone: GetVars) -> str:
    if row.other_slot and phone.slots > 1:
        return f"{row.partition}_{'b' if phone.current_slot == 'a' else 'a'}"
    return row.partition


def _findings(flags: int, files: dict[str, Section], rows: tuple[FactoryStep, ...]) -> Iterator[Finding]:
    if flags:
        yield STALE
    used = {row.image for row in rows}
    left = sorted(name for name in files if name.endswith(".img") and name not in used and name != "super_empty.img")
    if left:
        yield Finding(
            Severity.NOTE, "not-flashed", f"The package also has {', '.join(left)}, which its order does not name"
        )
