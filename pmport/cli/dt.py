"""``pmport dt``: device trees as source, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.source import opened
from pmport.cli.suggesting import SuggestingGroup
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree

__all__ = ["dt"]

SOURCE_SUFFIXES = frozenset({".dts", ".dtsi", ".dtso"})
INDEX = click.option("--index", type=int, default=0, help="Which of several trees in the file, counted from 0.")
OUTPUT = click.option("-o", "--output", default="-", help="Where to write; - for standard output.")


@click.group(cls=SuggestingGroup)
def dt() -> None:
    """Device trees: print them as source, compile source."""


def tree_of(file: str, index: int = 0) -> DeviceTree:
    """The device tree in a file: a blob, source, one of the trees in an image or table, or a folder.

    Args:
        file: A path; ``-``: standard input. A name that ends with ``.dts``, ``.dtsi`` or ``.dtso`` is compiled; a folder
            is read as ``/proc/device-tree`` is laid out.
        index: Which of several.

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
    with opened(file) as node:
        if isinstance(node, DeviceTree):
            return node
        found = [part for _, part in node.walk() if isinstance(part, Blob)]
        if index < 0 or index >= len(found):
            raise FormatError(
                f"{file} holds {len(found)} device trees, and number {index} is wanted",
                format="device tree",
                remedy="pmport inspect shows what is in a file; --index counts from 0",
            )
        return found[index].tree()


def written(data: bytes, output: str) -> None:
    """Write a result to a file, whole or not at all, or to standard output.

    Args:
        data: The result.
        output: A path; ``-``: standard output.
    """
    from pmport.unpacking import replacing  # noqa: PLC0415 - only to write

    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(Path(output)) as target:
        target.write(data)


@dt.command("print", epilog="Example: pmport dt print boot.img --index 1 -o vendor.dts")
@click.argument("file")
@INDEX
@OUTPUT
@click.option("--constants", is_flag=True, help="GPIO flags, interrupt types and key codes by name.")
@click.option("--no-labels", is_flag=True, help="Numbers in the place of &label.")
def print_(file: str, index: int, output: str, *, constants: bool, no_labels: bool) -> None:
    """Print a tree of FILE as source, which compiles to the same values.

    FILE is a blob, or anything that holds blobs: a boot image, a dtbo table, a kernel with trees behind it.
    """
    from pmport.devicetree import to_source  # noqa: PLC0415 - only to print

    text = to_source(tree_of(file, index), labels=not no_labels, constants=constants)
    written(text.encode("utf-8", "surrogateescape"), output)
