"""A device tree as a folder: ``/proc/device-tree`` of a running Linux, or a copy of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pmport.devicetree.tree import DeviceTree

__all__ = ["read_folder", "read_members"]

LARGEST = 16 << 20
"""No property is larger; bytes."""
MOST = 1 << 20
"""No tree has more files."""


def read_folder(path: str | os.PathLike[str]) -> DeviceTree:
    """Read a tree whose nodes are folders and whose properties are files.

    Args:
        path: The folder. Links within it are left alone.

    Returns:
        The tree, in the order of names.

    Raises:
        OSError: If it cannot be read, or is no folder, or is larger than any tree.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "model").write_bytes(b"Phone" + bytes(1))
        ...     Path(folder, "soc@0").mkdir()
        ...     tree = read_folder(folder)
        >>> tree.root["model"].string, list(tree.root.children)
        ('Phone', ['soc@0'])
    """
    top = Path(path)
    if not top.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(top))
    return DeviceTree.from_files(_files(top))


def read_members(names: Iterable[str], content: Callable[[str], bytes]) -> DeviceTree | None:
    """Read a tree that an archive keeps as such a folder.

    Args:
        names: The names of the archive's files.
        content: Gives a file's content by its name.

    Returns:
        The tree of the outermost folder that has what every root has, ``compatible`` and ``#address-cells``; None where
        there is no such folder.

    Example:
        >>> files = {"proc/device-tree/compatible": b"acme" + bytes(1), "proc/device-tree/#address-cells": bytes(4)}
        >>> tree = read_members(files, files.__getitem__)
        >>> tree.root.compatible if tree else None
        ('acme',)
    """
    known = sorted(names)
    present = set(known)
    folders = (name.removesuffix("compatible") for name in known if name.rpartition("/")[2] == "compatible")
    roots = [folder for folder in folders if f"{folder}#address-cells" in present]
    if not roots:
        return None
    top = min(roots, key=len)
    made: set[str] = set()
    files: list[tuple[str, bytes | None]] = []
    for name in known[:MOST]:
        parts = [part for part in name.removeprefix(top).split("/") if part != "."]
        if not name.startswith(top) or not all(parts) or ".." in parts:
            continue
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in made:
                made.add(folder)
                files.append((folder, None))
        files.append(("/".join(parts), content(name)))
    return DeviceTree.from_files(files)


def _files(top: Path) -> Iterator[tuple[str, bytes | None]]:
    waiting = [("", top)]
    count = 0
    while waiting:
        prefix, folder = waiting.pop()
        inner = []
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            count += 1
            if count > MOST:
                raise OSError(errno.EFBIG, f"it has more than {MOST} files", str(top))
            if entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name, None
                inner.append((f"{prefix}{entry.name}/", Path(entry.path)))
            elif entry.is_file(follow_symlinks=False):
                if entry.stat(follow_symlinks=False).st_size > LARGEST:
                    raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB", entry.path)
                yield prefix + entry.name, Path(entry.path).read_bytes()
        waiting += reversed(inner)
