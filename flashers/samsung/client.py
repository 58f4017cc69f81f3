"""The conversation with a Samsung phone in download mode, one method per exchange."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

from pmport.errors import (
    DeadlineError,
    DeviceGoneError,
    DeviceRefusedError,
    FlashError,
    FormatError,
    ProtocolError,
    TransportError,
)
from pmport.events import BytesMoved, OnEvent, Waiting, ignore
from pmport.flashers.samsung.read_ahead import parts_ahead
from pmport.flashers.samsung.settings import EmptyPackets, LokeSettings
from pmport.formats.storage.pit import LARGEST, Pit
from pmport.interruption import Stopped, check, held
from pmport.wire import loke as wire
from pmport.wire.loke import CloseCommand, Kind, Request, Response, SessionCommand
from pmport.wire.loke_dialect import Dialect, Sequence, sequences
from pmport.wire.loke_failures import meaning

if TYPE_CHECKING:
    from pmport.formats.storage.pit import PitEntry
    from pmport.section import Section
    from pmport.transport.base import Transport

__all__ = ["AGAIN", "EmptyPackets", "LokeClient", "LokeSettings"]

AGAIN = "switch the phone off and enter download mode again: it takes one session per attachment"
FIRST_PART = 5.0
"""Seconds for the acknowledgement of a file's first part, which some phones never send."""
ANSWER_ROOM = 512
"""Bytes that are read for an answer of 8, so that a longer one is noticed instead of lost."""

T = TypeVar("T")


