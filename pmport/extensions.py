"""What other distributions add to pmport's tables: formats, flashers, virtual phones and commands.

A distribution names its additions in its metadata, by entry points of the groups in :data:`GROUPS`; the documentation's page
on extending has a whole one. What pmport has itself comes first: no addition takes a name away.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pmport.errors import ExtensionError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUPS", "Extensible", "extensions", "load"]

GROUPS: Mapping[str, str] = {
    "pmport.formats": "a FormatRow",
    "pmport.flashers": "a flasher's class, named as the method is",
    "pmport.virtual": "a Phone, named as --virtual takes it",
    "pmport.cli": "a click command",
}
"""Entry point group → what its entry points lead to."""
V = TypeVar("V")


@cache
def extensions(group: str) -> tuple[EntryPoint, ...]:
    """What installed distributions add.

    Args:
        group: One of :data:`GROUPS`.

    Returns:
        The entry points, by name; nothing is imported of them.
    """
    if not _mentioned(group):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - takes longer than most commands

    return tuple(sorted(entry_points(group=group), key=lambda point: point.name))


def _mentioned(group: str) -> bool:
    """Whether any distribution has such entry points: a quick look, since mostly none has."""
    wanted = f"[{group}]".encode()
    folders = (Path(folder) for folder in dict.fromkeys(sys.path))
    return any(
        wanted in file.read_bytes()
        for folder in folders
        for pattern in ("*.dist-info/entry_points.txt", "*.egg-info/entry_points.txt")
        for file in folder.glob(pattern)
    )


def load(point: EntryPoint) -> object:
    """Import what an entry point leads to.

    Args:
        point: The entry point.

    Returns:
        The object.

    Raises:
        ExtensionError: If it cannot be imported.
    """
    try:
        return point.load()
    except Exception as error:
        whose = point.dist.name if point.dist else "an installed distribution"
        raise ExtensionError(
            f"The addition {point.name!r} of {whose} cannot be loaded: {error}",
            remedy=f"Mend, update or uninstall {whose}; pmport itself is not affected",
        ) from error


class Extensible(Mapping[str, V], Generic[V]):
    """A table of pmport's own rows, and behind them what others add.

    Args:
        group: One of :data:`GROUPS`.
        own: pmport's rows.
        row: Makes a row of an entry point; called when that row is wanted.
    """

    def __init__(self, group: str, own: Mapping[str, V], row: Callable[[EntryPoint], V]) -> None:
        self._group = group
        self._own = own
        self._row = row

    def added(self, name: object) -> EntryPoint | None:
        """What another distribution adds under a name that pmport does not have itself.

        Args:
            name: The name.

        Returns:
            The entry point, or None.
        """
        if name in self._own:
            return None
        return next((point for point in extensions(self._group) if point.name == name), None)

    def __getitem__(self, name: str) -> V:
        point = self.added(name)
        return self._own[name] if point is None else self._row(point)

    def __contains__(self, name: object) -> bool:
        return name in self._own or self.added(name) is not None

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from dict.fromkeys(point.name for point in extensions(self._group) if point.name not in self._own)

    def __len__(self) -> int:
        return sum(1 for _ in self)
