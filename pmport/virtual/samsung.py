"""A virtual Samsung phone in download mode.

Example:
    >>> phone = LokePhone("v2")
    >>> phone.received(OUT, b"ODIN")
    >>> bytes(phone.queues[IN][0])
    b'LOKE'
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.virtual.partitions import Partition
from pmport.virtual.samsung_pit import Slot, read_table, write_table
from pmport.virtual.usb_device import INTERRUPT, ControlRequest, Endpoint, Interface, Stall, VirtualUsbDevice
from pmport.wire import loke as wire
from pmport.wire.loke import CloseCommand, FileCommand, Kind, PitCommand, Request, Response, SessionCommand
from pmport.wire.loke_dialect import OLD, Dialect

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault

__all__ = ["LOKE_PROFILES", "STANDARD_SLOTS", "LokePhone", "LokeProfile"]

IN, OUT = 0x81, 0x01
CDC_REQUEST = 0x21
FLAGS = 0x8000

TOO_LARGE, NO_PARTITION, WRONG_SIZE, UNSUPPORTED = -124, -127, -6, -1


class EmptyPackets(StrEnum):
    """What a bootloader does with a zero-length packet."""

    IGNORED = "ignored"
    AWAITED = "awaited"
    """It answers a request only when an empty packet has ended it: 1024 bytes are whole packets."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LokeProfile:
    """How a bootloader behaves.

    Args:
        word: Version word at the newest protocol that it speaks; 0 for an old one.
        empty_packets: What it does with them.
        answers_reboot: Whether it answers a reboot before it goes.
        end_seconds: How long it takes to write a sequence.
        product: USB product id.
        product_name: USB product string.
    """

    word: int
    empty_packets: EmptyPackets = EmptyPackets.IGNORED
    answers_reboot: bool = True
    end_seconds: float = 0.0
    product: int = 0x685D
    product_name: str = "Gadget Serial"


LOKE_PROFILES: Mapping[str, LokeProfile] = MappingProxyType(
    {
        "v1": LokeProfile(0, product=0x6601, product_name="SAMSUNG USB DRIVER"),
        "v2": LokeProfile(0x20000),
        "v3": LokeProfile(0x30000, product_name="MSM8960"),
        "v4": LokeProfile(0x48000, answers_reboot=False),
        "v2-empty-packets": LokeProfile(0x20000, EmptyPackets.AWAITED),
        "v3-no-empty-packets": LokeProfile(0x30000, EmptyPackets.REFUSED),
    }
)
"""Bootloaders by what their users report (Galaxy S, S II, S III … M20)."""

STANDARD_SLOTS = (
    Slot("BOOTLOADER", "sboot.bin", 80, 8192, 0),
    Slot("PIT", "", 70, 34, 8192),
    Slot("BOOT", "boot.img", 9, 262144, 8226),
    Slot("RECOVERY", "recovery.img", 10, 262144, 270370),
    Slot("MODEM", "modem.bin", 11, 65536, 532514, binary_type=1),
    Slot("SYSTEM", "system.img", 20, 4194304, 598050),
)
"""A small phone: 128 MiB each for BOOT and RECOVERY."""


class State(StrEnum):
    """Where the conversation is."""

    ATTACHED = "attached"
    GREETED = "greeted"
    SESSION = "session"
    TABLE = "table"
    PARTS = "parts"
    CLOSED = "closed"


@dataclass
class _Writing:
    """A file that is on its way."""

    parts: list[bytes] = field(default_factory=list)
    expected: int = 0
    offset: int = 0


