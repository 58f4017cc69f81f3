r"""Device tree source in, a tree out: what :program:`dtc` does, and the preprocessor before it.

Example:
    >>> tree = parse_source('''
    ... /dts-v1/;
    ... #define SIZE 0x40000000
    ... / {
    ...     #address-cells = <1>;
    ...     ram: memory@80000000 { reg = <0x80000000 (SIZE / 2)>; };
    ...     chosen { memory = <&ram>; stdout-path = &ram; };
    ... };
    ... &ram { device_type = "memory"; };
    ... ''')
    >>> tree["/memory@80000000"]["reg"].cells, tree["/chosen"]["stdout-path"].string
    ((2147483648, 536870912), '/memory@80000000')
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pmport.devicetree.dts_link import link
from pmport.devicetree.dts_parse import parse
from pmport.devicetree.dts_preprocess import preprocess, wants_preprocessing
from pmport.devicetree.dts_scan import Reader, Scanner
from pmport.devicetree.tree import DeviceTree

__all__ = ["parse_source", "read_source"]

LARGEST = 64 << 20
"""No source, and no file that it includes, may be larger; bytes."""


def parse_source(
    text: str,
    *,
    name: str = "source",
    include: Iterable[str | os.PathLike[str]] | None = None,
    define: Mapping[str, str] | None = None,
    symbols: bool = False,
) -> DeviceTree:
    """Compile source text.

    Args:
        text: The source. Where it has lines like ``#include`` or ``#define``, it is preprocessed first, by ``pcpp``.
        name: Its file's name; what it includes is looked for beside it.
        include: Folders in which included files are looked for, in this order: for a board of the kernel its ``include``
            and the folders of ``arch/…/boot/dts``. None: no file may be read.
        define: Macros: name → value.
        symbols: Make ``/__symbols__``, so that overlays can be applied: ``dtc -@``.

    Returns:
        The tree; labels are at its nodes.

    Raises:
        FormatError: Where it is wrong: file, line and column, and what to do.
    """
    folders = None if include is None else [Path(folder) for folder in include]
    if define or wants_preprocessing(text):
        text = preprocess(text, name, folders, define or {})
    parsed = parse(Scanner(text, name, _reader(folders)))
    link(parsed, symbols=symbols)
    return DeviceTree(parsed.root, parsed.reservations, boot_cpu=_boot_cpu(parsed.root.find("/cpus")))


def read_source(
    path: str | os.PathLike[str],
    *,
    include: Iterable[str | os.PathLike[str]] = (),
    define: Mapping[str, str] | None = None,
    symbols: bool = False,
) -> DeviceTree:
    """Compile a source file.

    Args:
        path: The file; what it includes is looked for beside it, then in the folders.
        include: Further folders.
        define: Macros: name → value.
        symbols: Make ``/__symbols__``.

    Returns:
        The tree.

    Raises:
        FormatError: As :func:`parse_source` does.
        OSError: If the file cannot be read.
    """
    file = Path(path)
    text = _content(file).decode("utf-8", "surrogateescape")
    return parse_source(text, name=str(file), include=[file.parent, *include], define=define, symbols=symbols)


def _reader(folders: list[Path] | None) -> Reader | None:
    if folders is None:
        return None

    def read(name: str, beside: str) -> tuple[str, bytes]:
        for folder in (Path(beside).parent, *folders):
            if (folder / name).is_file():
                return str(folder / name), _content(folder / name)
        raise FileNotFoundError(errno.ENOENT, "there is no such file in the folders to look in", name)

    return read


def _content(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB", str(path))
    return path.read_bytes()


def _boot_cpu(cpus: object) -> int:
    """Dtc's guess: the number of the first processor."""
    from pmport.devicetree.tree_node import TreeNode  # noqa: PLC0415 - only for the type

    first = next(iter(cpus.children.values()), None) if isinstance(cpus, TreeNode) else None
    value = first.raw.get("reg", b"") if first is not None else b""
    return int.from_bytes(value, "big") if len(value) == 4 else 0
