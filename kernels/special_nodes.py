"""Nodes that no driver's table names: who takes care of them, from ``special_nodes.toml``."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

__all__ = ["SpecialNode", "of_the_core", "special"]


@dataclass(frozen=True, slots=True)
class SpecialNode:
    """One row of ``special_nodes.toml``.

    Args:
        pattern: Of one whole compatible string.
        kind: ``core``, ``parent`` or ``bus``: who takes care.
        source: Where the kernel does so.
        symbols: What must be on for it.
    """

    pattern: re.Pattern[str]
    kind: str
    source: str
    symbols: tuple[str, ...]


@lru_cache(maxsize=1)
def _special_nodes() -> tuple[SpecialNode, ...]:
    table = tomllib.loads((files("pmport.kernels") / "special_nodes.toml").read_text(encoding="utf-8"))
    return tuple(
        SpecialNode(re.compile(row["compatible"]), row["kind"], row["source"], tuple(row.get("symbols", ())))
        for row in table["node"]
    )


@lru_cache(maxsize=8192)
def special(compatible: str) -> SpecialNode | None:
    """Who handles a node that no match table names.

    Args:
        compatible: A compatible string of it.

    Returns:
        The row of ``special_nodes.toml``.
    """
    return next((row for row in _special_nodes() if row.pattern.fullmatch(compatible)), None)


def of_the_core(strings: tuple[str, ...]) -> bool:
    """Whether the core takes care of a node, whatever drivers there are.

    Args:
        strings: Its compatible strings.

    Returns:
        True where each of them is one of the core's.
    """
    rows = [special(text) for text in strings]
    return bool(rows) and all(row is not None and row.kind == "core" for row in rows)
