"""A large LZ4 stream is read block by block, whatever its blocks lean on; the program `lz4` is the judge."""

from __future__ import annotations

import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import judge

from pmport.errors import FormatError
from pmport.formats.streams.codecs import compress
from pmport.formats.streams.lz4_source import Lz4Source
from pmport.section import Section


def content(size: int, seed: int = 3) -> bytes:
    """Noise, zeros and repetitions near and far."""
    chance, out = random.Random(seed), bytearray()
    while len(out) < size:
        kind = chance.random()
        if kind < 0.4 or not out:
            out += chance.randbytes(chance.randrange(1, 50_000))
        elif kind < 0.6:
            out += bytes(chance.randrange(1, 100_000))
        else:
            start = chance.randrange(len(out))
            out += out[start : start + chance.randrange(1, 70_000)]
    return bytes(out[:size])


@pytest.mark.judge
@pytest.mark.parametrize(
    "options", ["-1", "-9", "-BD", "-B4 -BI", "-B7", "--content-size -B6 -BI", "-BX", "--no-frame-crc"]
)
@pytest.mark.parametrize("size", [1, 3, 64, 65536, 65537, 3 << 20])
def test_what_the_program_packs_is_read(options: str, size: int) -> None:
    data = content(size)
    command = [judge("lz4", "lz4"), "-c", *options.split()]
    packed = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    source = Lz4Source(Section.of(packed), "system.img")
    assert source.size == size
    assert source.read(0, size) == data
    assert source.read(size // 2, size - size // 2) == data[size // 2 :]  # back, and on


@given(st.integers(1, 400_000), st.integers(0, 5), st.data())
def test_any_range_is_that_of_the_content(size: int, seed: int, draw: st.DataObject) -> None:
    data = content(size, seed)
    source = Lz4Source(Section.of(compress(data, "lz4")), "system.img")
    start = draw.draw(st.integers(0, size - 1))
    length = draw.draw(st.integers(1, size - start))
    assert source.read(start, length) == data[start : start + length]


def test_frames_that_follow_one_another_are_one_content() -> None:
    skipped = (0x184D2A51).to_bytes(4, "little") + (3).to_bytes(4, "little") + b"abc"
    stream = compress(b"one" * 99, "lz4") + skipped + compress(b"two" * 99, "lz4")
    assert Section.of(Lz4Source(Section.of(stream), "x")).read() == b"one" * 99 + b"two" * 99


GOOD = compress(content(9000), "lz4")


@pytest.mark.parametrize(
    "broken",
    [
        *(GOOD[:size] for size in (0, 3, 4, 5, 8, 20, 40, len(GOOD) - 5)),
        *(GOOD[:at] + bytes([GOOD[at] ^ 0xFF]) + GOOD[at + 1 :] for at in (0, 3, 4, 5, 8, 9)),
    ],
)
def test_a_damaged_stream_is_an_error_of_the_format(broken: bytes) -> None:
    with pytest.raises(FormatError):
        Lz4Source(Section.of(broken), "x").read(0, 9000)


def test_a_stream_that_holds_less_than_it_states_is_noticed() -> None:
    packed = bytearray(b"\x04\x22\x4d\x18\x68\x40" + (99).to_bytes(8, "little") + b"\0")
    packed += (5 | 1 << 31).to_bytes(4, "little") + b"hello" + bytes(4)
    source = Lz4Source(Section.of(bytes(packed)), "x")
    assert source.read(0, 5) == b"hello"
    with pytest.raises(FormatError, match="ends after 5 bytes, not 99"):
        source.read(0, 6)
