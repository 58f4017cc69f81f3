r"""Text that came from a phone, a file or a person: made fit to be shown, and read as a number only where it is one.

``int()`` takes ``"1_000"``, ``"-1"``, ``" 7 "`` and digits of every script; none of the protocols does. A terminal obeys
what it prints; a phone is not to be obeyed.

Example:
    >>> printable("done\x1b[2J\u202e")
    'done\\x1b[2J\\u202e'
    >>> decimal("512"), decimal("-1"), decimal("1_000"), c_number("0x200"), hexadecimal("0x200")
    (512, None, None, 512, 512)
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["c_number", "decimal", "hexadecimal", "printable"]

LONGEST = 20
"""Digits of the largest number of 64 bits."""
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories that a terminal obeys or hides: controls, formats (directions among them), line separators."""


def printable(text: str, *, keep: str = "\t") -> str:
    r"""Text without anything that a terminal would obey.

    Args:
        text: As it came.
        keep: Control characters that stay as they are.

    Returns:
        The text, in which control and format characters are escaped as Python writes them.

    Example:
        >>> printable("a\rb\n", keep="\n")
        'a\\x0db\n'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in keep or unicodedata.category(char) not in _UNSEEN else _escaped(ord(char)) for char in text
    )


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def decimal(text: str) -> int | None:
    """A number in decimal digits, and nothing else.

    Args:
        text: As it came.

    Returns:
        The number; None for signs, blanks, separators, other scripts, or more digits than 64 bits have.
    """
    return int(text) if re.fullmatch(rf"[0-9]{{1,{LONGEST}}}", text) else None


def hexadecimal(text: str) -> int | None:
    """A number in hexadecimal digits, with or without ``0x`` before them.

    Args:
        text: As it came.

    Returns:
        The number; None for anything else.
    """
    return int(text, 16) if re.fullmatch(r"(?:0[xX])?[0-9a-fA-F]{1,16}", text) else None


def c_number(text: str) -> int | None:
    """A number that is decimal unless ``0x`` stands before it.

    Args:
        text: As it came.

    Returns:
        The number; None for anything else.
    """
    return hexadecimal(text) if text[:2] in {"0x", "0X"} else decimal(text)
