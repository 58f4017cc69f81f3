"""Where records come from: the folder that ships with pmport, and those that a caller adds for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pmport.errors import RecordError

if TYPE_CHECKING:
    import os
    from functools import _lru_cache_wrapper
    from importlib.resources.abc import Traversable

__all__ = ["added", "per_record_set", "shipped", "using"]

T = TypeVar("T")
_added: list[Path] = []
_forget: list[Callable[[], None]] = []


def per_record_set(function: Callable[[], T]) -> _lru_cache_wrapper[T]:
    """Remember what a function without arguments returns, until the set of records changes.

    Args:
        function: The function.

    Returns:
        The function, which computes once for each set of records.
    """
    cached = lru_cache(maxsize=1)(function)
    _forget.append(cached.cache_clear)
    return cached


def shipped(name: str) -> Traversable:
    """A folder that ships with pmport.

    Args:
        name: ``devices`` or ``socs``.

    Returns:
        The folder.
    """
    return files(__package__) / name


def added() -> tuple[Path, ...]:
    """The folders that :func:`using` added.

    Returns:
        The latest first: its records count before others of the same codename.
    """
    return tuple(reversed(_added))


@contextmanager
def using(folder: str | os.PathLike[str]) -> Iterator[None]:
    r"""Let the records of a folder count besides those that ship with pmport, and before them.

    Loading, searching, identifying and generating see them as long as the context lasts; it is one for the whole process.

    Args:
        folder: A folder of TOML files, such as ``pmport db import`` writes; each named by its codename.

    Yields:
        Nothing.

    Raises:
        RecordError: If it is no folder.

    Example:
        >>> import tempfile
        >>> from pmport import device_db
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "acme-argon.toml").write_text('codename = "acme-argon"\nname = "Acme Argon"\n')
        ...     with device_db.using(folder):
        ...         [device.codename for device in device_db.search("acme argon")]
        ['acme-argon']
    """
    path = Path(folder)
    if not path.is_dir():
        raise RecordError("There is no such folder of records", file=str(path), remedy="pmport db import makes one")
    _added.append(path)
    _forget_all()
    try:
        yield
    finally:
        _added.remove(path)
        _forget_all()


def _forget_all() -> None:
    for clear in _forget:
        clear()
