r"""Text files that tell flashing tools what goes where: MediaTek's scatter files, Qualcomm's ``rawprogram*.xml``.

Sources: scatter files as SP Flash Tool reads them (the list form since 2013 and the older form of ``NAME 0x…`` and
braces); ``rawprogram`` as Qualcomm's firehose programmers and the linux-msm ``qdl`` take it.

Example:
    >>> scatter = Scatter.parse(b"PRELOADER 0x0\n{\n}\nBOOTIMG 0x6020000\n{\n}\n")
    >>> [(partition.name, partition.start) for partition in scatter.table]
    [('PRELOADER', 0), ('BOOTIMG', 100794368)]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.section import Readable

__all__ = ["Rawprogram", "Scatter", "looks_like_rawprogram", "looks_like_scatter"]

LARGEST = 4 << 20
OLD_ENTRY = re.compile(rb"^([A-Za-z_][\w-]{0,63})\s+(0x[0-9A-Fa-f]{1,16})\s*\{\s*\}", re.MULTILINE)
FIELD = re.compile(r"^\s*(?:-\s+)?([A-Za-z_]\w*)\s*:\s*(.*?)\s*$")
PROGRAM = re.compile(rb"<program\s([^<>]*)>")
ATTRIBUTE = re.compile(r"""([\w.:-]+)\s*=\s*("[^"]*"|'[^']*')""")


class _Text(Node):
    """A text of lines, kept as it is.

    Args:
        section: Its bytes.
        rows: Name → value of each entry.
        head: Name → value of what stands before the entries.
    """

    def __init__(self, section: Section, rows: tuple[Mapping[str, str], ...], head: Mapping[str, str]) -> None:
        self._section = section
        self.rows = rows
        self.head = head

    def parts(self) -> Iterator[Part]:
        """The text."""
        yield Part("text", self._section, Role.HEADER)

    @cached_property
    def table(self) -> PartitionTable:
        """The partitions, in the view that all partition tables share."""
        return PartitionTable(self._partitions())

    def _partitions(self) -> Iterator[Partition]:
        raise NotImplementedError

    def findings(self) -> tuple[Finding, ...]:
        """Partitions that overlap.

        Returns:
            The findings.
        """
        return self.table.findings()


def looks_like_scatter(source: Readable) -> bool:
    """Whether some bytes are a scatter file.

    Args:
        source: The bytes.

    Returns:
        True for either form.
    """
    head = Section.of(source).read(0, 4096)
    return b"MTK_PLATFORM_CFG" in head or bool(OLD_ENTRY.match(head.lstrip()))


