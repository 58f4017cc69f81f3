"""``pmport.open``: from a path, bytes or a file to the format's own type. The only place that reads paths."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar, overload

from pmport.errors import FormatError
from pmport.formats.registry import recognise
from pmport.node import Node
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["open"]


N = TypeVar("N", bound=Node)


@overload
def open(path: Readable) -> Node: ...
@overload
def open(path: Readable, kind: type[N]) -> N: ...
def open(path: Readable, kind: type[Node] = Node) -> Node:
    """Open a file by its content.

    Args:
        path: A path, bytes, an open binary file, or a :class:`~pmport.section.Section`.
        kind: The type that it has to be, such as :class:`~pmport.formats.BootImage`; any, if it is not given.

    Returns:
        The file as its format's own type: a boot image, a device tree, a table … The file stays open as long as the
        value lives; as a context manager, the value closes it at the end of the block.

    Raises:
        FormatError: If the format is known and the bytes are broken, with field and offset; or if it is of another kind.
        UnknownFormatError: If no known format fits.
        OSError: If the path cannot be read.

    Example:
        >>> from pmport.formats import BootImage
        >>> built = BootImage.build(b"kernel", cmdline="quiet")
        >>> open(bytes(built), BootImage).replace(cmdline="debug").cmdline
        'debug'
    """
    if not isinstance(path, (str, os.PathLike)):
        return _of_kind(Section.of(path), kind)
    if os.path.isdir(path):  # noqa: PTH112 - any path-like will do
        raise FormatError(f"{os.fspath(path)} is a directory", remedy="Name a file in it")
    section = Section.of(path)
    try:
        return _of_kind(section, kind)
    except BaseException:
        section.close()
        raise


def _of_kind(section: Section, kind: type[Node]) -> Node:
    node = recognise(section)
    if not isinstance(node, kind):
        wanted = getattr(kind, "KIND", kind.__name__)
        raise FormatError(
            f"{section.source.name} is read as {node.KIND!r}, not as {wanted!r}",
            format=wanted,
            offset=0,
            remedy=f"Leave the kind out, and look at the {type(node).__name__}",
        )
    return node
