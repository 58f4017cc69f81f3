"""Unpack and repack: identical when nothing changed, right when something did, and never outside the folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, judge, real

import pmport
from pmport.cli import main
from pmport.errors import FormatError, RecordError
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage
from pmport.formats.boot.vendor_image import Fragment, VendorBoot
from pmport.formats.packages.tar import TarArchive
from pmport.formats.storage.sparse import SparseImage, split
from pmport.formats.streams.codecs import compress
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.formats.trees.tables import DtTable
from pmport.unpacking import MANIFEST, SKELETON, file_names, repack, unpack

if TYPE_CHECKING:
    from pmport.node import Node

BOOT = CORPUS / "boot"


def opened_or_skip(path: Path) -> Node:
    try:
        return pmport.open(real(path))
    except FormatError as error:
        pytest.skip(f"not opened: {error}")


@pytest.mark.parametrize(
    "path",
    [path for folder in ("boot", "vbmeta", "mtk", "chromeos") for path in corpus_files(folder)],
    ids=lambda path: path.name,
)
def test_every_real_file_comes_back_identically(path: Path, tmp_path: Path) -> None:
    with opened_or_skip(path) as node:
        unpack(node, tmp_path / "out")
    with repack(tmp_path / "out") as again:
        assert type(again) is type(node)
        assert bytes(again) == path.read_bytes()


@pytest.mark.parametrize("name", ["samsung-crespo-boot.img", "xiaomi-vayu-edk2-v2.img", "cuttlefish-13-init_boot.img"])
def test_files_that_were_copied_give_the_same_image(name: str, tmp_path: Path) -> None:
    with pmport.open(real(BOOT / name)) as node:
        for path in unpack(node, tmp_path / "out"):
            os.utime(path, (1, 1))
    with repack(tmp_path / "out") as again:
        assert bytes(again) == (BOOT / name).read_bytes()


def image() -> BootImage:
    return BootImage.build(b"kernel" * 900, b"ramdisk" * 300, cmdline="quiet", name="board", id_recipe="lineage-sha1")


def test_a_changed_file_gives_the_image_that_would_have_been_built(tmp_path: Path) -> None:
    unpack(image(), tmp_path)
    (tmp_path / "ramdisk").write_bytes(b"other" * 5000)
    expected = BootImage.build(
        b"kernel" * 900, b"other" * 5000, cmdline="quiet", name="board", id_recipe="lineage-sha1"
    )
    assert bytes(repack(tmp_path)) == bytes(expected)


def test_a_change_that_keeps_the_size_is_noticed(tmp_path: Path) -> None:
    unpack(image(), tmp_path)
    (tmp_path / "ramdisk").write_bytes(b"RAMDISK" * 300)
    new = repack(tmp_path)
    assert isinstance(new, BootImage)
    assert new.id_recipe == "lineage-sha1"
    assert new.ramdisk.read() == b"RAMDISK" * 300


def test_a_changed_field_is_taken_from_the_manifest(tmp_path: Path) -> None:
    unpack(image(), tmp_path)
    manifest = tmp_path / MANIFEST
    text = manifest.read_text().replace('"quiet"', '"debug"').replace("0x10008000", "0x80008000")
    manifest.write_text(text)
    new = repack(tmp_path)
    assert isinstance(new, BootImage)
    assert (new.cmdline, new.kernel_addr, new.name) == ("debug", 0x80008000, "board")


def test_a_format_that_cannot_be_edited_says_so(tmp_path: Path) -> None:
    unpack(VbMeta.build(), tmp_path)
    with pytest.raises(FormatError, match="read-only"):
        repack(tmp_path, avb="none")


def test_an_option_of_another_format_is_refused(tmp_path: Path) -> None:
    unpack(MtkImage.build(b"k", "KERNEL"), tmp_path)
    with pytest.raises(FormatError, match="avb"):
        repack(tmp_path, avb="none")


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("important")
    with pytest.raises(RecordError, match="other things"):
        unpack(image(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-3], "cannot be read"),
        (lambda text: text.replace("schema = 1", "schema = 2"), "schema"),
        (lambda text: text.replace('"kernel"', '"../kernel"'), "no plain name"),
        (lambda text: text.replace('file = "kernel"', 'file = "/etc/passwd"'), "no plain name"),
        (lambda text: text.replace('file = "kernel"', 'file = "gone"'), "cannot be read"),
        (lambda text: text.replace("size = 2048", "size = 1000000000"), "shorter than"),
        (lambda text: text.replace("[fields]", "[fields]\nunheard = 1"), "unheard"),
    ],
)
def test_a_damaged_manifest_is_refused(change: object, message: str, tmp_path: Path) -> None:
    assert callable(change)
    unpack(image(), tmp_path)
    manifest = tmp_path / MANIFEST
    manifest.write_text(change(manifest.read_text()))
    with pytest.raises((RecordError, FormatError), match=message):
        repack(tmp_path)
    with pytest.raises(RecordError, match="no such manifest"):
        repack(tmp_path / "nowhere")


@given(st.lists(st.text(max_size=120), max_size=6))
def test_names_from_images_never_become_paths(names: list[str]) -> None:
    made = file_names(names)
    assert len({name.lower() for name in made}) == len(names)
    for name in made:
        assert Path(name).name == name
        assert not name.startswith(".")
        assert "\0" not in name
        assert name.lower() not in {MANIFEST, SKELETON, "nul", "con", "aux"}
        assert file_names([name]) == [name]


# ----- the command


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    code = caught.value.code
    return (code if isinstance(code, int) else 0), capsys.readouterr().out


def test_the_commands_take_apart_and_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(image()))
    code, text = run("inspect", str(path), capsys=capsys)
    assert code == 0
    assert "lineage-sha1" in text
    assert "ramdisk" in text
    code, text = run("unpack", str(path), "-o", str(tmp_path / "out"), capsys=capsys)
    assert code == 0
    assert "2.0 KiB" in text
    code, text = run("repack", str(tmp_path / "out"), "-o", str(tmp_path / "new.img"), capsys=capsys)
    assert code == 0
    assert (tmp_path / "new.img").read_bytes() == path.read_bytes()


def test_inspect_gives_json_with_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(image()))
    code, text = run("inspect", "--facts", "--json", str(path), capsys=capsys)
    result = json.loads(text)["result"]
    assert code == 0
    assert (result["kind"], result["facts"]["page_size"][0]["value"]) == ("Android boot image", 2048)
    assert [row["name"] for row in result["tree"] if row["depth"] == 1][:2] == ["header", "kernel"]


def test_inspect_reads_standard_input() -> None:
    command = [sys.executable, "-m", "pmport", "inspect", "-"]
    done = subprocess.run(command, input=bytes(image()), capture_output=True, check=True, timeout=60)
    assert b"Android boot image" in done.stdout


def test_signing_needs_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unpack(image(), tmp_path)
    assert run("repack", str(tmp_path), "-o", "x", "--avb", "re-sign", capsys=capsys)[0] == 2


def test_inspect_hides_serial_numbers_unless_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(BootImage.build(b"k", b"r", cmdline="quiet androidboot.serialno=c0ffee")))
    assert "c0ffee" not in run("inspect", str(path), capsys=capsys)[1]
    assert "c0ffee" not in run("inspect", "--facts", "--json", str(path), capsys=capsys)[1]
    assert "c0ffee" in run("inspect", "--no-redact", str(path), capsys=capsys)[1]


def test_inspect_lists_so_many_parts_and_counts_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vendor_boot.img"
    fragments = [Fragment(f"f{number}", b"x" * 9) for number in range(50)]
    path.write_bytes(bytes(VendorBoot.build(fragments, b"dtb")))
    assert "… 11 more" in run("inspect", str(path), capsys=capsys)[1]
    assert "vendor_ramdisk49" in run("inspect", "--all", str(path), capsys=capsys)[1]


RAW = bytes(range(256)) * 64 + bytes(8192) + b"data" * 4096


def super_image() -> bytes:
    return real(CORPUS / "super" / "aosp-fastboot-testdata-super.img").read_bytes()


@pytest.mark.parametrize("kind", ["gzip", "xz", "lzma", "lz4", "lz4-legacy", "zstd", "bzip2", "zlib"])
def test_the_content_of_a_stream_is_unpacked_changed_and_packed_again(kind: str, tmp_path: Path) -> None:
    stream = compress(RAW, kind)
    unpack(pmport.open(stream), tmp_path)
    assert (tmp_path / "content").read_bytes() == RAW
    with repack(tmp_path) as same:
        assert bytes(same) == stream
    (tmp_path / "content").write_bytes(RAW[::-1])
    with repack(tmp_path) as new:
        assert type(new).KIND == pmport.open(stream).KIND
        assert new.contents()["content"].read() == RAW[::-1]


def test_a_sparse_image_is_unpacked_raw_and_packed_again(tmp_path: Path) -> None:
    sparse = bytes(SparseImage.build(RAW))
    unpack(pmport.open(sparse), tmp_path)
    assert (tmp_path / "raw").read_bytes() == RAW
    with repack(tmp_path) as same:
        assert bytes(same) == sparse
    (tmp_path / "raw").write_bytes(bytes(4096) + RAW)
    with repack(tmp_path) as new:
        assert new.contents()["raw"].read() == bytes(4096) + RAW


def test_the_pieces_of_a_sparse_image_are_unpacked_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = b"".join(bytes([number]) * 99 + b"x" * 3997 for number in range(100))
    names = []
    for number, piece in enumerate(split(raw, 1 << 16)):
        names.append(str(tmp_path / f"super.img.{number}"))
        piece.write_to(names[-1])
    assert len(names) > 3
    with pytest.raises(SystemExit) as caught:
        main(["unpack", *reversed(names), "-o", str(tmp_path / "out")])
    assert caught.value.code == 0
    assert (tmp_path / "out" / "raw").read_bytes() == raw
    (tmp_path / "other").write_bytes(bytes(SparseImage.build(raw[:8192])))
    with pytest.raises(SystemExit) as caught:
        main(["unpack", names[0], str(tmp_path / "other"), "-o", str(tmp_path / "no")])
    assert caught.value.code
    assert "not pieces of one image" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_a_logical_partition_is_changed_in_its_place(tmp_path: Path) -> None:
    unpack(pmport.open(super_image()), tmp_path)
    old = (tmp_path / "system_a").read_bytes()
    (tmp_path / "system_a").write_bytes(b"new system")
    with repack(tmp_path) as new:
        assert bytes(new) == super_image().replace(old, b"new system".ljust(len(old), b"\0"))
    (tmp_path / "system_a").write_bytes(old + b"more")
    with pytest.raises(FormatError, match="room for 8192"):
        repack(tmp_path)


def test_the_files_of_a_ramdisk_are_changed(tmp_path: Path) -> None:
    disk = Ramdisk.build([("init", 0o100755, b"#!/bin/sh"), ("etc/fstab", 0o100644, b"/dev/block")])
    files = {path.name: path for path in unpack(disk, tmp_path)}
    files["etc_fstab"].write_bytes(b"/dev/mmcblk0p1 / ext4")
    with repack(tmp_path) as new:
        assert isinstance(new, Ramdisk)
        assert [(entry.name, entry.data.read()) for entry in new] == [
            ("init", b"#!/bin/sh"),
            ("etc/fstab", b"/dev/mmcblk0p1 / ext4"),
        ]


def test_a_tree_of_a_table_is_changed(tmp_path: Path) -> None:
    unpack(DtTable.build([(b"tree one", {"id": 1}), (b"tree two", {"id": 2})]), tmp_path)
    (tmp_path / "dtb-01").write_bytes(b"a longer tree")
    with repack(tmp_path) as new:
        assert bytes(new) == bytes(DtTable.build([(b"tree one", {"id": 1}), (b"a longer tree", {"id": 2})]))


def test_names_that_are_not_utf_8_come_back(tmp_path: Path) -> None:
    package = TarArchive.build({"boot.img": b"boot"})
    data = bytearray(bytes(package))
    data[0:8] = "b\xf6\xf6t.img".encode("latin-1")
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + sum(data[156:512]) + 256)
    unpack(pmport.open(bytes(data)), tmp_path)
    tomllib.loads((tmp_path / MANIFEST).read_text("utf-8"))
    with repack(tmp_path) as again:
        assert bytes(again) == bytes(data)
    image = BootImage.build(b"kernel", b"ramdisk", name="b\udcf6ard", cmdline="caf\udce9=1")
    unpack(image, tmp_path / "boot")
    (tmp_path / "boot" / "kernel").write_bytes(b"other")
    with repack(tmp_path / "boot") as new:
        assert isinstance(new, BootImage)
        assert (new.name, new.cmdline) == ("b\udcf6ard", "caf\udce9=1")


@pytest.mark.parametrize("existed", [False, True])
def test_a_failed_unpack_leaves_nothing_behind(existed: bool, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    if existed:
        unpack(image(), folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()} if existed else {}
    stream = compress(RAW, "gzip")
    with pytest.raises(FormatError):
        unpack(pmport.open(stream[:-8] + bytes(8)), folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir()} if existed else {}
    assert after == before
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if existed else [])


@pytest.mark.parametrize("size", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, (1 << 20) + 5000])
@pytest.mark.parametrize("end", [b"", b"\1"])
def test_fill_that_begins_with_zeros_comes_back(size: int, end: bytes, tmp_path: Path) -> None:
    data = bytes(BootImage.build(b"kernel", b"ramdisk")) + bytes(size) + end
    unpack(pmport.open(data), tmp_path)
    with repack(tmp_path) as again:
        assert bytes(again) == data


MEMORY = """
import sys
from pathlib import Path
import pmport
from pmport.errors import PmportError
from pmport.unpacking import unpack
try:
    unpack(pmport.open(sys.argv[1]), sys.argv[2])
except PmportError as error:
    print(type(error).__name__)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)  # ru_maxrss would count the process that started this one
"""


@pytest.mark.parametrize("kind", ["gzip", "xz", "lzma", "bzip2", "lz4", "lz4-legacy", "zstd"])
def test_a_bomb_is_refused_with_memory_to_spare(kind: str, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb"
    block = compress(bytes(8 << 20), "lz4-legacy")[4:]
    programs = {"gzip": "gzip", "xz": "xz", "lzma": "xz --format=lzma", "bzip2": "bzip2", "zstd": "zstd", "lz4": "lz4"}
    if kind == "lz4-legacy":
        bomb.write_bytes(b"\x02\x21\x4c\x18" + block * 64)
    else:
        program, *options = programs[kind].split()
        packed = subprocess.run(
            [judge(program, program), *options, "-1", "-c"], input=bytes(512 << 20), capture_output=True, check=True
        )
        bomb.write_bytes(packed.stdout)
    said = subprocess.run(
        [sys.executable, "-c", MEMORY, str(bomb), str(tmp_path / "out")], capture_output=True, text=True, check=True
    ).stdout.split()
    assert said[0] == "TooLargeError"
    assert int(said[1]) <= 300
    assert not (tmp_path / "out").exists()
