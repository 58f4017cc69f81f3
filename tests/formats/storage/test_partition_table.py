"""Partition tables of every kind in one view; GPT against sgdisk."""

from __future__ import annotations

import contextlib
import re
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.storage.flash_lists import Rawprogram, Scatter
from pmport.formats.storage.gpt import Gpt
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.formats.storage.pit import Pit, PitEntry

MIB = 1 << 20
SCATTER = b"""############
- general: MTK_PLATFORM_CFG
  info:
    - config_version: V1.1.2
      platform: MT6735
      project: k35v1_64
      storage: EMMC
############
- partition_index: SYS0
  partition_name: preloader
  file_name: preloader.bin
  is_download: true
  type: SV5_BL_BIN
  linear_start_addr: 0x0
  physical_start_addr: 0x0
  partition_size: 0x40000
  region: EMMC_BOOT_1

- partition_index: SYS1
  partition_name: boot
  file_name: NONE
  type: NORMAL_ROM
  linear_start_addr: 0x2d80000
  physical_start_addr: 0x2980000
  partition_size: 0x1000000
  region: EMMC_USER
"""
RAWPROGRAM = b"""<?xml version="1.0" ?>
<data>
  <!--NOTE: <program label="no"/> -->
  <program SECTOR_SIZE_IN_BYTES="4096" filename="boot.img" label="boot_a" num_partition_sectors="24576" physical_partition_number="4" sparse="false" start_sector="6"/>
  <program SECTOR_SIZE_IN_BYTES="4096" filename="gpt_backup0.bin" label="BackupGPT" num_partition_sectors="5" physical_partition_number="0" start_sector="NUM_DISK_SECTORS-5."/>
</data>
"""


