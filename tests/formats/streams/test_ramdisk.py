"""Ramdisks list as cpio lists them, keep every byte that was not edited, and never trust a name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.streams.codecs import compress
from pmport.formats.streams.cpio import TRAILER, CpioEntry, written
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.section import Section

names = st.text(alphabet="abc/._-é ", min_size=1, max_size=20).filter(lambda name: name != TRAILER)
entries = st.lists(
    st.tuples(names, st.sampled_from([0o100644, 0o040755, 0o120777]), st.binary(max_size=50)), max_size=8
)


def listed(ramdisk: Ramdisk) -> list[tuple[str, int, bytes]]:
    return [(entry.name, entry.mode, entry.data.read()) for entry in ramdisk]


@given(entries)
def test_what_was_built_reads_back(given_entries: list[tuple[str, int, bytes]]) -> None:
    built = Ramdisk.build(given_entries)
    again = Ramdisk.parse(bytes(built))
    assert bytes(again) == bytes(built) == b"".join(part.section.read() for part in again.parts())
    assert listed(again) == given_entries


def test_reading_goes_on_behind_the_first_trailer() -> None:
    first, second = (
        Ramdisk.build([("a", 0o100644, b"1")]),
        Ramdisk.build([("a", 0o100644, b"2"), ("b", 0o100644, b"3")]),
    )
    data = bytes(first) + bytes(512) + bytes(second) + bytes(7)
    ramdisk = Ramdisk.parse(data)
    assert bytes(ramdisk) == data
    assert [entry.name for entry in ramdisk] == ["a", "a", "b"]
    assert ramdisk.read("./a") == b"2"


def test_an_edit_changes_its_entry_and_nothing_else() -> None:
    ramdisk = Ramdisk.build([("a", 0o100644, b"one"), ("b", 0o100644, b"two"), ("c", 0o100644, b"three")])
    edited = Ramdisk.parse(bytes(ramdisk.put("b", b"quite another")))
    assert listed(edited) == [("a", 0o100644, b"one"), ("b", 0o100644, b"quite another"), ("c", 0o100644, b"three")]
    assert bytes(edited.put("b", b"two")) == bytes(ramdisk)
    assert [entry.name for entry in ramdisk.remove("b")] == ["a", "c"]
    added = Ramdisk.parse(bytes(ramdisk.put("d", b"new", mode=0o100755)))
    assert listed(added)[-1] == ("d", 0o100755, b"new")
    with pytest.raises(KeyError):
        ramdisk.remove("nobody")


@given(entries.filter(len), st.integers(0, 200), st.integers(0, 255))
def test_a_damaged_ramdisk_gives_a_format_error_or_a_ramdisk(
    parts: list[tuple[str, int, bytes]], at: int, value: int
) -> None:
    data = bytearray(bytes(Ramdisk.build(parts)))
    data[at % len(data)] = value
    for damaged in (bytes(data), bytes(data[: at % len(data)])):
        try:
            assert bytes(Ramdisk.parse(damaged)) == damaged
        except FormatError as error:
            assert error.offset is not None or not damaged  # noqa: PT017 - either is fine, both are looked at


def test_a_hostile_name_stays_inside_the_folder(tmp_path: Path) -> None:
    hostile = Ramdisk.build(
        [("../../escaped", 0o100644, b"x"), ("/etc/passwd", 0o100644, b"y"), ("nul", 0o100644, b"z")]
    )
    pmport.unpacking.unpack(hostile, tmp_path / "out")
    assert not (tmp_path.parent / "escaped").exists()
    assert all(path.resolve().is_relative_to(tmp_path) for path in (tmp_path / "out").rglob("*"))
    with pmport.unpacking.repack(tmp_path / "out") as again:
        assert bytes(again) == bytes(hostile)


@pytest.mark.judge
def test_cpio_lists_and_makes_the_same(tmp_path: Path) -> None:
    program = judge("cpio", "cpio")
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "init").write_bytes(b"#!/bin/sh\n")
    (tree / "etc" / "hostname").write_bytes(b"phone\n")
    (tree / "hard").hardlink_to(tree / "init")
    (tree / "link").symlink_to("init")
    files = "init\netc\netc/hostname\nhard\nlink"
    for form in ("newc", "crc"):
        made = subprocess.run(
            [program, "-o", "-H", form, "--quiet"], input=files.encode(), cwd=tree, capture_output=True, check=True
        ).stdout
        ramdisk = Ramdisk.parse(made)
        assert bytes(ramdisk) == made
        assert [entry.name for entry in ramdisk] != []
        assert ramdisk.read("hard") == ramdisk.read("init") == b"#!/bin/sh\n"
        edited = bytes(ramdisk.put("etc/hostname", b"other phone\n").put("new", b"entry"))
        told = (
            subprocess.run([program, "-t", "--quiet"], input=edited, capture_output=True, check=True)
            .stdout.decode()
            .split()
        )
        assert told == [entry.name for entry in Ramdisk.parse(edited)]
        shown = subprocess.run(
            [program, "-i", "--to-stdout", "--quiet", "etc/hostname"], input=edited, capture_output=True, check=True
        )
        assert shown.stdout == b"other phone\n"


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus_files("ramdisk"), ids=lambda path: path.name)
def test_real_ramdisks_write_back(path: Path) -> None:
    with pmport.open(real(path)) as ramdisk:
        assert bytes(ramdisk) == path.read_bytes()


@pytest.mark.corpus
def test_the_ramdisk_of_a_real_boot_image_is_found_inside() -> None:
    with pmport.open(real(CORPUS / "boot" / "samsung-crespo-boot.img")) as image:
        ramdisks = [node for _, node in image.walk() if isinstance(node, Ramdisk)]
    assert ramdisks[0].find("init") is not None
    assert ramdisks[0].find("init.rc") is not None


def test_it_is_opened_by_content() -> None:
    assert isinstance(pmport.open(bytes(Ramdisk.build([("init", 0o100755, b"x")]))), Ramdisk)
    assert Section.of(b"").size == 0


def linked(carrier: int, count: int = 3) -> bytes:
    """Hard links of one file, of which one carries the bytes."""
    entries = []
    for number in range(count):
        data = b"PROGRAM" * 100 if number == carrier else b""
        entries.append(CpioEntry(f"bin/{number}", 0o100755, Section.of(data), ino=77, nlink=count))
    pieces = []
    for entry in (*entries, CpioEntry(TRAILER, 0, Section.zeros(0))):
        start, padding = written(entry)
        pieces.append(start + entry.data.read() + bytes(padding))
    return b"".join(pieces)


@pytest.mark.parametrize("carrier", range(3))
@pytest.mark.parametrize("gone", range(3))
def test_the_bytes_of_hard_links_stay_when_one_is_removed(carrier: int, gone: int, tmp_path: Path) -> None:
    new = bytes(Ramdisk.parse(linked(carrier)).remove(f"bin/{gone}"))
    program = judge("cpio", "cpio")
    subprocess.run([program, "-idm", "--quiet"], input=new, cwd=tmp_path, check=True)
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "bin").iterdir()}
    assert sizes == {str(number): 700 for number in range(3) if number != gone}


def test_a_wrong_checksum_of_an_entry_is_found() -> None:
    raw = bytearray(bytes(Ramdisk.build([("init", 0o100755, b"#!/bin/sh"), ("empty", 0o100644, b"")])))
    at = 0
    while (at := raw.find(b"070701", at)) >= 0:
        raw[at : at + 6] = b"070702"
    assert [finding.code for finding in Ramdisk.parse(bytes(raw)).findings()] == ["ramdisk-sum"]
    good = Ramdisk.parse(bytes(raw)).put("init", b"#!/bin/busybox")
    assert Ramdisk.parse(bytes(good)).findings() == ()


def test_bytes_behind_the_archives_are_kept_and_told() -> None:
    archive = bytes(Ramdisk.build([("init", 0o100755, b"#!/bin/sh")]))
    for tail in (b"SEANDROIDENFORCE", b"\0" * 512 + b"junk", b"0"):
        ramdisk = Ramdisk.parse(archive + tail)
        assert bytes(ramdisk) == archive + tail
        assert [finding.code for finding in ramdisk.findings()] == ["ramdisk-tail"]
        changed = ramdisk.put("init", b"#!/bin/busybox sh")
        assert bytes(changed).endswith(tail)
        assert changed.read("init") == b"#!/bin/busybox sh"
    assert not Ramdisk.parse(archive + bytes(512)).findings()


def test_archives_behind_each_other_are_one_ramdisk() -> None:
    first = bytes(Ramdisk.build([("early", 0o100644, b"microcode"), ("both", 0o100644, b"1")]))
    second = bytes(Ramdisk.build([("init", 0o100755, b"#!/bin/sh"), ("both", 0o100644, b"2")]))
    for between in (b"", bytes(3), bytes(508)):
        ramdisk = Ramdisk.parse(first + between + second)
        assert [entry.name for entry in ramdisk] == ["early", "both", "init", "both"]
        assert ramdisk.read("both") == b"2"
        assert not ramdisk.findings()


@pytest.mark.parametrize("kind", ["gzip", "lz4-legacy", "zstd", "xz"])
def test_a_compressed_archive_behind_a_plain_one_is_opened_and_replaced(kind: str) -> None:
    early = bytes(Ramdisk.build([("early", 0o100644, b"microcode")]))
    packed = compress(bytes(Ramdisk.build([("init", 0o100755, b"#!/bin/sh")])), kind)
    ramdisk = Ramdisk.parse(early + packed)
    assert bytes(ramdisk) == early + packed
    inner = ramdisk["rest"].find(Ramdisk)  # type: ignore[attr-defined]  # a compressed stream is a container
    assert inner.read("init") == b"#!/bin/sh"
    assert bytes(ramdisk.replace(rest=b"\x1f\x8b")) == early + b"\x1f\x8b"
    assert not ramdisk.findings()
