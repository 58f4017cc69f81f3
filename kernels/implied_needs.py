"""What a tree needs that no compatible string shows: devices made by name, and the layers above a driver.

Most of it is rows of ``implied_needs.toml``. Three things are worked out from the index: the cells of multi-function
devices, the console of the serial port that the tree names, and the driver that changes the processors' frequency.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from pmport.kernels.binding import bus_of, is_on

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["Implied", "implied"]

CONSOLES = {"drivers/tty/serial/8250/": ("SERIAL_8250", "SERIAL_8250_CONSOLE")}
"""Folder of drivers → symbols of their console, where it is no symbol named after the driver's own."""


class Implied(NamedTuple):
    """One thing that a node needs beyond its driver.

    Args:
        path: The node.
        what: What makes it needed, for a person.
        role: What the part is for; "" to take that of ``driver``.
        driver: The source file of a driver by name; "" where there is none.
        choices: Of each, one set of symbols must be on as a whole.
        modules: Modules that hold it.
        source: Where the kernel does so.
    """

    path: str
    what: str
    role: str
    driver: str
    choices: tuple[tuple[tuple[str, ...], ...], ...]
    modules: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of ``implied_needs.toml``."""

    role: str
    source: str
    path: re.Pattern[str] | None
    root: re.Pattern[str] | None
    compatible: re.Pattern[str] | None
    driver: re.Pattern[str] | None
    child: re.Pattern[str] | None
    value: re.Pattern[str] | None
    bus: str
    property: str
    lacks: str
    symbols: tuple[str, ...]
    any: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def _rows() -> tuple[_Row, ...]:
    document = tomllib.loads((files("pmport.kernels") / "implied_needs.toml").read_text(encoding="utf-8"))
    return tuple(_row(table) for table in document["need"])


def _row(table: Mapping[str, Any]) -> _Row:
    def pattern(key: str) -> re.Pattern[str] | None:
        return re.compile(table[key]) if key in table else None

    return _Row(
        table["role"],
        table["source"],
        pattern("path"),
        pattern("root"),
        pattern("compatible"),
        pattern("driver"),
        pattern("child"),
        pattern("value"),
        table.get("bus", ""),
        table.get("property", ""),
        table.get("lacks", ""),
        tuple(table.get("symbols", ())),
        tuple(tuple(one) for one in table.get("any", ())),
    )


def implied(
    tree: DeviceTree, nodes: Sequence[TreeNode], drivers: Mapping[str, str], index: MainlineIndex, config: KernelConfig
) -> Iterator[Implied]:
    """What the nodes of a tree need beyond the drivers of their strings; each need once, at the first node.

    Args:
        tree: The tree.
        nodes: Its enabled nodes with a compatible string.
        drivers: Path of a node → source file of the driver that binds.
        index: The kernel's index.
        config: The configuration.

    Yields:
        Needs; symbols that this kernel does not have are left out.
    """
    seen: set[tuple[object, ...]] = set()
    for found in _every(tree, nodes, drivers, index, config):
        choices = tuple(kept for one in found.choices if (kept := _known(one, index)))
        key = (found.role, found.driver, choices)
        if choices and key not in seen:
            seen.add(key)
            yield found._replace(choices=choices)


def _known(sets: tuple[tuple[str, ...], ...], index: MainlineIndex) -> tuple[tuple[str, ...], ...]:
    return tuple(one for one in sets if all(index.symbol(name) is not None for name in one))


def _every(
    tree: DeviceTree, nodes: Sequence[TreeNode], drivers: Mapping[str, str], index: MainlineIndex, config: KernelConfig
) -> Iterator[Implied]:
    yield from _console(tree, drivers, index)
    yield from _frequency(tree, index)
    own = set(map(id, nodes))
    processors = [node for node in tree.root.walk() if id(node) not in own and node.path.startswith(_PLAIN)]
    rows = _rows()
    for node in (*nodes, *processors):
        driver = drivers.get(node.path, "")
        for row in rows:
            if (row.compatible or row.driver or row.path or row.property or row.child) and _fits(
                row, node, driver, tree
            ):
                yield from _needed(row, node)
        if driver.startswith("drivers/mfd/"):
            yield from _cells(node, driver, index, config)


_PLAIN = ("/cpus/", "/thermal-zones", "/opp-table")
"""Nodes without a driver that rows look at."""


def _fits(row: _Row, node: TreeNode, driver: str, tree: DeviceTree) -> bool:
    """Whether a node meets all conditions of a row; the cheap ones come first."""
    return (
        (row.driver is None or row.driver.match(driver) is not None)
        and (row.path is None or row.path.match(node.path) is not None)
        and (not row.property or row.property in node.raw)
        and (not row.lacks or row.lacks not in node.raw)
        and _any(row.compatible, node.compatible)
        and (row.value is None or row.value.fullmatch(_text(node.raw[row.property])) is not None)
        and _any(row.child, node.children)
        and (not row.bus or bus_of(node) == row.bus)
        and _any(row.root, tree.root.compatible)
    )


def _any(pattern: re.Pattern[str] | None, texts: Iterable[str]) -> bool:
    return pattern is None or any(pattern.fullmatch(text) for text in texts)


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def _needed(row: _Row, node: TreeNode) -> Iterator[Implied]:
    what = node.compatible[0] if node.compatible else node.name
    matches: list[re.Match[str] | None] = [None]
    if row.child is not None:
        matches = [match for name in node.children if (match := row.child.fullmatch(name))]
    for match in matches:
        names = [match.expand(name).upper() if match is not None else name for name in row.symbols]
        choices = (*(((name,),) for name in names), *(tuple((name,) for name in one) for one in row.any))
        yield Implied(node.path, what, row.role, "", choices, (), row.source)


def _cells(node: TreeNode, driver: str, index: MainlineIndex, config: KernelConfig) -> Iterator[Implied]:
    """The devices that a multi-function driver makes by name: of the list that is named after the part."""
    parts = [text.rpartition(",")[2].replace("-", "_") for text in node.compatible]
    for part in parts:
        lists = index.cells_named(part, driver.rpartition("/")[0])
        for path, names in lists:
            for name in names:
                yield from _by_name(node, name, path, index, config)
        if lists:
            return


def _by_name(node: TreeNode, name: str, path: str, index: MainlineIndex, config: KernelConfig) -> Iterator[Implied]:
    found = index.drivers(name, "platform")
    sets = tuple(symbols for driver in found for symbols in driver.alternatives)
    if not sets or any(not driver.alternatives for driver in found):
        return
    on = next(
        (driver for driver in found for symbols in driver.alternatives if all(is_on(s, config) for s in symbols)),
        found[0],
    )
    yield Implied(node.path, name, "", on.path, (sets,), on.modules, f"{path}: makes {name}")


def _console(tree: DeviceTree, drivers: Mapping[str, str], index: MainlineIndex) -> Iterator[Implied]:
    """The console on the port that ``stdout-path`` names."""
    node = _stdout(tree)
    driver = drivers.get(node.path, "") if node is not None else ""
    if node is None or not driver:
        return
    names: tuple[str, ...] = next((names for folder, names in CONSOLES.items() if driver.startswith(folder)), ())
    if not names:
        own = {
            name
            for text in node.compatible
            for one in index.drivers(text)
            if one.path == driver
            for name in one.symbols
        }
        names = tuple(f"{name}_CONSOLE" for name in sorted(own) if index.symbol(f"{name}_CONSOLE") is not None)
    for name in names:
        what = node.compatible[0]
        yield Implied(node.path, what, "serial", "", (((name,),),), (), "/chosen: stdout-path; a console is built in")


def _stdout(tree: DeviceTree) -> TreeNode | None:
    chosen, aliases = tree.root.children.get("chosen"), tree.root.children.get("aliases")
    raw = chosen.raw.get("stdout-path", chosen.raw.get("linux,stdout-path", b"")) if chosen is not None else b""
    name = _text(raw).partition(":")[0]
    if name and not name.startswith("/") and aliases is not None:
        name = _text(aliases.raw.get(name, b""))
    return next((node for node in tree.root.walk() if node.path == name), None) if name.startswith("/") else None


def _frequency(tree: DeviceTree, index: MainlineIndex) -> Iterator[Implied]:
    """Who changes the processors' frequency: by the root's strings, else by the tables of frequencies in the tree."""
    processors = [node for node in tree.root.walk() if node.path.startswith("/cpus/cpu@")]
    scaled = [node for node in processors if "operating-points-v2" in node.raw and "qcom,freq-domain" not in node.raw]
    if not scaled:
        return
    strings = tree.root.compatible
    found = [driver for text in strings for driver in index.drivers(text, "machine")]
    general = index.symbol("CPUFREQ_DT") is not None
    if not found and general and not any(index.drivers(text, "blocked") for text in strings):
        choice = (("CPUFREQ_DT", "CPUFREQ_DT_PLATDEV"),)
        source = "drivers/cpufreq/cpufreq-dt-platdev.c: processors with operating points"
        yield Implied(scaled[0].path, "operating-points-v2", "power", "", (choice,), ("cpufreq_dt",), source)
    for driver in found[:1]:
        sets = driver.alternatives
        if driver.path.endswith("cpufreq-dt-platdev.c"):
            sets = tuple(tuple(dict.fromkeys((*one, "CPUFREQ_DT"))) for one in sets)
        if sets:
            yield Implied(scaled[0].path, strings[-1], "power", driver.path, (sets,), driver.modules, "drivers/cpufreq")
