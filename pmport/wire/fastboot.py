"""Fastboot: what goes over the cable, in both directions.

A command is one ASCII packet; an answer is one packet that begins with four letters; a download is announced with its
size, acknowledged with ``DATA``, and ends by its count of bytes (AOSP ``fastboot/README.md`` and ``fastboot.cpp``).

Example:
    >>> download(4660)
    b'download:00001234'
    >>> Answer.parse(b"DATA00001234").size
    4660
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pmport.errors import ProtocolError
from pmport.untrusted import c_number, hexadecimal, printable

__all__ = [
    "ANSWER_SIZE",
    "COMMAND_SIZE",
    "INTERFACE",
    "LARGEST_DOWNLOAD",
    "Answer",
    "Tag",
    "command",
    "download",
    "number",
    "size_number",
]

INTERFACE = (0xFF, 0x42, 0x03)
"""USB interface class, subclass and protocol; the only thing that tells fastboot, vendor ids do not."""

COMMAND_SIZE = 64
"""Longest command that every bootloader reads (LK and U-Boot have a 64-byte buffer; fastbootd reads 256)."""

ANSWER_SIZE = 1024
"""How much is asked for when an answer is read: a multiple of every packet size, so that no answer overflows."""


LARGEST_DOWNLOAD = 0xFFFFFFFF
"""The size of a data phase has eight hexadecimal digits."""


class Tag(StrEnum):
    """The four letters that an answer begins with."""

    OKAY = "OKAY"
    """Done; the rest is the value."""
    FAIL = "FAIL"
    """Failed; the rest is the reason, in the device's words."""
    INFO = "INFO"
    """A line for people; more follows."""
    TEXT = "TEXT"
    """Text for people without a line end; more follows."""
    DATA = "DATA"
    """A data phase begins; the rest is its size, eight hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One packet from the device.

    Args:
        tag: Its first four letters.
        text: The rest, decoded; undecodable bytes are escaped.
    """

    tag: Tag
    text: str = ""

    @classmethod
    def parse(cls, packet: bytes) -> Self:
        """Read an answer.

        Args:
            packet: The packet, as it came.

        Returns:
            The answer; a NUL ends the text, as AOSP's host has it, and what a terminal would obey is escaped.

        Raises:
            ProtocolError: If it begins with none of the tags.
        """
        try:
            tag = Tag(packet[:4].decode("ascii"))
        except ValueError:
            raise ProtocolError(
                f"The device answered {packet[:64]!r}, which is no fastboot answer",
                device_text=printable(packet[:ANSWER_SIZE].decode("utf-8", "backslashreplace")),
                state="It may be in the middle of a transfer",
                remedy="Unplug the phone, enter fastboot again, and retry",
            ) from None
        text = packet[4:].split(b"\0", 1)[0].decode("utf-8", "backslashreplace").rstrip("\r\n")
        return cls(tag, printable(text, keep="\t\n" if tag is Tag.TEXT else "\t"))

    @property
    def size(self) -> int:
        """The size that a ``DATA`` answer announces, in bytes: 32 bits, as the protocol has it."""
        size = hexadecimal(self.text.strip())
        if size is None or size > LARGEST_DOWNLOAD:
            raise ProtocolError(
                f"The device announced {self.text!r} bytes of data, which is no number of 32 bits",
                device_text=self.text,
                state="It may be in the middle of a transfer",
                remedy="Unplug the phone, enter fastboot again, and retry",
            )
        return size

    def __bytes__(self) -> bytes:
        return self.tag.encode() + self.text.encode()


def command(text: str, *, longest: int = COMMAND_SIZE) -> bytes:
    """A command as it goes over the cable.

    Args:
        text: Such as ``"getvar:product"``.
        longest: Longest command that this device reads, in bytes.

    Returns:
        The packet.

    Raises:
        ValueError: If it is too long, or not plain ASCII.
    """
    packet = text.encode("ascii")
    if len(packet) > longest:
        raise ValueError(f"the command {text[:40]!r}… has {len(packet)} bytes, and this device reads {longest}")
    if any(byte < 0x20 for byte in packet):
        raise ValueError(f"the command {text!r} has a control character")
    return packet


def download(size: int) -> bytes:
    """Announce a download.

    Args:
        size: Bytes; 1 to 0xFFFFFFFF.

    Returns:
        The packet: eight lower-case hexadecimal digits, as every device reads them.

    Raises:
        ValueError: If the size does not fit.
    """
    if not 0 < size <= LARGEST_DOWNLOAD:
        raise ValueError(f"{size} bytes cannot be downloaded at once: 1 to 4294967295 can")
    return b"download:%08x" % size


def number(text: str) -> int | None:
    r"""A number that a device states: decimal unless it begins with ``0x``; ``max-download-size`` and the like.

    Args:
        text: As the device wrote it; LK puts a tab before it.

    Returns:
        The number, or None where there is none (``""``, ``"0x"``, ``"not found"``).

    Example:
        >>> number("\t0x1f400000"), number("536870912"), number("not found")
        (524288000, 536870912, None)
    """
    return c_number(text.strip())


def size_number(text: str) -> int | None:
    """A ``partition-size`` or block size: hexadecimal, with or without ``0x`` (LK on hammerhead sends it bare).

    Args:
        text: As the device wrote it.

    Returns:
        The number, or None where there is none.

    Example:
        >>> hex(size_number(" 500000") or 0), size_number("0x")
        ('0x500000', None)
    """
    return hexadecimal(text.strip())
