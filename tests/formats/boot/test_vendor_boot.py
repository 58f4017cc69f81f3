"""Vendor boot images: a real one, the outside judges', made-up ones, and broken ones."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.boot.vendor_image import Fragment, FragmentType, VendorBoot
from pmport.unpacking import repack, unpack

REAL = CORPUS / "boot" / "cfig-issue125-vendor_boot.img"


def real_image() -> VendorBoot:
    node = pmport.open(real(REAL))
    assert isinstance(node, VendorBoot)
    return node


def test_a_real_image_opens_and_tells_its_facts() -> None:
    image = real_image()
    assert bytes(image) == REAL.read_bytes()
    assert (image.header_version, image.page_size) == (3, 2048)
    assert image.cmdline.endswith("buildvariant=user ")
    facts = pmport.facts.of(image)
    expected = {
        "kernel_addr": 0x2080000,
        "ramdisk_addr": 0x1000000,
        "tags_addr": 0x100,
        "dtb_addr": 0x1F00000,
        "dtb_placement": "vendor_boot",
        "boot_format": "vendor_boot v3",
    }
    assert {field: facts.best(field) for field in expected} == expected
    assert "2, flags 0" in str(facts.values("avb"))


def test_a_real_image_is_edited_with_its_footer() -> None:
    image = real_image()
    same: dict[str, Any] = {child.name: child.section.read() for child in image.children}
    assert bytes(image.replace(**same)) == REAL.read_bytes()
    new = image.replace(vendor_ramdisk=b"r" * 100_000, avb="none")
    data = bytes(new)
    footer = AvbFooter.parse(data[-64:])
    blob = VbMeta.parse(data[footer.vbmeta_offset : footer.vbmeta_offset + footer.vbmeta_size])
    descriptor = blob.hash_of("vendor_boot")
    assert descriptor is not None
    assert (len(data), descriptor.image_size) == (image.size, footer.original_image_size)
    assert VendorBoot.parse(data).dtb.read() == image.dtb.read()


# ----- the outside judges

DTB = b"\xd0\x0d\xfe\xed" + bytes(900)


def judged(tmp_path: Path, program: str, *arguments: str, **files: bytes) -> bytes:
    command = [program, "--vendor_boot", str(tmp_path / "vendor_boot.img")]
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        command += [f"--{name}", str(tmp_path / name)]
    subprocess.run([*command, *arguments], check=True, timeout=60, cwd=tmp_path)
    return (tmp_path / "vendor_boot.img").read_bytes()


@pytest.mark.judge
@pytest.mark.parametrize("page_size", [2048, 4096])
def test_v3_equals_debians_mkbootimg(page_size: int, tmp_path: Path) -> None:
    program = judge("mkbootimg", "mkbootimg")
    arguments = ("--header_version", "3", "--pagesize", str(page_size), "--base", "0x40000000", "--board", "b")
    expected = judged(tmp_path, program, *arguments, "--vendor_cmdline", "quiet", vendor_ramdisk=b"r" * 5000, dtb=DTB)
    image = VendorBoot.build(
        b"r" * 5000,
        DTB,
        header_version=3,
        page_size=page_size,
        kernel_addr=0x40008000,
        ramdisk_addr=0x41000000,
        tags_addr=0x40000100,
        dtb_addr=0x41F00000,
        name="b",
        cmdline="quiet",
        header_size=2108,
    )
    assert bytes(image) == expected


@pytest.mark.judge
@pytest.mark.online
def test_v3_equals_debian_13s_mkbootimg(newer_tools: Path, tmp_path: Path) -> None:
    program = str(newer_tools / "mkbootimg")
    expected = judged(tmp_path, program, "--header_version", "3", vendor_ramdisk=b"r" * 5000, dtb=DTB)
    assert bytes(VendorBoot.build(b"r" * 5000, DTB, header_version=3)) == expected


@pytest.mark.judge
@pytest.mark.online
@pytest.mark.parametrize("with_dtb", [True, False])
def test_v4_equals_debian_13s_mkbootimg_and_unpacks_alike(newer_tools: Path, tmp_path: Path, *, with_dtb: bool) -> None:
    for name, data in {"one": b"1" * 3000, "two": b"2" * 77, "config": b"a=b\nc=d\n"}.items():
        (tmp_path / name).write_bytes(data)
    board_id = (1, 0, 0, 0xFFFFFFFF, *(0,) * 12)
    arguments = ["--header_version", "4", "--pagesize", "4096", "--vendor_bootconfig", str(tmp_path / "config")]
    arguments += ["--ramdisk_type", "dlkm", "--ramdisk_name", "modules", "--board_id0", "1"]
    arguments += ["--board_id3", "0xffffffff", "--vendor_ramdisk_fragment", str(tmp_path / "one")]
    arguments += ["--ramdisk_type", "9", "--ramdisk_name", "x" * 31, "--vendor_ramdisk_fragment", str(tmp_path / "two")]
    files = {"vendor_ramdisk": b"p" * 5000} | ({"dtb": DTB} if with_dtb else {})
    expected = judged(tmp_path, str(newer_tools / "mkbootimg"), *arguments, **files)
    image = VendorBoot.build(
        [
            Fragment("", b"p" * 5000, FragmentType.PLATFORM),
            Fragment("modules", b"1" * 3000, FragmentType.DLKM, board_id),
            Fragment("x" * 31, b"2" * 77, 9),
        ],
        DTB if with_dtb else b"",
        page_size=4096,
        bootconfig=b"a=b\nc=d\n",
    )
    assert bytes(image) == expected
    command = [str(newer_tools / "unpack_bootimg"), "--boot_img", "vendor_boot.img", "--out", "out"]
    subprocess.run(command, check=True, timeout=60, cwd=tmp_path, capture_output=True)
    for file in (tmp_path / "out").iterdir():
        if file.is_file():
            assert image.content(file.name).read() == file.read_bytes()


# ----- made-up images

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
FRAGMENTS = st.lists(
    st.builds(
        Fragment,
        NAMES.filter(lambda name: name != "default"),
        st.binary(max_size=200),
        st.integers(0, 5),
        st.lists(st.integers(0, 2**32 - 1), min_size=16, max_size=16).map(tuple),
    ),
    max_size=4,
    unique_by=lambda fragment: fragment.name,
)


@given(FRAGMENTS, st.binary(max_size=100), st.binary(max_size=100), st.sampled_from([2048, 16384]))
def test_parts_come_back_as_they_were(fragments: list[Fragment], dtb: bytes, bootconfig: bytes, page_size: int) -> None:
    image = VendorBoot.build(fragments, dtb, bootconfig=bootconfig, page_size=page_size)
    again = VendorBoot.parse(bytes(image))
    assert bytes(again) == bytes(image)
    assert [(row.name, row.section.read(), row.type, row.board_id) for row in again.fragments] == [
        (row.name, row.data, row.type, row.board_id) for row in fragments
    ]
    assert (again.dtb.read(), again.content("bootconfig").read()) == (dtb, bootconfig)


def image() -> VendorBoot:
    return VendorBoot.build(
        [Fragment("", b"p" * 3000, FragmentType.PLATFORM), Fragment("dlkm", b"m" * 500, FragmentType.DLKM)],
        b"dtb",
        bootconfig=b"a=b\n",
        cmdline="quiet",
    )


def test_a_fragment_is_replaced_by_name_and_the_table_follows() -> None:
    new = image().replace(fragments={"": b"P" * 9000})
    expected = VendorBoot.build(
        [Fragment("", b"P" * 9000, FragmentType.PLATFORM), Fragment("dlkm", b"m" * 500, FragmentType.DLKM)],
        b"dtb",
        bootconfig=b"a=b\n",
        cmdline="quiet",
    )
    assert bytes(new) == bytes(expected)
    assert new.fragments[0].section.size == 9000


def test_dtb_and_bootconfig_come_and_go() -> None:
    bare = image().replace(dtb=b"", bootconfig=b"")
    assert (bare.dtb.size, bare.bootconfig) == (0, "")
    assert bytes(bare.replace(dtb=b"dtb", bootconfig=b"a=b\n")) == bytes(image())


def test_an_unpacked_image_takes_changed_files_and_fields(tmp_path: Path) -> None:
    unpack(image(), tmp_path)
    (tmp_path / "vendor_ramdisk01").write_bytes(b"new")
    manifest = tmp_path / "pmport.toml"
    manifest.write_text(manifest.read_text().replace('"quiet"', '"debug"'))
    assert bytes(repack(tmp_path)) == bytes(image().replace(fragments={"dlkm": b"new"}, cmdline="debug"))


def test_the_trailer_of_a_bootconfig_is_no_part_of_it() -> None:
    text = b"androidboot.x=y\n"
    trailer = struct.pack("<II", len(text), sum(text)) + b"#BOOTCONFIG\n"
    assert VendorBoot.build(b"r", bootconfig=text + trailer).bootconfig == text.decode()


GOOD = bytes(image())


def broken(offset: int, value: int) -> bytes:
    data = bytearray(GOOD)
    struct.pack_into("<I", data, offset, value)
    return bytes(data)


TABLE = 4096 + 4096 + 2048


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (GOOD[:20], "header"),
        (GOOD[:3000], "ramdisk_size"),
        (broken(8, 5), "header_version"),
        (broken(12, 1000), "page_size"),
        (broken(24, 1 << 30), "ramdisk_size"),
        (broken(24, 3400), "ramdisk_size"),
        (broken(2100, 1 << 30), "dtb_size"),
        (broken(2112, 1 << 30), "ramdisk_table_size"),
        (broken(2116, 1 << 30), "vendor_ramdisk_table_entry_num"),
        (broken(2120, 4), "vendor_ramdisk_table_entry_num"),
        (broken(2124, 1 << 30), "bootconfig_size"),
        (broken(TABLE + 108 + 4, 5), "ramdisk_offset"),
        (broken(TABLE + 108, 1 << 31), "ramdisk_size"),
    ],
)
def test_a_broken_image_names_the_field(data: bytes, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        VendorBoot.parse(data)
    assert caught.value.field == field
    assert caught.value.offset is not None


@given(st.binary(max_size=64), st.one_of(st.integers(0, 64), st.integers(2070, 2130), st.integers(TABLE, TABLE + 216)))
def test_a_damaged_image_gives_an_image_or_a_format_error(patch: bytes, offset: int) -> None:
    data = GOOD[:offset] + patch + GOOD[offset + len(patch) :]
    try:
        parsed = VendorBoot.parse(data)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - both outcomes are right
    else:
        assert bytes(parsed) == data


@pytest.mark.parametrize(
    "arguments",
    [
        {"header_version": 5},
        {"page_size": 5},
        {"cmdline": "x" * 2048},
        {"header_version": 3, "bootconfig": b"a=b"},
        {"ramdisks": [Fragment("default", b"")]},
        {"ramdisks": [Fragment("a", b""), Fragment("a", b"")]},
        {"ramdisks": [Fragment("a" * 33, b"")]},
        {"ramdisks": [Fragment("a", b"", 0, (1,))]},
        {"ramdisks": [Fragment("a", b""), Fragment("b", b"")], "header_version": 3},
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        VendorBoot.build(**({"ramdisks": b"r"} | arguments))


def test_edits_that_do_not_fit_are_refused() -> None:
    with pytest.raises(FormatError, match="no fragment"):
        image().replace(fragments={"nothing": b""})
    with pytest.raises(FormatError, match="more than the partition"):
        image().replace(dtb=b"d" * 9000, partition_size=12288)
    with pytest.raises(TypeError, match="kernel"):
        image().replace(kernel=b"")  # type: ignore[call-arg]
