"""The numbers of a GUID partition table at their limits: one less, equal, one more."""

from __future__ import annotations

import struct
import zlib

import pytest

from pmport.errors import FormatError
from pmport.formats.storage.gpt import Gpt, Partition

MIB = 1 << 20
HEADER, ENTRIES = 512, 1024
COUNT, ENTRY_SIZE = 80, 84
"""Places in the header."""


def signed(raw: bytearray) -> bytes:
    """With the checksums that its content has."""
    place, count, size = struct.unpack_from("<QII", raw, HEADER + 72)
    entries = raw[place * 512 : place * 512 + count * size]
    struct.pack_into("<I", raw, HEADER + 88, zlib.crc32(entries))
    struct.pack_into("<I", raw, HEADER + 16, 0)
    struct.pack_into("<I", raw, HEADER + 16, zlib.crc32(raw[HEADER : HEADER + 92]))
    return bytes(raw)


def disk(size: int = 4 * MIB) -> bytearray:
    return bytearray(bytes(Gpt.build([Partition("boot", MIB, MIB)], disk_size=size)))


def test_the_protective_mbr_covers_the_disk() -> None:
    """UEFI 2.10, table 5.4: not bootable, from CHS 0/2/0 to where CHS ends, type EE, from sector 1 to the last."""
    raw = disk()
    assert bytes(raw[446:462]) == bytes.fromhex("00000200eeffffff01000000ff1f0000")
    assert bytes(raw[462:510]) == bytes(48)
    large = Gpt.build([], disk_size=(1 << 32) * 512 + 512)
    assert large.section().read(458, 4) == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("length", "fits"), [(35, True), (36, True), (37, False)])
def test_a_name_has_36_units(length: int, fits: bool) -> None:
    named = [Partition("n" * length, MIB, MIB)]
    if fits:
        assert Gpt.parse(bytes(Gpt.build(named, disk_size=4 * MIB))).table["n" * length].size == MIB
    else:
        with pytest.raises(FormatError, match="does not fit"):
            Gpt.build(named, disk_size=4 * MIB)


@pytest.mark.parametrize(("entries", "fits"), [(1, False), (2, True), (3, True)])
def test_there_are_as_many_partitions_as_entries(entries: int, fits: bool) -> None:
    two = [Partition("a", MIB, 4096), Partition("b", 2 * MIB, 4096)]
    if fits:
        assert [entry.name for entry in Gpt.build(two, disk_size=4 * MIB, entries=entries).entries] == ["a", "b"]
    else:
        with pytest.raises(FormatError, match="2 partitions do not fit"):
            Gpt.build(two, disk_size=4 * MIB, entries=entries)


@pytest.mark.parametrize(
    ("size", "fits"), [(120, False), (128, True), (132, False), (136, True), (4096, True), (4104, False)]
)
def test_entries_are_of_128_to_4096_bytes(size: int, fits: bool) -> None:
    raw = disk()
    struct.pack_into("<II", raw, HEADER + COUNT, 4, size)
    image = signed(raw)
    if fits:
        assert Gpt.parse(image).entries[0].name == "boot"
    else:
        with pytest.raises(FormatError, match=f"4 entries of {size} bytes are impossible") as raised:
            Gpt.parse(image)
        assert raised.value.offset == HEADER + ENTRY_SIZE


@pytest.mark.parametrize(("count", "fits"), [(4095, True), (4096, True), (4097, False)])
def test_there_are_at_most_4096_entries(count: int, fits: bool) -> None:
    raw = disk()
    raw[ENTRIES + 128 : ENTRIES + 4097 * 128] = bytes(4096 * 128)
    struct.pack_into("<I", raw, HEADER + COUNT, count)
    image = signed(raw)
    if fits:
        assert [entry.name for entry in Gpt.parse(image).entries] == ["boot"]
    else:
        with pytest.raises(FormatError, match="4097 entries"):
            Gpt.parse(image)


@pytest.mark.parametrize(
    ("first", "last", "fits"),
    [(2048, 2048, True), (2049, 2048, False), (2048, (1 << 54) - 1, True), (2048, 1 << 54, False)],
)
def test_the_last_sector_is_not_before_the_first_and_has_an_address(first: int, last: int, fits: bool) -> None:
    """Byte addresses of 63 bits: sector 2**54 of 512 bytes has none."""
    raw = disk()
    struct.pack_into("<QQ", raw, ENTRIES + 32, first, last)
    image = signed(raw)
    if fits:
        assert (Gpt.parse(image).entries[0].first, Gpt.parse(image).entries[0].last) == (first, last)
    else:
        with pytest.raises(FormatError, match="A partition from sector") as raised:
            Gpt.parse(image)
        assert raised.value.offset == ENTRIES + 40


def test_a_smallest_disk_has_one_usable_sector() -> None:
    sectors = 2 + 1 + 1 + 1 + 1  # MBR and header, a sector of entries, one to use, entries and header again
    assert Gpt.build([Partition("a", 3 * 512, 512)], disk_size=sectors * 512, entries=4).table["a"].size == 512
    for size in (sectors * 512 - 512, sectors * 512 + 1):
        with pytest.raises(FormatError, match="do not fit a disk"):
            Gpt.build([], disk_size=size, entries=4)


def test_where_it_is_wrong_is_said() -> None:
    whole = bytes(disk())
    for image, field, offset in (
        (bytes(4096), "Signature", 512),
        (whole[:520], "HeaderSize", 512),
        (whole[: ENTRIES + 100], "PartitionEntryLBA", 512 + 72),
        (whole[:540] + b"\xff" + whole[541:], "HeaderCRC32", 512 + 16),
    ):
        with pytest.raises(FormatError) as raised:
            Gpt.parse(image)
        assert (raised.value.field, raised.value.offset) == (field, offset)


def test_a_partition_without_a_place_is_refused() -> None:
    for lacking in (Partition("a", None, 512), Partition("a", MIB, None)):
        with pytest.raises(FormatError, match="does not fit"):
            Gpt.build([lacking], disk_size=4 * MIB)
