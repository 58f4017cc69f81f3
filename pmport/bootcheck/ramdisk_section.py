"""What the kernel will make of a ramdisk: each archive in it decompressed and walked, as ``init/initramfs.c`` does.

The kernel takes any sequence of cpio archives, compressed ones and zeros; it knows only what its configuration has, of
LZ4 only the legacy form, of xz only the check CRC32 (or none).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError, TooLargeError
from pmport.findings import Finding, Severity
from pmport.formats import foreign
from pmport.formats.boot.mediatek import MtkImage, label_of
from pmport.formats.packages.uimage import UImage
from pmport.formats.registry import recognise_or_data
from pmport.formats.streams.codecs import expand, kind_of
from pmport.formats.streams.cpio import MAGICS, TRAILER, CpioEntry, read_archive
from pmport.node import Data
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.bootcheck.kernel_section import KernelSection

__all__ = ["RAMDISK_CODECS", "Codec", "findings_of"]

SMALLEST = 124
"""An archive of a trailer alone has as many bytes; fewer are a stand-in for bootloaders that want some ramdisk."""
WHY = "the kernel stops there with 'Initramfs unpacking failed', and finds no init"
SOURCE = "Linux init/initramfs.c, lib/decompress.c, usr/Kconfig"
CHECKED_SINCE = (5, 19)
"""The kernel reads archives of the form 070702 since this version."""


class Codec(NamedTuple):
    """What a kernel needs for one compression of its ramdisk.

    Args:
        option: The option that brings it, without ``CONFIG_``.
        since: The first Linux version that has it.
        title: What a person calls it.
    """

    option: str
    since: tuple[int, int, int]
    title: str


RAMDISK_CODECS = {
    "gzip": Codec("RD_GZIP", (2, 6, 0), "gzip"),
    "bzip2": Codec("RD_BZIP2", (2, 6, 30), "bzip2"),
    "lzma": Codec("RD_LZMA", (2, 6, 30), "lzma"),
    "lzop": Codec("RD_LZO", (2, 6, 33), "LZO"),
    "xz": Codec("RD_XZ", (2, 6, 38), "xz"),
    "lz4-legacy": Codec("RD_LZ4", (3, 11, 0), "LZ4"),
    "zstd": Codec("RD_ZSTD", (5, 9, 0), "Zstandard"),
}
"""Key of :data:`pmport.formats.streams.codecs.KINDS` → what the kernel needs."""


def findings_of(ramdisk: Section, kernel: KernelSection | None, where: str = "ramdisk") -> Iterator[Finding]:
    """Look through a ramdisk section.

    Args:
        ramdisk: The section, with or without MediaTek's header.
        kernel: The kernel that will unpack it; None: another image brings that.
        where: What the section is called.

    Yields:
        Findings; none for an empty section.
    """
    label = label_of(ramdisk)
    if label == "KERNEL":
        yield _error("not-a-ramdisk", where, "MediaTek's header in front of it says KERNEL")
    try:
        section = MtkImage.parse(ramdisk).payload if label is not None else ramdisk
    except FormatError as error:
        yield _error("ramdisk-damaged", where, str(error))
        return
    if not section:
        return
    firmware = kernel is not None and bool(kernel.payload) and not kernel.is_linux and kernel.looks_like_firmware
    if (section.size < SMALLEST or firmware) and not _begins_archive(section):
        yield Finding(
            Severity.NOTE,
            "ramdisk-stand-in",
            f"The {where} holds {section.size} bytes that are no archive",
            where=where,
            why="right for firmware such as UEFI or lk2nd whose bootloader insists on a ramdisk",
        )
        return
    yield from _archives(section, kernel, where)


def _begins_archive(section: Section) -> bool:
    return kind_of(section.read(0, 16)) is not None or section.read(0, 6) in MAGICS


def _archives(section: Section, kernel: KernelSection | None, where: str) -> Iterator[Finding]:
    at = archives = 0
    while at < section.size:
        rest = section[at:]
        head = rest.read(0, 16)
        if not head[0]:
            end = _end_of_zeros(rest)
            if not archives and end == rest.size:
                yield _error("not-a-ramdisk", where, f"It holds {foreign.ZEROS.word}")
                return
            at += end
            continue
        kind = kind_of(head)
        try:
            if kind is not None:
                yield from _codec_findings(rest, kind, kernel, where)
                expanded = expand(rest, kind=kind)
                yield from _content_findings(Section.of(expanded.data), kernel, where)
                at += expanded.used
            elif head[:6] in MAGICS:
                at = yield from _walk(section, at, kernel, where)
            else:
                yield from _stranger(rest, archives, where)
                return
        except TooLargeError as error:
            yield Finding(
                Severity.WARNING,
                "ramdisk-large",
                f"The {where} unpacks to more than {error.limit} bytes",
                where=where,
                why="it must fit the memory of the phone, beside the kernel",
            )
            return
        except FormatError as error:
            yield _error("ramdisk-damaged", where, error.what)
            return
        archives += 1


def _end_of_zeros(section: Section) -> int:
    at = 0
    for piece in section.chunks():
        stripped = piece.lstrip(b"\0")
        if stripped:
            return at + len(piece) - len(stripped)
        at += len(piece)
    return at


def _stranger(rest: Section, archives: int, where: str) -> Iterator[Finding]:
    """Bytes that neither begin an archive nor a stream that the kernel knows."""
    if archives:
        yield Finding(
            Severity.WARNING,
            "ramdisk-tail",
            f"{rest.size} bytes follow the last archive of the {where} that begin no other",
            where=where,
            why="the kernel reports 'junk at the end of compressed archive' or 'no cpio magic'",
            source=SOURCE,
        )
        return
    node = recognise_or_data(rest)
    known = foreign.identify(rest) if isinstance(node, Data) else None
    if isinstance(node, UImage):
        return  # U-Boot takes its header off before the kernel sees the ramdisk
    if known is not None and known.family == "file system":
        yield _disk_image(where, known.word)
    elif known is not None:
        yield _error("not-a-ramdisk", where, f"It holds {known.word}")
    elif isinstance(node, Data):
        yield _error("not-a-ramdisk", where, f"It begins with {rest.read(0, 8).hex(' ')}, as no archive does")
    else:
        yield _error("not-a-ramdisk", where, f"It holds {node.KIND} instead")


def _content_findings(content: Section, kernel: KernelSection | None, where: str) -> Iterator[Finding]:
    """What a decompressed stream holds: archives and zeros, one after the other."""
    if not content:
        yield _error("ramdisk-empty", where, "is a compressed stream of nothing", Severity.WARNING)
        return
    yield from _archives(content, kernel, where)


def _walk(section: Section, start: int, kernel: KernelSection | None, where: str) -> Generator[Finding, None, int]:
    """Walk one archive; returns where it ends."""
    entries: list[CpioEntry] = []
    at = start
    try:
        for entry, end in read_archive(section, start):
            entries.append(entry)
            at = end
    except FormatError:
        if at < section.size and section.read(at, 1) != b"\0":
            raise  # an archive that ends without a trailer is fine with the kernel
    yield from _entry_findings(entries, kernel, where)
    return at


def _entry_findings(entries: list[CpioEntry], kernel: KernelSection | None, where: str) -> Iterator[Finding]:
    wrong = [entry.name for entry in entries if not entry.sum_matches]
    if wrong:
        yield _error("ramdisk-sum", where, f"has entries whose checksum is wrong: {_listed(wrong)}")
    checked = any(entry.head[:6] == MAGICS[1] for entry in entries)
    if checked and kernel is not None and _older(kernel, (*CHECKED_SINCE, 0)):
        yield _error("ramdisk-form", where, f"has the form 070702, and Linux {kernel.version} reads 070701")
    for entry in entries:
        if entry.name.removeprefix("./").lstrip("/") == "init" and entry.kind == "file" and not entry.mode & 0o111:
            yield _error("init-mode", where, f"has an init that may not be executed: mode {entry.mode & 0o7777:04o}")
    if entries and all(entry.name == TRAILER for entry in entries):
        yield _error("ramdisk-empty", where, "holds an empty archive", Severity.WARNING)


def _codec_findings(stream: Section, kind: str, kernel: KernelSection | None, where: str) -> Iterator[Finding]:
    if kind == "lz4":
        yield _error("ramdisk-compression", where, "is an LZ4 frame, and the kernel reads LZ4's legacy form: lz4 -l")
    if kind == "xz" and stream.read(7, 1)[0] > 1:
        check = {4: "CRC64", 10: "SHA-256"}.get(stream.read(7, 1)[0], "another check")
        message = f"is an xz stream with {check}, and the kernel reads CRC32: xz --check=crc32"
        yield _error("ramdisk-compression", where, message)
    codec = RAMDISK_CODECS.get(kind)
    if codec is None or kernel is None:
        if kind == "zlib":
            yield _error("ramdisk-compression", where, "is a zlib stream, which the kernel does not know: use gzip")
        return
    title = f"is compressed with {codec.title}, and"
    if _older(kernel, codec.since):
        since = ".".join(map(str, codec.since)).removesuffix(".0")
        yield _error("ramdisk-compression", where, f"{title} Linux {kernel.version} is older than {since}")
    elif _lacks(kernel, codec.option):
        yield _error("ramdisk-compression", where, f"{title} this kernel has CONFIG_{codec.option} off")


def _lacks(kernel: KernelSection, option: str) -> bool:
    """Whether the configuration has a compression off; before 2.6.30 there was no choice, and no option."""
    config = kernel.config
    return (
        config is not None
        and not config.is_on(option)
        and any(config.is_on(row.option) for row in RAMDISK_CODECS.values())
    )


def _older(kernel: KernelSection, than: tuple[int, int, int]) -> bool:
    numbers: list[int] = []
    for word in kernel.version.split("-", 1)[0].split(".")[:3]:
        digits = "".join(char for char in word if char in "0123456789")[:6]
        numbers.append(int(digits or "0"))
    return len(numbers) >= 2 and tuple((*numbers, 0)[:3]) < than


def _disk_image(where: str, word: str) -> Finding:
    return Finding(
        Severity.NOTE,
        "initrd",
        f"The {where} holds {word}: an initrd, as kernels before 2.6 had it",
        where=where,
        why="the kernel needs CONFIG_BLK_DEV_RAM and the file system built in",
    )


def _error(code: str, where: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    begin = {"not-a-ramdisk": f"The {where} section holds no ramdisk", "ramdisk-damaged": f"The {where} is damaged"}
    text = f"{begin[code]}: {message[0].lower()}{message[1:]}" if code in begin else f"The {where} {message}"
    fix = "make it anew: cpio -H newc, then gzip or what the kernel's configuration has"
    return Finding(severity, code, text, where=where, why=WHY, fix=fix, source=SOURCE)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
