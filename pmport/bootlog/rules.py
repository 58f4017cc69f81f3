"""The rules: what a line of a kernel's log means. They are data, in ``rules.toml`` beside this module.

Example:
    >>> table = load_rules()
    >>> next(rule.severity.value for rule in table.rules if rule.id == "serror")
    'error'
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pmport.errors import RecordError
from pmport.findings import Severity

__all__ = ["Milestone", "Rule", "Rules", "load_rules", "parse_rules"]

KINDS = ("trouble", "noise")
EVERY_ERROR = "*error"
"""In ``follows``: every rule of severity error."""
SAME_DEVICE = "*device"
"""In ``follows``: every rule that told an error or a warning of the same device."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        id: Its name, for scripts.
        kind: ``trouble``, or ``noise``.
        severity: How bad it is.
        contains: Pieces of text of which every such line has one.
        pattern: Searched in the text of the line.
        says: What is told, with the pattern's groups in braces.
        cause: Why, usually on a phone.
        source: Where it is written.
        example: A real line.
        remedy: What to try.
        config: Symbols that have to do with it, without ``CONFIG_``.
        follows: Rules of which it is only the consequence.
        unless: A line behind it that fits shows that it came right.
        crash: Whether the lines behind it name a place.
    """

    id: str
    kind: str
    severity: Severity
    contains: tuple[str, ...]
    pattern: re.Pattern[str]
    says: str
    cause: str
    source: str
    example: str
    remedy: str = ""
    config: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    crash: bool = False

    def fields(self, match: re.Match[str]) -> dict[str, str]:
        """What a line names; of ``error`` and ``error2``, the one that is there.

        Args:
            match: A match of the pattern.

        Returns:
            Name → text.
        """
        return {name.rstrip("0123456789"): text for name, text in match.groupdict().items() if text is not None}


@dataclass(frozen=True)
class Milestone:
    """How far a boot came.

    Args:
        name: What happens here.
        contains: Pieces of text of which every such line has one.
        pattern: Searched in the text of a line.
        next: What to try where nothing follows.
    """

    name: str
    contains: tuple[str, ...]
    pattern: re.Pattern[str]
    next: str


@dataclass(frozen=True)
class Rules:
    """The table.

    Args:
        rules: By rank.
        milestones: In the order of a boot.
        errno: Number → what it means to a driver.
    """

    rules: tuple[Rule, ...]
    milestones: tuple[Milestone, ...]
    errno: Mapping[int, str]


@lru_cache(maxsize=1)
def load_rules() -> Rules:
    """The rules that pmport brings.

    Returns:
        The table.
    """
    return parse_rules((files("pmport.bootlog") / "rules.toml").read_text(encoding="utf-8"), "rules.toml")


def parse_rules(text: str, name: str = "rules") -> Rules:
    """Read a table of rules.

    Args:
        text: TOML.
        name: The file's name, for errors.

    Returns:
        The table.

    Raises:
        RecordError: If it is no TOML, a key is missing, unknown or of the wrong kind, or a pattern is none.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecordError(f"This is no TOML: {error}", file=name) from error
    rules = tuple(_rule(row, name) for row in _rows(document, "rule", name))
    known = {rule.id for rule in rules}
    for rule in rules:
        unknown = [other for other in rule.follows if other not in known | {EVERY_ERROR, SAME_DEVICE}]
        if unknown or len(known) < len(rules):
            raise RecordError(f"The rule {rule.id} follows {unknown}, or an id comes twice", file=name)
    milestones = tuple(
        Milestone(
            str(row.get("name", "")),
            tuple(map(str, row.get("contains", ()))),
            _pattern(row, name),
            str(row.get("next", "")),
        )
        for row in _rows(document, "milestone", name)
    )
    try:
        errno = {int(number): str(meaning) for number, meaning in dict(document.get("errno", {})).items()}
    except (TypeError, ValueError) as error:
        raise RecordError(f"The table errno is wrong: {error}", file=name) from error
    return Rules(rules, milestones, errno)


def _rows(document: Mapping[str, Any], key: str, name: str) -> Iterator[Mapping[str, Any]]:
    rows = document.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordError(f"{key} is no list of tables", file=name)
    yield from rows


def _rule(row: Mapping[str, Any], name: str) -> Rule:
    values = dict(row)
    given = str(values.get("id", ""))
    try:
        values["severity"] = Severity(values["severity"])
        values["pattern"] = _pattern(row, name)
        if "unless" in values:
            values["unless"] = re.compile(values["unless"])
        for key in ("contains", "config", "follows"):
            values[key] = tuple(map(str, values.get(key, ())))
        rule = Rule(**values)
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise RecordError(f"The rule {given!r} is wrong: {error}", file=name) from error
    if rule.kind not in KINDS:
        raise RecordError(
            f"The rule {given!r} is of kind {rule.kind!r}", file=name, remedy=f"Write {' or '.join(KINDS)}"
        )
    return rule


def _pattern(row: Mapping[str, Any], name: str) -> re.Pattern[str]:
    try:
        return re.compile(str(row["pattern"]))
    except (KeyError, re.error) as error:
        raise RecordError(f"A pattern is missing or wrong: {error}", file=name) from error
