"""Android boot images, header versions 0 to 4: ``boot.img``, ``recovery.img``, ``init_boot.img``.

Layout (AOSP ``bootimg.h``; all numbers little-endian): the header's page, then each section, zero-padded to whole pages:
kernel, ramdisk, second, the vendors' dt (v0 only), recovery_dtbo (v1 and later), dtb (v2); in v3 and v4 kernel, ramdisk
and boot_signature (v4). Behind that come AVB data, vendors' marks and fill, see :mod:`pmport.formats.boot.trailer`.

Example:
    >>> image = BootImage.build(kernel=b"kernel", ramdisk=b"ramdisk", cmdline="console=ttyMSM0", page_size=4096)
    >>> image.size, hex(image.kernel_addr), image.ramdisk.read()
    (12288, '0x10008000', b'ramdisk')
    >>> bytes(BootImage.parse(bytes(image))) == bytes(image)
    True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self, Unpack

from pmport.errors import FormatError
from pmport.formats.boot import os_version
from pmport.formats.boot.deferred_id import LatePage
from pmport.formats.boot.header import FORMAT, SMALLEST_DT, BootHeader, Layout
from pmport.formats.boot.image_id import UNKNOWN, ZERO, find_recipe, presumed_recipe
from pmport.formats.boot.sections import may_have_name20, oddities, section_parts, unknown_version
from pmport.formats.boot.trailer import split_tail
from pmport.node import Container, Format, Part, Role
from pmport.section import Section, write_all

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.avb.edit import AvbChoice
    from pmport.formats.boot.build import BuildOptions
    from pmport.formats.boot.edit import EditOptions
    from pmport.section import Readable

__all__ = ["BootImage", "stands_behind_microloader"]

AMONET_MARK = b"microloader"
AMONET_SHIFT = 1024
"""amonet's microloader stands before the header, in the same page (magiskboot)."""
HASHED_FOR_HINTS = 16 << 20
EMPTY = Section.zeros(0)


