"""Partitions of a virtual phone: in memory, or in a file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["Partition"]

PIECE = 1 << 20


class Partition:
    """A partition that keeps what is written to it.

    Args:
        size: Bytes.
        content: What it holds at first; the rest is zeros.
        file: Keep it there, as a sparse file, instead of in memory.
        kind: What ``partition-type`` answers.
        logical: Whether it lies in super.

    Example:
        >>> boot = Partition(1 << 20, b"ANDROID!")
        >>> boot.read(0, 8), boot.size
        (b'ANDROID!', 1048576)
    """

    def __init__(
        self,
        size: int,
        content: bytes = b"",
        *,
        file: str | os.PathLike[str] | None = None,
        kind: str = "raw",
        logical: bool = False,
    ) -> None:
        self.size = size
        self.kind = kind
        self.logical = logical
        self.file: Path | None = None if file is None else Path(file)
        self._data = bytearray()
        if self.file is not None and not self.file.exists():
            self.file.touch()
        if content:
            self.write(0, content)

    def __repr__(self) -> str:
        return f"<Partition of {self.size} bytes, {self.written} written>"

    @property
    def written(self) -> int:
        """Bytes up to the end of what was ever written."""
        return len(self._data) if self.file is None else self.file.stat().st_size

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range; zeros where nothing was written.

        Args:
            offset: From where.
            size: How many at the most.

        Returns:
            The bytes, cut at the partition's end.
        """
        size = max(min(size, self.size - offset), 0)
        if self.file is None:
            data = bytes(self._data[offset : offset + size])
        else:
            with self.file.open("rb") as stream:
                stream.seek(offset)
                data = stream.read(size)
        return data.ljust(size, b"\0")

    def write(self, offset: int, data: bytes) -> None:
        """Write a range.

        Args:
            offset: From where.
            data: What.

        Raises:
            ValueError: If it does not fit.
        """
        if offset + len(data) > self.size:
            raise ValueError(f"{len(data)} bytes at {offset} do not fit into {self.size}")
        if self.file is not None:
            with self.file.open("r+b") as stream:
                stream.seek(offset)
                stream.write(data)
            return
        if len(self._data) < offset:
            self._data.extend(bytes(offset - len(self._data)))
        self._data[offset : offset + len(data)] = data

    def erase(self) -> None:
        """Make it all zeros."""
        self._data.clear()
        if self.file is not None:
            self.file.write_bytes(b"")

    def sha256(self, size: int | None = None) -> str:
        """The hash of its beginning.

        Args:
            size: Bytes; None: all of it.

        Returns:
            SHA-256, in hexadecimal.
        """
        end = self.size if size is None else size
        state = hashlib.sha256()
        for offset in range(0, end, PIECE):
            state.update(self.read(offset, min(PIECE, end - offset)))
        return state.hexdigest()
