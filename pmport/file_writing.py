"""Files that are there whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a file so that it is there whole or not at all.

    A link keeps pointing where it points, and a file that is replaced keeps its permissions. What is no plain file (a
    block device, a pipe) is written directly.

    Args:
        path: Where it goes; what stands there is replaced when the block ends without an error.

    Yields:
        The file, open for writing; it can be read and sought too where the path names a plain file.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        with place.open("wb") as file:
            yield file
        return
    temporary = place.with_name(f".{place.name[:200]}.{os.urandom(4).hex()}.part")
    try:
        with temporary.open("x+b") as file:
            yield file
        if place.exists():
            temporary.chmod(place.stat().st_mode)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
