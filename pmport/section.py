"""A range of bytes somewhere, read only when it is wanted.

A :class:`Section` is a small frozen value over a *source*: a file on the disk, bytes in memory, or several sections one
behind the other. Nothing is copied until somebody reads; hashing, copying and flashing go through it in pieces of 1 MiB.
Files are read with ``pread``, never mapped: a file that shrinks gives an error, not a crash.

Example:
    >>> section = Section.of(b"header" + b"kernel")[6:]
    >>> section.size, section.read()
    (6, b'kernel')
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import UnsupportedOperation
from typing import BinaryIO, TypeAlias, cast

from pmport.byte_sources import BytesSource, FileSource, Source, ZeroSource, source_of_file, source_of_path
from pmport.errors import SourceChangedError, TooLargeError
from pmport.file_writing import replacing

__all__ = [
    "JoinedSource",
    "Readable",
    "Section",
    "Writable",
    "sized",
    "write_all",
]

PIECE = 1 << 20
"""How many bytes one piece of a big payload has: large enough for full disk and USB speed, small enough for any memory."""


class JoinedSource:
    """Several sections, one behind the other.

    Args:
        sections: In order.
        name: What a person calls the whole.
    """

    __slots__ = ("name", "sections", "size")

    def __init__(self, sections: Iterable[Section], name: str = "parts") -> None:
        self.sections: tuple[Section, ...] = tuple(section for section in sections if section.size)
        self.size: int = sum(section.size for section in self.sections)
        self.name: str = name

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes, joined where the range crosses sections.
        """
        return b"".join(part.read() for part in self.parts(offset, size))

    def parts(self, offset: int, size: int) -> Iterator[Section]:
        """The ranges of the sections that a range of the whole is made of.

        Args:
            offset: From where.
            size: How many.

        Yields:
            Sections, none empty.
        """
        start = 0
        for section in self.sections:
            low, high = max(offset - start, 0), min(offset + size - start, section.size)
            if low < high:
                yield section[low:high]
            start += section.size


