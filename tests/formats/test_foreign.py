"""The usual wrong file gets a word and advice; what pmport reads, and plain code, gets none."""

from __future__ import annotations

from random import Random

import pytest
from support import REPOSITORY

import pmport
from pmport.errors import UnknownFormatError
from pmport.formats import foreign
from pmport.node import Data
from pmport.section import Section


def sample(places: tuple[tuple[int, bytes], ...]) -> bytes:
    """Bytes of no other kind with marks at their places."""
    data = bytearray(b"\x17\x03" * (max(offset for offset, _ in places) // 2 + 600))
    for offset, magic in places:
        data[offset : offset + len(magic)] = magic
    return bytes(data)


@pytest.mark.parametrize(("places", "expected"), foreign.ROWS, ids=lambda value: getattr(value, "word", ""))
def test_each_row_is_told_by_its_marks(places: tuple[tuple[int, bytes], ...], expected: foreign.Foreign) -> None:
    data = sample(places)
    found = foreign.identify(Section.of(data))
    assert found is not None
    assert found.word == expected.word
    with pytest.raises(UnknownFormatError) as caught:
        pmport.open(data)
    assert expected.word in str(caught.value)
    assert expected.advice in str(caught.value)


@pytest.mark.parametrize(
    ("data", "family"),
    [
        (bytes(1 << 21), "fill"),
        (b"\xff" * 70000, "fill"),
        (b"<!DOCTYPE HTML>\n<title>404</title>", "text"),
        (b"\xef\xbb\xbf  <html lang='en'>", "text"),
        (b'{"message": "Not Found"}', "text"),
        (b"<?xml version='1.0'?><root/>", "text"),
        (b"#!/bin/sh\nmkbootimg --kernel $1\n", "text"),
        (b"--- a/boot.img\n+++ b/boot.img\n", "patch"),
        ("Ansäuern\n".encode() * 9000, "text"),
        (Random(1).randbytes(446) + bytes(64) + b"\x55\xaa" + bytes(4096), "disk"),
        (Random(2).randbytes(5000), "random"),
        (Random(3).randbytes(1 << 20), "random"),
    ],
)
def test_what_has_no_mark_is_told_by_its_looks(data: bytes, family: str) -> None:
    found = foreign.identify(Section.of(data))
    assert found is not None
    assert found.family == family


@pytest.mark.parametrize("data", [b"", b"\x17\x03" * 9, bytes(1 << 16) + b"\1", bytes(range(256)) * 40 + b"\0" * 3000])
def test_nothing_is_said_of_other_bytes(data: bytes) -> None:
    assert foreign.identify(Section.of(data)) is None


def test_random_bytes_of_any_size_are_told_from_code() -> None:
    random = Random(4)
    for size in (1024, 2000, 4096, 65536, 100000):
        assert all(foreign.identify(Section.of(random.randbytes(size))) == foreign.RANDOM for _ in range(30))
    code = b"".join((number % 977).to_bytes(4, "little") for number in range(20000))
    assert foreign.identify(Section.of(code)) is None


def test_a_part_of_no_format_says_what_it_looks_like() -> None:
    assert dict(Data.parse(b"<html>").describe())["looks like"] == "an HTML page"


def test_the_project_s_own_picture_of_a_wrong_file() -> None:
    with pytest.raises(UnknownFormatError, match="is text"):
        pmport.open(REPOSITORY / "LICENSE")