class LokePhone(VirtualUsbDevice):
    """A phone in download mode.

    Args:
        profile: A key of :data:`LOKE_PROFILES`, or a profile.
        slots: The entries of its partition table.
        table: The table's bytes; None: made of ``slots``.
        refuses: Partition name → failure code that the end of a sequence gets.
        drop_part: Index of a part whose acknowledgement is lost, counted over the whole file.
        faults: When to fail.

    Attributes:
        partitions: What was written, by partition name.
        log: Every message that came, in words.
        flashed: Names of files that arrived whole, with their sizes.
    """

    vendor = 0x04E8
    device_triple: tuple[int, int, int] = (2, 0, 0)
    manufacturer_name = "SAMSUNG"
    interfaces: tuple[Interface, ...] = (
        Interface(0, (2, 2, 1), (Endpoint(0x82, INTERRUPT, 16, 9),)),
        Interface(1, (10, 0, 0), (Endpoint(IN), Endpoint(OUT))),
    )

    def __init__(
        self,
        profile: str | LokeProfile = "v2",
        slots: Iterable[Slot] = STANDARD_SLOTS,
        *,
        table: bytes | None = None,
        refuses: Mapping[str, int] | None = None,
        drop_part: int | None = None,
        faults: Iterable[Fault] = (),
    ) -> None:
        super().__init__(faults=faults)
        self.profile: LokeProfile = LOKE_PROFILES[profile] if isinstance(profile, str) else profile
        self.product: int
        self.product_name: str
        self.product, self.product_name = self.profile.product, self.profile.product_name
        self.table: bytes = write_table(slots) if table is None else table
        self.partitions: dict[str, Partition] = {
            slot.name: Partition(max(slot.size, 1)) for slot in read_table(self.table)
        }
        self.refuses: dict[str, int] = dict(refuses or {})
        self.drop_part = drop_part
        self.mode: str = "download"
        self.log: list[str] = []
        self.flashed: list[tuple[str, int]] = []
        self.total: int = 0
        self.t_flash: bool = False
        self.empty_packets: int = 0
        self._timer: threading.Timer | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the conversation; a bus reset before the greeting changes nothing."""
        if self._timer is not None:
            self._timer.cancel()
        self.state: State = State.ATTACHED
        self._dialect = OLD
        self._writing = _Writing()
        self._buffer = b""
        self._held: bytes | None = None
        self._target = ""

    # ----- what comes

    def control(self, setup: ControlRequest) -> bytes:
        """Line coding and line state, which a serial port's driver sets."""
        if setup.request_type == CDC_REQUEST:
            return b""
        raise Stall(f"request {setup.request:#x}")

    def received(self, endpoint: int, data: bytes) -> None:  # noqa: ARG002 - there is one
        """A request, a part, or an empty packet; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        if not data:
            self._empty()
        elif self.state is State.ATTACHED:
            self._greet(data)
        elif self.state is State.PARTS:
            self._part(data)
        elif self.state is State.TABLE and self._writing.expected:
            self._table_data(data)
        elif self.profile.empty_packets is EmptyPackets.AWAITED:
            self._held = data
        else:
            self._request(data)

    def _empty(self) -> None:
        self.empty_packets += 1
        if self.profile.empty_packets is EmptyPackets.REFUSED:
            raise Stall("an empty packet")
        if self._held is not None:
            data, self._held = self._held, None
            self._request(data)

    def _greet(self, data: bytes) -> None:
        if data.rstrip(b"\0") in {b"ODIN", b"THOR"}:
            self.log.append(data.rstrip(b"\0").decode())
            self.state = State.GREETED
            self.send(IN, wire.HANDSHAKE_REPLY)

    def _request(self, data: bytes) -> None:
        try:
            request = Request.parse(data)
        except FormatError:
            return  # a bootloader says nothing to a request of another length
        self.log.append(_words(request))
        if self.state in {State.GREETED, State.CLOSED} and request.kind not in {Kind.SESSION, Kind.CLOSE}:
            self._fail(UNSUPPORTED)
            return
        handlers = {Kind.SESSION: self._session, Kind.PIT: self._pit, Kind.FILE: self._file, Kind.CLOSE: self._close}
        try:
            handlers[Kind(request.kind)](request)
        except (KeyError, ValueError):
            self._fail(UNSUPPORTED)

    def _reply(self, kind: int, value: int = 0) -> None:
        self.send(IN, bytes(Response(kind, value)))

    def _fail(self, code: int) -> None:
        self._reply(wire.FAILED, code)

    # ----- session

    def _session(self, request: Request) -> None:
        command, number = SessionCommand(request.command), request.numbers[0]
        answer = 0
        if command is SessionCommand.BEGIN:
            self.state = State.SESSION
            answer = self._version(number)
            self._dialect = Dialect.of(answer)
        elif command is SessionCommand.TOTAL_BYTES:
            self.total = number | request.numbers[1] << 32
        elif command is SessionCommand.PART_SIZE and number != self._dialect.part_size:
            self._fail(WRONG_SIZE)
            return
        elif command is SessionCommand.T_FLASH:
            self.t_flash = True
        self._reply(Kind.SESSION, answer)

    def _version(self, host: int) -> int:
        """The smaller of both protocols; a host that names none is taken for version 2."""
        own = self.profile.word >> 16
        version = min(host or 2, own)
        return version << 16 | (self.profile.word & FLAGS if version > 2 else 0)

    def _close(self, request: Request) -> None:
        command = CloseCommand(request.command)
        if command is CloseCommand.END:
            self.state = State.CLOSED
        else:
            targets = {CloseCommand.REBOOT: "system", CloseCommand.REBOOT_TO_DOWNLOAD: "download"}
            self._target = targets.get(command, "off")
        if command is CloseCommand.END or self.profile.answers_reboot:
            self._reply(Kind.CLOSE)

    def settle(self) -> None:
        """Leave the bus, or come back to it, if a command asked for it."""
        with self.condition:
            target, self._target = self._target, ""
            if not target:
                return
            self.mode = target
            if target == "download":
                self.plug()
            else:
                self.unplug()

    # ----- partition table

    def _pit(self, request: Request) -> None:
        command, number = PitCommand(request.command), request.numbers[0]
        if command is PitCommand.DUMP:
            self._reply(Kind.PIT, len(self.table))
        elif command is PitCommand.FLASH:
            self.state = State.TABLE
            self._writing = _Writing()
            self._reply(Kind.PIT)
        elif command is PitCommand.PART and self.state is State.TABLE:
            self._writing = _Writing(expected=number)
            self._reply(Kind.PIT)
        elif command is PitCommand.PART:
            self.send(IN, self.table[number * wire.PIT_PART : (number + 1) * wire.PIT_PART])
        else:
            self.state = State.SESSION
            self._reply(Kind.PIT)

    def _table_data(self, data: bytes) -> None:
        self._writing.parts.append(data)
        if sum(map(len, self._writing.parts)) < self._writing.expected:
            return
        raw = b"".join(self._writing.parts)
        self._writing = _Writing()
        self.log.append(f"table of {len(raw)} bytes")
        try:
            slots = list(read_table(raw))
        except ValueError:
            self._fail(UNSUPPORTED)
            return
        self.table = raw
        self.partitions = {slot.name: self.partitions.get(slot.name) or Partition(max(slot.size, 1)) for slot in slots}
        self._reply(Kind.PIT)

    # ----- files

    def _file(self, request: Request) -> None:
        command = FileCommand(request.command)
        if command is FileCommand.BEGIN:
            self._writing = _Writing()
            self._reply(Kind.FILE)
        elif command is FileCommand.SEQUENCE:
            self._writing.expected = request.numbers[0] // self._dialect.part_size
            self._writing.parts = []
            self.state = State.PARTS
            self._reply(Kind.FILE)
        elif command is FileCommand.SEQUENCE_END:
            self._end(request)
        else:
            self._fail(UNSUPPORTED)

    def _part(self, data: bytes) -> None:
        size = self._dialect.part_size
        if len(data) != size or self._buffer:
            data = self._buffer + data
            self._buffer = data if len(data) < size else b""
            if self._buffer:
                return
        writing = self._writing
        number = len(writing.parts)
        writing.parts.append(data[:size])
        self.log.append(f"part {number}")
        if len(writing.parts) == writing.expected:
            self.state = State.SESSION
        if self.drop_part == writing.offset // size + number:
            self.drop_part = None
            return
        self._reply(Kind.DATA, number)

    def _end(self, request: Request) -> None:
        code = self._written(request)
        if self.profile.end_seconds:
            answer = Response(wire.FAILED, code) if code else Response(Kind.FILE)
            self._timer = threading.Timer(self.profile.end_seconds, self.send, (IN, bytes(answer)))
            self._timer.daemon = True
            self._timer.start()
        elif code:
            self._fail(code)
        else:
            self._reply(Kind.FILE)

    def _written(self, request: Request) -> int:
        """Write a sequence; the code of a failure, or 0."""
        destination, real, _, device_type, *rest = request.numbers
        identifier, last = (None, rest[0]) if destination == wire.MODEM else (rest[0], rest[1])
        slot = self._slot(destination, identifier)
        writing, size = self._writing, self._dialect.part_size
        if slot is None or slot.device_type != device_type:
            return NO_PARTITION
        if slot.name in self.refuses:
            return self.refuses[slot.name]
        if (
            not (writing.expected - 1) * size < real <= writing.expected * size
            or len(writing.parts) != writing.expected
        ):
            return WRONG_SIZE
        if writing.offset + real > self.partitions[slot.name].size:
            return TOO_LARGE
        for number, part in enumerate(writing.parts):
            start = number * size
            self.partitions[slot.name].write(writing.offset + start, part[: real - start])
        writing.offset += real
        if last:
            self.flashed.append((slot.name, writing.offset))
        return 0

    def _slot(self, destination: int, identifier: int | None) -> Slot | None:
        for slot in read_table(self.table):
            if slot.binary_type == destination and identifier in {None, slot.identifier}:
                return slot
        return None


def _words(request: Request) -> str:
    numbers = list(request.numbers)
    while numbers and not numbers[-1]:
        numbers.pop()
    return " ".join([request.name, *map(str, numbers)])
