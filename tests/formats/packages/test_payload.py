"""OTA payloads and block lists: what they hold comes out whole, what needs the old partition is told."""

from __future__ import annotations

import bz2
import hashlib
import io
import lzma
import struct
from pathlib import Path

import cramjam
import pytest
from damaged_images import arm64, ramdisk
from hypothesis import given
from hypothesis import strategies as st

import pmport
from pmport.bootcheck import check
from pmport.errors import FormatError
from pmport.formats.boot.image import BootImage
from pmport.formats.packages.payload import Payload
from pmport.formats.packages.protobuf import read_fields
from pmport.formats.packages.transfer_list import BLOCK, TransferList
from pmport.formats.packages.vendor import VendorPackage
from pmport.unpacking import unpack

Message = list[tuple[int, "int | bytes | Message"]]


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def message(fields: Message) -> bytes:
    """The wire format, written apart from the reader that is judged."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            data = value if isinstance(value, bytes) else message(value)
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out


def payload(operations: list[tuple[int, bytes, list[tuple[int, int]]]], content: bytes, *, minor: int = 0) -> bytes:
    data, rows = b"", []
    for kind, packed, extents in operations:
        row: Message = [(1, kind)]
        if packed:
            row += [(2, len(data)), (3, len(packed)), (8, hashlib.sha256(packed).digest())]
        row += [(6, [(1, first), (2, count)]) for first, count in extents]
        rows.append((8, row))
        data += packed
    info: Message = [(1, len(content)), (2, hashlib.sha256(content).digest())]
    manifest = message([(3, 4096), (12, minor), (13, [(1, b"boot"), (7, info), *rows])])
    return struct.pack(">4sQQI", b"CrAU", 2, len(manifest), 3) + manifest + b"sig" + data


A, B, C = (bytes([letter]) * 4096 for letter in b"ABC")
CONTENT = A + B + bytes(4096) + C + A


def example() -> bytes:
    operations = [
        (0, A, [(0, 1)]),
        (1, bz2.compress(B), [(1, 1)]),
        (6, b"", [(2, 1)]),
        (8, lzma.compress(C + A), [(3, 1), (4, 1)]),
    ]
    return payload(operations, CONTENT)


def test_a_full_payload_is_extracted_with_its_hashes_checked() -> None:
    data = example()
    node = pmport.open(data)
    assert isinstance(node, Payload)
    assert bytes(node) == data
    out = io.BytesIO()
    assert node.extract("boot", out) == len(CONTENT)
    assert out.getvalue() == CONTENT
    assert dict(node.describe())["partition boot"] == "20480 bytes, 4 operations"


def test_what_is_wrong_is_told() -> None:
    data = example()
    with pytest.raises(FormatError, match="SHA-256 of an operation"):
        Payload.parse(data[:-5] + bytes(5)).extract("boot", io.BytesIO())
    with pytest.raises(FormatError, match="SHA-256 of boot"):
        Payload.parse(payload([(0, A, [(0, 1)])], B)).extract("boot", io.BytesIO())
    with pytest.raises(FormatError, match="needs the old partition"):
        Payload.parse(payload([(4, b"", [(0, 1)])], A, minor=7)).extract("boot", io.BytesIO())
    with pytest.raises(FormatError, match="beyond the end"):
        Payload.parse(payload([(0, A, [(9, 1)])], A)).extract("boot", io.BytesIO())
    with pytest.raises(FormatError, match="more than its blocks"):
        Payload.parse(payload([(0, A + B, [(0, 1)])], A)).extract("boot", io.BytesIO())
    with pytest.raises(FormatError, match="broken"):
        Payload.parse(payload([(8, b"no xz at all", [(0, 1)])], A)).extract("boot", io.BytesIO())
    with pytest.raises(KeyError, match="boot"):
        Payload.parse(data).partition("system")
    with pytest.raises(FormatError, match="version is 1"):
        Payload.parse(data.replace(bytes([2]), bytes([1]), 1))


@pytest.mark.parametrize("cut", [3, 10, 23, 24, 60, 100])
def test_a_payload_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(FormatError):
        Payload.parse(example()[:cut])


@given(st.binary(max_size=80))
def test_no_message_does_worse_than_a_format_error(data: bytes) -> None:
    try:
        read_fields(data)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - either outcome is right


@given(st.dictionaries(st.integers(1, 500), st.one_of(st.integers(0, 2**64 - 1), st.binary(max_size=20)), max_size=6))
def test_messages_are_read_back(fields: dict[int, int | bytes]) -> None:
    assert read_fields(message(list(fields.items()))) == {number: [value] for number, value in fields.items()}


LIST = b"4\n5\n0\n0\nerase 2,0,9\nnew 4,0,2,3,4\nzero 2,2,3\nnew 2,5,7\n"
NEW = A + B + C + A + B


@pytest.mark.parametrize("packed", [False, True])
def test_a_block_list_and_its_data_give_the_image(packed: bool) -> None:
    plan = pmport.open(LIST)
    assert isinstance(plan, TransferList)
    out = io.BytesIO()
    data = bytes(cramjam.brotli.compress(NEW)) if packed else NEW
    assert plan.write_image(data, out) == 9 * BLOCK
    assert out.getvalue() == A + B + bytes(4096) + C + bytes(4096) + A + B + bytes(2 * 4096)
    assert bytes(plan) == LIST


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"9\n1\n0\n0\nnew 2,0,1\n", "version"),
        (b"4\n1\n0\n0\nnew 3,0,1\n", "line 5"),
        (b"4\n1\n0\n0\nnew 2,1,0\n", "line 5"),
    ],
)
def test_a_broken_list_is_told_with_its_line(text: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        TransferList.parse(text)


def test_a_list_that_needs_the_old_partition_or_other_data_is_refused() -> None:
    with pytest.raises(FormatError, match="line 5: move"):
        TransferList.parse(b"4\n1\n0\n0\nmove 2,0,1 1 2,1,2\n").write_image(b"", io.BytesIO())
    with pytest.raises(FormatError, match="wants 20480 bytes"):
        TransferList.parse(LIST).write_image(NEW[:-1], io.BytesIO())


NAMED = {
    b"\x28\x05\x00\x00\x34\x31\x25\x80" + bytes(64): "LG KDZ",
    b"\x32\x96\x18\x74" + bytes(64): "LG DZ",
    bytes(92) + b"\x55\xaa\x5a\xa5" + bytes(64): "Huawei UPDATE.APP",
    b"OPPOENCRYPT!" + bytes(64): "Oppo OZIP",
    b"RKFW" + bytes(64): "Rockchip firmware",
    b"PXA-DT" + bytes(64): "PXA-DT",
}


@pytest.mark.parametrize("data", NAMED, ids=lambda data: NAMED[data])
def test_vendors_packages_are_named_and_kept(data: bytes) -> None:
    node = pmport.open(data)
    assert isinstance(node, VendorPackage)
    assert (node.KIND, bytes(node)) == (NAMED[data], data)
    with pytest.raises(FormatError):
        type(node).parse(b"nothing")


def test_a_partition_is_read_in_any_order_as_it_is_extracted() -> None:
    content = A + B + bytes(4096) + C + A
    z = bytes(cramjam.zstd.compress(A + C))
    data = payload(
        [(14, z, [(4, 1), (3, 1)]), (0, B, [(1, 1)]), (8, lzma.compress(A), [(0, 1)]), (6, b"", [(2, 1)])], content
    )
    node = Payload.parse(data)
    section = node.contents()["boot"]
    assert section.read() == content
    for start in range(0, len(content), 3000):
        assert section.read(start, 5000) == content[start : start + 5000]
    out = io.BytesIO()
    node.extract("boot", out)
    assert out.getvalue() == content


def test_an_unknown_operation_is_called_unknown() -> None:
    node = Payload.parse(payload([(99, b"x", [(0, 1)])], A))
    assert node.contents() == {}
    assert "unknown type 99" in str(dict(node.describe())["partition boot"])
    with pytest.raises(FormatError, match="newer program"):
        node.extract("boot", io.BytesIO())


def test_a_boot_image_in_a_payload_is_found_and_checked(tmp_path: Path) -> None:
    image = bytes(BootImage.build(arm64(), ramdisk(), page_size=4096))
    node = pmport.open(payload([(0, image, [(0, len(image) // 4096)])], image))
    assert isinstance(node, Payload)
    assert isinstance(node.find(BootImage), BootImage)
    assert check(node) == check(pmport.open(image))
    unpack(node, tmp_path)
    assert (tmp_path / "boot").read_bytes() == image
