"""FIASCO files: as 0xFFFF writes them, also with its fault, and as it reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import judge

import pmport
from pmport.errors import FormatError
from pmport.formats.packages.fiasco import Fiasco, FiascoImage

KERNEL = bytes(36) + b"\x18\x28\x6f\x01" + bytes(200)
words = st.text(alphabet="abc1-.", max_size=8)


@given(
    st.lists(
        st.builds(
            FiascoImage,
            st.sampled_from(["kernel", "rootfs", "initfs", "mmc"]),
            st.binary(min_size=1, max_size=300),
            device=words,
            revisions=st.lists(st.sampled_from(["2101", "2204", "1"]), max_size=40).map(tuple),
            version=words,
        ),
        max_size=4,
    ),
    words,
)
def test_what_is_built_is_read_back(images: list[FiascoImage], release: str) -> None:
    made = Fiasco.build(images, release)
    again = Fiasco.parse(bytes(made))
    assert bytes(again) == bytes(made)
    assert again.release == release
    for ours, theirs in zip(images, again.images, strict=True):
        assert (theirs.type, theirs.version, theirs.revisions) == (ours.type, ours.version, ours.revisions)
        assert theirs.section.read().startswith(bytes(ours.data))  # type: ignore[arg-type]  # they are bytes here
    assert not [finding for finding in again.findings() if finding.code == "hash"]


@pytest.mark.judge
def test_0xffff_reads_what_is_built(tmp_path: Path) -> None:
    image = FiascoImage("kernel", KERNEL, device="RX-51", revisions=("2101", "2204"), version="2.6.28")
    (tmp_path / "a.fiasco").write_bytes(bytes(Fiasco.build([image], "RX-51_2009")))
    program = judge("0xFFFF", "0xffff")
    run = subprocess.run(
        [program, "-M", "a.fiasco", "-u", "out"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    (tmp_path / "out").mkdir(exist_ok=True)
    run = subprocess.run(
        [program, "-M", "a.fiasco", "-u", "out"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    unpacked = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert unpacked, run.stdout + run.stderr
    assert unpacked[0].read_bytes().startswith(KERNEL)
    assert "RX-51" in unpacked[0].name


@pytest.mark.judge
def test_what_0xffff_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "zImage").write_bytes(KERNEL)
    program = judge("0xFFFF", "0xffff")
    command = [program, "-m", "RX-51:2101:2.6.28:kernel:zImage", "-g", "out.fiasco%sw"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    path = tmp_path / "out.fiasco"
    assert path.exists(), run.stdout + run.stderr
    with pmport.open(path) as fiasco:
        assert isinstance(fiasco, Fiasco)
        assert fiasco["kernel"].section().read().startswith(KERNEL)
        assert (fiasco.images[0].device, fiasco.images[0].revisions, fiasco.release) == ("RX-51", ("2101",), "sw")
        assert bytes(fiasco) == path.read_bytes()
        assert fiasco.findings() == ()


def test_a_part_that_a_newer_0xffff_forgot_to_count_is_read_and_told() -> None:
    whole = FiascoImage("kernel", KERNEL, version="1")
    part = bytes([0x34, 5]) + b"part1"
    described = bytes([2]) + whole.written() + part
    checksum = bytes([(0xFF - sum(described)) & 0xFF])
    head = bytes(Fiasco.build([]))
    fiasco = Fiasco.parse(head + b"\x54" + described + checksum + whole.section.read())
    assert [finding.code for finding in fiasco.findings()] == ["part-not-counted"]
    assert fiasco["kernel"].section().read().startswith(KERNEL)


def test_damage_is_told() -> None:
    data = bytes(Fiasco.build([FiascoImage("kernel", KERNEL)]))
    flipped = bytearray(data)
    flipped[-1] ^= 1
    assert [finding.code for finding in Fiasco.parse(bytes(flipped)).findings()] == ["hash"]
    with pytest.raises(FormatError, match="ends at"):
        Fiasco.parse(data[:-1])
    broken = data.replace(b"kernel", b"kernem", 1)
    with pytest.raises(FormatError, match="checksum"):
        Fiasco.parse(broken)
    for cut in range(26, len(data)):
        with pytest.raises(FormatError):
            Fiasco.parse(data[:cut])
