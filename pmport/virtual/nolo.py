"""A virtual Nokia tablet or phone in NOLO, its bootloader.

Example:
    >>> from pmport.virtual.usb_device import ControlRequest
    >>> phone = NoloPhone("N900")
    >>> phone.answer_control(ControlRequest(0xC0, 3, length=4)).hex()
    '000e1400'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.virtual.usb_device import ControlRequest, Endpoint, Interface, Stall, VirtualUsbDevice
from pmport.wire import nolo as wire
from pmport.wire import nolo_image
from pmport.wire.nolo import Request, Setting

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault

__all__ = ["NOLO_PROFILES", "NoloPhone", "NoloProfile"]

IN, COMMANDS, DATA = 0x81, 0x01, 0x02
IN_REQUEST, OUT_REQUEST = 0xC0, 0x40
STORED = frozenset(
    {"version:kernel", "version:initfs", "version:sw-release", "version:content", "hw_rev", "cmt:verify"}
)
MODEM_STEPS = ("erase:0/1", "erase:1/1", "program:0/1", "program:1/1", "finished", "idle")


@dataclass(frozen=True, slots=True)
class NoloProfile:
    """One product.

    Args:
        code: Product code.
        revision: Hardware revision.
        product_name: USB product string.
        version: What it answers to the version request.
        loads: Types of images that it takes into RAM for booting.
    """

    code: str
    revision: str
    product_name: str
    version: int = 0x00140E00
    loads: tuple[str, ...] = ("kernel", "initfs")


NOLO_PROFILES: Mapping[str, NoloProfile] = MappingProxyType(
    {
        "770": NoloProfile("SU-18", "1700", "Nokia 770 (Update mode)", 0x00100801),
        "N800": NoloProfile("RX-34", "0805", "Nokia N800 (Update mode)", 0x00110800),
        "N810": NoloProfile("RX-44", "0504", "Nokia N810 (Update mode)", 0x00110900),
        "N900": NoloProfile("RX-51", "2101", "Nokia N900 (Update mode)"),
    }
)


class NoloPhone(VirtualUsbDevice):
    """A phone in update mode.

    Args:
        profile: A key of :data:`NOLO_PROFILES`, or a profile.
        serial: Its serial number.
        busy: How often its status says that it is not ready yet.
        faults: When to fail.

    Attributes:
        settings: R&D mode, root device and the like.
        flags: R&D flags.
        values: What the string keys hold.
        ram: Images that were sent and not flashed, by type.
        flash: Images that were flashed, by type.
        log: Every request that came, in words.
    """

    vendor: int = 0x0421
    product: int = 0x0105
    manufacturer_name = "Nokia"
    interfaces: tuple[Interface, ...] = (
        Interface(0, (8, 6, 80)),
        Interface(1, (2, 8, 0)),
        Interface(2, (10, 0, 0)),
        Interface(2, (10, 0, 0), (Endpoint(IN), Endpoint(COMMANDS), Endpoint(DATA)), alternate=1),
    )

    def __init__(
        self,
        profile: str | NoloProfile = "N900",
        *,
        serial: str = "4E39303030303031",
        busy: int = 0,
        faults: Iterable[Fault] = (),
    ) -> None:
        super().__init__(serial=serial, faults=faults)
        self.profile: NoloProfile = NOLO_PROFILES[profile] if isinstance(profile, str) else profile
        self.product_name: str = self.profile.product_name
        self.settings: dict[Setting, int] = {Setting.RD_MODE: 0, Setting.ROOT_DEVICE: 0, Setting.USB_HOST_MODE: 0}
        self.flags: int = 0
        self.values: dict[str, str] = {
            "version:nolo": wire.version_text(self.profile.version),
            "hw_rev": self.profile.revision,
        }
        self.sw_release: bytes = b""
        self.flash: dict[str, bytes] = {}
        self.log: list[str] = []
        self.errors: list[str] = []
        self.mode: str = "update"
        self.booted: dict[str, bytes] = {}
        self.cmdline: bytes = b""
        self._busy = busy
        self.reset()

    def reset(self) -> None:
        """Forget what is in RAM."""
        self.ram: dict[str, bytes] = {}
        self._target = ""
        self._key = ""
        self._kind, self._expected, self._hash = "", 0, 0
        self._stream = False
        self._pieces: list[bytes] = []
        self._modem: list[str] = []

    # ----- image data

    def received(self, endpoint: int, data: bytes) -> None:
        """A piece of the announced image; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        if endpoint != DATA or len(data) > self._expected:
            self._refuse(f"unexpected {len(data)} bytes on endpoint {endpoint}")
        self._pieces.append(data)
        self._expected -= len(data)
        if self._expected == 0 and self._kind:
            self.ram[self._kind] = b"".join(self._pieces)
            self._pieces = []
            self.log.append(f"data of {self._kind}, {len(self.ram[self._kind])} bytes")

    def _refuse(self, why: str) -> None:
        self.errors.append(why)
        raise Stall(why)

    # ----- requests

    def control(self, setup: ControlRequest) -> bytes:
        """A vendor request; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        try:
            request = Request(setup.request)
        except ValueError:
            self._refuse(f"unknown request {setup.request}")
        numbers = f" {setup.value} {setup.index}" if setup.value or setup.index else ""
        text = f" {setup.data.decode('latin1')!r}" if request in {Request.SELECT_STRING, Request.SET_STRING} else ""
        self.log.append(f"{request.name}{numbers}{text}")
        if setup.request_type == IN_REQUEST:
            return self._read(request, setup)
        if setup.request_type == OUT_REQUEST:
            self._write(request, setup)
            return b""
        raise Stall(f"request type {setup.request_type:#x}")

    def _read(self, request: Request, setup: ControlRequest) -> bytes:
        if request is Request.STATUS:
            self._busy, busy = max(self._busy - 1, 0), self._busy
            return wire.word(busy)
        if request is Request.VERSION:
            return wire.word(self.profile.version)
        if request is Request.IDENTIFY:
            return wire.identity_bytes({"prod_code": self.profile.code, "hw_rev": self.values["hw_rev"]})
        if request is Request.ERROR_LOG:
            text = b"".join(line.encode() + b"\0" for line in self.errors)
            self.errors.clear()
            return text
        if request is Request.GET_STRING:
            return self._string()
        if request is Request.GET:
            return self._setting(setup.index)
        raise Stall(request.name)

    def _string(self) -> bytes:
        if self._key == "cmt:status":
            return (self._modem.pop(0) if len(self._modem) > 1 else "idle").encode()
        if self._key not in self.values:
            self._refuse(f"no such key: {self._key}")
        return self.values[self._key].encode("utf-8", "surrogateescape")

    def _setting(self, index: int) -> bytes:
        if index == Setting.RD_FLAGS:
            return self.flags.to_bytes(2, "little")
        if index not in self.settings:
            self._refuse(f"no setting {index}")
        setting = Setting(index)
        return self.settings[setting].to_bytes(wire.WIDTHS[setting], "little")

    def _write(self, request: Request, setup: ControlRequest) -> None:
        if request is Request.SET:
            self._set(setup.index, setup.value)
        elif request is Request.SELECT_STRING:
            self._key = setup.data.decode("latin1")
        elif request is Request.SET_STRING:
            if self._key not in STORED:
                self._refuse(f"{self._key} cannot be set")
            self.values[self._key] = setup.data.decode("utf-8", "surrogateescape").rstrip("\0")
        elif request is Request.SET_SW_RELEASE:
            self.sw_release = setup.data
        elif request in {Request.SEND_IMAGE, Request.STREAM_IMAGE}:
            self._announced(setup.data, stream=request is Request.STREAM_IMAGE)
        elif request is Request.FLASH_IMAGE:
            self._flash(setup.index)
        elif request is Request.FLASH_FINISH:
            self._finish()
        elif request in {Request.BOOT, Request.REBOOT}:
            self._leave(request, setup)
        else:
            raise Stall(request.name)

    def _set(self, index: int, value: int) -> None:
        if index == Setting.RD_FLAGS:
            self.flags |= value
        elif index == Setting.RD_FLAGS_DELETE:
            self.flags &= ~value
        elif index in self.settings:
            self.settings[Setting(index)] = value
        else:
            self._refuse(f"no setting {index}")

    # ----- images

    def _announced(self, header: bytes, *, stream: bool) -> None:
        try:
            self._kind, self._expected, self._hash = nolo_image.parse_header(header)
        except FormatError as error:
            self._refuse(str(error))
        self._stream, self._pieces = stream, []
        self.log.append(f"image {self._kind} of {self._expected} bytes")

    def _checked(self, kind: str) -> bytes:
        image = self.ram.get(kind)
        if image is None or self._expected:
            self._refuse(f"{kind}: image is not complete")
            return b""
        if nolo_image.image_hash(image, kind) != self._hash:
            self._refuse(f"{kind}: checksum is wrong")
        return image

    def _flash(self, index: int) -> None:
        kind = next((name for name, number in wire.FLASH_INDEX.items() if number == index), "")
        self.flash[kind] = self._checked(kind)
        del self.ram[kind]
        if kind == "secondary" and "xloader" in self.ram:
            self.flash["xloader"] = self.ram.pop("xloader")
        if kind == "cmt-mcusw":
            self._modem = list(MODEM_STEPS)

    def _finish(self) -> None:
        if not self._stream:
            self._refuse("nothing was streamed")
        self.flash[self._kind] = self._checked(self._kind)
        del self.ram[self._kind]

    # ----- leaving

    def _leave(self, request: Request, setup: ControlRequest) -> None:
        if request is Request.REBOOT:
            self._target = "system"
        elif setup.value:
            self._target = "update"
        else:
            self.booted, self.cmdline = dict(self.ram), setup.data.rstrip(b"\0")
            self._target = "boot"

    def settle(self) -> None:
        """Leave the bus, or come back to it, if a command asked for it."""
        with self.condition:
            target, self._target = self._target, ""
            if not target:
                return
            self.mode = target
            if target == "update":
                self.plug()
            else:
                self.unplug()
