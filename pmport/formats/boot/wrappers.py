"""Vendors' wrappers that put bytes in front of a boot image: Samsung DHTB, NOOK, Loki, Rockchip KRNL, Intel OSIP, and others.

Detection and layout follow magiskboot and osm0sis' tools. All are read-only; of those without a real sample the registry
says *unverified*. MediaTek's header stands in :mod:`pmport.formats.boot.mediatek`, marks behind an image in
:mod:`pmport.formats.boot.trailer`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.wrapper import Range, Wrapper, cut
from pmport.formats.boot.header import MAGIC
from pmport.node import Format, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.node import Part
    from pmport.section import Readable

__all__ = [
    "BehindPrefix",
    "Dhtb",
    "Loki",
    "NookHd",
    "NookTablet",
    "Osip",
    "RockchipKrnl",
    "stands_behind_prefix",
]

SEANDROID = b"SEANDROIDENFORCE"
DHTB_SIZE = 512
DHTB_TAIL = SEANDROID + b"\xff\xff\xff\xff"
PREFIX_SEARCH = 64 << 10
"""How far osm0sis' tool looks for the magic."""


class Dhtb(Wrapper):
    """Samsung's DHTB header of 512 bytes: magic, SHA-256 of what follows, its size; a mark and four 0xff behind.

    Args:
        parts: Everything it is made of.
        digest: The SHA-256 that the header has.
        covered: What it is of.
    """

    KIND: ClassVar[str] = "Samsung DHTB"
    FORMAT = Format(
        magics=((0, b"DHTB\x01\x00\x00\x00"),), source="magiskboot; osm0sis' tools", limits="unverified: no real sample"
    )
    WRAPPER: ClassVar[str] = "dhtb"

    def __init__(self, parts: Iterable[Part], digest: bytes, covered: Section) -> None:
        super().__init__(parts, [("size", covered.size), ("sha256", digest.hex())])
        self._digest = digest
        self._covered = covered

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its child is ``boot``.

        Raises:
            FormatError: If it is cut short.
        """
        section = Section.of(source)
        head = section.read(0, DHTB_SIZE)
        if not head.startswith(b"DHTB\x01\0\0\0") or len(head) < DHTB_SIZE:
            raise FormatError("There is no DHTB header of 512 bytes", format=cls.KIND, field="magic", offset=0)
        (size,) = struct.unpack_from("<I", head, 48)
        if DHTB_SIZE + size > section.size:
            raise FormatError(
                f"The header counts {size} bytes, and {section.size - DHTB_SIZE} are there",
                format=cls.KIND,
                field="size",
                offset=48,
            )
        end = DHTB_SIZE + size
        marked = section.read(end - len(DHTB_TAIL), len(DHTB_TAIL)) == DHTB_TAIL and size > len(DHTB_TAIL)
        boot = size - len(DHTB_TAIL) if marked else size
        ranges = [
            Range("header", 0, DHTB_SIZE, Role.HEADER),
            Range("boot", DHTB_SIZE, boot),
            Range("mark", DHTB_SIZE + boot, size - boot, Role.TAIL),
        ]
        return cls(cut(section, ranges, cls.KIND), head[8:40], section[DHTB_SIZE:end])

    def findings(self) -> tuple[Finding, ...]:
        """Whether the digest is right. Reads everything once.

        Returns:
            One finding, or none.
        """
        if self._covered.digest("sha256") == self._digest:
            return ()
        return (
            Finding(
                Severity.WARNING,
                "dhtb-digest",
                "The SHA-256 in the DHTB header is not that of the image",
                where="sha256",
                why="Samsung's loader refuses the image",
            ),
        )


class _Behind(Wrapper):
    """A boot image at a fixed distance behind a loader."""

    DISTANCE: ClassVar[int]

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its child is ``boot``.

        Raises:
            FormatError: If nothing stands at the distance.
        """
        section = Section.of(source)
        if section.read(0, len(MAGIC)) != MAGIC or section.read(cls.DISTANCE, len(MAGIC)) != MAGIC:
            raise FormatError(
                f"No boot image stands at {cls.DISTANCE:#x}", format=cls.KIND, field="magic", offset=cls.DISTANCE
            )
        ranges = [
            Range("loader", 0, cls.DISTANCE, Role.TAIL),
            Range("boot", cls.DISTANCE, section.size - cls.DISTANCE),
        ]
        return cls(cut(section, ranges, cls.KIND), [("boot image at", f"{cls.DISTANCE:#x}")])


class NookHd(_Behind):
    """NOOK HD: a loader of 1 MiB, then the boot image."""

    KIND: ClassVar[str] = "NOOK HD boot image"
    FORMAT = Format(
        magics=(
            (64, b"Red Loader"),
            (64, b"Green Loader"),
            (64, b"Green Recovery"),
            (64, b"eMMC boot.img+secondloader"),
            (64, b"eMMC recovery.img+secondloader"),
        ),
        certain=False,
        source="magiskboot",
        limits="unverified: no real sample",
    )
    WRAPPER: ClassVar[str] = "nook-hd"
    DISTANCE: ClassVar[int] = 1 << 20