class Scatter(_Text):
    """A MediaTek scatter file.

    Args:
        section: Its bytes.
        rows: Name → value of each entry, as they stand there.
        head: Name → value of the general part: ``platform``, ``project``, ``config_version`` …
    """

    KIND: ClassVar[str] = "MediaTek scatter file"
    FORMAT = Format(
        probe="looks_like_scatter",
        certain=False,
        source="scatter files of SP Flash Tool",
        limits="unverified: no real sample; the XML form of 2022 is not read",
    )

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: The text.

        Returns:
            The file.

        Raises:
            FormatError: If it lists no partitions, or a number is none.
        """
        section = Section.of(source)
        raw = section.read(limit=LARGEST)
        if not looks_like_scatter(section):
            raise FormatError("It begins otherwise", format=cls.KIND, offset=0)
        head: dict[str, str] = {}
        rows: list[dict[str, str]] = []
        if b"MTK_PLATFORM_CFG" in raw[:4096]:
            into = head
            for line in raw.decode("utf-8", "surrogateescape").splitlines():
                match = FIELD.match(line)
                if match and match[1] == "partition_index":
                    into = {}
                    rows.append(into)
                if match:
                    into[match[1]] = match[2]
        else:
            rows = [
                {"partition_name": found[1].decode(), "linear_start_addr": found[2].decode()}
                for found in OLD_ENTRY.finditer(raw)
            ]
        if not rows:
            raise FormatError("It lists no partitions", format=cls.KIND, offset=0)
        scatter = cls(section, tuple(rows), head)
        _ = scatter.table
        return scatter

    def _partitions(self) -> Iterator[Partition]:
        for row in self.rows:
            start = row.get("physical_start_addr") or row.get("linear_start_addr")
            file = row.get("file_name", "")
            yield Partition(
                row.get("partition_name", ""),
                _number(start, self.KIND, "linear_start_addr"),
                _number(row.get("partition_size"), self.KIND, "partition_size") or None,
                row.get("region", ""),
                "" if file == "NONE" else file,
                row.get("type", ""),
            )

    def describe(self) -> Iterator[tuple[str, object]]:
        """The general part, and how many partitions there are."""
        for key in ("platform", "project", "storage", "config_version"):
            if key in self.head:
                yield key, self.head[key]
        yield "partitions", len(self.rows)


def looks_like_rawprogram(source: Readable) -> bool:
    """Whether some bytes are a ``rawprogram`` file.

    Args:
        source: The bytes.

    Returns:
        True for XML whose first elements are ``data`` and ``program``.
    """
    head = Section.of(source).read(0, 4096).lstrip()
    return head.startswith(b"<") and b"<data" in head and b"<program" in head


class Rawprogram(_Text):
    """A Qualcomm ``rawprogram*.xml``.

    Args:
        section: Its bytes.
        rows: The attributes of each ``program`` element.
        head: Nothing.
    """

    KIND: ClassVar[str] = "Qualcomm rawprogram"
    FORMAT = Format(
        probe="looks_like_rawprogram",
        certain=False,
        source="linux-msm qdl",
        limits="unverified: no real sample; start sectors that are expressions stay unknown",
    )

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one; no entity is expanded.

        Args:
            source: The XML.

        Returns:
            The file.

        Raises:
            FormatError: If it has no ``program`` elements, or a number is none.
        """
        section = Section.of(source)
        raw = re.sub(rb"<!--.*?-->", b"", section.read(limit=LARGEST), flags=re.DOTALL)
        rows = tuple(
            {match[1]: match[2][1:-1] for match in ATTRIBUTE.finditer(found[1].decode("utf-8", "surrogateescape"))}
            for found in PROGRAM.finditer(raw)
        )
        if not rows:
            raise FormatError("It has no program elements", format=cls.KIND, offset=0)
        program = cls(section, rows, {})
        _ = program.table
        return program

    def _partitions(self) -> Iterator[Partition]:
        for row in self.rows:
            sector = _number(row.get("SECTOR_SIZE_IN_BYTES"), self.KIND, "SECTOR_SIZE_IN_BYTES") or 512
            text = row.get("start_sector", "")
            start = _number(text, self.KIND, "start_sector") if re.fullmatch(r"[0-9]+", text) else None
            sectors = _number(row.get("num_partition_sectors"), self.KIND, "num_partition_sectors")
            yield Partition(
                row.get("label", ""),
                None if start is None else start * sector,
                sectors * sector if sectors else None,
                f"LUN {row.get('physical_partition_number', '0')}",
                row.get("filename", ""),
                "sparse" if row.get("sparse") == "true" else "",
            )

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many elements there are, and the sector size."""
        yield "program elements", len(self.rows)
        yield "sector size", self.rows[0].get("SECTOR_SIZE_IN_BYTES", "512")

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: one partition is often written by several elements, in pieces and for both slots.

        Returns:
            No findings.
        """
        return ()


def _number(text: str | None, format: str, field: str) -> int | None:
    if text is None or not text.strip():
        return None
    try:
        number = int(text[:40], 0 if text.lower().startswith("0x") else 10)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 64:
        raise FormatError(f"{text[:40]!r} is no number", format=format, field=field)
    return number
