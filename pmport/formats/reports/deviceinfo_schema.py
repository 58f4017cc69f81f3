"""The schema of deviceinfo files, as pmaports keeps it; a newer one may hold what pmport does not know yet.

Source of the format: pmaports' ``deviceinfo_schema.toml``, schema version 0.1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, Self

from pmport.errors import RecordError
from pmport.findings import Finding, Severity

__all__ = ["INTERVAL", "Schema"]

TABLES = frozenset({"metadata", "variable", "rename"})
INTERVAL = re.compile(r"([\[(])(\d+), (\d+)([\])])")
"""An interval as mathematics writes it: a bracket counts its number in, a parenthesis does not."""


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


ATTRIBUTES: Mapping[str, Callable[[Any], bool]] = {
    "description": lambda value: isinstance(value, str),
    "default_value": lambda value: isinstance(value, (str, int, bool)),
    "datatype": lambda value: value in {"string", "boolean", "integer", "enumeration"},
    "fate": lambda value: value == "obsolete",
    "epitaph": lambda value: isinstance(value, str),
    "enum_values": _words,
    "integer_interval": lambda value: isinstance(value, str) and bool(INTERVAL.fullmatch(value)),
    "mandatory": lambda value: isinstance(value, bool),
    "allow_device_variant_suffix": lambda value: isinstance(value, bool),
    "behaviour_if_unset": lambda value: isinstance(value, str),
}
"""What a key may be described by, and which values are understood."""


@dataclass(frozen=True)
class Schema:
    """The keys that a deviceinfo may have.

    Args:
        variables: Key → its attributes, as the schema file has them.
        renamed: Old key → new key.
        findings: What could not be understood of the schema, each with its line; the rest counts.
    """

    variables: Mapping[str, Mapping[str, Any]]
    renamed: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @classmethod
    def parse(cls, text: str, file: str = "deviceinfo_schema.toml") -> Self:
        """Read a schema.

        Args:
            text: TOML, as in pmaports' ``deviceinfo_schema.toml``.
            file: Its name, for errors.

        Returns:
            The schema.

        Raises:
            RecordError: If it is no TOML, or has no variables; what else is odd is a finding.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecordError(f"It is no TOML: {error}", file=file) from None
        groups = table.get("variable")
        if not isinstance(groups, dict):
            raise RecordError("It describes no variable", file=file, key="variable")
        findings: list[Finding] = []
        variables = {
            name: _read_rules(name, rules, findings, text)
            for name, rules in _rows(groups, "variable", findings, text)
            if isinstance(rules, dict)
        }
        renamed = {}
        for old, new in _rows(table.get("rename", {}), "rename", findings, text):
            if isinstance(new, dict) and isinstance(new.get("new_name"), str):
                renamed[old] = new["new_name"]
            else:
                findings.append(_odd(f"rename.{old}", "it names no new key", text))
        findings += [_odd(name, "no such table is known", text) for name in table if name not in TABLES]
        return cls(variables, renamed, tuple(findings))

    @classmethod
    @lru_cache(maxsize=1)
    def shipped(cls) -> Schema:
        """The schema that comes with pmport.

        Returns:
            The schema.
        """
        return cls.parse((files(__package__) / "deviceinfo_schema.toml").read_text(encoding="utf-8"))

    @property
    def live(self) -> tuple[str, ...]:
        """Keys that are not obsolete."""
        return tuple(name for name, rules in self.variables.items() if rules.get("fate") != "obsolete")

    def rules_of(self, key: str) -> Mapping[str, Any] | None:
        """The attributes of a key, also with a variant's name behind it.

        Args:
            key: The key.

        Returns:
            Its attributes, or None.
        """
        if key in self.variables:
            return self.variables[key]
        for name, rules in self.variables.items():
            misspelled = f"bootimg_{key}" in self.variables
            if rules.get("allow_device_variant_suffix") and key.startswith(f"{name}_") and not misspelled:
                return rules
        return None

    def default(self, key: str) -> str | None:
        """What holds where a key is not set.

        Args:
            key: The key.

        Returns:
            The default as text, or None.
        """
        value = (self.variables.get(key) or {}).get("default_value")
        if value is None:
            return None
        return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(table: Any, name: str, findings: list[Finding], text: str) -> Iterator[tuple[str, Any]]:
    """The entries of all categories of a table."""
    for category, entries in table.items() if isinstance(table, dict) else ():
        if isinstance(entries, dict):
            yield from entries.items()
        else:
            findings.append(_odd(f"{name}.{category}", "it is no category of keys", text))


def _read_rules(key: str, rules: Mapping[str, Any], findings: list[Finding], text: str) -> Mapping[str, Any]:
    """The attributes of a key that are understood; the others are findings."""
    understood = {}
    for name, value in rules.items():
        if name not in ATTRIBUTES:
            findings.append(_odd(f"{key}.{name}", "no such attribute is known", text))
        elif not ATTRIBUTES[name](value):
            findings.append(_odd(f"{key}.{name}", f"{value!r} is not understood", text))
        else:
            understood[name] = value
    if understood.get("datatype") == "enumeration" and "enum_values" not in understood:
        findings.append(_odd(f"{key}.enum_values", "the enumeration lists no values", text))
        del understood["datatype"]
    return understood


def _odd(key: str, what: str, text: str) -> Finding:
    name = re.escape(key.partition(".")[0])
    lines = (number for number, line in enumerate(text.splitlines(), 1) if re.search(rf"\b{name}\b", line))
    where = f"line {line}, {key}" if (line := next(lines, 0)) else key
    return Finding(
        Severity.WARNING, "schema", f"The schema is not all understood: {what}", where=where,
        why="a newer schema may know more than pmport", fix="update pmport; the rest of the schema is used",
    )  # fmt: skip
