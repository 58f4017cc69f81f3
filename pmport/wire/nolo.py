"""NOLO, the bootloader of Nokia's internet tablets and of the N900: every request, declared once.

NOLO is spoken to by vendor requests on the control endpoint; images go as raw bytes to a bulk endpoint. Layouts and
values are facts read from 0xFFFF's documentation and behaviour.

Example:
    >>> boot(b"").setup(0).hex(" ")
    '40 82 00 00 00 00 00 00'
    >>> version_text(0x00140E00)
    '1.4.14'
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError
from pmport.wire.nolo_answers import FORMAT, PRODUCTS, identity, identity_bytes, log_lines, product_of, version_text

__all__ = [
    "ALL_FLAGS",
    "DATA_ENDPOINT",
    "FLASH_INDEX",
    "PIECE",
    "PRODUCTS",
    "STRING_KEYS",
    "Control",
    "RdFlag",
    "Request",
    "RootDevice",
    "Setting",
    "boot",
    "identity",
    "identity_bytes",
    "log_lines",
    "parse_flags",
    "product_of",
    "sw_release",
    "version_text",
]

READ, WRITE = 0xC0, 0x40
"""bmRequestType: vendor request to the device, in either direction."""
DATA_ENDPOINT = 0x02
PIECE = 131072
"""Bytes of an image per bulk transfer."""


class Request(IntEnum):
    """bRequest."""

    STATUS = 1
    VERSION = 3
    IDENTIFY = 4
    ERROR_LOG = 5
    SET = 16
    GET = 17
    SELECT_STRING = 18
    SET_STRING = 19
    GET_STRING = 20
    SEND_IMAGE = 66
    SET_SW_RELEASE = 67
    FLASH_IMAGE = 80
    FLASH_FINISH = 82
    STREAM_IMAGE = 84
    BOOT = 130
    REBOOT = 131


class Setting(IntEnum):
    """wIndex of :attr:`Request.SET` and :attr:`Request.GET`."""

    RD_MODE = 0
    ROOT_DEVICE = 1
    USB_HOST_MODE = 2
    RD_FLAGS = 3
    """Read the flags; written, it adds some."""
    RD_FLAGS_DELETE = 4


WIDTHS = {Setting.RD_MODE: 1, Setting.ROOT_DEVICE: 1, Setting.USB_HOST_MODE: 4, Setting.RD_FLAGS: 2}
"""Bytes that :attr:`Request.GET` reads, little-endian."""


class RootDevice(IntEnum):
    """Where Maemo starts from."""

    FLASH = 0
    MMC = 1
    USB = 2


class RdFlag(IntFlag):
    """What NOLO does differently in R&D mode."""

    NO_OMAP_WD = 0x002
    NO_EXT_WD = 0x004
    NO_LIFEGUARD_RESET = 0x008
    SERIAL_CONSOLE = 0x010
    NO_USB_TIMEOUT = 0x020
    STI_CONSOLE = 0x040
    NO_CHARGING = 0x080
    FORCE_POWER_KEY = 0x100

    @property
    def names(self) -> tuple[str, ...]:
        """Their names as 0xFFFF and Nokia's flasher spell them: ``no-omap-wd``."""
        return tuple(str(flag.name).lower().replace("_", "-") for flag in RdFlag if flag & self)


ALL_FLAGS = 0x1FE

STRING_KEYS = ("version:kernel", "version:initfs", "version:sw-release", "version:content", "hw_rev", "cmt:status")
"""Keys that :attr:`Request.SELECT_STRING` takes and that can be read."""
FLASH_INDEX = {"secondary": 1, "kernel": 3, "cmt-mcusw": 66}
"""wIndex of :attr:`Request.FLASH_IMAGE`. Types that are not here are only sent: NOLO commits them with another one."""


@cache
def _setup() -> Any:
    from construct import Int8ul, Int16ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "request_type" / Int8ul, "request" / Int8ul, "value" / Int16ul, "index" / Int16ul, "length" / Int16ul
    ).compile()


@dataclass(frozen=True, slots=True)
class Control:
    """One control transfer.

    Args:
        request: bRequest.
        value: wValue.
        index: wIndex.
        data: What goes to the phone; empty for reading.
        length: How many bytes to read at the most; 0 for writing.
    """

    request: int
    value: int = 0
    index: int = 0
    data: bytes = b""
    length: int = 0

    @property
    def request_type(self) -> int:
        """The byte bmRequestType."""
        return READ if self.length else WRITE

    def setup(self, length: int | None = None) -> bytes:
        """The eight bytes of the setup packet (USB 2.0, 9.3).

        Args:
            length: wLength; None: that of the transfer.

        Returns:
            The bytes.
        """
        size = (self.length or len(self.data)) if length is None else length
        fields = {"request_type": self.request_type, "request": self.request, "value": self.value, "index": self.index}
        built: bytes = _setup().build(fields | {"length": size})
        return built

    @classmethod
    def parse(cls, setup: bytes, data: bytes = b"") -> Self:
        """Read a setup packet.

        Args:
            setup: Eight bytes.
            data: What came with it.

        Returns:
            The transfer.

        Raises:
            FormatError: If it is not eight bytes long.
        """
        if len(setup) != 8:
            raise FormatError(f"A setup packet of {len(setup)} bytes", format=FORMAT, offset=0)
        raw = _setup().parse(setup)
        return cls(raw.request, raw.value, raw.index, data, raw.length if raw.request_type & 0x80 else 0)


