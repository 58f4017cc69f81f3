"""Edits change what they must, and no more."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from damaged_images import with_footer
from support import CORPUS, corpus_files, real

import pmport
from pmport.errors import FormatError
from pmport.formats.avb.edit import ReSign
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.avb.verify import footer_findings
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage
from pmport.unpacking import repack, unpack

BOOT = CORPUS / "boot"
INIT_BOOT = BOOT / "cuttlefish-13-init_boot.img"
SKIPPED = {
    "pmbootstrap-test-boot-header-v2.img",
    "pmbootstrap-test-boot-header-v3.img",
    "pmbootstrap-test-kernel-boot.img",
    "cfig-issue125-vendor_boot.img",
}


def boot_image(path: Path) -> BootImage:
    node = pmport.open(real(path))
    assert isinstance(node, BootImage)
    return node


@pytest.mark.parametrize(
    "path", [path for path in corpus_files("boot") if path.name not in SKIPPED], ids=lambda path: path.name
)
def test_replacing_each_part_by_itself_gives_the_same_file(path: Path) -> None:
    image = boot_image(path)
    same: dict[str, Any] = {child.name: child.section.read() for child in image.children}
    assert bytes(image.replace(**same)) == path.read_bytes()
    assert bytes(image.replace(cmdline=image.cmdline)) == path.read_bytes()


def test_only_the_page_changes_when_the_command_line_does() -> None:
    image = BootImage.build(b"k" * 5000, b"r" * 3000, cmdline="a")
    new = image.replace(cmdline="b" * 700)
    assert bytes(new)[2048:] == bytes(image)[2048:]
    assert (new.cmdline, new.id) == ("b" * 700, image.id)


@pytest.mark.parametrize("full", [False, True])
def test_a_long_command_line_is_split_as_it_was(*, full: bool) -> None:
    image = BootImage.build(b"k", cmdline="a" * 700, full_cmdline_field=full)
    assert bytes(image.replace(cmdline="b" * 900)) == bytes(
        BootImage.build(b"k", cmdline="b" * 900, full_cmdline_field=full)
    )


@pytest.mark.parametrize("recipe", ["aosp-sha1", "lineage-sha1", "sha256", "zero"])
@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_edited_image_equals_one_built_of_the_new_parts(version: int, recipe: str) -> None:
    common: dict[str, Any] = {"header_version": version, "id_recipe": recipe, "cmdline": "quiet", "second": b"s" * 10}
    if version:
        common["recovery_dtbo"] = b"o" * 900
    if version == 2:
        common["dtb"] = b"d" * 100
    image = BootImage.build(b"k" * 5000, b"r" * 3000, **common)
    assert bytes(image.replace(kernel=b"K" * 9000)) == bytes(BootImage.build(b"K" * 9000, b"r" * 3000, **common))


def test_an_id_of_no_known_recipe_is_left_and_that_is_said() -> None:
    image = boot_image(BOOT / "mtk-baidurom-v970-boot.img")
    new = image.replace(ramdisk=b"ramdisk")
    assert new.id == image.id
    assert {finding.code for finding in new.findings()} == {"id-stale", "mtk-header"}
    wrapped = new["ramdisk"]
    assert isinstance(wrapped, MtkImage)
    assert (wrapped.label, wrapped.payload.read()) == ("ROOTFS", b"ramdisk")


def test_a_vendors_mark_stays_behind_the_image_and_zeros_give_way() -> None:
    plain = bytes(BootImage.build(b"k" * 3000))
    image = BootImage.parse(plain + b"SEANDROIDENFORCE" + bytes(10000))
    new = image.replace(kernel=b"k" * 6000)
    assert new.size == image.size
    assert new.kernel.size == 6000
    assert bytes(new)[8192 : 8192 + 16] == b"SEANDROIDENFORCE"


def test_a_budget_is_kept_before_anything_is_written() -> None:
    image = BootImage.build(b"k" * 3000)
    with pytest.raises(FormatError, match="more than the partition"):
        image.replace(kernel=b"k" * 30000, partition_size=16384)


def init_boot() -> tuple[BootImage, VbMeta]:
    image = boot_image(INIT_BOOT)
    vbmeta = image["vbmeta"]
    assert isinstance(vbmeta, VbMeta)
    return image, vbmeta


def digest_fits(image: BootImage) -> bool:
    """Whether the footer's vbmeta has the right hash of the image in front of it, worked out by hand."""
    data = bytes(image)
    footer = AvbFooter.parse(data[-64:])
    vbmeta = VbMeta.parse(data[footer.vbmeta_offset : footer.vbmeta_offset + footer.vbmeta_size])
    (descriptor,) = [row for row in (vbmeta.hash_of("init_boot"), vbmeta.hash_of("boot")) if row]
    if descriptor.image_size != footer.original_image_size:
        return False
    return hashlib.sha256(descriptor.salt + data[: descriptor.image_size]).digest() == descriptor.digest


def test_a_real_images_hash_is_right() -> None:
    image, vbmeta = init_boot()
    assert digest_fits(image)
    assert vbmeta.signature == "valid"


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_avb_left_as_it_is_keeps_the_blob_and_moves_it(size: int) -> None:
    image, vbmeta = init_boot()
    new = image.replace(ramdisk=b"r" * size)
    assert new.size == image.size
    assert bytes(new["vbmeta"]) == bytes(vbmeta)
    assert not digest_fits(new)
    assert [finding.code for finding in new.findings()] == ["avb-stale"]


