"""What every command that writes has in common: nothing is lost.

A command never writes over a file that it reads, and over another that is there only with ``--force``.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from pmport.errors import NotWrittenError

__all__ = ["NUMBERED_TREE", "refuse", "writes", "written"]

F = TypeVar("F", bound=Callable[..., Any])
NUMBERED_TREE = re.compile(r"(.+)@(\d+)")
"""``FILE@N``: tree N of a file."""


def writes(*options: str, force: bool = True) -> Callable[[F], F]:
    """Hold a command to the rule, before it does anything; stands nearest to its function.

    Args:
        options: The parameters that name what it writes.
        force: Add ``--force``; False: the command has that option already.

    Returns:
        The decorator.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def guarded(*args: Any, **given: Any) -> Any:
            forced = given.pop("force") if force else given["force"]
            inputs = list(_files(value for name, value in given.items() if name not in options))
            for name in options:
                if given.get(name) and str(given[name]) != "-":
                    refuse(Path(given[name]), inputs, force=forced)
            return function(*args, **given)

        if not force:
            return cast("F", guarded)
        return cast("F", click.option("--force", is_flag=True, help="Write over what is there, too.")(guarded))

    return decorate


def _files(values: Iterable[object]) -> Iterator[Path]:
    """The files among the values of a command line: paths, ``tree.dtb@3``, ``boot=boot.img``."""
    for value in values:
        if isinstance(value, tuple):
            yield from _files(value)
        elif isinstance(value, (str, Path)):
            text = str(value)
            numbered = NUMBERED_TREE.fullmatch(text)
            for name in (text, numbered[1] if numbered else "", text.partition("=")[2]):
                if name and _exists(Path(name)):
                    yield Path(name)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, or with a NUL: no file
        return False


def refuse(path: Path, inputs: Iterable[Path] = (), *, force: bool = False) -> None:
    """Refuse to write where something would be lost.

    Args:
        path: Where a file or a folder is to be written. A device or a pipe is written as it is.
        inputs: What the command reads.
        force: The person gave up what is there.

    Raises:
        NotWrittenError: If it is an input; or if it is there, has something in it, and ``force`` is not said.
    """
    if any(path.exists() and path.samefile(other) for other in inputs):
        raise NotWrittenError("This is what is read", path=str(path), remedy="Name another file to write")
    if force:
        return
    if path.is_dir() and any(path.iterdir()):
        raise NotWrittenError(
            "The folder holds other things", path=str(path), remedy="Name a new or empty folder, or say --force"
        )
    if path.is_file() and path.stat().st_size:
        raise NotWrittenError("It is there already", path=str(path), remedy="Name a new file, or say --force")


def written(data: bytes, output: str) -> None:
    """Write a result to a file, whole or not at all, or to standard output.

    Args:
        data: The result.
        output: A path; ``-``: standard output.
    """
    from pmport.file_writing import replacing  # noqa: PLC0415 - only to write

    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(Path(output)) as target:
        target.write(data)
