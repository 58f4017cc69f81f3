"""Ramdisks: any sequence of cpio archives, and of zeros between them, as the kernel unpacks an initramfs.

A compressed ramdisk is recognised by its compression; what is inside is this. Reading stops at no trailer: what follows
the first archive is read too, as the kernel does. A compressed archive behind plain ones is the part ``rest``, with all
that follows it; other bytes are kept as ``tail``, and are a finding.

Example:
    >>> ramdisk = Ramdisk.build([("init", 0o100755, b"#!/bin/sh"), ("etc", 0o040755, b"")])
    >>> [(entry.name, entry.kind, entry.size) for entry in ramdisk]
    [('init', 'file', 9), ('etc', 'directory', 0)]
    >>> Ramdisk.parse(bytes(ramdisk.put("init", b"#!/bin/busybox sh"))).read("init")
    b'#!/bin/busybox sh'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self, TypeVar, overload

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.given import number
from pmport.formats.streams.codecs import kind_of
from pmport.formats.streams.cpio import MAGICS, TRAILER, CpioEntry, read_archive, written
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["Ramdisk"]

N = TypeVar("N", bound=Node)

FORMAT = "ramdisk"
LIMIT = 1 << 30
"""A ramdisk larger than this is no ramdisk; it would have to be read into memory."""
FIRST_INO = 300000
"""Inode numbers of entries that are added begin here, away from those of the archive (as magiskboot has it)."""


ZEROS, REST, TAIL = "zeros", "rest", "tail"
ROLES = {ZEROS: Role.PADDING, REST: Role.CONTENT, TAIL: Role.TAIL}


class _Piece(NamedTuple):
    """An entry as it stands in the file, zeros between archives, or what follows them."""

    entry: CpioEntry | None
    whole: Section
    start: int
    end: int
    name: str = ""

    @property
    def section(self) -> Section:
        """Its bytes."""
        return self.whole[self.start : self.end]


class Ramdisk(Container):
    """The entries of a ramdisk; iterating yields them, without the trailers.

    Args:
        pieces: Everything it is made of, in order.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, b"070701"), (0, b"070702")),
        certain=False,
        writes="identical, build, edit",
        source="Linux Documentation/driver-api/early-userspace/buffer-format.rst",
    )

    def __init__(self, pieces: tuple[_Piece, ...]) -> None:
        self._pieces = pieces

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a ramdisk; not a compressed one.

        Args:
            source: Where it is.

        Returns:
            The ramdisk.

        Raises:
            FormatError: If it does not begin with an archive, or an entry is damaged.
        """
        section = Section.of(source)
        section = Section.of(section.read(limit=LIMIT))  # walked byte by byte: in memory that takes milliseconds
        pieces: list[_Piece] = []
        at = 0
        while at < section.size:
            if section.read(at, 6) in MAGICS:
                for entry, end in read_archive(section, at):
                    pieces.append(_Piece(entry, section, at, end))
                    at = end
                continue
            end = _end_of_zeros(section, at)
            name = ZEROS
            if end == at:
                end = section.size
                name = TAIL if kind_of(section.read(at, 16)) is None else REST
            pieces.append(_Piece(None, section, at, end, name))
            at = end
        if not any(piece.entry for piece in pieces):
            raise FormatError("It holds no archive", format=FORMAT, field="magic", offset=0)
        return cls(tuple(pieces))

    @classmethod
    def build(cls, entries: Iterable[tuple[str, int, Readable]]) -> Self:
        """Make a ramdisk of one archive.

        Args:
            entries: ``(name, mode, data)`` each; the mode with its kind, as ``0o100755``.

        Returns:
            The ramdisk; times and owners are zero, so that the same entries give the same bytes.
        """
        made = [
            CpioEntry(name, number(mode, "mode", FORMAT), Section.of(data), ino=FIRST_INO + index)
            for index, (name, mode, data) in enumerate(entries)
        ]
        return cls(tuple(_piece(entry) for entry in (*made, CpioEntry(TRAILER, 0, Section.zeros(0)))))

    def parts(self) -> Iterator[Part]:
        """The files as content, all else as header or padding.

        Yields:
            The parts; a file's name is its path, and of files of one name the first counts.
        """
        seen: set[str] = set()
        for piece in self._pieces:
            entry = piece.entry
            if entry is None:
                yield Part(piece.name, piece.section, ROLES[piece.name])
                continue
            if entry.kind != "file" or not entry.size or entry.name in seen:
                yield Part(entry.name, piece.section, Role.HEADER)
                continue
            seen.add(entry.name)
            start = len(written(entry)[0])
            yield Part(f"{entry.name} header", piece.section[:start], Role.HEADER)
            yield Part(entry.name, piece.section[start : start + entry.size])
            if start + entry.size < piece.section.size:
                yield Part("padding", piece.section[start + entry.size :], Role.PADDING)

    def __iter__(self) -> Iterator[CpioEntry]:
        return (piece.entry for piece in self._pieces if piece.entry is not None and piece.entry.name != TRAILER)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bytes__(self) -> bytes:
        return b"".join(piece.section.read() for piece in self._pieces)

    @overload
    def find(self, what: str, /) -> CpioEntry | None: ...
    @overload
    def find(self, what: type[N], /) -> N | None: ...
    def find(self, what: str | type[N], /) -> CpioEntry | N | None:
        """The entry that the kernel would leave under a name: the last one; or the first node of a type inside.

        Args:
            what: Its path, with or without a slash or ``./`` before it; or a type, as any container takes one.

        Returns:
            The entry or node, or None.
        """
        if not isinstance(what, str):
            return super().find(what)
        wanted = _plain(what)
        return next((entry for entry in reversed(list(self)) if _plain(entry.name) == wanted), None)

    def read(self, name: str) -> bytes:
        """The content of a file.

        Args:
            name: Its path.

        Returns:
            Its bytes; of hard links, those of the one that carries them.

        Raises:
            KeyError: If there is none of that name.
        """
        entry = self.find(name)
        if entry is None:
            raise KeyError(f"the ramdisk has no {name!r}")
        if not entry.size and entry.nlink > 1:
            entry = next((other for other in self if other.ino == entry.ino and other.size), entry)
        return entry.data.read()

    def put(self, name: str, data: Readable, *, mode: int | None = None) -> Self:
        """Replace an entry's content, or add an entry before the last trailer.

        Args:
            name: Its path.
            data: Its content.
            mode: Its mode, for a new one; 0o100644 where none is given.

        Returns:
            A new ramdisk; every other entry keeps its bytes.
        """
        content = Section.of(data)
        old = self.find(name)
        if old is not None:
            changed = old.with_data(content)
            changed = changed if mode is None else changed._replace(mode=mode).with_data(content)
            return type(self)(tuple(_piece(changed) if piece.entry is old else piece for piece in self._pieces))
        ino = max([FIRST_INO, *(entry.ino + 1 for entry in self)])
        first = next(iter(self), None)
        like = first.head if first else b""  # GNU cpio leaves out an entry of the other form than the archive's
        added = CpioEntry(name, 0o100644 if mode is None else mode, content, ino=ino, head=like)
        new = _piece(added.with_data(content))
        last = max(i for i, piece in enumerate(self._pieces) if piece.entry is not None and piece.entry.name == TRAILER)
        return type(self)((*self._pieces[:last], new, *self._pieces[last:]))

    def replace(self, **contents: Readable) -> Self:
        """The same ramdisk with other contents of files; what :meth:`put` does for each.

        Args:
            contents: Path → content: ``**{"etc/fstab": …}``.

        Returns:
            A new ramdisk.

        Raises:
            FormatError: If there is no such entry.
        """
        new = self
        for name, data in contents.items():
            if name == REST and self._has_rest:
                section = Section.of(data)
                rest = _Piece(None, section, 0, section.size, REST)
                new = type(self)(tuple(rest if piece.name == REST else piece for piece in new._pieces))
                continue
            if self.find(name) is None:
                raise FormatError(f"There is no entry {name!r}", format=FORMAT, field="name")
            new = new.put(name, data)
        return new

    def remove(self, name: str) -> Self:
        """Leave out every entry of a name.

        Args:
            name: Its path.

        Returns:
            A new ramdisk; every other entry keeps its bytes.

        Raises:
            KeyError: If there is none of that name.
        """
        wanted = _plain(name)
        gone = [p.entry for p in self._pieces if p.entry and p.entry.name != TRAILER and _plain(p.entry.name) == wanted]
        if not gone:
            raise KeyError(f"the ramdisk has no {name!r}")
        heirs = self._heirs(gone)
        kept = tuple(
            _piece(heirs[id(p.entry)]) if id(p.entry) in heirs else p
            for p in self._pieces
            if not any(p.entry is entry for entry in gone)
        )
        return type(self)(kept)

    def _heirs(self, gone: list[CpioEntry]) -> dict[int, CpioEntry]:
        """Entries that take over the bytes of hard links that are removed: ``id`` of the entry → the entry with them.

        Only the last link of an inode carries its bytes; without it the kernel would make the others empty.
        """
        heirs: dict[int, CpioEntry] = {}
        for entry in gone:
            if not entry.size or entry.nlink < 2:
                continue
            links = [other for other in self if other.is_link_of(entry) and not any(other is one for one in gone)]
            if links and not any(other.size for other in links):
                heirs[id(links[-1])] = links[-1].with_data(entry.data)
        return heirs

    @property
    def _has_rest(self) -> bool:
        return any(piece.name == REST for piece in self._pieces)

    def findings(self) -> tuple[Finding, ...]:
        """Entries of the "crc" form whose sum is wrong, and bytes behind the archives at which the kernel stops.

        Returns:
            The findings.
        """
        tail = next((piece for piece in self._pieces if piece.name == TAIL), None)
        stop = () if tail is None else (_stop(tail),)
        return stop + tuple(
            Finding(
                Severity.ERROR,
                "ramdisk-sum",
                f"The checksum of {entry.name!r} is not that of its data",
                where=entry.name,
                why="the kernel stops there with 'bad data checksum'",
                fix="get the ramdisk again",
            )
            for entry in self
            if not entry.sum_matches
        )

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many entries of each kind there are.

        Yields:
            ``(kind, count)``.
        """
        kinds: dict[str, int] = {}
        for entry in self:
            kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
        yield "archives", sum(1 for piece in self._pieces if piece.entry is not None and piece.entry.name == TRAILER)
        yield from kinds.items()


def _stop(tail: _Piece) -> Finding:
    return Finding(
        Severity.WARNING,
        "ramdisk-tail",
        f"{tail.end - tail.start} bytes behind the last archive are neither an archive nor zeros",
        where=f"offset {tail.start:#x}",
        why="the kernel stops there with 'invalid magic at start of compressed archive', and keeps what it has unpacked",
        fix="cut them off, unless the bootloader wants them",
    )


def _plain(name: str) -> str:
    return name.removeprefix("./").strip("/")


def _piece(entry: CpioEntry) -> _Piece:
    start, padding = written(entry)
    whole = Section.joined([start, entry.data, Section.zeros(padding)], entry.name)
    return _Piece(entry, whole, 0, whole.size)


def _end_of_zeros(section: Section, at: int) -> int:
    rest = section.read(at)
    return at + len(rest) - len(rest.lstrip(b"\0"))