STATUS = Control(Request.STATUS, length=4)
VERSION = Control(Request.VERSION, length=4)
IDENTIFY = Control(Request.IDENTIFY, length=512)
ERROR_LOG = Control(Request.ERROR_LOG, length=2048)
GET_STRING = Control(Request.GET_STRING, length=511)
FINISH = Control(Request.FLASH_FINISH)
REBOOT = Control(Request.REBOOT)


def get(setting: Setting) -> Control:
    """Read a setting.

    Args:
        setting: Which.

    Returns:
        The transfer; the answer is little-endian.
    """
    return Control(Request.GET, index=setting, length=WIDTHS[setting])


def put(setting: Setting, value: int) -> Control:
    """Change a setting.

    Args:
        setting: Which.
        value: To what.

    Returns:
        The transfer.
    """
    return Control(Request.SET, value, setting)


def put_flags(flags: RdFlag) -> tuple[Control, Control]:
    """Set exactly these R&D flags: add them, then delete all others.

    Args:
        flags: Which shall be on.

    Returns:
        Both transfers.

    Example:
        >>> [control.setup().hex() for control in put_flags(RdFlag.NO_OMAP_WD | RdFlag.NO_EXT_WD)]
        ['4010060003000000', '4010f80104000000']
    """
    return put(Setting.RD_FLAGS, int(flags)), put(Setting.RD_FLAGS_DELETE, ALL_FLAGS & ~int(flags))


def select_string(key: str) -> Control:
    """Choose which string the next get or set is about.

    Args:
        key: Such as ``version:kernel``.

    Returns:
        The transfer.
    """
    return Control(Request.SELECT_STRING, data=key.encode("ascii"))


def set_string(value: str) -> Control:
    """Change the chosen string.

    Args:
        value: Its text.

    Returns:
        The transfer.
    """
    return Control(Request.SET_STRING, data=value.encode("utf-8", "surrogateescape"))


def send_image(header: bytes, *, stream: bool = False) -> Control:
    """Announce an image.

    Args:
        header: Its header (:func:`pmport.wire.nolo_image.header`).
        stream: Written to the flash while it comes, as the root file system must be; else kept in RAM.

    Returns:
        The transfer; the image follows on :data:`DATA_ENDPOINT`.
    """
    return Control(Request.STREAM_IMAGE if stream else Request.SEND_IMAGE, data=header)


def flash_image(kind: str) -> Control | None:
    """Write the image in RAM to the flash.

    Args:
        kind: Its type.

    Returns:
        The transfer; None for types that NOLO commits by itself.
    """
    return Control(Request.FLASH_IMAGE, 0, FLASH_INDEX[kind]) if kind in FLASH_INDEX else None


def boot(cmdline: bytes = b"", *, update: bool = False) -> Control:
    """Start what is in RAM, or else in the flash.

    Args:
        cmdline: The kernel's command line; empty: its own.
        update: Start the update mode instead.

    Returns:
        The transfer.
    """
    return Control(Request.BOOT, int(update), 0, cmdline + b"\0" if cmdline and not update else cmdline)


def sw_release(version: str) -> bytes:
    """The block of :attr:`Request.SET_SW_RELEASE`, as it also stands in front of FIASCO images.

    Args:
        version: The name of the release.

    Returns:
        The bytes.

    Example:
        >>> sw_release("SW1").hex()
        'e80e4f53534f20554152542b55534200310453573100'
    """
    text = version.encode("ascii") + b"\0"
    if len(text) > 255:
        raise FormatError("A release name has at most 254 bytes", format=FORMAT, field="sw-release")
    return b"\xe8\x0eOSSO UART+USB\0" + bytes((0x31, len(text))) + text


def parse_flags(names: str | Iterable[str]) -> RdFlag:
    """R&D flags by name.

    Args:
        names: Names, or one text with commas between them.

    Returns:
        The flags.

    Raises:
        FormatError: If a name is none of NOLO's.

    Example:
        >>> parse_flags("no-omap-wd,serial-console").names
        ('no-omap-wd', 'serial-console')
    """
    flags = RdFlag(0)
    known = {name: flag for flag in RdFlag for name in flag.names}
    for name in names.split(",") if isinstance(names, str) else names:
        if not name.strip():
            continue
        if name.strip() not in known:
            raise FormatError(
                f"{name.strip()!r} is no R&D flag", field="R&D flags", remedy=f"There are {', '.join(known)}"
            )
        flags |= known[name.strip()]
    return flags


def number(data: bytes) -> int:
    """A little-endian number of any width.

    Args:
        data: Its bytes.

    Returns:
        The number; 0 for no bytes.
    """
    return int.from_bytes(data, "little")


def word(value: int) -> bytes:
    """A little-endian number of 32 bits.

    Args:
        value: The number.

    Returns:
        Four bytes.
    """
    return struct.pack("<I", value)
