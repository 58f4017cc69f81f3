"""Mk II: what Nokia's N900 and N950 speak in PC-Suite and update mode: questions, settings, reboot.

Flashing over Mk II is known only from recordings and has never worked in a free program; it is left out.

Example:
    >>> bytes(Message(0, Kind.PING)).hex()
    '1b001088000400000000'
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError

__all__ = ["FROM_DEVICE", "QUESTIONS", "REPLY", "TO_DEVICE", "Kind", "Message"]

FORMAT = "Mk II message"
TO_DEVICE = 0x8810_001B
FROM_DEVICE = 0x8800_101B
HEAD = 10
"""Bytes before what a message carries."""
REPLY = 0x20
"""Set in the type of an answer."""
UPDATE_MODE = "Firmware Upgrade Configuration"
"""The configuration string of a phone in update mode."""


class Kind(IntEnum):
    """What a message does."""

    PING = 0x00
    GET = 0x01
    TELL = 0x02
    REBOOT = 0x0C


QUESTIONS = (
    "/update/protocol_version",
    "/device/product_code",
    "/device/hw_build",
    "/update/supported_images",
    "/version/sw_release",
)
"""What a phone can be asked; the release only in protocol 2."""


@cache
def _head() -> Any:
    from construct import Const, Int8ub, Int16ub, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct("direction" / Int32ul, "size" / Int16ub, Const(b"\0\0"), "number" / Int8ub, "kind" / Int8ub).compile()


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Args:
        number: The host counts, in 8 bits; an answer repeats the number.
        kind: A :class:`Kind`, with :data:`REPLY` in answers.
        data: What it carries; in most answers the first byte is 0 for success.
        direction: :data:`TO_DEVICE` or :data:`FROM_DEVICE`.
    """

    number: int
    kind: int
    data: bytes = b""
    direction: int = TO_DEVICE

    def __bytes__(self) -> bytes:
        fields = {"direction": self.direction, "size": 4 + len(self.data), "number": self.number, "kind": self.kind}
        built: bytes = _head().build(fields)
        return built + self.data

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read one.

        Args:
            data: The whole transfer.

        Returns:
            The message.

        Raises:
            FormatError: If head or length are wrong.
        """
        if len(data) < HEAD or data[6:8] != b"\0\0":
            raise FormatError(f"{len(data)} bytes are no message", format=FORMAT, offset=0)
        raw = _head().parse(data)
        if raw.direction not in {TO_DEVICE, FROM_DEVICE} or raw.size != len(data) - 6:
            raise FormatError(
                f"{data[:10].hex(' ')} is no head of {len(data)} bytes", format=FORMAT, field="size", offset=4
            )
        return cls(raw.number, raw.kind, data[10:], raw.direction)
