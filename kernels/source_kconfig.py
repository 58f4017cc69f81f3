"""Kconfig files: every symbol with type, prompt, dependencies and what it selects.

The language is that of ``Documentation/kbuild/kconfig-language.rst``. ``if``, ``menu`` and ``choice`` blocks put their
conditions on all that stands inside, also across ``source``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Symbol", "kconfig_symbols"]

_TYPES = ("bool", "tristate", "string", "int", "hex")
_ENTRY = re.compile(r"^(?:menu)?config\s+(\w+)$")
_SOURCE = re.compile(r'^o?r?source\s+"?([^"]+)"?$')
_IF = re.compile(r"\s+if\s+")
_PROMPT = re.compile(r"""^(?:"(?:[^"\\]|\\.)*"|'[^']*')""")


@dataclass(slots=True)
class Symbol:
    """One symbol of Kconfig; its definitions in several places are put together.

    Args:
        name: Without ``CONFIG_``.
        file: Where it is defined first, from the top of the tree.
        type: ``bool``, ``tristate``, ``string``, ``int`` or ``hex``.
        prompt: Whether a person can set it.
        prompt_if: One condition per prompt that has one: only under it a person can.
        depends: One condition per definition; any of them makes it visible.
        selects: ``(symbol, condition)`` of what it switches on.
        implies: Likewise, for what it suggests.
        defaults: ``(value, condition)``, in order.
    """

    name: str
    file: str
    type: str = ""
    prompt: bool = False
    prompt_if: list[str] = field(default_factory=list)
    depends: list[str] = field(default_factory=list)
    selects: list[tuple[str, str]] = field(default_factory=list)
    implies: list[tuple[str, str]] = field(default_factory=list)
    defaults: list[tuple[str, str]] = field(default_factory=list)


def kconfig_symbols(top: Path, arch: str) -> dict[str, Symbol]:
    """Read all Kconfig files of one architecture.

    Args:
        top: The kernel's source tree.
        arch: The kernel's word for it, such as ``arm64``.

    Returns:
        Name → symbol.
    """
    reader = _Reader(top, arch)
    reader.file("Kconfig", ())
    return reader.symbols


def _join(conditions: tuple[str, ...] | list[str]) -> str:
    """Conditions that must all hold, as one expression."""
    words = dict.fromkeys(condition for condition in conditions if condition and condition != "y")
    if len(words) < 2:
        return next(iter(words), "")
    return " && ".join(f"({word})" if "||" in word else word for word in words)


class _Reader:
    def __init__(self, top: Path, arch: str) -> None:
        self.top = top
        self.arch = arch
        self.symbols: dict[str, Symbol] = {}
        self.files: set[tuple[str, tuple[str, ...]]] = set()

    def file(self, name: str, outer: tuple[str, ...]) -> None:
        """Read one file under the conditions of whoever sources it."""
        name = re.sub(r"\$\(?(?:SRCARCH|ARCH)\)?", self.arch, name).replace("$(srctree)/", "")
        path = self.top / name
        if (name, outer) in self.files or not path.is_file():
            return
        self.files.add((name, outer))
        _File(self, name, outer).read(path.read_text(encoding="utf-8", errors="replace"))

    def symbol(self, name: str, file: str) -> Symbol:
        """The symbol of that name, new or known."""
        return self.symbols.setdefault(name, Symbol(name, file))


@dataclass(slots=True)
class _Block:
    """One nesting of ``if``, ``menu`` or ``choice``."""

    word: str
    conditions: list[str]


class _File:
    """One file while it is read."""

    def __init__(self, reader: _Reader, name: str, outer: tuple[str, ...]) -> None:
        self.reader = reader
        self.name = name
        self.blocks = [_Block("file", list(outer))]
        self.symbol: Symbol | None = None
        self.own: list[str] = []
        self.open_block = False

    def read(self, text: str) -> None:
        for line in _statements(text):
            self.statement(line)
        self.close()

    def conditions(self) -> list[str]:
        return [condition for block in self.blocks for condition in block.conditions]

    def close(self) -> None:
        """The entry that was being read ends: its dependencies are known now."""
        if self.symbol is not None:
            depends = _join([*self.conditions(), *self.own])
            if depends not in self.symbol.depends:
                self.symbol.depends.append(depends)
        self.symbol = None
        self.own = []

    def statement(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if match := _ENTRY.match(line):
            self.close()
            self.open_block = False
            self.symbol = self.reader.symbol(match[1], self.name)
        elif word in {"menu", "choice", "if", "comment"}:
            self.close()
            self.open_block = word in {"menu", "choice"}
            if word != "comment":
                self.blocks.append(_Block(word, [rest] if word == "if" else []))
        elif word in {"endmenu", "endchoice", "endif"}:
            self.close()
            self.open_block = False
            if len(self.blocks) > 1:
                self.blocks.pop()
        elif match := _SOURCE.match(line):
            self.close()
            self.open_block = False
            self.reader.file(match[1].strip(), tuple(self.conditions()))
        elif word == "depends" and rest.startswith("on "):
            self.depends(rest.removeprefix("on ").strip())
        elif self.symbol is not None:
            self.attribute(self.symbol, word, rest)

    def depends(self, condition: str) -> None:
        condition, reverse = (part.strip() for part in (*_IF.split(condition, maxsplit=1), "")[:2])
        if reverse:  # "depends on A if B": A counts only where B holds
            condition = f"!({reverse}) || {condition}"
        if self.symbol is not None:
            self.own.append(condition)
        elif self.open_block:
            self.blocks[-1].conditions.append(condition)

    def attribute(self, symbol: Symbol, word: str, rest: str) -> None:
        if word in _TYPES:
            symbol.type = symbol.type or word
            if rest.startswith(('"', "'")):
                self.prompted(symbol, rest)
        elif word in {"def_bool", "def_tristate"}:
            symbol.type = symbol.type or word.removeprefix("def_")
            symbol.defaults.append(self.pair(rest))
        elif word == "prompt":
            self.prompted(symbol, rest)
        elif word == "default":
            symbol.defaults.append(self.pair(rest))
        elif word == "select":
            symbol.selects.append(self.pair(rest))
        elif word == "imply":
            symbol.implies.append(self.pair(rest))

    @staticmethod
    def prompted(symbol: Symbol, rest: str) -> None:
        """Take a prompt, and the condition behind its text."""
        symbol.prompt = True
        condition = _PROMPT.sub("", rest, count=1).strip()
        symbol.prompt_if.append(condition.removeprefix("if ").strip() if condition.startswith("if ") else "")

    @staticmethod
    def pair(rest: str) -> tuple[str, str]:
        value, _, condition = rest.partition(" if ")
        return value.strip(), condition.strip()


def _statements(text: str) -> Iterator[str]:
    """Lines with comments, continuations and help texts taken out."""
    help_indent: int | None = None
    waiting = False
    for line in text.replace("\\\n", " ").expandtabs().splitlines():
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if waiting and stripped:
            waiting = False
            help_indent = indent or None
        if help_indent is not None:
            if not stripped or indent >= help_indent:
                continue
            help_indent = None
        if stripped in {"help", "---help---"}:
            waiting = True
        elif stripped and not stripped.startswith("#"):
            comment = stripped.find(" #")
            yield (stripped[:comment] if comment > 0 and '"' not in stripped[comment:] else stripped).strip()