@dataclass(frozen=True, slots=True)
class Section:
    """``size`` bytes of a source from ``offset`` on.

    Args:
        source: Where the bytes are.
        offset: From where, in bytes from the start of the source.
        size: How many.
    """

    source: Source
    offset: int
    size: int

    def __post_init__(self) -> None:
        if self.offset < 0 or self.size < 0 or self.offset + self.size > self.source.size:
            raise ValueError(
                f"bytes {self.offset}+{self.size} are not within the {self.source.size} of {self.source.name}"
            )

    @classmethod
    def of(cls, readable: Readable) -> Section:
        """All bytes of whatever holds some.

        Args:
            readable: A path, bytes, a section, a source, or an open binary file (from its start).

        Returns:
            The section. A plain file is not read yet; other streams are read whole.

        Raises:
            OSError: If a path cannot be read.
            TypeError: If it is none of these, or a file that is open as text.
        """
        if isinstance(readable, Section):
            return readable
        if isinstance(readable, (bytes, bytearray, memoryview)):
            source: Source = BytesSource(bytes(readable))
        elif isinstance(readable, (str, os.PathLike)):
            source = source_of_path(readable)
        elif isinstance(readable, Source) and not hasattr(readable, "seek"):
            source = readable
        elif hasattr(readable, "seek") or hasattr(readable, "read"):
            source = source_of_file(cast("BinaryIO", readable))
        else:
            raise TypeError(
                f"a {type(readable).__name__} holds no bytes: give a path, bytes, or a file open in binary mode"
            )
        return cls(source, 0, source.size)

    @classmethod
    def joined(cls, sections: Iterable[Readable], name: str = "parts") -> Section:
        """Several one behind the other, as one.

        Args:
            sections: In order.
            name: What a person calls the whole.

        Returns:
            The section over all of them; nothing is copied.
        """
        return cls.of(JoinedSource((cls.of(section) for section in sections), name))

    @classmethod
    def zeros(cls, size: int) -> Section:
        """Zeros.

        Args:
            size: How many.

        Returns:
            The section.
        """
        return cls(ZeroSource(size), 0, size)

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return self.size > 0

    def __bytes__(self) -> bytes:
        return self.read()

    def __getitem__(self, part: slice) -> Section:
        start, stop, step = part.indices(self.size)
        if step != 1:
            raise ValueError("a section has no step")
        return Section(self.source, self.offset + start, max(stop - start, 0))

    def __repr__(self) -> str:
        return f"<Section {self.source.name} {self.offset:#x}+{self.size:#x}>"

    def read(self, offset: int = 0, size: int | None = None, *, limit: int | None = None) -> bytes:
        """Bytes of it.

        Args:
            offset: From where, within the section.
            size: How many at the most; None: to the end.
            limit: Refuse to read more than this many.

        Returns:
            The bytes; fewer than ``size`` where the section ends.

        Raises:
            TooLargeError: If more than ``limit`` bytes were asked for.
            SourceChangedError: If the file behind it has shrunk.
        """
        offset = min(offset, self.size)
        wanted = self.size - offset if size is None else min(size, self.size - offset)
        if limit is not None and wanted > limit:
            raise TooLargeError(f"{wanted} bytes would be read into memory", limit=limit, offset=self.offset + offset)
        return self.source.read(self.offset + offset, wanted)

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill a buffer.

        Args:
            offset: From where, within the section; it holds as many bytes from there on as the buffer.
            view: What is filled, to its end.
        """
        if isinstance(self.source, FileSource):
            self.source.read_into(self.offset + offset, view)
        elif isinstance(self.source, JoinedSource):
            at = 0
            for part in self.source.parts(self.offset + offset, len(view)):
                part.read_into(0, view[at : at + part.size])
                at += part.size
        else:
            view[:] = self.source.read(self.offset + offset, len(view))

    def view(self) -> memoryview:
        """All of it for parsing, without a copy where the bytes are in memory already.

        Returns:
            A read-only view.
        """
        if isinstance(self.source, BytesSource):
            return memoryview(self.source.data)[self.offset : self.offset + self.size]
        return memoryview(self.read())

    def chunks(self, piece: int = PIECE) -> Iterator[bytes]:
        """All of it, piece by piece.

        Args:
            piece: Bytes per piece.

        Yields:
            Pieces of that size; the last may be shorter.
        """
        for offset in range(0, self.size, piece):
            yield self.read(offset, piece)

    def copy_to(self, file: Writable) -> int:
        """Write all of it to a file, through the kernel's copying where both ends are files.

        Args:
            file: A path, which then holds all of it or is as before; or a file that is open for writing.

        Returns:
            How many bytes were written.
        """
        if isinstance(file, (str, os.PathLike)):
            with replacing(file) as opened:
                return self.copy_to(opened)
        if isinstance(self.source, JoinedSource):
            return write_all(self.source.parts(self.offset, self.size), file)
        if isinstance(self.source, FileSource) and self.size >= PIECE and self._copied_by_kernel(self.source, file):
            return self.size
        file.writelines(self.chunks())
        return self.size

    def _copied_by_kernel(self, source: FileSource, file: BinaryIO) -> bool:
        """Copy with ``copy_file_range``; False (and nothing written) where the kernel or the file cannot."""
        copy = getattr(os, "copy_file_range", None)
        try:
            target = file.fileno()
        except (AttributeError, UnsupportedOperation):
            return False
        if copy is None:
            return False
        file.flush()
        done = 0
        while done < self.size:
            try:
                moved = copy(source.descriptor, target, self.size - done, self.offset + done)
            except OSError:
                if done:
                    raise
                return False
            if not moved:
                raise SourceChangedError(f"{source.path} became shorter while it was copied", path=str(source.path))
            done += moved
        return True

    def digest(self, algorithm: str = "sha256") -> bytes:
        """Its hash.

        Args:
            algorithm: A name that :mod:`hashlib` knows.

        Returns:
            The digest.
        """
        import hashlib  # noqa: PLC0415 - loads OpenSSL, and most runs hash nothing

        state = hashlib.new(algorithm, usedforsecurity=False)
        for piece in self.chunks():
            state.update(piece)
        return state.digest()

    def sha1(self) -> str:
        """SHA-1, in hexadecimal."""
        return self.digest("sha1").hex()

    def sha256(self) -> str:
        """SHA-256, in hexadecimal."""
        return self.digest("sha256").hex()

    def find(self, needle: bytes, start: int = 0, stop: int | None = None) -> int:
        """Where some bytes stand first.

        Args:
            needle: What to look for.
            start: From where.
            stop: Up to where; None: to the end.

        Returns:
            Its offset within the section, or -1.
        """
        stop = self.size if stop is None else min(stop, self.size)
        overlap = len(needle) - 1
        for offset in range(start, stop, PIECE):
            found = self.read(offset, min(PIECE + overlap, stop - offset)).find(needle)
            if found >= 0:
                return offset + found
        return -1

    def close(self) -> None:
        """Close the file or files behind it."""
        if isinstance(self.source, FileSource):
            self.source.close()
        elif isinstance(self.source, JoinedSource):
            for section in self.source.sections:
                section.close()

    def changed_file(self) -> str | None:
        """The file behind it that was changed since it was opened, also through an archive or a compressed stream.

        Returns:
            The file's name; None where each is as it was, is closed, or none is known.
        """
        source = self.source
        if isinstance(source, FileSource):
            return source.name if not source.closed and source.changed() else None
        if isinstance(source, JoinedSource):
            inner = {id(section.source): section for section in source.sections}.values()
            return next((name for name in (section.changed_file() for section in inner) if name), None)
        packed = getattr(source, "packed", None)  # sources that read through another section say which
        return packed.changed_file() if isinstance(packed, Section) else None

    def is_zero(self) -> bool:
        """Whether it holds nothing but zeros."""
        return isinstance(self.source, ZeroSource) or not any(piece.strip(b"\0") for piece in self.chunks())


def write_all(sections: Iterable[Section], file: BinaryIO) -> int:
    """Write sections one behind the other, in pieces that end at multiples of 1 MiB of the file.

    The kernel takes such pieces into its page cache in half the time of pieces that lie across, which the payloads of
    an image do, since its header stands before them.

    Args:
        sections: In order.
        file: Open for writing.

    Returns:
        How many bytes were written.
    """
    view = memoryview(bytearray(PIECE))
    room = PIECE - (file.tell() % PIECE if file.seekable() else 0)
    written = filled = 0
    for section in sections:
        at = 0
        while at < section.size:
            take = min(section.size - at, room - filled)
            section.read_into(at, view[filled : filled + take])
            filled += take
            at += take
            if filled == room:
                file.write(view[:filled])
                written += filled
                filled, room = 0, PIECE
    file.write(view[:filled])
    return written + filled


Readable: TypeAlias = Section | Source | bytes | bytearray | memoryview | BinaryIO | str | os.PathLike[str]
"""Whatever :meth:`Section.of` takes: a path, bytes, an open binary file …"""
Writable: TypeAlias = BinaryIO | str | os.PathLike[str]
"""Whatever is written to: a path, or a file that is open for writing."""


def sized(file: BinaryIO, size: int) -> None:
    """Give a file its size, with holes where nothing is written later.

    Args:
        file: Opened for writing.
        size: Bytes.
    """
    file.truncate(0)
    if size:
        file.seek(size - 1)
        file.write(b"\0")
    file.seek(0)
