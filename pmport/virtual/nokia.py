"""Nokia's other two modes: the OMAP3 boot ROM that takes loaders over the cable, and Mk II in the running system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.virtual.usb_device import Endpoint, Interface, Stall, VirtualUsbDevice
from pmport.wire import mk2, omap_rom
from pmport.wire.omap_rom import AsicId, BootCode, MessageType

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault
    from pmport.virtual.nolo import NoloPhone

__all__ = ["ColdPhone", "Mk2Phone"]

IN, OUT, RAW = 0x81, 0x01, 0x02
PONG = b"pong"


class ColdState(StrEnum):
    """How far cold flashing is."""

    ROM = "boot ROM"
    SIZE = "size of the second loader"
    LOADER = "second loader"
    RUNNING = "second loader runs"
    SECONDARY = "secondary loader"
    DONE = "temporary NOLO"


class ColdPhone(VirtualUsbDevice):
    """A phone whose boot ROM waits for a loader.

    Args:
        becomes: The phone in NOLO that appears when the secondary loader was started; not plugged in before.
        missed_pings: How many pings the second loader leaves unanswered while it starts.
        faults: When to fail.

    Attributes:
        loaders: What was sent: ``"2nd"`` and ``"secondary"``.
        log: Everything that happened, in words.
    """

    vendor: int = 0x0421
    product: int = 0x0106
    manufacturer_name: str = "Nokia"
    product_name: str = "Nokia USB ROM"
    interfaces: tuple[Interface, ...] = (Interface(0, (255, 255, 255), (Endpoint(IN), Endpoint(OUT))),)
    asic_id: AsicId = AsicId("OMAP3430", 0x57, bytes(range(20)), bytes(range(20, 40)))

    def __init__(
        self, becomes: NoloPhone | None = None, *, missed_pings: int = 1, faults: Iterable[Fault] = ()
    ) -> None:
        super().__init__(faults=faults)
        self.becomes = becomes
        self.log: list[str] = []
        self.loaders: dict[str, bytes] = {}
        self.mode: str = "cold"
        self._missed = missed_pings
        if becomes is not None:
            becomes.unplug()
            becomes.port_of = self
        self.reset()
        self.send(IN, bytes(self.asic_id))

    def reset(self) -> None:
        """The boot ROM starts again; it says its name once per attachment."""
        self.state: ColdState = ColdState.ROM
        self._leaving = False
        self._left, self._crc = 0, 0
        self._pieces: list[bytes] = []

    def plug(self) -> None:
        """Put the cable in again."""
        super().plug()
        self.send(IN, bytes(self.asic_id))

    def received(self, endpoint: int, data: bytes) -> None:  # noqa: ARG002 - there is one
        """A code, a message or a piece of a loader; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        if self.state is ColdState.ROM:
            self._code(data)
        elif self.state is ColdState.SIZE:
            self._expect(int.from_bytes(data, "little"), ColdState.LOADER)
        elif self.state in {ColdState.LOADER, ColdState.SECONDARY}:
            self._piece(data)
        elif self.state is ColdState.RUNNING:
            self._message(data)
        else:
            raise Stall(self.state)

    def _code(self, data: bytes) -> None:
        if data == omap_rom.code(BootCode.PERIPHERAL):
            self.log.append("PERIPHERAL")
            self.state = ColdState.SIZE
        elif data == omap_rom.code(BootCode.MEMORY):
            self.log.append("MEMORY")
            self.mode, self._leaving = "system", True
        else:
            raise Stall(data.hex())

    def _expect(self, size: int, state: ColdState) -> None:
        self.log.append(f"{state}, {size} bytes")
        self._left, self._pieces, self.state = size, [], state

    def _piece(self, data: bytes) -> None:
        if len(data) > self._left:
            raise Stall(f"{len(data)} bytes, {self._left} expected")
        self._pieces.append(data)
        self._left -= len(data)
        if self._left:
            return
        image = b"".join(self._pieces)
        if self.state is ColdState.LOADER:
            self.loaders["2nd"] = image
            self.state = ColdState.RUNNING
        elif omap_rom.checksum(image) != self._crc:
            self.log.append("checksum is wrong")
            self.state = ColdState.RUNNING
        else:
            self.loaders["secondary"] = image
            self.state, self.mode, self._leaving = ColdState.DONE, "nolo", True
            self.send(IN, PONG)

    def _message(self, data: bytes) -> None:
        try:
            message = omap_rom.Message.parse(data)
        except FormatError:
            self.log.append("a broken message")
            return
        if message.kind == MessageType.PING:
            self.log.append("ping")
            self._missed -= 1
            if self._missed < 0:
                self.send(IN, PONG)
        elif message.kind == MessageType.SEND:
            self._crc = message.checksum
            self._expect(message.size, ColdState.SECONDARY)
            self.send(IN, PONG)

    def settle(self) -> None:
        """Leave the bus, and come back as NOLO if that was started."""
        with self.condition:
            if not self._leaving:
                return
            self._leaving = False
            self.unplug()
        if self.becomes is not None and self.state is ColdState.DONE:
            self.becomes.plug()


