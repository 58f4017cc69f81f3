"""What a caller gives to a builder, held against what the format's field can hold."""

from __future__ import annotations

from pmport.errors import FormatError

__all__ = ["number", "text"]

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


def text(value: object, field: str, format: str, *, most: int | None = None) -> bytes:
    """Text that fits its field.

    Args:
        value: What was given.
        field: The field's name, for the error.
        format: The format's name, for the error.
        most: The bytes that the field holds; None: any number.

    Returns:
        Its bytes; those that are no UTF-8 as they were read (``surrogateescape``).

    Raises:
        FormatError: If it is no text, cannot be written, or is too long.

    Example:
        >>> text("sc8830", "name", "SPRD", most=8)
        b'sc8830'
    """
    try:
        raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else None
    except UnicodeEncodeError:
        raw = None
    if raw is None or (most is not None and len(raw) > most):
        long = f"longer than {most} bytes" if raw is not None else "no text that can be written"
        raise FormatError(f"{field} is {long}: {str(value)[:40]!r}", format=format, field=field)
    return raw
