r"""Plans for Nokia's NOLO: from a record and images, and from types of images as 0xFFFF takes them.

Example:
    >>> kernel = bytes(36) + b"\x18\x28\x6f\x01" + bytes(1000)
    >>> print(plan_images({"kernel": kernel}, reboot=True).steps[0].title)
    flash kernel
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.generate.plans.images import ROLES, Flashable, planned_file
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb
from pmport.wire import nolo_image
from pmport.wire.nolo_image import LOADED, LOADERS, NEVER_FLASHED

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["METHOD", "SW_RELEASE", "check_step", "nokia_plan", "plan_images"]

METHOD = "0xffff"
"""The flash method, as device records name it."""
SW_RELEASE = "sw-release "
"""Begins the argument of a command step that names the software release."""
CONTROLS = frozenset({Verb.FLASH, Verb.STAGE, Verb.BOOT, Verb.REBOOT, Verb.COMMAND})
"""What NOLO can do."""


def nokia_plan(
    device: Device,
    images: Mapping[str, Flashable],
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

    Raises:
        PlanError: If an image is empty or of another type, or NOLO cannot do it.
        RefusedError: If a step is dangerous and was not allowed.
    """
    named = {ROLES.get(name, name): planned_file(name, file) for name, file in images.items()}
    verb = Verb.STAGE if boot_only else Verb.FLASH
    steps = [Step(verb, kind, image) for kind, image in named.items()]
    steps.append(Step(Verb.BOOT) if boot_only else Step(Verb.REBOOT))
    for step in steps:
        check_step(step)
    wanted = Preconditions(products=device.flash.products)
    note = Finding(Severity.NOTE, "not-verified", "NOLO checks a hash of 16 bits, and reads nothing back")
    return FlashPlan(METHOD, tuple(steps), device.codename, wanted, (note,), tuple(allow))


def check_step(step: Step, *, check_types: bool = True) -> None:
    """Refuse a step that NOLO cannot do, or that has the wrong file.

    Args:
        step: The step.
        check_types: Look into the file.

    Raises:
        PlanError: Says why; nothing was written.
    """
    if step.verb not in CONTROLS or (step.verb is Verb.REBOOT and step.argument not in {"", "update"}):
        raise PlanError(f"NOLO cannot do {step.title!r}", remedy="It flashes, loads, boots and reboots")
    if step.verb is Verb.COMMAND and not step.argument.startswith(SW_RELEASE):
        raise PlanError(f"NOLO knows no command {step.argument!r}", remedy=f"It knows {SW_RELEASE}VERSION")
    if step.image is None:
        return
    kind = step.partition or "kernel"
    if kind not in nolo_image.TYPES:
        raise PlanError(f"{kind!r} is no type of image", remedy=f"Use {', '.join(nolo_image.TYPES)}")
    if step.verb is Verb.FLASH and kind in NEVER_FLASHED:
        raise PlanError(f"NOLO does not flash {kind}", remedy="2nd is for cold flashing only; mmc is a disk's image")
    if step.verb is Verb.BOOT and kind not in LOADED:
        raise PlanError(f"{kind} cannot be started from memory", remedy=f"Only {' and '.join(LOADED)} can")
    seen = nolo_image.detect(step.image.section.read(0, nolo_image.HEAD), step.image.size)
    if check_types and seen is not None and seen != kind:
        raise PlanError(
            f"{step.image.name} looks like {seen}, and is to be flashed as {kind}", state="Nothing was written",
            remedy="Name the right type, or set check_types=False",
        )  # fmt: skip


def plan_images(
    images: Mapping[str, Flashable],
    *,
    load: bool = False,
    cold: bool = False,
    boot: str | None = None,
    reboot: bool = False,
    sw_release: str = "",
    versions: Mapping[str, str] | None = None,
    products: Iterable[str] = (),
    device: str = "",
    allow: Iterable[str] = (),
) -> FlashPlan:
    """Plan what 0xFFFF's options ask for.

    Args:
        images: Type of image → file.
        load: Into memory (kernel and initfs) instead of the flash.
        cold: Begin with the loaders ``2nd`` and ``secondary``, over the boot ROM.
        boot: Afterwards start what is in memory, or else in the flash, with this command line.
        reboot: Afterwards reboot.
        sw_release: Name of the software release.
        versions: Type of image → version that is written with it, or ``device:revisions:version``.
        products: Product codes that the images are for.
        device: Codename.
        allow: Dangers that are accepted.

    Returns:
        The plan; it prints itself.

    Raises:
        PlanError: If an image is missing, empty, or of another type.
        RefusedError: If a step is dangerous and was not allowed.
    """
    named = {kind: planned_file(kind, file) for kind, file in images.items()}
    steps = list(_cold_steps(named)) if cold else []
    if sw_release:
        steps.append(Step(Verb.COMMAND, argument=SW_RELEASE + sw_release))
    verb = Verb.STAGE if load else Verb.FLASH
    for kind, image in named.items():
        if load and kind not in LOADED:
            raise PlanError(f"{kind} cannot be started from memory", remedy=f"Only {' and '.join(LOADED)} can")
        if cold and kind in LOADERS:
            continue
        version = (versions or {}).get(kind, "")
        steps.append(Step(verb, kind, image, version))
    if boot is not None:
        steps.append(Step(Verb.BOOT, argument=boot))
    elif reboot:
        steps.append(Step(Verb.REBOOT))
    for step in steps:
        check_step(step)
    return FlashPlan(METHOD, tuple(steps), device, Preconditions(products=tuple(products)), (), tuple(allow))


def _cold_steps(named: Mapping[str, PlannedFile]) -> Iterator[Step]:
    missing = [kind for kind in LOADERS if kind not in named]
    if missing:
        raise PlanError(f"Cold flashing needs {' and '.join(missing)}", remedy="Both are in the maker's FIASCO image")
    for kind in LOADERS:
        yield Step(Verb.STAGE, kind, named[kind])
