"""Compressed streams: all kinds both ways, against the outside programs, bounded, and honest about what is damaged."""

from __future__ import annotations

import contextlib
import subprocess
import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import judge

import pmport
from pmport.errors import FormatError, TooLargeError
from pmport.formats.registry import recognise
from pmport.formats.streams.codecs import KINDS, compress, decompress, expand, kind_of
from pmport.formats.streams.stream import Compressed, Gzip

BOTH_WAYS = [kind for kind in KINDS if kind != "lzop"]
JUDGES = {
    "gzip": ("gzip", "gzip", []),
    "xz": ("xz", "xz-utils", []),
    "lzma": ("xz", "xz-utils", ["--format=lzma"]),
    "bzip2": ("bzip2", "bzip2", []),
    "lz4": ("lz4", "lz4", []),
    "lz4-legacy": ("lz4", "lz4", ["-l"]),
    "zstd": ("zstd", "zstd", []),
}
SAMPLE = b"".join(b"%d bottles; " % number for number in range(20000))


@pytest.mark.parametrize("kind", BOTH_WAYS)
@given(content=st.binary(max_size=300).map(lambda data: data * 7 + b"end"), behind=st.binary(max_size=8))
def test_a_stream_gives_its_content_and_its_end(kind: str, content: bytes, behind: bytes) -> None:
    stream = compress(content, kind)
    if kind == "lz4-legacy":
        behind = b"\xd0\x0d\xfe\xed" if behind else b""  # it has no end mark: only what cannot be a block ends it
    expanded = expand(stream + behind, kind=kind)
    assert (expanded.data, expanded.used) == (content, len(stream))


@pytest.mark.parametrize("kind", JUDGES)
def test_outside_programs_read_what_is_written_and_the_other_way_round(kind: str) -> None:
    program, package, options = JUDGES[kind]
    path = judge(program, package)
    theirs = subprocess.run([path, *options, "-c"], input=SAMPLE, capture_output=True, check=True).stdout
    assert decompress(theirs) == SAMPLE
    assert kind_of(theirs) == kind
    reading = [] if kind == "lz4-legacy" else options
    ours = compress(SAMPLE, kind)
    assert subprocess.run([path, *reading, "-d", "-c"], input=ours, capture_output=True, check=True).stdout == SAMPLE


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_a_bomb_is_stopped_at_the_limit(kind: str) -> None:
    bomb = compress(bytes(96 << 20), kind, 1)
    tracemalloc.start()
    with pytest.raises(TooLargeError) as caught:
        decompress(bomb, limit=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.limit == 1 << 20
    assert peak < 24 << 20


def test_a_dictionary_of_four_gib_is_refused() -> None:
    with pytest.raises(TooLargeError):
        decompress(b"\x5d\0\0\0\x80" + b"\xff" * 8 + bytes(100))


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_cut_off_streams_are_told_and_never_crash(kind: str) -> None:
    stream = compress(SAMPLE, kind)
    for cut in (*range(40), *range(40, len(stream), max(len(stream) // 40, 1))):
        if kind == "lzma" and cut > 13:
            break  # without an end mark the end of the input is the end of the stream
        with pytest.raises(FormatError):
            expand(stream[:cut], kind=kind)


@pytest.mark.parametrize("kind", BOTH_WAYS)
@given(st.data())
def test_damage_gives_only_format_errors(kind: str, data: st.DataObject) -> None:
    stream = bytearray(compress(SAMPLE[:5000], kind))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    try:
        expand(bytes(stream), kind=kind, limit=1 << 20)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - it may as well not raise


def test_lg_puts_the_total_size_behind_and_legacy_streams_may_be_joined() -> None:
    stream = compress(SAMPLE, "lz4-legacy")
    assert expand(stream + len(SAMPLE).to_bytes(4, "little")).used == len(stream) + 4
    assert decompress(stream + stream) == SAMPLE * 2


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_the_value_keeps_its_bytes_and_shows_its_content(kind: str) -> None:
    stream = compress(b"x" + SAMPLE, kind)
    node = recognise(stream)
    assert isinstance(node, Compressed)
    assert kind == node.COMPRESSION
    assert bytes(node) == stream
    assert bytes(dict(node.walk())["content"]) == b"x" + SAMPLE
    changed = node.replace(content=SAMPLE)
    assert changed.content.read() == SAMPLE
    assert node.replace() is node


def test_a_damaged_stream_is_a_finding_and_what_follows_is_shown() -> None:
    stream = compress(SAMPLE, "gzip")
    (finding,) = Gzip.parse(stream[:-9]).findings()
    assert finding.code == "stream-damaged"
    behind = Gzip.parse(stream + b"signature")
    assert bytes(dict(behind.facets())["rest"]) == b"signature"
    assert bytes(behind.replace(content=b"new")).endswith(b"signature")


@pytest.mark.parametrize("level", ["-1", "-6", "-9"])
@pytest.mark.parametrize("seed", range(20))
def test_what_lzop_writes_is_read(level: str, seed: int) -> None:
    random = Random(seed)
    words = [random.randbytes(random.randrange(1, 30)) for _ in range(50)]
    drawn = b"".join(random.choice(words) for _ in range(random.randrange(20000)))
    content = drawn + random.randbytes(random.randrange(3000)) + bytes(random.randrange(90000))
    program = judge("lzop", "lzop")
    stream = subprocess.run([program, "-c", level], input=content, capture_output=True, check=True).stdout
    assert expand(stream + b"behind") == (content, len(stream), "lzop")
    node = pmport.open(stream)
    assert (node.KIND, node.contents()["content"].read()) == ("lzop", content)


def test_a_damaged_lzop_file_gives_a_format_error_and_is_not_written() -> None:
    program = judge("lzop", "lzop")
    content = b"kernel" * 5000 + bytes(range(256)) * 40
    stream = subprocess.run([program, "-c"], input=content, capture_output=True, check=True).stdout
    random = Random(1)
    for _ in range(300):
        spoilt = bytearray(stream[: random.randrange(1, len(stream))] if random.randrange(2) else stream)
        spoilt[random.randrange(len(spoilt))] ^= 1 << random.randrange(8)
        with contextlib.suppress(FormatError):
            expand(bytes(spoilt), limit=1 << 20)
    with pytest.raises(FormatError):
        expand(stream[:-4])
    with pytest.raises(TooLargeError):
        expand(stream, limit=1000)
    with pytest.raises(FormatError):
        compress(b"", "lzop")
