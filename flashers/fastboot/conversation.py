"""The conversation with a bootloader: one command at a time, bounded, and left in a state from which the next run goes on."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import DeadlineError, DeviceRefusedError, FlashError, ProtocolError, TransportError
from pmport.events import DeviceText, OnEvent, Waiting, ignore
from pmport.flashers.fastboot.quirks import explained
from pmport.interruption import Stopped, held
from pmport.section import PIECE
from pmport.transport.patience import Patience
from pmport.wire import fastboot as wire
from pmport.wire.fastboot import Answer, Tag

if TYPE_CHECKING:
    from pmport.transport.base import Transport

__all__ = ["AGAIN", "Conversation", "Timeouts"]

AGAIN = "unplug the phone, enter fastboot again, and retry"
RESCUE_PIECE = 16 << 10
TAKES_WITHIN = 1.0
"""A phone that waits for data takes it at once."""
RESCUE_LOOK = 0.002


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for what, in seconds; None: for ever.

    Each message from the phone gives it this long for the next one, up to three times as long in all
    (:mod:`pmport.transport.patience`).

    Args:
        answer: For a getvar, or the start of a download.
        data: For each transfer of a data phase.
        work: For flashing and erasing.
        reboot: For the answer to a reboot, and to the start of a downloaded image.
        restart: For leaving and coming back, where a plan goes on after a reboot.
        stop: For the phone to finish what it does, when the user stops the run.
        rescue: For a phone that still waits for the data of an earlier run to be fed with zeros.
    """

    answer: float | None = 10.0
    data: float | None = 60.0
    work: float | None = 1800.0
    reboot: float | None = 10.0
    restart: float = 120.0
    stop: float = 20.0
    rescue: float = 30.0


class Conversation:
    """Commands and their answers, and what is to be done when one is stopped in the middle.

    Args:
        transport: The connection.
        timeouts: How long to wait for what.
        on_event: Told what the device says and how far a transfer is.
    """

    def __init__(self, transport: Transport, *, timeouts: Timeouts | None = None, on_event: OnEvent = ignore) -> None:
        self.transport = transport
        self.timeouts: Timeouts = timeouts or Timeouts()
        self.on_event: OnEvent = on_event
        self._busy = ""
        self._greeted = False

    # ----- the conversation

    def command(self, text: str, *, timeout: float | None = None, step: str = "") -> str:
        """Send a command and wait until it is done.

        Args:
            text: The command, such as ``"oem device-info"``.
            timeout: Seconds for each answer; None: as :attr:`timeouts` has it for answers.
            step: What the events call it.

        Returns:
            The value of the OKAY.

        Raises:
            DeviceRefusedError: If the device says FAIL; ``device_text`` holds its words.
            ProtocolError: If it answers what no bootloader answers, or talks for ever.
            TransportError: If the cable fails.
            Stopped: If the user stops it; the answer is waited for, as far as that is short.
        """
        limit = self.timeouts.answer if timeout is None else timeout
        with held(f"the phone did {text!r}, and waits for a command"):
            try:
                self._send(text)
                return self._finish(text, limit, step or text)
            except DeadlineError:
                if self._greeted or not text.startswith("getvar:") or not self._rescued(step or text):
                    raise
                self._send(text)
                return self._finish(text, limit, step or text)
            except Stopped as stop:
                raise self._settled(stop, text) from None

    def _send(self, text: str) -> None:
        if self._busy:
            raise ProtocolError(
                f"The device is still in the middle of {self._busy}", state="It waits for the rest of the data",
                remedy=AGAIN,
            )  # fmt: skip
        if not self._greeted:
            self.transport.drain()
        self.transport.write(wire.command(text, longest=4096), self.timeouts.answer)

    def _answer(self, patience: Patience) -> Answer:
        while True:
            packet = self.transport.read(wire.ANSWER_SIZE, patience.seconds)
            patience.heard(packet)
            if packet:
                answer = Answer.parse(packet)
                self._greeted = True
                return answer

    def _patience(self, what: str, timeout: float | None, data: int = 0) -> Patience:
        return Patience(timeout, what=what, data=data, device=self.transport.name, remedy=AGAIN)

    def _final(self, patience: Patience, step: str) -> Answer:
        while (answer := self._answer(patience)).tag in {Tag.INFO, Tag.TEXT}:
            self.on_event(DeviceText(step, answer.text))
        return answer

    def _finish(self, text: str, timeout: float | None, step: str) -> str:
        answer = self._final(self._patience(text, timeout), step)
        if answer.tag is Tag.FAIL:
            raise DeviceRefusedError(
                f"The phone refused {text!r}: {answer.text or 'without a reason'}",
                device_text=answer.text,
                remedy=explained(answer.text),
            )
        if answer.tag is Tag.DATA:
            raise ProtocolError(
                f"The phone announced data after {text!r}, which has none", device_text=answer.text, remedy=AGAIN
            )
        return answer.text

    # ----- leaving it usable

    def _settled(self, stop: Stopped, text: str) -> Stopped:
        """The answer to the command that was stopped is still to come; without it the next run would take it for its own."""
        self.on_event(
            Waiting(text, f"the phone to finish {text!r}; stop once more to leave at once", self.timeouts.stop)
        )
        try:
            answer = self._final(self._patience(text, self.timeouts.stop), text)
        except (FlashError, TransportError):
            stop.state = f"the phone had not finished {text!r}"
            stop.remedy = "wait until it has, before it is unplugged or spoken to"
        else:
            done = answer.tag is Tag.OKAY
            stop.state = f"the phone {'did' if done else 'refused'} {text!r}, and waits for a command"
        return stop

    def _padded(self, stop: Stopped, left: int, step: str) -> Stopped:
        """Finish an announced download with zeros, which nothing writes: a phone that waits for data hears no command."""
        self.on_event(
            Waiting(step, "the announced download to end; stop once more to leave at once", self.timeouts.stop)
        )
        patience = Patience(self.timeouts.stop, what=step, data=left, device=self.transport.name)
        try:
            while left:
                count = min(left, PIECE)
                self.transport.write(bytes(count), patience.seconds)
                left -= count
            self._answer(patience)
        except (FlashError, TransportError):
            stop.state = "nothing of this download was written; the phone still waits for the rest of it"
            stop.remedy = "run pmport again, which ends that, or unplug the phone and enter fastboot again"
        else:
            self._busy = ""
            stop.state = "nothing of this download was written, and the phone waits for a command"
        return stop

    def _rescued(self, step: str) -> bool:
        """Whether a phone that was silent hears again: one that waits for the rest of a download of a run before this."""
        limit = self.timeouts.rescue
        self.on_event(Waiting(step, "the phone, which may still wait for data of a run before this", limit))
        end = time.monotonic() + limit
        zeros = bytes(RESCUE_PIECE)
        try:
            while time.monotonic() < end and not self._greeted:
                self.transport.write(zeros, min(TAKES_WITHIN, limit))
                with suppress(DeadlineError):
                    self._answer(Patience(RESCUE_LOOK))
        except (FlashError, TransportError):
            pass  # it may have taken a part of the zeros for commands, and said so
        self.transport.drain()
        time.sleep(RESCUE_LOOK)
        self.transport.drain()
        if self._greeted:
            self.on_event(
                DeviceText(
                    step, "it waited for data of a run before this: that download was ended, nothing was written"
                )
            )
        return self._greeted
