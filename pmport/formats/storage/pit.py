"""PIT, the partition information table of Samsung phones: which partitions there are, and what flashers call them.

Layout, all numbers little-endian (Heimdall ``libpit``; field meanings of newer tables from Samsung-Loki's documents and
from their users): a header of 28 bytes, then entries of 132 bytes; newer tables carry a signature behind them. Tables
exist in two kinds with the same magic: older ones tell a block *size* where newer ones tell the *start* block.

Example:
    >>> pit = Pit.build([PitEntry("BOOT", "boot.img", identifier=9, device_type=2, block_count=32768, start=8192)])
    >>> pit["BOOT"].identifier, pit.partition_size(pit.find("9"))
    (9, 16777216)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.given import number, text
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.formats.storage.pit_entry import BLOCK_SIZES, SECTOR_LIMIT, PitEntry, name_text
from pmport.node import Format, Node, Part, Role
from pmport.render import Bar, Stack, Table, View, size_text
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.section import Readable

__all__ = ["Pit", "PitEntry"]

MAGIC = b"\x76\x98\x34\x12"
HEADER_SIZE, ENTRY_SIZE = 28, 132
MOST_ENTRIES = 512
LARGEST = 1 << 20
"""Bytes of a table; real ones have 4 to 16 KiB."""


@cache
def header_declaration() -> Any:
    """The header, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Const, Int16ul, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "magic" / Const(MAGIC),
        "count" / Int32ul,
        "gang_name" / Bytes(8),
        "project" / Bytes(8),
        "lu_count" / Int16ul,
        "reserved" / Int16ul,
    ).compile()


