"""Fastboot's verbs, one method each, over any transport."""

from __future__ import annotations

from contextlib import suppress
from typing import BinaryIO

from pmport.errors import DeadlineError, DeviceGoneError, DeviceRefusedError, FlashError, ProtocolError, TransportError
from pmport.events import BytesMoved, DeviceText
from pmport.flashers.fastboot.conversation import AGAIN, Conversation, Timeouts
from pmport.flashers.fastboot.quirks import explained
from pmport.formats.reports.getvars import GetVars
from pmport.interruption import Stopped, check, held
from pmport.section import PIECE, Section
from pmport.wire import fastboot as wire
from pmport.wire.fastboot import Tag

__all__ = ["FastbootClient", "Timeouts"]

UNCHANGED = "nothing was changed on the phone"
ASKED = 2
"""How often all variables are asked for where nothing came."""
LARGEST_UPLOAD = 1 << 30
"""Bytes of what a phone has staged; more than any has memory for."""


class FastbootClient(Conversation):
    """What a bootloader can be asked and told.

    Args:
        transport: The connection.
        timeouts: How long to wait for what.
        on_event: Told what the device says and how far a transfer is.
    """

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
            for _ in range(ASKED):
                with suppress(DeviceRefusedError):
                    self.command("getvar:all")
                if lines:
                    break
                self.transport.drain()  # an answer to an earlier run may have come instead
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
        if not 0 < data.size <= wire.LARGEST_DOWNLOAD:
            raise FlashError(f"{step}: {data.size} bytes cannot be downloaded at once", state="Nothing was sent")
        with held("nothing was written: the download is complete, and was not used"):
            self._send(wire.download(data.size).decode("ascii"))
            answer = self._final(self._patience("download", self.timeouts.answer), step)
            if answer.tag is Tag.FAIL:
                raise DeviceRefusedError(
                    f"The phone refused a download of {data.size} bytes: {answer.text}", device_text=answer.text,
                    state="Nothing was sent", remedy=explained(answer.text),
                )  # fmt: skip
            if answer.tag is not Tag.DATA or answer.size != data.size:
                raise ProtocolError(
                    f"The phone wants {answer.text!r} instead of {data.size} bytes", device_text=answer.text,
                    state="Nothing was sent", remedy=AGAIN,
                )  # fmt: skip
            self._busy = step
            self._stream(data, step)
            try:
                self._finish("download", self.timeouts.data, step)
            except Stopped as stop:
                raise self._padded(stop, 0, step) from None
            self._busy = ""

    def _stream(self, data: Section, step: str) -> None:
        sent = 0
        for piece in data.chunks(PIECE):
            _refuse_changed(data, step, sent)
            try:
                check()
                self.transport.write(piece, self.timeouts.data)
            except Stopped as stop:
                stop.bytes_sent += sent
                raise self._padded(stop, data.size - stop.bytes_sent, step) from None
            except TransportError as error:
                error.bytes_sent += sent
                raise
            sent += len(piece)
            self.on_event(BytesMoved(step, sent, data.size))

    def _receive(self, text: str, target: BinaryIO, step: str, *, limit: int, expected: int | None = None) -> int:
        with held(f"nothing was changed: {text!r} reads"):
            self._send(text)
            answer = self._final(self._patience(text, self.timeouts.answer), step)
            if answer.tag is Tag.FAIL:
                raise DeviceRefusedError(
                    f"The phone refused {text!r}: {answer.text}", device_text=answer.text, remedy=explained(answer.text)
                )
            if answer.tag is not Tag.DATA:
                raise ProtocolError(
                    f"The phone sends no data after {text!r}", device_text=answer.text, state=UNCHANGED, remedy=AGAIN
                )
            size = answer.size
            if size > limit or expected not in {None, size}:
                self._busy = step
                raise ProtocolError(
                    f"The phone announced {size} bytes after {text!r}, and {limit if expected is None else expected}"
                    f" are {'the most that it can have' if expected is None else 'what was asked for'}",
                    device_text=answer.text, state=f"{UNCHANGED}; the phone wants to send data", remedy=AGAIN,
                )  # fmt: skip
            self._busy = step
            try:
                self._gather(target, size, step)
            except Stopped as stop:
                stop.state = f"{UNCHANGED}; the phone still wants to send data"
                stop.remedy = "run pmport again, which throws that away, or enter fastboot again"
                raise
            self._busy = ""
            self._finish(text, self.timeouts.data, step)
        return size

    def _gather(self, target: BinaryIO, size: int, step: str) -> None:
        patience, got = self._patience(step, self.timeouts.data, size), 0
        while got < size:
            check()
            piece = self.transport.read(min(PIECE, size - got), patience.seconds)
            patience.heard(piece)
            target.write(piece)
            got += len(piece)
            self.on_event(BytesMoved(step, got, size))

    def upload(self, target: BinaryIO, *, step: str = "upload") -> int:
        """Receive what the device has staged.

        Args:
            target: Where it is written.
            step: What the events call it.

        Returns:
            Bytes that came.
        """
        return self._receive("upload", target, step, limit=LARGEST_UPLOAD)

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
            return self._receive(f"fetch:{partition}", target, step, limit=wire.LARGEST_DOWNLOAD, expected=size)
        done = 0
        while done < size:
            count = min(limit, size - done)
            self._receive(f"fetch:{partition}:0x{done:08x}:0x{count:08x}", target, step, limit=count, expected=count)
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
        self._leave("boot", self.timeouts.data)

    def continue_(self) -> None:
        """Go on with the normal start."""
        self._leave("continue", self.timeouts.reboot)

    def reboot(self, target: str = "") -> None:
        """Start again.

        Args:
            target: ``""`` for the system, ``bootloader``, ``recovery`` or ``fastboot``.
        """
        self._leave(f"reboot-{target}" if target else "reboot", self.timeouts.reboot)

    def set_active(self, slot: str) -> None:
        """Choose the slot that starts next.

        Args:
            slot: Its letter; devices that want ``_a`` get that when they refuse ``a``.
        """
        try:
            self.command(f"set_active:{slot}")
        except DeviceRefusedError:
            self.command(f"set_active:_{slot}")

    def _leave(self, text: str, timeout: float | None) -> None:
        """A device that is about to leave may do so before it answers, which is a success; one that stays silent is none."""
        with held(f"the phone was told to {text!r}"):
            self._send(text)
            try:
                self._finish(text, timeout, text)
            except DeviceGoneError:
                return
            except DeadlineError as error:
                raise FlashError(
                    f"The phone does not answer {text!r}, and is still there", state="The steps before it are done",
                    remedy="Look at its screen; switch it off and on by its keys if nothing happens",
                ) from error  # fmt: skip
            except Stopped as stop:
                raise self._settled(stop, text) from None


def _refuse_changed(data: Section, step: str, sent: int) -> None:
    if name := data.changed_file():
        raise FlashError(
            f"{step}: {name} was changed while it was sent", bytes_sent=sent,
            state=f"The phone has {sent} bytes of the download; the partition is as it was",
            remedy="Unplug the phone, let whatever writes the file finish, and start again",
        )  # fmt: skip
