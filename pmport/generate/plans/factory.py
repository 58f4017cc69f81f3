"""A factory package as a plan: what ``fastboot update`` and ``flashall`` do, seen before it is done.

A package is a zip with ``android-info.txt`` and images, or a zip that holds such a zip as ``image-….zip``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Members
from pmport.formats.packages.factory_info import FactoryStep, factory_steps, requirements
from pmport.formats.storage.sparse import SparseImage, is_sparse
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars
    from pmport.node import Node

__all__ = ["factory_plan"]

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
VBMETA_MAGIC = b"AVB0"
FLAGS_AT = 123
"""The lowest byte of the flags, big-endian, of a vbmeta header."""
FLAGS = {"verity": 1, "verification": 2}
"""What can be switched off → its bit."""


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
        PlanError: If the package is no factory package, lacks an image, or is for another phone.
        FormatError: If one of its text files is broken.
    """
    files = _files(package) if isinstance(package, Members) else {}
    if "android-info.txt" not in files:
        raise PlanError(
            "the package has no android-info.txt, which says what phone it is for",
            remedy="it is no factory package: name the images one by one",
        )
    _check(files["android-info.txt"], phone)
    unknown = set(disable) - FLAGS.keys()
    if unknown:
        raise PlanError(f"{', '.join(sorted(unknown))} cannot be switched off", remedy=f"these can: {', '.join(FLAGS)}")
    told = files.get("fastboot-info.txt")
    rows = factory_steps(_text(told)) if told is not None else tuple(_usual_steps(files, phone))
    flags = sum(FLAGS[word] for word in set(disable))
    steps = [step for row in rows if wipe or not row.if_wipe for step in _steps(row, files, phone, flags)]
    if wipe and not any(step.verb is Verb.ERASE for step in steps):
        steps.append(Step(Verb.ERASE, "userdata"))
    while steps and steps[-1].verb is Verb.REBOOT and not steps[-1].argument:
        steps.pop()
    if reboot:
        steps.append(Step(Verb.REBOOT))
    wanted = Preconditions(
        products=(phone.product,) if phone.product else (), unlocked=True, current_slot=phone.current_slot
    )
    return FlashPlan("fastboot", tuple(steps), "", wanted, tuple(_findings(flags, files, rows)), tuple(allow))


def _files(package: Members) -> dict[str, Section]:
    """Name → content, of the zip with the images."""
    names = {name.rpartition("/")[2]: name for name in package.names}
    if "android-info.txt" not in names:
        for name in package.names:
            if name.rpartition("/")[2].startswith("image-") and name.endswith(".zip"):
                inner = package[name]
                return {item.name: item.section for item in inner.members} if isinstance(inner, Members) else {}
    return {short: package.member(name) for short, name in names.items()}


def _text(section: Section) -> str:
    return section.read(limit=1 << 20).decode("utf-8", "replace")


def _check(info: Section, phone: GetVars) -> None:
    for row in requirements(_text(info)):
        if row.product and row.product != phone.product:
            continue
        if row.variable == "partition-exists":
            known = phone.partition_sizes
            for name in row.values:
                if known and not {name, f"{name}_a", f"{name}_{phone.current_slot}"} & known.keys():
                    raise PlanError(
                        f"the package wants a partition {name}, and the phone has none", state="nothing was written"
                    )
        elif not row.holds(phone[row.variable]):
            wanted = ("anything but " if row.reject else "") + " or ".join(row.values)
            raise PlanError(
                f"the package wants {row.variable} to be {wanted}, and the phone says {phone[row.variable] or 'nothing'!r}",
                state="nothing was written",
                remedy="it is for another phone, or for one with another bootloader: android-info.txt says which",
            )


def _usual_steps(files: dict[str, Section], phone: GetVars) -> Iterator[FactoryStep]:
    """AOSP's order, for a package without ``fastboot-info.txt``."""
    missing = [name for name in MANDATORY if f"{name}.img" not in files]
    if missing:
        raise PlanError(f"the package has no {', '.join(f'{name}.img' for name in missing)}")
    yield from (FactoryStep("flash", name, f"{name}.img") for name in BOOT_IMAGES if f"{name}.img" in files)
    if "super_empty.img" in files:
        yield FactoryStep("reboot", target="fastboot")
        yield FactoryStep("update-super")
    yield from (FactoryStep("flash", name, f"{name}.img") for name in OTHER_IMAGES if f"{name}.img" in files)
    if phone.slots > 1:
        others = (name for name in OTHER_IMAGES if f"{name}_other.img" in files)
        yield from (FactoryStep("flash", name, f"{name}_other.img", other_slot=True) for name in others)
    yield FactoryStep("erase", "userdata", if_wipe=True)


def _steps(row: FactoryStep, files: dict[str, Section], phone: GetVars, flags: int) -> Iterator[Step]:
    if row.word == "flash":
        if row.image not in files:
            raise PlanError(f"the package has no {row.image}, which is to be flashed to {row.partition}")
        section = files[row.image]
        if flags and (row.apply_vbmeta or row.partition == "vbmeta"):
            section = _flagged(section, flags)
        yield Step(Verb.FLASH, _slotted(row, phone), PlannedFile.of(row.image, section))
    elif row.word == "erase":
        yield Step(Verb.ERASE, row.partition)
    elif row.word == "reboot":
        yield Step(Verb.REBOOT, argument=row.target)
    elif "super_empty.img" in files:
        image = PlannedFile.of("super_empty.img", files["super_empty.img"])
        yield Step(Verb.STAGE, "super_empty", image)
        yield Step(Verb.COMMAND, argument=f"update-super:{phone['super-partition-name'] or 'super'}")


def _slotted(row: FactoryStep, phone: GetVars) -> str:
    if row.other_slot and phone.slots > 1:
        return f"{row.partition}_{'b' if phone.current_slot == 'a' else 'a'}"
    return row.partition


def _flagged(section: Section, flags: int) -> Section:
    """A vbmeta image with flags set, as ``fastboot --disable-verity --disable-verification`` sets them."""
    raw = SparseImage.parse(section).raw() if is_sparse(section) else section
    if raw.size < 256 or raw.read(0, 4) != VBMETA_MAGIC:
        raise PlanError("what is to carry the flags of verified boot is no vbmeta image")
    byte = raw.read(FLAGS_AT, 1)[0] | flags
    return Section.joined([raw[:FLAGS_AT], bytes([byte]), raw[FLAGS_AT + 1 :]])


def _findings(flags: int, files: dict[str, Section], rows: tuple[FactoryStep, ...]) -> Iterator[Finding]:
    if flags:
        yield Finding(
            Severity.WARNING, "stale-signature", "the vbmeta image is changed, and its signature does not hold any more",
            why="a locked bootloader refuses it",
        )  # fmt: skip
    used = {row.image for row in rows}
    left = sorted(name for name in files if name.endswith(".img") and name not in used and name != "super_empty.img")
    if left:
        yield Finding(
            Severity.NOTE, "not-flashed", f"the package also has {', '.join(left)}, which its order does not name"
        )
