"""Text between the double quotes of a shell script, as APKBUILDs and deviceinfos hold it."""

from __future__ import annotations

__all__ = ["quoted"]

SPECIAL = frozenset('"$`\\')
"""What a shell reads between double quotes; POSIX.1-2017, Shell Command Language, 2.2.3."""


def quoted(text: str) -> str:
    r"""A text so that a shell reads it back between double quotes.

    Args:
        text: The text.

    Returns:
        The text with a backslash before each special character.

    Example:
        >>> print(quoted('13" $HOME'))
        13\" \$HOME
    """
    return "".join(f"\\{char}" if char in SPECIAL else char for char in text)
