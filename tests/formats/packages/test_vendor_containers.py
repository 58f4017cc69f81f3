"""Sony's SIN and Rockchip's resource images: what is in them comes out, what is wrong is told."""

from __future__ import annotations

import gzip
import hashlib
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pmport
from pmport.devicetree import Blob, DeviceTree
from pmport.errors import FormatError
from pmport.formats import RockchipResource, SonySin
from pmport.formats.packages.tar import TarArchive
from pmport.formats.streams.stream import Gzip

TREE = bytes(DeviceTree())


def rsce(files: dict[str, bytes], *, hashed: str = "", entry_blocks: int = 1) -> bytes:
    place = 1 + entry_blocks * len(files)
    table = body = b""
    for name, data in files.items():
        text = name.encode()
        if hashed:
            digest = hashlib.new(hashed, data).digest()
            text = text.ljust(220, b"\0") + digest.ljust(32, b"\0") + struct.pack("<I", len(digest))
        row = b"ENTR" + text.ljust(256, b"\0") + struct.pack("<II", place, len(data))
        table += row.ljust(512 * entry_blocks, b"\0")
        body += data + bytes(-len(data) % 512)
        place += -(-len(data) // 512)
    return struct.pack("<4sHHBBBBI", b"RSCE", 0, 0, 1, 1, entry_blocks, 0, len(files)).ljust(512, b"\0") + table + body


@pytest.mark.parametrize("hashed", ["", "sha1", "sha256"])
@pytest.mark.parametrize("entry_blocks", [1, 2])
def test_a_resource_image_gives_its_files(hashed: str, entry_blocks: int) -> None:
    files = {"rk-kernel.dtb": TREE, "logo.bmp": b"BM" * 300, "long/" + "n" * 180: b"x"}
    raw = rsce(files, hashed=hashed, entry_blocks=entry_blocks)
    image = pmport.open(raw, RockchipResource)
    assert {member.name: member.section.read() for member in image.members} == files
    assert isinstance(image["rk-kernel.dtb"], Blob)
    assert bytes(image) == raw
    assert not image.findings()


@pytest.mark.parametrize("hashed", ["sha1", "sha256"])
def test_a_damaged_file_of_a_resource_image_is_told(hashed: str) -> None:
    raw = bytearray(rsce({"a": b"a" * 600, "b": b"b" * 600}, hashed=hashed))
    raw[-600] ^= 1
    assert [finding.where for finding in RockchipResource.parse(bytes(raw)).findings()] == ["b"]


def adr(source: int, size: int, target: int, magic: bytes = b"ADDR") -> bytes:
    return magic + struct.pack(">I3QI32s", 68, source, size, target, 2, b"")


def sin(data: bytes, table: bytes = b"", *, block: int = 1000) -> bytes:
    mapped = b"MMCF" + struct.pack(">I", len(table)) + table if table else b""
    body = mapped + data
    pieces = [body[: len(mapped)]] if mapped else []
    pieces += [data[at : at + block] for at in range(0, len(data), block)]
    listed = b"".join(struct.pack(">I", len(piece)) + hashlib.sha256(piece).digest() for piece in pieces)
    size = 24 + len(listed) + 4 + 7
    return (
        struct.pack(">4s5I", b"\x03SIN", size, 9, 2, 0, len(listed)) + listed + struct.pack(">I", 7) + b"c" * 7 + body
    )


def test_a_sin_without_a_map_holds_the_image_itself() -> None:
    raw = sin(TREE)
    found = pmport.open(raw, SonySin)
    assert bytes(found) == raw
    assert isinstance(found["image"], Blob)
    assert not found.findings()


def test_a_sin_with_a_map_is_put_together() -> None:
    gptp = b"GPTP" + struct.pack(">I16s", 24, b"u" * 16)
    raw = sin(b"A" * 1500 + b"B" * 700, gptp + adr(1500, 700, 0) + adr(0, 1500, 4096))
    found = pmport.open(raw, SonySin)
    assert bytes(found) == raw
    assert found.contents()["image"].read() == b"B" * 700 + bytes(4096 - 700) + b"A" * 1500
    assert not found.findings()


def test_a_sin_with_ranges_of_another_kind_is_recognised_and_says_what_to_do() -> None:
    raw = sin(b"A" * 1500, adr(0, 1500, 0) + adr(0, 10, 4096, b"LZ4A"))
    found = pmport.open(raw, SonySin)
    assert not found.contents()
    assert "anyxperia_dumper" in str(dict(found.describe())["what to do"])


def test_a_damaged_block_of_a_sin_is_told() -> None:
    raw = bytearray(sin(b"A" * 2500))
    raw[-1] ^= 1
    (finding,) = SonySin.parse(bytes(raw)).findings()
    assert finding.code == "sin-hash"
    assert "Block 2 of 3" in finding.message
    (finding,) = SonySin.parse(bytes(raw[:-300])).findings()
    assert "Block 2 of 3" in finding.message


def test_a_newer_sin_opens_as_the_archive_that_it_is() -> None:
    stream = gzip.compress(bytes(TarArchive.build({"boot.cms": b"certificate", "boot.000": TREE})), mtime=0)
    found = pmport.open(stream, Gzip)
    archive = found.find(TarArchive)
    assert archive is not None
    assert isinstance(archive["boot.000"], Blob)


@given(st.data())
def test_changed_files_raise_nothing_but_format_errors(data: st.DataObject) -> None:
    gptp = b"GPTP" + struct.pack(">I16s", 24, b"u" * 16)
    samples = [sin(b"A" * 900, gptp + adr(0, 900, 4096)), sin(b"A" * 900), rsce({"a": TREE, "b": b"b"}, hashed="sha1")]
    raw = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(3):
        raw[data.draw(st.integers(0, min(len(raw) - 1, 700)))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        node = pmport.open(bytes(raw[: data.draw(st.integers(1, len(raw)))]))
        assert list(node.walk())
        node.findings()
        node.contents()
