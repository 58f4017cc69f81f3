"""What a caller gives to a builder, held against what the format's field can hold."""

from __future__ import annotations

from pmport.errors import FormatError

__all__ = ["number"]

WORD = (1 << 32) - 1


def number(value: object, field: str, format: str, *, low: int = 0, high: int = WORD) -> int:
    """A number that fits its field.

    Args:
        value: What was given.
        field: The field's name, for the error.
        format: The format's name, for the error.
        low: The least that it may be.
        high: The most that it may be; without it, what 32 bits hold.

    Returns:
        The number.

    Raises:
        FormatError: If it is no number, or does not fit.

    Example:
        >>> number(2048, "page_size", "QCDT", low=1)
        2048
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise FormatError(
            f"{field} is {value!r}", format=format, field=field, remedy=f"Give a number from {low} to {high}"
        )
    return int(value)
