r"""Carry a plan to a Nokia phone or tablet: in NOLO, or cold with its boot ROM waiting for a loader.

Example:
    >>> import pmport.flashers
    >>> from pmport.virtual import NoloPhone, PyusbBackend
    >>> from pmport.flashers import plan_images
    >>> from pmport.section import Section
    >>> phone = NoloPhone("N900")
    >>> kernel = Section.of(bytes(36) + b"\x18\x28\x6f\x01" + bytes(1000))
    >>> with pmport.flashers.open("0xffff", backend=PyusbBackend([phone])) as flasher:
    ...     findings = flasher.run(plan_images({"kernel": kernel}))
    >>> len(phone.flash["kernel"])  # padded to 128 bytes
    1152
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pmport.errors import FlashError, PlanError, TransportError
from pmport.events import OnEvent, StepFinished, StepStarted, Waiting, ignore
from pmport.flashers.failures import told
from pmport.flashers.methods import found
from pmport.flashers.nokia.boot_rom import OmapClient
from pmport.flashers.nokia.mk2 import Mk2Client
from pmport.flashers.nokia.nolo import AGAIN, NoloClient
from pmport.generate.plans.nokia import METHOD, SW_RELEASE, check_step
from pmport.plan import FlashPlan, Step, Verb
from pmport.transport.usb import UsbDevice, UsbInterface, UsbTransport
from pmport.wire import nolo as wire
from pmport.wire.nolo_image import LOADERS, ImageLabel

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.flashers.nokia.settings import NoloSettings
    from pmport.transport.base import Transport

__all__ = ["NokiaFlasher", "product_name"]

NOLO, BOOT_ROM, MK2 = "NOLO", "Nokia boot ROM", "Mk II"
"""Names of the modes (:data:`pmport.transport.MODES`)."""
POLL_SECONDS = 0.05
"""NOLO and the boot ROM are on the cable for a few seconds only."""
MESSAGES = 0x01
"""The endpoint that Mk II's messages and the boot ROM's bytes go to."""


class NokiaFlasher:
    """The flasher for what 0xFFFF speaks to.

    Args:
        transport: The connection.
        settings: Waits and habits.
    """

    method = METHOD

    def __init__(self, transport: Transport, *, settings: NoloSettings | None = None) -> None:
        device = transport.device
        self.transport: Transport = transport
        self.mode: str = device.mode.name if device is not None and device.mode is not None else NOLO
        self.client: NoloClient = NoloClient(transport, settings=settings)
        """Speaks NOLO; for the other modes there are :attr:`boot_rom` and :attr:`mk2`."""
        self.boot_rom: OmapClient = OmapClient(transport)
        self.mk2: Mk2Client = Mk2Client(transport)

    @classmethod
    def connect(cls, device: str, timeout: float | None, backend: Any, on_event: OnEvent) -> UsbTransport:
        """Find the phone and claim its interface, without a question that would cost time; see :func:`pmport.flashers.open`."""
        serials = bool(device) and not device.startswith("usb:")
        phone = found(METHOD, device, timeout, backend, on_event, serials=serials, poll=POLL_SECONDS)
        return opened(phone)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the phone."""
        self.transport.close()

    def run(self, plan: FlashPlan, on_event: OnEvent = ignore) -> tuple[Finding, ...]:
        """Carry out a plan; see :class:`~pmport.flashers.methods.Flasher`."""
        plan.check(self.method)
        for step in plan.steps:
            check_step(step, check_types=self.client.settings.check_types)
        self.client.on_event = self.boot_rom.on_event = on_event
        steps = list(enumerate(plan.steps))
        if self.mode == MK2:
            self._run_mk2(plan)
            return ()
        if self.mode == BOOT_ROM:
            steps = self._start_nolo(steps, plan, on_event)
        if not steps:
            return ()
        with told("identifying the phone", "nothing was written", AGAIN):
            self.client.start()
        self._check_product(plan)
        for index, step in steps:
            on_event(StepStarted(step.title, index, len(plan.steps)))
            start = time.monotonic()
            with told(step.title, f"{step.title} was not finished; the steps before it were", AGAIN, step.partition):
                self._do(step)
            on_event(StepFinished(step.title, time.monotonic() - start))
        return ()

    def _check_product(self, plan: FlashPlan) -> None:
        wanted = plan.preconditions.products
        if wanted and self.client.product not in wanted:
            raise PlanError(
                f"The phone is {self.client.product}, and the plan is for {' or '.join(wanted)}",
                state="Nothing was written", remedy="Take the right phone, or make a plan for this one",
            )  # fmt: skip
        for step in plan.steps:
            label = ImageLabel.parse(step.argument)
            if step.image and not label.fits(self.client.product, self.client.revision):
                raise PlanError(
                    f"{step.image.name} is for {label.device} {','.join(label.revisions)}, and the phone is"
                    f" {self.client.product} {self.client.revision}",
                    state="Nothing was written", remedy="Take the image for this revision",
                )  # fmt: skip

    def _do(self, step: Step) -> None:
        client = self.client
        if step.verb is Verb.FLASH and step.image:
            client.flash(step.partition, step.image.section, label=ImageLabel.parse(step.argument), step=step.title)
        elif step.verb is Verb.STAGE and step.image:
            client.send(step.partition, step.image.section, label=ImageLabel.parse(step.argument), step=step.title)
        elif step.verb is Verb.BOOT:
            if step.image:
                client.send("kernel", step.image.section, step=step.title)
            client.boot(step.argument.encode("utf-8", "surrogateescape"))
        elif step.verb is Verb.COMMAND:
            client.put_sw_release(step.argument.removeprefix(SW_RELEASE))
        elif step.argument:
            client.boot(update=True)
        else:
            client.reboot()

    def _run_mk2(self, plan: FlashPlan) -> None:
        if any(step.verb is not Verb.REBOOT for step in plan.steps):
            raise PlanError(
                "The phone is in PC-Suite mode, in which nothing can be flashed", state="Nothing was written",
                remedy="Reboot it into update mode: pmport nokia reboot update",
            )  # fmt: skip
        with told("reboot", "nothing was written", AGAIN):
            for step in plan.steps:
                self.mk2.reboot(update=bool(step.argument))

    def _start_nolo(self, steps: list[tuple[int, Step]], plan: FlashPlan, on_event: OnEvent) -> list[tuple[int, Step]]:
        """Cold flashing: the first two steps bring the loaders; the others are for the NOLO that then appears."""
        loaders = [step.image.section for _, step in steps[:2] if step.verb is Verb.STAGE and step.image]
        if [step.partition for _, step in steps[:2]] != list(LOADERS) or len(loaders) != 2:
            raise PlanError(
                "The phone waits in its boot ROM, and the plan does not begin with the loaders 2nd and secondary",
                state="Nothing was written", remedy="Give both, or switch the phone into update mode",
            )  # fmt: skip
        on_event(StepStarted("cold flash", 0, len(plan.steps)))
        start = time.monotonic()
        self.boot_rom.cold_flash(*loaders)
        self._again(on_event)
        on_event(StepFinished("cold flash", time.monotonic() - start))
        return steps[2:]

    def _again(self, on_event: OnEvent) -> None:
        """Wait until the phone is on the cable as NOLO; it has another address then."""
        seconds = self.client.settings.reappear
        try:
            self.transport = self.transport.returned(
                timeout=seconds,
                waited=lambda what, limit: on_event(Waiting("cold flash", what, limit)),
                mode=NOLO,
                choose=_interface,
            )
        except TransportError as error:
            raise FlashError(
                f"The temporary NOLO did not appear on the cable: {error.what}",
                state="Nothing is written",
                remedy=AGAIN,
            ) from error
        self.mode = NOLO
        self.client.transport = self.transport


def opened(phone: UsbDevice) -> UsbTransport:
    """Claim the interface that the phone's mode uses.

    Args:
        phone: The phone.

    Returns:
        The connection.

    Raises:
        TransportError: If it has no such interface, as U-Boot's console on the N900.
    """
    return UsbTransport(phone, _interface(phone))


def _interface(phone: UsbDevice) -> UsbInterface:
    fitting = [item for item in phone.interfaces if item.endpoint_in and item.endpoint_out]
    if not fitting:
        raise TransportError(f"The phone at {phone.path} has no interface to flash by", device=phone.path, remedy=AGAIN)
    interface = fitting[0]
    if phone.mode is not None and phone.mode.name != NOLO:
        interface = replace(interface, endpoint_out=MESSAGES)
    return interface


def product_name(code: str) -> str:
    """What people call a product.

    Args:
        code: Such as ``RX-51``.

    Returns:
        Such as ``Nokia N900``; the code itself where it is unknown.
    """
    return wire.PRODUCTS[code][0] if code in wire.PRODUCTS else code
