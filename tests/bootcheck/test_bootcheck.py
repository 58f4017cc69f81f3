"""What would keep an image from booting is found, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from damaged_images import arm64, ramdisk
from support import CORPUS, corpus_files, real

import pmport
from pmport.bootcheck import check
from pmport.bootcheck.profiles import PROFILES
from pmport.cli import main
from pmport.cli.bootcheck import size
from pmport.errors import FormatError, RecordError
from pmport.findings import Severity
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.formats.streams.codecs import compress
from pmport.node import Data
from pmport.section import Section

BOOT = CORPUS / "boot"
BROKEN = {
    "pmbootstrap-test-boot-header-v2.img",
    "pmbootstrap-test-boot-header-v3.img",
    "pmbootstrap-test-kernel-boot.img",
}


def codes(image: BootImage | VendorBoot, **options: Any) -> list[str]:
    return [finding.code for finding in check(image, **options)]


KERNEL, DISK = arm64(), ramdisk()
GOOD = BootImage.build(KERNEL, DISK, page_size=4096)


def test_a_good_image_has_nothing_against_it() -> None:
    assert codes(GOOD) == []
    assert codes(GOOD, against=GOOD, partition_size=1 << 20) == []


@pytest.mark.parametrize(
    ("image", "options", "code"),
    [
        (GOOD, {"partition_size": 8192}, "partition-size"),
        (BootImage.build(b"", b"r"), {}, "no-kernel"),
        (BootImage.build(b"k"), {}, "no-ramdisk"),
        (BootImage.build(b"k" * 99, b"r", kernel_addr=0x8000, ramdisk_addr=0x8010), {}, "load-overlap"),
        (BootImage.build(arm64(memory=0x3000000), b"r"), {}, "load-overlap"),
        (BootImage.build(b"k" * 99, b"r", kernel_addr=0x8000, tags_addr=0x8001), {}, "tags-overlap"),
        (BootImage.build(b"k", b"r", header_version=2, dtb=b"d", dtb_addr=0x11000000), {}, "load-overlap"),
        (BootImage.build(bytes(0x24) + b"\x18\x28\x6f\x01", b"r", cmdline="x" * 1024), {}, "cmdline-too-long"),
        (BootImage.build(b"k", b"r", cmdline="x" * 600), {"profile": "lk"}, "cmdline-first-field"),
        (BootImage.build(b"k", b"r", header_version=3), {"profile": "lk"}, "header-version"),
        (BootImage.build(b"k", b"r", page_size=131072), {"profile": "lk"}, "page-size"),
        (BootImage.build(compress(KERNEL, "lz4-legacy"), b"r"), {"profile": "abl"}, "kernel-compressed"),
        (BootImage.build(compress(KERNEL, "gzip"), b"r"), {"profile": "samsung"}, "kernel-compressed"),
        (GOOD, {"profile": "samsung"}, "mark-missing"),
        (GOOD, {"profile": "mtk"}, "mtk-header-missing"),
        (GOOD, {"profile": "lk"}, "dtb-missing"),
        (BootImage.build(b"k", b"r", page_size=2048), {"against": GOOD}, "page-size"),
        (BootImage.build(b"k", b"r", header_version=1, page_size=4096), {"against": GOOD}, "header-version"),
        (GOOD.replace(kernel_addr=0x80008000), {"against": GOOD}, "kernel-addr"),
        (GOOD, {"against": GOOD.replace(os_version="9", os_patch_level="2020-01")}, None),
        (
            GOOD.replace(os_patch_level="2019-12"),
            {"against": GOOD.replace(os_patch_level="2020-01")},
            "os-patch-level",
        ),
        (GOOD, {"against": GOOD.replace(cmdline="androidboot.hardware=qcom")}, "cmdline"),
        (GOOD, {"against": VendorBoot.build(b"r")}, "kind"),
        (GOOD, {"against": BootImage.parse(bytes(GOOD) + b"SEANDROIDENFORCE")}, "wrapper-missing"),
        (
            GOOD,
            {"against": BootImage.build(bytes(MtkImage.build(b"k", "KERNEL")), b"r", page_size=4096)},
            "mtk-header-missing",
        ),
    ],
)
def test_each_trouble_is_found(image: BootImage, options: dict[str, Any], code: str | None) -> None:
    found = codes(image, **options)
    assert code in found if code else not found


def test_a_bootloader_that_ignores_addresses_does_not_mind_them() -> None:
    image = BootImage.build(b"k" * 99, b"r", page_size=4096, kernel_addr=0x8000, ramdisk_addr=0x8010)
    assert "load-overlap" not in codes(image, profile="abl")


def test_device_tree_ids_of_the_stock_image_are_missed() -> None:
    stock = pmport.open(real(BOOT / "xiaomi-vayu-edk2-v2.img"))
    assert isinstance(stock, BootImage)
    other = stock.replace(dtb=b"\xd0\x0d\xfe\xed" + bytes(100))
    found = check(other, against=stock)
    assert [finding.code for finding in found if finding.severity is Severity.ERROR] == [
        "dtb-damaged",
        "dtb-ids",
        "dtb-ids",
    ]
    assert "339 131072" in found[1].fix


def test_verified_boot_data_that_does_not_fit_is_found() -> None:
    stock = pmport.open(real(BOOT / "cuttlefish-13-init_boot.img"))
    assert isinstance(stock, BootImage)
    assert codes(stock) == []
    stale = BootImage.parse(bytes(stock.replace(ramdisk=ramdisk("lz4-legacy"))))
    assert "avb-stale" in codes(stale, against=stock)
    assert codes(stock.replace(ramdisk=ramdisk("lz4-legacy"), avb="none")) == []
    bare = BootImage.build(b"", stock.ramdisk, header_version=4)
    assert "avb-missing" in codes(bare, against=stock)
    broken = bytearray(bytes(stock))
    broken[stock.children[1].offset + 123] ^= 1
    assert "avb-signature" in codes(BootImage.parse(bytes(broken)))


@pytest.mark.parametrize(
    "path", [path for path in corpus_files("boot") if path.name not in BROKEN], ids=lambda path: path.name
)
def test_a_real_image_is_no_worse_than_itself(path: Path) -> None:
    with pmport.open(real(path)) as image, pmport.open(path) as stock:
        found = check(image, against=stock, partition_size=path.stat().st_size)
    errors = [finding.code for finding in found if finding.severity is Severity.ERROR]
    assert errors == []


@pytest.mark.parametrize("path", corpus_files("boot"), ids=lambda path: path.name)
def test_nothing_keeps_a_real_image_from_booting(path: Path) -> None:
    """By itself, without its like beside it; the small images that programs are tested with are none."""
    if "test" in path.name or "abootimg" in path.name:
        pytest.skip("An image that no phone boots")
    with pmport.open(real(path)) as image:
        found = check(image)
    assert [str(finding) for finding in found if finding.severity is Severity.ERROR] == []


def test_what_is_no_boot_image_is_refused() -> None:
    with pytest.raises(FormatError, match="no boot image"):
        check(Data(Section.of(b"x")))
    with pytest.raises(RecordError, match="lk, abl"):
        check(GOOD, profile="lilo")


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_gives_its_source(profile: str) -> None:
    assert PROFILES[profile].source


@pytest.mark.parametrize(("text", "number"), [("8192", 8192), ("0x2000", 8192), ("32M", 32 << 20), ("32MiB", 32 << 20)])
def test_sizes_are_read(text: str, number: int) -> None:
    assert size(text) == number


def test_the_command_prints_findings_and_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(GOOD))
    with pytest.raises(SystemExit) as caught:
        main(["bootcheck", str(path), "--partition-size", "8K", "--against", str(path), "--json"])
    assert caught.value.code == 1
    assert [row["code"] for row in json.loads(capsys.readouterr().out)["findings"]] == ["partition-size"]
    with pytest.raises(SystemExit) as caught:
        main(["bootcheck", str(path), "--partition-size", "much"])
    assert caught.value.code == 2
