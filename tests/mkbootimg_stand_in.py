"""pmport in the place of AOSP's ``mkbootimg`` and ``unpack_bootimg``: only options and words are translated."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pmport
from pmport.formats import BootImage, VendorBoot
from pmport.formats.boot.vendor_image import Fragment

OFFSETS = {"kernel": 0x8000, "ramdisk": 0x1000000, "second": 0xF00000, "tags": 0x100, "dtb": 0x1F00000}
FILES = ("kernel", "ramdisk", "second", "recovery_dtbo", "dtb")
TYPES = {"none": 0, "platform": 1, "recovery": 2, "dlkm": 3}
PLATFORM = 1
BOARD_IDS = 16


def number(text: str) -> int:
    return int(text, 0)


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("mkbootimg")
    for name in (*FILES, "vendor_ramdisk", "vendor_bootconfig", "cmdline", "vendor_cmdline", "board", "vendor_boot"):
        parser.add_argument(f"--{name}")
    for name, offset in OFFSETS.items():
        parser.add_argument(f"--{name}_offset", type=number, default=offset)
    parser.add_argument("-o", "--output")
    parser.add_argument("--base", type=number, default=0x10000000)
    parser.add_argument("--pagesize", type=number, default=2048)
    parser.add_argument("--header_version", type=number, default=0)
    parser.add_argument("--os_version")
    parser.add_argument("--os_patch_level")
    return parser


def fragments_of(words: list[str]) -> tuple[list[Fragment], list[str]]:
    """The fragments, each of which ends with ``--vendor_ramdisk_fragment FILE``, and the other words."""
    parser = argparse.ArgumentParser("fragment", allow_abbrev=False)
    parser.add_argument("--ramdisk_type", default="none")
    parser.add_argument("--ramdisk_name", required=True)
    parser.add_argument("--vendor_ramdisk_fragment", required=True)
    for at in range(BOARD_IDS):
        parser.add_argument(f"--board_id{at}", type=number, default=0)
    found: list[Fragment] = []
    rest: list[str] = []
    while "--vendor_ramdisk_fragment" in words:
        end = words.index("--vendor_ramdisk_fragment") + 2
        given, other = parser.parse_known_args(words[:end])
        ids = tuple(getattr(given, f"board_id{at}") for at in range(BOARD_IDS))
        data = Path(given.vendor_ramdisk_fragment).read_bytes()
        found.append(Fragment(given.ramdisk_name, data, TYPES[given.ramdisk_type.lower()], ids))
        words, rest = words[end:], rest + other
    return found, rest + words


def mkbootimg(words: list[str]) -> None:
    fragments, words = fragments_of(words)
    given = options().parse_args(words)
    addresses = {name: given.base + getattr(given, f"{name}_offset") for name in OFFSETS}
    if given.vendor_boot:
        names = ("kernel", "ramdisk", "tags", "dtb")
        values: dict[str, Any] = {f"{name}_addr": addresses[name] for name in names}
        if given.header_version == 4:
            first = Path(given.vendor_ramdisk).read_bytes() if given.vendor_ramdisk else b""
            ramdisks: Any = [*([Fragment("", first, PLATFORM)] if first else []), *fragments]
        else:
            ramdisks = given.vendor_ramdisk
        VendorBoot.build(
            ramdisks,
            given.dtb or b"",
            header_version=given.header_version,
            page_size=given.pagesize,
            bootconfig=given.vendor_bootconfig or b"",
            cmdline=given.vendor_cmdline or "",
            name=given.board or "",
            **values,
        ).write_to(given.vendor_boot)
    if given.output:
        files = {name: getattr(given, name) for name in FILES if getattr(given, name)}
        wanted = {"kernel", "tags", "dtb"} | files.keys()
        values = {f"{name}_addr": address for name, address in addresses.items() if name in wanted}
        BootImage.build(
            **files,
            **values,
            header_version=given.header_version,
            page_size=given.pagesize if given.header_version < 3 else None,  # AOSP's tool does not look at it
            cmdline=given.cmdline or "",
            name=given.board or "",
            os_version=given.os_version,
            os_patch_level=given.os_patch_level,
        ).write_to(given.output)


def boot_arguments(image: BootImage, out: Path) -> Iterator[str]:
    header = image.header
    yield from ("--header_version", str(image.header_version))
    for name, value in (("os_version", image.os_version), ("os_patch_level", image.os_patch_level)):
        yield from (f"--{name}", value) if value else ()
    for name in FILES:
        content = image.content(name)
        if content:
            content.copy_to(out / name)
            yield from (f"--{name}", str(out / name))
    if image.header_version < 3:
        yield from ("--pagesize", f"{header.page_size:#x}", "--base", "0x0", "--board", image.name)
        names = ["kernel", "ramdisk", "second", "tags", *(["dtb"] if image.header_version == 2 else [])]
        for name in names:
            yield from (f"--{name}_offset", f"{getattr(header, f'{name}_addr'):#x}")
    yield from ("--cmdline", image.cmdline)


def vendor_arguments(image: VendorBoot, out: Path) -> Iterator[str]:
    header = image.header
    yield from ("--header_version", str(header.header_version), "--pagesize", f"{header.page_size:#x}", "--base", "0x0")
    for name in ("kernel", "ramdisk", "tags", "dtb"):
        yield from (f"--{name}_offset", f"{getattr(header, f'{name}_addr'):#x}")
    yield from ("--vendor_cmdline", image.cmdline, "--board", image.name)
    for name, option in (("dtb", "dtb"), ("bootconfig", "vendor_bootconfig")):
        content = next((part.section for part in image.parts() if part.name == name), None)
        if content:
            content.copy_to(out / name)
            yield from (f"--{option}", str(out / name))
    for index, fragment in enumerate(image.fragments):
        path = out / f"vendor_ramdisk{index:02}"
        fragment.section.copy_to(path)
        if header.header_version < 4:
            yield from ("--vendor_ramdisk", str(path))
            continue
        yield from ("--ramdisk_type", next(word for word, code in TYPES.items() if code == fragment.type))
        yield from ("--ramdisk_name", fragment.name)
        yield from (word for at, value in enumerate(fragment.board_id) for word in (f"--board_id{at}", f"{value:#x}"))
        yield from ("--vendor_ramdisk_fragment", str(path))


def vendor_words(image: VendorBoot) -> Iterator[str]:
    header = image.header
    yield "boot magic: VNDRBOOT"
    yield f"vendor boot image header version: {header.header_version}"
    yield f"vendor ramdisk total size: {header.ramdisk_size}"
    yield f"vendor command line args: {image.cmdline}"
    yield f"dtb size: {header.dtb_size}"
    yield f"vendor ramdisk table size: {header.ramdisk_table_size}"
    offset = 0
    for fragment in image.fragments:
        size = fragment.section.size
        yield from (f"size: {size}", f"offset: {offset}", f"type: {fragment.type:#x}", f"name: {fragment.name}".strip())
        ids = [f"{value:#010x}" for value in fragment.board_id]
        yield from (", ".join(ids[at : at + 4]) + "," for at in range(0, BOARD_IDS, 4))
        offset += size
    yield f"vendor bootconfig size: {header.bootconfig_size}"


def unpack_bootimg(words: list[str]) -> None:
    parser = argparse.ArgumentParser("unpack_bootimg")
    parser.add_argument("--boot_img", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--format", default="info")
    parser.add_argument("-0", "--null", action="store_true")
    given = parser.parse_args(words)
    out = Path(given.out)
    out.mkdir(exist_ok=True)
    image = pmport.open(given.boot_img)
    assert isinstance(image, (BootImage, VendorBoot))
    arguments = list(boot_arguments(image, out) if isinstance(image, BootImage) else vendor_arguments(image, out))
    if given.format == "mkbootimg":
        sys.stdout.write("".join(f"{word}\0" for word in arguments) if given.null else f"{shlex.join(arguments)}\n")
    else:
        sys.stdout.write(
            "".join(f"{line}\n" for line in (vendor_words(image) if isinstance(image, VendorBoot) else ()))
        )


if __name__ == "__main__":
    {"mkbootimg": mkbootimg, "unpack_bootimg": unpack_bootimg}[sys.argv[1]](sys.argv[2:])
