"""A partition information table in words: as Heimdall prints it, what differs between two, and what is odd about one.

Scripts read ``heimdall print-pit``, so the wording is that of Heimdall 1.4.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pmport.findings import Finding, Severity

if TYPE_CHECKING:
    from pmport.formats.storage.pit import Pit, PitEntry

__all__ = ["Difference", "check", "differences", "heimdall_text"]

HEADER = "<IIHHHHHH"
BINARY_TYPES = {0: "AP", 1: "CP"}
DEVICE_TYPES = {0: "OneNAND", 1: "File/FAT", 2: "MMC", 3: "All (?)"}
WRITE, STL = 1, 2
FOTA, SECURE = 1, 2
FIRST = 8
"""Where the eight numbers of the header begin, that Heimdall does not know the meaning of."""

BOOT_AREA = 8192
"""Blocks at the beginning: there real tables list parts of the bootloader that lie in a storage area of their own."""


class Difference(NamedTuple):
    """One thing that two tables tell differently.

    Args:
        partition: Its name; "" for the header.
        field: Which field; "" where the whole entry is there in one only.
        before: In the first; None where it is not there.
        after: In the second; None where it is not there.
    """

    partition: str
    field: str
    before: object
    after: object


def heimdall_text(pit: Pit) -> str:
    """A table as ``heimdall print-pit`` prints it.

    Args:
        pit: The table.

    Returns:
        The text, without Heimdall's banner.
    """
    import struct  # noqa: PLC0415 - only here

    numbers = struct.unpack_from(HEADER, pit.section().read(FIRST, 20))
    lines = [f"Entry Count: {len(pit)}"]
    lines += [f"Unknown {number}: {value}" for number, value in enumerate(numbers, 1)]
    for number, entry in enumerate(pit):
        lines += ["", "", f"--- Entry #{number} ---", *_entry_lines(entry)]
    return "\n".join([*lines, "", ""])


def _entry_lines(entry: PitEntry) -> Iterator[str]:
    yield f"Binary Type: {entry.binary_type} ({BINARY_TYPES.get(entry.binary_type, 'Unknown')})"
    yield f"Device Type: {entry.device_type} ({DEVICE_TYPES.get(entry.device_type, 'Unknown')})"
    yield f"Identifier: {entry.identifier}"
    storage = "STL " if entry.attributes & STL else ""
    yield f"Attributes: {entry.attributes} ({storage}{'Read/Write' if entry.attributes & WRITE else 'Read-Only'})"
    update = entry.update_attributes
    words = ", ".join(word for bit, word in ((FOTA, "FOTA"), (SECURE, "Secure")) if update & bit)
    yield f"Update Attributes: {update} ({words})" if update else "Update Attributes: 0"
    yield f"Partition Block Size/Offset: {entry.start}"
    yield f"Partition Block Count: {entry.block_count}"
    yield f"File Offset (Obsolete): {entry.file_offset}"
    yield f"File Size (Obsolete): {entry.file_size}"
    yield f"Partition Name: {entry.name}"
    yield f"Flash Filename: {entry.file}"
    yield f"FOTA Filename: {entry.fota}"


def differences(before: Pit, after: Pit) -> Iterator[Difference]:
    """What two tables tell differently; padding and signatures do not count.

    Args:
        before: The first.
        after: The second.

    Yields:
        Differences of the header, then of each partition, in the order of the first table.

    Example:
        >>> from pmport.formats.storage.pit import Pit, PitEntry
        >>> one, two = (Pit.build([PitEntry("BOOT", identifier=9, block_count=size)]) for size in (8, 16))
        >>> [tuple(item) for item in differences(one, two)]
        [('BOOT', 'block_count', 8, 16)]
    """
    for name in ("gang_name", "project", "lu_count"):
        if getattr(before, name) != getattr(after, name):
            yield Difference("", name, getattr(before, name), getattr(after, name))
    old, new = _keyed(before), _keyed(after)
    for key in dict.fromkeys([*old, *new]):
        one, two = old.get(key), new.get(key)
        if one is None or two is None:
            yield Difference(key[0], "", one and _brief(one), two and _brief(two))
            continue
        for field in fields(one):
            values = getattr(one, field.name), getattr(two, field.name)
            if field.compare and values[0] != values[1]:
                yield Difference(key[0], field.name, *values)


def _keyed(pit: Pit) -> dict[tuple[str, int], PitEntry]:
    """Entries by name, and by count where a name occurs more than once."""
    seen: Counter[str] = Counter()
    keyed = {}
    for entry in pit:
        keyed[entry.name, seen[entry.name]] = entry
        seen[entry.name] += 1
    return keyed


def _brief(entry: PitEntry) -> str:
    return f"identifier {entry.identifier}, {entry.block_count} blocks, {entry.file or 'no file'}"


def check(pit: Pit) -> Iterator[Finding]:
    """What is odd about a table.

    Args:
        pit: The table.

    Yields:
        Findings; real tables have repeated identifiers, so that these are worth a note only.
    """
    names = Counter(entry.name for entry in pit if entry.name)
    for name, count in names.items():
        if count > 1:
            yield Finding(Severity.WARNING, "pit-name-twice", f"{count} entries are named {name}", where=name, fix="flash by identifier")  # fmt: skip
    identifiers = Counter((entry.binary_type, entry.identifier) for entry in pit if entry.name)
    for (_, identifier), count in identifiers.items():
        if count > 1:
            yield Finding(Severity.NOTE, "pit-identifier-twice", f"{count} entries have the identifier {identifier}", fix="flash by name")  # fmt: skip
    files = Counter(entry.file for entry in pit if entry.file)
    for file, count in files.items():
        if count > 1 and file != "-":
            yield Finding(Severity.NOTE, "pit-file-twice", f"{count} partitions take the file {file}", where=file)
    yield from _overlaps(pit)


def _overlaps(pit: Pit) -> Iterator[Finding]:
    placed = [
        ((entry.device_type, pit.unit(entry)), start, start + entry.block_count, entry.name)
        for entry, start in zip(pit, pit.starts, strict=True)
        if start is not None and start >= BOOT_AREA and entry.block_count and entry.name
    ]
    placed.sort()
    for one, two in pairwise(placed):
        if one[0] == two[0] and one[2] > two[1]:
            yield Finding(
                Severity.WARNING, "pit-overlap", f"{one[3]} ends at block {one[2]}, and {two[3]} begins at {two[1]}",
                where=one[3],
            )  # fmt: skip
