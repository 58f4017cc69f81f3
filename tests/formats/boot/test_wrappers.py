"""Vendors' wrappers: one real sample, and bytes put together from the sheets by hand."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, real

import pmport
from pmport.errors import FormatError
from pmport.formats import Container
from pmport.formats.boot.chromeos import ChromeosKernel
from pmport.formats.boot.image import BootImage
from pmport.node import Data, Node
from pmport.unpacking import repack, unpack

BOOT = bytes(BootImage.build(b"kernel" * 500, b"ramdisk" * 300, cmdline="quiet"))


def dhtb() -> bytes:
    covered = BOOT + b"SEANDROIDENFORCE" + b"\xff" * 4
    head = b"DHTB\x01\0\0\0" + hashlib.sha256(covered).digest()
    return head.ljust(48, b"\0") + struct.pack("<I", len(covered)) + bytes(512 - 52) + covered


def nook(mark: bytes, at: int, distance: int) -> bytes:
    loader = bytearray(BOOT.ljust(distance, b"\0"))
    loader[at : at + len(mark)] = mark
    return bytes(loader) + BOOT


def loki() -> bytes:
    image = bytearray(BOOT)
    struct.pack_into("<4sI128sIII", image, 0x400, b"LOKI", 1, b"VRUEMJ7", 3000, 2100, 0x82200000)
    return bytes(image)


def tegra(*, signed: bool) -> bytes:
    rows = [(b"LNX\0", BOOT), (b"SOS\0", b"r" * 100), (b"EBT\0", b"e" * 10)]
    at = 60 + 16 * len(rows)
    table = payload = b""
    for name, data in rows:
        table += struct.pack("<4sIII", name, at + len(payload), len(data), 1)
        payload += data
    blob = b"MSM-RADIO-UPDATE" + struct.pack("<4I", 0x10000, 60, 60, len(rows)) + bytes(28) + table + payload
    return b"-SIGNED-BY-SIGNBLOB-" + struct.pack("<II", len(blob), 0) + blob if signed else blob


def sony(*, wide: bool) -> bytes:
    segments = [
        (1, 0, b"kernel" * 100),
        (1, 0x80000000, b"ramdisk"),
        (4, 0x20000000, b"quiet\0"),
        (0x214E4953, 0, b"s"),
    ]
    size, stride = (64, 56) if wide else (52, 32)
    at = 4096
    table = payload = b""
    for kind, flags, data in segments:
        if wide:
            table += struct.pack("<IIQQQQQQ", kind, flags, at + len(payload), 0x8000, 0x8000, len(data), len(data), 0)
        else:
            table += struct.pack("<8I", kind, at + len(payload), 0x8000, 0x8000, len(data), len(data), flags, 0)
        payload += data
    head = b"\x7fELF" + (b"\x02" if wide else b"\x01") + b"\x01\x01\x61"
    head = head.ljust(16, b"\0") + struct.pack("<HHI", 2, 40, 1)
    words = "<QQQI" if wide else "<IIII"
    head += struct.pack(words, 0x8000, size, 0, 0) + struct.pack("<HHHHHH", size, stride, len(segments), 0, 0, 0)
    return (head + table).ljust(4096, b"\0") + payload


def krnl() -> bytes:
    return b"KRNL" + struct.pack("<I", len(BOOT)) + BOOT + b"crc!" + bytes(100)


CASES: list[tuple[str, Callable[[], bytes], str, dict[str, bytes]]] = [
    ("Samsung DHTB", dhtb, "dhtb", {"boot": BOOT}),
    ("NOOK HD boot image", lambda: nook(b"Green Loader", 64, 1 << 20), "nook-hd", {"boot": BOOT}),
    ("NOOK Tablet boot image", lambda: nook(b"BauwksBoot", 48, 256 << 10), "nook-tablet", {"boot": BOOT}),
    ("Loki boot image", loki, "loki", {}),
    ("Tegra update blob", lambda: tegra(signed=True), "tegra-blob", {"boot": BOOT, "recovery": b"r" * 100}),
    ("Tegra update blob", lambda: tegra(signed=False), "tegra-blob", {"boot": BOOT, "EBT": b"e" * 10}),
    ("Sony ELF boot image", lambda: sony(wide=False), "sony-elf", {"kernel": b"kernel" * 100, "ramdisk": b"ramdisk"}),
    ("Sony ELF boot image", lambda: sony(wide=True), "sony-elf", {"kernel": b"kernel" * 100, "cmdline": b"quiet\0"}),
    ("Rockchip KRNL", krnl, "krnl", {"payload": BOOT}),
    ("Intel OSIP", lambda: b"$OS$" + bytes(600), "osip", {}),
    ("boot image behind a prefix", lambda: b"\x5a" * 512 + BOOT, "prefix", {"boot": BOOT}),
]


@pytest.mark.parametrize(("kind", "make", "wrapper", "children"), CASES)
def test_a_wrapper_is_recognised_and_its_contents_are_found(
    kind: str, make: Callable[[], bytes], wrapper: str, children: dict[str, bytes]
) -> None:
    data = make()
    node = pmport.open(data)
    assert kind == node.KIND
    assert bytes(node) == data
    assert node.findings() == ()
    assert not hasattr(node, "replace")
    found = {child.name: child.section.read() for child in node.children}
    assert {name: found[name] for name in children} == children
    facts = pmport.facts.of(node)
    assert facts.values("wrapper")[0] == wrapper
    if children.get("boot") == BOOT:
        assert facts.best("cmdline") == "quiet"
        assert isinstance(node, Container)
        assert isinstance(node["boot"], BootImage)
        assert isinstance(node.find(BootImage), BootImage)


def test_the_command_line_of_sonys_note_is_a_fact() -> None:
    assert pmport.facts.of(pmport.open(sony(wide=False))).values("cmdline") == ("quiet",)


def test_a_wrong_digest_is_found() -> None:
    data = bytearray(dhtb())
    data[600] ^= 1
    assert [finding.code for finding in pmport.open(bytes(data)).findings()] == ["dhtb-digest"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
@given(data=st.data())
def test_damage_gives_a_node_or_a_format_error(
    case: tuple[str, Callable[[], bytes], str, dict[str, bytes]], data: st.DataObject
) -> None:
    good = case[1]()
    at = data.draw(st.integers(0, min(len(good), 200)))
    patch = data.draw(st.binary(max_size=40))
    bad = good[:at] + patch + good[at + len(patch) :]
    bad = bad[: data.draw(st.integers(0, min(len(bad), 9000)))] if data.draw(st.booleans()) else bad
    try:
        node = pmport.open(bad)
    except FormatError:
        return
    assert bytes(node) == bad


def opened(path: str) -> Node:
    return pmport.open(real(CORPUS / path))


def test_a_real_chromebooks_kernel_partition() -> None:
    node = opened("chromeos/acer-cb5-311-nyan_big-u-boot.kpart")
    assert isinstance(node, ChromeosKernel)
    (child,) = node.children
    assert (child.name, child.offset, child.size) == ("body", 0x10000, 0xBD000)
    assert dict(node.describe())["body load address"] == "0x100000"
    assert pmport.facts.of(node).values("wrapper") == ("chromeos",)


def test_a_wrapper_is_kept_when_it_is_unpacked_and_refuses_edits(tmp_path: object) -> None:
    folder = str(tmp_path)
    written = unpack(pmport.open(dhtb()), folder)
    assert bytes(repack(folder)) == dhtb()
    written[0].write_bytes(b"another")
    with pytest.raises(FormatError, match="read-only"):
        repack(folder)


def test_bytes_of_nothing_known_stay_data() -> None:
    child = pmport.open(krnl().replace(BOOT, b"x" * len(BOOT))).children[0]
    assert isinstance(child.node, Data)
