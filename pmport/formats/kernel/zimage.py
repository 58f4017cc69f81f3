"""Kernels that carry themselves compressed, behind code that unfolds them: ARM ``zImage``, x86 ``bzImage``, EFI zboot.

Layouts: ``Documentation/arch/x86/boot.rst``, ``arch/arm/boot/compressed/head.S`` and
``drivers/firmware/efi/libstub/zboot-header.S`` in the kernel's source.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pmport.errors import FormatError
from pmport.formats.kernel.image import RELEASE, KernelImage
from pmport.formats.streams.codecs import KINDS, Expanded, beginning, expand, kind_of
from pmport.node import Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BzImage", "EfiZboot", "ZImage"]

SMALLEST_PAYLOAD = 4096
"""A compressed kernel inside another image has at least so many bytes."""


class Stream(NamedTuple):
    """The compressed kernel within an image.

    Args:
        start: Where it begins, bytes.
        end: Where it ends, bytes.
        kind: How it is compressed, a key of :data:`pmport.formats.streams.codecs.KINDS`; empty: none was found.
        expanded: What it unfolds to, where finding it needed that.
    """

    start: int
    end: int
    kind: str
    expanded: Expanded | None = None


class _WithPayload(KernelImage):
    """A kernel whose image is a stream within another one."""

    @property
    @abstractmethod
    def stream(self) -> Stream:
        """The compressed kernel."""

    @cached_property
    def _expanded(self) -> Expanded | None:
        start, end, kind, expanded = self.stream
        if expanded or not kind:
            return expanded
        try:
            return expand(self._section[start:end], kind=kind)
        except FormatError:
            return None

    @property
    def image(self) -> Section:
        """See :attr:`KernelImage.image`."""
        return Section.of(self._expanded.data if self._expanded else b"")

    @property
    def compression(self) -> str:
        """See :attr:`KernelImage.compression`."""
        return self.stream.kind

    @cached_property
    def damaged_stream(self) -> str | None:
        """See :attr:`KernelImage.damaged_stream`."""
        if self._expanded is not None:
            return None
        return self.stream.kind or broken_stream(self._section)

    def parts(self) -> Iterator[Part]:
        """The code that decompresses, the compressed kernel, and what follows.

        Yields:
            The parts; the kernel's is ``payload``.
        """
        start, end, kind, _ = self.stream
        if not kind:
            yield from super().parts()
            return
        yield Part("head", self._section[:start], Role.HEADER)
        yield Part("payload", self._section[start:end])
        if end < self._section.size:
            yield Part("tail", self._section[end:], Role.HEADER)


class ZImage(_WithPayload):
    """ARM ``zImage``: code that decompresses the kernel behind it."""

    KIND: ClassVar[str] = "ARM zImage"
    NAME: ClassVar[str] = "zImage"
    MAGIC = b"\x18\x28\x6f\x01"
    FORMAT = Format(magics=((36, MAGIC),), source="kernel source, arch/arm/boot/compressed/head.S")

    def check(self) -> None:
        """See :meth:`KernelImage.check`."""
        head = self._section.read(0, 0x34)
        if len(head) < 0x30 or head[0x24:0x28] != self.MAGIC:
            raise self._fail("there is no zImage header", "magic", min(0x24, len(head)))
        start, end = self.header["start"], self.header["end"]
        if end <= start:
            raise self._fail(f"it ends at {end:#x}, and begins at {start:#x}", "end", 0x2C)

    @cached_property
    def header(self) -> dict[str, int]:
        """``start`` and ``end`` of the image."""
        head = self._section.read(0x28, 8)
        return {"start": int.from_bytes(head[:4], "little"), "end": int.from_bytes(head[4:], "little")}

    @cached_property
    def stream(self) -> Stream:
        """See ``stream`` of every such image: found by search, for the header does not tell."""
        size = self.header["end"] - self.header["start"]
        return find_stream(self._section, min(size, self._section.size))

    def describe(self) -> Iterator[tuple[str, object]]:
        """Header and version.

        Yields:
            ``(label, value)``.
        """
        yield "start", f"{self.header['start']:#x}"
        yield "end", f"{self.header['end']:#x}"
        yield from super().describe()


class BzImage(_WithPayload):
    """x86 ``bzImage``."""

    KIND: ClassVar[str] = "x86 bzImage"
    FORMAT = Format(magics=((514, b"HdrS"),), source="kernel source, Documentation/arch/x86/boot.rst")
    NAME: ClassVar[str] = "bzImage"

    def check(self) -> None:
        """See :meth:`KernelImage.check`."""
        head = self._section.read(0, 0x250)
        if len(head) < 0x250 or head[0x1FE:0x200] != b"\x55\xaa" or head[0x202:0x206] != b"HdrS":
            raise self._fail("there is no boot sector with a setup header", "header", min(0x1FE, len(head)))

    @property
    def protocol(self) -> int:
        """The boot protocol's version, such as 0x20f."""
        return int.from_bytes(self._section.read(0x206, 2), "little")

    @cached_property
    def stream(self) -> Stream:
        """See ``stream`` of every such image: the header tells since protocol 2.08."""
        sectors = self._section.read(0x1F1, 1)[0] or 4
        fields = self._section.read(0x248, 8)
        start = (sectors + 1) * 512 + int.from_bytes(fields[:4], "little")
        end = start + int.from_bytes(fields[4:], "little")
        if self.protocol < 0x208 or end > self._section.size or end - start < SMALLEST_PAYLOAD:
            return find_stream(self._section, self._section.size)
        return Stream(start, end, proven(self._section[start:end]) or "")

    @property
    def file_size(self) -> int:
        """Bytes of the file by its header: the setup sectors, and paragraphs of the protected-mode code."""
        sectors = self._section.read(0x1F1, 1)[0] or 4
        return (sectors + 1) * 512 + 16 * int.from_bytes(self._section.read(0x1F4, 4), "little")

    @cached_property
    def version(self) -> str:
        """See :attr:`KernelImage.version`: the header points at it, so nothing is decompressed."""
        offset = int.from_bytes(self._section.read(0x20E, 2), "little")
        found = RELEASE.match(self._section.read(offset + 0x200, 128)) if offset else None
        return found.group(1).decode("ascii") if found else super().version

    def describe(self) -> Iterator[tuple[str, object]]:
        """Header and version.

        Yields:
            ``(label, value)``.
        """
        yield "boot protocol", f"{self.protocol >> 8}.{self.protocol & 0xFF:02}"
        yield "version", self.version
        yield from super().describe()


