"""Symbols that changed their name between kernel series, found by the drivers and devices that they switch on.

A configuration of one series is judged by the index of another where none is nearer; then a driver may be on under its
other name.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.kernels.mainline_index import Driver, MainlineIndex

__all__ = ["find_renames", "other_names", "renames_text"]

FILE = "renames.toml"


def find_renames(old: MainlineIndex, new: MainlineIndex) -> dict[str, tuple[str, str]]:
    """Symbols of one series that another calls otherwise.

    Args:
        old: The index of the older series.
        new: The index of the newer one.

    Returns:
        Old symbol → (new symbol, a driver that both switch on). Only where the old one is gone, the new one was not there
        before, and a driver, or the drivers of a device, have exactly one of each.
    """
    later = {driver.path: driver for driver in new.every_driver()}
    pairs: list[tuple[tuple[Driver, ...], tuple[Driver, ...]]]
    pairs = [((driver,), (later[driver.path],)) for driver in old.every_driver() if driver.path in later]
    pairs += [(old.drivers(text), new.drivers(text)) for text in old.compatibles]
    found: dict[str, tuple[str, str]] = {}
    for before, after in pairs:
        was = {name for driver in before for name in driver.symbols}
        now = {name for driver in after for name in driver.symbols}
        gone = [name for name in was - now if new.symbol(name) is None]
        come = [name for name in now - was if old.symbol(name) is None]
        if len(gone) == len(come) == 1:
            found.setdefault(gone[0], (come[0], after[0].path))
    return found


def renames_text(indexes: tuple[MainlineIndex, ...]) -> str:
    """The table of renames between series that follow one another, as the file that is shipped.

    Args:
        indexes: The indexes, the oldest first.

    Returns:
        TOML.
    """
    lines = [
        "# Kconfig symbols that changed their name between two kernel series. Made from the indexes: a driver, or a",
        "# device's drivers, that both series have, and whose Makefiles name another symbol. Made anew by: python -m pmport.kernels.renames",
    ]
    for old, new in itertools.pairwise(indexes):
        lines += ["", f'["{old.series}..{new.series}"]']
        lines += [
            f'{before} = {{ now = "{after}", driver = "{path}" }}'
            for before, (after, path) in sorted(find_renames(old, new).items())
        ]
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=1)
def _table() -> Mapping[str, frozenset[str]]:
    names: dict[str, set[str]] = {}
    for rows in tomllib.loads((files("pmport.kernels") / FILE).read_text(encoding="utf-8")).values():
        for before, row in rows.items():
            names.setdefault(before, set()).add(row["now"])
            names.setdefault(row["now"], set()).add(before)
    return {name: frozenset(others) for name, others in names.items()}


def other_names(symbol: str) -> frozenset[str]:
    """What a symbol is called in other series.

    Args:
        symbol: Without ``CONFIG_``.

    Returns:
        The other names; mostly none.

    Example:
        >>> sorted(other_names("MFD_RK808"))
        ['MFD_RK8XX_I2C']
    """
    return _table().get(symbol, frozenset())


if __name__ == "__main__":
    from pathlib import Path

    from pmport.kernels.mainline_index import load_index, shipped_series

    text: str = renames_text(tuple(load_index(series) for series in shipped_series()))
    (Path(__file__).resolve().parent / FILE).write_text(text, encoding="utf-8")
