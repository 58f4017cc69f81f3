"""Zones of a ramoops region: rings of text, found by the tree's sizes or by their signatures."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pmport
from pmport.errors import FormatError
from pmport.formats import RamoopsRegion
from pmport.formats.reports.ramoops import ZoneSizes


def zone(text: bytes, size: int, start: int = 0) -> bytes:
    """What ``persistent_ram_write`` leaves: a ring whose oldest byte is at ``start``."""
    ring = text[len(text) - start :] + text[: len(text) - start] if start else text
    return (b"DBGC" + struct.pack("<II", start, len(text)) + ring).ljust(size, b"\0")


def deflated(text: bytes) -> bytes:
    """As ``pstore_compress`` does it: deflate without a header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush()


def test_a_ring_is_read_from_its_oldest_byte() -> None:
    found = pmport.open(zone(b"first second third", 256, start=6), RamoopsRegion)
    assert found.log == b"first second third"
    assert bytes(found) == zone(b"first second third", 256, start=6)


def test_records_of_a_crash_are_joined_the_oldest_lines_first() -> None:
    data = zone(b"====5.000001-D\nPanic#1 Part1\nend\n", 256) + zone(b"====5.000001-D\nPanic#1 Part2\nbegin\n", 256)
    found = RamoopsRegion.parse(data)
    assert [(one.kind, one.seconds) for one in found.zones] == [("dmesg", 5), ("dmesg", 5)]
    assert found.log == b"Panic#1 Part2\nbegin\nPanic#1 Part1\nend\n"


@pytest.mark.parametrize("pack", [deflated, zlib.compress])
def test_a_compressed_record_is_opened(pack: object) -> None:
    assert callable(pack)
    text = b"Oops#1 Part1\n" + b"<6>[    1.0] hello\n" * 40
    found = RamoopsRegion.parse(zone(b"====1700000000.000001-C\n" + pack(text), 4096))
    assert found.log == text


def test_the_trees_sizes_find_zones_behind_empty_ones() -> None:
    sizes = ZoneSizes(record=0x1000, console=0x2000, pmsg=0x1000, ecc=16)
    data = b"\xaa" * 0x1000 + b"\0" * 0x1000 + zone(b"[    1.0] console\n", 0x2000) + zone(b"pmsg", 0x1000)
    found = RamoopsRegion.parse(data, sizes)
    assert [(one.kind, one.offset) for one in found.zones] == [("console", 0x2000), ("pmsg", 0x4000)]
    assert found.log == b"[    1.0] console\n"


def test_error_corrections_bytes_are_no_text() -> None:
    room = 0x1000 - 12
    blocks = -(-(room - 16) // (128 + 16))
    most = room - (blocks + 1) * 16
    assert RamoopsRegion.parse(zone(b"x" * most, 0x1000), ZoneSizes(console=0x1000, ecc=16)).log == b"x" * most
    with pytest.raises(FormatError):
        RamoopsRegion.parse(zone(b"x" * (most + 1), 0x1000), ZoneSizes(console=0x1000, ecc=16))


def test_a_trace_is_not_taken_for_text() -> None:
    found = RamoopsRegion.parse(zone(b"text\n" * 9, 256) + zone(bytes(range(128, 256)), 256))
    assert [one.kind for one in found.zones] == ["console", "ftrace"]


@pytest.mark.parametrize("data", [b"DBGC", b"DBGC" + bytes(8), b"DBGC" + b"\xff" * 60, b""])
def test_a_region_without_a_whole_zone_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        RamoopsRegion.parse(data)


@given(st.binary(max_size=200), st.integers(0, 200), st.binary(max_size=50))
def test_what_was_written_is_read_and_the_bytes_stay(text: bytes, start: int, rest: bytes) -> None:
    text = text.replace(b"DBGC", b"dbgc").replace(b"====", b"----")
    if not text:
        return
    data = zone(text, 256, start % len(text)) + rest
    found = RamoopsRegion.parse(data)
    assert found.zones[0].text == text
    assert bytes(found) == data


@given(st.lists(st.sampled_from([b"DBGC", bytes(4), b"\x01\0\0\0", b"====1.1-C\n", b"text"]), max_size=30))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    try:
        found = RamoopsRegion.parse(data)
    except FormatError:
        return
    assert bytes(found) == data
