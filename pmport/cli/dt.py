"""``pmport dt``: device trees as source, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.output import say
from pmport.cli.source import opened
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import NUMBERED_TREE, writes, written
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.node import Node

__all__ = ["dt"]

SOURCE_SUFFIXES = frozenset({".dts", ".dtsi", ".dtso"})
INDEX = click.option("--index", type=int, default=0, help="Which of several trees in the file, counted from 0.")
OUTPUT = click.option("-o", "--output", default="-", help="Where to write; - for standard output.")


@click.group(cls=SuggestingGroup)
def dt() -> None:
    """Device trees: print them as source, compile source."""


def tree_of(file: str, index: int = 0, option: str = "--index") -> DeviceTree:
    """The device tree in a file: a blob, source, one of the trees in an image or table, or a folder.

    Where a file holds several, standard error says which was taken, and how another is.

    Args:
        file: A path; ``-``: standard input. A name that ends with ``.dts``, ``.dtsi`` or ``.dtso`` is compiled; a folder
            is read as ``/proc/device-tree`` is laid out. ``dtbo.img@3`` is tree 3 of that file.
        index: Which of several, where the name does not say.
        option: The option that chooses another; "": the name alone does.

    Returns:
        The tree.

    Raises:
        FormatError: If the file holds no such tree.
    """
    from pmport.devicetree import Blob, DeviceTree, read_folder, read_source  # noqa: PLC0415 - only when a tree is read

    if Path(file).is_dir():
        return read_folder(file)
    if Path(file).suffix in SOURCE_SUFFIXES:
        return read_source(file, symbols=True)
    numbered = NUMBERED_TREE.fullmatch(file)
    if numbered and not Path(file).exists():
        file, index = numbered[1], int(numbered[2])
    with opened(file) as node:
        if isinstance(node, DeviceTree):
            return node
        named = [(path, part) for path, part in node.walk() if isinstance(part, Blob)]
        found = [part for _, part in named]
        kept = _kept_as_files(node) if not found else None
        if kept is not None:
            return kept
        if index < 0 or index >= len(found):
            raise FormatError(
                f"{file} holds {len(found)} device trees, and number {index} is wanted",
                format="device tree",
                remedy=f"pmport dt identify shows the trees of a file; {option or f'{file}@N'} counts from 0",
            )
        tree = found[index].tree()
        if len(found) > 1:
            another = f"{option} N" if option else f"{file}@N"
            model = next(iter(tree.root.strings("model")), "") or "no model"
            say(f"note: this is tree {index} of {len(found)}, {named[index][0]} ({model}); another: {another}")
        return tree


def _kept_as_files(node: Node) -> DeviceTree | None:
    """The tree of an archive of ``/proc/device-tree``."""
    from pmport.devicetree.folder import read_members  # noqa: PLC0415 - few need it
    from pmport.formats.base.archive import Members  # noqa: PLC0415

    for _, part in node.walk():
        if isinstance(part, Members):
            return read_members(part.names, lambda name, held=part: held.member(name).read())  # type: ignore[misc]  # held is bound at once
    return None


@dt.command("print", epilog="Example: pmport dt print boot.img --index 1 -o vendor.dts")
@click.argument("file")
@INDEX
@OUTPUT
@click.option("--constants", is_flag=True, help="GPIO flags, interrupt types and key codes by name.")
@click.option("--no-labels", is_flag=True, help="Numbers in the place of &label.")
@writes("output")
def print_(file: str, index: int, output: str, *, constants: bool, no_labels: bool) -> None:
    """Print a tree of FILE as source, which compiles to the same values.

    FILE is a blob, or anything that holds blobs: a boot image, a dtbo table, a kernel with trees behind it.
    """
    from pmport.devicetree import to_source  # noqa: PLC0415 - only to print

    text = to_source(tree_of(file, index), labels=not no_labels, constants=constants)
    written(text.encode("utf-8", "surrogateescape"), output)
