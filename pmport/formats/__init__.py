"""Formats: bytes in, typed values out, and the same bytes back.

Formats do no I/O, no logging and no printing. Files are opened by :func:`pmport.open`. The type of every format is named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.formats.avb.vbmeta import VbMeta as VbMeta
    from pmport.formats.base.format_row import FormatRow as FormatRow
    from pmport.formats.boot.chromeos import ChromeosKernel as ChromeosKernel
    from pmport.formats.boot.image import BootImage as BootImage
    from pmport.formats.boot.mediatek import MtkImage as MtkImage
    from pmport.formats.boot.rockchip_resource import RockchipResource as RockchipResource
    from pmport.formats.boot.sony_elf import SonyElf as SonyElf
    from pmport.formats.boot.tegra_blob import TegraBlob as TegraBlob
    from pmport.formats.boot.vendor_image import VendorBoot as VendorBoot
    from pmport.formats.boot.wrappers import (
        BehindPrefix as BehindPrefix,
        Dhtb as Dhtb,
        Loki as Loki,
        NookHd as NookHd,
        NookTablet as NookTablet,
        Osip as Osip,
        RockchipKrnl as RockchipKrnl,
    )
    from pmport.formats.kernel.appended_dtb import KernelWithTrees as KernelWithTrees
    from pmport.formats.kernel.behind_zeros import KernelBehindZeros as KernelBehindZeros
    from pmport.formats.kernel.config import KernelConfig as KernelConfig
    from pmport.formats.kernel.image import Arm64Image as Arm64Image, MsmImage as MsmImage, RiscvImage as RiscvImage
    from pmport.formats.kernel.zimage import BzImage as BzImage, EfiZboot as EfiZboot, ZImage as ZImage
    from pmport.formats.packages.fiasco import Fiasco as Fiasco
    from pmport.formats.packages.fit import FitImage as FitImage
    from pmport.formats.packages.payload import Payload as Payload
    from pmport.formats.packages.sony_sin import SonySin as SonySin
    from pmport.formats.packages.tar import TarArchive as TarArchive
    from pmport.formats.packages.transfer_list import TransferList as TransferList
    from pmport.formats.packages.uimage import UImage as UImage
    from pmport.formats.packages.vendor import (
        HuaweiUpdate as HuaweiUpdate,
        LgDz as LgDz,
        LgKdz as LgKdz,
        OppoOzip as OppoOzip,
        PxaTable as PxaTable,
        RockchipFirmware as RockchipFirmware,
    )
    from pmport.formats.packages.zip import ZipArchive as ZipArchive
    from pmport.formats.registry import FORMATS as FORMATS, recognise as recognise
    from pmport.formats.reports.deviceinfo import DeviceInfo as DeviceInfo
    from pmport.formats.reports.getvars import GetVars as GetVars
    from pmport.formats.reports.nolo_properties import NoloProperties as NoloProperties
    from pmport.formats.reports.property_file import PropertyFile as PropertyFile
    from pmport.formats.reports.ramoops import RamoopsRegion as RamoopsRegion
    from pmport.formats.storage.flash_lists import Rawprogram as Rawprogram, Scatter as Scatter
    from pmport.formats.storage.gpt import Gpt as Gpt
    from pmport.formats.storage.pit import Pit as Pit
    from pmport.formats.storage.sparse import SparseImage as SparseImage
    from pmport.formats.storage.super_image import SuperImage as SuperImage
    from pmport.formats.streams.ramdisk import Ramdisk as Ramdisk
    from pmport.formats.streams.stream import (
        Bzip2 as Bzip2,
        Gzip as Gzip,
        Lz4 as Lz4,
        Lz4Legacy as Lz4Legacy,
        Lzma as Lzma,
        Lzop as Lzop,
        Xz as Xz,
        Zlib as Zlib,
        Zstd as Zstd,
    )
    from pmport.formats.trees.sequence import TreeSequence as TreeSequence
    from pmport.formats.trees.tables import (
        AmlTable as AmlTable,
        DtbhTable as DtbhTable,
        DtTable as DtTable,
        QcdtTable as QcdtTable,
        SprdTable as SprdTable,
    )
    from pmport.node import (
        Child as Child,
        Container as Container,
        Data as Data,
        Format as Format,
        Node as Node,
        Part as Part,
        Role as Role,
    )
else:
    _PUBLIC = {
        "pmport.formats.avb.vbmeta": "VbMeta",
        "pmport.formats.base.format_row": "FormatRow",
        "pmport.formats.boot.chromeos": "ChromeosKernel",
        "pmport.formats.boot.image": "BootImage",
        "pmport.formats.boot.mediatek": "MtkImage",
        "pmport.formats.boot.rockchip_resource": "RockchipResource",
        "pmport.formats.boot.sony_elf": "SonyElf",
        "pmport.formats.boot.tegra_blob": "TegraBlob",
        "pmport.formats.boot.vendor_image": "VendorBoot",
        "pmport.formats.boot.wrappers": "BehindPrefix Dhtb Loki NookHd NookTablet Osip RockchipKrnl",
        "pmport.formats.kernel.appended_dtb": "KernelWithTrees",
        "pmport.formats.kernel.behind_zeros": "KernelBehindZeros",
        "pmport.formats.kernel.config": "KernelConfig",
        "pmport.formats.kernel.image": "Arm64Image MsmImage RiscvImage",
        "pmport.formats.kernel.zimage": "BzImage EfiZboot ZImage",
        "pmport.formats.packages.fiasco": "Fiasco",
        "pmport.formats.packages.fit": "FitImage",
        "pmport.formats.packages.payload": "Payload",
        "pmport.formats.packages.sony_sin": "SonySin",
        "pmport.formats.packages.tar": "TarArchive",
        "pmport.formats.packages.transfer_list": "TransferList",
        "pmport.formats.packages.uimage": "UImage",
        "pmport.formats.packages.vendor": "HuaweiUpdate LgDz LgKdz OppoOzip PxaTable RockchipFirmware",
        "pmport.formats.packages.zip": "ZipArchive",
        "pmport.formats.registry": "FORMATS recognise",
        "pmport.formats.reports.deviceinfo": "DeviceInfo",
        "pmport.formats.reports.getvars": "GetVars",
        "pmport.formats.reports.nolo_properties": "NoloProperties",
        "pmport.formats.reports.property_file": "PropertyFile",
        "pmport.formats.reports.ramoops": "RamoopsRegion",
        "pmport.formats.storage.flash_lists": "Rawprogram Scatter",
        "pmport.formats.storage.gpt": "Gpt",
        "pmport.formats.storage.pit": "Pit",
        "pmport.formats.storage.sparse": "SparseImage",
        "pmport.formats.storage.super_image": "SuperImage",
        "pmport.formats.streams.ramdisk": "Ramdisk",
        "pmport.formats.streams.stream": "Bzip2 Gzip Lz4 Lz4Legacy Lzma Lzop Xz Zlib Zstd",
        "pmport.formats.trees.sequence": "TreeSequence",
        "pmport.formats.trees.tables": "AmlTable DtbhTable DtTable QcdtTable SprdTable",
        "pmport.node": "Child Container Data Format Node Part Role",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