class EfiZboot(_WithPayload):
    """A compressed kernel behind an EFI stub that unpacks it (``CONFIG_EFI_ZBOOT``)."""

    KIND: ClassVar[str] = "EFI zboot image"
    FORMAT = Format(
        magics=((4, b"zimg"),),
        certain=False,
        source="kernel source, drivers/firmware/efi/libstub/zboot-header.S",
        limits="unverified: no real sample",
    )
    NAME: ClassVar[str] = "EFI zboot"
    COMPRESSIONS: ClassVar = {"gzip": "gzip", "lz4": "lz4-legacy", "lzma": "lzma", "xzkern": "xz", "zstd22": "zstd"}

    def check(self) -> None:
        """See :meth:`KernelImage.check`."""
        head = self._section.read(0, 64)
        if len(head) < 64 or head[:2] != b"MZ" or head[4:8] != b"zimg":
            raise self._fail("there is no zboot header", "magic", min(4, len(head)))
        start, end, _, _ = self.stream
        if end > self._section.size:
            raise self._fail(f"the payload ends at {end}, and the file at {self._section.size}", "payload_size", 12)
        if start < 64:
            raise self._fail(f"the payload begins at {start}, within the header", "payload_offset", 8)

    @cached_property
    def stream(self) -> Stream:
        """See ``stream`` of every such image."""
        head = self._section.read(0, 64)
        start = int.from_bytes(head[8:12], "little")
        name = head[24:56].split(b"\0", 1)[0].decode("ascii", "replace")
        end = start + int.from_bytes(head[12:16], "little")
        return Stream(start, end, self.COMPRESSIONS.get(name, name if name in KINDS else ""))


def find_stream(section: Section, end: int) -> Stream:
    """The compressed kernel within an image whose header does not say where it is.

    Args:
        section: The image.
        end: Where it ends, bytes.

    Returns:
        The largest stream that can be decompressed. The strings of the decompressors hold magics too, so each candidate
        is proved.
    """
    best = Stream(0, end, "")
    used = SMALLEST_PAYLOAD
    for found in _magics()(section[:end].view()):
        start = found.start()
        if end - start <= used:
            break
        inside_best = best.kind and best.start < start < best.end
        kind = None if inside_best else proven(section[start:end])
        if kind is None:
            continue
        try:
            expanded = expand(section[start:end], kind=kind)
        except FormatError:
            continue
        if expanded.used > used:
            used = expanded.used
            best = Stream(start, start + used, kind, expanded)
    return best


def broken_stream(section: Section) -> str | None:
    """A stream whose beginning is right and whose rest is not, in an image that holds no whole one.

    Args:
        section: The image.

    Returns:
        How it is compressed; None where nothing begins rightly. Only streams count whose beginning proves them: lzma's
        short mark is in any code, and kernels carry the marks of LZ4 frames and Zstandard as constants.
    """
    for found in _magics()(section.view()):
        candidate = section[found.start() :]
        short = candidate.read(0, 3) == b"\x5d\0\0" and candidate.read(5, 8) != b"\xff" * 8
        kind = None if short else proven(candidate)
        if kind in {None, "zstd", "lz4"} or candidate.size < SMALLEST_PAYLOAD:
            continue
        try:
            expand(candidate, kind=kind)
        except FormatError:
            return kind
    return None


@cache
def _magics() -> Callable[[memoryview], Iterator[re.Match[bytes]]]:
    kinds = ("gzip", "xz", "lz4-legacy", "lz4", "zstd", "bzip2", "lzma", "lzop")
    return re.compile(b"|".join(re.escape(magic) for kind in kinds for magic in KINDS[kind])).finditer


def proven(section: Section) -> str | None:
    """How something is compressed, proved by its beginning.

    Args:
        section: The candidate.

    Returns:
        A key of :data:`pmport.formats.streams.codecs.KINDS`, or None.
    """
    kind = kind_of(section.read(0, 16))
    try:
        return kind if kind and beginning(section, kind) else None
    except FormatError:
        return None
