"""Carry a plan to a phone in fastboot mode."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from pmport.errors import DeviceRefusedError, FlashError, PlanError, TransportError
from pmport.events import OnEvent, StepFinished, StepStarted, Waiting, ignore
from pmport.findings import Finding, Severity
from pmport.flashers.fastboot.client import FastbootClient, Timeouts
from pmport.flashers.fastboot.partitions import partition_with_slot
from pmport.flashers.fastboot.quirks import NONE, Quirk, quirk_of
from pmport.flashers.fastboot.verify import read_back
from pmport.generate.plans.images import raw_size
from pmport.plan import FlashPlan, PlannedFile, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.formats.reports.getvars import GetVars
    from pmport.section import Section
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
        self.client = FastbootClient(transport, timeouts=timeouts)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the phone."""
        self.client.transport.close()

    def run(self, plan: FlashPlan, on_event: OnEvent = ignore, *, verify: bool = False) -> tuple[Finding, ...]:
        """Carry out a plan; see :class:`~pmport.flashers.methods.Flasher`.

        Args:
            plan: The plan.
            on_event: Called with every event.
            verify: Read back what was flashed before the last reboot, where the phone lets it, and compare.

        Returns:
            What the comparison found; nothing where all is right, or nothing was compared.
        """
        findings: tuple[Finding, ...] = ()
        plan.check(self.method)
        self.client.on_event = on_event
        phone = self.client.getvars()
        check_phone(plan, phone)
        quirk = self._heed(phone)
        for index, step in enumerate(plan.steps):
            if verify and index + 1 == len(plan.steps) and step.verb is Verb.REBOOT:
                findings = tuple(read_back(self.client, plan, phone))
                if any(finding.severity is Severity.ERROR for finding in findings):
                    return findings  # what is wrong is not started
            on_event(StepStarted(step.title, index, len(plan.steps)))
            start = time.monotonic()
            with _told(step, quirk):
                self._do(step, phone)
            if step.verb is Verb.REBOOT and index + 1 < len(plan.steps):
                phone = self._found_again(step, on_event)
            on_event(StepFinished(step.title, time.monotonic() - start))
        if verify and plan.steps and plan.steps[-1].verb is not Verb.REBOOT:
            findings = tuple(read_back(self.client, plan, phone))
        return findings

    def _heed(self, phone: GetVars) -> Quirk:
        """What is special about this phone, of which the cable must know."""
        quirk = quirk_of(phone)
        transport = self.client.transport
        if quirk.usb_chunk and transport.transfer_size:
            transport.transfer_size = min(transport.transfer_size, quirk.usb_chunk)
        return quirk

    def _found_again(self, step: Step, on_event: OnEvent) -> GetVars:
        """The phone that rebooted in the middle of a plan: into fastbootd, or back into the bootloader."""
        client = self.client
        transport = client.transport.returned(
            timeout=client.timeouts.restart,
            waited=lambda what, limit: on_event(Waiting(step.title, what, limit)),
        )
        self.client = FastbootClient(transport, timeouts=client.timeouts, on_event=on_event)
        phone = self.client.getvars()
        if step.argument == "fastboot" and phone["is-userspace"] != "yes":
            raise FlashError(
                "The phone restarted, and is not in fastbootd: it does not say that it is in userspace",
                state="The steps before the restart are done, nothing after it",
                remedy="look at its screen; a recovery without fastbootd cannot take this plan",
            )
        self._heed(phone)
        return phone

    def _do(self, step: Step, phone: GetVars) -> None:
        client = self.client
        if step.verb is Verb.FLASH and step.image:
            self._flash(step, step.image, phone)
        elif step.verb is Verb.BOOT and step.image:
            client.download(step.image.section, step=step.title)
            client.boot()
        elif step.verb is Verb.STAGE and step.image:
            client.download(step.image.section, step=step.title)
        elif step.verb is Verb.ERASE:
            client.erase(step.partition)
        elif step.verb is Verb.SET_ACTIVE:
            client.set_active(step.argument)
        elif step.verb is Verb.REBOOT:
            client.reboot(step.argument)
        elif step.verb is Verb.COMMAND:
            client.command(step.argument, timeout=client.timeouts.work)
        else:
            raise PlanError(f"fastboot cannot do {step.title!r}")

    def _flash(self, step: Step, image: PlannedFile, phone: GetVars) -> None:
        base, sign, fragment = step.partition.partition(":")
        partition = partition_with_slot(base, phone)
        if sign:
            self._flash_fragment(partition, fragment, image, step)
            return
        if phone[f"is-logical:{partition}"] == "yes":
            self.client.command(f"resize-logical-partition:{partition}:{raw_size(image.section)}")
        limit = phone.max_download_size or UNKNOWN_LIMIT
        for piece in pieces(image.section, min(limit, quirk_of(phone).largest_download or limit)):
            self.client.download(piece, step=step.title)
            self.client.flash(partition, step=step.title)

    def _flash_fragment(self, partition: str, name: str, image: PlannedFile, step: Step) -> None:
        """A ramdisk of a vendor boot image: the image is read from the phone, changed, and written whole."""
        from pmport.formats.boot.vendor_image import VendorBoot  # noqa: PLC0415 - few flash a part of an image

        with tempfile.TemporaryFile() as whole:
            size = self.client.fetch(partition, whole)
            old = VendorBoot.parse(whole)
            names = [fragment.name for fragment in old.fragments]
            wanted = names[0] if name == "default" and len(names) == 1 else name
            if wanted not in names:
                raise PlanError(
                    f"{partition} has no ramdisk named {name!r}; it has {', '.join(repr(known) for known in names)}",
                    state="nothing was written",
                    remedy="name one of them, or flash a whole vendor_boot image",
                )
            new = old.replace(fragments={wanted: image.section}, partition_size=size)
            self.client.download(new.section(), step=step.title)
            self.client.flash(partition, step=step.title)


