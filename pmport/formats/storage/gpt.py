"""GUID partition tables: whole disk images, and the ``gpt_main0.bin`` of Qualcomm packages, which is only their beginning.

Layout (UEFI specification 2.10, chapter 5; little-endian): a protective MBR in the first sector, the header in the second,
entries where it says; the same backwards at the end. Sectors are 512 bytes on eMMC, 4096 on UFS.

Example:
    >>> gpt = Gpt.build([Partition("boot", 1 << 20, 1 << 20)], disk_size=4 << 20)
    >>> gpt.table["boot"].start, gpt.sector_size, bytes(Gpt.parse(bytes(gpt))) == bytes(gpt)
    (1048576, 512, True)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self
from uuid import NAMESPACE_OID, UUID, uuid5

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Member, Members
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.node import Format
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["Gpt", "GptEntry", "Partition"]

FORMAT = "GPT"
HEADER = struct.Struct("<8s4I4Q16sQ3I")
"""Signature, revision, header size, CRC, reserved, own and other sector, first and last usable, disk GUID, entries' sector, number, size, CRC."""
ENTRY = struct.Struct("<16s16sQQQ72s")
SIGNATURE = b"EFI PART"
MOST_ENTRIES = 4096
LINUX_DATA = UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
MBR_ENTRY = struct.Struct("<B3sB3sII")


class GptEntry(NamedTuple):
    """An entry in use.

    Args:
        type: Type GUID.
        unique: The partition's own GUID.
        first: First sector.
        last: Last sector, included.
        attributes: Bits; the upper 16 belong to the type (A/B phones keep priority, tries and success there).
        name: Its name.
    """

    type: UUID
    unique: UUID
    first: int
    last: int
    attributes: int
    name: str


