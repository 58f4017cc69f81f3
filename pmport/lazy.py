"""Names that are imported when they are first used, so that ``import pmport`` costs next to nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily", "named"]


def named(path: str) -> Any:
    """What a table of this library names.

    Args:
        path: ``"module:attribute"``.

    Returns:
        The attribute of that module, imported now if it was not yet.

    Example:
        >>> named("pmport.errors:PmportError").__name__
        'PmportError'
    """
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


def lazily(room: str, homes: Mapping[str, str]) -> tuple[list[str], Callable[[str], object], Callable[[], list[str]]]:
    """Make the public names of a package that live in its modules.

    The package's ``__init__`` names them twice: for checkers and editors as imports under ``if TYPE_CHECKING``, and
    for the interpreter here. A test holds that both name the same.

    Args:
        room: The package's ``__name__``.
        homes: Module → the names that are public of it, separated by blanks; the package itself → its public modules.

    Returns:
        ``__all__``, ``__getattr__`` and ``__dir__``, to be assigned in the package's ``__init__``.
    """
    names = {name: home for home, words in homes.items() for name in words.split()}

    def get(name: str) -> object:
        home = names.get(name)
        if home is None:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = import_module(f"{room}.{name}") if home == room else named(f"{home}:{name}")
        setattr(sys.modules[room], name, value)
        return value

    return sorted(names), get, lambda: sorted({*vars(sys.modules[room]), *names})
