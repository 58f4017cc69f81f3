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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pmport.devicetree.checks import Levels
from pmport.devicetree.checks.context import Context
from pmport.devicetree.checks.run import checked
from pmport.devicetree.dts_link import Extras, Linker
from pmport.devicetree.dts_parse import parse
from pmport.devicetree.dts_preprocess import preprocess, wants_preprocessing
from pmport.devicetree.dts_scan import FORMAT, Reader, Scanner
from pmport.devicetree.fdt_old_versions import drop_names
from pmport.devicetree.tree import DeviceTree
from pmport.errors import FormatError
from pmport.findings import Findings, Severity

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Compiled", "Extras", "compile_source", "parse_source", "read_source", "source_text"]

LARGEST = 64 << 20
"""No source, and no file that it includes, may be larger; bytes."""


REMEDIES = {
    "phandle_references": "include the file that defines it; what a base tree defines is for an overlay: /plugin/;",
    "path_references": "include the file that defines it",
}
"""Check → what to do where it fails."""


@dataclass(frozen=True)
class Compiled:
    """What a source gives.

    Args:
        tree: The tree.
        findings: What the checks found.
        files: The files that were read: the source, and all that it includes.
    """

    tree: DeviceTree
    findings: Findings
    files: tuple[str, ...]


def compile_source(
    text: str,
    *,
    name: str = "source",
    include: Iterable[str | os.PathLike[str]] | None = None,
    define: Mapping[str, str] | None = None,
    extras: Extras | None = None,
    levels: Levels | None = None,
    force: bool = False,
    bare: bool = False,
) -> Compiled:
    """Compile source text, and tell what the checks find.

    Args:
        text: The source; see :func:`parse_source`.
        name: Its file's name.
        include: Folders with included files.
        define: Macros: name → value.
        extras: What is made beside the nodes of the source.
        levels: Which checks are made; None: those of :program:`dtc`.
        force: Give a tree although checks that are errors fail: ``dtc -f``.
        bare: Whether ``/dts-v1/;`` may be left out.

    Returns:
        The tree, the findings, and the files.

    Raises:
        FormatError: Where it is wrong: file, line and column, and what to do.

    Example:
        >>> compiled = compile_source("/dts-v1/; / { memory { reg = <0 0 1>; }; };")
        >>> print(compiled.findings[0])
        warning unit_address_vs_reg: /memory: it has reg or ranges, but no unit address (source:1:22)
    """
    extras = extras or Extras()
    folders = None if include is None else [Path(folder) for folder in include]
    files = [name]
    if define or wants_preprocessing(text):
        text, included = preprocess(text, name, folders, define or {})
        files += included
    scanner = Scanner(text, name, _reader(folders))
    parsed = parse(scanner, bare=bare)
    linker = Linker(parsed, extras)
    linker.link()
    findings = checked(Context(parsed.root, parsed, parsed.plugin), levels or Levels())
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors and not force:
        first = errors[0]
        more = f"; and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise FormatError(
            f"{first.where}: {first.message} ({first.code}){more}",
            format=FORMAT,
            field=first.code,
            remedy=REMEDIES.get(first.code, ""),
        )
    drop_names(parsed.root)  # as dtc does
    linker.finish()
    tree = DeviceTree(parsed.root, parsed.reservations, boot_cpu=_boot_cpu(parsed.root.find("/cpus")))
    return Compiled(tree, findings, tuple(dict.fromkeys([*files, *scanner.read_files])))


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
        text: The source; a piece of one may leave out ``/dts-v1/;``. Where it has lines like ``#include`` or ``#define``,
            it is preprocessed first, by ``pcpp``.
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
    return compile_source(
        text,
        name=name,
        include=include,
        define=define,
        extras=Extras(symbols=symbols),
        levels=Levels.errors(),
        bare=True,
    ).tree


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
    return compile_source(
        source_text(file),
        name=str(file),
        include=[file.parent, *include],
        define=define,
        extras=Extras(symbols=symbols),
        levels=Levels.errors(),
    ).tree


def source_text(path: Path) -> str:
    """The text of a source file.

    Args:
        path: The file.

    Returns:
        Its text; bytes that are not UTF-8 become surrogates.

    Raises:
        OSError: If it cannot be read, or is larger than any source is.
    """
    return _content(path).decode("utf-8", "surrogateescape")


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


def _boot_cpu(cpus: TreeNode | None) -> int:
    """Dtc's guess: the number of the first processor."""
    first = next(iter(cpus.children.values()), None) if cpus is not None else None
    value = first.raw.get("reg", b"") if first is not None else b""
    return int.from_bytes(value, "big") if len(value) == 4 else 0
