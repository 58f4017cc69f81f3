"""What a reader of the documentation has: the files that its pages speak of, and a phone that is not there."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from support import REPOSITORY

from pmport import demo
from pmport.formats import SparseImage, VbMeta
from pmport.formats.avb.descriptors import HashDescriptor
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.storage.sparse import split

__all__ = ["BLOCK", "DOCS", "PAGES", "PRACTICE", "fill", "practised", "python_of", "steps"]

DOCS = REPOSITORY / "docs"
GENERATED = {"formats.md", "commands.md", "devices.md", "rules.md", "errors.md", "phones.md", "facts.md"}
PAGES = [
    page
    for page in sorted(
        [REPOSITORY / "README.md", *DOCS.glob("*.md"), *DOCS.glob("howto/*.md"), *DOCS.glob("protocols/*.md")]
    )
    if page.name not in GENERATED
]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRACTICE = re.compile(r"^# with a phone; to practise, add (--virtual \w+)\n")
FLASHES = re.compile(r"^pmport (flash|update|boot|erase|fetch|getvar|reboot|fastboot|pit|nokia)\b(?!.*--virtual)")


def fill(folder: Path) -> None:
    """Put the files that pages speak of into a folder.

    Args:
        folder: An empty one.
    """
    image = demo.stock_image()
    stock = bytes(image)
    kept = {
        "boot.img": stock,
        "signed.img": _with_footer(stock),
        "stock-vbmeta.img": bytes(VbMeta.build([_hash(stock)], padding_size=4096)),
        "factory.zip": _factory(stock),
        "mainline.dts": b'#define NAME "Acme Argon"\n/dts-v1/;\n/ { model = NAME; compatible = "acme,argon"; };\n',
        "kernel.config": b"CONFIG_I2C=y\nCONFIG_INPUT=y\n",
        **{f"super.img.{number}": bytes(piece) for number, piece in enumerate(split(bytes(3 << 16) + stock * 24, 1 << 16))},
    }  # fmt: skip
    for name, data in kept.items():
        (folder / name).write_bytes(data)


def _hash(image: bytes) -> HashDescriptor:
    return HashDescriptor("boot", len(image), "sha256", b"salt", hashlib.sha256(b"salt" + image).digest())


def _with_footer(image: bytes) -> bytes:
    """An image in its partition of 64 KiB, as AOSP's tool signs it; the algorithm is NONE."""
    blob = bytes(VbMeta.build([_hash(image)]))
    body = image + bytes(-len(image) % 4096)
    footer = AvbFooter(len(image), len(body), len(blob)).encode()
    return (body + blob).ljust((1 << 16) - len(footer), b"\0") + footer


def _factory(boot: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("android-info.txt", "require partition-exists=boot\n")
        archive.writestr("fastboot-info.txt", "version 1\nflash boot\nflash --apply-vbmeta vbmeta\n")
        archive.writestr("boot.img", boot)
        archive.writestr("vbmeta.img", bytes(VbMeta.build()))
        archive.writestr("system.img", bytes(SparseImage.build(bytes(4096))))
    return out.getvalue()


def python_of(page: Path) -> str:
    """All Python of a page, as one module.

    Args:
        page: The page.

    Returns:
        The blocks, in order.
    """
    return "\n".join(text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language == "python")


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and what the page shows of its output.

    Args:
        text: The block.

    Yields:
        ``(command, shown)``.
    """
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = step.partition("\n")
        yield command, shown


def practised(text: str, console: Path) -> str:
    """A block that wants a phone, with what the block says to add; its serial port is a virtual one.

    Args:
        text: The block.
        console: The virtual port.

    Returns:
        The block as somebody without a phone runs it.
    """
    match = PRACTICE.match(text)
    if match is None:
        return text
    lines = []
    for line in text.splitlines():
        command = line.removeprefix("$ ")
        if line.startswith("$ ") and FLASHES.match(command):
            command += f" {match[1]}"
        elif line.startswith("$ pmport console"):
            command += f" {console} --seconds 0.5"
        lines.append(f"$ {command}" if line.startswith("$ ") else line)
    return "\n".join(lines) + "\n"
