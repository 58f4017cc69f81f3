r"""U-Boot's legacy image, uImage: a header of 64 bytes, then one file, or several with a table of their sizes.

Layout, big-endian: magic 27051956, CRC-32 of the header (with this word zero), time, size of the data, load address,
entry point, CRC-32 of the data, operating system, architecture, type, compression, name of 32 bytes (U-Boot,
``include/image.h``). In a multi-file image the data begin with the sizes of the files, ended by zero; each file is padded
to four bytes.

Example:
    >>> image = UImage.build(b"kernel", load=0x80008000, entry=0x80008000, name="Linux", compression="none")
    >>> (image.name, hex(image.load), dict(image.describe())["type"], image.findings())
    ('Linux', '0x80008000', 'kernel', ())
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.given import number, text
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["UImage"]

KIND = "uImage"
MAGIC = 0x27051956
HEADER = struct.Struct(">7I4B32s")
SYSTEMS: Mapping[int, str] = MappingProxyType({0: "invalid", 2: "netbsd", 5: "linux", 17: "u-boot", 25: "tee"})
ARCHITECTURES: Mapping[int, str] = MappingProxyType(
    {0: "invalid", 2: "arm", 3: "x86", 5: "mips", 7: "powerpc", 22: "arm64", 24: "x86_64", 26: "riscv"}
)
TYPES: Mapping[int, str] = MappingProxyType(
    {1: "standalone", 2: "kernel", 3: "ramdisk", 4: "multi", 5: "firmware", 6: "script", 7: "filesystem", 8: "flat_dt"}
)
COMPRESSIONS: Mapping[int, str] = MappingProxyType(
    {0: "none", 1: "gzip", 2: "bzip2", 3: "lzma", 4: "lzo", 5: "lz4", 6: "zstd"}
)
MULTI = 4
MOST_FILES = 64


class UImage(Container):
    """A uImage. Its children: ``payload``; of a multi-file image ``file.0``, ``file.1`` ….

    Args:
        section: All of it.
        values: The header's fields, in order.
        parts: Everything it is made of.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(magics=((0, b"'\x05\x19V"),), writes="identical, build, edit", source="U-Boot include/image.h")

    def __init__(self, section: Section, values: tuple[int | bytes, ...], parts: tuple[Part, ...]) -> None:
        self._section = section
        self._values = values
        self._parts = parts

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The image.

        Raises:
            FormatError: If it is cut short, or the table of files does not fit.
        """
        section = Section.of(source)
        head = section.read(0, HEADER.size)
        if len(head) < HEADER.size or head[:4] != MAGIC.to_bytes(4, "big"):
            raise FormatError("There is no header of 64 bytes", format=KIND, field="magic", offset=0)
        values = HEADER.unpack(head)
        size = values[3]
        if HEADER.size + size > section.size:
            raise FormatError(
                f"The data take bytes 64 to {HEADER.size + size}, and the file ends at {section.size}",
                format=KIND,
                field="size",
                offset=12,
            )
        parts = [Part("header", section[: HEADER.size], Role.HEADER)]
        data = section[HEADER.size : HEADER.size + size]
        parts += _files(data) if values[9] == MULTI else [Part("payload", data)]
        if HEADER.size + size < section.size:
            parts.append(Part("tail", section[HEADER.size + size :], Role.TAIL))
        return cls(section, values, tuple(parts))

    @classmethod
    def build(
        cls,
        *files: Readable,
        load: int,
        entry: int,
        name: str = "",
        kind: str = "kernel",
        architecture: str = "arm",
        system: str = "linux",
        compression: str = "none",
        time: int = 0,
    ) -> Self:
        """Make one.

        Args:
            files: The file; several make a multi-file image.
            load: Load address.
            entry: Entry point.
            name: At most 32 bytes.
            kind: A word of :data:`TYPES`; taken as ``multi`` where there are several files.
            architecture: A word of :data:`ARCHITECTURES`.
            system: A word of :data:`SYSTEMS`.
            compression: How the file is compressed; it is not compressed here.
            time: Seconds since 1970.

        Returns:
            The image.

        Raises:
            FormatError: If a word is unknown, a number has more than 32 bits, the name is too long, or no file is given.
        """
        sections = [Section.of(file) for file in files]
        if not sections:
            raise FormatError("There is no file to put in", format=KIND, field="size")
        data = sections[0] if len(sections) == 1 else Section.joined(_table(sections))
        raw = text(name, "name", KIND, most=32)
        for field, value in (("load", load), ("entry", entry), ("time", time), ("size", data.size)):
            number(value, field, KIND)
        codes = (
            _code(SYSTEMS, system),
            _code(ARCHITECTURES, architecture),
            MULTI if len(sections) > 1 else _code(TYPES, kind),
            _code(COMPRESSIONS, compression),
        )
        head = [MAGIC, 0, time, data.size, load, entry, _crc(data), *codes, raw]
        head[1] = zlib.crc32(HEADER.pack(*head))
        return cls.parse(Section.joined([HEADER.pack(*head), data]))

    def replace(self, **files: Readable) -> Self:
        """Other files behind the same header, whose sizes and checksums are brought up to date; what follows stays.

        Args:
            files: By the names of the parts: ``payload=``, or ``**{"file.0": …}``.

        Returns:
            A new image.

        Raises:
            FormatError: If there is no such file.
        """
        held = {part.name: part.section for part in self._parts if part.role is Role.CONTENT}
        if unknown := sorted(files.keys() - held.keys()):
            known = ", ".join(held)
            raise FormatError(f"There is no file {', '.join(unknown)}", format=KIND, remedy=f"There are {known}")
        sections = [Section.of(files.get(name, section)) for name, section in held.items()]
        data = Section.joined(_table(sections)) if self._values[9] == MULTI else sections[0]
        head = [*self._values]
        head[1], head[3], head[6] = 0, data.size, _crc(data)
        head[1] = zlib.crc32(HEADER.pack(*head))
        tail = [part.section for part in self._parts if part.role is Role.TAIL]
        return type(self).parse(Section.joined([HEADER.pack(*head), data, *tail]))

    @property
    def load(self) -> int:
        """Load address."""
        return int(self._values[4])

    @property
    def entry(self) -> int:
        """Entry point."""
        return int(self._values[5])

    @property
    def name(self) -> str:
        """Its name."""
        return bytes(self._values[11]).rstrip(b"\0").decode("utf-8", "surrogateescape")

    def parts(self) -> Iterator[Part]:
        """Header, files, and what is behind."""
        return iter(self._parts)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The header's fields."""
        values = self._values
        yield "name", self.name
        for label, table, code in (
            ("operating system", SYSTEMS, values[7]),
            ("architecture", ARCHITECTURES, values[8]),
            ("type", TYPES, values[9]),
            ("compression", COMPRESSIONS, values[10]),
        ):
            yield label, table.get(int(code), f"number {code!r}")
        yield "load address", f"{self.load:#x}"
        yield "entry point", f"{self.entry:#x}"
        yield "time", values[2]

    def findings(self) -> tuple[Finding, ...]:
        """Whether the checksums hold: U-Boot refuses an image otherwise.

        Returns:
            The findings; none for a sound image.
        """
        head = bytearray(self._section.read(0, HEADER.size))
        head[4:8] = bytes(4)
        found = []
        data = self._section[HEADER.size : HEADER.size + int(self._values[3])]
        for what, stated, actual in (
            ("header", self._values[1], zlib.crc32(head)),
            ("data", self._values[6], _crc(data)),
        ):
            if stated != actual:
                message = f"the CRC-32 of the {what} is {actual:#010x}, and the header says {int(stated):#010x}"
                found.append(
                    Finding(Severity.ERROR, "crc", message, why="U-Boot does not start it", fix="build it anew")
                )
        return tuple(found)


