"""Sony's boot images in ELF files: each segment is a kernel, a ramdisk, or firmware, told apart by its flags.

The identification's eighth byte is 0x61. Flags: 0 kernel, 0x80000000 ramdisk, 0x40000000 IPL, 0x01000000 RPM, 0x02000000
appsbl; a note segment with 0x20000000 is the command line; type ``SIN!`` holds the signature (osm0sis' tools).
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.wrapper import Range, Wrapper, cut
from pmport.node import Format, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["SonyElf"]

PT_NOTE = 4
PT_SIN = 0x214E4953
CMDLINE_FLAG = 0x2000_0000
SEGMENTS = {0: "kernel", 0x8000_0000: "ramdisk", 0x4000_0000: "ipl", 0x0100_0000: "rpm", 0x0200_0000: "appsbl"}
MOST_SEGMENTS = 64


class SonyElf(Wrapper):
    """A boot image in an ELF file, 32 or 64 bits."""

    KIND: ClassVar[str] = "Sony ELF boot image"
    FORMAT = Format(
        magics=((0, b"\x7fELF\x01\x01\x01a"), (0, b"\x7fELF\x02\x01\x01a")),
        source="osm0sis' tools",
        limits="unverified: no real sample",
    )
    WRAPPER: ClassVar[str] = "sony-elf"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its children are named by what their segment's flags say.

        Raises:
            FormatError: If it is cut short, or segments lie outside or over each other.
        """
        section = Section.of(source)
        head = section.read(0, 64)
        wide = head[4:5] == b"\x02"
        size = 64 if wide else 52
        if head[:4] != b"\x7fELF" or len(head) < size:
            raise FormatError("The ELF header is cut short", format=cls.KIND, field="e_ident", offset=0)
        table, count, stride = _table(head, wide=wide)
        if count > MOST_SEGMENTS or stride < (56 if wide else 32):
            raise FormatError(
                f"{count} segments of {stride} bytes are no table", format=cls.KIND, field="e_phnum", offset=size - 8
            )
        rows: list[tuple[str, object]] = [("class", "64 bits" if wide else "32 bits")]
        ranges = [Range("header", 0, size, Role.HEADER), Range("segments", table, count * stride, Role.HEADER)]
        seen: Counter[str] = Counter()
        for index in range(count):
            raw = section.read(table + index * stride, 56 if wide else 32)
            if len(raw) < (56 if wide else 32):
                raise FormatError("The segment table is cut short", format=cls.KIND, field="e_phoff", offset=table)
            kind, flags, offset, address, length = _segment(raw, wide=wide)
            name = _name(kind, flags)
            seen[name] += 1
            label = name if seen[name] == 1 else f"{name}{seen[name]}"
            ranges.append(Range(label, offset, length, Role.TAIL if kind == PT_SIN else Role.CONTENT))
            rows.append((f"{label} address", f"{address:#x}"))
            if name == "cmdline" and length < 4096:
                text = section.read(offset, length).split(b"\0", 1)[0]
                rows.append(("command line", text.decode("utf-8", "surrogateescape")))
        return cls(cut(section, ranges, cls.KIND), rows)


def _table(head: bytes, *, wide: bool) -> tuple[int, int, int]:
    """``(offset, rows, bytes per row)`` of the program headers."""
    if wide:
        (offset,) = struct.unpack_from("<Q", head, 32)
        stride, count = struct.unpack_from("<HH", head, 54)
    else:
        (offset,) = struct.unpack_from("<I", head, 28)
        stride, count = struct.unpack_from("<HH", head, 42)
    return offset, count, stride


def _segment(raw: bytes, *, wide: bool) -> tuple[int, int, int, int, int]:
    """``(type, flags, offset, physical address, size in the file)``."""
    if wide:
        kind, flags, offset, _, address, length = struct.unpack_from("<IIQQQQ", raw)
    else:
        kind, offset, _, address, length, _, flags = struct.unpack_from("<7I", raw)
    return kind, flags, offset, address, length


def _name(kind: int, flags: int) -> str:
    if kind == PT_SIN:
        return "signature"
    if kind == PT_NOTE and flags & CMDLINE_FLAG:
        return "cmdline"
    return SEGMENTS.get(flags, f"segment-{flags:08x}")
