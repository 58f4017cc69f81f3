"""Carry a plan to a phone in fastboot mode."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from pmport.errors import FlashError, PlanError
from pmport.events import OnEvent, StepFinished, StepStarted, Waiting, ignore
from pmport.findings import Finding, Severity
from pmport.flashers.fastboot.client import FastbootClient, Timeouts
from pmport.flashers.fastboot.downloads import downloads, with_footer_at_end
from pmport.flashers.fastboot.phone import Phone, check_phone
from pmport.flashers.fastboot.progress import Progress
from pmport.flashers.fastboot.quirks import quirk_of
from pmport.flashers.fastboot.verify import read_back
from pmport.generate.plans.images import is_ramdisk, raw_size
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pmport.formats.reports.getvars import GetVars
    from pmport.transport.base import Transport

__all__ = ["FastbootFlasher"]

UNKNOWN_LIMIT = 256 << 20
"""How much is sent at once to a device that does not say how much it takes."""


class FastbootFlasher:
    """The flasher for fastboot: bootloaders, lk2nd, fastbootd.

    Args:
        transport: The connection.
        timeouts: How long to wait for what.
    """

    method = "fastboot"

    def __init__(self, transport: Transport, *, timeouts: Timeouts | None = None) -> None:
        self.client: FastbootClient = FastbootClient(transport, timeouts=timeouts)
        self.largest_download = 0
        """Bytes that are sent at once at the most; 0: as much as the phone takes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the phone."""
        self.client.transport.close()

    def variables(self, partitions: Iterable[str] = ()) -> GetVars:
        """What the phone says of itself, for a planner.

        Args:
            partitions: Partitions that the plan will need to know of, which ``getvar all`` may leave out.

        Returns:
            The variables.
        """
        return Phone(self.client).with_partitions(partitions)

    def run(self, plan: FlashPlan, on_event: OnEvent = ignore, *, verify: bool = False) -> tuple[Finding, ...]:
        """Carry out a plan; see :class:`~pmport.flashers.methods.Flasher`.

        Args:
            plan: The plan.
            on_event: Called with every event.
            verify: Read back what was flashed before the last reboot, where the phone lets it, and compare.

        Returns:
            What the comparison found; nothing where all is right, or nothing was compared.
        """
        plan.check(self.method)
        self.client.on_event = on_event
        progress = Progress()
        with progress.told("asking the phone"):
            phone = self._met(plan, plan.steps, progress)
        for index, step in enumerate(plan.steps):
            last = index + 1 == len(plan.steps)
            if verify and last and step.verb is Verb.REBOOT:
                findings = tuple(read_back(self.client, plan, phone))
                if any(finding.severity is Severity.ERROR for finding in findings):
                    return findings  # what is wrong is not started
            on_event(StepStarted(step.title, index, len(plan.steps)))
            start = time.monotonic()
            with progress.told(step.title, step):
                self._do(plan, index, phone, progress)
            progress.finished(step)
            if step.verb is Verb.REBOOT and not last:
                with progress.told(step.title, step):
                    phone = self._found_again(plan, index, phone, progress, on_event)
            on_event(StepFinished(step.title, time.monotonic() - start))
        if not verify:
            return ()
        return (
            findings
            if plan.steps and plan.steps[-1].verb is Verb.REBOOT
            else tuple(read_back(self.client, plan, phone))
        )

    def _met(self, plan: FlashPlan, steps: Iterable[Step], progress: Progress) -> Phone:
        """Ask a phone that has just been connected, and refuse it if it is not the right one."""
        phone = Phone(self.client)
        check_phone(plan, phone, _until_restart(steps))
        quirk = quirk_of(phone)
        progress.hint = quirk.hint
        transport = self.client.transport
        if quirk.usb_chunk and transport.transfer_size:
            transport.transfer_size = min(transport.transfer_size, quirk.usb_chunk)
        return phone

    def _found_again(self, plan: FlashPlan, index: int, before: Phone, progress: Progress, on_event: OnEvent) -> Phone:
        """The phone that rebooted in the middle of a plan: into fastbootd, or back into the bootloader."""
        client, step = self.client, plan.steps[index]
        serial, product = before["serialno"], before["product"]
        transport = client.transport.returned(
            timeout=client.timeouts.restart,
            waited=lambda what, limit: on_event(Waiting(step.title, what, limit)),
        )
        self.client = FastbootClient(transport, timeouts=client.timeouts, on_event=on_event)
        phone = Phone(self.client)
        same = (serial and phone["serialno"] == serial) or phone["product"] in {
            "",
            product,
            *plan.preconditions.products,
        }
        if not same:
            raise FlashError(
                f"Another phone came back: it says that it is {phone['product']!r}",
                remedy="Unplug it, and run the plan again with the right phone",
            )
        if step.argument == "fastboot" and phone["is-userspace"] != "yes":
            raise FlashError(
                "The phone restarted, and is not in fastbootd: it does not say that it is in userspace",
                remedy="Look at its screen; a recovery without fastbootd cannot take this plan",
            )
        rest = replace(plan, preconditions=Preconditions(unlocked=plan.preconditions.unlocked))
        return self._met(rest, plan.steps[index + 1 :], progress)

    def _do(self, plan: FlashPlan, index: int, phone: Phone, progress: Progress) -> None:
        client, step = self.client, plan.steps[index]
        if step.verb is Verb.FLASH and step.image:
            names = [step.partition] if is_ramdisk(step.partition) else phone.partitions(step.partition, plan.slot)
            for name in names:
                self._flash(step, step.image, name, phone, progress)
        elif step.verb in {Verb.BOOT, Verb.STAGE} and step.image:
            client.download(step.image.section, step=step.title)
            if step.verb is Verb.BOOT:
                client.boot()
        elif step.verb is Verb.REBOOT:
            client.reboot(step.argument)
        elif step.verb in {Verb.ERASE, Verb.SET_ACTIVE, Verb.COMMAND}:
            self._tell(plan, index, phone, progress)
        else:
            raise PlanError(
                f"Fastboot cannot do {step.title!r}", remedy="It flashes, erases, boots, stages and reboots"
            )

    def _tell(self, plan: FlashPlan, index: int, phone: Phone, progress: Progress) -> None:
        """What needs no data; it may be done even where the answer does not come."""
        client, step = self.client, plan.steps[index]
        if step.verb is Verb.ERASE:
            for name in phone.partitions(step.partition, plan.slot):
                progress.writing = True
                client.erase(name)
        elif step.verb is Verb.SET_ACTIVE:
            (slot, *_) = phone.slots(step.argument.removeprefix("_"))
            progress.writing = True
            client.set_active(slot)
        else:
            progress.writing = True
            client.command(step.argument, timeout=client.timeouts.work)
            phone.forget()
            if step.argument.startswith("update-super:"):
                self._make_room(plan, index, phone)

    def _make_room(self, plan: FlashPlan, index: int, phone: Phone) -> None:
        """All logical partitions that will be flashed are emptied first: the old ones may fill super."""
        for step in _until_restart(plan.steps[index + 1 :]):
            if step.verb is Verb.FLASH and not is_ramdisk(step.partition):
                for name in phone.partitions(step.partition, plan.slot):
                    if phone.is_logical(name):
                        self.client.command(f"resize-logical-partition:{name}:0")

    def _flash(self, step: Step, image: PlannedFile, name: str, phone: Phone, progress: Progress) -> None:
        if is_ramdisk(name):
            self._flash_ramdisk(step, image, phone, progress)
            return
        progress.pieces, progress.writing, section = 0, False, image.section
        if phone.is_logical(name):
            progress.writing = True
            self.client.command(f"resize-logical-partition:{name}:{raw_size(section)}")
            progress.writing = False
        else:
            section = with_footer_at_end(section, phone.size(name))
        limit = phone.max_download_size or UNKNOWN_LIMIT
        limits = (limit, quirk_of(phone).largest_download, self.largest_download)
        for piece in downloads(section, min(size for size in limits if size)):
            image.check()
            self.client.download(piece, step=step.title)
            image.check()  # the phone writes nothing of a download before it is told to
            progress.writing = True
            self.client.flash(name, step=step.title)
            progress.writing = False
            progress.pieces += 1

    def _flash_ramdisk(self, step: Step, image: PlannedFile, phone: Phone, progress: Progress) -> None:
        """A ramdisk of a vendor boot image: the image is read from the phone, changed, and written whole."""
        from pmport.formats.boot.vendor_image import VendorBoot  # noqa: PLC0415 - few flash a part of an image

        base, _, wanted = step.partition.partition(":")
        (partition,) = phone.partitions(base)
        with tempfile.TemporaryFile() as whole:
            size = self.client.fetch(partition, whole)
            old = VendorBoot.parse(whole)
            names = [fragment.name for fragment in old.fragments]
            name = names[0] if wanted == "default" and len(names) == 1 else wanted
            if name not in names:
                raise PlanError(
                    f"{partition} has no ramdisk named {wanted!r}; it has {', '.join(repr(known) for known in names)}",
                    state="Nothing was written",
                    remedy="Name one of them, or flash a whole vendor_boot image",
                )
            new = old.replace(fragments={name: image.section}, partition_size=size)
            self.client.download(new.section(), step=step.title)
            progress.writing = True
            self.client.flash(partition, step=step.title)


def _until_restart(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if step.verb is Verb.REBOOT:
            return
        yield step