class NookTablet(_Behind):
    """NOOK Tablet (Acclaim): a loader of 256 KiB, then the boot image."""

    KIND: ClassVar[str] = "NOOK Tablet boot image"
    FORMAT = Format(
        magics=((48, b"BauwksBoot"),), certain=False, source="magiskboot", limits="unverified: no real sample"
    )
    WRAPPER: ClassVar[str] = "nook-tablet"
    DISTANCE: ClassVar[int] = 256 << 10


class Loki(Wrapper):
    """A boot image that Loki patched: the header's sizes are faked, so it is shown, and kept, as a whole."""

    KIND: ClassVar[str] = "Loki boot image"
    FORMAT = Format(magics=((1024, b"LOKI"),), certain=False, source="magiskboot", limits="unverified: no real sample")
    WRAPPER: ClassVar[str] = "loki"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the record that Loki left at 0x400.

        Args:
            source: Where it is.

        Returns:
            The wrapper, without children.

        Raises:
            FormatError: If it is cut short.
        """
        section = Section.of(source)
        record = section.read(0x400, 148)
        if len(record) < 148 or section.read(0, len(MAGIC)) != MAGIC:
            raise FormatError(
                "There is no whole Loki record in a boot image", format=cls.KIND, field="magic", offset=0x400
            )
        recovery, build = struct.unpack_from("<I128s", record, 4)
        kernel, ramdisk, address = struct.unpack_from("<III", record, 136)
        rows = (
            ("made for", "recovery" if recovery else "boot"),
            ("bootloader", build.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")),
            ("original kernel size", kernel or "not recorded"),
            ("original ramdisk size", ramdisk or "not recorded"),
            ("ramdisk address", f"{address:#010x}"),
        )
        return cls(cut(section, [Range("image", 0, section.size, Role.HEADER)], cls.KIND), rows)


class RockchipKrnl(Wrapper):
    """Rockchip's KRNL: magic, size, a kernel or ramdisk, CRC-32."""

    KIND: ClassVar[str] = "Rockchip KRNL"
    FORMAT = Format(
        magics=((0, b"KRNL"),), source="rkflashtool", limits="unverified: no real sample; the CRC is not checked"
    )
    WRAPPER: ClassVar[str] = "krnl"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its child is ``payload``.

        Raises:
            FormatError: If it is cut short.
        """
        section = Section.of(source)
        head = section.read(0, 8)
        if not head.startswith(b"KRNL") or len(head) < 8:
            raise FormatError("There is no KRNL header", format=cls.KIND, field="magic", offset=0)
        (size,) = struct.unpack_from("<I", head, 4)
        ranges = [
            Range("header", 0, 8, Role.HEADER),
            Range("payload", 8, size),
            Range("crc", 8 + size, 4, Role.TAIL),
        ]
        return cls(cut(section, ranges, cls.KIND), [("size", size)])


class Osip(Wrapper):
    """Intel's OSIP, which is recognised and not taken apart."""

    KIND: ClassVar[str] = "Intel OSIP"
    FORMAT = Format(magics=((0, b"$OS$"),), source="magiskboot", limits="unverified: recognised, not taken apart")
    WRAPPER: ClassVar[str] = "osip"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Take it as a whole.

        Args:
            source: Where it is.

        Returns:
            The wrapper, without children.
        """
        section = Section.of(source)
        return cls(cut(section, [Range("image", 0, section.size, Role.HEADER)], cls.KIND))


class BehindPrefix(Wrapper):
    """A boot image that does not begin with the file's first byte."""

    KIND: ClassVar[str] = "boot image behind a prefix"
    FORMAT = Format(
        probe="stands_behind_prefix",
        certain=False,
        guess=True,
        source="osm0sis' mkbootimg",
        limits="unverified: no real sample; the magic in the first 64 KiB",
    )
    WRAPPER: ClassVar[str] = "prefix"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Find the magic in the first 64 KiB.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its child is ``boot``.

        Raises:
            FormatError: If no boot image stands there.
        """
        from pmport.formats.boot.image import BootImage  # noqa: PLC0415 - only where a magic was found

        section = Section.of(source)
        at = section.read(0, PREFIX_SEARCH).find(MAGIC)
        if at <= 0:
            raise FormatError("No boot image stands in the first 64 KiB", format=cls.KIND, field="magic")
        BootImage.parse(section[at:])
        ranges = [Range("prefix", 0, at, Role.TAIL), Range("boot", at, section.size - at)]
        return cls(cut(section, ranges, cls.KIND), [("boot image at", f"{at:#x}")])


def stands_behind_prefix(section: Section) -> bool:
    """Whether a boot image's magic stands somewhere in the first 64 KiB.

    Args:
        section: The bytes.

    Returns:
        True where it does.
    """
    return section.read(0, PREFIX_SEARCH).find(MAGIC) > 0
