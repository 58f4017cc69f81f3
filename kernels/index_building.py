"""Builds the index of a kernel's source tree: which driver serves which device, and which symbols switch it on.

Nothing is compiled and nothing is run: C sources, Makefiles, Kconfig files and bindings are read as text. The same tree
gives the same bytes.
"""

from __future__ import annotations

import json
import lzma
import os
import posixpath
import re
from collections.abc import Container, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from pmport.errors import RecordError
from pmport.kernels.reach import FORMAT, REACHES, Reach
from pmport.kernels.source_bindings import boards, documented
from pmport.kernels.source_kconfig import Symbol, kconfig_symbols
from pmport.kernels.source_macros import Macros, without_comments
from pmport.kernels.source_makefiles import Built, read_makefiles, smallest
from pmport.kernels.source_tables import Entry, Source, scan, worth_scanning

__all__ = ["build_index", "kernel_version"]

FOLDERS = (
    "drivers",
    "sound",
    "net",
    "kernel",
    "block",
    "fs",
    "mm",
    "lib",
    "crypto",
    "arch/arm",
    "arch/arm64",
    "include/linux",
)
"""Where drivers, the core's own lists of devices, and tables in headers are."""
ARCHES = ("arm64", "arm")
CHUNK = 400
"""Files that one worker takes at a time."""
KINDS = ("of", "ref", "i2c", "spi", "platform", "machine", "blocked")
"""The ways in which files are found by a name."""
SELECTORS = 8
"""Of the symbols that select one, so many are kept."""
Row: TypeAlias = tuple[str, Reach, tuple[str, ...], tuple[str, ...]]
"""A file, how it comes to a device, its buses, and the symbols of ``#ifdef``."""
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)


def build_index(top: Path, origin: str, workers: int | None = None) -> bytes:
    """Build an index.

    Args:
        top: The kernel's source tree.
        origin: Where the tree comes from; kept in the index.
        workers: Processes that read sources; None: one for each processor.

    Returns:
        The index file: a line that says what it is and where its parts are, then the parts, xz-compressed JSON.

    Raises:
        RecordError: If the folder is no kernel source tree.
    """
    version = kernel_version(top)
    built = read_makefiles(top)
    sources = list(_linked(list(_scanned(top, workers or os.cpu_count() or 1))))
    symbols = _symbols(top)
    matches = _matches(sources, built, symbols)
    paper = {
        "documented": sorted(documented(top) - matches["of"].keys()),
        "boards": [[board.path, board.model, list(board.compatible), board.chassis] for board in boards(top)],
    }
    parts = {"matches": _packed(matches), "kconfig": _packed(_kconfig(symbols)), "boards": _packed(paper)}
    places, at = {}, 0
    for name, data in parts.items():
        places[name] = [at, len(data)]
        at += len(data)
    header = {"format": FORMAT, "kernel": version, "origin": origin, "parts": places}
    return json.dumps(header).encode() + b"\n" + b"".join(parts.values())


def kernel_version(top: Path) -> str:
    """The version of a kernel's source tree.

    Args:
        top: The tree.

    Returns:
        As its Makefile has it: ``6.12.9``.

    Raises:
        RecordError: If the folder is no kernel source tree.
    """
    makefile = top / "Makefile"
    text = makefile.read_text(encoding="utf-8", errors="replace") if makefile.is_file() else ""
    words = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)$", text, re.MULTILINE))
    if "PATCHLEVEL" not in words or not (top / "Kconfig").is_file():
        raise RecordError(
            "This is no kernel source tree: it has no Makefile with VERSION and PATCHLEVEL, or no Kconfig",
            file=str(top),
            remedy="Name the top folder of an unpacked kernel source",
        )
    sublevel = words.get("SUBLEVEL") or "0"
    return f"{words['VERSION']}.{words['PATCHLEVEL']}.{sublevel}{words.get('EXTRAVERSION', '')}"


