"""``pmport build``: from a record and parts to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pmport.cli import main
from pmport.devicetree import DeviceTree
from pmport.formats import BootImage


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stop:
        main(["build", *arguments])
    captured = capsys.readouterr()
    return int(str(stop.value.code)), captured.out + captured.err


@pytest.fixture
def parts(tmp_path: Path) -> list[str]:
    (tmp_path / "Image").write_bytes(b"kernel" * 99)
    (tmp_path / "initramfs").write_bytes(b"ramdisk" * 99)
    (tmp_path / "board.dtb").write_bytes(bytes(DeviceTree()))
    return ["--kernel", str(tmp_path / "Image"), "--ramdisk", str(tmp_path / "initramfs")]


def test_one_image_is_one_file(tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "boot.img"
    _, text = run(
        capsys, "--record", "nokia-argon", *parts, "--only", "boot.img", "--cmdline", "quiet", "-o", str(output)
    )
    image = BootImage.parse(output.read_bytes())
    assert (image.cmdline, image.ramdisk.read(0, 7)) == ("quiet", b"ramdisk")
    assert "page size" in text
    assert "record" in text


def test_several_files_go_into_a_folder(tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    tree = ["--dtb", str(tmp_path / "board.dtb")]
    run(capsys, "--record", "nokia-argon", *parts, *tree, "-o", str(tmp_path / "boot"), "--json")
    names = {str(path.relative_to(tmp_path / "boot")) for path in (tmp_path / "boot").rglob("*") if path.is_file()}
    assert {"vmlinuz", "initramfs", "extlinux/extlinux.conf"} <= names


def test_a_record_file_and_a_stock_image_are_taken(
    tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "acme-argon.toml").write_text('codename = "acme-argon"\nname = "Acme Argon"\n', encoding="utf-8")
    (tmp_path / "stock.img").write_bytes(bytes(BootImage.build(b"k", b"r", page_size=4096)))
    options = ["--record", str(tmp_path / "acme-argon.toml"), "--against", str(tmp_path / "stock.img")]
    _, text = run(capsys, *options, *parts, "-o", str(tmp_path / "out.img"), "--json")
    settings = {row["name"]: row for row in json.loads(text)["result"]["settings"]}
    assert (settings["page size"]["value"], settings["page size"]["source"]) == ("4096", "stock image")
    assert BootImage.parse((tmp_path / "out.img").read_bytes()).page_size == 4096


def test_a_record_that_does_not_say_how_it_boots_is_refused(
    tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "acme-argon.toml").write_text('codename = "acme-argon"\n', encoding="utf-8")
    code, text = run(capsys, "--record", str(tmp_path / "acme-argon.toml"), *parts, "-o", str(tmp_path / "out.img"))
    assert code == 3
    assert "does not say how" in text
    assert not (tmp_path / "out.img").exists()


def test_an_image_larger_than_its_partition_is_told(
    tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    limit = ["--partition-size", "1k", "--only", "boot.img", "-o", str(tmp_path / "out.img")]
    code, text = run(capsys, "--record", "nokia-argon", *parts, *limit)
    assert code == 1
    assert "too large by" in text


def test_a_file_that_is_not_built_is_refused(
    tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(capsys, "--record", "nokia-argon", *parts, "--only", "../x", "-o", str(tmp_path / "out.img"))
    assert code == 3
    assert "There are boot.img" in text


def test_the_command_line_begins_as_a_first_boots(
    tmp_path: Path, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--dtb", str(tmp_path / "board.dtb"), "--only", "boot.img", "--first-boot", "--cmdline", "quiet"]
    run(capsys, "--record", "nokia-argon", *parts, *options, "-o", str(tmp_path / "out.img"))
    words = BootImage.parse((tmp_path / "out.img").read_bytes()).cmdline.split()
    assert (words[0], words[-1]) == ("ignore_loglevel", "quiet")
