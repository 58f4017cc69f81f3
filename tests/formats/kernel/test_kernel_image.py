"""Kernels: real ones, made ones of each kind, trees behind them, banner and configuration inside."""

from __future__ import annotations

import gzip
import struct
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, real

import pmport
from pmport import bootcheck, facts
from pmport.devicetree import DeviceTree
from pmport.errors import FormatError
from pmport.formats.boot.image import BootImage
from pmport.formats.kernel.appended_dtb import KernelWithTrees
from pmport.formats.kernel.behind_zeros import KernelBehindZeros
from pmport.formats.kernel.config import find_configs
from pmport.formats.kernel.image import KernelImage, config_bytes, release_of
from pmport.formats.kernel.zimage import BzImage, EfiZboot, ZImage
from pmport.formats.registry import recognise
from pmport.formats.streams.codecs import compress

BANNER = b"Linux version 6.6.1-phone (me@host) (gcc 13) #1 SMP"
CONFIG = b"# Linux/arm64 6.6.1 Kernel Configuration\nCONFIG_ARM64=y\nCONFIG_MMU=y\n"
NOISE = Random(1).randbytes(6000)
CORE = NOISE + BANNER + bytes(9) + b"IKCFG_ST" + compress(CONFIG, "gzip") + b"IKCFG_ED" + NOISE


def arm64(core: bytes = CORE, magic: bytes = b"ARM\x64") -> bytes:
    return struct.pack("<8sQQQ24s4sI", b"MZ", 0x80000, 1 << 21, 0b1010, bytes(24), magic, 64) + core


def zimage(kind: str = "gzip") -> bytes:
    code = bytes(0x24) + b"\x18\x28\x6f\x01" + struct.pack("<II", 0, 0) + bytes(200) + b"\x1f\x8b\x08 is gzip's magic"
    whole = bytearray(code + compress(CORE, kind) + bytes(16))
    struct.pack_into("<I", whole, 0x2C, len(whole))
    return bytes(whole)


def bzimage(kind: str = "zstd") -> bytes:
    setup = bytearray(5 * 512)
    setup[0x1F1] = 4
    struct.pack_into("<H2x4sH", setup, 0x1FE, 0xAA55, b"HdrS", 0x20F)
    struct.pack_into("<H", setup, 0x20E, 0x300)
    setup[0x500:0x50A] = b"6.6.1-pc ("
    payload = compress(CORE, kind)
    struct.pack_into("<II", setup, 0x248, 64, len(payload))
    return bytes(setup) + bytes(64) + payload + bytes(40)


def zboot(kind: str = "gzip", name: bytes = b"gzip") -> bytes:
    payload = compress(arm64(), kind)
    head = struct.pack("<4s4sII8x32sI4x", b"MZ\0\0", b"zimg", 64, len(payload), name, 0x818223CD)
    return head + payload + b"stub"


MADE = {
    "arm64 Image": arm64(),
    "riscv Image": arm64(magic=b"RSC\x05"),
    "zImage": zimage(),
    "bzImage": bzimage(),
    "EFI zboot": zboot(),
    "MSM patched kernel": b"UNCOMPRESSED_IMG" + len(arm64()).to_bytes(4, "little") + arm64(),
}


def tree(model: str) -> bytes:
    made = DeviceTree()
    made.root["model"] = model
    return bytes(made)


@pytest.mark.parametrize("name", MADE)
def test_each_kind_is_recognised_and_tells_its_version(name: str) -> None:
    node = recognise(MADE[name])
    assert isinstance(node, KernelImage)
    assert name == node.NAME
    assert bytes(node) == MADE[name]
    assert release_of(node.image) == "6.6.1-phone"
    told = facts.of(node)
    assert told.values("kernel_format")[0] == name
    assert str(told.best("kernel_version")).startswith("6.6.1-")
    assert [config.text for _, config in find_configs(node)][:1] == [CONFIG.decode()]
    assert str(dict(node.describe()))


@pytest.mark.parametrize("kind", ["gzip", "xz", "lzma", "lz4-legacy", "zstd", "bzip2"])
def test_the_kernel_in_a_zimage_is_found_whatever_compressed_it(kind: str) -> None:
    kernel = ZImage.parse(zimage(kind))
    assert kernel.compression == kind
    assert kernel.image.read() == CORE
    assert kernel.config == CONFIG
    assert bytes(dict(kernel.walk())["payload/content"]) == CORE


@pytest.mark.parametrize(("kind", "name"), [("xz", b"xzkern"), ("lz4-legacy", b"lz4"), ("zstd", b"zstd22")])
def test_zboot_names_its_compression(kind: str, name: bytes) -> None:
    kernel = EfiZboot.parse(zboot(kind, name))
    assert kernel.compression == kind
    assert kernel.version == "6.6.1-phone"
    assert facts.of(kernel).best("arch") == "aarch64"


def test_the_version_of_a_bzimage_is_read_from_its_header() -> None:
    assert BzImage.parse(bzimage()).version == "6.6.1-pc"
    old = bytearray(bzimage("gzip"))
    struct.pack_into("<HH", old, 0x206, 0x205, 0)
    struct.pack_into("<H", old, 0x20E, 0)
    assert BzImage.parse(bytes(old)).version == "6.6.1-phone"