class Mk2Phone(VirtualUsbDevice):
    """A phone in PC-Suite mode, or in update mode without NOLO.

    Args:
        answers: Question → answer; None: those of an N900.
        faults: When to fail.
    """

    vendor: int = 0x0421
    product: int = 0x01C8
    manufacturer_name: str = "Nokia"
    product_name: str = "N900 (PC-Suite Mode)"
    interfaces: tuple[Interface, ...] = (
        Interface(0, (2, 8, 0)),
        Interface(1, (10, 0, 0)),
        Interface(1, (10, 0, 0), (Endpoint(IN), Endpoint(OUT), Endpoint(RAW)), alternate=1),
    )
    standard_answers: Mapping[str, str] = {
        "/update/protocol_version": "2",
        "/device/product_code": "RX-51",
        "/device/hw_build": "2101",
        "/update/supported_images": "xloader,secondary,kernel,mmc,cmt-2nd,cmt-algo,cmt-mcusw",
        "/version/sw_release": "RX-51_2009SE_20.2010.36-2_PR_MR0",
    }

    def __init__(self, answers: Mapping[str, str] | None = None, *, faults: Iterable[Fault] = ()) -> None:
        super().__init__(serial="4E39303030303031", faults=faults)
        self.answers: dict[str, str] = dict(self.standard_answers if answers is None else answers)
        self.told: dict[str, str] = {}
        self.log: list[str] = []
        self.mode: str = "pc-suite"
        self._target = ""

    def received(self, endpoint: int, data: bytes) -> None:
        """A message; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        if endpoint != OUT:
            raise Stall(f"{len(data)} bytes on endpoint {endpoint}")
        try:
            message = mk2.Message.parse(data)
        except FormatError:
            return
        text = message.data.decode("latin1")
        self.log.append(f"{message.number} {message.kind:#04x} {text!r}")
        answer = b"\0"
        if message.kind == mk2.Kind.PING:
            answer = b""
        elif message.kind == mk2.Kind.GET:
            value = self.answers.get(text.rstrip("\0"))
            answer = b"\1" if value is None else b"\0" + value.encode()
        elif message.kind == mk2.Kind.TELL:
            key, _, value = text.partition("\0")
            self.told[key] = value
        elif message.kind == mk2.Kind.REBOOT:
            self._target = "update" if "update" in text else "system"
        else:
            answer = b"\1"
        self.send(IN, bytes(mk2.Message(message.number, message.kind | mk2.REPLY, answer, mk2.FROM_DEVICE)))

    def settle(self) -> None:
        """Leave the bus, if it was told to."""
        with self.condition:
            if self._target:
                self.mode, self._target = self._target, ""
                self.unplug()