class LokeClient:
    """A conversation with one phone.

    Args:
        transport: The connection.
        settings: Waits and habits.
        on_event: Told how far a transfer is, and of pauses.
    """

    def __init__(
        self, transport: Transport, *, settings: LokeSettings | None = None, on_event: OnEvent = ignore
    ) -> None:
        self.transport = transport
        self.settings: LokeSettings = settings or LokeSettings()
        self.on_event = on_event
        self.greeted: bool = False
        self._owed = False
        """Whether the acknowledgement of the first part of a file did not come in time."""
        self._silent = False
        self.dialect: Dialect | None = None
        """What the phone speaks; None outside a session."""
        self._empty = self.settings.empty_packets is not EmptyPackets.NEVER

    # ----- one exchange

    def _tried(self, call: Callable[[], T]) -> T:
        """Try again where a deadline was missed, as Heimdall does: some phones need seconds."""
        for attempt in range(self.settings.retries + 1):
            try:
                return call()
            except DeadlineError as error:
                if attempt == self.settings.retries or error.bytes_sent:
                    raise
                time.sleep(self.settings.retry_pause * (attempt + 1))
        raise AssertionError("The loop returns or raises")

    def _end_packet(self) -> None:
        if not self._empty or self.settings.empty_packets is EmptyPackets.NEVER:
            return
        try:
            self.transport.write_empty(self.settings.empty_packet)
        except DeviceGoneError:
            raise
        except TransportError:
            self._empty = False

    def _send(self, request: Request, *, around: bool = False) -> None:
        data = bytes(request)
        if around and self.settings.empty_packets is EmptyPackets.HEIMDALL:
            self._end_packet()
        self._tried(lambda: self.transport.write(data, self.settings.answer))
        self._end_packet()

    def _receive(self, seconds: float, *, retries: bool = True) -> Response:
        def once() -> bytes:
            return self.transport.read(ANSWER_ROOM, seconds)

        data = self._tried(once) if retries else once()
        for _ in range(2):  # the phone's own zero-length packets
            if data:
                break
            data = once()
        try:
            return Response.parse(data)
        except FormatError as error:
            raise ProtocolError(f"The phone answered {data[:16].hex(' ') or 'nothing'}", remedy=AGAIN) from error

    def _expect(self, kind: int, what: str, seconds: float, *, retries: bool = True) -> int:
        return self._checked(self._receive(seconds, retries=retries), kind, what)

    def _checked(self, response: Response, kind: int, what: str) -> int:
        if response.failed:
            raise DeviceRefusedError(
                f"The phone refused {what}: {meaning(response.value)} (code {response.value})",
                device_text=str(response.value), remedy=AGAIN,
            )  # fmt: skip
        if response.kind != kind:
            raise ProtocolError(f"The phone answered {what} with a message of kind {response.kind:#x}", remedy=AGAIN)
        return response.value

    def ask(self, request: Request, *, seconds: float | None = None, retries: bool = True) -> int:
        """Send a request and wait for its answer.

        Args:
            request: The request.
            seconds: For the answer; None: as :attr:`settings` has it.
            retries: Wait again, as often as :attr:`settings` has it.

        Returns:
            The answer's value.

        Raises:
            DeviceRefusedError: If the phone says no; with the meaning of its code.
            ProtocolError: If it answers anything else.
            TransportError: If the cable fails.
        """
        self._send(request)
        limit = self.settings.answer if seconds is None else seconds
        return self._expect(request.kind, request.name, limit, retries=retries)

    # ----- session

    def greet(self) -> None:
        """Say hello, unless that was done; falls back to resuming a closed session where the settings allow it.

        Raises:
            ProtocolError: If something else than download mode answers.
            FlashError: If nothing answers.
        """
        if self.greeted or self.settings.resume:
            self.greeted = True
            return
        if self.settings.reset_first:
            self.transport.reset()
        self._tried(lambda: self.transport.write(wire.HANDSHAKE, self.settings.answer))
        try:
            answer = self.transport.read(ANSWER_ROOM, self.settings.greeting)
        except DeadlineError as error:
            if self.settings.resume is None:
                self.greeted = self._silent = True  # a phone whose session was closed answers only to the next begin
                return
            raise FlashError(
                "The phone does not answer the greeting", state="Nothing was written",
                remedy=f"{AGAIN}; stop ModemManager, which may have spoken to it first",
            ) from error  # fmt: skip
        if answer.rstrip(b"\0") != wire.HANDSHAKE_REPLY:
            raise ProtocolError(
                f"The phone answered the greeting with {answer[:16]!r}", state="Nothing was written", remedy=AGAIN
            )
        self.greeted = True

    def begin(self) -> Dialect:
        """Open a session, and agree on the size of parts.

        Returns:
            What the phone speaks.
        """
        if self.dialect is not None:
            return self.dialect
        try:
            word = self.ask(wire.begin_session(self.settings.host_version), retries=not self._silent)
        except DeadlineError as error:
            raise FlashError(
                "The phone opens no session", state="Nothing was written",
                remedy=f"{AGAIN}; stop ModemManager, which may have spoken to it first",
            ) from error  # fmt: skip
        dialect = Dialect.of(word)
        if self.settings.settle:
            self.on_event(Waiting("begin session", "the phone to get ready", self.settings.settle))
            time.sleep(self.settings.settle)
        if dialect.sets_part_size:
            self.ask(wire.part_size(dialect.part_size))
        self.dialect = dialect
        return dialect

    def t_flash(self) -> None:
        """Write to the memory card instead of the phone's own storage, for this session."""
        self.ask(
            Request(Kind.SESSION, SessionCommand.T_FLASH), seconds=max(self.settings.answer, self.settings.t_flash)
        )
        time.sleep(self.settings.t_flash)

    def erase_userdata(self) -> None:
        """Erase the user's data."""
        self.ask(Request(Kind.SESSION, SessionCommand.ERASE_USERDATA), seconds=self.settings.erase)

    def total(self, size: int) -> None:
        """Tell how much will come.

        Args:
            size: Bytes of all files.
        """
        self.ask(wire.total_bytes(size))

    def end(self) -> None:
        """Close the session; a later :meth:`begin` opens another one, as long as the phone is not rebooted."""
        self.ask(wire.close(CloseCommand.END))
        self.dialect = None

    def leave(self, command: CloseCommand) -> None:
        """Reboot or switch off; silence and a phone that is gone count as success.

        Args:
            command: Which.
        """
        try:
            self._send(wire.close(command))
            self._expect(Kind.CLOSE, "the reboot", self.settings.reboot, retries=False)
        except (DeadlineError, DeviceGoneError):
            return

    # ----- partition table

    def read_table(self) -> Pit:
        """The phone's partition table.

        Returns:
            The table.

        Raises:
            ProtocolError: If the phone sends no table.
        """
        size = self.ask(wire.pit_dump())
        if not 0 < size <= LARGEST:
            raise ProtocolError(f"The phone announced a partition table of {size} bytes", remedy=AGAIN)
        pieces = []
        for number, start in enumerate(range(0, size, wire.PIT_PART)):
            wanted = min(wire.PIT_PART, size - start)
            self._send(wire.pit_part(number))
            piece = self._tried(lambda: self.transport.read(ANSWER_ROOM, self.settings.answer))
            if len(piece) != wanted:
                raise ProtocolError(
                    f"Part {number} of the partition table has {len(piece)} bytes, not {wanted}", remedy=AGAIN
                )
            pieces.append(piece)
        self._drain()
        self.ask(wire.pit_end())
        try:
            return Pit.parse(b"".join(pieces))
        except FormatError as error:
            raise ProtocolError(f"The phone's partition table is broken: {error}", remedy=AGAIN) from error

    def _drain(self) -> None:
        """Some phones end the table with a zero-length packet of their own."""
        try:
            extra = self.transport.read(ANSWER_ROOM, self.settings.empty_packet)
        except DeadlineError:
            return
        if extra:
            raise ProtocolError(f"{len(extra)} bytes follow the partition table", remedy=AGAIN)

    def write_table(self, table: bytes) -> None:
        """Replace the phone's partition table, byte for byte: newer ones are signed.

        Args:
            table: The table.
        """
        self.ask(wire.pit_flash())
        self.ask(wire.pit_part(len(table)))
        self._tried(lambda: self.transport.write(table, self.settings.answer))
        self._end_packet()
        self._expect(Kind.PIT, "the partition table", self.settings.table)
        self.ask(wire.pit_end(len(table)))

    # ----- files

    def write_file(self, entry: PitEntry, data: Section, *, step: str = "") -> None:
        """Write a file to a partition.

        Args:
            entry: The partition.
            data: The file; read in parts, nothing is kept.
            step: What events and errors call it.

        Raises:
            FlashError: If the phone or the cable fails; says how many bytes were written for good.
            SourceChangedError: If the file shrank.
        """
        step = step or f"flash {entry.name}"
        dialect = self.begin()
        done, self._owed = 0, False
        with held(f"{entry.name} is written whole"), closing(parts_ahead(data, dialect.part_size)) as parts:
            self.ask(wire.file_begin())
            for cut in sequences(data.size, dialect):
                try:
                    self._sequence(entry, data, parts, cut, dialect, step)
                except (FlashError, TransportError) as error:
                    raise _broken(error, step, entry.name, done, cut.offset) from error
                except Stopped as stop:
                    stop.state = f"{entry.name}: {done} bytes of it are written"
                    stop.remedy = "flash it again from the beginning before the phone is started" if done else ""
                    raise
                done = cut.offset + cut.real
        self.on_event(BytesMoved(step, data.size, data.size))

    def _sequence(
        self,
        entry: PitEntry,
        data: Section,
        parts: Iterator[array[int]],
        cut: Sequence,
        dialect: Dialect,
        step: str,
    ) -> None:
        self.ask(wire.sequence_begin(cut.aligned))
        size = dialect.part_size
        for number in range(cut.parts):
            if name := data.changed_file():
                raise FlashError(f"{name} was changed while it was flashed", remedy=AGAIN)
            offset = cut.offset + number * size
            self.on_event(BytesMoved(step, offset, data.size))
            try:
                check()
            except Stopped:
                self._fill(number, cut, size)
                raise
            self._part(number, next(parts), first=not offset)
        end = wire.end_sequence(
            cut, device_type=entry.device_type, identifier=entry.identifier,
            binary_type=0 if self.settings.modem_as_phone else entry.binary_type,
            kind=entry.binary_type if self.settings.binary_type else 0,
        )  # fmt: skip
        self._send(end, around=True)
        limit = dialect.end_seconds if self.settings.sequence_end is None else self.settings.sequence_end
        self._acknowledged(Kind.FILE, f"the end of {step}", limit)

    def _fill(self, number: int, cut: Sequence, size: int) -> None:
        """Send the rest of a sequence as zeros, which are written only at its end: before, a phone hears no request."""
        self.on_event(Waiting("stop", "the announced parts to end; stop once more to leave at once"))
        zeros = array("B", bytes(size))
        with suppress(FlashError, TransportError):
            for index in range(number, cut.parts):
                self._part(index, zeros, first=not cut.offset and not index)

    def _part(self, number: int, part: array[int], *, first: bool) -> None:
        heimdall = self.settings.empty_packets is EmptyPackets.HEIMDALL
        if heimdall and number:
            self._end_packet()
        self.transport.write(part, self.settings.part)
        if not heimdall:
            self._end_packet()
        limit = min(self.settings.part, FIRST_PART) if first else self.settings.part
        try:
            index = self._acknowledged(Kind.DATA, f"part {number}", limit)
            if index == 0 < number and self._owed:  # it was only late
                self._owed = False
                index = self._acknowledged(Kind.DATA, f"part {number}", limit)
        except DeadlineError:
            self._owed = first
            if first:  # some phones do not acknowledge the first part of a file; the end of the sequence tells
                return
            raise
        if index != number:
            raise ProtocolError(f"The phone acknowledged part {index} instead of {number}", remedy=AGAIN)

    def _acknowledged(self, kind: Kind, what: str, limit: float) -> int:
        """The answer to a part or to the end of a sequence; the late one to the first part may come before it."""
        response = self._receive(limit, retries=False)
        if self._owed and kind is not Kind.DATA and response.kind == Kind.DATA and response.value == 0:
            self._owed = False
            response = self._receive(limit, retries=False)
        return self._checked(response, kind, what)


def _broken(error: FlashError | TransportError, step: str, partition: str, done: int, sent: int) -> FlashError:
    """The error of a file that did not arrive whole, with what is on the phone now."""
    kind = type(error) if isinstance(error, FlashError) else FlashError
    written = f"{done} bytes of it are written" if done else "nothing of it is written, unless the last answer was lost"
    return kind(
        f"{step}: {error.what}", partition=partition, bytes_sent=max(sent, error.bytes_sent),
        device_text=error.device_text if isinstance(error, FlashError) else "",
        state=f"{partition}: {written}",
        remedy=f"do not start the phone; {AGAIN}, then flash again from the beginning",
    )  # fmt: skip
