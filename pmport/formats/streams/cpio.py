"""cpio archives in the "newc" form, as an initramfs holds them.

Layout (``Documentation/driver-api/early-userspace/buffer-format.rst`` in the kernel's source): each entry is a header of
110 ASCII bytes, the name with its NUL, padded to four, and the data, padded to four. ``TRAILER!!!`` ends an archive.
"""

from __future__ import annotations

import binascii
import struct
from binascii import unhexlify
from collections.abc import Iterator
from typing import NamedTuple

from pmport.errors import FormatError
from pmport.section import Section

__all__ = ["HEADER_SIZE", "MAGICS", "TRAILER", "CpioEntry", "read_archive", "written"]

FORMAT = "cpio archive"
MAGICS = (b"070701", b"070702")
HEADER_SIZE = 110
FIELDS = struct.Struct(">13I")
"""The thirteen fields behind the magic, once their hexadecimal digits are bytes."""
TRAILER = "TRAILER!!!"
LONGEST_NAME = 4096
"""``PATH_MAX``: what the kernel's own unpacker takes."""
KINDS = {
    0o04: "directory",
    0o10: "file",
    0o12: "link",
    0o02: "character device",
    0o06: "block device",
    0o01: "pipe",
    0o14: "socket",
}


class CpioEntry(NamedTuple):
    """One entry.

    Args:
        name: Its path, as it stands there; may be anything, and is never used as a path unchecked.
        ino: Inode number; entries of one number are hard links of each other.
        mode: Kind and permissions, as ``stat`` has them.
        uid: Owner.
        gid: Group.
        nlink: Links.
        mtime: Seconds since 1970.
        devmajor: Device that it was on.
        devminor: Device that it was on.
        rdevmajor: For device nodes.
        rdevminor: For device nodes.
        check: Sum of the data's bytes in the "crc" form, else 0.
        data: Its content: the target of a link, the bytes of a file.
        head: The header as it stands there, for entries that were read; it keeps the case of the digits.
    """

    name: str
    mode: int
    data: Section
    ino: int = 0
    uid: int = 0
    gid: int = 0
    nlink: int = 1
    mtime: int = 0
    devmajor: int = 0
    devminor: int = 0
    rdevmajor: int = 0
    rdevminor: int = 0
    check: int = 0
    head: bytes = b""

    @property
    def kind(self) -> str:
        """What it is: ``file``, ``directory``, ``link`` …."""
        return KINDS.get(self.mode >> 12, "unknown")

    @property
    def size(self) -> int:
        """Bytes of its content."""
        return self.data.size

    def is_link_of(self, other: CpioEntry) -> bool:
        """Whether both are names of one file: same inode on the same device, and more than one link.

        Args:
            other: Another entry of the archive.

        Returns:
            True for hard links of each other.
        """
        same = (self.ino, self.devmajor, self.devminor) == (other.ino, other.devmajor, other.devminor)
        return same and self.kind == other.kind == "file" and min(self.nlink, other.nlink) > 1

    @property
    def sum_matches(self) -> bool:
        """Whether the sum that the "crc" form carries is that of the data; True in the form without one."""
        return self.head[:6] != MAGICS[1] or self.kind != "file" or _sum_of(self.data) == self.check

    def with_data(self, data: Section) -> CpioEntry:
        """The same entry with other content.

        Args:
            data: The content.

        Returns:
            A new entry; its header is written anew, in the case of the old one.
        """
        magic = self.head[:6] or MAGICS[0]
        check = _sum_of(data) if magic == MAGICS[1] else 0
        changed = self._replace(data=data, check=check)
        digits = self.head[6:HEADER_SIZE].decode("ascii", "replace")
        return changed._replace(head=_header(changed, magic, lower=digits != digits.upper()))


def _sum_of(data: Section) -> int:
    return sum(sum(piece) for piece in data.chunks()) & 0xFFFFFFFF


def _header(entry: CpioEntry, magic: bytes, *, lower: bool = False) -> bytes:
    name_size = len(entry.name.encode("utf-8", "surrogateescape")) + 1
    fields = (
        entry.ino, entry.mode, entry.uid, entry.gid, entry.nlink, entry.mtime, entry.data.size, entry.devmajor,
        entry.devminor, entry.rdevmajor, entry.rdevminor, name_size, entry.check,
    )  # fmt: skip
    digits = "".join(f"{field:08x}" if lower else f"{field:08X}" for field in fields)
    return magic + digits.encode()


def written(entry: CpioEntry) -> tuple[bytes, int]:
    """How an entry begins in the archive.

    Args:
        entry: The entry.

    Returns:
        Header, name and padding; and how many zeros follow the data.
    """
    head = entry.head or _header(entry, MAGICS[0])
    name = entry.name.encode("utf-8", "surrogateescape") + b"\0"
    start = head + name
    return start + bytes(-len(start) % 4), -entry.data.size % 4


def read_archive(section: Section, start: int) -> Iterator[tuple[CpioEntry, int]]:
    """The entries of one archive, its trailer last.

    Args:
        section: Where it is.
        start: Where it begins in there, bytes.

    Yields:
        ``(entry, where the next one begins)``.

    Raises:
        FormatError: If an entry is not what the format says; with its offset.
    """
    data = section.read()
    source, base = section.source, section.offset
    size = len(data)
    at = start
    while True:
        head = data[at : at + HEADER_SIZE]
        if len(head) < HEADER_SIZE or head[:6] not in MAGICS:
            raise FormatError(
                "No entry begins here, and the archive has not ended", format=FORMAT, field="magic", offset=at
            )
        try:
            numbers = FIELDS.unpack(unhexlify(head[6:]))
        except binascii.Error:
            raise FormatError(
                "A header field is no hexadecimal number", format=FORMAT, field="header", offset=at
            ) from None
        length, name_size = numbers[6], numbers[11]
        name_at = at + HEADER_SIZE
        data_at = name_at + name_size + -(HEADER_SIZE + name_size) % 4
        if not 0 < name_size <= LONGEST_NAME or data_at + length > size or data[name_at + name_size - 1] != 0:
            raise FormatError(
                "An entry reaches past the end, or its name never ends", format=FORMAT, field="namesize", offset=at
            )
        name = data[name_at : name_at + name_size - 1].decode("utf-8", "surrogateescape")
        ino, mode, uid, gid, nlink, mtime, _, devmajor, devminor, rdevmajor, rdevminor, _, check = numbers
        content = Section(source, base + data_at, length)
        at = min(data_at + length + -length % 4, size)
        yield (
            CpioEntry(
                name, mode, content, ino, uid, gid, nlink, mtime, devmajor, devminor, rdevmajor, rdevminor, check, head
            ),
            at,
        )
        if name == TRAILER:
            return
