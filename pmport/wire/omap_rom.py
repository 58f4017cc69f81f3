"""Cold flashing: the boot ROM of OMAP3 chips, and the loader that runs next on the same USB device.

Both speak in little-endian words over one pair of bulk endpoints. The checksum is the reflected CRC-32 polynomial, but
begins with 0 and is not inverted at the end.

Example:
    >>> bytes(ping()).hex()
    '6e3201630000000000000000949b493b'
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError

__all__ = ["ASIC_ID_SIZE", "AsicId", "BootCode", "Message", "MessageType", "checksum", "code", "ping", "send_secondary"]

FORMAT = "OMAP boot message"
ASIC_ID_SIZE = 69
PIECE = 1024
"""Bytes of a loader per bulk transfer."""


class BootCode(IntEnum):
    """What the boot ROM shall do."""

    MEMORY = 0x0000_0000
    """Leave peripheral boot and go on as after power-on."""
    PERIPHERAL = 0xF003_0002
    """Take a loader over this cable."""
    NEXT = 0xFFFF_FFFF


class MessageType(IntEnum):
    """Messages of the second loader."""

    PING = 0x6301_326E
    SEND = 0x6302_326E


def code(value: BootCode) -> bytes:
    """A boot code as it goes over the cable.

    Args:
        value: Which.

    Returns:
        Four bytes.
    """
    return int(value).to_bytes(4, "little")


def checksum(pieces: bytes | Iterable[bytes]) -> int:
    """The loader's CRC-32.

    Args:
        pieces: The bytes, whole or in pieces.

    Returns:
        32 bits.

    Example:
        >>> hex(checksum(b"TESTTESTTESTTEST"))
        '0xddcaf34f'
    """
    state = 0xFFFF_FFFF  # zlib inverts at both ends; beginning with all ones undoes the first
    for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
        state = binascii.crc32(piece, state)
    return state ^ 0xFFFF_FFFF


@cache
def _declaration() -> Any:
    from construct import Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct("kind" / Int32ul, "size" / Int32ul, "checksum" / Int32ul, "head_checksum" / Int32ul).compile()


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the second loader.

    Args:
        kind: Which, a :class:`MessageType`.
        size: Bytes that follow.
        checksum: Of what follows.
    """

    kind: int
    size: int = 0
    checksum: int = 0

    def __bytes__(self) -> bytes:
        fields = {"kind": self.kind, "size": self.size, "checksum": self.checksum, "head_checksum": 0}
        head: bytes = _declaration().build(fields)[:12]
        return head + checksum(head).to_bytes(4, "little")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read one.

        Args:
            data: 16 bytes.

        Returns:
            The message.

        Raises:
            FormatError: If its length or its own checksum is wrong.
        """
        if len(data) != 16:
            raise FormatError(f"A message of {len(data)} bytes instead of 16", format=FORMAT, offset=0)
        raw = _declaration().parse(data)
        if raw.head_checksum != checksum(bytes(data[:12])):
            raise FormatError("The message's own checksum is wrong", format=FORMAT, field="head_checksum", offset=12)
        return cls(raw.kind, raw.size, raw.checksum)


def ping() -> Message:
    """Ask whether the second loader runs."""
    return Message(MessageType.PING)


def send_secondary(size: int, crc: int) -> Message:
    """Announce the secondary loader, a temporary NOLO.

    Args:
        size: Its bytes.
        crc: Its :func:`checksum`.

    Returns:
        The message.
    """
    return Message(MessageType.SEND, size, crc)


_CHIPS = {b"\x34\x30\x07": "OMAP3430", b"\x36\x30\x07": "OMAP3630"}


@dataclass(frozen=True, slots=True)
class AsicId:
    """What the boot ROM says of itself, right after it is plugged in.

    Args:
        chip: ``"OMAP3430"``, ``"OMAP3630"`` or the three bytes in hexadecimal.
        revision: Of the chip.
        device_id: 20 bytes that no other chip has.
        root_key_hash: 20 bytes: of the key that loaders must be signed with.
    """

    chip: str
    revision: int
    device_id: bytes
    root_key_hash: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read it.

        Args:
            data: 69 bytes.

        Returns:
            The identity.

        Raises:
            FormatError: If it is no such identity.
        """
        if len(data) != ASIC_ID_SIZE or data[:4] != b"\x05\x01\x05\x01":
            raise FormatError(f"{len(data)} bytes, {data[:4].hex(' ')} …, are no ASIC ID", format=FORMAT, offset=0)
        chip = _CHIPS.get(data[4:7], data[4:7].hex())
        return cls(chip, data[7], data[15:35], data[38:58])

    def __bytes__(self) -> bytes:
        chip = next((raw for raw, name in _CHIPS.items() if name == self.chip), bytes.fromhex("343007"))
        return (
            b"\x05\x01\x05\x01"
            + chip
            + bytes((self.revision,))
            + b"\x13\x02\x01\x00\x12\x15\x01"
            + self.device_id
            + b"\x14\x15\x01"
            + self.root_key_hash
            + b"\x15\x09\x01"
            + bytes(8)
        )
