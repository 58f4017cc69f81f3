"""Looking into any ramdisk, changing it, and what differs between two."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError
from pmport.formats.boot.image import BootImage
from pmport.formats.registry import recognise
from pmport.formats.streams.codecs import compress, expand, kind_of
from pmport.formats.streams.cpio import MAGICS
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.initramfs.packages import plain_path
from pmport.render import Table
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Readable

__all__ = ["Difference", "differences", "in_image", "listing", "with_files"]

FORMAT = "ramdisk"


class Difference(NamedTuple):
    """One path that is not the same in both.

    Args:
        path: The path.
        what: ``only in the first``, ``only in the second``, ``content``, ``kind``, ``mode``, ``target``.
        first: What the first has: a size, a mode, a target.
        second: What the second has.
    """

    path: str
    what: str
    first: str = ""
    second: str = ""


def in_image(node: Node) -> Ramdisk:
    """The ramdisk in a file: alone, compressed, or in a boot image.

    Args:
        node: The opened file.

    Returns:
        The first ramdisk in it.

    Raises:
        FormatError: If it holds none.
    """
    for _, inner in node.walk():
        if isinstance(inner, Ramdisk):
            return inner
    raise FormatError(
        f"It is a {node.KIND}, and no ramdisk is in it", format=FORMAT, remedy="Name an initramfs or a boot image"
    )


def listing(ramdisk: Ramdisk) -> Table:
    """The entries, as ``ls -l`` shows them.

    Args:
        ramdisk: The ramdisk.

    Returns:
        A table.
    """
    rows = []
    for entry in ramdisk:
        target = f"-> {_target(entry.data)}" if entry.kind == "link" else ""
        device = f"{entry.rdevmajor}, {entry.rdevminor}" if entry.kind.endswith("device") else str(entry.size)
        rows.append((stat.filemode(entry.mode), f"{entry.uid}:{entry.gid}", device, entry.name, target))
    return Table(("mode", "owner", "size", "name", "target"), rows)


def with_files(source: Readable, files: Mapping[str, tuple[int, Readable]]) -> Section:
    """A ramdisk, compressed or not, or a boot image, with files added or replaced in it.

    Args:
        source: The file.
        files: Path → ``(mode with its kind, content)``; folders that are not there yet are made.

    Returns:
        The same kind of file. Entries that were not named keep their bytes; a stream is compressed as it was.

    Raises:
        FormatError: If it holds no ramdisk that can be changed, or a path is none.
    """
    section = Section.of(source)
    node = recognise(section)
    for _, inner in node.walk():
        if isinstance(inner, BootImage) and inner.ramdisk:
            return inner.replace(ramdisk=with_files(inner.ramdisk, files)).section()
    kind = kind_of(section.read(0, 16))
    if kind is None:
        return _with(Ramdisk.parse(section), files).section()
    stream = expand(section)
    if stream.used < section.size and not section[stream.used :].is_zero():
        raise FormatError(
            "Something follows the compressed archive", format=FORMAT, offset=stream.used,
            remedy="A second archive can be appended as it is: the kernel reads both",
        )  # fmt: skip
    if stream.data[:6] not in MAGICS:
        raise FormatError("The compressed stream holds no archive", format=FORMAT)
    return Section.of(compress(bytes(_with(Ramdisk.parse(stream.data), files)), kind))


def _with(ramdisk: Ramdisk, files: Mapping[str, tuple[int, Readable]]) -> Ramdisk:
    for name, (mode, data) in files.items():
        path = plain_path(name)
        if path is None:
            raise FormatError(f"{name!r} is no path in a ramdisk", format=FORMAT, field="name")
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            folder = "/".join(folders[:depth])
            if ramdisk.find(folder) is None:
                ramdisk = ramdisk.put(folder, b"", mode=stat.S_IFDIR | 0o755)
        ramdisk = ramdisk.put(path, data, mode=mode)
    return ramdisk


def differences(first: Ramdisk, second: Ramdisk) -> tuple[Difference, ...]:
    """What differs between two, as the kernel would unpack them: the last entry of a name counts.

    Args:
        first: One.
        second: The other.

    Returns:
        By path; times, owners and the order do not count.
    """
    return tuple(_differences(first, second))


def _differences(first: Ramdisk, second: Ramdisk) -> Iterator[Difference]:
    old, new = ({plain_path(entry.name) or "": entry for entry in ramdisk} for ramdisk in (first, second))
    for path in sorted(old.keys() | new.keys()):
        a, b = old.get(path), new.get(path)
        if a is None or b is None:
            yield Difference(path, "only in the second" if a is None else "only in the first")
        elif a.kind != b.kind:
            yield Difference(path, "kind", a.kind, b.kind)
        elif a.kind == "link" and _target(a.data) != _target(b.data):
            yield Difference(path, "target", _target(a.data), _target(b.data))
        elif a.kind == "file" and first.read(a.name) != second.read(b.name):
            yield Difference(path, "content", f"{a.size} bytes", f"{b.size} bytes")
        elif a.mode != b.mode:
            yield Difference(path, "mode", stat.filemode(a.mode), stat.filemode(b.mode))


def _target(data: Section) -> str:
    return data.read(0, 4096).rstrip(b"\0").decode("utf-8", "surrogateescape")
