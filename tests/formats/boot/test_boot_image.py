"""Boot images: real ones, the outside judge's, made-up ones, and broken ones."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.boot.header import FIELDS, Layout, declaration, field_offset, reader
from pmport.formats.boot.image import BootImage
from pmport.section import Section

BOOT = CORPUS / "boot"
TRUNCATED = {"pmbootstrap-test-boot-header-v2.img": 12126875, "pmbootstrap-test-boot-header-v3.img": 48562188}
"""Real images of which the corpus has only the first page, and how many bytes of the kernel are missing."""
NOT_BOOT = {"pmbootstrap-test-kernel-boot.img", "cfig-issue125-vendor_boot.img"}
REAL = [path for path in corpus_files("boot") if path.name not in {*TRUNCATED, *NOT_BOOT}]

FACTS: dict[str, dict[str, object]] = {
    "htc-marvel-boot.img": {
        "page_size": 2048,
        "kernel_addr": 0x12C08000,
        "ramdisk_addr": 0x13C00000,
        "second_addr": 0x13B00000,
        "tags_addr": 0x12C00100,
        "cmdline": "no_console_suspend=1 console=null",
        "id_recipe": "aosp-sha1",
    },
    "samsung-crespo-boot.img": {"page_size": 4096, "kernel_addr": 0x30008000, "header_version": 0, "second_size": 0},
    "samsung-exynos7580-edk2-boot.img": {
        "board": "SRPOJ07A003KU",
        "os_version": "7.0.0",
        "os_patch_level": "2025-09",
        "second_addr": None,
        "ramdisk_addr": None,
    },
    "mtk-baidurom-v970-boot.img": {
        "board": "B05",
        "wrapper": "mtk",
        "mtk_label_kernel": "KERNEL",
        "mtk_label_ramdisk": "ROOTFS",
        "id_recipe": "unknown",
    },
    "xiaomi-vayu-edk2-v2.img": {
        "header_version": 2,
        "dtb_addr": 0x1F00000,
        "kernel_addr": 0x8000,
        "os_version": "10.0.0",
        "os_patch_level": "2021-11",
        "dtb_placement": "dtb",
    },
    "xiaomi-lithium-edk2-uefi-a.img": {"id_recipe": "zero"},
    "pmbootstrap-test-normal-boot.img": {"id_recipe": "lineage-sha1", "tags_addr": 0x8E000000},
    "pmbootstrap-test-qcdt-boot.img": {"boot_format": "v0-dt", "id_recipe": "aosp-sha1"},
    "pmbootstrap-test-dtb-second-boot.img": {"dtb_placement": "second", "second_size": 72, "kernel_addr": 0x8000},
    "cuttlefish-13-init_boot.img": {
        "header_version": 4,
        "page_size": 4096,
        "os_version": "12.0.0",
        "os_patch_level": "2022-05",
        "avb": "2",
        "kernel_addr": None,
    },
}


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_a_real_image_opens_and_writes_back_identically(path: Path) -> None:
    with pmport.open(real(path)) as image:
        assert isinstance(image, BootImage)
        assert bytes(image) == path.read_bytes()
        assert image.size == path.stat().st_size
        assert "boot image" in str(image.view())


@pytest.mark.parametrize("name", FACTS)
def test_a_real_image_tells_its_facts(name: str) -> None:
    with pmport.open(real(BOOT / name)) as image:
        facts = pmport.facts.of(image)
    assert {field: facts.best(field) for field in FACTS[name]} == FACTS[name]


@pytest.mark.parametrize("name", TRUNCATED)
def test_a_truncated_image_says_what_is_missing(name: str) -> None:
    with pytest.raises(FormatError, match=f"{TRUNCATED[name]} bytes are missing") as caught:
        pmport.open(real(BOOT / name))
    assert caught.value.field == "kernel_size"
    assert caught.value.offset == 8


def test_a_mediatek_ramdisk_that_is_one_byte_shorter_than_counted_is_complete_by_its_own_header() -> None:
    with pmport.open(real(BOOT / "mtk-baidurom-v970-boot.img")) as image:
        assert [finding.code for finding in image.findings()] == ["section-short"]


# ----- the outside judge

ARGUMENTS: dict[str, tuple[int, dict[str, Any]]] = {
    "plain": (0, {}),
    "second": (0, {"second": b"s" * 5000}),
    "addresses": (0, {"base": 0x80000000, "pagesize": 4096, "tags_offset": 0xE000000}),
    "texts": (0, {"board": "bullhead", "cmdline": "a" * 400, "os_version": "8.1.0", "os_patch_level": "2018-12"}),
    "long cmdline": (0, {"cmdline": "b" * 900}),
    "v1": (1, {"second": b"s" * 100}),
    "v2": (2, {"dtb": b"\xd0\x0d\xfe\xed" + bytes(900), "dtb_offset": 0x2F00000}),
    "v3": (3, {"cmdline": "c" * 1200, "os_version": "11", "os_patch_level": "2021-02"}),
}


def judged(tmp_path: Path, program: str, version: int, options: dict[str, Any]) -> Path:
    """Let mkbootimg make an image."""
    command = [program, "--header_version", str(version), "-o", str(tmp_path / "boot.img")]
    for name, value in ({"kernel": b"k" * 70001, "ramdisk": b"r" * 3000} | options).items():
        if isinstance(value, bytes):
            (tmp_path / name).write_bytes(value)
            value = tmp_path / name  # noqa: PLW2901 - the file stands for its bytes
        command += [f"--{name}", str(value)]
    subprocess.run(command, check=True, timeout=60)
    return tmp_path / "boot.img"


def built(version: int, options: dict[str, Any], **more: Any) -> BootImage:
    """Build what mkbootimg would, from its own options."""
    parts: dict[str, Any] = {"kernel": b"k" * 70001, "ramdisk": b"r" * 3000} | options
    base = parts.pop("base", 0x10000000)
    arguments: dict[str, Any] = dict(more)
    renamed = {"board": "name", "pagesize": "page_size"}
    for name, value in parts.items():
        if name.endswith("_offset"):
            arguments[name.replace("_offset", "_addr")] = base + value
        else:
            arguments[renamed.get(name, name)] = value
    offsets = {"kernel": 0x8000, "ramdisk": 0x1000000, "second": 0xF00000, "tags": 0x100, "dtb": 0x1F00000}
    for name, offset in offsets.items():
        if name != "second" or "second" in parts:
            arguments.setdefault(f"{name}_addr", base + offset)
    return BootImage.build(header_version=version, **arguments)


@pytest.mark.judge
@pytest.mark.parametrize("case", ARGUMENTS)
def test_what_is_built_equals_debians_mkbootimg(case: str, tmp_path: Path) -> None:
    version, options = ARGUMENTS[case]
    path = judged(tmp_path, judge("mkbootimg", "mkbootimg"), version, options)
    image = built(version, options, full_cmdline_field=True, header_size=1596 if version == 3 else None)
    assert bytes(image) == path.read_bytes()


@pytest.mark.judge
@pytest.mark.online
@pytest.mark.parametrize(
    ("version", "options"),
    [
        *ARGUMENTS.values(),
        (1, {"recovery_dtbo": b"o" * 5000, "second": b"s" * 100}),
        (2, {"recovery_dtbo": b"o" * 3, "dtb": b"d", "cmdline": "x" * 1534, "dtb_offset": 0x1_0000_0000}),
        (4, {"cmdline": "y" * 1535, "os_version": "13.0.1", "os_patch_level": "2023-07"}),
        (4, {"ramdisk": b""}),
    ],
)
def test_what_is_built_equals_debian_13s_mkbootimg(
    version: int, options: dict[str, Any], newer_tools: Path, tmp_path: Path
) -> None:
    path = judged(tmp_path, str(newer_tools / "mkbootimg"), version, options)
    assert bytes(built(version, options)) == path.read_bytes()


@pytest.mark.judge
@pytest.mark.parametrize("case", ARGUMENTS)
def test_sections_are_those_that_unpack_bootimg_gives(case: str, tmp_path: Path) -> None:
    version, options = ARGUMENTS[case]
    path = judged(tmp_path, judge("mkbootimg", "mkbootimg"), version, options)
    command = [judge("unpack_bootimg", "mkbootimg"), "--boot_img", str(path), "--out", str(tmp_path / "out")]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    image = BootImage.parse(path.read_bytes())
    for file in (tmp_path / "out").iterdir():
        assert image.content(file.name).read() == file.read_bytes()
    assert f"boot image header version: {image.header_version}\n" in said
    if version < 3:
        assert f"kernel load address: {image.kernel_addr:#x}\n" in said
        assert f"kernel tags load address: {image.tags_addr:#x}\n" in said
        assert f"page size: {image.page_size}\n" in said
    if version == 2:
        assert f"dtb address: {image.dtb_addr:#x}\n" in said


@pytest.mark.judge
@pytest.mark.parametrize("path", [path for path in REAL if "qcdt" not in path.name], ids=lambda path: path.name)
def test_a_real_images_fields_are_those_that_unpack_bootimg_prints(path: Path, tmp_path: Path) -> None:
    command = [judge("unpack_bootimg", "mkbootimg"), "--boot_img", str(real(path)), "--out", str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    image = BootImage.parse(path.read_bytes())
    header = image.header
    expected = {
        "kernel_size": header.kernel_size,
        "ramdisk size": header.ramdisk_size,
        "os version": image.os_version or "0.0.0",
        "os patch level": image.os_patch_level or "2000-00",
    }
    if header.header_version < 3:
        expected |= {
            "kernel load address": f"{header.kernel_addr:#x}",
            "ramdisk load address": f"{header.ramdisk_addr:#x}",
            "second bootloader size": header.second_size,
            "second bootloader load address": f"{header.second_addr:#x}",
            "kernel tags load address": f"{header.tags_addr:#x}",
            "page size": header.page_size,
            "product name": image.name,
        }
    if header.header_version == 2:
        expected |= {"dtb size": header.dtb_size, "dtb address": f"{header.dtb_addr:#x}"}
    printed = dict(line.split(": ", 1) for line in said if ": " in line)
    assert {key: printed[key] for key in expected} == {key: str(value) for key, value in expected.items()}
    for file in tmp_path.iterdir():
        assert image.content(file.name).read() == file.read_bytes()


# ----- made-up images

SECTIONS = st.binary(max_size=300)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=600)


@given(
    version=st.integers(0, 4),
    sections=st.fixed_dictionaries(
        dict.fromkeys(("kernel", "ramdisk", "second", "recovery_dtbo", "boot_signature"), SECTIONS)
    ),
    dtb=st.binary(min_size=1, max_size=300),
    cmdline=TEXTS,
    page_size=st.sampled_from([2048, 4096, 131072]),
    addresses=st.lists(st.integers(0, 0xFFFFFFFF), min_size=4, max_size=4),
    dtb_addr=st.integers(0, 2**64 - 1),
    recipe=st.sampled_from(["aosp-sha1", "lineage-sha1", "sha256", "zero"]),
)
def test_parts_come_back_as_they_were(
    version: int,
    sections: dict[str, bytes],
    dtb: bytes,
    cmdline: str,
    page_size: int,
    addresses: list[int],
    dtb_addr: int,
    recipe: str,
) -> None:
    from pmport.formats.boot.build import KNOWN  # noqa: PLC0415

    parts: dict[str, Any] = {name: data for name, data in {**sections, "dtb": dtb}.items() if name in KNOWN[version]}
    names = ("kernel_addr", "ramdisk_addr", "second_addr", "tags_addr")
    fields: dict[str, Any] = dict(zip(names, addresses, strict=True))
    image = BootImage.build(
        **parts,
        header_version=version,
        page_size=None if version >= 3 else page_size,
        cmdline=cmdline,
        dtb_addr=dtb_addr,
        id_recipe=recipe,
        **fields,
    )
    again = BootImage.parse(bytes(image))
    assert bytes(again) == bytes(image)
    assert {name: again.content(name).read() for name in parts} == parts
    assert again.cmdline == cmdline
    if version < 3:
        assert again.id_recipe == recipe
        assert [getattr(again, name) for name in names] == addresses
    if version == 2:
        assert again.dtb_addr == dtb_addr


def test_bytes_that_are_no_utf8_survive_in_command_line_and_name() -> None:
    image = BootImage.build(b"k", cmdline="a\udcff", name="\udc80")
    assert (image.cmdline, image.name) == ("a\udcff", "\udc80")
    assert BootImage.parse(bytes(image)).header.cmdline_field.startswith(b"a\xff\0")


def test_a_vendors_dt_is_told_from_a_version() -> None:
    image = BootImage.parse(bytes(BootImage.build(b"k", dt=b"QCDT" + bytes(996))))
    assert (image.header_version, image.dt.size, image.variant) == (0, 1000, "v0-dt")


def samsung(layout: Layout, *, identifier: bytes) -> bytes:
    """An image with one of Samsung's headers, written from the sheet's offsets."""
    page = bytearray(2048)
    page[:8] = b"ANDROID!"
    name_at, name_size = (48, 24) if layout is Layout.PXA else (48, 20)
    if layout is Layout.PXA:
        struct.pack_into("<10I", page, 8, 3, 0x8000, 0, 0, 0, 0, 5, 0x03000000, 0x100, 2048)
    else:
        struct.pack_into("<8I", page, 8, 3, 0x8000, 0, 0, 0, 0, 0x100, 2048)
    page[name_at : name_at + 4] = b"name"
    cmdline_at = name_at + name_size
    page[cmdline_at : cmdline_at + 5] = b"quiet"
    page[cmdline_at + 512 : cmdline_at + 512 + len(identifier)] = identifier
    return bytes(page) + b"kkk".ljust(2048, b"\0") + (b"ddddd".ljust(2048, b"\0") if layout is Layout.PXA else b"")


def test_samsungs_pxa_header() -> None:
    image = BootImage.parse(samsung(Layout.PXA, identifier=bytes(20)))
    assert (image.variant, image.name, image.cmdline, image.dt.read()) == ("samsung-pxa", "name", "quiet", b"ddddd")
    assert image.page_size == 2048


def test_samsungs_name_of_20_bytes_is_found_by_the_id() -> None:
    identifier = BootImage.build(b"kkk").id[:20]
    image = BootImage.parse(samsung(Layout.NAME20, identifier=identifier))
    assert (image.variant, image.cmdline, image.id_recipe) == ("samsung-name20", "quiet", "aosp-sha1")


def test_amonets_microloader_shares_the_page_with_the_header() -> None:
    image = bytearray(bytes(BootImage.build(b"kernel", page_size=4096)))
    image[1024:4096] = image[: 4096 - 1024]
    image[:1024] = b"microloader".ljust(1024, b"\x01")
    node = pmport.open(bytes(image))
    assert isinstance(node, BootImage)
    assert node.kernel.read() == b"kernel"
    assert bytes(node) == bytes(image)


# ----- broken images

GOOD = bytes(BootImage.build(b"k" * 5000, b"r" * 3000, dtb=b"d" * 100, header_version=2))


def broken(offset: int, value: int) -> bytes:
    image = bytearray(GOOD)
    struct.pack_into("<I", image, offset, value)
    return bytes(image)


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (GOOD[:8], "header", 8),
        (GOOD[:1000], "header", 1000),
        (GOOD[:1700], "page_size", 1700),
        (broken(36, 0), "page_size", 36),
        (broken(36, 3), "page_size", 36),
        (broken(8, 0xFFFFFFFF), "kernel_size", 8),
        (broken(16, 1 << 20), "ramdisk_size", 16),
        (broken(1648, 1 << 20), "dtb_size", 1648),
        (broken(40, 9), "header_version", 40),
        (broken(40, 100), "header_version", 40),
        (broken(40, 1 << 20), "dt_size", 40),
        (b"", "magic", 0),
    ],
)
def test_a_broken_image_gives_one_kind_of_error_with_field_and_offset(data: bytes, field: str, offset: int) -> None:
    with pytest.raises(FormatError) as caught:
        BootImage.parse(data)
    assert (caught.value.field, caught.value.offset) == (field, offset)


@given(st.binary(max_size=200), st.integers(0, 1700))
def test_whatever_is_written_into_an_image_gives_an_image_or_a_format_error(patch: bytes, offset: int) -> None:
    data = GOOD[:offset] + patch + GOOD[offset + len(patch) :]
    try:
        image = BootImage.parse(data)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - both outcomes are right
    else:
        assert bytes(image) == data


@pytest.mark.parametrize(
    "arguments",
    [
        {"header_version": 9},
        {"header_version": 2},
        {"header_version": 3, "second": b"x"},
        {"header_version": 3, "page_size": 2048},
        {"page_size": 1000},
        {"cmdline": "x" * 1535},
        {"name": "x" * 17},
        {"kernel_addr": 1 << 32},
        {"dt": b"abc"},
        {"os_version": "200"},
        {"os_patch_level": "2021-13"},
        {"id_recipe": "md5"},
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(arguments: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        BootImage.build(b"kernel", **arguments)


@given(st.binary(min_size=1660, max_size=1660))
def test_both_ways_to_read_a_header_agree(data: bytes) -> None:
    for layout in Layout:
        parsed = declaration(layout).parse(data)
        assert reader(layout).unpack_from(data) == tuple(parsed[name] for name, _ in FIELDS[layout])


def test_the_declarations_stand_where_the_specification_has_them() -> None:
    sizes = [declaration(layout).sizeof() for layout in Layout]
    assert sizes == [1632, 1648, 1660, 1580, 1584, 1640, 1636]
    assert field_offset(Layout.V2, "dtb_addr") == 1652
    assert field_offset(Layout.V4, "signature_size") == 1580
    assert field_offset(Layout.PXA, "extra_field") == 616


def test_a_section_of_an_open_file_is_read_when_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(GOOD)
    with pmport.open(path) as image:
        assert isinstance(image, BootImage)
        assert isinstance(image.kernel, Section)
        assert image.kernel.source.name == str(path)
