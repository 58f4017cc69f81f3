"""A partition information table as a virtual Samsung phone keeps it: the bytes, and what its bootloader looks up.

This is the device's end; it stands apart from :mod:`pmport.formats` on purpose, so that each judges the other. Layout:
Heimdall ``libpit``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["MMC", "UFS", "Slot", "read_table", "write_table"]

MAGIC = 0x12349876
HEADER = struct.Struct("<II8s8sHH")
ENTRY = struct.Struct("<9I32s32s32s")
PADDED = 4096
MMC, UFS = 2, 8
BLOCK_SIZES = {MMC: 512, UFS: 4096}
MODEM = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry.

    Args:
        name: Partition name.
        file: Flash file name.
        identifier: The number that a host sends for it.
        blocks: How many blocks it has.
        start: Its first block.
        device_type: Kind of storage.
        binary_type: 0 for the phone's, 1 for the modem's.
    """

    name: str
    file: str = ""
    identifier: int = 0
    blocks: int = 0
    start: int = 0
    device_type: int = MMC
    binary_type: int = 0

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.blocks * BLOCK_SIZES.get(self.device_type, 512)


def write_table(slots: Iterable[Slot], *, soc: str = "VIRTUAL", trailer: bytes = b"", padded: int = PADDED) -> bytes:
    """The table's bytes.

    Args:
        slots: The entries.
        soc: The project or chip that the header names.
        trailer: What follows the entries, such as a signature.
        padded: The size is a multiple of this.

    Returns:
        The bytes, filled up with zeros.
    """
    entries = list(slots)
    raw = HEADER.pack(MAGIC, len(entries), b"COM_TAR2", soc.encode("ascii"), 0, 0)
    for slot in entries:
        numbers = (slot.binary_type, slot.device_type, slot.identifier, 5, 1, slot.start, slot.blocks, 0, 0)
        raw += ENTRY.pack(*numbers, slot.name.encode("ascii"), slot.file.encode("ascii"), b"")
    raw += trailer
    return raw.ljust(-(-len(raw) // padded) * padded, b"\0")


def read_table(raw: bytes) -> Iterator[Slot]:
    """The entries of a table.

    Args:
        raw: Its bytes.

    Yields:
        Entries.

    Raises:
        ValueError: If it is none.
    """
    if len(raw) < HEADER.size or HEADER.unpack_from(raw)[0] != MAGIC:
        raise ValueError("no partition information table")
    count = HEADER.unpack_from(raw)[1]
    if HEADER.size + count * ENTRY.size > len(raw):
        raise ValueError("the table ends before its last entry")
    for number in range(count):
        fields = ENTRY.unpack_from(raw, HEADER.size + number * ENTRY.size)
        name, file = (field.split(b"\0", 1)[0].decode("ascii", "replace") for field in fields[9:11])
        yield Slot(name, file, fields[2], fields[6], fields[5], fields[1], fields[0])
