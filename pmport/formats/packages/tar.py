"""Tar archives, and Samsung's ``.tar.md5`` packages for Odin.

Layout: POSIX ustar with GNU long names and pax paths. An Odin package is a tar archive with a line of text behind it,
``<32 hex digits>  <name>.tar``: the MD5 of all bytes before the line. Later members of one name win.

Example:
    >>> package = TarArchive.build({"boot.img": b"ANDROID!"}, md5_name="AP_X.tar")
    >>> package.names, package.md5_matches()
    (('boot.img',), True)
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.archive import Member, Members
from pmport.formats.base.given import text
from pmport.node import Format
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["TarArchive"]

FORMAT = "tar archive"
BLOCK = 512
HEADER = struct.Struct("<100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
LONGEST_TEXT = 1 << 20
MD5_LINE = re.compile(rb"([0-9a-fA-F]{32})  ([^\r\n\0]+)[\r\n]*\Z")


class TarArchive(Members):
    """A tar archive, with or without Odin's MD5 line.

    Args:
        section: Its bytes.
        members: Its regular files.
        md5: The digest that the line behind it states, in lower case; empty without such a line.
        md5_name: The name in that line.
        hashed: How many bytes it is the digest of.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((257, b"ustar"),),
        certain=False,
        writes="identical, build",
        source="POSIX ustar and pax; GNU tar; Odin packages",
        limits="regular files",
    )

    def __init__(self, section: Section, members: tuple[Member, ...], md5: str, md5_name: str, hashed: int) -> None:
        super().__init__(section, members)
        self.md5 = md5
        self.md5_name = md5_name
        self._hashed = hashed

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the headers; the files stay where they are.

        Args:
            source: The archive.

        Returns:
            The archive.

        Raises:
            FormatError: If a header is damaged, or a file is cut short.
        """
        section = Section.of(source)
        members = tuple(_members(section))
        tail_at = max(section.size - 1024, 0)
        line = MD5_LINE.search(section.read(tail_at))
        if not line:
            return cls(section, members, "", "", 0)
        name = line[2].decode("ascii", "surrogateescape")
        return cls(section, members, line[1].decode().lower(), name, tail_at + line.start())

    @classmethod
    def build(cls, files: Mapping[str, Readable], *, md5_name: str = "") -> Self:
        """Make an archive as Odin takes it.

        Args:
            files: Name → content; names of up to 100 ASCII characters.
            md5_name: Put the MD5 line behind it, with this name; empty: none.

        Returns:
            The archive; the contents stay where they are until it is written.

        Raises:
            FormatError: If a name does not fit.
        """
        pieces: list[Section] = []
        for name, content in files.items():
            body = Section.of(content)
            pieces += [Section.of(_header(name, body.size)), body, Section.zeros(-body.size % BLOCK)]
        pieces.append(Section.zeros(2 * BLOCK))
        whole = Section.joined(pieces, FORMAT)
        if md5_name:
            line = f"{whole.digest('md5').hex()}  ".encode() + text(md5_name, "md5_name", FORMAT) + b"\n"
            whole = Section.joined([*pieces, Section.of(line)], FORMAT)
        return cls.parse(whole)

    def md5_matches(self) -> bool | None:
        """Whether the archive is whole, by Odin's line; reads all of it.

        Returns:
            None without such a line.
        """
        return self._section[: self._hashed].digest("md5").hex() == self.md5 if self.md5 else None

    def describe(self) -> Iterator[tuple[str, object]]:
        """Members, and the MD5 line."""
        yield from super().describe()
        if self.md5:
            yield "MD5", self.md5
            yield "MD5 name", self.md5_name

    def findings(self) -> tuple[Finding, ...]:
        """Odd names, and an MD5 that does not fit.

        Returns:
            The findings.
        """
        if self.md5_matches() is False:
            wrong = Finding(Severity.ERROR, "odin-md5", "The package's MD5 is wrong", fix="get the file again")
            return (wrong, *super().findings())
        return super().findings()


def _header(name: str, size: int) -> bytes:
    raw = name.encode("ascii", "surrogateescape") if name.isascii() else b""
    if not 0 < len(raw) <= 100:
        raise FormatError(f"The name {name!r} does not fit", format=FORMAT, field="name")
    if size >= 1 << 33:
        raise FormatError(f"{size} bytes are too many", format=FORMAT, field="size")
    fields = [raw, b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0", b" " * 8]
    rest = [b"0", b"", b"ustar\0", b"00", b"", b"", b"0000000\0", b"0000000\0", b""]
    block = bytearray(HEADER.pack(*fields, *rest))
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def _number(raw: bytes, field: str, offset: int) -> int:
    if raw[0] & 0x80:
        return int.from_bytes(raw[1:], "big")
    text = raw.strip(b" \0")
    try:
        number = int(text or b"0", 8)
    except ValueError:
        number = -1
    if number < 0:
        raise FormatError(f"{raw!r} is no octal number", format=FORMAT, field=field, offset=offset)
    return number


def _members(section: Section) -> Iterator[Member]:
    at = 0
    long_name = b""
    while block := section.read(at, BLOCK):
        if not block.strip(b"\0") or (at and MD5_LINE.search(section.read(at)) if section.size - at <= 1024 else False):
            return
        if len(block) < BLOCK:
            raise FormatError("A header is cut short", format=FORMAT, field="name", offset=at)
        if _number(block[148:156], "chksum", at + 148) != sum(block) - sum(block[148:156]) + 256:
            raise FormatError("A header's checksum is wrong", format=FORMAT, field="chksum", offset=at + 148)
        size = _number(block[124:136], "size", at + 124)
        start = at + BLOCK
        if start + size > section.size:
            raise FormatError(f"A file of {size} bytes is cut short", format=FORMAT, field="size", offset=at + 124)
        kind = block[156:157]
        if kind in {b"L", b"x"}:
            if size > LONGEST_TEXT:
                raise FormatError(f"A name of {size} bytes", format=FORMAT, field="size", offset=at + 124)
            text = section.read(start, size)
            long_name = text.rstrip(b"\0") if kind == b"L" else _pax_path(text) or long_name
        else:
            if kind in {b"0", b"\0", b"7"}:
                yield Member(
                    (long_name or _short_name(block)).decode("utf-8", "surrogateescape"),
                    section[start : start + size],
                    start,
                )
            long_name = b""
        at = start + size + (-size % BLOCK)


def _short_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _pax_path(text: bytes) -> bytes:
    """The path of a pax header; its records are ``<length> <key>=<value>`` and a line feed."""
    at = 0
    path = b""
    while at < len(text):
        digits, space, _ = text[at : at + 20].partition(b" ")
        if not space or not digits.isdigit() or not int(digits):
            break
        key, _, value = text[at + len(digits) + 1 : at + int(digits)].rstrip(b"\n").partition(b"=")
        path = value if key == b"path" else path
        at += int(digits)
    return path
