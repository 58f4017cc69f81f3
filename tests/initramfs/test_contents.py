"""Any ramdisk: listed, read, changed, compared."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pmport import initramfs
from pmport.cli import main
from pmport.errors import FormatError
from pmport.formats import BootImage
from pmport.formats.registry import recognise
from pmport.formats.streams.codecs import compress, kind_of
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.section import Section

RAMDISK = Ramdisk.build(
    [("init", 0o100755, b"#!/bin/sh\n"), ("bin", 0o040755, b""), ("bin/sh", 0o120777, b"busybox"), ("etc/x", 0o100644, b"1")]
)  # fmt: skip
PLAIN = bytes(RAMDISK)


@pytest.mark.parametrize("kind", ["", "gzip", "xz", "zstd", "lz4-legacy", "bzip2", "lzma"])
def test_files_are_added_and_the_compression_stays(kind: str) -> None:
    source = compress(PLAIN, kind) if kind else PLAIN
    changed = initramfs.with_files(source, {"new/deep/file": (0o100600, b"content"), "init": (0o100755, b"other")})
    assert kind_of(changed.read(0, 16)) == (kind or None)
    ramdisk = initramfs.in_image(recognise(changed))
    assert (ramdisk.read("new/deep/file"), ramdisk.read("init")) == (b"content", b"other")
    assert [entry.name for entry in ramdisk if entry.kind == "directory"] == ["bin", "new", "new/deep"]
    assert ramdisk.read("etc/x") == b"1"


def test_a_boot_image_stays_one() -> None:
    image = BootImage.build(b"kernel", gzip.compress(PLAIN), cmdline="quiet")
    changed = recognise(initramfs.with_files(bytes(image), {"init": (0o100755, b"other")}))
    assert isinstance(changed, BootImage)
    assert (changed.cmdline, initramfs.in_image(changed).read("init")) == ("quiet", b"other")


@pytest.mark.parametrize(
    ("source", "files"),
    [
        (PLAIN, {"../x": (0o100644, b"")}),
        (gzip.compress(b"no archive"), {"x": (0o100644, b"")}),
        (gzip.compress(PLAIN) + gzip.compress(PLAIN), {"x": (0o100644, b"")}),
        (bytes(64), {"x": (0o100644, b"")}),
    ],
    ids=["outside", "no archive", "two streams", "zeros"],
)
def test_what_cannot_be_changed_is_refused(source: bytes, files: dict[str, tuple[int, bytes]]) -> None:
    with pytest.raises(FormatError):
        initramfs.with_files(source, {name: (mode, Section.of(data)) for name, (mode, data) in files.items()})


def test_differences_are_by_path_and_kind() -> None:
    other = RAMDISK.put("init", b"#!/bin/ash\n").put("bin/sh", b"toybox").remove("etc/x").put("added", b"")
    found = {(row.path, row.what) for row in initramfs.differences(RAMDISK, other)}
    assert found == {
        ("init", "content"), ("bin/sh", "target"), ("etc/x", "only in the first"), ("added", "only in the second"),
    }  # fmt: skip
    assert initramfs.differences(RAMDISK, Ramdisk.parse(PLAIN)) == ()
    assert initramfs.differences(RAMDISK, RAMDISK.put("init", b"#!/bin/sh\n", mode=0o100644))[0].what == "mode"


def test_the_commands_do_the_same(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(gzip.compress(PLAIN, mtime=0))
    (tmp_path / "own").write_bytes(b"#!/bin/sh\nreboot\n")
    (tmp_path / "own").chmod(0o755)

    def run(*arguments: str) -> tuple[int, bytes]:
        with pytest.raises(SystemExit) as stop:
            main(["initramfs", *arguments])
        captured = capsysbinary.readouterr()
        return int(str(stop.value.code or 0)), captured.out + captured.err

    assert run("add", str(first), f"init={tmp_path / 'own'}", "-o", str(second))[0] == 0
    assert run("cat", str(second), "init") == (0, b"#!/bin/sh\nreboot\n")
    assert b"-> busybox" in run("ls", str(second))[1]
    code, text = run("diff", str(first), str(second))
    assert (code, b"content" in text) == (1, True)
    assert run("diff", str(first), str(first))[0] == 0
    code, text = run("cat", str(first), "nothing")
    assert (code, b"has no 'nothing'" in text) == (3, True)
    assert run("add", str(first), "init=/not/there", "-o", str(second))[0] == 2
