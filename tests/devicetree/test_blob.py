"""Blobs come back byte for byte; broken ones are refused with the offset."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import corpus_files, real

import pmport
from pmport.devicetree import Blob, DeviceTree, find_blobs
from pmport.devicetree.fdt_header import Header, header_struct
from pmport.errors import FormatError
from pmport.node import Role
from pmport.section import Section

TREES = corpus_files("dtb-split", "**/*")


def words(*values: int | bytes) -> bytes:
    return b"".join(value if isinstance(value, bytes) else value.to_bytes(4, "big") for value in values)


def blob_of(
    structure: bytes, strings: bytes = b"reg\0", *, reservations: bytes = bytes(16), tail: bytes = b""
) -> bytes:
    at = 40 + len(reservations)
    header = struct.pack(
        ">10I",
        0xD00DFEED,
        at + len(structure) + len(strings) + len(tail),
        at,
        at + len(structure),
        40,
        17,
        16,
        0,
        len(strings),
        len(structure),
    )
    return header + reservations + structure + strings + tail


EMPTY = words(1, 0, 2, 9)


@pytest.mark.corpus
@pytest.mark.parametrize("path", TREES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_tree_of_the_corpus_comes_back_from_blob_and_tree(path: Path) -> None:
    data = real(path).read_bytes()
    blob = Blob.parse(data)
    assert bytes(blob) == data
    assert bytes(blob.tree()) == data
    assert b"".join(part.section.read() for part in blob.parts()) == data


def test_a_built_tree_is_read_again(phone: DeviceTree) -> None:
    blob = Blob.build(phone)
    tree = blob.tree()
    assert [node.path for node in tree] == [node.path for node in phone]
    assert all(ours.raw == theirs.raw for ours, theirs in zip(tree, phone, strict=True))
    assert tree.reservations == [(0x8000_0000, 0x1000)]
    assert bytes(Blob.parse(bytes(blob))) == bytes(blob) == bytes(tree)


def test_each_tree_is_an_own_one(phone: DeviceTree) -> None:
    blob = Blob.parse(bytes(phone))
    first = blob.tree()
    first.root["model"] = "changed"
    assert blob.tree().root["model"].string == "Example Phone"
    assert bytes(blob) == bytes(phone)


def test_what_is_not_touched_keeps_its_bytes() -> None:
    nop = words(4)
    structure = words(nop, 1, 0, nop, 3, 3, 0, b"abc\xff", nop, 1, b"soc\0", nop, 3, 4, 4, 7, 2, nop, 2, 9, 0xDEAD)
    data = blob_of(structure, b"reg\0reg\0", tail=bytes(13))
    tree = Blob.parse(data).tree()
    assert bytes(tree) == data
    tree["/soc"]["reg"] = 8
    assert bytes(tree) == data.replace(words(3, 4, 4, 7), words(3, 4, 4, 8))
    tree["/soc"]["status"] = "okay"
    again = Blob.parse(bytes(tree))
    assert again.tree()["/soc"]["status"].string == "okay"
    assert again.header.size_dt_strings == 8 + 7


def test_blocks_stay_in_their_order() -> None:
    body = [b"reg\0", bytes(4), bytes(16), words(1, 0, 3, 4, 0, 7, 2, 9)]
    offsets = [40, 44, 48, 64]
    header = struct.pack(">10I", 0xD00DFEED, 96, offsets[3], offsets[0], offsets[2], 17, 16, 3, 4, 32)
    data = header + b"".join(body)
    tree = Blob.parse(data).tree()
    assert bytes(tree) == data
    assert tree.boot_cpu == 3
    canonical = Blob.build(tree, canonical=True)
    assert canonical.header.off_mem_rsvmap < canonical.header.off_dt_struct < canonical.header.off_dt_strings
    assert canonical.tree().root["reg"].cell == 7


def test_overlapping_blocks_are_kept_and_laid_out_anew_when_written() -> None:
    data = bytearray(blob_of(words(1, 0, 2, 9)))
    data[12:16] = words(60)
    kept = bytes(data)
    assert bytes(Blob.parse(kept)) == kept
    assert b"".join(part.section.read() for part in Blob.parse(kept).parts()) == kept
    assert Blob.parse(bytes(Blob.parse(kept).tree())).tree().root.raw == {}


@pytest.mark.parametrize("version", [1, 2, 3, 16])
def test_older_versions_are_read(version: int) -> None:
    long_value = bytes(range(8))
    structure = words(1, b"\0\0\0\0", 3, 4, 0, 7)
    if version < 16:
        structure += words(3, 8, 0x10) + bytes(-(len(structure) + 12) % 8) + long_value
        structure += words(1, b"/soc\0\0\0\0", 3, 4, 0, 9, 2, 2, 9)
    else:
        structure += words(3, 8, 0x10, long_value, 1, b"soc\0", 3, 4, 0, 9, 2, 2, 9)
    strings = b"reg\0\0\0\0\0\0\0\0\0\0\0\0\0long\0"
    count = {1: 7, 2: 8, 3: 9, 16: 9}[version]
    at = 4 * count + 4 & ~7
    at = 40
    fields = [0xD00DFEED, at + 16 + len(structure) + len(strings), at + 16, at + 16 + len(structure), at, version, 1, 0]
    fields += [len(strings)]
    header = struct.pack(f">{count}I", *fields[:count]).ljust(at, b"\0")
    data = header + bytes(16) + structure + strings
    blob = Blob.parse(data)
    assert bytes(blob) == data
    tree = blob.tree()
    assert tree.root["long"].bytes == long_value
    assert tree["/soc"]["reg"].cell == 9
    assert Blob.parse(bytes(tree)).header.version == 17


@pytest.mark.parametrize(
    ("structure", "words_of_error"),
    [
        (words(2), "the structure block of 4 bytes"),
        (words(2, 9), "begins with the token 0x2"),
        (words(1, b"ab\0\0", 2, 9), "root has a name"),
        (words(1, 0, 3, 4, 9, 1, 2, 9), "name at 9 is not within"),
        (words(1, 0, 3, 4, 3, 1, 2, 9), "name of a property is empty"),
        (words(1, 0, 3, 0xFFFFFFF0, 0, 1, 2, 9), "ends within the tree"),
        (words(1, 0, 3, 4, 0, 1, 3, 4, 0, 1, 2, 9), "property reg twice"),
        (words(1, 0, 1, b"ab\0\0", 2, 1, b"ab\0\0", 2, 2, 9), "node ab twice"),
        (words(1, 0, 1, 0, 2, 2, 9), "no name"),
        (words(1, 0, 1, b"a/b\0", 2, 2, 9), "cannot be the name"),
        (words(1, 0, 1, b"abcd"), "has no end"),
        (words(1, 0, 2, 2), "behind the root is 0x2"),
        (words(1, 0, 9), "ends within a node"),
        (words(1, 0, 0xD), "is no token"),
        (words(1, 0, *(1, b"a\0\0\0") * 10_000, *(2,) * 10_000, 2, 9), "nested more than"),
    ],
)
def test_a_broken_structure_is_refused_with_its_offset(structure: bytes, words_of_error: str) -> None:
    with pytest.raises(FormatError) as caught:
        Blob.parse(blob_of(structure))
    if words_of_error.startswith("the structure block of"):
        assert caught.value.field == "off_dt_struct"
        return
    assert words_of_error in str(caught.value) or "does not begin with a root" in str(caught.value)
    assert caught.value.offset is not None
    assert caught.value.offset >= 56


def test_two_nodes_with_one_phandle_are_refused() -> None:
    structure = words(1, 0, 1, b"a\0\0\0", 3, 4, 0, 5, 2, 1, b"b\0\0\0", 3, 4, 0, 5, 2, 2, 9)
    with pytest.raises(FormatError, match="/a and /b have the same phandle, 0x5") as caught:
        Blob.parse(blob_of(structure, b"phandle\0"))
    assert caught.value.offset == 56 + 4 * 14


def test_truncation_anywhere_is_refused(phone: DeviceTree) -> None:
    data = bytes(phone)
    for size in range(len(data)):
        with pytest.raises(FormatError) as caught:
            Blob.parse(data[:size])
        assert caught.value.offset is not None


def test_truncation_at_every_token_is_refused_when_the_header_agrees(phone: DeviceTree) -> None:
    header = Blob.parse(bytes(phone)).header
    start, size = header.off_dt_struct, header.size_dt_struct
    data = bytearray(bytes(phone))
    for cut in range(0, size, 4):
        data[36:40] = words(cut)
        with pytest.raises(FormatError) as caught:
            Blob.parse(bytes(data))
        assert caught.value.offset is not None
        assert caught.value.offset in {8, start, start + cut} or start <= caught.value.offset <= start + size


@given(st.integers(0, 1500), st.binary(min_size=1, max_size=8))
def test_overwritten_bytes_never_do_worse_than_a_format_error(offset: int, garbage: bytes) -> None:
    tree = DeviceTree()
    for i in range(20):
        node = tree.root.add(f"node@{i}")
        node["reg"] = [i, 4]
        node["compatible"] = ["example,device", "example"]
        node.add("child")["phandle"] = i + 1
    data = bytearray(bytes(tree))
    data[offset % len(data) : offset % len(data) + len(garbage)] = garbage
    try:
        blob = Blob.parse(bytes(data))
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - both outcomes are right
    else:
        assert bytes(blob) == bytes(data)
        assert Blob.parse(bytes(blob.tree())).size


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, b"\xd0\x0d\xfe\xed" + data, blob_of(data)):
        try:
            assert bytes(Blob.parse(candidate)) == candidate
        except FormatError as error:
            assert str(error)  # noqa: PT017 - both outcomes are right


@pytest.mark.parametrize("field", range(1, 10))
@pytest.mark.parametrize("value", [0, 1, 39, 40, 0x7FFFFFFF, 0xFFFFFFFF])
def test_wrong_header_fields_are_refused_or_harmless(phone: DeviceTree, field: int, value: int) -> None:
    data = bytearray(bytes(phone))
    data[4 * field : 4 * field + 4] = words(value)
    try:
        blob = Blob.parse(bytes(data))
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - both outcomes are right
    else:
        assert bytes(blob) == bytes(data)


def test_declaration_and_packing_of_the_header_agree() -> None:
    header = Header(
        totalsize=1000,
        off_dt_struct=56,
        off_dt_strings=900,
        off_mem_rsvmap=40,
        boot_cpuid_phys=1,
        size_dt_strings=9,
        size_dt_struct=700,
    )
    parsed = header_struct().parse(header.pack())
    assert {name: parsed[name] for name in Header.__slots__} == {n: getattr(header, n) for n in Header.__slots__}
    assert Header.parse(header.pack(), 1000) == header


def test_blobs_are_found_in_something_larger(phone: DeviceTree) -> None:
    data = bytes(phone)
    inner = data[:4] + bytes(60)
    found = find_blobs(b"kernel!" + inner + data + bytes(11) + data + data[:80])
    assert [offset for offset, _ in found] == [71, 71 + len(data) + 11]
    assert all(bytes(blob) == data for _, blob in found)
    assert find_blobs(b"") == find_blobs(bytes(100)) == ()
    assert len(find_blobs(data * 3, limit=2)) == 2


@pytest.mark.corpus
def test_all_appended_trees_of_a_real_kernel_are_found() -> None:
    path = real(Path(corpus_files("kernel", "xiaomi-sagit*")[0]))
    found = find_blobs(Section.of(path.read_bytes()))
    assert len(found) == 5
    assert {blob.tree().root["model"].string[:14] for _, blob in found} == {"Samsung DREAMQ"}


def test_zeros_may_follow_and_other_bytes_may_not(phone: DeviceTree) -> None:
    data = bytes(phone) + bytes(100)
    assert bytes(Blob.parse(data)) == data
    with pytest.raises(FormatError, match="100 bytes follow"):
        Blob.parse(bytes(phone) + bytes(99) + b"x")


def test_a_blob_pickles_compares_and_shows_itself(phone: DeviceTree) -> None:
    blob = Blob.parse(bytes(phone))
    again = pickle.loads(pickle.dumps(blob))  # noqa: S301 - our own bytes
    assert again == blob
    assert hash(again) == hash(blob)
    assert blob != DeviceTree()
    text = str(blob.view())
    assert "Example Phone" in text
    assert "structure" in blob._repr_html_()
    assert {part.role for part in blob.parts()} <= {Role.HEADER, Role.PADDING}


def test_opened_by_content(phone: DeviceTree) -> None:
    assert isinstance(pmport.open(bytes(phone)), Blob)
    with pytest.raises(FormatError, match="cut short"):
        pmport.open(bytes(phone)[:-1])


def test_padding_is_left_where_it_is_asked_for(phone: DeviceTree) -> None:
    assert Blob.build(phone, padding=512).header.totalsize == len(bytes(phone)) + 512
