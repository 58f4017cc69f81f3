"""Every record's boot image, against AOSP's mkbootimg with the options that boot-deploy gives it."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import sys
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest
from debian import unpacked

from pmport import device_db, generate
from pmport.devicetree import DeviceTree, read_source
from pmport.errors import PmportError, RecordError
from pmport.formats import BootImage, VendorBoot
from pmport.formats.boot.header import Layout
from pmport.formats.boot.mediatek import MtkImage
from pmport.generate import BootParts, boot_image
from pmport.generate.boot_images.settings import OFFSETS, Settings, Stock, custom_arguments

KERNEL = b"kernel" * 1500
RAMDISK = b"ramdisk" * 900
RECOVERY_DTBO = b"\xd7\xb7\xab\x1e" * 16
GENERATED = [device for device in device_db.records() if device.boot.generate]
JUDGED = [device for device in GENERATED if (device.boot.page_size or 0) <= 16384]
"""AOSP's tool knows no larger pages; osm0sis' does."""
TREE = b"""/dts-v1/;
/ { qcom,msm-id = <206 0>; qcom,board-id = <8 0>; model_info-chip = <7580>; model_info-hw_rev = <1>;
    model_info-hw_rev_end = <255>; sprd,sc-id = <8830 1 0x20000>; compatible = "acme,argon"; };
