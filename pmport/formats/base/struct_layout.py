"""Writing what ``construct`` declares over bytes that are there, with errors that name the field."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pmport.errors import FormatError

__all__ = ["encode_over", "members"]


def members(declaration: Any) -> tuple[tuple[str, int], ...]:
    """The fields of a declaration.

    Args:
        declaration: A compiled ``construct`` struct of fixed size.

    Returns:
        ``(name, size in bytes)``.
    """
    return tuple((member.name, member.sizeof()) for member in declaration.defersubcon.subcons)


def encode_over(declaration: Any, values: Mapping[str, object], page: bytes, format: str) -> bytes:
    """Write fields over a page, so that what stands behind them stays.

    Args:
        declaration: A compiled ``construct`` struct of fixed size.
        values: Field → number, or bytes that are filled up with zeros.
        page: What the fields are written over; may be empty.
        format: The format's name, for errors.

    Returns:
        The page; at least as long as the fields.

    Raises:
        FormatError: If a value does not fit its field.
    """
    fitting: dict[str, object] = {}
    for name, size in members(declaration):
        value = values.get(name)
        if isinstance(value, int) and not 0 <= value < 1 << 8 * size:
            raise FormatError(f"{value:#x} does not fit {8 * size} bits", format=format, field=name)
        if isinstance(value, bytes):
            if len(value) > size:
                raise FormatError(f"{len(value)} bytes do not fit {size}", format=format, field=name)
            value = value.ljust(size, b"\0")
        if value is not None:
            fitting[name] = value
    try:
        written: bytes = declaration.build(fitting)
    except (struct.error, KeyError, TypeError, ValueError) as error:  # what compiled declarations raise
        raise FormatError(f"A value is missing, or of another type: {error}", format=format) from None
    return written + page[len(written) :]
