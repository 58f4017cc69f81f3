"""The preprocessor's part of reading C sources: macros, and the ``#if`` blocks that a symbol of Kconfig guards.

This is no preprocessor: macros are expanded only inside of tables, and of conditions only those count that symbols of
Kconfig decide alone. What cannot be told guards nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["STRING", "Guarded", "Macros", "arguments", "guarded", "without_comments"]

STRING = r'"(?:[^"\\\n]|\\.)*"'
"""A string literal of C, as a regular expression."""
NEVER = "0"
"""Stands for ``#if 0`` among guards."""

_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"\w])//[^\n]*", re.DOTALL)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?[ \t]*([^\n]*)$", re.MULTILINE)
_TOKEN = re.compile(rf"({STRING})|(#?[A-Za-z_]\w*)")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else|endif)\b([^\n]*)", re.MULTILINE)
_CONDITION = re.compile(r"(?:defined|IS_ENABLED|IS_REACHABLE|IS_BUILTIN)\s*\(?\s*CONFIG_(\w+)\s*\)?|CONFIG_(\w+)")
_DEEPEST = 5


def without_comments(data: bytes) -> str:
    """A source as text, comments blank and continued lines joined.

    Args:
        data: The file's bytes.

    Returns:
        Its text.
    """
    text = data.decode("utf-8", "replace")
    if "/*" in text or "//" in text:
        text = _COMMENT.sub(" ", text)
    return text.replace("\\\n", " ")


def arguments(text: str) -> list[str]:
    """The arguments of a call: split at commas outside of strings and brackets.

    Args:
        text: What stands between the call's brackets.

    Returns:
        One text for each, as written.

    Example:
        >>> arguments('"a,b", f(1, 2), x')
        ['"a,b"', ' f(1, 2)', ' x']
    """
    parts, depth, start, inside = [], 0, 0, False
    for place, char in enumerate(text):
        if char == '"' and (place == 0 or text[place - 1] != "\\"):
            inside = not inside
        elif not inside and char in "([{":
            depth += 1
        elif not inside and char in ")]}":
            depth -= 1
        elif char == "," and not inside and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


@dataclass(slots=True)
class Macros:
    """The macros of one file, and of the headers that it includes.

    Args:
        plain: Name → body.
        calls: Name → parameters and body.
    """

    plain: dict[str, str] = field(default_factory=dict)
    calls: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Macros:
        """The macros that a file defines.

        Args:
            text: Its text, without comments.

        Returns:
            The macros; of several definitions the last one counts.
        """
        macros = cls()
        for name, parameters, body in _DEFINE.findall(text):
            if parameters:
                names = tuple(part.strip() for part in parameters[1:-1].split(","))
                macros.calls[name] = (names, body)
            else:
                macros.plain[name] = body
        return macros

    def over(self, other: Macros) -> Macros:
        """These macros, and those of a header where these have none of that name.

        Args:
            other: The header's.

        Returns:
            Both.
        """
        return Macros({**other.plain, **self.plain}, {**other.calls, **self.calls})

    def string(self, expression: str, depth: int = 0) -> str:
        """The string that literals and macros side by side give.

        Args:
            expression: As written.
            depth: How many macros it went through.

        Returns:
            The string; empty where it cannot be told.
        """
        result = ""
        for literal, name in _TOKEN.findall(expression):
            if literal:
                result += literal[1:-1]
            elif name in self.plain and depth < _DEEPEST:
                result += self.string(self.plain[name], depth + 1)
            else:
                return ""
        return result

    def expanded(self, text: str, depth: int = 0) -> str:
        """A piece of a file with its macro calls, and the plain macros that hold braces, put in.

        Args:
            text: The piece.
            depth: How many macros it went through.

        Returns:
            The piece as the compiler would see it, as far as tables of devices need it.
        """
        if depth >= _DEEPEST:
            return text
        parts, place = [], 0
        for match in _CALL.finditer(text):
            if match.start() < place or match[1] not in self.calls:
                continue
            end = _closing(text, match.end())
            if end < 0:
                break
            parts.append(text[place : match.start()])
            parts.append(self.expanded(self._called(match[1], text[match.end() : end]), depth + 1))
            place = end + 1
        whole = "".join([*parts, text[place:]])
        for name in set(re.findall(r"\b[A-Z_][A-Z0-9_]{3,}\b", whole)):
            if "{" in self.plain.get(name, ""):
                whole = re.sub(rf"\b{name}\b", self._literal(self.expanded(self.plain[name], depth + 1)), whole)
        return whole

    @staticmethod
    def _literal(text: str) -> str:
        """A text that stands for itself in a replacement."""
        return text.replace("\\", "\\\\")

    def _called(self, name: str, text: str) -> str:
        parameters, body = self.calls[name]
        values = dict(zip(parameters, (part.strip() for part in arguments(text)), strict=False))
        if parameters[-1:] == ("...",):
            values["__VA_ARGS__"] = ",".join(arguments(text)[len(parameters) - 1 :])
        body = re.sub(r"(?<!#)#\s*(\w+)", lambda match: f'"{values.get(match[1], "")}"', body)
        body = re.sub(rf"{STRING}|\b\w+\b", lambda match: values.get(match[0], match[0]), body)
        return re.sub(r"\s*##\s*", "", body)


def _closing(text: str, start: int) -> int:
    """Where the bracket closes that opened right before a place; -1: nowhere."""
    depth, inside = 1, False
    for place in range(start, len(text)):
        char = text[place]
        if char == '"' and text[place - 1] != "\\":
            inside = not inside
        elif not inside and char == "(":
            depth += 1
        elif not inside and char == ")":
            depth -= 1
            if not depth:
                return place
    return -1


@dataclass(frozen=True, slots=True)
class Guarded:
    """A piece of a file that is compiled only with some symbols.

    Args:
        start: Where it begins.
        end: Where it ends.
        symbols: What must be on, without ``CONFIG_``; :data:`NEVER`: it never is.
    """

    start: int
    end: int
    symbols: frozenset[str]


def guarded(text: str) -> list[Guarded]:
    r"""The pieces of a file that symbols of Kconfig guard.

    Args:
        text: Its text, without comments.

    Returns:
        The pieces, inner ones as well as outer ones.

    Example:
        >>> [piece.symbols for piece in guarded("#ifdef CONFIG_USB\nx\n#else\ny\n#endif\n")]
        [frozenset({'USB'})]
    """
    found: list[Guarded] = []
    stack: list[tuple[int, frozenset[str]]] = []
    for match in _DIRECTIVE.finditer(text):
        word, rest = match[1], match[2].strip()
        if word in {"elif", "else", "endif"} and stack:
            start, symbols = stack.pop()
            if symbols:
                found.append(Guarded(start, match.start(), symbols))
        if word in {"if", "ifdef", "elif"}:
            stack.append((match.end(), _symbols(rest)))
        elif word in {"ifndef", "else"}:
            stack.append((match.end(), frozenset()))
    return found


def _symbols(condition: str) -> frozenset[str]:
    """The symbols that must all be on; none where the condition is not that simple."""
    if condition == "0":
        return frozenset({NEVER})
    if "||" in condition or "!" in condition:
        return frozenset()
    names = {first or second for first, second in _CONDITION.findall(condition)}
    return frozenset(name.removesuffix("_MODULE") for name in names) - {"OF", "MODULES"}
