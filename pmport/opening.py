"""``pmport.open``: from a path, bytes or a file to the format's own type. The only place that reads paths."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pmport.byte_sources import FileSource
from pmport.errors import FormatError
from pmport.formats.registry import recognise
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Readable

__all__ = ["open"]


def open(path: str | os.PathLike[str] | Readable) -> Node:
    """Open a file by its content.

    Args:
        path: A path, bytes, an open binary file, or a :class:`~pmport.section.Section`.

    Returns:
        The file as its format's own type: a boot image, a device tree, a table … The file stays open as long as the
        value lives; as a context manager, the value closes it at the end of the block.

    Raises:
        FormatError: If the format is known and the bytes are broken, with field and offset.
        UnknownFormatError: If no known format fits.
        OSError: If the path cannot be read.
    """
    if not isinstance(path, (str, os.PathLike)):
        return recognise(path)
    if os.path.isdir(path):  # noqa: PTH112 - any path-like will do
        raise FormatError(f"{os.fspath(path)} is a directory", remedy="name a file in it")
    source = FileSource(path)
    try:
        return recognise(Section.of(source))
    except BaseException:
        source.close()
        raise
