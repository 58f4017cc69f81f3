"""From a file to a log: text, a dump of ramoops zones, or an archive that holds one, with the tree and configuration beside it.

Sources: postmarketOS's initramfs (its log dump: ``dmesg.txt``, ``fdt.dtb`` and more, as a directory or ``.tar.gz``), Android's
dumpstate (titles of a bug report's parts), the binding reserved-memory/ramoops.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.bootlog.lines import LogLine, read
from pmport.devicetree import Blob, DeviceTree, reg
from pmport.errors import FormatError
from pmport.formats.kernel.config import KernelConfig
from pmport.formats.reports.ramoops import MAGIC, RamoopsRegion, ZoneSizes
from pmport.node import Container, Node
from pmport.opening import open as open_file
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["Log", "open_log"]

LIMIT = 64 << 20
"""Most bytes of text that are read; a kernel's own buffer has at most 32 MiB (LOG_BUF_SHIFT 25)."""
ARCHIVES = (b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18")
"""How what is opened as an archive begins: gzip, zip, xz, bzip2, zstd, lz4; and a tar archive, by its own magic."""
TAR = b"ustar"
LOG_NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:.*/)?console-ramoops(?:-\d)?",
        r"(?:.*/)?last_kmsg(?:\.txt|\.log)?",
        r"(?:.*/)?dmesg-ramoops-\d",
        r"(?:.*/)?(?:dmesg|kmsg|kernel)(?:[._-][^/]*)?",
        r"(?:.*/)?bugreport[^/]*\.txt",
        r"(?:.*/)?[^/]*(?:dmesg|kmsg)[^/]*",
    )
)
"""Names of logs in an archive; of several, the log of the boot that failed counts most."""
TITLE = re.compile(r"-{4,8} (?P<title>[A-Z][A-Z /]{3,40})(?: \(.*)? -{4,8}$")
"""How a part of an Android bug report begins."""
KERNEL_TITLES = ("KERNEL LOG", "LAST KMSG")


@dataclass(frozen=True)
class Log:
    """A log, and what came with it.

    Args:
        lines: Its lines.
        tree: The live tree of the phone, if it is there.
        config: The kernel's configuration, if it is there.
    """

    lines: tuple[LogLine, ...]
    tree: DeviceTree | None = None
    config: KernelConfig | None = None


def open_log(source: Readable, tree: DeviceTree | None = None) -> Log:
    """Find the log in a file.

    Args:
        source: The file, or its bytes.
        tree: The tree that the kernel booted with, if it is known; its ramoops node says how a region is divided.

    Returns:
        The log.

    Raises:
        FormatError: If it is an archive without a log, or a broken one.
        OSError: If the file cannot be read.
    """
    section = Section.of(source)
    head = section.read(0, min(section.size, 512))
    if head.startswith(ARCHIVES) or head[257:262] == TAR:
        return _of_archive(open_file(section), tree)
    return Log(_lines(section.read(limit=LIMIT), tree))


def _of_archive(node: Node, tree: DeviceTree | None) -> Log:
    """The log of an archive, its tree, and its configuration."""
    logs: list[tuple[int, Node]] = []
    config = None
    for path, inner in node.walk():
        if isinstance(inner, Blob):
            tree = tree or inner.tree()
        elif isinstance(inner, KernelConfig):
            config = config or inner
        elif not isinstance(inner, Container) and (rank := _rank(path)) is not None:
            logs.append((rank, inner))
    if not logs:
        raise FormatError(
            "It holds no kernel log", format=node.KIND, remedy="unpack it, and name the file with the log in it"
        )
    _, chosen = min(logs, key=lambda pair: pair[0])
    return Log(_lines(chosen.section().read(limit=LIMIT), tree), tree, config)


def _rank(path: str) -> int | None:
    """How much a file of an archive is wanted; a stream's only content is named by no one."""
    if path.rpartition("/")[2] == "content":
        return len(LOG_NAMES)
    return next((rank for rank, pattern in enumerate(LOG_NAMES) if pattern.fullmatch(path)), None)


def _lines(data: bytes, tree: DeviceTree | None) -> tuple[LogLine, ...]:
    if MAGIC in data and b"\0" in data:
        data = _of_region(data, tree)
    text = data.decode("utf-8", "surrogateescape")
    lines = read(text)
    if any(f" {title} " in text for title in KERNEL_TITLES):
        return tuple(_of_report(tuple(lines)))
    return tuple(lines)


def _of_region(data: bytes, tree: DeviceTree | None) -> bytes:
    """The log of a raw region, as the tree divides it, else by its signatures; the bytes themselves, where no zone is whole."""
    for sizes in (_sizes(tree), None):
        try:
            begin = 0 if sizes else data.find(MAGIC)
            return RamoopsRegion.parse(data[begin:], sizes).log or data
        except FormatError:
            continue
    return data


def _sizes(tree: DeviceTree | None) -> ZoneSizes | None:
    """How the tree's ramoops node divides its region."""
    for node in tree.walk() if tree is not None else ():
        if "ramoops" in node.compatible and reg(node):
            names = ("record-size", "console-size", "pmsg-size", "ftrace-size", "ecc-size")
            return ZoneSizes(*((node.cells(name) or (0,))[-1] for name in names))
    return None


def _of_report(lines: tuple[LogLine, ...]) -> Iterator[LogLine]:
    """The kernel's parts of an Android bug report; all of it, where it has none."""
    kept, inside, found = [], False, False
    for line in lines:
        title = TITLE.match(line.text)
        if title:
            inside = title["title"].strip().startswith(KERNEL_TITLES)
            found = found or inside
        elif inside:
            kept.append(line)
    return iter(kept if found else lines)
