"""Rockchip's resource images (``RSCE``): device trees and logos, in the ``second`` of a boot image or a partition.

Layout (Rockchip's U-Boot, ``resource_img.h``; little-endian, places in blocks of 512 bytes): a header with magic, two
versions, its own size, where the table is, the size of an entry and their number; each entry with ``ENTR``, a name, and the
place and size of its file. Newer ones put a hash and its size behind a name of 220 bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Member, Members
from pmport.node import Format
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["RockchipResource"]

MAGIC, TAG = b"RSCE", b"ENTR"
BLOCK = 512
HEADER = struct.Struct("<4sHHBBBBI")
ENTRY = struct.Struct("<4s220s32sIII")
"""Tag, name, hash, size of the hash (0 where the name takes 256 bytes), place, size."""
HASHES = {20: "sha1", 32: "sha256"}
MOST_ENTRIES = 1024


class RockchipResource(Members):
    """A resource image; its members are the device trees and logos in it.

    Args:
        section: All of it.
        members: The files.
        hashes: Each file's hash; empty where there is none.
    """

    KIND: ClassVar[str] = "Rockchip resource image"
    FORMAT = Format(
        magics=((0, MAGIC),), source="Rockchip U-Boot, resource_img.h", limits="unverified: no real sample; not built"
    )

    def __init__(self, section: Section, members: tuple[Member, ...], hashes: tuple[bytes, ...]) -> None:
        super().__init__(section, members)
        self._hashes = hashes

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The image.

        Raises:
            FormatError: If the table cannot be, or a file is not all there.
        """
        section = Section.of(source)
        head = section.read(0, HEADER.size)
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            raise FormatError("The header is cut short", format=cls.KIND, field="magic", offset=len(head))
        _, _, _, _, table, step, _, count = HEADER.unpack(head)
        if not table or not step or count > MOST_ENTRIES:
            raise FormatError("The table of files cannot be", format=cls.KIND, field="entries", offset=8)
        rows = [_entry(section, (table + step * index) * BLOCK) for index in range(count)]
        return cls(section, tuple(member for member, _ in rows), tuple(digest for _, digest in rows))

    def findings(self) -> tuple[Finding, ...]:
        """Files with another hash than their entry has, beside what every archive looks for.

        Returns:
            The findings.
        """
        wrong = tuple(
            Finding(
                Severity.ERROR,
                "member-damaged",
                f"{member.name!r} is damaged: its hash is wrong",
                where=member.name,
                fix="get the file again",
            )
            for member, digest in zip(self.members, self._hashes, strict=True)
            if digest and member.section.digest(HASHES[len(digest)]) != digest
        )
        return (*wrong, *super().findings())

    def describe(self) -> Iterator[tuple[str, object]]:
        """The files, each with its size."""
        yield from super().describe()
        for member in self.members:
            yield member.name, f"{member.section.size} bytes"


def _entry(section: Section, at: int) -> tuple[Member, bytes]:
    raw = section.read(at, ENTRY.size)
    if len(raw) < ENTRY.size or not raw.startswith(TAG):
        raise FormatError("An entry is missing", format=RockchipResource.KIND, field="tag", offset=at)
    _, name, digest, hash_size, block, size = ENTRY.unpack(raw)
    name = name if hash_size in HASHES else name + digest + hash_size.to_bytes(4, "little")
    text = name.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    place = block * BLOCK
    if place + size > section.size:
        raise FormatError(
            f"{text!r} takes bytes {place} to {place + size}, and the file ends at {section.size}",
            format=RockchipResource.KIND,
            field="size",
            offset=at + ENTRY.size - 4,
            remedy="the file is cut short: get it again",
        )
    return Member(text, section[place : place + size], place), digest[:hash_size] if hash_size in HASHES else b""
