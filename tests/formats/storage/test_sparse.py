"""Sparse images hold the raw image, and split into the very pieces that AOSP's fastboot sends."""

from __future__ import annotations

import random
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import corpus_files, judge, real

import pmport
from pmport.byte_sources import FileSource
from pmport.errors import FormatError
from pmport.formats.storage.sparse import ChunkKind, SparseImage, split
from pmport.section import Section

BLOCK = 4096


def pattern(blocks: int, seed: int) -> bytes:
    return b"".join(struct.pack("<I", (i * 2654435761 + seed) % 2**32) for i in range(blocks * 1024))


SPARSE_INPUT = (
    struct.pack("<IHHHHIIII", 0xED26FF3A, 1, 0, 28, 12, BLOCK, 37, 4, 0)
    + struct.pack("<HHII", 0xCAC1, 0, 2, 12 + 2 * BLOCK) + pattern(2, 1)
    + struct.pack("<HHII", 0xCAC3, 0, 10, 12)
    + struct.pack("<HHII", 0xCAC2, 0, 5, 16) + b"\1\2\3\4"
    + struct.pack("<HHII", 0xCAC1, 0, 20, 12 + 20 * BLOCK) + pattern(20, 5)
)  # fmt: skip

VECTORS = {
    "A": (pattern(40, 0), 65536, [(61492, 2, "57148930"), (61504, 3, "15552d4a"), (41012, 2, "02370251")]),
    "B": (
        pattern(10, 0) + bytes(20 * BLOCK) + pattern(10, 7),
        65536,
        [(61520, 4, "d4d2a160"), (20532, 2, "184ad568")],
    ),
    "C": (pattern(2, 0) + b"\xaa" * 100, 65536, [(12328, 1, "7485e6ca")]),
    "D": (
        pattern(30, 0) + b"\xff" * 5 * BLOCK + pattern(1, 9),
        100000,
        [(98356, 2, "da13cb9d"), (28752, 4, "5bca4e2e")],
    ),
    "E": (bytes(100 * BLOCK), 65536, [(44, 1, "1edbcd6b")]),
    "F": (
        pattern(40, 0) + b"\xaa" * 100,
        65536,
        [(61492, 2, "be7b46f9"), (61504, 3, "3f733264"), (45108, 2, "6647bcff")],
    ),
    "G": (SPARSE_INPUT, 65536, [(61532, 5, "082c7b1a"), (28724, 2, "4bee9344")]),
}
"""Output of libsparse itself: image, limit, and of each piece the bytes, the chunks and the CRC-32."""


@pytest.mark.parametrize("name", VECTORS)
def test_pieces_are_those_of_libsparse(name: str) -> None:
    image, limit, wanted = VECTORS[name]
    pieces = [(bytes(piece), len(piece.chunks)) for piece in split(image, limit)]
    assert [(len(data), chunks, f"{zlib.crc32(data):08x}") for data, chunks in pieces] == wanted


def test_the_first_vector_is_the_documented_input() -> None:
    assert (len(SPARSE_INPUT), f"{zlib.crc32(SPARSE_INPUT):08x}") == (90192, "4163f63e")