def test_a_table_built_by_us_is_whole_for_sgdisk(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    gpt = Gpt.build([Partition("boot", MIB, MIB), Partition("system", 2 * MIB, 3 * MIB)], disk_size=16 * MIB)
    disk.write_bytes(bytes(gpt))
    run = subprocess.run([judge("sgdisk", "gdisk"), "-v", "-p", disk], capture_output=True, text=True, check=True)
    assert "No problems found" in run.stdout
    assert re.findall(r"^ +\d+ +(\d+) +(\d+) .* (\w+)$", run.stdout, re.MULTILINE) == [
        ("2048", "4095", "boot"),
        ("4096", "10239", "system"),
    ]


def test_a_table_of_sgdisk_is_read(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(32 * MIB)
    options = ["-n", "1:2048:4095", "-c", "1:abl_a", "-n", "2:8192:+4M", "-c", "2:ünï", "-t", "2:ef00"]
    subprocess.run([judge("sgdisk", "gdisk"), *options, disk], capture_output=True, check=True)
    with pmport.open(disk) as gpt:
        assert isinstance(gpt, Gpt)
        assert bytes(gpt) == disk.read_bytes()
        assert [(p.name, p.start, p.size) for p in gpt.table] == [("abl_a", MIB, MIB), ("ünï", 4 * MIB, 4 * MIB)]
        assert gpt.table["ünï"].type == "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
        assert [child.name for child in gpt.children] == ["abl_a", "ünï"]
        assert not gpt.findings()
        assert ("abl_a", MIB, "") in pmport.facts.of(gpt).values("partition")


@pytest.mark.parametrize("sector", [512, 4096])
@given(sizes=st.lists(st.integers(1, 5), max_size=6))
def test_what_was_built_is_read(sector: int, sizes: list[int]) -> None:
    starts = [MIB + sum(sizes[:number]) * 4096 for number in range(len(sizes))]
    wanted = [Partition(f"p{n}", start, size * 4096) for n, (start, size) in enumerate(zip(starts, sizes, strict=True))]
    gpt = Gpt.build(wanted, disk_size=4 * MIB, sector_size=sector)
    read = Gpt.parse(bytes(gpt))
    assert [(p.name, p.start, p.size) for p in read.table] == [(p.name, p.start, p.size) for p in wanted]
    assert bytes(read) == bytes(gpt)
    assert not read.findings()


def test_the_beginning_of_a_disk_is_enough() -> None:
    whole = bytes(Gpt.build([Partition("boot", MIB, MIB)], disk_size=4 * MIB))
    gpt = Gpt.parse(whole[: 34 * 512])
    assert gpt.table["boot"].size == MIB
    assert not gpt.children


def test_overlaps_are_found() -> None:
    gpt = Gpt.build([Partition("a", MIB, MIB), Partition("b", MIB + 4096, MIB)], disk_size=4 * MIB)
    assert [finding.code for finding in gpt.findings()] == ["partition-overlap"]
    assert bytes(gpt) == bytes(Gpt.parse(bytes(gpt)))


def test_impossible_partitions_are_refused() -> None:
    for partition in (Partition("a", 0, MIB), Partition("a", MIB, 4 * MIB), Partition("a", MIB, 100)):
        with pytest.raises(FormatError):
            Gpt.build([partition], disk_size=4 * MIB)


@given(st.integers(512, 34 * 512 - 1), st.integers(0, 255))
def test_damaged_tables_are_found(place: int, value: int) -> None:
    raw = bytearray(bytes(Gpt.build([Partition("boot", MIB, MIB)], disk_size=2 * MIB + MIB))[: 34 * 512])
    changed = raw[place] != value
    raw[place] = value
    with contextlib.suppress(FormatError):
        gpt = Gpt.parse(bytes(raw))
        assert gpt.findings() or not changed or 604 <= place < 1024


def test_cut_tables_give_format_errors() -> None:
    raw = bytes(Gpt.build([], disk_size=MIB))[: 34 * 512]
    for cut in (0, 1, 511, 512, 519, 520, 600, 603, 1024, 34 * 512 - 1):
        with pytest.raises(FormatError):
            Gpt.parse(raw[:cut])


def test_scatter_files_are_read() -> None:
    scatter = pmport.open(SCATTER)
    assert isinstance(scatter, Scatter)
    assert bytes(scatter) == SCATTER
    assert scatter.table == (
        Partition("preloader", 0, 0x40000, "EMMC_BOOT_1", "preloader.bin", "SV5_BL_BIN"),
        Partition("boot", 0x2980000, 0x1000000, "EMMC_USER", "", "NORMAL_ROM"),
    )
    facts = pmport.facts.of(scatter)
    assert (facts.best("soc"), facts.best("board")) == ("mt6735", "k35v1_64")


def test_rawprogram_files_are_read() -> None:
    program = pmport.open(RAWPROGRAM)
    assert isinstance(program, Rawprogram)
    assert bytes(program) == RAWPROGRAM
    assert program.table == (
        Partition("boot_a", 6 * 4096, 24576 * 4096, "LUN 4", "boot.img"),
        Partition("BackupGPT", None, 5 * 4096, "LUN 0", "gpt_backup0.bin"),
    )


def test_numbers_that_are_none_are_format_errors() -> None:
    with pytest.raises(FormatError):
        Scatter.parse(SCATTER.replace(b"0x40000", b"0xzz"))
    with pytest.raises(FormatError):
        Rawprogram.parse(RAWPROGRAM.replace(b"24576", b"-1"))


@pytest.mark.corpus
def test_pit_shares_the_view() -> None:
    with pmport.open(real(CORPUS / "pit" / "AsteroidOS-SM-A515F.pit")) as pit:
        assert isinstance(pit, Pit)
        assert isinstance(pit.table, PartitionTable)
        assert [partition.name for partition in pit.table] == list(pit.names)
        assert pit.table["BOOT"].file == "boot.img"
        assert "BOOT" in str(pit.table.view())


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_partition_may_end_with_the_last_usable_sector_and_not_behind_it(sector: int) -> None:
    disk = 4 * MIB
    table = -(-128 * 128 // sector)
    first, end = (2 + table) * sector, disk - (table + 1) * sector
    gpt = Gpt.build([Partition("all", first, end - first)], disk_size=disk, sector_size=sector)
    assert gpt.findings() == ()
    assert gpt.entries[0].last == gpt.last_usable
    for start, stop in ((first, end + sector), (first - sector, end), (end, end + sector)):
        with pytest.raises(FormatError):
            Gpt.build([Partition("all", start, stop - start)], disk_size=disk, sector_size=sector)
    assert Gpt.build([Partition("last", end - sector, sector)], disk_size=disk, sector_size=sector).findings() == ()


def test_an_entry_that_ends_behind_the_last_usable_sector_is_found() -> None:
    raw = bytearray(bytes(Gpt.build([Partition("all", MIB, MIB)], disk_size=4 * MIB)))
    last = Gpt.parse(bytes(raw)).last_usable
    for end, codes in ((last, []), (last + 1, ["gpt-beyond"])):
        raw[1024 + 40 : 1024 + 48] = end.to_bytes(8, "little")
        table = zlib.crc32(raw[1024 : 1024 + 128 * 128]).to_bytes(4, "little")
        raw[512 + 88 : 512 + 92] = table
        raw[512 + 16 : 512 + 20] = bytes(4)
        raw[512 + 16 : 512 + 20] = zlib.crc32(raw[512 : 512 + 92]).to_bytes(4, "little")
        assert [finding.code for finding in Gpt.parse(bytes(raw)).findings()] == codes


def test_partitions_on_other_logical_units_do_not_overlap() -> None:
    """As UFS phones have them: the word that others use as an offset is the unit."""
    entries = [
        PitEntry("EFS", device_type=8, identifier=1, start=10000, block_count=5000),
        PitEntry("BOOT", device_type=8, identifier=2, start=15000, block_count=5000),
        PitEntry("XBL", device_type=8, identifier=3, start=6, block_count=1000, file_offset=1),
        PitEntry("LOG", device_type=8, identifier=4, start=9500, block_count=16000, file_offset=1),
    ]
    two = Pit.build(entries, lu_count=2)
    assert two.findings() == two.table.findings() == ()
    assert [two.unit(entry) for entry in two] == [0, 0, 1, 1]
    assert {partition.storage for partition in two.table} == {"UFS unit 0", "UFS unit 1"}
    one = Pit.build([*entries[:3], replace(entries[3], file_offset=0)], lu_count=2)
    assert [finding.code for finding in one.findings()] == ["pit-overlap"]
    assert Pit.build(entries, lu_count=0).unit(entries[2]) == 0
