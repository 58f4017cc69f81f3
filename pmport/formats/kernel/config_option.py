"""One option of a kernel configuration: its name, its text, and the value that the text means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Kind", "Option", "Value", "unquoted"]


class Kind(StrEnum):
    """Of which type a value is, as far as a configuration itself tells."""

    BOOL = "bool"
    """``y`` or not set; the option may as well be a tristate: only its Kconfig entry tells."""
    TRISTATE = "tristate"
    """``m``: a module."""
    STRING = "string"
    INT = "int"
    HEX = "hex"


Value: TypeAlias = bool | str | int
"""``True`` for y, ``"m"`` for a module, ``False`` for not set; a string without its quotes; a number."""


@dataclass(frozen=True, slots=True)
class Option:
    r"""One option of a configuration.

    Args:
        name: Without ``CONFIG_``.
        text: The value as it is written: ``y``, ``m``, ``n`` for *not set*, ``"quoted"``, ``42``, ``0x1f``.

    Example:
        >>> Option("CMDLINE", r'"a \"b\""').value
        'a "b"'
        >>> Option("PANIC_TIMEOUT", "-5").value, Option("USB", "m").value, Option("USB", "n").value
        (-5, 'm', False)
    """

    name: str
    text: str

    @property
    def kind(self) -> Kind:
        """Of which type the value is."""
        if self.text in {"y", "n"}:
            return Kind.BOOL
        if self.text == "m":
            return Kind.TRISTATE
        if self.text.startswith(("0x", "0X")):
            return Kind.HEX
        return Kind.INT if re.fullmatch(r"-?\d+", self.text) else Kind.STRING

    @property
    def value(self) -> Value:
        """The value with its type."""
        match self.kind:
            case Kind.BOOL:
                return self.text == "y"
            case Kind.TRISTATE:
                return "m"
            case Kind.INT:
                return int(self.text)
            case Kind.HEX:
                return int(self.text, 16)
            case Kind.STRING:
                return unquoted(self.text)

    @property
    def line(self) -> str:
        """The line that states it, as the kernel writes it."""
        return f"# CONFIG_{self.name} is not set" if self.text == "n" else f"CONFIG_{self.name}={self.text}"


def unquoted(text: str) -> str:
    """A string value without its quotes.

    Args:
        text: As it stands behind ``=``.

    Returns:
        The string; a backslash takes the next character as it is.
    """
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
