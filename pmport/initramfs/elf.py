"""As much of ELF as tells whether a program runs by itself on a machine, and what a kernel module says of itself.

Layout (System V ABI, ``elf.h``): class at 4, byte order at 5, machine at 18; tables of program and of section headers, at
places that the header gives.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.section import Section


__all__ = ["MACHINES", "Program", "machine_name", "read_program"]

FORMAT = "ELF file"
MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
"""``e_machine`` → name, as far as phones and the machines that test them go."""
INTERPRETER = 3
"""``PT_INTERP``: the program wants a dynamic linker."""
MOST_HEADERS = 4096


class _Words(NamedTuple):
    """How one class and byte order lays out what is read here."""

    header: struct.Struct
    segment: struct.Struct
    section: struct.Struct


@dataclass(frozen=True)
class Program:
    """An ELF file.

    Args:
        machine: ``e_machine``.
        interpreter: Path of the dynamic linker that it wants; "" for a static program.
        sections: Section's name → its bytes.
    """

    machine: int
    interpreter: str
    sections: dict[str, Section]

    def strings(self, name: str) -> list[str]:
        """A section of NUL-terminated strings.

        Args:
            name: Such as ``.modinfo``.

        Returns:
            The strings; none where there is no such section.
        """
        data = self.sections[name].read() if name in self.sections else b""
        return [text.decode("utf-8", "replace") for text in data.split(b"\0") if text]


def machine_name(number: int) -> str:
    """What a machine is called.

    Args:
        number: ``e_machine``.

    Returns:
        Its name, or the number.
    """
    return MACHINES.get(number, f"machine {number}")


def read_program(section: Section) -> Program:
    """Read an ELF file.

    Args:
        section: Its bytes.

    Returns:
        What is known of it.

    Raises:
        FormatError: If it is none, or cut short.
    """
    head = section.read(0, 64)
    if head[:4] != b"\x7fELF" or len(head) < (64 if head[4:5] == b"\2" else 52):
        raise FormatError("It does not begin as an ELF file", format=FORMAT, field="magic", offset=0)
    words = _words(head)
    (machine, segments_at, sections_at, segment_size, segment_count, section_size, section_count, names) = (
        words.header.unpack_from(head, 16)
    )
    segments = _table(section, segments_at, segment_size, segment_count, words.segment)
    rows = _table(section, sections_at, section_size, section_count, words.section)
    wide = head[4] == 2
    interpreter = ""
    for row in segments:
        if row[0] == INTERPRETER:
            offset, size = (row[2], row[5]) if wide else (row[1], row[4])
            interpreter = section.read(offset, min(size, 256)).rstrip(b"\0").decode("utf-8", "replace")
    return Program(machine, interpreter, _sections(section, rows, names))


def _words(head: bytes) -> _Words:
    order = {1: "<", 2: ">"}.get(head[5])
    if order is None or head[4] not in {1, 2}:
        raise FormatError("Its class or byte order is unknown", format=FORMAT, field="ident", offset=4)
    if head[4] == 1:
        codes = "2xH8xII6xHHHHH", "IIIIIIII", "IIIIIIIIII"
    else:
        codes = "2xH12xQQ6xHHHHH", "IIQQQQQQ", "IIQQQQIIQQ"
    return _Words(*(struct.Struct(order + code) for code in codes))


def _table(section: Section, at: int, size: int, count: int, row: struct.Struct) -> list[tuple[int, ...]]:
    if not count:
        return []
    if size < row.size or count > MOST_HEADERS or at + size * count > section.size:
        raise FormatError(
            "A table of headers reaches past the end of the file", format=FORMAT, field="headers", offset=at
        )
    data = section.read(at, size * count)
    return [row.unpack_from(data, number * size) for number in range(count)]


def _sections(section: Section, rows: list[tuple[int, ...]], names: int) -> dict[str, Section]:
    if names >= len(rows):
        return {}
    table = section.read(rows[names][4], min(rows[names][5], 1 << 20))
    found = {}
    for row in rows:
        name = table[row[0] :].split(b"\0", 1)[0].decode("utf-8", "replace")
        if row[4] + row[5] <= section.size and name:
            found[name] = section[row[4] : row[4] + row[5]]
    return found
