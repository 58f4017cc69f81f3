"""U-Boot's images: as mkimage makes them, and dumpimage reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.packages.fit import FitImage
from pmport.formats.packages.uimage import UImage


def mkimage(folder: Path, *arguments: str) -> None:
    program = judge("mkimage", "u-boot-tools")
    subprocess.run([program, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    (tmp_path / "kernel").write_bytes(b"a kernel" * 100)
    (tmp_path / "ramdisk").write_bytes(b"a ramdisk of odd length")
    return tmp_path


@pytest.mark.judge
@pytest.mark.parametrize("kind", ["kernel", "ramdisk", "script", "firmware"])
def test_an_image_is_the_one_that_mkimage_makes(kind: str, parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "12345")
    options = ("-A", "arm64", "-O", "linux", "-T", kind, "-C", "gzip", "-a", "80008000", "-e", "80008040", "-n", "name")
    mkimage(parts, *options, "-d", "kernel", "out")
    theirs = (parts / "out").read_bytes()
    image = UImage.parse(theirs)
    assert (image.name, image.load, image.entry, image.findings()) == ("name", 0x80008000, 0x80008040, ())
    content = (parts / "kernel").read_bytes() if kind != "script" else image["payload"].section().read()
    made = UImage.build(
        content,
        load=0x80008000,
        entry=0x80008040,
        name="name",
        kind=kind,
        architecture="arm64",
        compression="gzip",
        time=12345,
    )
    assert bytes(made) == theirs


@pytest.mark.judge
def test_a_multi_file_image_is_the_one_that_mkimage_makes(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    mkimage(
        parts,
        "-A",
        "arm",
        "-O",
        "linux",
        "-T",
        "multi",
        "-C",
        "none",
        "-a",
        "0",
        "-e",
        "0",
        "-n",
        "m",
        "-d",
        "ramdisk:kernel",
        "out",
    )
    image = UImage.parse((parts / "out").read_bytes())
    files = [(parts / name).read_bytes() for name in ("ramdisk", "kernel")]
    assert [image[f"file.{number}"].section().read() for number in (0, 1)] == files
    assert bytes(UImage.build(*files, load=0, entry=0, name="m", time=1)) == (parts / "out").read_bytes()


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), st.binary(max_size=5))
def test_what_is_built_is_read_back_and_a_tail_is_kept(files: list[bytes], tail: bytes) -> None:
    image = UImage.parse(bytes(UImage.build(*files, load=1, entry=2)) + tail)
    names = ["payload"] if len(files) == 1 else [f"file.{number}" for number in range(len(files))]
    assert [image[name].section().read() for name in names] == files
    assert bytes(image) == bytes(UImage.build(*files, load=1, entry=2)) + tail


def test_a_real_ramdisk_for_uboot_is_opened_to_its_files() -> None:
    path = real(CORPUS / "uimage/nook-encore-uRamdisk")
    with pmport.open(path) as image:
        assert isinstance(image, UImage)
        assert bytes(image) == path.read_bytes()
        assert dict(image.describe())["type"] == "ramdisk"
        assert any(node.KIND == "ramdisk" for _, node in image.walk())


def test_a_wrong_checksum_and_a_cut_image_are_told() -> None:
    data = bytearray(bytes(UImage.build(b"payload!", load=0, entry=0)))
    data[-1] ^= 1
    assert [finding.code for finding in UImage.parse(bytes(data)).findings()] == ["crc"]
    with pytest.raises(FormatError, match="ends at 66"):
        UImage.parse(bytes(data[:66]))
    with pytest.raises(FormatError, match="64 bytes"):
        UImage.parse(bytes(data[:10]))


ITS = """/dts-v1/;
/ {
    description = "a FIT"; #address-cells = <1>;
    images {
        kernel-1 { description = "Linux"; data = /incbin/("kernel"); type = "kernel"; arch = "arm64"; os = "linux"; compression = "none";
            load = <0x80000>; entry = <0x80000>; hash-1 { algo = "sha256"; }; };
        ramdisk-1 { data = /incbin/("ramdisk"); type = "ramdisk"; arch = "arm64"; os = "linux"; compression = "none"; hash-1 { algo = "crc32"; }; };
    };
    configurations { default = "conf-1"; conf-1 { kernel = "kernel-1"; ramdisk = "ramdisk-1"; }; };
};"""


@pytest.mark.judge
@pytest.mark.parametrize("options", [(), ("-E",), ("-E", "-p", "0x2000")], ids=["inside", "behind", "at a position"])
def test_a_fit_of_mkimage_is_taken_apart(options: tuple[str, ...], parts: Path) -> None:
    (parts / "a.its").write_text(ITS, encoding="utf-8")
    judge("dtc", "device-tree-compiler")
    mkimage(parts, "-f", "a.its", *options, "a.itb")
    data = (parts / "a.itb").read_bytes()
    with pmport.open(parts / "a.itb") as image:
        assert isinstance(image, FitImage)
        assert image["kernel-1"].section().read() == (parts / "kernel").read_bytes()
        assert image["ramdisk-1"].section().read() == (parts / "ramdisk").read_bytes()
        assert image.configurations == {"conf-1": {"kernel": ("kernel-1",), "ramdisk": ("ramdisk-1",)}}
        assert image.findings() == ()
        assert bytes(image) == data
    broken = data.replace(b"a kernel", b"A kernel")
    assert [finding.where for finding in FitImage.parse(broken).findings()] == ["kernel-1"]


def test_a_device_tree_is_no_fit() -> None:
    from pmport.devicetree import parse_source  # noqa: PLC0415 - only here

    assert pmport.open(bytes(parse_source("/ { images { a { x; }; }; };"))).KIND == "device tree blob"


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("changed", range(3))
def test_a_file_is_replaced_and_sums_follow(count: int, changed: int) -> None:
    files = [bytes([65 + number]) * (100 + number) for number in range(count)]
    old = UImage.build(*files, load=0x8000, entry=0x8000, name="kernel", time=7)
    name = "payload" if count == 1 else f"file.{min(changed, count - 1)}"
    files[0 if count == 1 else min(changed, count - 1)] = b"new" * 333
    new = old.replace(**{name: b"new" * 333})
    assert bytes(new) == bytes(UImage.build(*files, load=0x8000, entry=0x8000, name="kernel", time=7))
    assert not [finding for finding in new.findings() if finding.severity == "error"]
    with pytest.raises(FormatError, match="no file"):
        old.replace(other=b"x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"load": -1},
        {"entry": 1 << 32},
        {"time": -5},
        {"kind": "x"},
        {"system": "x"},
        {"compression": "x"},
        {"name": "x" * 33},
    ],
)
def test_what_does_not_fit_the_header_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        UImage.build(b"data", **{"load": 0, "entry": 0, **wrong})
    with pytest.raises(FormatError):
        UImage.build(load=0, entry=0)
