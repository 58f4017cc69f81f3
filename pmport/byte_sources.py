r"""Where the bytes of a section come from: memory, zeros that nobody stores, a file on the disk.

Example:
    >>> BytesSource(b"kernel").read(0, 3), ZeroSource(1 << 40).read(5, 2)
    (b'ker', b'\x00\x00')
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from errno import EISDIR, ENOENT
from io import BufferedRandom, BufferedReader, FileIO, TextIOBase
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Protocol, Self, runtime_checkable

from pmport.errors import SourceChangedError, TooLargeError

__all__ = ["BytesSource", "FileSource", "Source", "ZeroSource", "source_of_file", "source_of_path"]

STREAM_LIMIT = 4 << 30
"""How many bytes of a pipe or a terminal are kept in memory at the most; ``/dev/zero`` has no end."""


@runtime_checkable
class Source(Protocol):
    """Where bytes come from."""

    @property
    def size(self) -> int:
        """How many bytes there are."""
        ...

    @property
    def name(self) -> str:
        """What a person calls it: a path, or ``"bytes"``."""
        ...

    def read(self, offset: int, size: int) -> bytes:
        """Exactly ``size`` bytes from ``offset``; the caller stays within :attr:`size`."""
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory.

    Args:
        data: The bytes.
        name: What a person calls them.
    """

    data: bytes
    name: str = "bytes"

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.data)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes; the object itself, uncopied, when all of it is asked for.
        """
        return self.data if offset == 0 and size == len(self.data) else self.data[offset : offset + size]


@dataclass(frozen=True, slots=True)
class ZeroSource:
    """Zeros: padding, or a stand-in for bytes that are about to be replaced.

    Args:
        size: How many.
        name: What a person calls them.
    """

    size: int
    name: str = "zeros"

    def read(self, offset: int, size: int) -> bytes:
        """Zeros.

        Args:
            offset: From where; makes no difference.
            size: How many.

        Returns:
            The zeros.
        """
        del offset
        return bytes(size)


def _seek_and_read(descriptor: int, size: int, offset: int) -> bytes:
    """``os.pread`` for systems that have none (Windows): one thread at a time, for the position belongs to all."""
    with _SEEKING:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)


_SEEKING = Lock()
_pread: Callable[[int, int, int], bytes] = getattr(os, "pread", _seek_and_read)


class FileSource:
    """A file on the disk, held open until :meth:`close`.

    It remembers the size and the time of the last change from the moment of opening, so that whoever flashes can ask
    whether the file is still the same. Pickles by path.

    Args:
        path: The file.
        descriptor: Its descriptor where it is open already, which this takes over; the path is then its name alone.
    """

    __slots__ = ("_descriptor", "_stamp", "path", "size")

    def __init__(self, path: str | os.PathLike[str], descriptor: int | None = None) -> None:
        self.path: Path = Path(path)
        if descriptor is None:
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        self._descriptor = descriptor
        status = os.fstat(self._descriptor)
        self._stamp = (status.st_size, status.st_mtime_ns)
        self.size: int = os.lseek(self._descriptor, 0, os.SEEK_END)

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._descriptor < 0

    @property
    def descriptor(self) -> int:
        """The file descriptor, for the kernel's own copying."""
        if self.closed:
            raise ValueError(f"{self.path} was closed: read from it inside the with block that opened it")
        return self._descriptor

    def changed(self) -> bool:
        """Whether the file is another one than when it was opened, by size or time of change."""
        status = os.fstat(self.descriptor)
        return (status.st_size, status.st_mtime_ns) != self._stamp

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            Exactly that many bytes.

        Raises:
            SourceChangedError: If the file has become shorter.
        """
        data = _pread(self.descriptor, size, offset)
        if len(data) == size:
            return data
        pieces = [data]
        got = len(data)
        while got < size:
            piece = _pread(self.descriptor, size - got, offset + got)
            if not piece:
                raise SourceChangedError(
                    f"{self.path} ends at {offset + got}, where {size} bytes from {offset} were expected",
                    path=str(self.path),
                )
            pieces.append(piece)
            got += len(piece)
        return b"".join(pieces)

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill a buffer with the bytes of a range.

        Args:
            offset: From where.
            view: What is filled, to its end.

        Raises:
            SourceChangedError: If the file has become shorter.
        """
        got = os.preadv(self.descriptor, [view], offset) if hasattr(os, "preadv") else 0
        if got < len(view):
            view[got:] = self.read(offset + got, len(view) - got)

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_descriptor", -1) >= 0:
            self.close()

    def __reduce__(self) -> tuple[type[FileSource], tuple[str]]:
        if not (self.path.exists() and os.path.samestat(os.fstat(self.descriptor), self.path.stat())):
            raise TypeError(f"{self.path} is not the file that was opened: it cannot be handed on by its path")
        return FileSource, (str(self.path),)

    def __repr__(self) -> str:
        return f"FileSource({str(self.path)!r})"


def source_of_path(path: str | os.PathLike[str]) -> Source:
    """Where the bytes of a path are.

    Args:
        path: A file or a block device, read when it is wanted; of a pipe, all that comes is kept in memory.

    Returns:
        The source.

    Raises:
        OSError: If the path cannot be read, or is a directory.
        TooLargeError: If a pipe does not end.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - any path-like will do
    except ValueError:  # a NUL, or letters that the system has not
        raise FileNotFoundError(ENOENT, "No file can be called so", os.fspath(path)) from None
    if _has_places(mode):
        return FileSource(path)
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        data = file.read(STREAM_LIMIT)
        if len(data) == STREAM_LIMIT:
            raise TooLargeError(f"{os.fspath(path)} does not end", limit=STREAM_LIMIT)
    return BytesSource(data, os.fspath(path))


def source_of_file(file: BinaryIO) -> Source:
    """Where the bytes of an open file are: from its start, whatever its position is.

    Only the interpreter's own file objects are read by their descriptor. Everything else that can be read (a member of
    an archive, a stream that is decompressed meanwhile, a file in memory) is what its ``read`` gives, whatever
    its ``name`` is.

    Args:
        file: Open for reading, in binary mode.

    Returns:
        The source; of a plain file, it stays readable after the file was closed.

    Raises:
        TypeError: If it is open as text.
    """
    if isinstance(file, TextIOBase):
        raise TypeError(f"{file!r} is open as text: open it in binary mode")
    descriptor = _plain_descriptor(file)
    if descriptor is not None:
        name = file.name if isinstance(file.name, str) else f"descriptor {descriptor}"
        return FileSource(name, os.dup(descriptor))
    if file.seekable():
        file.seek(0)
    return BytesSource(file.read())


def _plain_descriptor(file: BinaryIO) -> int | None:
    """The descriptor of a file of the interpreter's own kind, on a disk or block device; else None."""
    inner = getattr(file, "file", file)  # a named temporary file is a wrapper around one
    if type(inner) not in {FileIO, BufferedReader, BufferedRandom} or type(getattr(inner, "raw", inner)) is not FileIO:
        return None
    if type(inner) is BufferedRandom:
        inner.flush()
    return inner.fileno() if inner.readable() and _has_places(os.fstat(inner.fileno()).st_mode) else None


def _has_places(mode: int) -> bool:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, "is a directory: name a file in it")
    return stat.S_ISREG(mode) or stat.S_ISBLK(mode)
