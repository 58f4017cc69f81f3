"""A draft takes from an image what it tells, asks for the rest, and invents nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import CORPUS, judge, real

import pmport
from pmport import demo, device_db, generate
from pmport.errors import RecordError
from pmport.facts import Certainty, DeviceFacts, Fact
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import Schema, lint

SAID = {"name": "Test Phone", "manufacturer": "Test", "year": 2015, "chassis": "handset", "flash_method": "fastboot"}
STOCK = ("samsung-crespo-boot.img", "xiaomi-vayu-edk2-v2.img", "mtk-baidurom-v970-boot.img")
PRINTED = {
    "kernel": "kernel load address",
    "ramdisk": "ramdisk load address",
    "second": "second bootloader load address",
    "tags": "kernel tags load address",
    "dtb": "dtb address",
}


def draft_of(path: Path) -> device_db.Draft:
    with pmport.open(path) as image:
        return device_db.draft(pmport.facts.of(image), codename="test-phone", **SAID)


@pytest.mark.corpus
@pytest.mark.parametrize("name", STOCK)
def test_a_stock_image_becomes_a_deviceinfo_without_a_finding_that_is_not_asked_for(name: str) -> None:
    draft = draft_of(real(CORPUS / "boot" / name))
    info = DeviceInfo.parse(generate.deviceinfo(draft.device, draft.questions))
    asked = {question.key for question in draft.needed}
    assert not [finding for finding in lint(info) if finding.where not in asked]
    assert set(info) | {question.key for question in draft.questions} >= set(Schema.shipped().live)


@pytest.mark.corpus
@pytest.mark.judge
@pytest.mark.parametrize("name", STOCK)
def test_its_boot_keys_are_what_unpack_bootimg_prints(tmp_path: Path, name: str) -> None:
    path = real(CORPUS / "boot" / name)
    program = judge("unpack_bootimg", "mkbootimg")
    printed = subprocess.run(
        [program, "--boot_img", path, "--out", tmp_path], capture_output=True, text=True, check=True
    ).stdout
    theirs = dict(re.findall(r"^(.*?): (.*)$", printed, re.MULTILINE))
    values = generate.deviceinfo_values(draft_of(path).device)
    base = int(values.get("flash_offset_base", "0x10000000"), 16)
    for key, label in PRINTED.items():
        if f"flash_offset_{key}" in values:
            assert base + int(values[f"flash_offset_{key}"], 16) == int(theirs[label], 16)
        else:
            assert int(theirs.get(label, "0"), 16) == 0, f"{key} was told by the image and left out"
    assert values["flash_pagesize"] == theirs["page size"]
    assert values.get("header_version", "0") == theirs["boot image header version"]


def test_every_value_names_its_evidence() -> None:
    draft = device_db.draft(pmport.facts.of(demo.stock_image()), codename="test-phone", **SAID)
    fact = draft.evidence["boot.page_size"]
    assert fact is not None
    assert (fact.source, fact.offset) == ("boot image header", 36)
    assert draft.evidence["year"] is None
    assert "you" in str(draft.view())


def test_what_identifies_the_phone_stays_out_of_the_package() -> None:
    draft = device_db.draft(pmport.facts.of(demo.stock_image()), codename="test-phone", **SAID)
    assert draft.device.package.cmdline == ("console=ttyMSM0,115200n8", "androidboot.hardware=qcom")


def test_without_any_fact_everything_is_asked() -> None:
    draft = device_db.draft(DeviceFacts(), codename="test-phone")
    assert {question.key for question in draft.needed} >= {
        "name",
        "year",
        "arch",
        "flash_pagesize",
        "flash_offset_kernel",
    }
    package = generate.device_package(draft.device, draft.questions)
    assert 'arch=""' in package["APKBUILD"]
    assert "# name: what is it sold as?" in package["deviceinfo"]


def test_a_codename_that_pmaports_would_refuse_is_refused() -> None:
    with pytest.raises(RecordError, match="<vendor>-<name>"):
        device_db.draft(DeviceFacts(), codename="Nokia N900")
    with pytest.raises(RecordError, match="no such key"):
        device_db.draft(DeviceFacts(), codename="a-b", colour="red")


def test_the_package_is_one_that_abuild_accepts() -> None:
    device = device_db.load("xiaomi-vayu")
    package = generate.device_package(device)
    script = package["APKBUILD"] + '\nprintf "%s\\n" "$pkgname" $depends == $subpackages == $source'
    shell = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    depends, subpackages, sources = shell.stdout.split("==\n")
    assert depends.split()[0] == "device-xiaomi-vayu"
    assert "mkbootimg" in depends.split()
    assert subpackages.split() == [
        "device-xiaomi-vayu-kernel-tianma:kernel_tianma",
        "device-xiaomi-vayu-kernel-huaxing:kernel_huaxing",
    ]
    assert sources.split() == ["deviceinfo", "modules-initfs"]


def test_the_checksums_are_those_of_the_files(tmp_path: Path) -> None:
    package = generate.device_package(device_db.load("nokia-n900"))
    for name, text in package.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    sums = package["APKBUILD"].partition('sha512sums="\n')[2].rpartition('"')[0]
    subprocess.run(["sha512sum", "-c", "-"], input=sums, text=True, cwd=tmp_path, check=True, capture_output=True)


def test_what_an_image_says_in_several_ways_is_asked_and_none_of_it_is_taken() -> None:
    told = DeviceFacts(
        [Fact("soc", chip, "dtb", None, Certainty.DERIVED) for chip in ("msm8916", "msm8939")]
        + [Fact("screen_size", size, "panel", None, Certainty.DERIVED) for size in ((720, 1280), (1080, 1920))]
    )
    draft = device_db.draft(told, codename="acme-argon")
    assert (draft.device.soc, draft.device.display.width) == ("", None)
    asked = {question.key: question.text for question in draft.needed}
    assert asked["soc"].endswith("msm8916, msm8939?")
    assert asked["screen_width"].endswith("720x1280, 1080x1920?")
    assert "screen_height" not in asked


def test_a_panel_for_a_simulator_is_no_panel_of_the_phone() -> None:
    with pmport.open(real(CORPUS / "boot/xiaomi-vayu-edk2-uefi-a.img")) as image:
        assert not any("Simulator" in str(panel) for panel in pmport.facts.of(image).values("panel"))


def addresses(**values: int) -> DeviceFacts:
    told = {"header_version": 2, **{f"{name}_addr": value for name, value in values.items()}}
    return DeviceFacts(Fact(field, value, "boot image header") for field, value in told.items())


@pytest.mark.parametrize(
    ("told", "base"),
    [
        ({"kernel": 0x80008000, "tags": 0x80000000}, 0x80000000),
        ({"kernel": 0x80008000, "tags": 0x7FFFFFFF}, 0),
        ({"kernel": 0x80008000, "tags": 0x80000100, "dtb": 0}, 0),
        ({"kernel": 0x80008000, "ramdisk": 0}, 0),
        ({"kernel": 0x8000}, 0),
        ({"kernel": 0x7FFF}, 0),
        ({"kernel": 0x10008000, "tags": 0x10000100}, None),
        ({"kernel": 0x40080000, "dtb": 0x44000000_00000000}, 0x40078000),
    ],
)
def test_no_offset_is_negative_or_wrapped(told: dict[str, int], base: int | None) -> None:
    device = device_db.draft(addresses(**told), codename="acme-argon").device
    assert device.boot.addresses.base == base
    values = generate.deviceinfo_values(device)
    written = {name: values[f"flash_offset_{name}"] for name in told}
    assert all(re.fullmatch(r"0x[0-9a-f]{8,16}", text) for text in written.values())
    start = int(values.get("flash_offset_base", "0x10000000"), 16)
    assert {name: start + int(text, 16) for name, text in written.items()} == told


@pytest.mark.parametrize(
    ("placement", "key", "builder"),
    [
        ("qcdt", "qcdt", ""),
        ("dtbh", "qcdt", "exynos"),
        ("sprd", "qcdt", "sprd"),
        ("appended", "append_dtb", ""),
        ("second", "dtb_second", ""),
    ],
)
def test_every_placement_sets_its_key(placement: str, key: str, builder: str) -> None:
    told = DeviceFacts([Fact("header_version", 0, "boot image header"), Fact("dtb_placement", placement, "dt section")])
    boot = device_db.draft(told, codename="acme-argon").device.boot
    assert getattr(boot, key) is True
    assert boot.qcdt_type == builder


def test_names_that_the_image_holds_are_offered_and_not_taken() -> None:
    told = DeviceFacts(
        [
            Fact("model", "SM-A300FU", "default.prop"),
            Fact("manufacturer", "samsung", "default.prop"),
            Fact("model", "Qualcomm Technologies, Inc. MSM8916 MTP", "dtb-00: /model"),
        ]
    )
    draft = device_db.draft(told, codename="acme-argon")
    asked = {question.key: question.text for question in draft.needed}
    assert draft.device.name == ""
    assert asked["name"] == "what is it sold as? (it names SM-A300FU)"
    assert asked["manufacturer"].endswith("(it names samsung)")


def test_the_chip_of_one_tree_is_not_that_of_all() -> None:
    def tree(place: str, chip: str, compatible: str) -> list[Fact]:
        known = [Fact("soc", chip, f"{place}: /compatible", None, Certainty.DERIVED)] if chip else []
        return [Fact("compatible", compatible, f"{place}: /compatible"), *known]

    draft = device_db.draft(
        DeviceFacts([*tree("dtb-00", "sm7250", "qcom,lito"), *tree("dtb-01", "", "qcom,orchid")]), codename="acme-argon"
    )
    assert draft.device.soc == ""
    assert next(question for question in draft.needed if question.key == "soc").text.endswith("sm7250, qcom,orchid?")
    sure = device_db.draft(DeviceFacts(tree("dtb-00", "sm7250", "qcom,lito")), codename="acme-argon")
    assert sure.device.soc == "sm7250"
