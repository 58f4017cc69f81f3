"""Kconfig's tristate logic: evaluate ``depends on``, and tell which symbols keep an expression from being true.

``n < m < y``; ``&&`` is the smaller, ``||`` the larger, ``!`` turns around
(``Documentation/kbuild/kconfig-language.rst``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

__all__ = ["LEVELS", "blockers", "evaluate", "symbols_of"]

LEVELS = {"n": 0, "m": 1, "y": 2}
_TOKEN = re.compile(r'\s*(&&|\|\||!=|<=|>=|=|<|>|!|\(|\)|"[^"]*"|\'[^\']*\'|\$\((?:[^()]|\([^()]*\))*\)|[\w.+-]+)')

Lookup: TypeAlias = Callable[[str], str]
"""Symbol → its value as a configuration writes it; ``n`` where it is off or absent."""


@dataclass(frozen=True, slots=True)
class _Node:
    operator: str
    parts: tuple[_Node | str, ...]


@lru_cache(maxsize=65536)
def _parsed(text: str) -> _Node | str:
    tokens: list[str] = _TOKEN.findall(text)
    tokens.reverse()

    def disjunction() -> _Node | str:
        parts = [conjunction()]
        while tokens and tokens[-1] == "||":
            tokens.pop()
            parts.append(conjunction())
        return parts[0] if len(parts) == 1 else _Node("||", tuple(parts))

    def conjunction() -> _Node | str:
        parts = [term()]
        while tokens and tokens[-1] == "&&":
            tokens.pop()
            parts.append(term())
        return parts[0] if len(parts) == 1 else _Node("&&", tuple(parts))

    def term() -> _Node | str:
        word = tokens.pop() if tokens else "y"
        if word == "!":
            return _Node("!", (term(),))
        if word == "(":
            inner = disjunction()
            if tokens and tokens[-1] == ")":
                tokens.pop()
            return inner
        if tokens and tokens[-1] in {"=", "!=", "<", ">", "<=", ">="}:
            operator = tokens.pop()
            return _Node(operator, (word, tokens.pop() if tokens else ""))
        return word

    return disjunction()


def evaluate(text: str, lookup: Lookup) -> int:
    """The value of an expression.

    Args:
        text: In Kconfig's language; empty: y.
        lookup: Gives the values of symbols.

    Returns:
        0 for n, 1 for m, 2 for y. What only a compiler can tell (``$(…)``) counts as y.

    Example:
        >>> values = {"USB": "m", "PCI": "n"}
        >>> evaluate("USB && (PCI || !PCI)", lambda name: values.get(name, "n"))
        1
    """
    return _value(_parsed(text), lookup) if text else 2


def _word(word: str, lookup: Lookup) -> str:
    if word.startswith(("$", '"', "'")):
        return word.strip("\"'")
    return word if word in LEVELS or word[0].isdigit() else lookup(word)


def _value(node: _Node | str, lookup: Lookup) -> int:
    if isinstance(node, str):
        return 2 if node.startswith("$") else LEVELS.get(_word(node, lookup), 0)
    if node.operator == "&&":
        return min(_value(part, lookup) for part in node.parts)
    if node.operator == "||":
        return max(_value(part, lookup) for part in node.parts)
    if node.operator == "!":
        return 2 - _value(node.parts[0], lookup)
    left, right = (_word(str(part), lookup) for part in node.parts)
    return 2 if _compared(left, right, node.operator) else 0


def _compared(left: str, right: str, operator: str) -> bool:
    if operator in {"=", "!="}:
        return (left == right) == (operator == "=")
    try:
        a, b = int(left or "0", 0), int(right or "0", 0)
    except ValueError:
        return True
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]


def blockers(text: str, lookup: Lookup) -> tuple[str, ...]:
    """What would have to change for an expression that is n.

    Args:
        text: In Kconfig's language.
        lookup: Gives the values of symbols.

    Returns:
        Conditions: a symbol that is off, ``!NAME`` for one that must go, alternatives joined by ``" or "``; empty where
        the expression is not n.

    Example:
        >>> blockers("USB && (PCI || ACPI) && !EMBEDDED", lambda name: {"USB": "y", "EMBEDDED": "y"}.get(name, "n"))
        ('PCI or ACPI', '!EMBEDDED')
    """
    return tuple(dict.fromkeys(_blockers(_parsed(text), lookup))) if text else ()


def _blockers(node: _Node | str, lookup: Lookup) -> list[str]:
    if _value(node, lookup):
        return []
    if isinstance(node, str):
        return [node]
    if node.operator == "&&":
        return [found for part in node.parts for found in _blockers(part, lookup)]
    if node.operator == "||":
        return [" or ".join(" and ".join(_blockers(part, lookup)) for part in node.parts)]
    if node.operator == "!":
        return [f"!{_shown(node.parts[0])}"]
    return [f"{node.parts[0]}{node.operator}{node.parts[1]}"]


def _shown(node: _Node | str) -> str:
    if isinstance(node, str):
        return node
    if node.operator == "!":
        return f"!{_shown(node.parts[0])}"
    joined = f" {node.operator} ".join(_shown(part) for part in node.parts)
    return f"({joined})"


def symbols_of(text: str) -> tuple[str, ...]:
    """The symbols that an expression names.

    Args:
        text: In Kconfig's language.

    Returns:
        Each once, in order.

    Example:
        >>> symbols_of("USB && (PCI || !ACPI) && $(cc-option,-m)")
        ('USB', 'PCI', 'ACPI')
    """
    words = (token for token in _TOKEN.findall(text) if token[0].isalnum() or token[0] == "_")
    return tuple(dict.fromkeys(word for word in words if word not in LEVELS and not word[0].isdigit()))