blocks = st.one_of(
    st.sampled_from([bytes(BLOCK), b"\xff" * BLOCK, b"abcd" * 1024]),
    st.binary(min_size=8, max_size=8).map(lambda word: word * (BLOCK // 8)),
)
raw_images = st.lists(blocks, min_size=1, max_size=60).map(b"".join)


@given(raw_images)
def test_what_was_built_expands_to_what_went_in(raw: bytes) -> None:
    image = SparseImage.build(raw)
    again = SparseImage.parse(bytes(image))
    assert bytes(again) == bytes(image)
    assert again.raw().read() == raw
    assert again.raw().read(100, 9000) == raw[100:9100]


@given(raw_images, st.integers(65536, 120_000))
def test_pieces_keep_the_limit_and_together_hold_everything(raw: bytes, limit: int) -> None:
    whole = bytearray(b"?" * len(raw))
    for piece in split(raw, limit):
        assert piece.size <= limit
        assert piece.raw_size == len(raw)
        at = 0
        for chunk in piece.chunks:
            size = chunk.blocks * BLOCK
            if chunk.kind is not ChunkKind.DONT_CARE:
                whole[at : at + size] = piece.raw().read(at, size)
            at += size
    assert bytes(whole) == raw


@settings(max_examples=30)
@given(st.integers(0, len(SPARSE_INPUT) - 1))
def test_a_truncated_image_says_what_is_missing(size: int) -> None:
    with pytest.raises(FormatError) as caught:
        SparseImage.parse(SPARSE_INPUT[:size])
    assert caught.value.offset is not None


@given(st.integers(0, 100), st.integers(0, 255))
def test_a_damaged_image_gives_a_format_error_or_an_image(at: int, value: int) -> None:
    data = bytearray(SPARSE_INPUT)
    data[at] = value
    try:
        image = SparseImage.parse(bytes(data))
    except FormatError:
        return
    assert bytes(image) == bytes(data)


@pytest.mark.parametrize("path", corpus_files("sparse"), ids=lambda path: path.name)
def test_real_images_open_and_write_back(path: Path) -> None:
    with pmport.open(real(path)) as image:
        assert isinstance(image, SparseImage)
        assert bytes(image) == path.read_bytes()


def mixed_image(path: Path, size: int) -> Path:
    generator = random.Random(7)
    pieces = [bytes(BLOCK), b"\xa5" * BLOCK, *(generator.randbytes(BLOCK) for _ in range(6))]
    path.write_bytes(b"".join(generator.choice(pieces) * generator.randint(1, 9) for _ in range(size)))
    return path


@pytest.mark.judge
def test_img2simg_makes_the_same_image(tmp_path: Path) -> None:
    raw = mixed_image(tmp_path / "raw", 300)
    subprocess.run([judge("img2simg", "android-sdk-libsparse-utils"), raw, tmp_path / "theirs"], check=True)
    assert bytes(SparseImage.build(raw.read_bytes())) == (tmp_path / "theirs").read_bytes()


@pytest.mark.judge
def test_simg2img_expands_our_pieces_to_the_raw_image(tmp_path: Path) -> None:
    raw = mixed_image(tmp_path / "raw", 300)
    names = []
    with FileSource(raw) as source:
        for number, piece in enumerate(split(Section.of(source), 200_000)):
            names.append(tmp_path / f"piece{number}")
            names[-1].write_bytes(bytes(piece))
    assert len(names) > 3
    subprocess.run([judge("simg2img", "android-sdk-libsparse-utils"), *names, tmp_path / "out"], check=True)
    assert (tmp_path / "out").read_bytes() == raw.read_bytes()


@pytest.mark.judge
@pytest.mark.parametrize(
    "seeds", [range(40), pytest.param(range(40, 1000), marks=pytest.mark.slow)], ids=["40", "1,000"]
)
def test_simg2simg_splits_alike(seeds: range, tmp_path: Path) -> None:
    program = judge("simg2simg", "android-sdk-libsparse-utils")
    for seed in seeds:
        generator = random.Random(seed)
        raw = b"".join(
            generator.choice([bytes(BLOCK), b"\xa5" * BLOCK, generator.randbytes(BLOCK)]) * generator.randint(1, 6)
            for _ in range(60)
        )
        whole = tmp_path / "whole"
        whole.write_bytes(bytes(SparseImage.build(raw)))
        limit = generator.randint(65536, 300_000)
        for old in tmp_path.glob("part.*"):
            old.unlink()
        subprocess.run([program, whole, tmp_path / "part", str(limit)], check=True)
        theirs = [path.read_bytes() for path in sorted(tmp_path.glob("part.*"), key=lambda path: int(path.suffix[1:]))]
        assert [bytes(piece) for piece in split(whole.read_bytes(), limit)] == theirs, f"seed {seed}, limit {limit}"


@pytest.mark.online
@pytest.mark.judge
def test_img2simg_makes_the_same_of_a_thousand_random_images(tmp_path: Path) -> None:
    program = judge("img2simg", "android-sdk-libsparse-utils")
    raw, theirs = tmp_path / "raw", tmp_path / "theirs"
    for seed in range(1000):
        generator = random.Random(seed)
        size = generator.choice([4096, 1024, 8192])
        pieces = []
        for _ in range(generator.randrange(1, 40)):
            word = generator.choice([bytes(4), b"\xff" * 4, generator.randbytes(4)])
            block = generator.choice([generator.randbytes(size), word * (size // 4)])
            pieces.append(block * generator.randrange(1, 5))
        raw.write_bytes(b"".join(pieces))
        subprocess.run([program, raw, theirs, str(size)], check=True)
        assert bytes(SparseImage.build(raw.read_bytes(), block_size=size)) == theirs.read_bytes(), seed


@pytest.mark.parametrize("limit", [0, -1, (64 << 10) - 1, 1.5, None, "64k", True])
def test_a_limit_that_no_bootloader_has_is_refused(limit: object) -> None:
    with pytest.raises(FormatError, match="limit is"):
        next(split(bytes(8192), limit))  # type: ignore[arg-type]  # wrong on purpose


def test_the_smallest_limit_is_64_kib() -> None:
    assert [piece.raw_size for piece in split(bytes(8192), 64 << 10)] == [8192]


def header(**values: int) -> bytes:
    """A header of one block that is left alone, with some fields changed."""
    fields = {
        "magic": 0xED26FF3A,
        "major": 1,
        "minor": 0,
        "file_hdr_sz": 28,
        "chunk_hdr_sz": 12,
        "blk_sz": 4096,
        "total_blks": 1,
    }
    fields |= {"total_chunks": 1, "image_checksum": 0} | values
    return struct.pack("<IHHHHIIII", *fields.values()) + struct.pack("<HHII", 0xCAC3, 0, 1, 12)


@pytest.mark.parametrize(
    ("values", "field", "offset"),
    [
        ({"magic": 0xED26FF3B}, "magic", 0),
        ({"major": 2}, "major_version", 4),
        ({"file_hdr_sz": 27}, "file_hdr_sz", 8),
        ({"chunk_hdr_sz": 11}, "file_hdr_sz", 8),
        ({"blk_sz": 0}, "blk_sz", 12),
        ({"blk_sz": 4098}, "blk_sz", 12),
        ({"total_chunks": 4}, "total_chunks", 20),
    ],
)
def test_a_wrong_header_is_shown_by_its_field(values: dict[str, int], field: str, offset: int) -> None:
    assert SparseImage.parse(header()).raw_size == 4096
    with pytest.raises(FormatError) as raised:
        SparseImage.parse(header(**values))
    assert (raised.value.field, raised.value.offset) == (field, offset)


@pytest.mark.parametrize(
    ("kind", "size", "fits"),
    [
        (0xCAC4, 0, True), (0xCAC4, 4, True), (0xCAC4, 8, False), (0xCAC2, 4, True), (0xCAC2, 0, False),
        (0xCAC3, 0, True), (0xCAC3, 4, False), (0xCAC1, 4096, True), (0xCAC1, 4095, False), (0xCAC5, 0, False),
    ],
)  # fmt: skip
def test_a_chunk_has_the_data_of_its_kind(kind: int, size: int, fits: bool) -> None:
    blocks = 0 if kind == 0xCAC4 else 1
    chunk = struct.pack("<HHII", kind, 0, blocks, 12 + size) + bytes(size)
    image = struct.pack("<IHHHHIIII", 0xED26FF3A, 1, 0, 28, 12, 4096, blocks, 1, 0) + chunk
    if fits:
        assert SparseImage.parse(image).raw_size == blocks * 4096
    else:
        with pytest.raises(FormatError, match=r"data|not known"):
            SparseImage.parse(image)


@pytest.mark.parametrize(
    ("size", "fits"), [(0, False), (2, False), (4, True), (6, False), (1 << 30, True), ((1 << 30) + 4, False)]
)
def test_a_block_is_a_multiple_of_four_up_to_a_gibibyte(size: int, fits: bool) -> None:
    if fits:
        assert SparseImage.build(b"", block_size=size).raw_size == 0
    else:
        with pytest.raises(FormatError, match="block_size is"):
            SparseImage.build(b"", block_size=size)
