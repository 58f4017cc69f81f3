"""NVIDIA's update blob of Tegra tablets: ``MSM-RADIO-UPDATE``, optionally behind ``-SIGNED-BY-SIGNBLOB-``.

Layout, little-endian: [20 bytes magic, data size, signature size], 16 bytes magic, version 0x10000, header size, offset
of the table, rows, seven zero words; each row is a name of four bytes (``LNX`` boot, ``SOS`` recovery), offset, size,
version. Offsets count from the second magic (BlobTools, magiskboot).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.wrapper import Range, Wrapper, cut
from pmport.node import Format, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["TegraBlob"]

SIGNED = b"-SIGNED-BY-SIGNBLOB-"
MAGIC = b"MSM-RADIO-UPDATE"
SIGNED_SIZE = 28
HEADER_SIZE = 60
ROW_SIZE = 16
MOST_ROWS = 256
NAMES = {"LNX": "boot", "SOS": "recovery"}


class TegraBlob(Wrapper):
    """An update blob; its children are its rows, ``boot`` and ``recovery`` or by their own names."""

    KIND: ClassVar[str] = "Tegra update blob"
    FORMAT = Format(
        magics=((0, SIGNED), (0, MAGIC)),
        source="AndroidRoot BlobTools; magiskboot",
        limits="unverified: no real sample",
    )
    WRAPPER: ClassVar[str] = "tegra-blob"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper.

        Raises:
            FormatError: If it is cut short, or rows lie outside or over each other.
        """
        section = Section.of(source)
        base = SIGNED_SIZE if section.read(0, len(SIGNED)) == SIGNED else 0
        head = section.read(base, HEADER_SIZE)
        if not head.startswith(MAGIC) or len(head) < HEADER_SIZE:
            raise FormatError("There is no update header of 60 bytes", format=cls.KIND, field="magic", offset=base)
        version, _, table, count = struct.unpack_from("<4I", head, 16)
        raw = section.read(base + table, count * ROW_SIZE) if count <= MOST_ROWS else b""
        if len(raw) < count * ROW_SIZE or count > MOST_ROWS:
            raise FormatError(f"A table of {count} rows is not there", format=cls.KIND, field="count", offset=base + 28)
        ranges = [
            Range("signed header", 0, base, Role.HEADER),
            Range("header", base, HEADER_SIZE, Role.HEADER),
            Range("table", base + table, len(raw), Role.HEADER),
        ]
        rows: list[tuple[str, object]] = [("version", f"{version:#x}"), ("signed", bool(base))]
        for name, offset, size, row_version in struct.iter_unpack("<4sIII", raw):
            text = name.rstrip(b"\0").decode("utf-8", "surrogateescape")
            ranges.append(Range(NAMES.get(text, text or "part"), base + offset, size))
            rows.append((f"part {text}", f"{size} bytes, version {row_version}"))
        return cls(cut(section, ranges, cls.KIND), rows)