class Pit(Node):
    """A partition information table.

    Args:
        section: Its bytes.
        entries: Its entries.
        gang_name: First text of the header.
        project: Second text of the header: chip or project.
        lu_count: Logical units.
    """

    KIND: ClassVar[str] = "PIT"
    FORMAT = Format(
        magics=((0, MAGIC),),
        writes="identical, build",
        source="Heimdall libpit; Samsung-Loki's documents",
        limits="the signature of newer tables is kept, not checked",
    )

    def __init__(
        self, section: Section, entries: tuple[PitEntry, ...], gang_name: str, project: str, lu_count: int
    ) -> None:
        self._section = section
        self.entries = entries
        self.gang_name: str
        self.project: str
        self.lu_count: int
        self.gang_name, self.project, self.lu_count = gang_name, project, lu_count

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a table.

        Args:
            source: Where it is.

        Returns:
            The table; what stands behind the entries is kept.

        Raises:
            FormatError: If the magic is wrong, or the entries do not fit.
        """
        section = Section.of(source)
        raw = section.read(limit=LARGEST)
        if not raw.startswith(MAGIC) or len(raw) < HEADER_SIZE:
            raise FormatError("No header of 28 bytes is there", format=cls.KIND, field="magic", offset=0)
        head = header_declaration().parse(raw)
        if not 1 <= head.count <= MOST_ENTRIES or HEADER_SIZE + head.count * ENTRY_SIZE > len(raw):
            raise FormatError(
                f"{head.count} entries do not fit into {len(raw)} bytes", format=cls.KIND, field="count", offset=4
            )
        places = range(HEADER_SIZE, HEADER_SIZE + head.count * ENTRY_SIZE, ENTRY_SIZE)
        entries = tuple(PitEntry.decode(raw[place : place + ENTRY_SIZE], place) for place in places)
        return cls(section, entries, name_text(head.gang_name), name_text(head.project), head.lu_count)

    @classmethod
    def build(
        cls,
        entries: Iterable[PitEntry],
        *,
        gang_name: str = "COM_TAR2",
        project: str = "",
        lu_count: int = 0,
        tail: bytes = b"",
    ) -> Self:
        """Make a table.

        Args:
            entries: The entries.
            gang_name: First text of the header.
            project: Second text of the header.
            lu_count: Logical units.
            tail: What comes behind the entries.

        Returns:
            The table.

        Raises:
            FormatError: If a name is too long, or there are no or too many entries.
        """
        listed = list(entries)
        texts = {"gang_name": gang_name, "project": project}
        fields = {key: text(value, key, cls.KIND, most=8).ljust(8, b"\0") for key, value in texts.items()}
        units = number(lu_count, "lu_count", cls.KIND, high=0xFFFF)
        numbers = {"magic": MAGIC, "count": len(listed), "lu_count": units, "reserved": 0}
        head: bytes = header_declaration().build({**fields, **numbers})
        return cls.parse(head + b"".join(entry.encode() for entry in listed) + tail)

    def parts(self) -> Iterator[Part]:
        """Header, entries, and what follows them."""
        end = HEADER_SIZE + len(self.entries) * ENTRY_SIZE
        yield Part("header", self._section[:HEADER_SIZE], Role.HEADER)
        yield Part("entries", self._section[HEADER_SIZE:end], Role.HEADER)
        yield Part("tail", self._section[end:], Role.TAIL)

    def __iter__(self) -> Iterator[PitEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, name: str) -> PitEntry:
        entry = self.find(name)
        if entry is None:
            raise KeyError(f"no partition is named {name!r}; there are {', '.join(self.names)}")
        return entry

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the partitions that can be flashed: those that have one."""
        return tuple(entry.name for entry in self.entries if entry.name)

    def find(self, name: str) -> PitEntry | None:
        """A partition, as users name it.

        Args:
            name: Partition name, in upper and lower case as the table has it, or an identifier in digits.

        Returns:
            The first entry that fits, or None.
        """
        if name.isdecimal():
            return next((entry for entry in self.entries if entry.identifier == int(name) and entry.name), None)
        return next((entry for entry in self.entries if entry.name == name and name), None)

    def find_file(self, file: str) -> PitEntry | None:
        """The partition that a package's file belongs to.

        Args:
            file: The file's name without directories; ``.lz4`` does not count.

        Returns:
            The first entry with that flash file name, or None.
        """
        wanted = file.removesuffix(".lz4")
        return next((entry for entry in self.entries if entry.file and entry.file == wanted), None)

    def unit(self, entry: PitEntry) -> int:
        """The logical unit that a partition is on: UFS phones with several have its number where others have offsets.

        Args:
            entry: The entry.

        Returns:
            Its number; 0 where the table counts one unit or none.
        """
        return entry.file_offset if self._has_units else 0

    @cached_property
    def _has_units(self) -> bool:
        return self.lu_count > 1 and all(entry.file_offset < self.lu_count for entry in self.entries)

    @cached_property
    def starts(self) -> tuple[int | None, ...]:
        """The start block of each entry; None in tables that do not tell it."""
        firsts = [entry.start for entry in self.entries]
        seconds = [0 if self._has_units else entry.file_offset for entry in self.entries]
        if len(set(firsts)) == 1 and not any(seconds):
            return (None,) * len(firsts)
        chosen = firsts if max(firsts) > SECTOR_LIMIT or not any(seconds) else seconds
        return tuple(chosen)

    def partition_size(self, entry: PitEntry | None) -> int | None:
        """How many bytes a partition holds.

        Args:
            entry: The entry.

        Returns:
            Bytes; None for storage whose block size is not known, and for partitions that take what is left.
        """
        if entry is None or not entry.block_count or entry.device_type not in BLOCK_SIZES:
            return None
        return entry.block_count * BLOCK_SIZES[entry.device_type]

    @property
    def table(self) -> PartitionTable:
        """The partitions that have a name, in the view that all partition tables share."""
        return PartitionTable(
            Partition(
                entry.name,
                None
                if start is None or entry.device_type not in BLOCK_SIZES
                else start * BLOCK_SIZES[entry.device_type],
                self.partition_size(entry),
                f"{entry.device} unit {self.unit(entry)}" if self._has_units else entry.device,
                entry.file,
            )
            for entry, start in zip(self.entries, self.starts, strict=True)
            if entry.name
        )

    def same_table(self, other: Pit) -> bool:
        """Whether both tell the same, whatever their padding and signature.

        Args:
            other: Another table.

        Returns:
            True where texts, logical units and entries are equal.
        """
        return (self.gang_name, self.project, self.lu_count, self.entries) == (
            other.gang_name, other.project, other.lu_count, other.entries,
        )  # fmt: skip

    def describe(self) -> Iterator[tuple[str, object]]:
        """The header's fields, and how many entries there are."""
        yield "gang name", self.gang_name
        yield "project", self.project
        yield "logical units", self.lu_count
        yield "entries", len(self.entries)
        yield "bytes behind the entries", self._section.size - HEADER_SIZE - len(self.entries) * ENTRY_SIZE

    def view(self) -> View:
        """The partitions, and their sizes to scale.

        Returns:
            Tables and a bar.
        """
        rows = [
            (entry.name, entry.file, entry.identifier, "modem" if entry.is_modem else "phone", entry.device, start, size_text(size) if size else "")
            for entry, start in zip(self.entries, self.starts, strict=True)
            for size in (self.partition_size(entry),)
        ]  # fmt: skip
        table = Table(("partition", "file", "id", "for", "storage", "start", "size"), rows)
        head = Table(("", ""), list(self.describe()), title=f"{self.KIND}, {size_text(self.size)}")
        sizes = [(entry.name, self.partition_size(entry) or 0) for entry in self.entries]
        return Stack([head, table, Bar(sizes)] if any(size for _, size in sizes) else [head, table])

    def findings(self) -> tuple[Finding, ...]:
        """Names and identifiers that occur twice, and partitions that overlap.

        Returns:
            The findings.
        """
        from pmport.formats.storage.pit_text import check  # noqa: PLC0415 - it names this module

        return tuple(check(self))

    def __repr__(self) -> str:
        return f"<Pit {self.project or self.gang_name}: {len(self.entries)} entries>"
