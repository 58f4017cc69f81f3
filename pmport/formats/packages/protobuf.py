r"""Protocol buffers, as far as update payloads use them: field numbers, variable-length numbers, byte strings.

The wire format is that of https://protobuf.dev/programming-guides/encoding. Names and types are the reader's business.

Example:
    >>> read_fields(b"\x08\x96\x01\x12\x02hi")
    {1: [150], 2: [b'hi']}
"""

from __future__ import annotations

from collections.abc import Mapping

from pmport.errors import FormatError

__all__ = ["last_bytes", "last_number", "read_fields"]

VARIABLE, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
LONGEST = 10
"""A number of 64 bits takes ten bytes at most."""


def read_fields(data: bytes, offset: int = 0, format: str = "protocol buffer") -> dict[int, list[int | bytes]]:
    """The fields of a message.

    Args:
        data: The message.
        offset: Where it stands in the file, for errors.
        format: What it is, for errors.

    Returns:
        Field number → its values, in order.

    Raises:
        FormatError: If it is cut short, or no message.
    """
    found: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(data):
        key, at = _number(data, at, offset, format)
        kind, value = key & 7, 0
        item: int | bytes
        if kind == VARIABLE:
            item, at = _number(data, at, offset, format)
        elif kind in {FIXED_64, FIXED_32, BYTES}:
            if kind == BYTES:
                value, at = _number(data, at, offset, format)
            size = {FIXED_64: 8, FIXED_32: 4}.get(kind, value)
            if at + size > len(data):
                raise FormatError(
                    f"A field of {size} bytes is cut short", format=format, field=str(key >> 3), offset=offset + at
                )
            item = data[at : at + size] if kind == BYTES else int.from_bytes(data[at : at + size], "little")
            at += size
        else:
            raise FormatError(f"A field has the kind {kind}", format=format, field=str(key >> 3), offset=offset + at)
        found.setdefault(key >> 3, []).append(item)
    return found


def _number(data: bytes, at: int, offset: int, format: str) -> tuple[int, int]:
    value = 0
    for position in range(LONGEST):
        if at + position >= len(data):
            break
        byte = data[at + position]
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value, at + position + 1
    raise FormatError("A number has no end", format=format, field="varint", offset=offset + at)


def last_bytes(fields: Mapping[int, list[int | bytes]], number: int, default: bytes) -> bytes:
    """The last value of a field of bytes, which is the one that counts.

    Args:
        fields: The message.
        number: The field.
        default: What stands for an absent one.

    Returns:
        The value.
    """
    values = [value for value in fields.get(number, ()) if isinstance(value, bytes)]
    return values[-1] if values else default


def last_number(fields: Mapping[int, list[int | bytes]], number: int, default: int) -> int:
    """The last value of a field of numbers.

    Args:
        fields: The message.
        number: The field.
        default: What stands for an absent one.

    Returns:
        The value.
    """
    values = [value for value in fields.get(number, ()) if isinstance(value, int)]
    return values[-1] if values else default
