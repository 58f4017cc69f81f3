r"""Kernel images: arm64 and RISC-V ``Image``, ARM ``zImage``, x86 ``bzImage``, EFI zboot, Qualcomm's patched image.

Layouts: ``Documentation/arch/arm64/booting.rst``, ``Documentation/arch/riscv/boot-image-header.rst``,
``Documentation/arch/x86/boot.rst``, ``arch/arm/boot/compressed/head.S`` and
``drivers/firmware/efi/libstub/zboot-header.S`` in the kernel's source. Device trees behind a kernel are
:mod:`pmport.formats.kernel.appended_dtb`.

Example:
    >>> image = bytes(56) + b"ARM\x64" + bytes(100) + b"Linux version 6.6.1-phone (builder@host) #1 SMP"
    >>> Arm64Image.parse(image).version
    '6.6.1-phone'
"""

from __future__ import annotations

import re
import struct
from abc import abstractmethod
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.kernel.config import KernelConfig
from pmport.formats.streams.codecs import expand
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Readable, Section

__all__ = [
    "Arm64Image",
    "KernelImage",
    "MsmImage",
    "RiscvImage",
    "banner_of",
    "config_bytes",
    "release_of",
]

_BANNER = re.compile(rb"Linux version (\d[\x21-\x7e]*) \([^\0\n]{0,512}")
RELEASE = re.compile(rb"(\d[\x21-\x7e]*)")
"""A kernel's version, as its banner has it."""
CONFIG_BEGIN, CONFIG_END = b"IKCFG_ST", b"IKCFG_ED"
PE_SECTION = 40
"""Bytes of a row of a PE file's section table: at 16 the size in the file, at 20 the offset."""
MOST_PE_SECTIONS = 16


def banner_of(image: Readable) -> str:
    """The line ``Linux version … (…) …`` of a decompressed kernel.

    Args:
        image: The kernel.

    Returns:
        The line; empty where there is none.
    """
    found = _BANNER.search(Section.of(image).view())
    return found.group().decode("utf-8", "backslashreplace") if found else ""


def release_of(image: Readable) -> str:
    """The release in that line, such as ``6.6.1-phone``.

    Args:
        image: The kernel, decompressed.

    Returns:
        The release; empty where there is none.
    """
    found = _BANNER.search(Section.of(image).view())
    return found.group(1).decode("ascii") if found else ""


def config_bytes(image: Readable) -> bytes | None:
    """The configuration that ``CONFIG_IKCONFIG`` puts into a kernel.

    Args:
        image: The kernel, decompressed.

    Returns:
        The text; None where there is none, or it is damaged.
    """
    section = Section.of(image)
    start = section.find(CONFIG_BEGIN)
    while start >= 0:
        try:
            return expand(section[start + len(CONFIG_BEGIN) :], kind="gzip", limit=16 << 20).data
        except FormatError:
            start = section.find(CONFIG_BEGIN, start + 1)
    return None


class KernelImage(Container):
    """A kernel in a file format of its own.

    Args:
        section: All of it.
    """

    ARCH: ClassVar[str] = ""
    """The architecture, as Alpine names it; empty where the format does not tell."""
    NAME: ClassVar[str] = ""
    """What facts call the format."""

    def __init__(self, section: Section) -> None:
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the header of one.

        Args:
            source: Where it is.

        Returns:
            The value.

        Raises:
            FormatError: If the header is not as the format says.
        """
        kernel = cls(Section.of(source))
        kernel.check()
        return kernel

    @abstractmethod
    def check(self) -> None:
        """Hold the header against the format.

        Raises:
            FormatError: If it does not fit.
        """

    @property
    def image(self) -> Section:
        """The kernel's own code and data, decompressed where it is compressed; empty where that fails."""
        return self._section

    @property
    def compression(self) -> str:
        """How the kernel inside is compressed; empty where it is not."""
        return ""

    @property
    def damaged_stream(self) -> str | None:
        """How the kernel inside is compressed, where it is there and cannot be decompressed; else None."""
        return None

    @cached_property
    def banner(self) -> str:
        """The line ``Linux version …``; empty where there is none."""
        return banner_of(self.image)

    @cached_property
    def version(self) -> str:
        """The kernel's release; empty where nothing tells."""
        found = _BANNER.match(self.banner.encode())
        return found.group(1).decode("ascii") if found else ""

    @cached_property
    def config(self) -> bytes | None:
        """The configuration that was built in (``CONFIG_IKCONFIG``), or None."""
        return config_bytes(self.image)

    def parts(self) -> Iterator[Part]:
        """All of it, as one part."""
        yield Part("image", self._section, Role.HEADER)

    def facets(self) -> Iterator[tuple[str, Node]]:
        """The configuration that was built in.

        Yields:
            ``config``, where there is one.
        """
        if self.config is not None:
            try:
                yield "config", KernelConfig.parse(self.config)
            except FormatError:
                return

    def describe(self) -> Iterator[tuple[str, object]]:
        """Header and version."""
        if self.ARCH:
            yield "architecture", self.ARCH
        if self.compression:
            yield "compression", self.compression
        if self.banner:
            yield "banner", self.banner

    def _fail(self, what: str, field: str, offset: int) -> FormatError:
        return FormatError(what, format=self.KIND, field=field, offset=offset)