class Gpt(Members):
    """A disk, or its beginning, with a GUID partition table; its members are the partitions that lie within.

    Args:
        section: Its bytes.
        entries: Entries in use.
        sector_size: Bytes per sector.
        disk: The disk's GUID.
        last_usable: Last sector that partitions may use.
        notes: What was odd.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((512, SIGNATURE), (4096, SIGNATURE)),
        certain=False,
        writes="identical, build",
        source="UEFI specification 2.10, chapter 5",
        limits="the backup table is kept, not read",
    )

    def __init__(
        self,
        section: Section,
        entries: tuple[GptEntry, ...],
        sector_size: int,
        disk: UUID,
        last_usable: int,
        notes: tuple[Finding, ...],
    ) -> None:
        self.entries = entries
        self.sector_size = sector_size
        self.disk = disk
        self.last_usable = last_usable
        self._notes = notes
        super().__init__(section, tuple(self._placed(section)))

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the table; partitions stay where they are.

        Args:
            source: The image.

        Returns:
            The image.

        Raises:
            FormatError: If there is no header, or header or entries are damaged.
        """
        section = Section.of(source)
        for sector_size in (512, 4096):
            if section.read(sector_size, 8) == SIGNATURE:
                break
        else:
            raise FormatError("No header is in the second sector", format=FORMAT, field="Signature", offset=512)
        raw = section.read(sector_size, HEADER.size)
        if len(raw) < HEADER.size:
            raise FormatError("The header is cut short", format=FORMAT, field="HeaderSize", offset=sector_size)
        _, _, size, crc, _, _, _, _, last_usable, disk, place, count, entry_size, entries_crc = HEADER.unpack(raw)
        whole = section.read(sector_size, size) if HEADER.size <= size <= sector_size else b""
        if zlib.crc32(whole[:16] + bytes(4) + whole[20:]) != crc:
            raise FormatError(
                "The header's checksum is wrong", format=FORMAT, field="HeaderCRC32", offset=sector_size + 16
            )
        if entry_size < ENTRY.size or entry_size % 8 or entry_size > 4096 or count > MOST_ENTRIES:
            raise FormatError(
                f"{count} entries of {entry_size} bytes are impossible",
                format=FORMAT,
                field="SizeOfPartitionEntry",
                offset=sector_size + 84,
            )
        table = section.read(place * sector_size, count * entry_size)
        notes: list[Finding] = []
        if len(table) < count * entry_size:
            raise FormatError(
                "The entries are cut short", format=FORMAT, field="PartitionEntryLBA", offset=sector_size + 72
            )
        if zlib.crc32(table) != entries_crc:
            notes.append(Finding(Severity.ERROR, "gpt-crc", "The entries' checksum is wrong", where="entries"))
        entries = tuple(_entries(table, entry_size, place * sector_size))
        return cls(section, entries, sector_size, UUID(bytes_le=disk), last_usable, tuple(notes))

    @classmethod
    def build(
        cls,
        partitions: Iterable[Partition],
        *,
        disk_size: int,
        sector_size: int = 512,
        disk: UUID | None = None,
        entries: int = 128,
    ) -> Self:
        """Make an empty disk with partitions.

        Args:
            partitions: Name, start and size; ``type`` may hold a type GUID.
            disk_size: Bytes, a multiple of the sector.
            sector_size: 512 or 4096.
            disk: The disk's GUID; None: one made of the partitions, so that the same call gives the same disk.
            entries: Places for entries.

        Returns:
            The disk: both tables, zeros between them.

        Raises:
            FormatError: If a partition has no place, lies outside, or is not aligned to sectors.
        """
        listed = tuple(partitions)
        disk = disk or uuid5(NAMESPACE_OID, repr((listed, disk_size, sector_size)))
        table_sectors = -(-entries * ENTRY.size // sector_size)
        first, last = 2 + table_sectors, disk_size // sector_size - table_sectors - 2
        if len(listed) > entries or disk_size % sector_size or last < first:
            raise FormatError(f"{len(listed)} partitions do not fit a disk of {disk_size} bytes", format=FORMAT)
        table = b"".join(_packed(partition, sector_size, first, last, disk) for partition in listed)
        table = table.ljust(table_sectors * sector_size, b"\0")
        crc = zlib.crc32(table[: entries * ENTRY.size])
        end = disk_size // sector_size - 1

        def header(own: int, other: int, place: int) -> bytes:
            def fields(own_crc: int) -> bytes:
                return HEADER.pack(
                    SIGNATURE, 0x10000, HEADER.size, own_crc, 0, own, other, first, last, disk.bytes_le, place, entries, ENTRY.size, crc
                )  # fmt: skip

            return fields(zlib.crc32(fields(0))).ljust(sector_size, b"\0")

        mbr = (
            bytes(446)
            + MBR_ENTRY.pack(0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, min(end, 0xFFFFFFFF))
            + bytes(48)
            + b"\x55\xaa"
        )
        begin = mbr.ljust(sector_size, b"\0") + header(1, end, 2) + table
        finish = table + header(end, 1, end - table_sectors)
        middle = Section.zeros(disk_size - len(begin) - len(finish))
        return cls.parse(Section.joined([begin, middle, finish], FORMAT))

    @property
    def table(self) -> PartitionTable:
        """The partitions, in the view that all partition tables share."""
        size = self.sector_size
        return PartitionTable(
            Partition(entry.name, entry.first * size, (entry.last - entry.first + 1) * size, type=str(entry.type))
            for entry in self.entries
        )

    def _placed(self, section: Section) -> Iterator[Member]:
        for partition in self.table:
            start, size = partition.start or 0, partition.size or 0
            if start + size <= section.size:
                yield Member(partition.name, section[start : start + size], start)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Sector size, the disk's GUID, and the partitions."""
        yield "sector size", self.sector_size
        yield "disk GUID", self.disk
        for partition in self.table:
            yield f"partition {partition.name}", f"{partition.size} bytes at {partition.start:#x}"

    def findings(self) -> tuple[Finding, ...]:
        """A damaged table, partitions that overlap or leave the disk.

        Returns:
            The findings.
        """
        beyond = [
            Finding(Severity.ERROR, "gpt-beyond", f"{entry.name} ends behind the disk's last sector", where=entry.name)
            for entry in self.entries
            if entry.last > self.last_usable
        ]
        return (*self._notes, *self.table.findings(), *beyond)


def _entries(table: bytes, size: int, place: int) -> Iterator[GptEntry]:
    for at in range(0, len(table), size):
        kind, unique, first, last, attributes, name = ENTRY.unpack_from(table, at)
        if kind == bytes(16):
            continue
        if last < first or last >= 1 << 54:
            raise FormatError(
                f"A partition from sector {first} to {last}", format=FORMAT, field="EndingLBA", offset=place + at + 40
            )
        text = name.decode("utf-16-le", "replace").split("\0", 1)[0]
        yield GptEntry(UUID(bytes_le=kind), UUID(bytes_le=unique), first, last, attributes, text)


def _packed(partition: Partition, sector_size: int, first: int, last: int, disk: UUID) -> bytes:
    start, size = partition.start or 0, partition.size or 0
    sectors = (start // sector_size, (start + size) // sector_size - 1)
    name = partition.name.encode("utf-16-le")
    if (
        start % sector_size
        or size % sector_size
        or not size
        or sectors[0] < first
        or sectors[1] > last
        or len(name) > 72
    ):
        raise FormatError(
            f"{partition.name} of {size} bytes at {start} does not fit between sectors {first} and {last}",
            format=FORMAT,
            field="StartingLBA",
        )
    kind = UUID(partition.type) if partition.type else LINUX_DATA
    return ENTRY.pack(kind.bytes_le, uuid5(disk, partition.name).bytes_le, *sectors, 0, name)
