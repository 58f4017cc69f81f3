"""Fastboot's verbs, one method each, over any transport."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from pmport.byte_sources import FileSource
from pmport.errors import DeadlineError, DeviceGoneError, DeviceRefusedError, FlashError, ProtocolError, TransportError
from pmport.events import BytesMoved, DeviceText, OnEvent, ignore
from pmport.flashers.fastboot.quirks import explained
from pmport.formats.reports.getvars import GetVars
from pmport.section import PIECE, Section
from pmport.wire import fastboot as wire
from pmport.wire.fastboot import Answer, Tag

if TYPE_CHECKING:
    from pmport.transport.base import Transport

__all__ = ["FastbootClient", "Timeouts"]

EMPTY_READS = 8
"""How many empty packets in a row are passed over: some stacks show the device's zero-length packets."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for what, in seconds; None: for ever.

    Args:
        answer: For a getvar, or the start of a download.
        data: For each transfer of a data phase.
        work: For flashing and erasing, each INFO line starting it anew.
        reboot: For the answer to a reboot.
    """

    answer: float | None = 10.0
    data: float | None = 60.0
    work: float | None = 1800.0
    reboot: float | None = 5.0


class FastbootClient:
    """A conversation with a bootloader.

    Args:
        transport: The connection.
        timeouts: How long to wait for what.
        on_event: Told what the device says and how far a transfer is.
    """

    def __init__(self, transport: Transport, *, timeouts: Timeouts | None = None, on_event: OnEvent = ignore) -> None:
        self.transport = transport
        self.timeouts = timeouts or Timeouts()
        self.on_event = on_event
        self._busy = ""

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
            ProtocolError: If it answers what no bootloader answers.
            TransportError: If the cable fails.
        """
        self._send(text)
        return self._finish(text, self.timeouts.answer if timeout is None else timeout, step or text)

    def _send(self, text: str) -> None:
        if self._busy:
            raise ProtocolError(
                f"the device is still in the middle of {self._busy}", state="it waits for the rest of the data",
                remedy="unplug the phone, enter fastboot again, and retry",
            )  # fmt: skip
        self.transport.write(wire.command(text, longest=4096), self.timeouts.answer)

    def _answer(self, timeout: float | None) -> Answer:
        for _ in range(EMPTY_READS):
            packet = self.transport.read(wire.ANSWER_SIZE, timeout)
            if packet:
                return Answer.parse(packet)
        raise ProtocolError("the device sends nothing but empty packets", remedy="unplug it and enter fastboot again")

    def _final(self, timeout: float | None, step: str) -> Answer:
        while (answer := self._answer(timeout)).tag in {Tag.INFO, Tag.TEXT}:
            self.on_event(DeviceText(step, answer.text))
        return answer

    def _finish(self, text: str, timeout: float | None, step: str) -> str:
        answer = self._final(timeout, step)
        if answer.tag is Tag.FAIL:
            raise DeviceRefusedError(
                f"the phone refused {text!r}: {answer.text or 'without a reason'}",
                device_text=answer.text,
                remedy=explained(answer.text),
            )
        if answer.tag is Tag.DATA:
            raise ProtocolError(
                f"the phone announced data after {text!r}, which has none", device_text=answer.text,
                remedy="unplug it and enter fastboot again",
            )  # fmt: skip
        return answer.text

    # ----- asking

    def getvar(self, name: str) -> str:
        """Ask for one variable.

        Args:
            name: Its name, with its argument: ``"partition-size:boot"``.

        Returns:
            Its value; "" where the device has no such variable, whether it says FAIL or nothing.
        """
        try:
            value = self.command(f"getvar:{name}").strip()
        except DeviceRefusedError:
            return ""
        return "" if value.lower() == "not found" else value

    def getvars(self) -> GetVars:
        """Ask for all variables.

        Returns:
            What the device says of itself; a device that does not know ``all`` is asked for the usual ones.
        """
        lines: list[str] = []
        outer, self.on_event = (
            self.on_event,
            lambda event: lines.append(event.text) if isinstance(event, DeviceText) else None,
        )
        try:
            with suppress(DeviceRefusedError):
                self.command("getvar:all")
        finally:
            self.on_event = outer
        if not lines:
            names = ("version", "product", "serialno", "max-download-size", "unlocked", "slot-count", "current-slot")
            lines = [f"{name}:{value}" for name in names if (value := self.getvar(name))]
        return GetVars.of_lines(lines)

    @property
    def max_download_size(self) -> int | None:
        """Largest download, in bytes; None where the device does not say."""
        return wire.number(self.getvar("max-download-size"))

    # ----- data

    def download(self, data: Section, *, step: str = "download") -> None:
        """Send data, for a command that follows.

        Args:
            data: What to send, in pieces of 1 MiB; nothing is kept.
            step: What the events and errors call it.

        Raises:
            FlashError: If it is empty or too large, if the device refuses it or takes another size, or if the cable
                fails on the way: says how many bytes arrived.
        """
        if not 0 < data.size <= 0xFFFFFFFF:
            raise FlashError(f"{step}: {data.size} bytes cannot be downloaded at once", state="nothing was sent")
        self.transport.write(wire.download(data.size), self.timeouts.answer)
        answer = self._final(self.timeouts.answer, step)
        if answer.tag is Tag.FAIL:
            raise DeviceRefusedError(
                f"the phone refused a download of {data.size} bytes: {answer.text}", device_text=answer.text,
                state="nothing was sent",
            )  # fmt: skip
        if answer.tag is not Tag.DATA or answer.size != data.size:
            raise ProtocolError(
                f"the phone wants {answer.text!r} instead of {data.size} bytes", device_text=answer.text,
                state="nothing was sent", remedy="unplug it and enter fastboot again",
            )  # fmt: skip
        self._busy = step
        self._stream(data, step)
        self._finish("download", self.timeouts.data, step)
        self._busy = ""

    def _stream(self, data: Section, step: str) -> None:
        sent = 0
        for piece in data.chunks(PIECE):
            _refuse_changed(data, step, sent)
            try:
                self.transport.write(piece, self.timeouts.data)
            except TransportError as error:
                error.bytes_sent += sent
                raise
            sent += len(piece)
            self.on_event(BytesMoved(step, sent, data.size))

    def _receive(self, text: str, target: BinaryIO, step: str) -> int:
        self._send(text)
        answer = self._final(self.timeouts.answer, step)
        if answer.tag is Tag.FAIL:
            raise DeviceRefusedError(f"the phone refused {text!r}: {answer.text}", device_text=answer.text)
        if answer.tag is not Tag.DATA:
            raise ProtocolError(f"the phone sends no data after {text!r}", device_text=answer.text)
        size = got = answer.size
        self._busy = step
        got = 0
        while got < size:
            piece = self.transport.read(min(PIECE, size - got), self.timeouts.data)
            target.write(piece)
            got += len(piece)
            self.on_event(BytesMoved(step, got, size))
        self._busy = ""
        self._finish(text, self.timeouts.data, step)
        return size

    def upload(self, target: BinaryIO, *, step: str = "upload") -> int:
        """Receive what the device has staged.

        Args:
            target: Where it is written.
            step: What the events call it.

        Returns:
            Bytes that came.
        """
        return self._receive("upload", target, step)

    def fetch(self, partition: str, target: BinaryIO) -> int:
        """Read a partition back, in as many pieces as the device wants.

        Args:
            partition: Its name.
            target: Where it is written.

        Returns:
            Bytes that came.

        Raises:
            DeviceRefusedError: If the device cannot do that, or does not let this partition go.
        """
        size = wire.size_number(self.getvar(f"partition-size:{partition}"))
        limit = wire.number(self.getvar("max-fetch-size"))
        step = f"fetch {partition}"
        if size is None or not limit:
            return self._receive(f"fetch:{partition}", target, step)
        done = 0
        while done < size:
            count = min(limit, size - done)
            self._receive(f"fetch:{partition}:0x{done:08x}:0x{count:08x}", target, step)
            done += count
        return done

    # ----- doing

    def flash(self, partition: str, *, step: str = "") -> str:
        """Write the last download to a partition.

        Args:
            partition: Its name.
            step: What the events call it.

        Returns:
            What the device says when it is done.
        """
        return self.command(f"flash:{partition}", timeout=self.timeouts.work, step=step or f"flash {partition}")

    def erase(self, partition: str) -> str:
        """Erase a partition.

        Args:
            partition: Its name.

        Returns:
            What the device says when it is done.
        """
        return self.command(f"erase:{partition}", timeout=self.timeouts.work, step=f"erase {partition}")

    def boot(self) -> None:
        """Start the last download, without writing it."""
        with self._leaving():
            self.command("boot", timeout=self.timeouts.data)

    def continue_(self) -> None:
        """Go on with the normal start."""
        with self._leaving():
            self.command("continue", timeout=self.timeouts.reboot)

    def reboot(self, target: str = "") -> None:
        """Start again.

        Args:
            target: ``""`` for the system, ``bootloader``, ``recovery`` or ``fastboot``.
        """
        with self._leaving():
            self.command(f"reboot-{target}" if target else "reboot", timeout=self.timeouts.reboot)

    def set_active(self, slot: str) -> None:
        """Choose the slot that starts next.

        Args:
            slot: Its letter; devices that want ``_a`` get that when they refuse ``a``.
        """
        try:
            self.command(f"set_active:{slot}")
        except DeviceRefusedError:
            self.command(f"set_active:_{slot}")

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        """A device that is about to leave may do so before it answers: that is a success."""
        with suppress(DeviceGoneError, DeadlineError):
            yield


def _refuse_changed(data: Section, step: str, sent: int) -> None:
    source = data.source
    if isinstance(source, FileSource) and source.changed():
        raise FlashError(
            f"{step}: {source.path} was changed while it was sent", bytes_sent=sent,
            state=f"the phone has {sent} bytes of the download; the partition is as it was",
            remedy="unplug the phone, let whatever writes the file finish, and start again",
        )  # fmt: skip
