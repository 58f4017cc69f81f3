"""Files that commands read: by path, or - for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pmport
from pmport.errors import FormatError, RecordError

if TYPE_CHECKING:
    from pmport.formats.storage.pit import Pit
    from pmport.node import Node

__all__ = ["opened", "pit_of", "read", "text_of", "whole"]


def opened(file: str, data: bytes | None = None) -> Node:
    """Open a file by its content.

    Args:
        file: A path; ``-``: standard input.
        data: What was read from standard input already.

    Returns:
        The file as its format's own type.

    Raises:
        FormatError: If no format fits, or the file is broken.
    """
    if data is None and file == "-":
        data = sys.stdin.buffer.read()
    return pmport.open(file if data is None else data)


def whole(files: tuple[str, ...]) -> Node:
    """Open a file, or the pieces of a split sparse image as one.

    Args:
        files: Paths; ``-``: standard input.

    Returns:
        The file as its format's own type.

    Raises:
        FormatError: If no format fits, a file is broken, or several are not pieces of one sparse image.
    """
    if len(files) == 1:
        return opened(files[0])
    from pmport.formats.storage.sparse import SparseImage  # noqa: PLC0415 - only for several files

    nodes = [opened(file) for file in files]
    pieces = [node for node in nodes if isinstance(node, SparseImage)]
    if len(pieces) < len(nodes):
        other = next(name for name, node in zip(files, nodes, strict=True) if not isinstance(node, SparseImage))
        raise FormatError(
            f"{other} is no piece of a sparse image", remedy="Name one file, or all pieces of a sparse image"
        )
    return SparseImage.joined(pieces)


def text_of(file: Path) -> str:
    """The text of a record, a rule set or a schema.

    Args:
        file: A path.

    Returns:
        Its text.

    Raises:
        RecordError: If it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"It is no text: byte {error.start} is not UTF-8", file=str(file)) from None


def read(file: Path) -> bytes:
    """The bytes of a small file.

    Args:
        file: A path; ``-``: standard input.

    Returns:
        All of it.
    """
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def pit_of(path: str | None) -> Pit | None:
    """A recorded table.

    Args:
        path: The file, or None.

    Returns:
        The table, or None.

    Raises:
        FormatError: If the file holds none.
    """
    if path is None:
        return None
    from pmport.formats.storage.pit import Pit  # noqa: PLC0415 - only when it is used

    try:
        return Pit.parse(read(Path(path)))
    except FormatError as error:
        raise FormatError(f"{path}: {error.what}", format=error.format, field=error.field, offset=error.offset) from error  # fmt: skip
