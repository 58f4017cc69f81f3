"""Whole images as phones have them, and the ways in which they get damaged: what bootcheck is judged by.

Each kind of damage is a function that makes an image from whole parts, or spoils the bytes of a whole image, with a
generator of random numbers for the place.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pmport
from pmport.devicetree import DeviceTree
from pmport.formats.avb.descriptors import HashDescriptor
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.avb.vbmeta import VbMeta, salted
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage
from pmport.formats.streams.codecs import compress
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.section import Section

BANNER = b"Linux version %s (u@h) (clang) #1 SMP PREEMPT Mon Jan 1 00:00:00 UTC 2024\n"
CONFIG = "#\n# Linux/arm64 %s Kernel Configuration\n#\nCONFIG_ARM64=y\nCONFIG_BLK_DEV_INITRD=y\n%s"
CODE = b"".join(struct.pack("<I", 0x91000000 | number % 97) for number in range(1 << 14))
"""Something with the statistics of code: few values of the high byte, many of the low ones."""
ENTRIES = [("init", 0o100755, b"#!/bin/sh\n" * 9), ("etc", 0o040755, b""), ("etc/x", 0o100644, b"hello\n" * 500)]


def arm64(version: bytes = b"4.14.190-perf+", config: str | None = None, memory: int = 0) -> bytes:
    """An arm64 Image with code, banner and, where it is given, configuration."""
    extra = b"IKCFG_ST" + gzip.compress(config.encode(), mtime=0) + b"IKCFG_ED" if config else b""
    body = BANNER % version + b"\0" + extra + CODE
    size = memory or len(body) + 64
    return struct.pack("<IIQQQQQQ4sI", 0x91005A4D, 0x14000000, 0x80000, size, 0xA, 0, 0, 0, b"ARM\x64", 0) + body


def efi_arm64() -> bytes:
    """An arm64 Image with an EFI stub, whose section table counts its bytes."""
    image = bytearray(arm64())
    image[0:2] = b"MZ"
    image[60:64] = struct.pack("<I", 64)
    table = b"PE\0\0" + struct.pack("<HHIIIHH", 0xAA64, 1, 0, 0, 0, 0, 0)
    row = b".text\0\0\0" + struct.pack("<IIII16x", len(image), 0, len(image) - 4096, 4096)
    image[64 : 64 + len(table) + len(row)] = table + row
    return bytes(image)


def zimage(kind: str = "gzip") -> bytes:
    """An ARM zImage around a compressed kernel."""
    packed = compress(BANNER % b"3.18.20" + CODE + Random(1).randbytes(20000), kind)
    head = struct.pack("<I", 0xE1A00000) * 9
    size = 0x30 + 2048 + len(packed) + 4
    return head + struct.pack("<III", 0x016F2818, 0, size) + CODE[:2048] + packed + bytes(4)


def ramdisk(kind: str | None = "gzip", entries: Any = ENTRIES) -> bytes:
    """A ramdisk, compressed."""
    raw = bytes(Ramdisk.build(entries))
    return compress(raw, kind) if kind else raw


def tree() -> bytes:
    """A small device tree."""
    made = DeviceTree()
    made.root["model"] = "Phone"
    made.root["compatible"] = ["vendor,phone", "qcom,sdm845"]
    return bytes(made)


def boot(kernel: bytes | None = None, disk: bytes | None = None, **options: Any) -> bytes:
    """A boot image of header version 2."""
    addresses = {"kernel_addr": 0x80008000, "ramdisk_addr": 0x82000000, "tags_addr": 0x81E00000}
    values = {"header_version": 2, "dtb": tree(), "dtb_addr": 0x81F00000, "page_size": 4096, **addresses, **options}
    return bytes(BootImage.build(arm64() if kernel is None else kernel, ramdisk() if disk is None else disk, **values))


def old_boot(kernel: bytes, disk: bytes | None = None, **options: Any) -> bytes:
    """A boot image of header version 0."""
    return bytes(BootImage.build(kernel, ramdisk() if disk is None else disk, **options))


def with_footer(image: bytes, room: int = 64 << 10) -> bytes:
    """An image with the hash of itself, unsigned, and a footer."""
    size = len(image)
    descriptor = HashDescriptor("boot", size, "sha256", b"salt", b"")
    descriptor = HashDescriptor("boot", size, "sha256", b"salt", salted(descriptor, Section.of(image)))
    blob = bytes(VbMeta.build([descriptor]))
    at = -(-size // 4096) * 4096
    total = at + room
    footer = AvbFooter(size, at, len(blob)).encode()
    return (image.ljust(at, b"\0") + blob).ljust(total - len(footer), b"\0") + footer


WHOLE: dict[str, bytes] = {
    "arm64, v2": boot(),
    "arm64 with a configuration": boot(arm64(config=CONFIG % ("4.14.190", "CONFIG_RD_GZIP=y\n"))),
    "arm64, gzip": boot(gzip.compress(arm64(), mtime=0)),
    "arm64 with EFI stub": boot(efi_arm64()),
    "zImage, gzip": old_boot(zimage()),
    "zImage, xz": old_boot(zimage("xz"), ramdisk("lzma")),
    "zImage, lz4": old_boot(zimage("lz4-legacy"), ramdisk("lz4-legacy")),
    "zImage with a tree behind it": old_boot(zimage() + tree()),
    "MediaTek": old_boot(bytes(MtkImage.build(zimage(), "KERNEL")), bytes(MtkImage.build(ramdisk(), "ROOTFS"))),
    "v3": bytes(BootImage.build(arm64(), ramdisk("lz4-legacy"), header_version=3)),
    "init_boot": bytes(BootImage.build(b"", ramdisk("lz4-legacy"), header_version=4)),
    "plain cpio": boot(disk=ramdisk(None)),
    "two archives": boot(disk=ramdisk() + bytes(512) + ramdisk("xz")),
    "with a footer": with_footer(boot()),
    "U-Boot in the kernel's place": old_boot(b"\x0a\0\0\x14" + CODE + b"U-Boot 2024.01", b"dummy\n"),
}
"""Images against which nothing speaks."""


@dataclass(frozen=True)
class Damage:
    """One kind: how an image of it is made, and a code that tells it; empty: it cannot be opened any more."""

    make: Callable[[Random], bytes]
    code: str


def cut(data: bytes, random: Random, least: float = 0.2) -> bytes:
    return data[: int(len(data) * random.uniform(least, 0.95))]


def flipped(data: bytes, random: Random, start: int, stop: int) -> bytes:
    spoilt = bytearray(data)
    for _ in range(8):
        spoilt[random.randrange(start, stop)] ^= random.randrange(1, 256)
    return bytes(spoilt)


def tar_gz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("init")
        info.size = 10
        archive.addfile(info, io.BytesIO(b"#!/bin/sh\n"))
    return gzip.compress(file.getvalue(), mtime=0)


def wrong_sum() -> bytes:
    raw = bytearray(ramdisk(None))
    at = 0
    while (at := raw.find(b"070701", at)) >= 0:
        raw[at : at + 6] = b"070702"
    return bytes(raw)


def in_header(offset: int, value: int, image: bytes | None = None) -> bytes:
    spoilt = bytearray(image or boot())
    spoilt[offset : offset + 4] = struct.pack("<I", value)
    return bytes(spoilt)


def section_at(image: bytes, name: str) -> tuple[int, int]:
    node = pmport.open(image)
    child = next(child for child in node.children if child.name == name)
    return child.offset, child.offset + child.size


def in_section(name: str, random: Random, image: bytes) -> bytes:
    return flipped(image, random, *section_at(image, name))


def footer_at(offset: int, size: int, image: bytes) -> bytes:
    fields = AvbFooter(offset, offset, size).encode()
    return image + bytes(65536 - len(fields)) + fields


HTML = b"<html><head><title>404 Not Found</title></head><body>nginx</body></html>\n"
NO_LZ4 = CONFIG % ("4.14.190", "CONFIG_RD_GZIP=y\n# CONFIG_RD_LZ4 is not set\n")

DAMAGE: dict[str, Damage] = {
    # the kernel section
    "kernel: random": Damage(lambda r: boot(r.randbytes(r.randrange(1 << 12, 1 << 18))), "not-a-kernel"),
    "kernel: zeros": Damage(lambda r: boot(bytes(r.randrange(64, 1 << 16))), "not-a-kernel"),
    "kernel: erased flash": Damage(lambda r: boot(b"\xff" * r.randrange(64, 1 << 16)), "not-a-kernel"),
    "kernel: an HTML page": Damage(lambda r: boot(HTML * r.randrange(1, 99)), "not-a-kernel"),
    "kernel: text": Damage(lambda r: boot(b"make: *** No rule to make target\n" * r.randrange(2, 99)), "not-a-kernel"),
    "kernel: a Git LFS pointer": Damage(
        lambda r: boot(b"version https://git-lfs.github.com/spec/v1\noid sha256:%d\n" % r.getrandbits(200)),
        "not-a-kernel",
    ),
    "kernel: a device tree": Damage(lambda r: boot(tree() * r.randrange(1, 3)), "not-a-kernel"),
    "kernel: a ramdisk, swapped": Damage(lambda _: boot(ramdisk(), arm64()), "not-a-kernel"),
    "kernel: a plain ramdisk": Damage(lambda _: boot(ramdisk(None)), "not-a-kernel"),
    "kernel: a whole boot image": Damage(lambda _: boot(boot()), "not-a-kernel"),
    "kernel: a file system": Damage(lambda r: boot(bytes(1080) + b"\x53\xef" + r.randbytes(9999)), "not-a-kernel"),
    "kernel: an ELF file": Damage(lambda r: boot(b"\x7fELF\x02\x01\x01\0" + r.randbytes(9999)), "not-a-kernel"),
    "kernel: compressed text": Damage(lambda _: boot(gzip.compress(HTML * 9)), "not-a-kernel"),
    "kernel: gzip cut short": Damage(lambda r: boot(cut(gzip.compress(arm64()), r)), "kernel-damaged"),
    "kernel: gzip with a wrong sum": Damage(lambda _: boot(gzip.compress(arm64())[:-8] + bytes(8)), "kernel-damaged"),
    "kernel: gzip spoilt": Damage(lambda r: boot(flipped(gzip.compress(arm64()), r, 200, 600)), "kernel-damaged"),
    "kernel: xz cut short": Damage(lambda r: boot(cut(compress(arm64(), "xz"), r)), "kernel-damaged"),
    "kernel: LZ4 cut short": Damage(lambda r: boot(cut(compress(arm64(), "lz4-legacy"), r)), "kernel-damaged"),
    "kernel: zImage cut short": Damage(lambda r: old_boot(cut(zimage(), r)), "kernel-short"),
    "kernel: zImage, payload spoilt": Damage(lambda r: old_boot(flipped(zimage(), r, 3000, 9000)), "kernel-damaged"),
    "kernel: EFI Image cut short": Damage(lambda r: boot(cut(efi_arm64(), r)), "kernel-short"),
    "kernel: header overwritten": Damage(lambda _: boot(bytes(64) + arm64()[64:]), "kernel-header"),
    "kernel: labelled as ramdisk": Damage(
        lambda _: old_boot(bytes(MtkImage.build(zimage(), "ROOTFS"))), "not-a-kernel"
    ),
    "kernel: MediaTek's size too small": Damage(
        lambda _: old_boot(in_header(4, 4096, bytes(MtkImage.build(zimage(), "KERNEL")))), "mtk-size"
    ),
    "kernel: MediaTek's size too large": Damage(
        lambda _: old_boot(in_header(4, 1 << 24, bytes(MtkImage.build(zimage(), "KERNEL")))), "kernel-damaged"
    ),
    "kernel: spoilt under a good header": Damage(lambda r: in_section("kernel", r, boot()), "id-mismatch"),
    "kernel: none": Damage(lambda _: boot(b""), "no-kernel"),
    # the ramdisk section
    "ramdisk: random": Damage(lambda r: boot(disk=r.randbytes(r.randrange(1 << 10, 1 << 16))), "not-a-ramdisk"),
    "ramdisk: zeros": Damage(lambda r: boot(disk=bytes(r.randrange(512, 1 << 16))), "not-a-ramdisk"),
    "ramdisk: an HTML page": Damage(lambda _: boot(disk=HTML * 9), "not-a-ramdisk"),
    "ramdisk: a device tree": Damage(lambda _: boot(disk=tree() + bytes(64)), "not-a-ramdisk"),
    "ramdisk: gzip cut short": Damage(lambda r: boot(disk=cut(ramdisk(), r)), "ramdisk-damaged"),
    "ramdisk: gzip with a wrong sum": Damage(lambda _: boot(disk=ramdisk()[:-8] + bytes(8)), "ramdisk-damaged"),
    "ramdisk: xz spoilt": Damage(lambda r: boot(disk=flipped(ramdisk("xz"), r, 40, 120)), "ramdisk-damaged"),
    "ramdisk: LZ4 cut short": Damage(lambda r: boot(disk=cut(ramdisk("lz4-legacy"), r, 0.3)), "ramdisk-damaged"),
    "ramdisk: cpio cut short": Damage(lambda r: boot(disk=cut(ramdisk(None), r, 0.5)[:-1]), "ramdisk-damaged"),
    "ramdisk: compressed cpio cut short": Damage(
        lambda r: boot(disk=gzip.compress(cut(ramdisk(None), r, 0.5)[:-1])), "ramdisk-damaged"
    ),
    "ramdisk: a tar archive": Damage(lambda _: boot(disk=tar_gz()), "not-a-ramdisk"),
    "ramdisk: cpio of the old form": Damage(lambda _: boot(disk=b"070707" + bytes(300)), "not-a-ramdisk"),
    "ramdisk: a wrong checksum": Damage(lambda _: boot(disk=wrong_sum()), "ramdisk-sum"),
    "ramdisk: other bytes behind it": Damage(lambda r: boot(disk=ramdisk() + r.randbytes(300)), "ramdisk-tail"),
    "ramdisk: init without its bit": Damage(
        lambda _: boot(disk=ramdisk(entries=[("init", 0o100644, b"#!")])), "init-mode"
    ),
    "ramdisk: an LZ4 frame": Damage(lambda _: boot(disk=ramdisk("lz4")), "ramdisk-compression"),
    "ramdisk: xz with CRC64": Damage(
        lambda _: boot(disk=lzma.compress(ramdisk(None), check=lzma.CHECK_CRC64)), "ramdisk-compression"
    ),
    "ramdisk: Zstandard before 5.9": Damage(lambda _: boot(disk=ramdisk("zstd")), "ramdisk-compression"),
    "ramdisk: LZ4 that the kernel has off": Damage(
        lambda _: boot(arm64(config=NO_LZ4), ramdisk("lz4-legacy")), "ramdisk-compression"
    ),
    # device trees
    "dtb: zeros": Damage(lambda _: boot(dtb=bytes(4096)), "dtb-damaged"),
    "dtb: cut short": Damage(lambda _: boot(dtb=tree()[:-40]), "dtb-damaged"),
    "dtb: random": Damage(lambda r: boot(dtb=r.randbytes(9000)), "dtb-damaged"),
    "dtb: structure spoilt": Damage(lambda _: boot(dtb=tree()[:56] + b"\xff" * 8 + tree()[64:]), "dtb-damaged"),
    # header, layout
    "header: cut within the kernel": Damage(lambda r: boot()[: r.randrange(4096, 60000)], ""),
    "header: kernel size too large": Damage(lambda _: in_header(8, 1 << 30), ""),
    "header: page size none": Damage(lambda r: in_header(36, r.choice([0, 3, 1000, 1 << 20])), ""),
    "header: another page size": Damage(lambda _: in_header(36, 2048), "kernel-header"),
    "header: version unknown": Damage(lambda _: in_header(40, 77), ""),
    "header: command line garbage": Damage(
        lambda r: boot()[:64] + bytes([1 + r.randrange(8), 7, 2]) + boot()[67:], "cmdline-bytes"
    ),
    "header: recovery_dtbo_offset stale": Damage(
        lambda _: in_header(1636, 4096, boot(recovery_dtbo=tree())), "recovery-dtbo-offset"
    ),
    "addresses: kernel over ramdisk": Damage(
        lambda _: old_boot(zimage(), kernel_addr=0x81000000, ramdisk_addr=0x81001000), "load-overlap"
    ),
    "addresses: tags within the kernel": Damage(
        lambda _: old_boot(zimage(), kernel_addr=0x80008000, tags_addr=0x80009000), "tags-overlap"
    ),
    # verified boot
    "avb: image changed": Damage(lambda r: in_section("kernel", r, with_footer(boot())), "avb-stale"),
    "avb: vbmeta overwritten": Damage(lambda _: footer_at(1 << 12, 1600, boot() + CODE), "avb-stale"),
    "avb: vbmeta behind the end": Damage(lambda _: footer_at(30 << 20, 1600, boot()), "avb-stale"),
    "avb: vbmeta erased": Damage(lambda _: footer_at(len(boot()), 1600, boot()), "avb-broken"),
    "avb: footer of another size": Damage(
        lambda _: with_footer(boot())[:-52] + struct.pack(">Q", 8192) + with_footer(boot())[-44:], "avb-stale"
    ),
}
