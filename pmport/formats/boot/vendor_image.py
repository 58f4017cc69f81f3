r"""``vendor_boot.img`` and ``vendor_kernel_boot.img``, header versions 3 and 4.

Layout (AOSP ``bootimg.h``; all numbers little-endian), each piece zero-padded to whole pages: header, the ramdisk section,
dtb, and in v4 the ramdisk table and the bootconfig. In v4 the ramdisk section holds fragments one behind the other
without padding; the table names them.

Example:
    >>> image = VendorBoot.build([Fragment("dlkm", b"ramdisk", FragmentType.DLKM)], dtb=b"dtb", bootconfig=b"a=b\\n")
    >>> image.header_version, image.fragments[0].name, image.bootconfig
    (4, 'dlkm', 'a=b\\n')
    >>> bytes(VendorBoot.parse(bytes(image))) == bytes(image)
    True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Self, Unpack

from pmport.formats.boot import vendor_build as vendor_boot_build
from pmport.formats.boot.header import page_aligned
from pmport.formats.boot.trailer import split_tail
from pmport.formats.boot.vendor_header import (
    FORMAT,
    Fragment,
    FragmentType,
    VendorBootHeader,
    parse_table,
)
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.formats.avb.edit import AvbChoice
    from pmport.formats.boot.vendor_build import VendorBuildOptions, VendorEditOptions
    from pmport.section import Readable

__all__ = ["Fragment", "FragmentType", "VendorBoot"]

BOOTCONFIG_MAGIC = b"#BOOTCONFIG\n"
TRAILER_SIZE = 20
"""Size and checksum, four bytes each, and the magic: what a bootloader adds, and some images have already."""


class VendorBoot(Container):
    """A vendor boot image.

    Args:
        header: The header's fields.
        parts: Everything it is made of, in order.
        fragments: The ramdisks of v4, in the order of the table; one without a name in v3.
        notes: What an edit has to say.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, b"VNDRBOOT"),),
        writes="identical, build, edit",
        source="AOSP system/tools/mkbootimg, include/bootimg/bootimg.h",
    )

    def __init__(
        self,
        header: VendorBootHeader,
        parts: tuple[Part, ...],
        fragments: tuple[Fragment, ...],
        notes: tuple[Finding, ...] = (),
    ) -> None:
        self.header = header
        self.fragments = fragments
        self._parts = parts
        self._notes = notes

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a vendor boot image.

        Args:
            source: Where it is; from its first byte.

        Returns:
            The image; only header and table are read.

        Raises:
            FormatError: If a field is impossible, a piece is not all there, or the table is broken.
        """
        section = Section.of(source)
        header = VendorBootHeader.parse(section)
        offsets = header.offsets(section.size)
        at, size = offsets["ramdisk"]
        table = section.read(*offsets["ramdisk_table"])
        rows = tuple(parse_table(table, header, size, offsets["ramdisk_table"][0]))
        ramdisks = section[at : at + size]
        fragments = tuple(row.over(ramdisks) for row in rows)
        parts = [Part("header", section[: offsets["ramdisk"][0]], Role.HEADER)]
        parts += vendor_boot_build.ramdisk_parts(ramdisks, rows, single=header.header_version < 4)
        parts += _padding(section, "ramdisk", at + size, header.page_size)
        for name, role in (("dtb", Role.CONTENT), ("ramdisk_table", Role.HEADER), ("bootconfig", Role.CONTENT)):
            at, size = offsets[name]
            if size:
                parts.append(Part(name, section[at : at + size], role))
                parts += _padding(section, name, at + size, header.page_size)
        end = sum(part.section.size for part in parts)
        return cls(header, (*parts, *split_tail(section, end)), fragments)

    @classmethod
    def build(
        cls, ramdisks: Readable | Sequence[Fragment], dtb: Readable = b"", **options: Unpack[VendorBuildOptions]
    ) -> Self:
        """Make a vendor boot image from parts; the same bytes as AOSP's ``mkbootimg`` writes.

        Args:
            ramdisks: In v4 the fragments; a single ramdisk becomes a platform fragment without a name, as AOSP's tool
                does it. In v3 one ramdisk.
            dtb: The device trees.
            options: Other fields: see :class:`~pmport.formats.boot.vendor_build.VendorBuildOptions`.

        Returns:
            The image; its parts stay where they are until it is written.

        Raises:
            FormatError: If something does not fit its field, or a fragment's name is taken or banned.
        """
        return cls(*vendor_boot_build.assemble(ramdisks, dtb, **options))

    def replace(
        self, *, avb: AvbChoice = "leave", partition_size: int | None = None, **edits: Unpack[VendorEditOptions]
    ) -> Self:
        """The same image with other parts or fields; what is not named keeps its bytes.

        Args:
            avb: What happens to verified boot data: ``"leave"``, ``"none"`` or
                :class:`~pmport.formats.avb.edit.ReSign`.
            partition_size: Bytes that the result may have; an AVB footer goes to its end.
            edits: What changes: see :class:`~pmport.formats.boot.vendor_build.VendorEditOptions`. A ramdisk is also
                taken by the name of its part, ``vendor_ramdisk00=`` and so on.

        Returns:
            A new image; what the edit has to say stands in :meth:`findings`.

        Raises:
            FormatError: If something does not fit, or there is no such fragment.

        Example:
            >>> image = VendorBoot.build(b"ramdisk", b"dtb", cmdline="quiet")
            >>> image.replace(cmdline="debug", fragments={"": b"other"}).fragments[0].section.read()
            b'other'
        """
        return type(self)(*vendor_boot_build.edited(self, edits, avb, partition_size))

    @property
    def header_version(self) -> int:
        """3 or 4."""
        return self.header.header_version

    @property
    def page_size(self) -> int:
        """Bytes."""
        return self.header.page_size

    @property
    def kernel_addr(self) -> int:
        """Absolute load address of the kernel."""
        return self.header.kernel_addr

    @property
    def ramdisk_addr(self) -> int:
        """Absolute load address of the ramdisks."""
        return self.header.ramdisk_addr

    @property
    def tags_addr(self) -> int:
        """Absolute address of the tags."""
        return self.header.tags_addr

    @property
    def dtb_addr(self) -> int:
        """Absolute load address of the device trees, 64 bits."""
        return self.header.dtb_addr

    @property
    def name(self) -> str:
        """Product name."""
        return _text(self.header.name_field)

    @property
    def cmdline(self) -> str:
        """The vendor's part of the kernel command line."""
        return _text(self.header.cmdline_field)

    @property
    def dtb(self) -> Section:
        """The device trees; may be empty: some phones have them in vendor_kernel_boot."""
        return self.content("dtb")

    @property
    def bootconfig(self) -> str:
        """The bootconfig lines, without the trailer that a bootloader adds and some images have."""
        data = self.content("bootconfig").read()
        if data.endswith(BOOTCONFIG_MAGIC) and len(data) >= TRAILER_SIZE:
            size = int.from_bytes(data[-TRAILER_SIZE:-16], "little")
            data = data[:size] if size <= len(data) - TRAILER_SIZE else data[:-TRAILER_SIZE]
        return data.rstrip(b"\0").decode("utf-8", "surrogateescape")

    def content(self, name: str) -> Section:
        """A part by its name.

        Args:
            name: Such as ``"dtb"``.

        Returns:
            The section, empty where there is none.
        """
        return next((part.section for part in self._parts if part.name == name), Section.zeros(0))

    def parts(self) -> Iterator[Part]:
        """Header, ramdisks, dtb, table, bootconfig, padding and tail."""
        return iter(self._parts)

    def fields(self) -> Mapping[str, str | int]:
        """The fields that :meth:`replace` takes.

        Returns:
            Keyword → value.
        """
        addresses = {
            f"{name}_addr": getattr(self.header, f"{name}_addr") for name in ("kernel", "ramdisk", "tags", "dtb")
        }
        return {"cmdline": self.cmdline, "name": self.name, **addresses}

    def findings(self) -> tuple[Finding, ...]:
        """What an edit has to say.

        Returns:
            The findings.
        """
        return self._notes

    def describe(self) -> Iterator[tuple[str, object]]:
        """The fields, in the header's order, and the fragments."""
        yield "header version", self.header_version
        yield "page size", self.page_size
        for name in ("kernel", "ramdisk", "tags"):
            yield f"{name} address", f"{getattr(self.header, f'{name}_addr'):#010x}"
        yield "dtb address", f"{self.dtb_addr:#018x}"
        yield "name", self.name
        yield "command line", self.cmdline
        for index, fragment in enumerate(self.fragments if self.header_version > 3 else ()):
            board = " ".join(f"{word:#x}" for word in fragment.board_id if word)
            text = f"{fragment.name!r}, {fragment.kind}, {fragment.section.size} bytes"
            yield f"vendor_ramdisk{index:02}", f"{text}, board id {board}" if board else text
        if self.bootconfig:
            yield "bootconfig", self.bootconfig.strip().replace("\n", "; ")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _padding(section: Section, name: str, at: int, page_size: int) -> Iterator[Part]:
    end = min(page_aligned(at, page_size), section.size)
    if end > at:
        yield Part(f"{name} padding", section[at:end], Role.PADDING)