"""
WORD_40, ID = slice(40, 44), slice(576, 608)


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    source = tmp_path_factory.mktemp("tree") / "board.dts"
    source.write_bytes(TREE)
    return bytes(read_source(source))


@pytest.fixture(scope="session")
def mkbootimg() -> ModuleType:
    program = unpacked("mkbootimg", "all", "trixie") / "usr/bin/mkbootimg"
    loader = SourceFileLoader("mkbootimg", str(program))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("mkbootimg", loader) or pytest.fail("none")
    )
    loader.exec_module(module)
    return module


def parts_for(device: device_db.Device, tree: bytes) -> BootParts:
    boot = device.boot
    version = Settings(device, Stock(())).header_version()
    placed = version >= 2 or boot.append_dtb or boot.dtb_second or boot.qcdt or boot.override_payload_append_dtb
    return BootParts(
        kernel=KERNEL,
        ramdisk=RAMDISK,
        dtbs=(tree,) if placed else (),
        recovery_dtbo=RECOVERY_DTBO if "recovery_dtbo" in boot.custom_args else b"",
    )


def files_for(device: device_db.Device, tree: bytes, version: int) -> dict[str, bytes]:
    """The files that boot-deploy has when it calls mkbootimg."""
    boot = device.boot
    kernel = KERNEL
    if boot.override_payload_compression == "gzip":
        kernel = gzip.compress(kernel, 6, mtime=0)
    if boot.append_dtb or boot.override_payload_append_dtb:
        kernel += tree
    found = {
        "kernel": with_label(kernel, boot.mtk_label_kernel),
        "ramdisk": with_label(RAMDISK, boot.mtk_label_ramdisk),
    }
    if boot.dtb_second:
        found["second"] = tree
    if version >= 2:
        found["dtb"] = tree
    if version > 2:
        found["vendor_ramdisk"] = b""
    if "recovery_dtbo" in boot.custom_args:
        found["recovery_dtbo"] = RECOVERY_DTBO
    return found


def judged(module: ModuleType, folder: Path, device: device_db.Device, tree: bytes) -> list[bytes]:
    """What mkbootimg makes with the deviceinfo of the record, asked as boot-deploy does it."""
    values = generate.deviceinfo_values(device)
    custom = custom_arguments(device.boot.custom_args)
    version = int(custom.get("header_version") or values.get("header_version", "0"))
    command = ["mkbootimg", "--header_version", str(version), "--base", "0"]
    base = int(values.get("flash_offset_base", "0x10000000"), 16)
    for part, default in OFFSETS.items():
        offset = int(values.get(f"flash_offset_{part}", hex(default)), 16)
        command += [f"--{part}_offset", hex((base + offset) & 0xFFFFFFFF)]
    command += ["--pagesize", values.get("flash_pagesize", "2048")]
    command += ["--cmdline", " ".join(word for word in device.package.cmdline if not word.startswith("-"))]
    for option in ("os_version", "os_patch_level"):
        command += [f"--{option}", custom[option]] if option in custom else []
    for name, data in files_for(device, tree, version).items():
        (folder / name).write_bytes(data)
        command += [f"--{name}", str(folder / name)]
    made = [folder / "boot.img", *([folder / "vendor_boot.img"] if version > 2 else [])]
    if version > 2:
        command += ["--vendor_boot", str(made[1])]
    before, sys.argv = sys.argv, [*command, "--output", str(made[0])]
    try:
        module.main()
    finally:
        sys.argv = before
    return [path.read_bytes() for path in made]


def with_label(data: bytes, label: str) -> bytes:
    return bytes(MtkImage.build(data, label)) if label else data


@pytest.mark.online
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # mkbootimg leaves its files open
@pytest.mark.parametrize("device", JUDGED, ids=lambda device: device.codename)
def test_an_image_is_that_of_mkbootimg(
    device: device_db.Device, tree: bytes, mkbootimg: ModuleType, tmp_path: Path
) -> None:
    built = boot_image(device, parts_for(device, tree))
    wanted = judged(mkbootimg, tmp_path, device, tree)
    made = [section.read() for name, section in built.files.items() if name.endswith("boot.img")]
    assert len(made) == len(wanted)
    if device.boot.pxa:
        return  # another header, which that tool does not know: see below
    if device.boot.prepend_dhtb:
        assert made[0][:512] == b"DHTB".ljust(512, b"\0")
        made[0] = made[0][512:]
    if device.boot.append_seandroidenforce:
        assert made[0].endswith(b"SEANDROIDENFORCE")
        made[0] = made[0][:-16]
    if device.boot.qcdt:  # AOSP's tool knows no dt section: its size, address and hash are what osm0sis' adds
        image = BootImage.parse(made[0])
        head = bytearray(wanted[0])
        head[WORD_40] = struct.pack("<I", image.dt.size)
        head[ID], head[28:32] = image.id, struct.pack("<I", image.second_addr)
        assert image.id_recipe == "aosp-sha1"
        assert image.second_addr == (device.boot.addresses.second or image.second_addr)
        assert made[0][: len(head)] == bytes(head)
        assert made[0][len(head) :].startswith(image.dt.read())
        return
    assert made == wanted


@pytest.mark.parametrize("device", GENERATED, ids=lambda device: device.codename)
def test_every_image_reads_back(device: device_db.Device, tree: bytes) -> None:
    built = boot_image(device, parts_for(device, tree)).image()
    image = next(node for _, node in built.walk() if isinstance(node, BootImage))
    assert KERNEL in image.kernel.read() or device.boot.override_payload_compression
    assert RAMDISK in image.ramdisk.read()
    if device.boot.page_size and image.header_version < 3:
        assert image.page_size == device.boot.page_size
    for part in ("kernel", "ramdisk", "tags"):
        wanted = getattr(device.boot.addresses, part)
        if wanted is not None and image.header_version < 3:
            assert getattr(image, f"{part}_addr") == wanted
    assert (image.header.layout is Layout.PXA) == bool(device.boot.pxa)


@pytest.mark.parametrize(
    "device", [d for d in device_db.records() if not d.boot.generate], ids=lambda device: device.codename
)
def test_every_other_record_gives_files_or_says_why_not(device: device_db.Device, tree: bytes) -> None:
    parts = BootParts(kernel=KERNEL, ramdisk=RAMDISK, dtbs=(tree,))
    if not any(
        (
            device.boot_files.extlinux,
            device.boot_files.grub,
            device.boot_files.cmdline_txt,
            device.boot_files.legacy_uboot,
            device.flash.method == "heimdall-isorec",
        )
    ):
        with pytest.raises(RecordError, match=r"--against|mkimage|depthcharge"):
            boot_image(device, parts)
        return
    built = boot_image(device, parts)
    assert all(section.size for section in built.files.values())
    assert not any(name.startswith("/") or ".." in name for name in built.files)


def test_what_the_record_does_not_say_comes_from_the_stock_image() -> None:
    stock = BootImage.build(
        MtkImage.build(b"old", "KERNEL").section(), b"r", page_size=4096, tags_addr=0x8E000000, name="acme"
    )
    built = boot_image(device_db.Device("acme-argon"), BootParts(kernel=KERNEL, ramdisk=RAMDISK), against=[stock])
    image = BootImage.parse(built["boot.img"])
    assert (image.page_size, image.tags_addr, image.name) == (4096, 0x8E000000, "acme")
    assert MtkImage.parse(image.kernel).label == "KERNEL"
    assert {s.source for s in built.settings if s.name == "page size"} == {"stock image"}
    assert not [
        finding for finding in built.findings if finding.code in {"page-size", "tags-addr", "mtk-header-missing"}
    ]


def test_the_record_wins_over_the_stock_image_and_that_is_told() -> None:
    device = replace(device_db.Device("acme-argon"), boot=device_db.Boot(generate=True, page_size=2048))
    stock = BootImage.build(b"k", b"r", page_size=4096)
    built = boot_image(device, BootParts(kernel=KERNEL, ramdisk=RAMDISK), against=[stock])
    assert BootImage.parse(built["boot.img"]).page_size == 2048
    assert "page-size" in {finding.code for finding in built.findings}


def test_init_boot_and_vendor_boot_follow_the_stock_images(tree: bytes) -> None:
    stock = [
        BootImage.build(b"k", header_version=4),
        BootImage.build(b"", b"r", header_version=4),
        VendorBoot.build(b"vendor ramdisk", tree, page_size=4096, cmdline="vendor"),
    ]
    other = bytes(DeviceTree())
    built = boot_image(
        device_db.Device("acme-argon"), BootParts(kernel=KERNEL, ramdisk=RAMDISK, dtbs=(other,)), against=stock,
        placement="dtb",
    )  # fmt: skip
    assert BootImage.parse(built["boot.img"]).ramdisk.size == 0
    assert BootImage.parse(built["init_boot.img"]).ramdisk.read() == RAMDISK
    vendor = VendorBoot.parse(built["vendor_boot.img"])
    assert (vendor.dtb.read(), vendor.cmdline) == (other, "vendor")
    assert vendor.fragments[0].section.read() == b"vendor ramdisk"


@pytest.mark.parametrize(
    ("device", "parts", "words"),
    [
        (device_db.Device("acme-argon"), BootParts(kernel=KERNEL), "does not say how"),
        (device_db.load("nokia-argon"), BootParts(kernel=b""), "kernel is empty"),
        (device_db.load("nokia-argon"), BootParts(kernel=KERNEL, dtbs=(b"no tree",)), "does not begin as a compiled"),
        (
            replace(device_db.Device("a-b"), boot=device_db.Boot(generate=True, custom_args="--evil 1")),
            BootParts(kernel=KERNEL),
            "not understood",
        ),
        (
            replace(device_db.Device("a-b"), boot=device_db.Boot(generate=True, custom_args="--board 'a")),
            BootParts(kernel=KERNEL),
            "cannot be split",
        ),
        (
            replace(device_db.Device("a-b"), boot=device_db.Boot(generate=True, header_version=2)),
            BootParts(kernel=KERNEL),
            "must have a dtb",
        ),
        (
            replace(device_db.Device("a-b"), boot=device_db.Boot(generate=True, qcdt=True)),
            BootParts(kernel=KERNEL, dtbs=(bytes(DeviceTree()),)),
            "does not say which phones",
        ),
        (
            replace(device_db.Device("a-b", dtb=("../../etc/x",)), boot_files=device_db.BootFiles(extlinux=True)),
            BootParts(kernel=KERNEL, dtbs=(bytes(DeviceTree()),)),
            "no path below",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(device: device_db.Device, parts: BootParts, words: str) -> None:
    with pytest.raises(PmportError, match=words):
        boot_image(device, parts)


def test_a_script_for_u_boot_is_asked_for() -> None:
    device = device_db.load("nokia-argon")
    built = boot_image(
        device,
        BootParts(kernel=KERNEL, ramdisk=RAMDISK, dtbs=(bytes(DeviceTree()),)),
        boot_script=True,
        cmdline="quiet",
    )
    assert b'setenv bootargs "quiet"' in built["boot.scr"].read()
    assert b"append quiet\n" in built["extlinux/extlinux.conf"].read()
