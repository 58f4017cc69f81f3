"""Public names that are imported when they are first used, so that ``import pmport`` costs next to nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module

__all__ = ["lazily"]


def lazily(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` for a package whose public names live in its modules.

    Args:
        package: The package's ``__name__``.
        names: Public name → ``"module:attribute"``, or ``"module"`` for a module itself.

    Returns:
        The two functions, to be assigned in the package's ``__init__``.
    """

    def get(name: str) -> object:
        try:
            module, _, attribute = names[name].partition(":")
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        value: object = import_module(module)
        if attribute:
            value = getattr(value, attribute)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted({*vars(sys.modules[package]), *names})
