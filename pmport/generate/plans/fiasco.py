"""Which images of a FIASCO file go to a phone: those for its product and revision, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.generate.plans.nokia import METHOD, SW_RELEASE, check_step
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb
from pmport.wire.nolo_image import LOADERS, NEVER_FLASHED, ImageLabel

if TYPE_CHECKING:
    from pmport.formats.packages.fiasco import Fiasco, FiascoImage

__all__ = ["plan_fiasco"]

DEVICE = 0x32
DEVICE_SIZE, REVISION_SIZE = 16, 8


def plan_fiasco(
    fiasco: Fiasco,
    product: str,
    revision: str,
    allow: Iterable[str] = (),
    *,
    only: Iterable[str] = (),
    cold: bool = False,
    sw_release: bool = False,
    reboot: bool = True,
    device: str = "",
) -> FlashPlan:
    """Plan to flash a FIASCO file.

    Args:
        fiasco: The file.
        product: The phone's product code, such as ``RX-51``.
        revision: Its hardware revision, such as ``2101``.
        allow: Dangers that are accepted; whole files bring the bootloader.
        only: Types of images; empty: all that can be flashed.
        cold: Begin with the loaders ``2nd`` and ``secondary``, over the boot ROM.
        sw_release: Tell the phone the file's release.
        reboot: Reboot afterwards.
        device: Codename.

    Returns:
        The plan; images that are left out are findings.

    Raises:
        PlanError: If the file is damaged, or has nothing for this phone.
        RefusedError: If a step is dangerous and was not allowed.
    """
    broken = next((item for item in fiasco.findings() if item.severity is Severity.ERROR), None)
    if broken is not None:
        raise PlanError(f"The FIASCO file is damaged: {broken.message}", remedy="Get the file again")
    wanted = set(only)
    fitting = [image for image in fiasco.images if _label(image, revision).fits(product, revision)]
    steps = list(_cold(fitting, revision)) if cold else []
    findings = []
    if sw_release and fiasco.release:
        steps.append(Step(Verb.COMMAND, argument=SW_RELEASE + fiasco.release))
    for image in fitting:
        if wanted and image.type not in wanted:
            continue
        if image.type in NEVER_FLASHED:
            if not (cold and image.type in LOADERS):
                findings.append(Finding(Severity.NOTE, "not-flashed", f"NOLO does not flash {image.type}", where=image.version))  # fmt: skip
            continue
        steps.append(_step(Verb.FLASH, image, revision))
    if not any(step.image for step in steps):
        raise PlanError(f"The FIASCO file has nothing to flash for {product} {revision}")
    if reboot:
        steps.append(Step(Verb.REBOOT))
    for step in steps:
        check_step(step)
    return FlashPlan(METHOD, tuple(steps), device, Preconditions(products=(product,)), tuple(findings), tuple(allow))


def _cold(images: list[FiascoImage], revision: str) -> Iterator[Step]:
    for kind in LOADERS:
        image = next((image for image in images if image.type == kind), None)
        if image is None:
            raise PlanError(f"Cold flashing needs {kind}, and the file has none for this phone")
        yield _step(Verb.STAGE, image, revision)


def _step(verb: Verb, image: FiascoImage, revision: str) -> Step:
    label = _label(image, revision)
    name = f"{image.type} {label.version}".strip()
    return Step(verb, image.type, PlannedFile.of(name, image.section), str(label))


def _label(image: FiascoImage, revision: str) -> ImageLabel:
    """What the phone is told: of several blocks of revisions, the one with this phone's."""
    for kind, data in image.subsections:
        revisions = tuple(
            data[at : at + REVISION_SIZE].split(b"\0")[0].decode("ascii", "replace")
            for at in range(DEVICE_SIZE, len(data), REVISION_SIZE)
        )
        if kind == DEVICE and revision in revisions:
            return ImageLabel(image.version, image.device, revisions)
    return ImageLabel(image.version, image.device, image.revisions)
