"""One entry of a PIT: a partition of a Samsung phone; :mod:`pmport.formats.storage.pit` has the table."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError

__all__ = [
    "BLOCK_SIZES",
    "DEVICE_TYPES",
    "ENTRY",
    "MMC",
    "MODEM",
    "SECTOR_LIMIT",
    "UFS",
    "PitEntry",
    "entry_declaration",
    "name_text",
]

ENTRY = struct.Struct("<9I32s32s32s")
"""The same layout as :func:`entry_declaration`, for reading many at once."""
DEVICE_TYPES = {0: "OneNAND", 1: "NAND", 2: "eMMC", 3: "SPI", 4: "IDE", 5: "NAND x16", 8: "UFS"}
BLOCK_SIZES = {2: 512, 8: 4096}
MMC, UFS = 2, 8
MODEM = 1
SECTOR_LIMIT = 4096
"""In tables that tell a start block at 20, the largest of them is above this."""


@cache
def entry_declaration() -> Any:
    """An entry, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "binary_type" / Int32ul,
        "device_type" / Int32ul,
        "identifier" / Int32ul,
        "attributes" / Int32ul,
        "update_attributes" / Int32ul,
        "block_size_or_start" / Int32ul,
        "block_count" / Int32ul,
        "file_offset" / Int32ul,
        "file_size" / Int32ul,
        "partition_name" / Bytes(32),
        "flash_name" / Bytes(32),
        "fota_name" / Bytes(32),
    ).compile()


def name_text(raw: bytes) -> str:
    """The text of a field of fixed width.

    Args:
        raw: Its bytes.

    Returns:
        What stands before the first NUL.
    """
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _name(text: str, place: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if len(raw) > 31:
        raise FormatError(f"{text!r} is longer than 31 bytes", format="PIT", field=place)
    return raw.ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class PitEntry:
    """One partition.

    Args:
        name: Partition name, as flashers use it.
        file: Name of the file in a firmware package that belongs there.
        identifier: The number that flashers send; neither unique nor non-zero in all tables.
        binary_type: 0 for the phone's processor, 1 for the modem.
        device_type: Kind of storage: 2 eMMC, 8 UFS.
        attributes: Flags in older tables, partition type in newer ones.
        update_attributes: Flags in older tables, file system in newer ones.
        start: Start block in newer tables, block size in older ones.
        block_count: How many blocks.
        file_offset: Obsolete; on some newer tables the start block.
        file_size: Obsolete.
        fota: Name for updates over the air.
        offset: Where the entry stands in the table, in bytes.
    """

    name: str
    file: str = ""
    identifier: int = 0
    binary_type: int = 0
    device_type: int = MMC
    attributes: int = 5
    update_attributes: int = 1
    start: int = 0
    block_count: int = 0
    file_offset: int = 0
    file_size: int = 0
    fota: str = ""
    offset: int = field(default=0, compare=False)

    @property
    def is_modem(self) -> bool:
        """Whether its file goes to the modem's processor."""
        return self.binary_type == MODEM

    @property
    def device(self) -> str:
        """Kind of storage, in words."""
        return DEVICE_TYPES.get(self.device_type, str(self.device_type))

    def encode(self) -> bytes:
        """The entry's 132 bytes.

        Raises:
            FormatError: If a name is too long.
        """
        numbers = (
            self.binary_type, self.device_type, self.identifier, self.attributes, self.update_attributes,
            self.start, self.block_count, self.file_offset, self.file_size,
        )  # fmt: skip
        names = (_name(self.name, "partition_name"), _name(self.file, "flash_name"), _name(self.fota, "fota_name"))
        return ENTRY.pack(*numbers, *names)

    @classmethod
    def decode(cls, raw: bytes, offset: int = 0) -> Self:
        """Read one.

        Args:
            raw: Its 132 bytes.
            offset: Where it stands in the table.

        Returns:
            The entry.
        """
        binary, device, identifier, attributes, update, start, count, at, size, name, file, fota = ENTRY.unpack(raw)
        texts = (name_text(name), name_text(file))
        return cls(
            *texts, identifier, binary, device, attributes, update, start, count, at, size, name_text(fota), offset
        )