def _files(data: Section) -> list[Part]:
    sizes: list[int] = []
    while len(sizes) <= MOST_FILES:
        word = data.read(4 * len(sizes), 4)
        if len(word) < 4:
            raise FormatError("The table of files has no end", format=KIND, field="sizes", offset=HEADER.size)
        if not any(word):
            break
        sizes.append(int.from_bytes(word, "big"))
    at = 4 * (len(sizes) + 1)
    parts = [Part("sizes", data[:at], Role.HEADER)]
    for index, size in enumerate(sizes):
        if at + size > data.size or len(sizes) > MOST_FILES:
            raise FormatError(
                f"File {index} takes bytes {at} to {at + size} of {data.size}",
                format=KIND,
                field="sizes",
                offset=HEADER.size,
            )
        parts.append(Part(f"file.{index}", data[at : at + size]))
        padded = min((size + 3) & ~3, data.size - at)
        if padded > size:
            parts.append(Part("padding", data[at + size : at + padded], Role.PADDING))
        at += padded
    if at < data.size:
        parts.append(Part("behind the files", data[at:], Role.TAIL))
    return parts


def _table(sections: list[Section]) -> Iterable[Readable]:
    yield b"".join(section.size.to_bytes(4, "big") for section in sections) + bytes(4)
    for index, section in enumerate(sections):
        yield section
        if index + 1 < len(sections):
            yield bytes(-section.size % 4)


def _code(table: Mapping[int, str], word: str) -> int:
    for code, known in table.items():
        if known == word:
            return code
    raise FormatError(f"{word!r} is none of {', '.join(table.values())}", format=KIND)


def _crc(data: Section) -> int:
    crc = 0
    for at in range(0, data.size, 1 << 20):
        crc = zlib.crc32(data.read(at, 1 << 20), crc)
    return crc
