"""Cold flashing: the conversation with the boot ROM of an OMAP3, and with the loader that it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import DeadlineError, FlashError, FormatError, ProtocolError, TransportError
from pmport.events import BytesMoved, OnEvent, Waiting, ignore
from pmport.section import Section
from pmport.wire import nolo_image
from pmport.wire import omap_rom as wire
from pmport.wire.omap_rom import AsicId, BootCode

if TYPE_CHECKING:
    from pmport.transport.base import Transport

__all__ = ["OmapClient", "OmapSettings"]

AGAIN = "take the battery out for a moment, then plug the cable in again"
UNTOUCHED = "nothing is written: the loaders run from memory"
ROOM = 512
"""Bytes that are read for an answer, so that a longer one is noticed."""


@dataclass(frozen=True, slots=True)
class OmapSettings:
    """Waits, in seconds.

    Args:
        read: For an answer.
        write: For a piece of a loader to be taken.
        between: After codes, sizes and messages.
        loader: After the second loader was sent, until it runs.
        pings: How often it is asked whether it runs.
        pongs: How often an answer to each of these is waited for.
        leave: After the code that leaves the boot ROM.
    """

    read: float = 0.5
    write: float = 3.0
    between: float = 0.005
    loader: float = 0.05
    pings: int = 10
    pongs: int = 4
    leave: float = 0.25


class OmapClient:
    """A conversation with one boot ROM.

    Args:
        transport: The connection.
        settings: Waits.
        on_event: Told how far a loader is.
    """

    def __init__(self, transport: Transport, *, settings: OmapSettings | None = None, on_event: OnEvent = ignore) -> None:  # fmt: skip
        self.transport = transport
        self.settings: OmapSettings = settings or OmapSettings()
        self.on_event = on_event

    def asic_id(self) -> AsicId:
        """What the boot ROM says of itself; it says so once, right after it was plugged in.

        Returns:
            The identity.

        Raises:
            FlashError: If it says nothing.
            ProtocolError: If it says something else.
        """
        try:
            data = self.transport.read(ROOM, self.settings.read)
        except DeadlineError as error:
            raise FlashError("The boot ROM does not say its name", state=UNTOUCHED, remedy=AGAIN) from error
        try:
            return AsicId.parse(data)
        except FormatError as error:
            raise ProtocolError(f"This is no OMAP3: {error}", state=UNTOUCHED, remedy=AGAIN) from error

    def cold_flash(self, second: Section, secondary: Section) -> AsicId:
        """Start a temporary NOLO from memory; the phone comes back to the cable as one.

        Args:
            second: The second loader (type ``2nd``), signed for this chip.
            secondary: NOLO itself (type ``secondary``).

        Returns:
            The chip's identity.

        Raises:
            FlashError: If the chip, the loader or the cable fails; nothing is written to the phone in any case.
        """
        loaders = [_padded(loader, kind) for loader, kind in ((second, "2nd"), (secondary, "secondary"))]
        try:
            identity = self.asic_id()
            self._second(loaders[0])
            self._ping()
            self._secondary(loaders[1])
        except TransportError as error:
            raise FlashError(
                f"Cold flashing: {error.what}", bytes_sent=error.bytes_sent, state=UNTOUCHED, remedy=AGAIN
            ) from error
        return identity

    def leave(self) -> None:
        """Let the phone start as after power-on."""
        self._write(wire.code(BootCode.MEMORY), self.settings.leave)

    def _write(self, data: bytes, pause: float) -> None:
        self.transport.write(data, self.settings.write)
        time.sleep(pause)

    def _second(self, loader: Section) -> None:
        self._write(wire.code(BootCode.PERIPHERAL), self.settings.between)
        self._write(loader.size.to_bytes(4, "little"), self.settings.between)
        self._pieces(loader, "send 2nd")
        time.sleep(self.settings.loader)

    def _pieces(self, loader: Section, step: str) -> None:
        for offset in range(0, loader.size, wire.PIECE):
            piece = loader.read(offset, min(wire.PIECE, loader.size - offset))
            try:
                self.transport.write(piece, self.settings.write)
            except TransportError as error:
                error.bytes_sent += offset
                raise
            self.on_event(BytesMoved(step, offset + len(piece), loader.size))

    def _ping(self) -> None:
        """Ask until the second loader answers; the first question is often lost."""
        for _ in range(self.settings.pings):
            self._write(bytes(wire.ping()), self.settings.between)
            for _ in range(self.settings.pongs):
                try:
                    self.transport.read(ROOM, self.settings.read)
                except DeadlineError:
                    self.on_event(Waiting("cold flashing", "the second loader to start", self.settings.read))
                    continue
                return
        raise FlashError("The second loader does not run", state=UNTOUCHED, remedy=f"Is it signed for this chip? {AGAIN}")  # fmt: skip

    def _secondary(self, loader: Section) -> None:
        checksum = wire.checksum(loader.chunks())
        self._write(bytes(wire.send_secondary(loader.size, checksum)), self.settings.between)
        self._answer("its size")
        self._pieces(loader, "send secondary")
        time.sleep(self.settings.between)
        self._answer("the secondary loader")

    def _answer(self, what: str) -> None:
        try:
            self.transport.read(ROOM, self.settings.read)
        except DeadlineError as error:
            raise FlashError(
                f"The second loader does not confirm {what}: its checksum is wrong, or bytes were lost",
                state=UNTOUCHED, remedy=AGAIN,
            ) from error  # fmt: skip


def _padded(loader: Section, kind: str) -> Section:
    """A loader with the padding that images in the flash have."""
    missing = nolo_image.padded_size(loader.size, kind) - loader.size
    return Section.joined([loader, Section.of(b"\xff" * missing)], kind) if missing else loader
