"""From the schema's dataclasses to TOML: what is not said is left out, addresses are hexadecimal, order is the schema's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

__all__ = ["dotted", "to_toml"]

HEX_TABLES = {"addresses": 8, "usb": 4}
"""Tables whose numbers are written in hexadecimal, and how many digits they have at least."""
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
LONG = 100


def to_toml(record: Any) -> str:
    """Write a record.

    Args:
        record: A :class:`~pmport.device_db.Device` or a :class:`~pmport.device_db.Soc`.

    Returns:
        The text of its file.

    Example:
        >>> from pmport.device_db import Addresses, Boot, Device
        >>> print(to_toml(Device("nokia-argon", boot=Boot(addresses=Addresses(kernel=0x8000)))), end="")
        codename = "nokia-argon"
        <BLANKLINE>
        [boot.addresses]
        kernel = 0x00008000
    """
    return "\n".join(_table(record, "")).lstrip("\n") + "\n"


def dotted(record: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Everything that a record says.

    Args:
        record: The record.
        path: The path of the record in another one.

    Yields:
        ``(dotted key, value as TOML)``.
    """
    for name, value in _said(record):
        key = f"{path}.{name}".lstrip(".")
        if _is_table(value):
            yield from dotted(value, key)
        elif _is_tables(value):
            for index, item in enumerate(value):
                yield from dotted(item, f"{key}[{index}]")
        else:
            yield key, _scalar(value, path)


def _said(record: Any) -> list[tuple[str, Any]]:
    if isinstance(record, Mapping):
        return list(record.items())
    said = []
    for item in fields(record):
        default = item.default if item.default is not MISSING else None
        if item.default_factory is not MISSING:
            default = item.default_factory()
        value = getattr(record, item.name)
        if value != default or default is MISSING:
            said.append((item.name, value))
    return said


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or is_dataclass(value)


def _is_tables(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and is_dataclass(value[0])


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else json.dumps(name)


def _table(record: Any, path: str) -> Iterator[str]:
    said = _said(record)
    plain = [(name, value) for name, value in said if not _is_table(value) and not _is_tables(value)]
    if path and (plain or not said):
        yield ""
        yield f"[{path}]"
    for name, value in plain:
        yield f"{_key(name)} = {_scalar(value, path)}"
    for name, value in said:
        inner = f"{path}.{_key(name)}".lstrip(".")
        if _is_table(value):
            yield from _table(value, inner)
        elif _is_tables(value):
            for item in value:
                yield ""
                yield f"[[{inner}]]"
                yield from (f"{_key(key)} = {_scalar(entry, inner)}" for key, entry in _said(item))


def _scalar(value: Any, path: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        digits = HEX_TABLES.get(path.rpartition(".")[2])
        return f"0x{value:0{digits}x}" if digits else str(value)
    if isinstance(value, tuple):
        items = [_scalar(item, path) for item in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= LONG else "[\n" + "".join(f"  {item},\n" for item in items) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
