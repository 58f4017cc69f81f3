"""The ``super`` partition: logical partitions of phones since Android 10, and ``super_empty.img``.

Layout (AOSP ``fs_mgr/liblp``, ``metadata_format.h``; little-endian, sectors of 512 bytes): 4096 reserved bytes, the geometry
twice in blocks of 4096, then as many slots of metadata as the geometry says, and as many backups. ``super_empty.img`` holds
one geometry at 0 and one slot of metadata at 4096, and no data.

A sparse super image needs no unsparsing on the disk: ``pmport.open`` reads the raw image through the sparse one.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Member, Members
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.node import Format
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["LogicalExtent", "LogicalPartition", "SuperImage"]

FORMAT = "super image"
SECTOR = 512
RESERVED = 4096
GEOMETRY = struct.Struct("<4sI32sIII")
"""Magic, size of the structure, its SHA-256 with this field zero, largest metadata, slots, block size."""
HEADER = struct.Struct("<4sHHI32sI32s")
"""Magic, version, size of the header, its SHA-256, size of the tables, their SHA-256; four descriptors follow."""
DESCRIPTORS = struct.Struct("<12I")
PARTITION = struct.Struct("<36sIIII")
EXTENT = struct.Struct("<QIQI")
GROUP = struct.Struct("<36sIQ")
DEVICE = struct.Struct("<QIIQ36sI")
GEOMETRY_MAGIC = b"gDla"
HEADER_MAGIC = b"0PLA"
LARGEST_TABLES = 4 << 20
LINEAR, ZERO = 0, 1


class LogicalExtent(NamedTuple):
    """A run of sectors of a logical partition.

    Args:
        sectors: How many.
        kind: 0 linear, 1 zeros.
        start: First sector on the block device; 0 for zeros.
        device: Index of the block device.
    """

    sectors: int
    kind: int
    start: int
    device: int


class LogicalPartition(NamedTuple):
    """A logical partition.

    Args:
        name: Its name, with its slot suffix where the table writes it.
        attributes: 1 read-only, 2 slot-suffixed, 4 updated, 8 disabled.
        group: Name of its group.
        extents: Its extents, in order.
    """

    name: str
    attributes: int
    group: str
    extents: tuple[LogicalExtent, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(extent.sectors for extent in self.extents) * SECTOR


class SuperImage(Members):
    """A super image; its members are the logical partitions that have content here.

    Args:
        section: Its bytes.
        partitions: Its logical partitions.
        groups: Name of each group → its largest size, bytes; 0: any.
        devices: ``(name, size in bytes)`` of each block device.
        version: Major and minor version of the metadata.
        slot: The slot that was read.
        notes: What was odd.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((4096, GEOMETRY_MAGIC), (0, GEOMETRY_MAGIC)),
        certain=False,
        source="AOSP fs_mgr/liblp, metadata_format.h",
        limits="one block device",
    )

    def __init__(
        self,
        section: Section,
        partitions: tuple[LogicalPartition, ...],
        groups: dict[str, int],
        devices: tuple[tuple[str, int], ...],
        version: tuple[int, int],
        slot: int,
        notes: tuple[Finding, ...],
    ) -> None:
        self.partitions = partitions
        self.groups = groups
        self.devices = devices
        self.version = version
        self.slot = slot
        self._notes = notes
        super().__init__(section, tuple(_members(section, partitions)))

    @classmethod
    def parse(cls, source: Readable, *, slot: int | None = None) -> Self:
        """Read the metadata; partitions stay where they are.

        Args:
            source: The image.
            slot: Which slot of metadata; None: the first that is whole, backups included.

        Returns:
            The image.

        Raises:
            FormatError: If there is no whole geometry or no whole metadata.
        """
        section = Section.of(source)
        empty = section.read(0, 4) == GEOMETRY_MAGIC
        largest, slots, notes = _geometry(section, (0,) if empty else (RESERVED, RESERVED + 4096))
        base = 4096 if empty else RESERVED + 2 * 4096
        places = [(number % slots, base + number * largest) for number in range(1 if empty else 2 * slots)]
        failure: FormatError | None = None
        for number, place in places:
            if slot not in {None, number}:
                continue
            try:
                partitions, groups, devices, version = _metadata(section, place, largest)
            except FormatError as error:
                failure = failure or error
                continue
            if failure:
                notes = (*notes, Finding(Severity.WARNING, "super-backup", f"An earlier copy is damaged: {failure}"))
            return cls(section, partitions, groups, devices, version, number, notes)
        raise failure or FormatError(f"There is no slot {slot}: it has {slots}", format=FORMAT)

    def partition(self, name: str) -> LogicalPartition:
        """A logical partition.

        Args:
            name: Its name.

        Returns:
            The partition.

        Raises:
            KeyError: If there is none.
        """
        for partition in self.partitions:
            if partition.name == name:
                return partition
        raise KeyError(
            f"no logical partition is named {name!r}; there are {', '.join(p.name for p in self.partitions)}"
        )

    def replace(self, **contents: Readable) -> Self:
        """Other contents of logical partitions, each within the sectors that it has; the metadata stay.

        Args:
            contents: Name → content; what is shorter than the partition is followed by zeros.

        Returns:
            A new image.

        Raises:
            FormatError: If there is no such partition here, or the content is larger than it.
        """
        pieces: list[tuple[int, Section]] = []
        for name, readable in contents.items():
            new = Section.of(readable)
            if name not in self.names:
                raise FormatError(f"There is no content of {name!r} here", format=FORMAT, field="name")
            partition = self.partition(name)
            room = partition.size
            if new.size > room:
                raise FormatError(
                    f"{name} would have {new.size} bytes, and it has room for {room}",
                    format=FORMAT,
                    field=name,
                    remedy="Shrink its file system first: the sizes in the metadata stay as they are",
                )
            filled = Section.joined((new, Section.zeros(room - new.size)), name)
            at = 0
            for extent in partition.extents:
                size = extent.sectors * SECTOR
                if extent.kind == LINEAR:
                    pieces.append((extent.start * SECTOR, filled[at : at + size]))
                elif not filled[at : at + size].is_zero():
                    raise FormatError(f"{name} has zeros at {at} that take no place", format=FORMAT, field=name)
                at += size
        return type(self).parse(_overlaid(self._section, pieces))

    @property
    def table(self) -> PartitionTable:
        """The logical partitions, in the view that all partition tables share; they start nowhere, but have extents."""
        return PartitionTable(
            Partition(partition.name, None, partition.size, "super", type=partition.group)
            for partition in self.partitions
        )

    def describe(self) -> Iterator[tuple[str, object]]:
        """Version, block devices, groups and partitions."""
        yield "metadata version", ".".join(map(str, self.version))
        yield "metadata slot", self.slot
        for name, size in self.devices:
            yield f"block device {name}", size
        for name, size in self.groups.items():
            yield f"group {name}", size or "no limit"
        for partition in self.partitions:
            yield f"partition {partition.name}", f"{partition.size} bytes in {len(partition.extents)} extents"

    def findings(self) -> tuple[Finding, ...]:
        """Damaged copies, extents that overlap, and extents beyond the end of this file.

        Returns:
            The findings.
        """
        found = [*self._notes, *super().findings()]
        linear = [(e, p.name) for p in self.partitions for e in p.extents if e.kind == LINEAR]
        ordered = sorted((e.device, e.start, e.start + e.sectors, name) for e, name in linear)
        for one, other in pairwise(ordered):
            if one[0] == other[0] and other[1] < one[2]:
                found.append(Finding(Severity.ERROR, "super-overlap", f"{one[3]} and {other[3]} overlap"))
        if any(partition.size and partition.name not in self.names for partition in self.partitions):
            found.append(Finding(Severity.NOTE, "super-elsewhere", "Some extents are not in this file"))
        return tuple(found)