@cache
def image_header() -> Any:
    """The 64 bytes that arm64 and RISC-V kernels begin with, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Int32ul, Int64ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "code" / Bytes(8),
        "text_offset" / Int64ul,
        "image_size" / Int64ul,
        "flags" / Int64ul,
        "reserved" / Bytes(24),
        "magic" / Bytes(4),
        "pe_offset" / Int32ul,
    ).compile()


class Arm64Image(KernelImage):
    """arm64 ``Image``."""

    KIND: ClassVar[str] = "arm64 Image"
    FORMAT = Format(magics=((56, b"ARMd"),), source="kernel source, Documentation/arch/arm64/booting.rst")
    ARCH: ClassVar[str] = "aarch64"
    NAME: ClassVar[str] = "arm64 Image"
    MAGIC: ClassVar[bytes] = b"ARM\x64"

    def check(self) -> None:
        """See :meth:`KernelImage.check`."""
        head = self._section.read(0, 64)
        if len(head) < 64 or head[56:60] != self.MAGIC:
            raise self._fail("there is no header of 64 bytes with the magic", "magic", min(56, len(head)))

    @cached_property
    def header(self) -> dict[str, int]:
        """``text_offset``, ``image_size`` (in memory, with BSS; 0 before Linux 3.17), ``flags``, ``pe_offset``."""
        fields = image_header().parse(self._section.read(0, 64))
        return {name: int(fields[name]) for name in ("text_offset", "image_size", "flags", "pe_offset")}

    @property
    def pe_size(self) -> int:
        """Bytes that the file has by the section table of its EFI stub; 0 where it has none that is whole."""
        table = self.header["pe_offset"]
        head = self._section.read(table, 24)
        if self._section.read(0, 2) != b"MZ" or head[:4] != b"PE\0\0":
            return 0
        count, optional = int.from_bytes(head[6:8], "little"), int.from_bytes(head[20:22], "little")
        rows = self._section.read(table + 24 + optional, PE_SECTION * min(count, MOST_PE_SECTIONS))
        words = (rows[at + 16 : at + 24] for at in range(0, len(rows) - PE_SECTION + 1, PE_SECTION))
        return max((sum(struct.unpack("<II", row)) for row in words), default=0)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Header and version."""
        header = self.header
        yield "text offset", f"{header['text_offset']:#x}"
        yield "size in memory", header["image_size"]
        yield from self._flags()
        yield "EFI stub", "yes" if self._section.read(0, 2) == b"MZ" else "no"
        yield from super().describe()

    def _flags(self) -> Iterator[tuple[str, object]]:
        flags = self.header["flags"]
        yield "byte order", "big endian" if flags & 1 else "little endian"
        yield "page size", {0: "unspecified", 1: "4 KiB", 2: "16 KiB", 3: "64 KiB"}[flags >> 1 & 3]


class RiscvImage(Arm64Image):
    """RISC-V ``Image``."""

    KIND: ClassVar[str] = "RISC-V Image"
    FORMAT = Format(
        magics=((56, b"RSC\x05"),),
        source="kernel source, Documentation/arch/riscv/boot-image-header.rst",
        limits="unverified: no real sample",
    )
    ARCH: ClassVar[str] = "riscv64"
    NAME: ClassVar[str] = "riscv Image"
    MAGIC: ClassVar[bytes] = b"RSC\x05"

    def _flags(self) -> Iterator[tuple[str, object]]:
        yield "byte order", "big endian" if self.header["flags"] & 1 else "little endian"


class MsmImage(KernelImage):
    """Qualcomm's mark in front of a kernel that is not compressed: ``UNCOMPRESSED_IMG`` and its size."""

    KIND: ClassVar[str] = "MSM patched kernel"
    NAME: ClassVar[str] = "MSM patched kernel"
    MAGIC = b"UNCOMPRESSED_IMG"
    FORMAT = Format(magics=((0, MAGIC),), limits="unverified: no real sample")

    def check(self) -> None:
        """See :meth:`KernelImage.check`."""
        head = self._section.read(0, 20)
        if len(head) < 20 or not head.startswith(self.MAGIC):
            raise self._fail("there is no mark with a size", "magic", 0)
        if self.payload_size > self._section.size - 20:
            raise self._fail(
                f"it counts {self.payload_size} bytes, and {self._section.size - 20} are there", "size", 16
            )

    @property
    def payload_size(self) -> int:
        """The kernel's size, bytes."""
        return int.from_bytes(self._section.read(16, 4), "little")

    @property
    def image(self) -> Section:
        """See :attr:`KernelImage.image`."""
        return self._section[20 : 20 + self.payload_size]

    def parts(self) -> Iterator[Part]:
        """The mark, the kernel, what follows."""
        yield Part("header", self._section[:20], Role.HEADER)
        yield Part("payload", self.image)
        if self._section.size > 20 + self.payload_size:
            yield Part("tail", self._section[20 + self.payload_size :], Role.TAIL)

    def facets(self) -> Iterator[tuple[str, Node]]:
        """Nothing: the kernel is a part, and tells for itself."""
        yield from ()
