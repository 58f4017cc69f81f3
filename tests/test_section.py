"""A section reads its range and nothing else, from whatever holds the bytes."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.byte_sources import FileSource
from pmport.errors import SourceChangedError, TooLargeError
from pmport.section import PIECE, Section


@given(st.binary(max_size=200), st.integers(-210, 210), st.integers(-210, 210))
def test_a_slice_of_a_section_is_the_section_of_the_slice(data: bytes, start: int, stop: int) -> None:
    assert Section.of(data)[start:stop].read() == data[start:stop]


@given(st.lists(st.binary(max_size=20), max_size=6), st.integers(0, 130), st.integers(0, 130))
def test_joined_sections_read_as_their_bytes_joined(pieces: list[bytes], offset: int, size: int) -> None:
    whole = b"".join(pieces)
    assert Section.joined(pieces).read(offset, size) == whole[offset : offset + size]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_copying_and_hashing_go_through_pieces(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "data"
    path.write_bytes(data[:size])
    with FileSource(path) as source, (tmp_path / "copy").open("w+b") as copy:
        section = Section.of(source)
        assert section.copy_to(copy) == size
        copy.seek(0)
        assert copy.read() == data[:size]
        assert section.sha256() == hashlib.sha256(data[:size]).hexdigest()
        assert section.sha1() == hashlib.sha1(data[:size], usedforsecurity=False).hexdigest()


def test_copying_to_memory_needs_no_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * PIECE)
    target = io.BytesIO()
    with FileSource(path) as source:
        assert Section.of(source).copy_to(target) == PIECE
    assert target.getvalue() == b"x" * PIECE


def test_a_file_that_shrank_gives_an_error_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with FileSource(path) as source:
        section = Section.of(source)
        path.write_bytes(b"01234")
        assert source.changed()
        with pytest.raises(SourceChangedError, match="ends at 5"):
            section.read()


def test_a_section_of_a_file_pickles_by_path_and_range(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with FileSource(path) as source:
        again = pickle.loads(pickle.dumps(Section.of(source)[2:5]))  # noqa: S301 - our own bytes
    assert again.read() == b"234"
    again.close()


def test_reading_after_closing_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    section = Section.of(FileSource(path))
    section.close()
    with pytest.raises(ValueError, match="inside the with block"):
        section.read()


def test_a_limit_keeps_a_huge_part_out_of_memory() -> None:
    with pytest.raises(TooLargeError, match="raise limit="):
        Section.zeros(1 << 40).read(limit=1 << 20)


def test_a_range_outside_its_source_is_refused() -> None:
    with pytest.raises(ValueError, match="not within"):
        Section(Section.of(b"abc").source, 1, 3)


@given(st.binary(min_size=1, max_size=4), st.integers(0, 40))
def test_finding_looks_across_the_borders_of_pieces(needle: bytes, shift: int) -> None:
    data = bytes(PIECE - 20 + shift) + b"\xff" + needle
    assert Section.of(data).find(b"\xff" + needle) == data.find(b"\xff" + needle)


def test_an_open_file_is_taken_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(5)
        section = Section.of(file)
        assert section.read(0, 2) == b"01"
        section.close()
    assert Section.of(io.BytesIO(b"abc")).read() == b"abc"