def _overlaid(section: Section, pieces: list[tuple[int, Section]]) -> Section:
    """A section with other bytes in some places."""
    parts: list[Section] = []
    at = 0
    for offset, piece in sorted(pieces, key=lambda pair: pair[0]):
        parts += [section[at:offset], piece]
        at = offset + piece.size
    return Section.joined((*parts, section[at:]), FORMAT)


def _broken(what: str, field: str, offset: int) -> FormatError:
    return FormatError(what, format=FORMAT, field=field, offset=offset)


def _name(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("ascii", "surrogateescape")


def _geometry(section: Section, places: tuple[int, ...]) -> tuple[int, int, tuple[Finding, ...]]:
    """Largest metadata and number of slots, of the first copy that is whole."""
    failure = _broken("no geometry is there", "magic", places[0])
    for number, place in enumerate(places):
        raw = section.read(place, GEOMETRY.size)
        if len(raw) < GEOMETRY.size or not raw.startswith(GEOMETRY_MAGIC):
            continue
        _, size, checksum, largest, slots, _ = GEOMETRY.unpack(raw)
        whole = section.read(place, size) if GEOMETRY.size <= size <= 4096 else b""
        if hashlib.sha256(whole[:8] + bytes(32) + whole[40:]).digest() != checksum:
            failure = _broken("the geometry's checksum is wrong", "checksum", place + 8)
        elif not largest or largest % SECTOR or largest > LARGEST_TABLES or not 0 < slots <= 32:
            failure = _broken(f"{slots} slots of {largest} bytes are impossible", "metadata_max_size", place + 40)
        else:
            note = Finding(Severity.WARNING, "super-geometry", "The first copy of the geometry is damaged")
            return largest, slots, (note,) if number else ()
    raise failure


def _metadata(
    section: Section, place: int, largest: int
) -> tuple[tuple[LogicalPartition, ...], dict[str, int], tuple[tuple[str, int], ...], tuple[int, int]]:
    raw = section.read(place, largest)
    if len(raw) < HEADER.size + DESCRIPTORS.size or not raw.startswith(HEADER_MAGIC):
        raise _broken("no metadata is there", "magic", place)
    _, major, minor, size, checksum, tables_size, tables_checksum = HEADER.unpack_from(raw)
    if major != 10:
        raise _broken(f"version {major}.{minor} is not known", "major_version", place + 4)
    if not HEADER.size + DESCRIPTORS.size <= size <= len(raw) or tables_size > len(raw) - size:
        raise _broken(f"{size} and {tables_size} bytes do not fit {len(raw)}", "tables_size", place + 44)
    if hashlib.sha256(raw[:12] + bytes(32) + raw[44:size]).digest() != checksum:
        raise _broken("the header's checksum is wrong", "header_checksum", place + 12)
    tables = raw[size : size + tables_size]
    if hashlib.sha256(tables).digest() != tables_checksum:
        raise _broken("the tables' checksum is wrong", "tables_checksum", place + 48)
    numbers = DESCRIPTORS.unpack_from(raw, HEADER.size)
    rows = [
        _rows(tables, numbers[3 * index : 3 * index + 3], entry, place + size)
        for index, entry in enumerate((PARTITION, EXTENT, GROUP, DEVICE))
    ]
    extents = [LogicalExtent(*row) for row in rows[1]]
    groups = {_name(name): largest_size for name, _, largest_size in rows[2]}
    names = [_name(name) for name, _, _ in rows[2]]
    partitions = []
    for name, attributes, first, count, group in rows[0]:
        if first + count > len(extents) or group >= len(names):
            raise _broken(f"{_name(name)} names extents or a group that are not there", "first_extent_index", place)
        mine = tuple(extents[first : first + count])
        partitions.append(LogicalPartition(_name(name), attributes, names[group], mine))
    devices = tuple((_name(row[4]), row[3]) for row in rows[3])
    if any(extent.kind == LINEAR and extent.device >= len(devices) for extent in extents):
        raise _broken("an extent names a block device that is not there", "target_source", place)
    return tuple(partitions), groups, devices, (major, minor)


def _rows(tables: bytes, descriptor: tuple[int, ...], entry: struct.Struct, place: int) -> list[tuple[Any, ...]]:
    offset, count, size = descriptor
    if count and (size < entry.size or offset + count * size > len(tables)):
        raise _broken(f"{count} entries of {size} bytes do not fit {len(tables)}", "entry_size", place + offset)
    if size == entry.size:
        return list(entry.iter_unpack(tables[offset : offset + count * size]))
    return [entry.unpack_from(tables, offset + number * size) for number in range(count)]


def _members(section: Section, partitions: tuple[LogicalPartition, ...]) -> Iterator[Member]:
    """The partitions all of whose extents lie within this file."""
    for partition in partitions:
        pieces: list[Section] = []
        for extent in partition.extents:
            start, size = extent.start * SECTOR, extent.sectors * SECTOR
            if extent.kind == ZERO:
                pieces.append(Section.zeros(size))
            elif extent.kind == LINEAR and extent.device == 0 and start + size <= section.size:
                pieces.append(section[start : start + size])
            else:
                break
        else:
            alone = len(pieces) == 1 and partition.extents[0].kind == LINEAR
            content = pieces[0] if len(pieces) == 1 else Section.joined(pieces, partition.name)
            if pieces:
                yield Member(partition.name, content, partition.extents[0].start * SECTOR if alone else None)
