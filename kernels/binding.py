"""Which driver binds to a node, as the kernel's buses match them.

A driver binds when its table names a compatible string of the node and it is a driver of the bus that the node is on: an
I2C driver never takes a child of an SPI controller. I2C and SPI devices also match by the name behind the comma of their
*first* string (``drivers/of/base.c``: ``of_alias_from_compatible``). What an ``…_OF_DECLARE`` serves and what a module works
on beside the driver must be on as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pmport.kernels.reach import Reach
from pmport.kernels.renames import other_names
from pmport.kernels.special_nodes import special

if TYPE_CHECKING:
    from pmport.devicetree import TreeNode
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.mainline_index import Driver, MainlineIndex

__all__ = ["BUSES", "Candidate", "Choice", "bus_of", "candidates", "chosen", "is_on"]

BUSES = (
    ("i2c", r"i2c|i3c|twi"),
    ("spi", r"[qox]?spi|quadspi"),
    ("mipi_dsi", r"(mipi_?)?dsi"),
    ("mdio", r"mdio"),
    ("sdio", r"mmc|sdhci|sdio|dwmmc|sdmmc|usdhc"),
    ("serdev_device", r"serial|uart"),
    ("spmi", r"spmi"),
    ("slim", r"slim"),
    ("sdw", r"soundwire|sdw"),
)
"""A bus, as the kernel's driver structures call it, and how nodes of its controllers are named."""
_CONTROLLERS = tuple((bus, re.compile(rf"({pattern})(?![a-z])")) for bus, pattern in BUSES)
_OTHERS = frozenset(bus for bus, _ in BUSES)


class Candidate(NamedTuple):
    """A driver that may bind.

    Args:
        position: Which of the node's strings it takes, counted from 0.
        text: That string.
        driver: The driver.
    """

    position: int
    text: str
    driver: Driver


class Choice(NamedTuple):
    """The best of several candidates.

    Args:
        candidate: The one.
        symbols: What it needs.
        missing: What of it is off.
    """

    candidate: Candidate
    symbols: tuple[str, ...]
    missing: tuple[str, ...]


def is_on(name: str, config: KernelConfig) -> bool:
    """Whether a symbol is on, under this name or that of another series.

    Args:
        name: Without ``CONFIG_``.
        config: The configuration.

    Returns:
        True if it is y or m.
    """
    return config.is_on(name) or any(config.is_on(other) for other in other_names(name))


def bus_of(node: TreeNode) -> str:
    """The bus that a node is on, as far as the name of the node above tells.

    Args:
        node: The node.

    Returns:
        A name of :data:`BUSES`; "" for the platform bus, and where nothing tells.
    """
    above = node.parent
    if above is None or (above.unit_name == above.name and "reg" not in node.raw):
        return _named_bus(above.unit_name) if above is not None and "reg" in node.raw else ""
    return _named_bus(above.unit_name)


@lru_cache(maxsize=4096)
def _named_bus(name: str) -> str:
    return next((bus for bus, pattern in _CONTROLLERS if pattern.match(name)), "")


def candidates(node: TreeNode, index: MainlineIndex) -> list[list[Candidate]]:
    """The drivers that may take a node, in groups of which each must have one that is built.

    Args:
        node: The node.
        index: The kernel's index.

    Returns:
        Groups; none where the kernel has no driver. Code that only looks nodes up counts where nothing else does.
    """
    found = list(_matching(node, index))
    bus = bus_of(node)
    drivers = _of_bus([one for one in found if one.driver.reach is Reach.DRIVER], bus)
    declared = [one for one in found if one.driver.reach is Reach.DECLARED]
    loaded = [one for one in found if one.driver.reach is Reach.LOADED]
    child = [one for one in found if one.driver.reach is Reach.CHILD]
    parents = {
        driver.path
        for text in (node.parent.compatible if node.parent and child else ())
        for driver in index.drivers(text)
    }
    groups = [
        group for group in (drivers, declared, loaded, [one for one in child if one.driver.path in parents]) if group
    ]
    looked_up = [one for one in found if one.driver.reach in {Reach.LOOKED_UP, Reach.CHILD}]
    return groups or ([looked_up] if looked_up else [])


def _matching(node: TreeNode, index: MainlineIndex) -> Iterator[Candidate]:
    strings = node.compatible
    own = [text for text in strings if not _is_core(text)]
    for position, text in enumerate(strings):
        if own and _is_core(text):
            continue
        for driver in index.drivers(text):
            yield Candidate(position, text, driver)
    bus = bus_of(node)
    if bus in {"i2c", "spi"} and strings:
        for driver in index.drivers(strings[0].rpartition(",")[2], bus):
            yield Candidate(0, strings[0], driver)


@lru_cache(maxsize=8192)
def _is_core(text: str) -> bool:
    row = special(text)
    return row is not None and row.kind == "core"


def _of_bus(found: list[Candidate], bus: str) -> list[Candidate]:
    """The candidates that are drivers of a bus; all, where none is known to be."""
    if bus:
        fitting = [one for one in found if not one.driver.buses or bus in one.driver.buses]
    else:
        fitting = [one for one in found if not one.driver.buses or not _OTHERS.issuperset(one.driver.buses)]
    return fitting or found


def chosen(group: Iterable[Candidate], config: KernelConfig) -> Choice:
    """The candidate that lacks least; of several, the one for the more exact string.

    Args:
        group: One group of candidates.
        config: The configuration.

    Returns:
        The best.
    """
    judged = [
        (len(missing := tuple(name for name in symbols if not is_on(name, config))), one, symbols, missing)
        for one in group
        for symbols in one.driver.alternatives or ((),)
    ]
    _, one, symbols, missing = min(judged, key=lambda row: (row[0], row[1].position, row[1].driver.path))
    return Choice(one, symbols, missing)
