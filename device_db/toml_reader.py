"""From TOML to the schema's dataclasses, strictly: an unknown key or a wrong type is an error that names the file."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from pmport.errors import RecordError

__all__ = ["read_toml"]

T = TypeVar("T")


def read_toml(kind: type[T], text: str, file: str = "") -> T:
    """Read a record.

    Args:
        kind: The dataclass.
        text: The TOML text.
        file: Its name, for errors.

    Returns:
        The value.

    Raises:
        RecordError: For a syntax error, an unknown or missing key, or a value of the wrong type.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecordError(f"It is no TOML: {error}", file=file) from None
    value: T = _value(kind, table, file, "")
    return value


@cache
def _types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _value(kind: Any, value: Any, file: str, key: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, value, file, key)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return _value(next(item for item in arguments if item is not types.NoneType), value, file, key)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, file, f"{key}[{index}]") for index, item in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        return {name: _value(arguments[1], item, file, f"{key}.{name}") for name, item in value.items()}
    if origin is None and type(value) is kind:
        return value
    wanted = {tuple: "a list", Mapping: "a table"}.get(origin) if origin else getattr(kind, "__name__", str(kind))
    raise RecordError(f"{value!r} is not {wanted}", file=file, key=key)


def _dataclass(kind: type, table: Any, file: str, key: str) -> Any:
    if not isinstance(table, dict):
        raise RecordError(f"{table!r} is not a table", file=file, key=key)
    known = _types(kind)
    for name in table:
        if name not in known:
            from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

            near = get_close_matches(name, known)
            raise RecordError(
                "There is no such key", file=file, key=f"{key}.{name}".lstrip("."),
                remedy=f"Did you mean {' or '.join(near)}?" if near else "EXAMPLE.toml explains all keys",
            )  # fmt: skip
    for item in fields(kind):
        if item.name not in table and not _has_default(item):
            raise RecordError("The key is missing", file=file, key=f"{key}.{item.name}".lstrip("."))
    given = {name: _value(known[name], value, file, f"{key}.{name}".lstrip(".")) for name, value in table.items()}
    return kind(**given)


def _has_default(item: Any) -> bool:
    return item.default is not MISSING or item.default_factory is not MISSING