def test_avb_without_a_signature_has_the_right_hash() -> None:
    image, _ = init_boot()
    new = image.replace(ramdisk=b"r" * 3_000_000, avb="none")
    assert digest_fits(new)
    vbmeta = new["vbmeta"]
    assert isinstance(vbmeta, VbMeta)
    assert (vbmeta.algorithm, vbmeta.signature) == ("NONE", "none")
    assert [finding.code for finding in new.findings()] == ["avb-unsigned"]


def test_avb_signed_anew_verifies(private_key: bytes) -> None:
    image, _ = init_boot()
    new = image.replace(ramdisk=b"r" * 3000, avb=ReSign(private_key))
    assert digest_fits(new)
    vbmeta = new["vbmeta"]
    assert isinstance(vbmeta, VbMeta)
    assert (vbmeta.algorithm, vbmeta.signature) == ("SHA256_RSA2048", "valid")


def test_an_image_that_leaves_no_room_for_its_vbmeta_is_refused() -> None:
    image, _ = init_boot()
    with pytest.raises(FormatError, match="the partition has"):
        image.replace(ramdisk=b"r" * (image.size - 8192 + 2000))
    assert image.replace(ramdisk=b"r" * image.size, partition_size=2 * image.size).size == 2 * image.size


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["kernel", "ramdisk", "second", "recovery_dtbo"])
@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 2049, 9000])
def test_the_offset_of_the_recovery_dtbo_follows_every_section_before_it(version: int, name: str, size: int) -> None:
    old = BootImage.build(
        b"k" * 3000,
        b"r" * 3000,
        second=b"s" * 10,
        recovery_dtbo=b"o" * 100,
        header_version=version,
        dtb=b"d" * (version - 1),
    )
    changes: Any = {name: b"n" * size}
    new = BootImage.parse(bytes(old.replace(**changes)))
    place = next((child.offset for child in new.children if child.name == "recovery_dtbo"), 0)
    assert new.header.recovery_dtbo_offset == place
    assert "recovery-dtbo-offset" not in {finding.code for finding in new.findings()}


@pytest.mark.parametrize("version", [3, 4])
def test_newer_headers_have_pages_of_4096_bytes_and_no_others(version: int) -> None:
    assert BootImage.build(b"k", b"r", header_version=version).page_size == 4096
    assert BootImage.build(b"k", b"r", header_version=version, page_size=4096).size == 3 * 4096
    for size in (2048, 4095, 4097, 8192, 16384):
        with pytest.raises(FormatError, match="page size"):
            BootImage.build(b"k", b"r", header_version=version, page_size=size)


def test_bytes_that_the_footer_counts_to_the_image_stay() -> None:
    """Between the last section and the size that the footer gives: they are hashed, and belong to the image."""
    image = bytes(BootImage.build(b"k" * 3000, b"r" * 3000, page_size=4096))
    for extra in (b"x", b"x" * 4096, b"\0" * 5000 + b"x", bytes(4096), b"x" + bytes(700)):
        whole = with_footer(image + extra)
        new = pmport.open(whole)
        assert isinstance(new, BootImage)
        edited = new.replace(avb="none", ramdisk=b"R" * 9000)
        footer = AvbFooter.parse(bytes(edited)[-64:])
        grown = len(bytes(BootImage.build(b"k" * 3000, b"R" * 9000, page_size=4096)))
        assert footer.original_image_size == grown + len(extra)
        assert bytes(edited)[grown : grown + len(extra)] == extra
        assert list(footer_findings(pmport.open(bytes(edited)))) == []


def test_a_stale_gki_signature_is_said_with_and_without_a_footer() -> None:
    image = bytes(BootImage.build(b"k" * 3000, b"", header_version=4)) + bytes(VbMeta.build()).ljust(16384, b"\0")
    for data in (image, with_footer(image)):
        stock = pmport.open(data)
        assert isinstance(stock, BootImage)
        assert "gki_signature" in {part.name for part in stock.parts()}
        new = stock.replace(kernel=b"K" * 3000, avb="none")
        assert "signature-stale" in {finding.code for finding in new.findings()}


def test_an_image_of_version_2_without_a_device_tree_is_edited(tmp_path: Path) -> None:
    raw = bytearray(bytes(BootImage.build(b"kernel", b"ramdisk", header_version=2, dtb=b"tree")))
    raw[1648:1652] = bytes(4)  # dtb_size
    image = BootImage.parse(bytes(raw[:-2048]))
    assert image.header_version == 2
    assert not image.dtb
    changed = image.replace(cmdline="quiet", ramdisk=b"another ramdisk")
    assert (changed.cmdline, changed.ramdisk.read(), changed.dtb.size) == ("quiet", b"another ramdisk", 0)
    unpack(image, tmp_path / "out")
    (tmp_path / "out" / "kernel").write_bytes(b"another kernel")
    with repack(tmp_path / "out") as new:
        assert isinstance(new, BootImage)
        assert (new.kernel.read(), new.header_version, new.dtb.size) == (b"another kernel", 2, 0)
