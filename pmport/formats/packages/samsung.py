"""The files of Samsung's firmware packages: ``.tar.md5`` archives, zip files of them, members packed with LZ4.

A package's MD5 line and a zip file's checksums are checked; ``meta-data/download-list.txt`` says which members are flashed and in which order; of two
members with one name the later counts; ``.lz4`` members are decompressed block by block while they are read.

Example:
    >>> from pmport.formats.packages.tar import TarArchive
    >>> package = TarArchive.build({"boot.img": b"ANDROID!", "modem.bin": b"MODEM"}, md5_name="AP.tar")
    >>> [file.name for file in package_files(package)]
    ['boot.img', 'modem.bin']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError
from pmport.formats.base.archive import Member, Members
from pmport.formats.packages.tar import TarArchive
from pmport.formats.streams.codecs import decompress, kind_of
from pmport.formats.streams.lz4_source import Lz4Source
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.node import Node

__all__ = ["PackageFile", "package_files"]

LIST = "meta-data/download-list.txt"
LIST_LIMIT = 1 << 16
PACKED = ".lz4"
CHECKED = 32 << 20
"""Members up to this size, bytes, are unpacked in memory, and their LZ4 sums checked; of larger ones the package's MD5 tells."""
PACKAGES = (".tar", ".tar.md5", ".zip")
OTHER = ("meta-data/", "META-INF/")
"""Folders that hold what is not flashed."""


class PackageFile(NamedTuple):
    """One file to flash.

    Args:
        name: Its name without folders and ``.lz4``, as partition tables have it.
        section: Its bytes, decompressed.
        package: The package that it came from.
    """

    name: str
    section: Section
    package: str


def package_files(package: Node, name: str = "") -> list[PackageFile]:
    """What a package brings.

    Args:
        package: A tar archive, or a zip file that holds some.
        name: What it is called.

    Returns:
        Its files in the order in which they are flashed, each name once.

    Raises:
        FormatError: If it is no package, its MD5 is wrong, or the checksum of a member is.
    """
    if not isinstance(package, Members):
        raise FormatError(f"{name or package.KIND} is no package of Samsung's", format=package.KIND, remedy="Give a .tar.md5 or a zip file")  # fmt: skip
    if isinstance(package, TarArchive) and package.md5_matches() is False:
        raise FormatError(f"The MD5 of {name or package.md5_name} is wrong", format=package.KIND, field="MD5", remedy="Get the file again")  # fmt: skip
    if damaged := package.damaged():
        raise FormatError(f"{', '.join(damaged)} in {name or package.KIND} is damaged", format=package.KIND, field=damaged[0], remedy="Get the file again")  # fmt: skip
    found: dict[str, PackageFile] = {}
    for file in _walked(package, name or getattr(package, "md5_name", "")):
        found.pop(file.name, None)
        found[file.name] = file
    return list(found.values())


def _walked(package: Members, name: str) -> Iterator[PackageFile]:
    inner = [member for member in package.members if member.name.endswith(PACKAGES)]
    for member in inner:
        yield from package_files(package.opened(member.section), member.name)
    plain = [item for item in package.members if item not in inner and not item.name.startswith(OTHER)]
    for member in _listed(package, plain):
        yield PackageFile(_base(member.name), _content(member), name)


def _listed(package: Members, members: list[Member]) -> list[Member]:
    """Those that the package's list names, in its order; all where it has none."""
    if LIST not in package.names:
        return members
    text = package.member(LIST).read(limit=LIST_LIMIT).decode("utf-8", "replace")
    by_name = {member.name.removesuffix(PACKED): member for member in members}
    wanted = [line.strip().removesuffix(PACKED) for line in text.splitlines() if line.strip()]
    return [by_name[line] for line in wanted if line in by_name]


def _base(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(PACKED)


def _content(member: Member) -> Section:
    if member.problem:
        raise FormatError(
            f"{member.name!r} {member.problem}", format="firmware package", field=member.name,
            remedy="Unpack the package, and flash its files one by one",
        )  # fmt: skip
    if not member.name.endswith(PACKED):
        return member.section
    if kind_of(member.section.read(0, 16)) != "lz4":
        raise FormatError(f"{member.name} is not packed with LZ4", format="LZ4 frame", field="magic", offset=0)
    source = Lz4Source(member.section, _base(member.name))
    if source.size <= CHECKED:
        return Section.of(decompress(member.section, kind="lz4"))
    return Section.of(source)
