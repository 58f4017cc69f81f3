"""Which Kconfig symbols decide whether a source file is built, read from the kernel's Makefiles.

Kbuild's lists (``Documentation/kbuild/makefiles.rst``): ``obj-$(CONFIG_X) += a.o dir/``, composite objects
``a-y``, ``a-objs``, ``a-$(CONFIG_Y)``, and conditionals around them. The answer per source file is a set of alternatives,
each a set of symbols that must all be on: the directory's, the object's and the part's.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

__all__ = ["ROOTS", "Built", "Guard", "read_makefiles", "smallest"]

Guard: TypeAlias = frozenset[str]
"""Symbols that must all be y or m."""

ROOTS = (
    "drivers", "sound", "net", "kernel", "block", "fs", "mm", "lib", "crypto", "security", "virt", "init",
    "arch/arm", "arch/arm64",
)  # fmt: skip
"""Where kbuild begins, of what devices can depend on."""

_ASSIGNMENT = re.compile(r"^((?:\$\(subst m,y,\$\(CONFIG_\w+\)\)|[^\s:=+?])+)\s*(?:\+=|:=|=|\?=|::=)\s*(.*)$")
_SYMBOL = re.compile(r"\$[({]CONFIG_(\w+)[)}]")
_IF_EQUAL = re.compile(r"^(ifeq|ifneq)\s*\((.*),(.*)\)\s*$")
_IF_DEFINED = re.compile(r"^(ifdef|ifndef)\s+(\S+)\s*$")
_INCLUDE = re.compile(r"^-?include\s+\$\((?:src|srctree|obj)\)/(?:\$\(src\)/)?(\S+)$")
_VARIABLE = re.compile(r"\$[({]([\w.-]+)[)}]")
_FUNCTION = re.compile(r"\$\((?:addprefix|addsuffix|sort|filter|strip|patsubst|subst)\s+([^()]*)\)")
_DEEPEST = 24


@dataclass(slots=True)
class _Lists:
    """The lists of one directory: name → (guard, words)."""

    entries: dict[str, list[tuple[Guard, str]]] = field(default_factory=dict)

    def add(self, name: str, guard: Guard, words: str) -> None:
        self.entries.setdefault(name, []).append((guard, words))

    def words(self, name: str, depth: int = 0) -> Iterator[tuple[Guard, str]]:
        """The words of a list with their guards, variables expanded."""
        for guard, text in self.entries.get(name, ()):
            for word in text.split():
                inner = _VARIABLE.fullmatch(word)
                if inner and depth < 4:
                    for more, found in self.words(inner[1], depth + 1):
                        yield guard | more, found
                elif "$" not in word:
                    yield guard, word


@dataclass(frozen=True, slots=True)
class Built:
    """How source files are built.

    Args:
        guards: Path of a source file, from the top → alternatives. An empty alternative: always built.
        modules: Path of a source file → names of the modules that it can be part of, as ``modprobe`` knows them.
    """

    guards: dict[str, set[Guard]]
    modules: dict[str, set[str]]


def read_makefiles(top: Path, roots: Iterable[str] = ROOTS) -> Built:
    """Read all Makefiles that kbuild would reach.

    Args:
        top: The kernel's source tree.
        roots: Where to begin.

    Returns:
        How each source file is built.
    """
    reader = _Reader(top)
    for root in roots:
        reader.directory(root, frozenset(), 0)
    return Built(reader.found, reader.modules)


class _Reader:
    def __init__(self, top: Path) -> None:
        self.top = top
        self.found: dict[str, set[Guard]] = {}
        self.modules: dict[str, set[str]] = {}
        self.seen: dict[str, set[Guard]] = {}
        self.lists: dict[str, _Lists | None] = {}

    def directory(self, folder: str, guard: Guard, depth: int) -> None:
        """Take one directory under a guard."""
        known = self.seen.setdefault(folder, set())
        if depth > _DEEPEST or any(other <= guard for other in known):
            return
        known.add(guard)
        lists = self._lists(folder)
        if lists is None:
            return
        for name in list(lists.entries):
            kind, _, suffix = name.partition("-")
            if kind in {"obj", "lib", "core", "libs", "drivers", "net", "subdir"} and suffix in {"y", "m", "objs"}:
                for more, word in lists.words(name):
                    self._word(folder, word, guard | more, lists, depth)
            elif kind in {"machine", "plat"} and suffix == "y" and folder == "arch/arm":
                for more, word in lists.words(name):
                    prefix = "mach" if kind == "machine" else "plat"
                    self.directory(f"{folder}/{prefix}-{word}", guard | more, depth + 1)

    def _word(self, folder: str, word: str, guard: Guard, lists: _Lists, depth: int) -> None:
        path = word if word.startswith(f"{folder}/") and folder.startswith("arch/") else f"{folder}/{word}"
        path = posixpath.normpath(path)
        if word.endswith("/"):
            self.directory(path, guard, depth + 1)
        elif word.endswith((".o", ".a")):
            self._object(folder, word.rpartition(".")[0], guard, lists, 0, posixpath.basename(word).rpartition(".")[0])

    def _object(self, folder: str, stem: str, guard: Guard, lists: _Lists, depth: int, module: str) -> None:
        self.modules.setdefault(posixpath.normpath(f"{folder}/{stem}.c"), set()).add(module.replace("-", "_"))
        parts = [item for end in ("y", "objs", "m") for item in lists.words(f"{stem}-{end}")]
        if not parts or depth > 3:
            self.found.setdefault(posixpath.normpath(f"{folder}/{stem}.c"), set()).add(guard)
            return
        for more, word in parts:
            if word.endswith(".o") and word != f"{stem}.o":
                self._object(folder, word[:-2], guard | more, lists, depth + 1, module)
            elif word.endswith(".o"):
                self.found.setdefault(posixpath.normpath(f"{folder}/{stem}.c"), set()).add(guard | more)

    def _lists(self, folder: str) -> _Lists | None:
        if folder not in self.lists:
            self.lists[folder] = self._read(folder)
        return self.lists[folder]

    def _read(self, folder: str) -> _Lists | None:
        for name in ("Kbuild", "Makefile"):
            path = self.top / folder / name
            if path.is_file():
                lists = _Lists()
                _parse(path, path.parent, lists, frozenset(), 0)
                if name == "Kbuild" and folder.startswith("arch/") and (self.top / folder / "Makefile").is_file():
                    _parse(self.top / folder / "Makefile", path.parent, lists, frozenset(), 0)
                return lists
        return None


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        yield line.split("#", 1)[0].strip() if "#" in line else line.strip()


def _parse(path: Path, folder: Path, lists: _Lists, outer: Guard, depth: int) -> None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    stack: list[Guard] = [outer]
    for line in filter(None, _lines(text)):
        if _conditional(line, stack):
            continue
        if (include := _INCLUDE.match(line)) and depth < 6:
            _parse(folder / include[1], folder, lists, stack[-1], depth + 1)
        elif assignment := _ASSIGNMENT.match(line):
            _assign(assignment[1], assignment[2], stack[-1], lists)


def _conditional(line: str, stack: list[Guard]) -> bool:
    """Take a line that begins, turns or ends a condition."""
    if line.startswith(("ifeq", "ifneq", "ifdef", "ifndef")):
        stack.append(stack[-1] | _condition(line))
    elif line.startswith("else"):
        inner = line.removeprefix("else").strip()
        if len(stack) > 1:
            stack[-1] = stack[-2] | (_condition(inner) if inner else frozenset())
    elif line.startswith("endif"):
        if len(stack) > 1:
            stack.pop()
    else:
        return False
    return True


def _assign(target: str, words: str, guard: Guard, lists: _Lists) -> None:
    symbols = _SYMBOL.findall(target)
    name = _SYMBOL.sub("", target)
    if symbols:
        name = f"{name}y" if name.endswith("-") else name
        name = re.sub(r"\$\(subst m,y,\)$", "y", name)
    while _FUNCTION.search(words):
        words = _FUNCTION.sub(_expand, words)
    lists.add(name, guard | frozenset(symbols), words)


def _expand(match: re.Match[str]) -> str:
    """What a function of make gives, as far as lists of objects use it."""
    arguments = match[1].split(",")
    name = match[0][2:].split(None, 1)[0]
    if name == "addprefix" and len(arguments) == 2:
        return " ".join(arguments[0].strip() + word for word in arguments[1].split())
    if name == "addsuffix" and len(arguments) == 2:
        return " ".join(word + arguments[0].strip() for word in arguments[1].split())
    return arguments[-1]


def _condition(line: str) -> Guard:
    """The symbols that must be on for what follows; negative conditions tell nothing."""
    if match := _IF_EQUAL.match(line):
        symbols = _SYMBOL.findall(match[2])
        value = match[3].strip().strip("'\"")
        wanted = (match[1] == "ifeq" and value in {"y", "m"}) or (match[1] == "ifneq" and value in {"", "n"})
        if wanted and len(symbols) == 1:
            return frozenset(symbols)
    elif (match := _IF_DEFINED.match(line)) and match[1] == "ifdef" and match[2].startswith("CONFIG_"):
        return frozenset({match[2].removeprefix("CONFIG_")})
    return frozenset()


def smallest(alternatives: Iterable[Guard]) -> tuple[tuple[str, ...], ...]:
    """Alternatives without those that ask for more than another one.

    Args:
        alternatives: Sets of symbols.

    Returns:
        Sorted tuples, sorted.
    """
    sets = set(alternatives)
    kept = [one for one in sets if not any(other < one for other in sets)]
    return tuple(sorted(tuple(sorted(one)) for one in kept))
