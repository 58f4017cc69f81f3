"""The index of a kernel tree, read: which driver serves which device, and which symbols switch it on.

The file has three parts. The matches are read with the first look-up; the dependencies of Kconfig, and the boards, only when
they are asked for.

Example:
    >>> index = load_index("6.12")
    >>> [driver.path for driver in index.drivers("syna,rmi4-i2c")]
    ['drivers/input/rmi4/rmi_i2c.c']
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pmport.errors import FormatError, RecordError
from pmport.kernels.reach import FORMAT, REACHES, Reach

__all__ = ["Driver", "KconfigSymbol", "MainlineIndex", "load_index", "shipped_series"]

SUFFIX = ".kernel-index"


@dataclass(frozen=True, slots=True)
class Driver:
    """One source file that serves devices.

    Args:
        path: From the top of the kernel tree.
        alternatives: Sets of symbols; one of them must be on as a whole. Empty: it is always built, or no Makefile names it.
        modules: Names of the modules that it can be part of.
        reach: How it comes to the device: by its driver's table, a declaration, or otherwise.
        buses: Of which buses its driver is (``platform``, ``i2c``…); none: not known.
    """

    path: str
    alternatives: tuple[tuple[str, ...], ...]
    modules: tuple[str, ...]
    reach: Reach = Reach.DRIVER
    buses: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol that any alternative names."""
        return tuple(dict.fromkeys(name for names in self.alternatives for name in names))


class KconfigSymbol(NamedTuple):
    """What Kconfig says of a symbol.

    Args:
        type: ``b`` bool, ``t`` tristate, ``s`` string, ``i`` int, ``h`` hex; "" where none is said.
        prompt: Whether a person can set it.
        depends: The condition under which it can be set; "" for none.
        selected_by: Symbols that switch it on; eight at most.
        select_if: Those of them that do so under a condition → the condition.
        prompt_if: The condition under which its prompt shows; "": always.
    """

    type: str
    prompt: bool
    depends: str
    selected_by: tuple[str, ...]
    select_if: Mapping[str, str] = MappingProxyType({})
    prompt_if: str = ""


