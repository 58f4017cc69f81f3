"""The files in a Debian or Alpine package, or in another initramfs: where a busybox comes from.

Layouts: a Debian package is an ``ar`` archive (``!<arch>``, headers of 60 bytes) with ``data.tar`` in one of several
compressions (deb(5)); an Alpine package is a sequence of gzip streams that hold one tar archive (apk-package(5)).
"""

from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pmport.errors import FormatError
from pmport.formats.registry import recognise
from pmport.formats.streams.codecs import LIMIT, decompress, expand, kind_of
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.section import Readable, Section

__all__ = ["PackageFile", "package_files", "plain_path"]

FORMAT = "package"
AR = b"!<arch>\n"
AR_HEADER = 60
MEMBERS = ("data.tar", "data.tar.gz", "data.tar.xz", "data.tar.zst", "data.tar.bz2", "data.tar.lzma")


class PackageFile(NamedTuple):
    """One file of a package.

    Args:
        mode: Kind and permissions, as ``stat`` has them.
        data: Its content; of a link, its target.
    """

    mode: int
    data: Section


def plain_path(name: str) -> str | None:
    """A name as a path below the root.

    Args:
        name: As it stands in an archive.

    Returns:
        The path without ``./`` and slashes around it; None where it would leave the root, or names nothing.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    return "/".join(parts) if parts and ".." not in parts and "\0" not in name else None


def package_files(source: Readable) -> Mapping[str, PackageFile]:
    """The files, links and folders of a package or ramdisk.

    Args:
        source: A ``.deb``, an ``.apk``, or anything with a ramdisk in it.

    Returns:
        Path below the root → file; hard links are files of their own. What is neither file, link nor folder is left out.

    Raises:
        FormatError: If it is none of these, or damaged.
        TooLargeError: If it unpacks to more than 192 MiB.
    """
    section = Section.of(source)
    if section.read(0, 8) == AR:
        return dict(_tar(_debian_data(section)))
    if kind_of(section.read(0, 16)) == "gzip" and (archive := _alpine(section)) is not None:
        return dict(_tar(archive))
    for _, node in recognise(section).walk():
        if isinstance(node, Ramdisk):
            return _ramdisk(node)
    raise FormatError("It is no Debian or Alpine package, and holds no ramdisk", format=FORMAT)


def _debian_data(section: Section) -> bytes:
    at = len(AR)
    while at + AR_HEADER <= section.size:
        head = section.read(at, AR_HEADER)
        size = head[48:58].strip()
        if not size.isdigit() or head[58:60] != b"`\n":
            raise FormatError("A member's header is damaged", format="Debian package", field="header", offset=at)
        name = head[:16].strip().rstrip(b"/").decode("ascii", "replace")
        at += AR_HEADER
        if name in MEMBERS:
            data = section[at : at + int(size)]
            return data.read() if name == "data.tar" else decompress(data)
        at += int(size) + int(size) % 2
    raise FormatError("There is no data.tar in it", format="Debian package", field="data.tar")


def _alpine(section: Section) -> bytes | None:
    """The tar archive that the gzip streams hold together; None where they hold something else."""
    whole = bytearray()
    at = 0
    while at < section.size and kind_of(section[at:].read(0, 16)) == "gzip":
        part = expand(section[at:], limit=LIMIT - len(whole))
        if not whole and part.data[257:262] != b"ustar":
            return None
        whole += part.data
        at += part.used
    return bytes(whole)


def _tar(data: bytes) -> Iterator[tuple[str, PackageFile]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:", ignore_zeros=True) as archive:
            for member in archive:
                path = plain_path(member.name)
                if path is None or path.startswith((".PKGINFO", ".SIGN.")):
                    continue
                permissions = member.mode & 0o7777
                if member.isdir():
                    yield path, PackageFile(stat.S_IFDIR | permissions, Section.zeros(0))
                elif member.issym():
                    target = member.linkname.encode("utf-8", "surrogateescape")
                    yield path, PackageFile(stat.S_IFLNK | 0o777, Section.of(target))
                elif (stream := archive.extractfile(member)) is not None:
                    yield path, PackageFile(stat.S_IFREG | permissions, Section.of(stream.read()))
    except (tarfile.TarError, KeyError, ValueError, EOFError, OSError) as error:
        raise FormatError(f"The tar archive in it is damaged: {error}", format=FORMAT) from None


def _ramdisk(ramdisk: Ramdisk) -> Mapping[str, PackageFile]:
    found = {}
    for entry in ramdisk:
        path = plain_path(entry.name)
        if path is not None and entry.kind in {"file", "directory", "link"}:
            data = Section.of(ramdisk.read(entry.name)) if entry.kind == "file" else entry.data
            found[path] = PackageFile(entry.mode, data)
    return found