class BootImage(Container):
    """A boot image: typed fields, and sections that are read when they are wanted.

    Args:
        header: The header's fields.
        parts: Everything it is made of, in order: the header's page first.
        notes: What an edit has to say.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, b"ANDROID!"),),
        probe="stands_behind_microloader",
        writes="identical, build, edit",
        source="AOSP system/tools/mkbootimg, include/bootimg/bootimg.h",
    )

    def __init__(self, header: BootHeader, parts: tuple[Part, ...], notes: tuple[Finding, ...] = ()) -> None:
        self._fields = header
        self._parts = parts
        self._notes = notes

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a boot image.

        Args:
            source: Where it is; from its first byte.

        Returns:
            The image. Nothing but the header is read, except where only the id tells one variant from another.

        Raises:
            FormatError: If a field is impossible, or a section is not all there; with field and offset.
        """
        section = Section.of(source)
        start = AMONET_SHIFT if stands_behind_microloader(section) else 0
        header = BootHeader.parse(section, start)
        if section.size < header.page_size:
            raise FormatError(
                f"The header's page takes {header.page_size} bytes, and the file ends after {section.size} of them",
                format=FORMAT,
                field="page_size",
                offset=section.size,
                remedy="The file is cut short: get it again",
            )
        parts = [Part("header", section[: header.page_size], Role.HEADER)]
        parts += section_parts(header, section, start)
        image = cls(header, tuple(parts))
        _confirm_version(image, start)
        if may_have_name20(section.read(start, 616)):
            other = cls(header.with_name20(section.read(start, 1636)), tuple(parts))
            image = image if other.id_recipe == UNKNOWN else other
        end = sum(part.section.size for part in parts)
        return cls(image.header, (*parts, *split_tail(section, end)))

    @classmethod
    def build(cls, kernel: Readable = b"", ramdisk: Readable = b"", **options: Unpack[BuildOptions]) -> Self:
        """Make a boot image from parts; the same bytes as AOSP's ``mkbootimg`` writes.

        Args:
            kernel: The kernel.
            ramdisk: The ramdisk.
            options: Other sections, fields and variants: see :class:`~pmport.formats.boot.build.BuildOptions`.

        Returns:
            The image; its sections stay where they are until it is written.

        Raises:
            FormatError: If something does not fit its field, or does not belong into that version.

        Example:
            >>> BootImage.build(b"kernel", header_version=3, cmdline="quiet").header.header_size
            1580
        """
        from pmport.formats.boot import build as boot_build  # noqa: PLC0415 - reading is quicker without

        return cls(*boot_build.assemble(kernel, ramdisk, **options))

    def replace(
        self, *, avb: AvbChoice = "leave", partition_size: int | None = None, **edits: Unpack[EditOptions]
    ) -> Self:
        """The same image with other sections or fields; what is not named keeps its bytes.

        The id is made anew by the recipe that was found. What the edit has to say stands in :meth:`findings`.

        Args:
            avb: What happens to verified boot data: ``"leave"``, ``"none"`` or
                :class:`~pmport.formats.avb.edit.ReSign`.
            partition_size: Bytes that the result may have; an AVB footer goes to its end. None: no limit, and an image
                with a footer or a fill of zeros keeps its size.
            edits: What changes: see :class:`~pmport.formats.boot.edit.EditOptions`.

        Returns:
            A new image.

        Raises:
            FormatError: If something does not fit, or does not belong into this header version.

        Example:
            >>> image = BootImage.build(b"kernel", b"ramdisk", cmdline="quiet")
            >>> new = image.replace(cmdline="debug", ramdisk=b"other")
            >>> new.cmdline, new.ramdisk.read(), new.id == image.id, new.id_recipe
            ('debug', b'other', False, 'aosp-sha1')
        """
        from pmport.formats.boot import edit as boot_edit  # noqa: PLC0415 - only edits need it

        return type(self)(*boot_edit.edited(self, edits, avb, partition_size))

    def _write(self, file: BinaryIO) -> int:
        """Write it, in pieces. The id of an image that was built is hashed meanwhile, and the header written last."""
        page = self._parts[0].section
        if not (isinstance(page.source, LatePage) and page.source.may_be_hashed_aside and file.seekable()):
            return super()._write(file)
        start = file.tell()
        aside = Thread(target=page.source.hash_quietly)
        aside.start()
        try:
            file.seek(start + page.size)
            written = write_all((part.section for part in self._parts[1:]), file)
        finally:
            aside.join()
        file.seek(start)
        file.write(page.read())
        file.seek(start + page.size + written)
        return page.size + written

    # ----- the header's fields, by their meaning

    @property
    def header(self) -> BootHeader:
        """All fields as they stand in the header."""
        source = self._parts[0].section.source
        return source.header if isinstance(source, LatePage) else self._fields

    @property
    def header_version(self) -> int:
        """0 to 4."""
        return self._fields.header_version

    @property
    def page_size(self) -> int:
        """Bytes; 4096 in v3 and v4."""
        return self._fields.page_size

    @property
    def kernel_addr(self) -> int:
        """Absolute load address; 0 in v3 and v4, whose addresses stand in vendor_boot."""
        return self._fields.kernel_addr

    @property
    def ramdisk_addr(self) -> int:
        """Absolute load address; AOSP's tool writes 0 where there is no ramdisk."""
        return self._fields.ramdisk_addr

    @property
    def second_addr(self) -> int:
        """Absolute load address; AOSP's tool writes 0 where there is no second stage, others any."""
        return self._fields.second_addr

    @property
    def tags_addr(self) -> int:
        """Absolute address of the tags."""
        return self._fields.tags_addr

    @property
    def dtb_addr(self) -> int:
        """Absolute load address of the dtb section (v2), 64 bits."""
        return self._fields.dtb_addr

    @property
    def name(self) -> str:
        """Product name; bytes that are no UTF-8 are escaped as surrogates."""
        return _text(self._fields.name_field)

    @property
    def cmdline(self) -> str:
        """The kernel command line, from both of its fields; bytes that are no UTF-8 are escaped as surrogates."""
        return _text(self._fields.cmdline_field) + _text(self._fields.extra_field)

    @property
    def os_version(self) -> str | None:
        """Android's version, such as ``"8.1.0"``."""
        return os_version.decode(self._fields.os_version_word)[0]

    @property
    def os_patch_level(self) -> str | None:
        """Android's security patch level, such as ``"2018-12"``."""
        return os_version.decode(self._fields.os_version_word)[1]

    @property
    def id(self) -> bytes:
        """The id as it stands in the header: 32 bytes; none in v3 and v4."""
        return self.header.id_field

    @cached_property
    def id_recipe(self) -> str:
        """How the id was made: ``aosp-sha1``, ``lineage-sha1``, ``sha256``, ``zero``, ``unknown``; ``none`` in v3 and v4.

        Reads all sections once, when it is first asked for.
        """
        return find_recipe(self.id, self.hashed_sections()) if self.header_version < 3 else "none"

    @property
    def quick_id_recipe(self) -> str:
        """As :attr:`id_recipe`; presumed by the id's form where the sections have more than 16 MiB.

        To hash as much takes longer than to copy it.
        """
        size = sum(section.size for _, section in self.hashed_sections())
        return presumed_recipe(self.id) if self.id and size > HASHED_FOR_HINTS else self.id_recipe

    @property
    def variant(self) -> str:
        """The header's variant, by its standard name: ``v0`` … ``v4``, ``v0-dt``, ``samsung-pxa``, ``samsung-name20``."""
        return "v0-dt" if self._fields.layout is Layout.V0 and self._fields.dt_size else str(self._fields.layout)

    # ----- the sections

    @property
    def kernel(self) -> Section:
        """The kernel, with whatever is appended to it."""
        return self.content("kernel")

    @property
    def ramdisk(self) -> Section:
        """The ramdisk."""
        return self.content("ramdisk")

    @property
    def second(self) -> Section:
        """The second stage; some vendors keep device trees there."""
        return self.content("second")

    @property
    def dt(self) -> Section:
        """The device trees of v0 with a vendor's dt: QCDT, DTBH and their like."""
        return self.content("dt")

    @property
    def recovery_dtbo(self) -> Section:
        """The recovery's DTBO or ACPIO (v1, v2)."""
        return self.content("recovery_dtbo")

    @property
    def dtb(self) -> Section:
        """The device trees of v2."""
        return self.content("dtb")

    @property
    def boot_signature(self) -> Section:
        """The signature of v4, a vbmeta blob that only tests look at."""
        return self.content("boot_signature")

    def content(self, name: str) -> Section:
        """A section by its name.

        Args:
            name: Such as ``"kernel"``.

        Returns:
            The section, empty where there is none.
        """
        return next((part.section for part in self._parts if part.name == name), EMPTY)

    def hashed_sections(self) -> tuple[tuple[str, Section], ...]:
        """What the id is made over.

        Returns:
            ``(name, section)`` of all that this header version knows, absent ones empty.
        """
        return tuple((name, self.content(name)) for name, _ in self._fields.sections())

    def parts(self) -> Iterator[Part]:
        """Header, sections, padding and tail."""
        return iter(self._parts)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The fields, in the header's order."""
        header = self._fields
        yield "variant", self.variant
        yield "page size", header.page_size
        if self.header_version < 3:
            for name in ("kernel", "ramdisk", "second", "tags"):
                yield f"{name} address", f"{getattr(header, f'{name}_addr'):#010x}"
        if header.layout is Layout.V2:
            yield "dtb address", f"{header.dtb_addr:#018x}"
        yield "os version", self.os_version or "not set"
        yield "os patch level", self.os_patch_level or "not set"
        if self.header_version < 3:
            yield "name", self.name
        yield "command line", self.cmdline
        if self.header_version < 3:
            yield "id", f"{self.id.hex()} ({self.id_recipe})"

    def fields(self) -> Mapping[str, str | int]:
        """The fields that :meth:`replace` takes.

        Returns:
            Keyword → value.
        """
        values: dict[str, str | int] = {"cmdline": self.cmdline}
        if self.header_version < 3:
            values["name"] = self.name
        values |= {"os_version": self.os_version or "", "os_patch_level": self.os_patch_level or ""}
        if self.header_version < 3:
            values |= {
                f"{name}_addr": getattr(self.header, f"{name}_addr") for name in ("kernel", "ramdisk", "second", "tags")
            }
        if self.header_version == 2:
            values["dtb_addr"] = self.dtb_addr
        return values

    def hints(self) -> Mapping[str, str]:
        """How the id is made.

        Returns:
            ``id_recipe`` of v0 to v2, see :attr:`quick_id_recipe`.
        """
        return {} if self.header_version >= 3 else {"id_recipe": self.quick_id_recipe}

    def findings(self) -> tuple[Finding, ...]:
        """What is odd about it: sections that end early, header sizes and offsets that are not what they should be.

        Returns:
            The findings, those of an edit first.
        """
        return (*self._notes, *oddities(self._fields, self._parts))


def _confirm_version(image: BootImage, start: int) -> None:
    """Refuse a word at 40 that is neither a known version nor, by the id, a dt's size."""
    header = image.header
    if header.layout is Layout.V0 and 0 < header.dt_size < SMALLEST_DT and image.id_recipe in {UNKNOWN, ZERO}:
        raise unknown_version(header.dt_size, start)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def stands_behind_microloader(section: Section) -> bool:
    """Whether amonet's microloader stands before the header. An archive may well have a boot image at that place.

    Args:
        section: The bytes.

    Returns:
        True for the mark and the header's magic behind it.
    """
    head = section.read(0, AMONET_SHIFT + 8)
    return head.endswith(b"ANDROID!") and AMONET_MARK in head[:AMONET_SHIFT]