class MainlineIndex:
    """An index.

    Args:
        data: The index file.
        name: The file's name, for errors.

    Raises:
        FormatError: If it is no index, or damaged.
    """

    def __init__(self, data: bytes, name: str = "index") -> None:
        self._data = data
        self._name = name
        line, _, rest = data.partition(b"\n")
        try:
            header = json.loads(line)
        except ValueError:
            header = {}
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise FormatError(
                f"{name} is no index of this format",
                format="kernel index",
                remedy="Make it: pmport kernel index SOURCE -o FILE",
            )
        self.kernel: str = str(header.get("kernel", ""))
        self.origin: str = str(header.get("origin", ""))
        self._places: Mapping[str, tuple[int, int]] = header.get("parts", {})
        self._payload = rest

    def _part(self, name: str) -> Any:
        try:
            at, size = self._places[name]
            return json.loads(lzma.decompress(self._payload[at : at + size]))
        except (lzma.LZMAError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{self._name} is damaged: {error}", format="kernel index", field=name) from error

    @cached_property
    def _matches(self) -> dict[str, Any]:
        found: dict[str, Any] = self._part("matches")
        return found

    @cached_property
    def _kconfig(self) -> dict[str, Any]:
        found: dict[str, Any] = self._part("kconfig")
        return found

    @cached_property
    def _paper(self) -> dict[str, Any]:
        found: dict[str, Any] = self._part("boards")
        return found

    @property
    def series(self) -> str:
        """Its series: ``6.12``."""
        return ".".join(self.kernel.split(".")[:2])

    def drivers(self, name: str, bus: str = "of") -> tuple[Driver, ...]:
        """The drivers that match a device.

        Args:
            name: A compatible string; with a bus, the name of an id.
            bus: ``of``: by compatible; ``i2c``, ``spi``: by the bus's own ids; ``platform``: by the name of a device that
                a multi-function driver makes; ``machine``, ``blocked``: by the root's compatible, where processors change
                their frequency; ``ref``: files that only ask for it.

        Returns:
            The drivers; none where the kernel has none.
        """
        return tuple(self._driver(number) for number in self._matches[bus].get(name, ()))

    @lru_cache(maxsize=8192)  # noqa: B019 - an index lives as long as the process
    def _driver(self, number: int) -> Driver:
        path, alternatives, modules, reach, buses = self._matches["files"][number]
        names = self._matches["symbols"]
        sets = tuple(tuple(names[item] for item in one) for one in alternatives)
        return Driver(path, sets, tuple(modules), REACHES[reach], tuple(buses))

    def cells_named(self, part: str, folder: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The lists of cells that are named after a part: ``axp803_cells`` after ``axp803``.

        Args:
            part: The part's name, in lower case with ``_``.
            folder: Where its driver is.

        Returns:
            ``(source file, names of platform devices)``.
        """
        return tuple(
            (path, tuple(cells))
            for path, lists in self._matches["cells"].items()
            if path.rpartition("/")[0] == folder
            for name, cells in lists.items()
            if name.lower() in {part, f"{part}s"} or name.lower().startswith(f"{part}_")
        )

    def every_driver(self) -> Iterator[Driver]:
        """Every source file that serves devices.

        Yields:
            Drivers, by path.
        """
        return (self._driver(number) for number in range(len(self._matches["files"])))

    @property
    def compatibles(self) -> tuple[str, ...]:
        """Every compatible string that a driver matches."""
        return tuple(self._matches["of"])

    def is_documented(self, compatible: str) -> bool:
        """Whether a binding names a compatible string.

        Args:
            compatible: The string.

        Returns:
            True also for those that only a driver names.
        """
        return compatible in self._documented or compatible in self._matches["of"]

    @cached_property
    def _documented(self) -> frozenset[str]:
        return frozenset(self._paper["documented"])

    def boards(self) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
        """The boards that the tree has a device tree for.

        Yields:
            ``(path, model, compatible, chassis)``.
        """
        for path, model, compatible, chassis in self._paper["boards"]:
            yield path, model, tuple(compatible), chassis

    @cached_property
    def _board_paths(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for path, _, compatible, _ in self.boards():
            found.setdefault(compatible[0], []).append(path)
        return {text: tuple(paths) for text, paths in found.items()}

    def boards_of(self, compatible: str) -> tuple[str, ...]:
        """The trees of a board.

        Args:
            compatible: The first string of its root.

        Returns:
            Paths of their sources, from the top of the kernel tree; none where the kernel does not have the board.
        """
        return self._board_paths.get(compatible, ())

    def symbol(self, name: str) -> KconfigSymbol | None:
        """What Kconfig says of a symbol; reads the second part.

        Args:
            name: Without ``CONFIG_``.

        Returns:
            The symbol; None where the kernel has none of that name.
        """
        row = self._kconfig.get(name)
        if row is None:
            return None
        conditions = row[4] if len(row) > 4 else {}
        return KconfigSymbol(row[0], bool(row[1]), row[2], tuple(row[3]), conditions, row[5] if len(row) > 5 else "")

    def __repr__(self) -> str:
        return f"<MainlineIndex {self.kernel}: {self.origin}>"


def shipped_series() -> tuple[str, ...]:
    """The series that pmport ships an index of.

    Returns:
        The oldest first.

    Example:
        >>> "6.12" in shipped_series()
        True
    """
    names = (item.name for item in files("pmport.kernels").iterdir() if item.name.endswith(SUFFIX))
    return tuple(sorted((name.removesuffix(SUFFIX) for name in names), key=_as_numbers))


def _as_numbers(series: str) -> tuple[int, ...]:
    return tuple(int(part) for part in series.split(".")[:2] if part.isdigit())


def load_index(series_or_file: str | os.PathLike[str] = "") -> MainlineIndex:
    """Load an index.

    Args:
        series_or_file: A series or version of the kernel, such as ``6.12`` or ``6.12.9``: the shipped index that is
            nearest to it; a file that ``pmport kernel index`` made; "": the newest that is shipped.

    Returns:
        The index; say with its :attr:`~MainlineIndex.kernel` which one was used.

    Raises:
        RecordError: If there is none.
        FormatError: If the file is no index.
    """
    text = os.fspath(series_or_file)
    if text and Path(text).is_file():
        return MainlineIndex(Path(text).read_bytes(), text)
    known = shipped_series()
    wanted = _as_numbers(text)
    if text and not wanted:
        raise RecordError(
            f"{text!r} is neither a file nor a series of the kernel", remedy=f"shipped are {', '.join(known)}"
        )
    if not known:
        raise RecordError("No index is shipped", remedy="Make one: pmport kernel index SOURCE -o FILE")
    return _shipped(min(known, key=lambda series: _distance(series, wanted)) if wanted else known[-1])


def _distance(series: str, wanted: tuple[int, ...]) -> tuple[int, int]:
    """How far a series is from another, in releases; of two as far the newer one."""
    own = _as_numbers(series)
    return abs(releases(own) - releases(wanted)), -releases(own)


def releases(series: tuple[int, ...]) -> int:
    """The number of a release of Linux, counted through: 4.0 follows 3.19, 5.0 follows 4.20, 6.0 5.19 and 7.0 6.19.

    Args:
        series: Its first numbers.

    Returns:
        A count.
    """
    major, minor = (*series, 0)[:2]
    return sum(count for number, count in LAST.items() if number < major) + (max(major - 7, 0) * 20) + minor


LAST = {2: 40, 3: 20, 4: 21, 5: 20, 6: 20}
"""How many releases a major number of Linux had."""


@lru_cache(maxsize=4)
def _shipped(series: str) -> MainlineIndex:
    return MainlineIndex((files("pmport.kernels") / f"{series}{SUFFIX}").read_bytes(), f"{series}{SUFFIX}")