def _packed(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return lzma.compress(text.encode("utf-8", "replace"), format=lzma.FORMAT_XZ, preset=9 | lzma.PRESET_EXTREME)


def _scanned(top: Path, workers: int) -> Iterator[Source]:
    """Every source file that says something about devices."""
    paths = sorted(_source_files(top))
    chunks = [(str(top), paths[at : at + CHUNK]) for at in range(0, len(paths), CHUNK)]
    if workers == 1:
        for chunk in chunks:
            yield from _scan_chunk(chunk)
        return
    with ProcessPoolExecutor(workers) as pool:
        for found in pool.map(_scan_chunk, chunks):
            yield from found


def _source_files(top: Path) -> Iterator[str]:
    for folder in FOLDERS:
        for place, names, files in os.walk(top / folder):
            names[:] = sorted(name for name in names if name not in {"dts", "tools", "testing"})
            prefix = Path(place).relative_to(top).as_posix()
            yield from (f"{prefix}/{name}" for name in files if name.endswith((".c", ".h")))


def _scan_chunk(chunk: tuple[str, list[str]]) -> list[Source]:
    top, paths = chunk
    found = []
    for path in paths:
        data = _read(top, path)
        if worth_scanning(path, data):
            source = scan(path, data, _headers(top, path, data))
            if source.says_something:
                found.append(source)
    return found


def _read(top: str, path: str) -> bytes:
    with open(os.path.join(top, path), "rb") as file:  # noqa: PTH118, PTH123 - 40,000 files: twice as fast as pathlib
        return file.read()


def _headers(top: str, path: str, data: bytes) -> list[Macros]:
    """The macros of the headers beside a file that it includes."""
    folder = posixpath.dirname(path)
    names = {posixpath.normpath(f"{folder}/{name.decode('utf-8', 'replace')}") for name in _INCLUDE.findall(data)}
    return [_macros(top, name) for name in sorted(names)]


@lru_cache(maxsize=1024)
def _macros(top: str, path: str) -> Macros:
    try:
        return Macros.of(without_comments(_read(top, path)))
    except OSError:
        return Macros()


def _linked(sources: list[Source]) -> Iterator[Source]:
    """Each source with the tables of other files that its drivers name; headers have no drivers of their own.

    Tables of a ``.c`` file that nobody's driver names stay: its code looks nodes up with them.
    """
    holders: dict[str, list[Source]] = {}
    for source in sources:
        for name in source.shared:
            holders.setdefault(name, []).append(source)
    for source in sources:
        matches = set(source.matches)
        for (kind, name), buses in source.wanted.items():
            holder = _holder(source, holders.get(name, []))
            if holder is not None:
                found = [entry for entry in holder.shared[name] if entry.kind == kind]
                matches.update(entry._replace(reach=Reach.DRIVER, buses=buses) for entry in found)
        if matches != set(source.matches):
            source = replace(source, matches=tuple(sorted(matches)))  # noqa: PLW2901
        yield source


def _holder(source: Source, candidates: list[Source]) -> Source | None:
    """Which file holds a table that a source names: a header that it includes, one of its folder, the only one."""
    others = [other for other in candidates if other.path != source.path]
    included = [
        other for other in others if any(other.path.endswith(f"/{posixpath.basename(n)}") for n in source.includes)
    ]
    beside = [other for other in others if posixpath.dirname(other.path) == posixpath.dirname(source.path)]
    for found in (included, beside, others):
        if len(found) == 1:
            return found[0]
    return None


def _symbols(top: Path) -> dict[str, Symbol]:
    found: dict[str, Symbol] = {}
    for arch in ARCHES:
        for name, symbol in kconfig_symbols(top, arch).items():
            known = found.setdefault(name, symbol)
            known.depends = list(dict.fromkeys((*known.depends, *symbol.depends)))
    return found


class _Table:
    """Rows that say how a file serves a device, each once, numbered in the order in which they are asked for."""

    def __init__(self, built: Built, known: Container[str]) -> None:
        self.built = built
        self.known = known
        self.rows: dict[Row, int] = {}

    def number(self, path: str, entry: Entry | None = None) -> int:
        """The number of a row."""
        key = (
            path,
            entry.reach if entry else Reach.LOOKED_UP,
            entry.buses if entry else (),
            entry.guard if entry else (),
        )
        return self.rows.setdefault(key, len(self.rows))

    def alternatives(self, row: Row) -> tuple[tuple[str, ...], ...]:
        """The sets of symbols that build what a row stands for."""
        sets = [guard.union(row[3]) for guard in self.built.guards.get(row[0], ())]
        return smallest(one for one in sets if all(name in self.known for name in one))

    def can_be_built(self, path: str, entry: Entry | None = None) -> bool:
        """Whether there is no guard, or one whose symbols all exist for these architectures."""
        guard = entry.guard if entry else ()
        row = (path, Reach.LOOKED_UP, (), guard)
        return (path not in self.built.guards and not guard) or bool(self.alternatives(row))

    def packed(self) -> dict[str, Any]:
        """Symbols, and rows of ``[path, alternatives, modules, reach, buses]``."""
        sets = {row: self.alternatives(row) for row in self.rows}
        names = sorted({name for one in sets.values() for symbols in one for name in symbols})
        numbers = {name: number for number, name in enumerate(names)}
        files = [
            [
                row[0],
                [[numbers[name] for name in symbols] for symbols in sets[row]],
                sorted(self.built.modules.get(row[0], ())),
                REACHES.index(row[1]),
                list(row[2]),
            ]
            for row in self.rows
        ]
        return {"symbols": names, "files": files}


def _matches(sources: list[Source], built: Built, known: Container[str]) -> dict[str, Any]:
    """Files with their alternatives, and for each name of a device the files that serve it."""
    kept = [source for source in sources if source.path in built.guards or source.matches]
    kept = sorted((source for source in kept if not source.path.endswith(".h")), key=lambda source: source.path)
    table = _Table(built, known)
    names: dict[str, dict[str, list[int]]] = {kind: {} for kind in KINDS}

    def add(kind: str, text: str, number: int) -> None:
        found = names[kind].setdefault(text, [])
        if number not in found:
            found.append(number)

    cells = {source.path: dict(sorted(source.cells.items())) for source in kept if source.cells}
    made = {name for lists in cells.values() for one in lists.values() for name in one}
    for source in kept:
        if table.can_be_built(source.path):
            for kind, text, entry in _named(source, made):
                if entry is None or table.can_be_built(source.path, entry):
                    add(kind, text, table.number(source.path, entry))
    names["ref"] = {text: found for text, found in names["ref"].items() if text not in names["of"]}
    return {
        **table.packed(),
        **names,
        "cells": {
            path: lists
            for path, lists in cells.items()
            if any(n in names["platform"] for one in lists.values() for n in one)
        },
    }


def _named(source: Source, made: Container[str]) -> Iterator[tuple[str, str, Entry | None]]:
    """``(kind, name, entry of a table)``: all names under which a file is found."""
    yield from ((entry.kind, entry.text, entry) for entry in source.matches)
    yield from (("ref", text, None) for text in source.references)
    yield from (("platform", text, None) for text in source.names if text in made)
    yield from ((kind, text, None) for kind, text in _machines(source))


def _machines(source: Source) -> Iterator[tuple[str, str]]:
    """``(machine or blocked, compatible of a root)``: where a driver for frequencies works, and where it keeps away."""
    if source.path.startswith("drivers/cpufreq/"):
        for name, entries in source.shared.items():
            kind = "blocked" if "block" in name or "black" in name else "machine"
            yield from ((kind, entry.text) for entry in entries)
        own = (entry for entry in source.matches if entry.reach in {Reach.LOADED, Reach.CHILD})
        yield from (("machine", entry.text) for entry in own)


def _kconfig(symbols: dict[str, Symbol]) -> dict[str, Any]:
    """Symbol → type, prompt, conditions, who selects it and under which conditions, when its prompt shows."""
    selected: dict[str, dict[str, str]] = {}
    for symbol in symbols.values():
        for name, condition in symbol.selects:
            selected.setdefault(name, {}).setdefault(symbol.name, condition)
    rows: dict[str, Any] = {}
    for name, symbol in symbols.items():
        who = sorted(selected.get(name, {}))[:SELECTORS]
        row = [
            symbol.type[:1],
            int(symbol.prompt),
            " || ".join(f"({text})" if len(symbol.depends) > 1 else text for text in symbol.depends if text),
            who,
            {one: selected[name][one] for one in who if selected[name][one]},
            "" if "" in symbol.prompt_if else " || ".join(f"({text})" for text in symbol.prompt_if),
        ]
        while len(row) > 4 and not row[-1]:
            row.pop()
        rows[name] = row
    return rows
