"""Carry a plan to a Samsung phone in download mode, in one session."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from pmport.errors import FormatError, PlanError, PmportError, TransportError
from pmport.events import OnEvent, StepFinished, StepStarted, ignore
from pmport.flashers.failures import told
from pmport.flashers.methods import found
from pmport.flashers.samsung.client import AGAIN, LokeClient, LokeSettings
from pmport.formats.storage.pit import Pit
from pmport.generate.plans.samsung import TABLE
from pmport.plan import FlashPlan, Step, Verb
from pmport.transport.usb import UsbDevice, UsbInterface, UsbTransport
from pmport.wire.loke import CloseCommand

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.storage.pit import PitEntry
    from pmport.transport.base import Transport

__all__ = ["HeimdallFlasher", "SamsungFlasher", "check_table"]

TRANSFER = 1 << 20
"""Bytes per write: a part as Heimdall sends it."""
DATA_CLASS = 0x0A
REBOOTS = {"": CloseCommand.REBOOT, "download": CloseCommand.REBOOT_TO_DOWNLOAD, "off": CloseCommand.POWER_OFF}
T_FLASH, ERASE_USERDATA = "t-flash", "erase userdata"


class SamsungFlasher:
    """The flasher for Samsung's download mode, which Heimdall speaks to.

    Args:
        transport: The connection.
        settings: Waits and habits.
    """

    method = "heimdall"

    def __init__(self, transport: Transport, *, settings: LokeSettings | None = None) -> None:
        self.client: LokeClient = LokeClient(transport, settings=settings)

    @classmethod
    def connect(cls, device: str, timeout: float | None, backend: Any, on_event: OnEvent) -> UsbTransport:
        """Find the phone and claim its data interface; see :func:`pmport.flashers.open`."""
        phone = found(cls.method, device, timeout, backend, on_event)
        return UsbTransport(phone, data_interface(phone), transfer_size=TRANSFER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the session if one is open, and let go of the phone."""
        with suppress(PmportError):
            if self.client.dialect is not None:
                self.client.end()
        self.client.transport.close()

    def read_table(self, on_event: OnEvent = ignore) -> Pit:
        """The phone's partition table; the session stays open for :meth:`run`.

        Args:
            on_event: Told of pauses.

        Returns:
            The table.
        """
        self.client.on_event = on_event
        with told("reading the partition table", "nothing was written", AGAIN):
            self.client.greet()
            self.client.begin()
            return self.client.read_table()

    def run(self, plan: FlashPlan, on_event: OnEvent = ignore) -> tuple[Finding, ...]:
        """Carry out a plan; see :class:`~pmport.flashers.methods.Flasher`. All steps share one session."""
        plan.check(self.method)
        for step in plan.steps:
            _check_step(step)
        self.client.on_event = on_event
        with told("opening the session", "nothing was written", AGAIN):
            table = self._prepare(plan)
        for index, step in enumerate(plan.steps):
            on_event(StepStarted(step.title, index, len(plan.steps)))
            start = time.monotonic()
            with told(step.title, f"{step.title} was not finished; the steps before it were", AGAIN, step.partition):
                self._do(step, table)
            on_event(StepFinished(step.title, time.monotonic() - start))
        if self.client.dialect is not None:
            with told("closing the session", "all steps are done", AGAIN):
                self.client.end()
        return ()

    def _prepare(self, plan: FlashPlan) -> Pit:
        """Open the session, and refuse a phone whose table is not as the plan has it."""
        client = self.client
        client.greet()
        client.begin()
        if any(step.argument == T_FLASH for step in plan.steps):
            client.t_flash()
        client.total(plan.bytes_to_send)
        new = next((step.image for step in plan.steps if step.partition == TABLE and step.image), None)
        try:
            table = client.read_table() if new is None else Pit.parse(new.section)
            check_table(plan, table, sizes=client.settings.check_sizes)
            if new is not None:
                client.write_table(bytes(table))
        except (PlanError, FormatError):
            client.end()
            raise
        return table

    def _do(self, step: Step, table: Pit) -> None:
        client = self.client
        if step.partition == TABLE or step.argument == T_FLASH:
            return  # done when the session was opened: both come before everything else
        if step.verb is Verb.FLASH and step.image:
            client.write_file(_entry(table, step.partition), step.image.section, step=step.title)
        elif step.verb is Verb.COMMAND:
            client.erase_userdata()
        else:
            client.end()
            client.leave(REBOOTS[step.argument])


HeimdallFlasher = SamsungFlasher
"""The old name of :class:`SamsungFlasher`; it goes with the next release."""


def data_interface(device: UsbDevice) -> UsbInterface:
    """The interface that carries the protocol: class 0x0A with one bulk endpoint in each direction.

    Args:
        device: The phone.

    Returns:
        The interface; any other with both endpoints where no class fits.

    Raises:
        TransportError: If there is none.
    """
    fitting = [item for item in device.interfaces if item.endpoint_in and item.endpoint_out]
    fitting.sort(key=lambda item: item.triple[0] != DATA_CLASS)
    if not fitting:
        raise TransportError(
            f"The phone at {device.path} has no interface with two bulk endpoints", device=device.path, remedy=AGAIN
        )
    return fitting[0]


def check_table(plan: FlashPlan, table: Pit, *, sizes: bool = True) -> None:
    """Refuse a plan that does not fit a partition table.

    Args:
        plan: The plan.
        table: The phone's table, or the one that it will have.
        sizes: Refuse files that are larger than their partition.

    Raises:
        PlanError: Names the difference; nothing was written.
        RefusedError: If a partition that the plan names by its number is dangerous, and that was not allowed.
    """
    plan.check_dangers(lambda name: name if name in {"", TABLE} else _entry(table, name).name)
    wanted = plan.preconditions
    project = table.project.strip()
    if wanted.products and project and project not in wanted.products:
        raise PlanError(
            f"The phone's table is of {project!r}, and the plan is for {' or '.join(wanted.products)}",
            state="Nothing was written", remedy="Take the right phone, or make a plan for this one",
        )  # fmt: skip
    for step in plan.steps:
        if step.verb is not Verb.FLASH or step.image is None or step.partition == TABLE:
            continue
        entry = _entry(table, step.partition)
        room = table.partition_size(entry)
        expected = wanted.partition_sizes.get(step.partition)
        if expected and room and expected != room:
            raise PlanError(
                f"{entry.name} has {room} bytes, and had {expected} when the plan was made",
                state="Nothing was written", remedy="Make the plan again",
            )  # fmt: skip
        if sizes and room and step.image.size > room:
            raise PlanError(
                f"{step.image.name} takes {step.image.size} bytes, and {entry.name} has {room}",
                state="Nothing was written", remedy="Make the image smaller, or set check_sizes=False",
            )  # fmt: skip


def _entry(table: Pit, name: str) -> PitEntry:
    entry = table.find(name)
    if entry is None:
        raise PlanError(
            f"The phone has no partition {name!r}", state="Nothing was written",
            remedy=f"It has {', '.join(table.names)}; upper and lower case count",
        )  # fmt: skip
    return entry


def _check_step(step: Step) -> None:
    known = {
        Verb.FLASH: step.image is not None,
        Verb.REBOOT: step.argument in REBOOTS,
        Verb.COMMAND: step.argument in {T_FLASH, ERASE_USERDATA},
    }
    if not known.get(step.verb, False):
        raise PlanError(f"download mode cannot do {step.title!r}", remedy="It flashes, reboots, and nothing else")
