"""Whatever a builder is given, it builds, refuses with pmport's errors, or says that the type is wrong; nothing else leaks.

The values are those that people get wrong: numbers that do not fit, text that is too long or cannot be written, other types.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.devicetree import DeviceTree
from pmport.errors import PmportError
from pmport.formats import (
    BootImage,
    Bzip2,
    DtbhTable,
    DtTable,
    Fiasco,
    Gzip,
    Lz4,
    Lz4Legacy,
    Lzma,
    MtkImage,
    Pit,
    QcdtTable,
    Ramdisk,
    SparseImage,
    SprdTable,
    TarArchive,
    UImage,
    VbMeta,
    VendorBoot,
    Xz,
    Zlib,
    Zstd,
)
from pmport.formats.boot.build import BuildOptions
from pmport.formats.boot.vendor_build import VendorBuildOptions
from pmport.formats.boot.vendor_image import Fragment
from pmport.section import Section

TREE = bytes(DeviceTree())
SECTIONS = {"second", "dt", "recovery_dtbo", "dtb", "boot_signature", "bootconfig"}
numbers = st.sampled_from(
    [-1, 0, 1, 2, 3, 4, 7, 9, 255, 2047, 2048, 4096, 1 << 16, (1 << 32) - 1, 1 << 32, 1 << 64, 1 << 70]
)
texts = st.text(st.characters(), max_size=9) | st.sampled_from(
    ["", "x" * 5000, "ü" * 17, "\udc80", "\ud800", "a\0b", "-1", "1_000", "0x10", "999.999.999", "2021-99", "v2"]
)
values: st.SearchStrategy[object] = numbers | texts | st.sampled_from([None, True, 2.5, b"", b"abc", (), [], {}])


def boot(name: str) -> Callable[[Any], object]:
    def built(value: Any) -> object:
        for version in range(5):
            given_options: dict[str, Any] = {
                "header_version": version,
                "dtb": TREE if version == 2 else b"",
                name: value,
            }
            with contextlib.suppress(PmportError, TypeError, OSError):
                bytes(BootImage.build(b"kernel", b"ramdisk", **given_options))
        image = BootImage.build(b"kernel", b"ramdisk")
        return image.replace(**{name: value}) if name != "header_version" else image

    return built


def vendor(name: str) -> Callable[[Any], object]:
    def built(value: Any) -> object:
        for version in (3, 4):
            given_options: dict[str, Any] = {"header_version": version, name: value}
            with contextlib.suppress(PmportError, TypeError, OSError):
                bytes(VendorBoot.build(b"ramdisk", TREE, **given_options))
        return None

    return built


def fragment_with(field: str, value: Any) -> Fragment:
    given_fields: dict[str, Any] = {"name": "a", "data": b"r", "type": 1, field: value}
    return Fragment(**given_fields)


def of(build: Callable[..., object], name: str, *first: object, **others: object) -> Callable[[Any], object]:
    return lambda value: build(*first, **{**others, name: value})


def ids(kind: Any, name: str) -> Callable[[Any], object]:
    return lambda value: kind.build([(TREE, {name: value})])


def level(kind: Any) -> Callable[[Any], object]:
    return lambda value: kind.build(b"content" * 99, value)


def fragments(field: str) -> Callable[[Any], object]:
    return lambda value: VendorBoot.build([fragment_with(field, value)], TREE)


BUILDERS: dict[str, Callable[[Any], object]] = {
    **{f"boot image, {name}": boot(name) for name in BuildOptions.__annotations__ if name not in SECTIONS},
    **{f"vendor boot image, {name}": vendor(name) for name in VendorBuildOptions.__annotations__ if name not in SECTIONS},
    **{f"fragment, {field}": fragments(field) for field in ("name", "type", "board_id")},
    "fragment, word of the board id": lambda value: VendorBoot.build([Fragment("a", b"r", 1, (value,) * 16)], TREE),
    **{
        f"{kind.KIND}, {name}": ids(kind, name)
        for kind in (QcdtTable, DtbhTable, SprdTable, DtTable)
        for name in (*kind.ID_FIELDS[:2], "stranger")
    },
    **{
        f"{kind.KIND}, {name}": of(kind.build, name, [(TREE, {})])
        for kind, name in (
            (QcdtTable, "version"), (QcdtTable, "page_size"), (DtbhTable, "page_size"), (SprdTable, "page_size"),
            (DtTable, "version"), (DtTable, "page_size"),
        )
    },
    **{
        f"{kind.KIND}, level": level(kind)
        for kind in (Bzip2, Gzip, Lz4, Lz4Legacy, Lzma, Xz, Zlib, Zstd)
    },
    **{
        f"vbmeta, {name}": of(VbMeta.build, name)
        for name in (
            "flags", "padding_size", "algorithm", "rollback_index", "rollback_index_location", "release", "required_minor",
        )
    },
    **{
        f"PIT, {name}": of(Pit.build, name, [])
        for name in ("gang_name", "project", "lu_count")
    },
    **{
        f"uImage, {name}": of(UImage.build, name, b"data", load=0, entry=0)
        for name in ("load", "entry", "name", "kind", "architecture", "system", "compression", "time")
    },
    "MediaTek header, label": lambda value: MtkImage.build(b"payload", value),
    "FIASCO, release": lambda value: Fiasco.build([], value),
    "sparse image, block_size": lambda value: SparseImage.build(b"x" * 8192, block_size=value),
    "ramdisk, mode": lambda value: Ramdisk.build([("init", value, b"x")]),
    "tar archive, md5_name": lambda value: TarArchive.build({"boot.img": b"x"}, md5_name=value),
    "a path": Section.of,
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDERS)
@given(value=values)
def test_a_builder_refuses_with_an_error_of_pmports(name: str, value: Any) -> None:
    with contextlib.suppress(PmportError, TypeError, OSError):
        BUILDERS[name](value)