@pytest.mark.parametrize("name", [*MADE, "gzip"])
def test_trees_behind_any_kernel_are_found(name: str) -> None:
    kernel = MADE.get(name) or compress(arm64(), "gzip")
    whole = kernel + tree("One") + bytes(8) + tree("Two") + bytes(3)
    if name in {"bzImage", "EFI zboot"}:
        return  # x86 and EFI kernels take no appended trees
    node = recognise(whole)
    assert isinstance(node, KernelWithTrees)
    assert node.kernel.read() == kernel
    assert bytes(node) == whole
    told = facts.of(node)
    assert told.values("model") == ("One", "Two")
    assert told.best("dtb_placement") == "appended"
    assert told.best("kernel_version") == "6.6.1-phone"
    new = node.replace(**{"dtb.0": tree("Three")})
    assert facts.of(recognise(bytes(new))).values("model") == ("Three", "Two")
    with pytest.raises(FormatError):
        node.replace(ramdisk=b"")


def test_a_tree_within_a_kernel_is_not_appended() -> None:
    assert recognise(arm64(tree("Built in") + CORE)).KIND == "arm64 Image"
    assert recognise(arm64(CORE + b"\xd0\x0d\xfe\xed" * 9)).KIND == "arm64 Image"


@given(kernel=st.binary(max_size=200).map(arm64), models=st.lists(st.text("abc", max_size=9), min_size=1, max_size=3))
def test_what_is_built_is_parsed_to_its_parts(kernel: bytes, models: list[str]) -> None:
    trees = [tree(model) for model in models]
    built = KernelWithTrees.build(kernel, trees)
    parsed = KernelWithTrees.parse(bytes(built))
    assert parsed.kernel.read() == kernel
    assert [part.read() for part in parsed.trees] == trees
    assert bytes(parsed) == bytes(built)


@pytest.mark.parametrize("name", MADE)
def test_cut_off_heads_give_format_errors_only(name: str) -> None:
    for cut in range(0x260):
        try:
            node = pmport.open(MADE[name][:cut])
            facts.of(node)
            list(node.walk())
        except FormatError:
            pass


@pytest.mark.parametrize("name", MADE)
@given(st.data())
def test_damaged_heads_give_format_errors_only(name: str, data: st.DataObject) -> None:
    image = bytearray(MADE[name])
    for _ in range(data.draw(st.integers(1, 6))):
        image[data.draw(st.integers(0, 0x260))] = data.draw(st.integers(0, 255))
    try:
        node = type(recognise(MADE[name])).parse(bytes(image))
        assert bytes(node) == bytes(image)
        facts.of(node)
    except FormatError as error:
        assert error.offset is not None  # noqa: PT017 - it may as well not raise


def test_a_real_zimage_tells_its_version() -> None:
    node = pmport.open(real(CORPUS / "kernel" / "samsung-crespo-zImage"))
    told = facts.of(node)
    assert told.best("kernel_format") == "zImage"
    assert told.best("kernel_version") == "3.0.8AC-AOSPv2-"
    assert bytes(node) == (CORPUS / "kernel" / "samsung-crespo-zImage").read_bytes()


def test_a_real_image_gz_dtb_gives_its_five_trees() -> None:
    node = pmport.open(real(CORPUS / "kernel" / "xiaomi-sagit-edk2-Image.gz-dtb-a"))
    assert isinstance(node, KernelWithTrees)
    split = sorted((CORPUS / "dtb-split" / "kernel-xiaomi-sagit-edk2-Image.gz-dtb-a").glob("*"))
    assert [part.read() for part in node.trees] == [path.read_bytes() for path in split]


@pytest.mark.parametrize("name", ["htc-marvel", "huawei-pulse-u8220", "sonyericsson-es209ra"])
def test_real_kernels_give_their_configuration(name: str) -> None:
    image = pmport.open(real(CORPUS / "boot" / f"{name}-boot.img"), pmport.formats.BootImage)
    expected = (CORPUS / "kconfig" / f"ikconfig-{name}-boot.config").read_bytes()
    kernel = image["kernel"]
    assert isinstance(kernel, KernelImage)
    assert kernel.config == expected
    assert config_bytes(b"nothing here") is None


ARM64 = bytes(range(1, 57)) + b"ARM\x64" + bytes(99)
ZIMAGE = b"\0\0\xa0\xe1" * 9 + b"\x18\x28\x6f\x01" + bytes(8) + bytes(200)


@pytest.mark.parametrize("zeros", [16, 512, 2048, 1 << 16])
@pytest.mark.parametrize("kernel", [ARM64, ZIMAGE, b"\x1f\x8b", b"lz4-legacy"], ids=["arm64", "zImage", "gzip", "lz4"])
def test_a_kernel_behind_zeros_is_found(kernel: bytes, zeros: int) -> None:
    if len(kernel) < 64:
        kernel = compress(ARM64 * 20, "gzip" if kernel.startswith(b"\x1f") else "lz4-legacy")
    raw = bytes(zeros) + kernel
    found = pmport.open(raw)
    assert isinstance(found, KernelBehindZeros)
    assert bytes(found) == raw
    assert found.kernel.read().lstrip(b"\0") == kernel.lstrip(b"\0")
    assert bytes(found.replace(kernel=b"another")) == bytes(raw.index(found.kernel.read())) + b"another"


@pytest.mark.parametrize(
    "behind", [b"", b"\x1f\x8b\x08 no stream", b"text" * 99, b"\xd0\x0d\xfe\xed", gzip.compress(b"text", mtime=0)]
)
def test_zeros_before_something_else_are_no_kernel(behind: bytes) -> None:
    with pytest.raises(FormatError):
        KernelBehindZeros.parse(bytes(512) + behind)


def test_what_is_behind_zeros_in_a_boot_image_is_looked_at() -> None:
    image = BootImage.build(bytes(512) + ARM64 + b"Linux version 6.6.1-phone (a@b) #1", bytes(99))
    assert facts.of(image).values("kernel_version") == ("6.6.1-phone",)
    assert not [finding for finding in bootcheck.check(image) if finding.code == "not-a-kernel"]
