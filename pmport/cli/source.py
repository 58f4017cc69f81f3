"""Files that commands read: by path, or - for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pmport

if TYPE_CHECKING:
    from pmport.node import Node

__all__ = ["opened", "read"]


def opened(file: str) -> Node:
    """Open a file by its content.

    Args:
        file: A path; ``-``: standard input.

    Returns:
        The file as its format's own type.

    Raises:
        FormatError: If no format fits, or the file is broken.
    """
    return pmport.open(sys.stdin.buffer.read() if file == "-" else file)


def read(file: Path) -> bytes:
    """The bytes of a small file.

    Args:
        file: A path; ``-``: standard input.

    Returns:
        All of it.
    """
    return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