def pieces(section: Section, limit: int) -> Iterator[Section]:
    """An image as the downloads that carry it.

    Args:
        section: A raw or a sparse image.
        limit: Largest download, bytes.

    Yields:
        The image itself where it fits, else sparse images that each fit.
    """
    if section.size <= limit:
        yield section
        return
    from pmport.formats.storage.sparse import split  # noqa: PLC0415 - only for what does not fit

    for piece in split(section, limit):
        yield piece.section()


def check_phone(plan: FlashPlan, phone: GetVars) -> None:
    """Refuse a phone that is not the one that the plan was made for.

    Args:
        plan: The plan.
        phone: What the phone says of itself.

    Raises:
        PlanError: Names the difference; nothing was written.
    """
    wanted = plan.preconditions
    if wanted.products and phone.product and phone.product not in wanted.products:
        raise PlanError(
            f"the phone says that it is {phone.product!r}, and the plan is for {' or '.join(wanted.products)}",
            state="nothing was written", remedy="take the right phone, or make a plan for this one",
        )  # fmt: skip
    if phone["battery-soc-ok"] == "no":
        raise PlanError(
            f"the phone says that its battery is too low ({phone['battery-voltage'] or 'voltage not told'})",
            state="nothing was written",
            remedy="charge it: a phone that goes off while it is written may not start again",
        )
    if wanted.unlocked and phone.unlocked is False:
        raise PlanError(
            "the bootloader is locked", state="nothing was written", remedy="unlock it as its maker describes"
        )
    if wanted.current_slot and phone.current_slot and phone.current_slot != wanted.current_slot:
        raise PlanError(
            f"the current slot is {phone.current_slot}, and was {wanted.current_slot} when the plan was made",
            state="nothing was written", remedy="make the plan again",
        )  # fmt: skip
    if wanted.max_download_size and phone.max_download_size and phone.max_download_size < wanted.max_download_size:
        raise PlanError(
            f"the phone takes {phone.max_download_size} bytes at once, and said {wanted.max_download_size} before",
            state="nothing was written", remedy="make the plan again",
        )  # fmt: skip
    for step in plan.steps:
        if step.verb is Verb.FLASH and step.image:
            _check_room(step, step.image, phone)


def _check_room(step: Step, image: PlannedFile, phone: GetVars) -> None:
    partition = partition_with_slot(step.partition, phone)
    room = phone.partition_sizes.get(partition)
    if room is None or phone[f"is-logical:{partition}"] == "yes":
        return
    size = raw_size(image.section)
    if size > room:
        raise PlanError(
            f"{image.name} takes {size} bytes, and {partition} has {room}", state="nothing was written",
            remedy="make the image smaller",
        )  # fmt: skip


@contextmanager
def _told(step: Step, quirk: Quirk = NONE) -> Iterator[None]:
    """Errors inside a step name the partition, the bytes sent, and what is on the phone now."""
    try:
        yield
    except DeviceRefusedError as error:
        error.partition = step.partition
        error.state = error.state or _state(step, 0)
        raise
    except FlashError as error:
        error.partition = error.partition or step.partition
        raise
    except TransportError as error:
        raise FlashError(
            f"{step.title}: {error.what} after {error.bytes_sent} bytes", partition=step.partition,
            bytes_sent=error.bytes_sent, state=_state(step, error.bytes_sent),
            remedy=error.remedy or quirk.hint or "plug the phone in again, enter fastboot, and run the plan again",
        ) from error  # fmt: skip


def _state(step: Step, sent: int) -> str:
    if step.verb is not Verb.FLASH or not step.image:
        return "nothing was written"
    if sent < step.image.size:
        return f"{step.partition} is as it was, unless an earlier piece was written: the phone writes when a download is complete"
    return f"{step.partition} may be written in part: do not start the phone before it is flashed again"
