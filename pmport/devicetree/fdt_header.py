"""The header of a device tree blob, and the bounds of its blocks.

Layout: Devicetree Specification 0.4, chapter 5 (version 17, last compatible 16). Older versions end earlier: version 1
after ``last_comp_version``, 2 after ``boot_cpuid_phys``, 3 to 16 after ``size_dt_strings``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError

__all__ = ["HEADER_SIZE", "KIND", "MAGIC", "NO_PHANDLES", "Header", "header_struct"]

KIND = "device tree blob"
"""The format's name, in errors and tables."""
MAGIC = b"\xd0\x0d\xfe\xed"
"""The first bytes of every blob."""
HEADER_SIZE = 40
"""Bytes of a version 17 header."""
LATEST = 17
"""The version that is written."""
NO_PHANDLES = (0, 0xFFFFFFFF)
"""Numbers that no node may have; the second stands for a reference that an overlay has not resolved yet."""

_FIELDS = {1: 7, 2: 8, 3: 9, 17: 10}
"""Version from which on → how many fields of four bytes there are."""


@cache
def header_struct() -> Any:
    """The header as ``construct`` declares it, compiled.

    Returns:
        A construct that parses to the fields; those that the version does not have are None.
    """
    from construct import Const, If, Int32ub, Struct, this  # noqa: PLC0415 - costs 37 ms

    return Struct(
        "magic" / Const(MAGIC),
        "totalsize" / Int32ub,
        "off_dt_struct" / Int32ub,
        "off_dt_strings" / Int32ub,
        "off_mem_rsvmap" / Int32ub,
        "version" / Int32ub,
        "last_comp_version" / Int32ub,
        "boot_cpuid_phys" / If(this.version >= 2, Int32ub),
        "size_dt_strings" / If(this.version >= 3, Int32ub),
        "size_dt_struct" / If(this.version >= 17, Int32ub),
    ).compile()


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of the header, in the standard's spelling.

    Args:
        totalsize: Bytes of the whole blob, its padding included.
        off_dt_struct: Where the structure block starts.
        off_dt_strings: Where the strings block starts.
        off_mem_rsvmap: Where the memory reservation block starts.
        version: Version of the layout.
        last_comp_version: Oldest version whose readers understand it.
        boot_cpuid_phys: Physical id of the boot processor; 0 before version 2.
        size_dt_strings: Bytes of the strings block; before version 3, all that follow.
        size_dt_struct: Bytes of the structure block; before version 17, all up to the next block.
    """

    totalsize: int
    off_dt_struct: int
    off_dt_strings: int
    off_mem_rsvmap: int
    version: int = LATEST
    last_comp_version: int = 16
    boot_cpuid_phys: int = 0
    size_dt_strings: int = 0
    size_dt_struct: int = 0

    @classmethod
    def parse(cls, data: bytes, available: int) -> Self:
        """Read and check it.

        Args:
            data: The first :data:`HEADER_SIZE` bytes, or as many as there are.
            available: How many bytes there are in all.

        Returns:
            The header, every block within the blob.

        Raises:
            FormatError: If a field is wrong.
        """
        if not data.startswith(MAGIC):
            raise FormatError(f"The magic is {data[:4].hex() or 'missing'}", format=KIND, field="magic", offset=0)
        count = _fields(data)
        if len(data) < 4 * count or available < 4 * count:
            raise FormatError(
                f"The header ends after {min(len(data), available)} of {4 * count} bytes",
                format=KIND,
                offset=min(len(data), available),
            )
        names = header_struct().parse(data + bytes(HEADER_SIZE))
        fields = {name: names[name] or 0 for name in cls.__slots__}
        totalsize = fields["totalsize"]
        if fields["version"] < 3:
            fields["size_dt_strings"] = max(totalsize - fields["off_dt_strings"], 0)
        if fields["version"] < 17:
            later = [fields[name] for name in ("off_dt_strings", "off_mem_rsvmap")] + [totalsize]
            ends = [offset for offset in later if offset > fields["off_dt_struct"]]
            fields["size_dt_struct"] = max(min(ends, default=0) - fields["off_dt_struct"], 0)
        header = cls(**fields)
        header.check(available, 4 * count)
        return header

    def check(self, available: int, own_size: int) -> None:
        """Check that every block lies within the blob.

        Args:
            available: How many bytes there are.
            own_size: Bytes of this header.

        Raises:
            FormatError: If one does not; with the field at fault.
        """
        if self.version < 1 or self.last_comp_version > LATEST:
            field, value, offset = (
                ("version", self.version, 20) if self.version < 1 else ("last_comp_version", self.last_comp_version, 24)
            )
            raise FormatError(
                f"{field} is {value}: versions 1 to 17 are known", format=KIND, field=field, offset=offset
            )
        if self.totalsize < own_size:
            raise FormatError(f"totalsize is {self.totalsize}", format=KIND, field="totalsize", offset=4)
        if self.totalsize > available:
            raise FormatError(
                f"totalsize is {self.totalsize}, and there are {available} bytes: the file was cut short",
                format=KIND,
                field="totalsize",
                offset=4,
            )
        blocks = (
            ("off_dt_struct", 8, self.off_dt_struct, self.size_dt_struct, 8),
            ("off_dt_strings", 12, self.off_dt_strings, self.size_dt_strings, 0),
            ("off_mem_rsvmap", 16, self.off_mem_rsvmap, 16, 16),
        )
        for field, place, offset, size, least in blocks:
            if offset < own_size or offset + max(size, least) > self.totalsize or size < least:
                raise FormatError(
                    f"The block of {size} bytes at {offset} is not within the {own_size} to {self.totalsize} bytes "
                    "behind the header",
                    format=KIND,
                    field=field,
                    offset=place,
                )

    def pack(self) -> bytes:
        """As a version 17 header.

        Returns:
            40 bytes.
        """
        return struct.pack(
            ">4s9I",
            MAGIC,
            self.totalsize,
            self.off_dt_struct,
            self.off_dt_strings,
            self.off_mem_rsvmap,
            self.version,
            self.last_comp_version,
            self.boot_cpuid_phys,
            self.size_dt_strings,
            self.size_dt_struct,
        )


def _fields(data: bytes) -> int:
    version = int.from_bytes(data[20:24], "big")
    return max((count for since, count in _FIELDS.items() if version >= since), default=7)
