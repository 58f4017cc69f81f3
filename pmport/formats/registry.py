"""Every format that pmport knows, in one visible table, and how bytes find theirs.

Whoever adds a format adds its module and one row here. A row is found by its magics (cheap, so they stand in the
table) and, for formats without a fixed one, by a probe in the format's module. The first row whose format parses wins.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from pmport.errors import ExtensionError, FormatError, UnknownFormatError
from pmport.extensions import extensions, load
from pmport.lazy import named
from pmport.node import Data, Node
from pmport.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from pmport.section import Readable

__all__ = ["FORMATS", "SAMPLES", "FormatRow", "recognise", "recognise_or_data"]

HEAD = 4096 + 64
"""How many bytes from the start are read to look for magics: a page, and a magic that begins in its last byte."""


@dataclass(frozen=True, slots=True)
class FormatRow:
    """One format.

    Args:
        kind: Its standard name; equals the class's ``KIND``.
        path: ``"module:Class"``, a :class:`~pmport.node.Node`.
        magics: ``(offset, bytes)``; any of them suffices.
        probe: ``"module:function"`` from a section to bool, for formats that no fixed magic finds.
        certain: The magic is long enough that a failing parse is the user's broken file, not another format.
        guess: It takes what may be anything else, and is tried after the formats of other distributions.
        reads: How much of it is read, for the table in the documentation.
        writes: How much of it is written: ``"identical"``, ``"build"``, ``"edit"``, or ``"no"`` and why.
        source: Where the layout comes from.
        limits: What is not handled, in a few words.
    """

    kind: str
    path: str
    magics: tuple[tuple[int, bytes], ...] = ()
    probe: str = ""
    certain: bool = True
    guess: bool = False
    reads: str = "all"
    writes: str = "identical"
    source: str = ""
    limits: str = field(default="")

    def load(self) -> type[Node]:
        """The class behind the row.

        Returns:
            The format's type.
        """
        return cast("type[Node]", named(self.path))

    def fits(self, head: bytes, section: Section) -> bool:
        """Whether the bytes may be of this format.

        Args:
            head: The first :data:`HEAD` bytes.
            section: All of them.

        Returns:
            True where a magic stands in its place, or the probe says so.
        """
        if any(head.startswith(magic, offset) for offset, magic in self.magics):
            return True
        return bool(self.probe) and bool(cast("Callable[[Section], bool]", named(self.probe))(section))


FORMATS: tuple[FormatRow, ...] = (
    FormatRow(
        kind="Loki boot image",
        path="pmport.formats.boot.wrappers:Loki",
        magics=((0x400, b"LOKI"),),
        certain=False,
        writes="identical",
        source="magiskboot",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="NOOK HD boot image",
        path="pmport.formats.boot.wrappers:NookHd",
        magics=tuple(
            (64, name)
            for name in (
                b"Red Loader",
                b"Green Loader",
                b"Green Recovery",
                b"eMMC boot.img+secondloader",
                b"eMMC recovery.img+secondloader",
            )
        ),
        certain=False,
        writes="identical",
        source="magiskboot",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="NOOK Tablet boot image",
        path="pmport.formats.boot.wrappers:NookTablet",
        magics=((48, b"BauwksBoot"),),
        certain=False,
        writes="identical",
        source="magiskboot",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="Android boot image",
        path="pmport.formats.boot.image:BootImage",
        magics=((0, b"ANDROID!"), (1024, b"ANDROID!")),
        writes="identical, build, edit",
        source="AOSP system/tools/mkbootimg, include/bootimg/bootimg.h",
    ),
    FormatRow(
        kind="Android vendor boot image",
        path="pmport.formats.boot.vendor_image:VendorBoot",
        magics=((0, b"VNDRBOOT"),),
        writes="identical, build, edit",
        source="AOSP system/tools/mkbootimg, include/bootimg/bootimg.h",
    ),
    FormatRow(
        kind="vbmeta",
        path="pmport.formats.avb.vbmeta:VbMeta",
        magics=((0, b"AVB0"),),
        writes="identical, build",
        source="AOSP external/avb, libavb",
    ),
    FormatRow(
        kind="Samsung DHTB",
        path="pmport.formats.boot.wrappers:Dhtb",
        magics=((0, b"DHTB\x01\0\0\0"),),
        writes="identical",
        source="magiskboot; osm0sis' tools",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="Tegra update blob",
        path="pmport.formats.boot.tegra_blob:TegraBlob",
        magics=((0, b"-SIGNED-BY-SIGNBLOB-"), (0, b"MSM-RADIO-UPDATE")),
        writes="identical",
        source="AndroidRoot BlobTools; magiskboot",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="Sony ELF boot image",
        path="pmport.formats.boot.sony_elf:SonyElf",
        magics=((0, b"\x7fELF\x01\x01\x01\x61"), (0, b"\x7fELF\x02\x01\x01\x61")),
        writes="identical",
        source="osm0sis' tools",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="ChromeOS kernel partition",
        path="pmport.formats.boot.chromeos:ChromeosKernel",
        magics=((0, b"CHROMEOS"),),
        writes="identical",
        source="vboot_reference, vb2_struct.h; a real sample",
        limits="signatures are not checked",
    ),
    FormatRow(
        kind="Rockchip KRNL",
        path="pmport.formats.boot.wrappers:RockchipKrnl",
        magics=((0, b"KRNL"),),
        writes="identical",
        source="rkflashtool",
        limits="unverified: no real sample; the CRC is not checked",
    ),
    FormatRow(
        kind="Intel OSIP",
        path="pmport.formats.boot.wrappers:Osip",
        magics=((0, b"$OS$"),),
        writes="identical",
        source="magiskboot",
        limits="unverified: recognised, not taken apart",
    ),
    FormatRow(
        kind="PIT",
        path="pmport.formats.storage.pit:Pit",
        magics=((0, b"\x76\x98\x34\x12"),),
        writes="identical, build",
        source="Heimdall libpit; Samsung-Loki's documents",
        limits="the signature of newer tables is kept, not checked",
    ),
    FormatRow(
        kind="MediaTek header",
        path="pmport.formats.boot.mediatek:MtkImage",
        magics=((0, b"\x88\x16\x88\x58"),),
        writes="identical, build, edit",
        source="real images of the MT6577; pmbootstrap's test data",
    ),
    FormatRow(
        kind="kernel with appended device trees",
        path="pmport.formats.kernel.appended_dtb:KernelWithTrees",
        probe="pmport.formats.kernel.appended_dtb:may_have_trees",
        certain=False,
        writes="identical, build, edit",
        source="kernel source, CONFIG_ARM_APPENDED_DTB; Image.gz-dtb of vendor kernels",
        limits="up to 256 MiB",
    ),
    FormatRow(
        kind="MSM patched kernel",
        path="pmport.formats.kernel.image:MsmImage",
        magics=((0, b"UNCOMPRESSED_IMG"),),
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="EFI zboot image",
        path="pmport.formats.kernel.zimage:EfiZboot",
        magics=((4, b"zimg"),),
        certain=False,
        source="kernel source, drivers/firmware/efi/libstub/zboot-header.S",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="arm64 Image",
        path="pmport.formats.kernel.image:Arm64Image",
        magics=((56, b"ARM\x64"),),
        source="kernel source, Documentation/arch/arm64/booting.rst",
    ),
    FormatRow(
        kind="RISC-V Image",
        path="pmport.formats.kernel.image:RiscvImage",
        magics=((56, b"RSC\x05"),),
        source="kernel source, Documentation/arch/riscv/boot-image-header.rst",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="ARM zImage",
        path="pmport.formats.kernel.zimage:ZImage",
        magics=((0x24, b"\x18\x28\x6f\x01"),),
        source="kernel source, arch/arm/boot/compressed/head.S",
    ),
    FormatRow(
        kind="x86 bzImage",
        path="pmport.formats.kernel.zimage:BzImage",
        magics=((0x202, b"HdrS"),),
        source="kernel source, Documentation/arch/x86/boot.rst",
    ),
    FormatRow(
        kind="ramdisk",
        path="pmport.formats.streams.ramdisk:Ramdisk",
        magics=((0, b"070701"), (0, b"070702")),
        certain=False,
        writes="identical, build, edit",
        source="Linux Documentation/driver-api/early-userspace/buffer-format.rst",
        limits="compressed archives between plain ones are not opened",
    ),
    FormatRow(
        kind="QCDT",
        path="pmport.formats.trees.tables:QcdtTable",
        magics=((0, b"QCDT"),),
        writes="identical, build",
        source="Qualcomm dtbTool; LK dev_tree.h",
        limits="LG's 16-byte entries of version 1 are not read",
    ),
    FormatRow(
        kind="DTBH",
        path="pmport.formats.trees.tables:DtbhTable",
        magics=((0, b"DTBH"),),
        writes="identical",
        source="Samsung dtbtool-exynos; a real file",
    ),
    FormatRow(
        kind="SPRD device tree table",
        path="pmport.formats.trees.tables:SprdTable",
        magics=((0, b"SPRD"),),
        writes="identical",
        source="Spreadtrum dtbTool-sprd; real files",
    ),
    FormatRow(
        kind="Amlogic multi-dtb",
        path="pmport.formats.trees.tables:AmlTable",
        magics=((0, b"AML_"),),
        writes="identical",
        source="a real file",
        limits="version 1 is unverified",
    ),
    FormatRow(
        kind="DT table",
        path="pmport.formats.trees.tables:DtTable",
        magics=((0, b"\xd7\xb7\xab\x1e"),),
        writes="identical, build",
        source="AOSP libufdt, dt_table.h",
    ),
    FormatRow(
        kind="uImage",
        path="pmport.formats.packages.uimage:UImage",
        magics=((0, b"\x27\x05\x19\x56"),),
        writes="identical, build",
        source="U-Boot include/image.h",
    ),
    FormatRow(
        kind="FIT image",
        path="pmport.formats.packages.fit:FitImage",
        probe="pmport.formats.packages.fit:is_fit",
        source="U-Boot doc/usage/fit/source_file_format.rst",
        limits="signatures are not checked",
    ),
    FormatRow(
        kind="FIASCO",
        path="pmport.formats.packages.fiasco:Fiasco",
        magics=((0, b"\xb4\x00"),),
        certain=False,
        writes="identical, build",
        source="0xFFFF doc/fiasco",
    ),
    FormatRow(
        kind="OTA payload",
        path="pmport.formats.packages.payload:Payload",
        magics=((0, b"CrAU"),),
        reads="full payloads; incremental ones are listed",
        source="AOSP update_engine/update_metadata.proto",
        limits="signatures are not checked",
    ),
    FormatRow(
        kind="transfer list",
        path="pmport.formats.packages.transfer_list:TransferList",
        probe="pmport.formats.packages.transfer_list:is_transfer_list",
        reads="full updates; incremental ones are listed",
        source="AOSP bootable/recovery/updater/blockimg.cpp",
        limits="unverified: no real sample",
    ),
    FormatRow(
        kind="LG KDZ",
        path="pmport.formats.packages.vendor:LgKdz",
        magics=((0, b"\x28\x05\x00\x00\x34\x31\x25\x80"), (0, b"\x18\x05\x00\x00\x32\x79\x44\x50")),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="LG DZ",
        path="pmport.formats.packages.vendor:LgDz",
        magics=((0, b"\x32\x96\x18\x74"),),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="Huawei UPDATE.APP",
        path="pmport.formats.packages.vendor:HuaweiUpdate",
        magics=((92, b"\x55\xaa\x5a\xa5"),),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="Sony SIN",
        path="pmport.formats.packages.vendor:SonySin",
        magics=((0, b"\x03SIN"),),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="Oppo OZIP",
        path="pmport.formats.packages.vendor:OppoOzip",
        magics=((0, b"OPPOENCRYPT!"),),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="PXA-DT",
        path="pmport.formats.packages.vendor:PxaTable",
        magics=((0, b"PXA-DT"), (0, b"PXA-19xx")),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="Rockchip firmware",
        path="pmport.formats.packages.vendor:RockchipFirmware",
        magics=((0, b"RKFW"), (0, b"RKAF")),
        certain=False,
        reads="its name",
        source="see pmport.formats.packages.vendor",
        limits="unverified: no real sample; recognised, not taken apart",
    ),
    FormatRow(
        kind="device trees in sequence",
        path="pmport.formats.trees.tables:TreeSequence",
        probe="pmport.formats.trees.tables:is_tree_sequence",
        certain=False,
        source="Devicetree Specification 0.4, chapter 5; real dtb partitions",
    ),
    FormatRow(
        kind="device tree blob",
        path="pmport.devicetree.blob:Blob",
        magics=((0, b"\xd0\x0d\xfe\xed"),),
        writes="identical, build, edit",
        source="Devicetree Specification 0.4, chapter 5",
        limits="one tree per file; several behind each other are found by devicetree.find_blobs",
    ),
    FormatRow(
        kind="Android sparse image",
        path="pmport.formats.storage.sparse:SparseImage",
        magics=((0, b"\x3a\xff\x26\xed"),),
        writes="identical, build",
        source="AOSP system/core/libsparse, sparse_format.h",
    ),
    FormatRow(
        kind="GPT",
        path="pmport.formats.storage.gpt:Gpt",
        magics=((512, b"EFI PART"), (4096, b"EFI PART")),
        certain=False,
        writes="identical, build",
        source="UEFI specification 2.10, chapter 5",
        limits="the backup table is kept, not read",
    ),
    FormatRow(
        kind="MediaTek scatter file",
        path="pmport.formats.storage.flash_lists:Scatter",
        probe="pmport.formats.storage.flash_lists:looks_like_scatter",
        certain=False,
        source="scatter files of SP Flash Tool",
        limits="unverified: no real sample; the XML form of 2022 is not read",
    ),
    FormatRow(
        kind="Qualcomm rawprogram",
        path="pmport.formats.storage.flash_lists:Rawprogram",
        probe="pmport.formats.storage.flash_lists:looks_like_rawprogram",
        certain=False,
        source="linux-msm qdl",
        limits="unverified: no real sample; start sectors that are expressions stay unknown",
    ),
    FormatRow(
        kind="super image",
        path="pmport.formats.storage.super_image:SuperImage",
        magics=((4096, b"gDla"), (0, b"gDla")),
        certain=False,
        source="AOSP fs_mgr/liblp, metadata_format.h",
        limits="one block device",
    ),
    FormatRow(
        kind="zip archive",
        path="pmport.formats.packages.zip:ZipArchive",
        magics=((0, b"PK\3\4"), (0, b"PK\5\6")),
        source="PKWARE APPNOTE 6.3",
        limits="stored and deflated members; one disk",
    ),
    FormatRow(
        kind="tar archive",
        path="pmport.formats.packages.tar:TarArchive",
        magics=((257, b"ustar"),),
        certain=False,
        writes="identical, build",
        source="POSIX ustar and pax; GNU tar; Odin packages",
        limits="regular files",
    ),
    FormatRow(
        kind="deviceinfo",
        path="pmport.formats.reports.deviceinfo:DeviceInfo",
        probe="pmport.formats.reports.deviceinfo:looks_like_deviceinfo",
        writes="identical, build, edit",
        source="postmarketOS deviceinfo, the shell command language of POSIX",
        limits="assignments only: what a shell would expand or run is an error",
    ),
    FormatRow(
        kind="NOLO properties",
        path="pmport.formats.reports.nolo_properties:NoloProperties",
        magics=((0, b"nolo: "),),
        writes="identical",
        source="`pmport nokia identify`; names of the properties as NOLO has them",
    ),
    FormatRow(
        kind="fastboot variables",
        path="pmport.formats.reports.getvars:GetVars",
        probe="pmport.formats.reports.getvars:looks_like_getvars",
        certain=False,
        source="AOSP fastboot; recordings of bootloaders",
    ),
    FormatRow(
        "kernel-config",
        "pmport.formats.kernel.config:KernelConfig",
        probe="pmport.formats.kernel.config:is_kernel_config",
        source="Documentation/kbuild/kconfig.rst in the kernel's source",
    ),
    FormatRow(
        kind="xz",
        path="pmport.formats.streams.stream:Xz",
        magics=((0, b"\xfd7zXZ\0"),),
        writes="identical, build, edit",
        source="The .xz File Format 1.1.0",
    ),
    FormatRow(
        kind="LZ4 frame",
        path="pmport.formats.streams.stream:Lz4",
        magics=((0, b"\x04\x22\x4d\x18"),),
        certain=False,
        writes="identical, build, edit",
        source="LZ4 Frame Format Description 1.6.4",
    ),
    FormatRow(
        kind="LZ4 legacy",
        path="pmport.formats.streams.stream:Lz4Legacy",
        magics=((0, b"\x02\x21\x4c\x18"),),
        certain=False,
        writes="identical, build, edit",
        source="LZ4 Frame Format Description 1.6.4; LG's images",
    ),
    FormatRow(
        kind="Zstandard",
        path="pmport.formats.streams.stream:Zstd",
        magics=((0, b"\x28\xb5\x2f\xfd"),),
        certain=False,
        writes="identical, build, edit",
        source="RFC 8878",
    ),
    FormatRow(
        kind="lzop",
        path="pmport.formats.streams.stream:Lzop",
        magics=((0, b"\x89LZO\0\r\n\x1a\n"),),
        limits="recognised, not decompressed",
    ),
    FormatRow(
        kind="gzip",
        path="pmport.formats.streams.stream:Gzip",
        magics=((0, b"\x1f\x8b\x08"), (0, b"\x1f\x9e\x08")),
        certain=False,
        writes="identical, build, edit",
        source="RFC 1952",
    ),
    FormatRow(
        kind="bzip2",
        path="pmport.formats.streams.stream:Bzip2",
        magics=((0, b"BZh"),),
        certain=False,
        writes="identical, build, edit",
    ),
    FormatRow(
        kind="lzma",
        path="pmport.formats.streams.stream:Lzma",
        magics=((0, b"\x5d\0\0"),),
        certain=False,
        writes="identical, build, edit",
        source="LZMA SDK",
    ),
    FormatRow(
        kind="zlib",
        path="pmport.formats.streams.stream:Zlib",
        magics=((0, b"\x78\x01"), (0, b"\x78\x5e"), (0, b"\x78\x9c"), (0, b"\x78\xda")),
        certain=False,
        writes="identical, build, edit",
        source="RFC 1950",
    ),
    FormatRow(
        kind="boot image behind a prefix",
        path="pmport.formats.boot.wrappers:BehindPrefix",
        probe="pmport.formats.boot.wrappers:stands_behind_prefix",
        certain=False,
        guess=True,
        source="osm0sis' mkbootimg",
        limits="unverified: no real sample; the magic in the first 64 KiB",
    ),
)
"""The table, in the order in which rows are tried: long magics first, guesses last."""

SAMPLES: Mapping[str, int] = MappingProxyType(
    {
        "ARM zImage": 9, "Amlogic multi-dtb": 2, "Android boot image": 17, "Android sparse image": 2,
        "Android vendor boot image": 1, "ChromeOS kernel partition": 1, "DT table": 12, "DTBH": 1, "FIT image": 1,
        "LZ4 legacy": 1, "MediaTek header": 3, "PIT": 39, "QCDT": 4, "SPRD device tree table": 3, "arm64 Image": 6,
        "device tree blob": 60, "device trees in sequence": 6, "gzip": 13, "kernel with appended device trees": 3,
        "kernel-config": 7, "ramdisk": 10, "super image": 2, "tar archive": 1, "uImage": 1, "vbmeta": 8, "xz": 2,
    }
)  # fmt: skip
"""Format → in how many files of real phones it was found; the tests count them again. Others have no real sample."""


@cache
def added() -> tuple[FormatRow, ...]:
    """Formats of other distributions; one that cannot be loaded is warned about, and left out.

    Returns:
        Their rows, by name.
    """
    rows = []
    for point in extensions("pmport.formats"):
        try:
            row = load(point)
        except ExtensionError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)
            continue
        if isinstance(row, FormatRow):
            rows.append(row)
        else:
            warnings.warn(f"The addition {point.name!r} to formats is no FormatRow", RuntimeWarning, stacklevel=2)
    return tuple(rows)


def candidates(section: Section) -> Iterator[FormatRow]:
    """The rows that fit some bytes.

    Args:
        section: The bytes.

    Yields:
        Rows, in the order of the table; those of other distributions before its guesses.
    """
    head = section.read(0, HEAD)
    yield from (row for row in FORMATS if not row.guess and row.fits(head, section))
    yield from (row for row in added() if row.fits(head, section))
    yield from (row for row in FORMATS if row.guess and row.fits(head, section))


def row_of(kind: str) -> FormatRow | None:
    """The row of a format.

    Args:
        kind: Its standard name.

    Returns:
        The row; None where no format is named so.
    """
    return next((row for rows in (FORMATS, added()) for row in rows if row.kind == kind), None)


def recognise(source: Readable) -> Node:
    """The bytes as their format's own type, found by content.

    Args:
        source: Where the bytes are.

    Returns:
        A :class:`~pmport.node.Node`.

    Raises:
        FormatError: If the format is certain, and the bytes are broken.
        UnknownFormatError: If no format fits.
    """
    section = Section.of(source)
    failure: FormatError | None = None
    for row in candidates(section):
        try:
            return row.load().parse(section)
        except FormatError as error:
            if row.certain:
                raise
            failure = failure or error
    raise _unknown(section, failure)


def _unknown(section: Section, nearest: FormatError | None) -> UnknownFormatError:
    """The error for bytes that no row fits: in a word, where it is known what they are."""
    from pmport.formats import foreign  # noqa: PLC0415 - only for what cannot be opened

    if not section.size:
        return UnknownFormatError("The file is empty", offset=0, remedy="Get it again")
    known = foreign.identify(section)
    if known and not (nearest and known.family == "random"):
        return UnknownFormatError(f"This is {known.word}", offset=0, remedy=known.advice)
    remedy = "See docs/formats.md for what is read" + (f"; the nearest was {nearest}" if nearest else "")
    return UnknownFormatError(f"No known format begins with {section.read(0, 16).hex(' ')}", offset=0, remedy=remedy)


def recognise_or_data(source: Readable) -> Node:
    """As :func:`recognise`, but bytes of no known format, or broken ones, are :class:`~pmport.node.Data`.

    Args:
        source: Where the bytes are.

    Returns:
        A node.
    """
    section = Section.of(source)
    try:
        return recognise(section)
    except FormatError:
        return Data(section)
