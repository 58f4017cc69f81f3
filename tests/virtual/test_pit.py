"""PIT files of real phones, read as Heimdall reads them, and kept to the byte."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import corpus_files, judge, real

import pmport
from pmport.errors import FormatError
from pmport.formats.storage.pit import HEADER_SIZE, Pit, PitEntry
from pmport.formats.storage.pit_entry import ENTRY, entry_declaration

REAL = corpus_files("pit")
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=31)
WORDS = st.integers(0, 0xFFFFFFFF)
ENTRIES = st.builds(
    PitEntry, NAMES, NAMES, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, NAMES
)  # fmt: skip


@pytest.mark.corpus
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_tables_are_kept_to_the_byte(path: Path) -> None:
    raw = real(path).read_bytes()
    with pmport.open(path) as pit:
        assert isinstance(pit, Pit)
        assert bytes(pit) == raw
        assert len(pit.names) >= 5
        facts = pmport.facts.of(pit)
    assert facts.best("flash_method") == "heimdall"
    assert {"BOOT", "boot", "KERNEL", "Kernel", "zImage", "IBL+PBL", "KERNEL-MB0"} & set(pit.names) or pit.find_file(
        "boot.img"
    )


def printed_entries(text: str) -> list[list[str]]:
    """The values of each entry, as Heimdall prints them."""
    values: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith("--- Entry #"):
            values.append([])
        elif values and ": " in line:
            values[-1].append(line.partition(": ")[2].split(" (")[0].strip())
    return values


@pytest.mark.corpus
@pytest.mark.judge
def test_heimdall_prints_the_same() -> None:
    heimdall = judge("heimdall", "heimdall-flash")
    running = {  # all at once: each sleeps for a second
        real(path): subprocess.Popen([heimdall, "print-pit", "--file", str(path)], stdout=subprocess.PIPE)
        for path in REAL
    }
    for path, process in running.items():
        expected = printed_entries(process.communicate(timeout=30)[0].decode("utf-8", "surrogateescape"))
        with pmport.open(path) as pit:
            assert isinstance(pit, Pit)
            ours = [
                [str(number) for number in (
                    entry.binary_type, entry.device_type, entry.identifier, entry.attributes, entry.update_attributes,
                    entry.start, entry.block_count, entry.file_offset, entry.file_size,
                )] + [entry.name.strip(), entry.file.strip(), entry.fota.strip()]
                for entry in pit
            ]  # fmt: skip
        assert ours == expected, path.name


@given(st.lists(ENTRIES, min_size=1, max_size=5), st.binary(max_size=40))
def test_what_is_built_is_read_back(entries: list[PitEntry], tail: bytes) -> None:
    pit = Pit.build(entries, project="SOC", tail=tail)
    assert list(pit) == entries
    assert bytes(Pit.parse(bytes(pit))) == bytes(pit)
    raw = bytes(pit)[HEADER_SIZE:]
    declared = entry_declaration().parse(raw)
    assert tuple(getattr(declared, name) for name in list(declared)[-12:]) == ENTRY.unpack_from(raw)


def test_the_smallest_table_of_the_sheet() -> None:
    entry = PitEntry("BOOT", "boot.img", 9, 0, 2, 5, 1, 8192, 32768)
    pit = Pit.build([entry], project="TESTSOC")
    assert len(bytes(pit)) == 160
    assert zlib.crc32(bytes(pit)) == 0xB6A79A69
    assert pit.partition_size(entry) == 16777216
    assert pit.find("9") == pit["BOOT"] == pit.find_file("boot.img.lz4") == entry
    assert pit.find("boot") is None
    with pytest.raises(KeyError, match="BOOT"):
        pit["NOPE"]


@pytest.mark.parametrize(
    ("raw", "field"),
    [(b"", "magic"), (bytes(160), "magic"), (b"\x76\x98\x34\x12" + b"\xff" * 24, "count")],
)
def test_broken_tables_are_refused(raw: bytes, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        Pit.parse(raw)
    assert caught.value.field == field


def test_names_that_do_not_fit_are_refused() -> None:
    with pytest.raises(FormatError, match="31 bytes"):
        Pit.build([PitEntry("X" * 32)])
