"""Reads files of rules, and knows their lines. What is not understood becomes a finding, and the rest is used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pmport.errors import RecordError
from pmport.findings import Finding, Severity
from pmport.kernels.rule import KNOWN_ARCHES, PREFIX, Rule, Wanted, contradict, contradiction, overlap
from pmport.kernels.versions import CONDITIONS, is_version

__all__ = ["Read", "read_rules"]

Read: TypeAlias = tuple[tuple[Rule, ...], dict[str, tuple[str, ...]], tuple[Finding, ...]]
"""Rules, aliases, findings."""


def read_rules(text: str, name: str, *, strict: bool) -> Read:
    """Read a file of rules.

    Args:
        text: TOML.
        name: The file's name, for errors and findings.
        strict: Take every mistake for an error.

    Returns:
        The rules, the aliases, and what was not understood.

    Raises:
        RecordError: If the TOML is broken; with ``strict`` at the first mistake.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else None
        raise RecordError(f"This is no TOML: {error}", file=name, line=line) from error
    return _Reader(text, name, strict=strict).read(document)


class _Reader:
    """Reads one document, and knows the lines of its text."""

    def __init__(self, text: str, name: str, *, strict: bool) -> None:
        self.lines = text.splitlines()
        self.name = name
        self.strict = strict
        self.findings: list[Finding] = []
        self.first: RecordError | None = None

    def read(self, document: Mapping[str, Any]) -> Read:
        rules = [rule for key, table in document.items() if key != "aliases" for rule in self._category(key, table)]
        kept = self._without_contradictions(rules)
        known = {category for rule in kept for category in rule.categories}
        aliases = dict(self._aliases(document.get("aliases", {}), known))
        if self.first is not None and not kept:
            raise self.first  # there is no rest that could be used
        return kept, aliases, tuple(self.findings)

    def _mistake(self, what: str, key: str, line: int = 0, remedy: str = "") -> None:
        """Note something that is not understood."""
        self._note(
            RecordError(
                what,
                file=self.name,
                key=key,
                line=line or self._line(f'"{key}"') or self._line(key) or None,
                remedy=remedy,
            ),
            what,
            remedy,
        )

    def _note(self, error: RecordError, what: str, remedy: str = "") -> None:
        if self.strict:
            raise error
        where = f"{self.name}:{error.line}" if error.line else self.name
        message = f"{what[:1].upper()}{what[1:]}: this is left out"
        self.findings.append(Finding(Severity.WARNING, "rule-not-understood", message, where=where, fix=remedy))
        self.first = self.first or error

    def _line(self, *words: str, start: int = 0) -> int:
        """The first line from ``start`` on that holds all the words, counted from 1; 0: none."""
        for number, line in enumerate(self.lines[start:], start + 1):
            if all(word in line for word in words):
                return number
        return 0

    def _key_line(self, key: str, start: int = 0) -> int:
        """The first line from ``start`` on that gives a value to a key, counted from 1; 0: none."""
        wanted = re.compile(rf'\s*"?{re.escape(key)}"?\s*=')
        for number, line in enumerate(self.lines[start:], start + 1):
            if wanted.match(line):
                return number
        return 0

    def _aliases(self, table: object, known: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        if not isinstance(table, Mapping):
            self._mistake("aliases is no table", "aliases")
            return
        for alias, members in table.items():
            line = self._key_line(alias)
            if not isinstance(members, list) or not all(str(m).startswith(PREFIX) for m in members):
                self._mistake(f"an alias is a list of words that begin with {PREFIX}", alias, line)
                continue
            names = [str(member).removeprefix(PREFIX) for member in members]
            for name in names:
                if name not in known:
                    self._mistake(f"the alias names a category {name!r} that has no rules", alias, line)
            yield alias, tuple(name for name in names if name in known)

    def _category(self, key: str, versions: object) -> Iterator[Rule]:
        words = key.split()
        if not words or not all(word.startswith(PREFIX) and len(word) > len(PREFIX) for word in words):
            what = f"a section is named by words that begin with {PREFIX}, not {key!r}"
            self._mistake(what, key, remedy="or [aliases]")
            return
        categories = tuple(word.removeprefix(PREFIX) for word in words)
        for span, arches in self._table(versions, key, "a version range").items():
            conditions = tuple(span.split())
            bad = [condition for condition in conditions if not _is_condition(condition)]
            if bad or not conditions:
                self._mistake(f"{(bad or [span])[0]!r} is no condition such as >=6.1 or <6.2_rc1", span)
                continue
            for names, options in self._table(arches, span, "architectures").items():
                if table := self._table(options, names, "options"):
                    yield from self._section(categories, conditions, names, table, key, span)

    def _table(self, value: object, key: str, what: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self._mistake(f"{what} must follow here, in three keys: category, version range, architectures", key)
        return {}

    def _section(
        self,
        categories: tuple[str, ...],
        versions: tuple[str, ...],
        names: str,
        options: Mapping[str, Any],
        key: str,
        span: str,
    ) -> Iterator[Rule]:
        header = self._line(f'"{key}"', f'"{span}"', f'"{names}"')
        arches = self._arches(names, header)
        if arches == ():
            return
        line = header
        for option, value in options.items():
            line = self._key_line(option, line) or line
            wanted = self._wanted(option, value, line)
            if wanted is not None:
                yield Rule(categories, versions, arches, option, wanted, line)

    def _arches(self, names: str, line: int) -> tuple[str, ...] | None:
        """Architectures as APKBUILDs list them: names, or all (also ``noarch``), less those with an exclamation mark."""
        words = names.split()
        everywhere = words[:1] in (["all"], ["noarch"])
        listed = words[everywhere:]
        for word in listed or [] if words else [names]:
            if word.removeprefix("!") not in KNOWN_ARCHES:
                self._mistake(f"unknown architecture {word!r}", names, line, "use Alpine's names, or all")
        listed = [word for word in listed if word.removeprefix("!") in KNOWN_ARCHES]
        if everywhere and not listed:
            return None
        found = dict.fromkeys(sorted(KNOWN_ARCHES) if everywhere else ())
        for word in listed:
            if word.startswith("!"):
                found.pop(word[1:], None)
            else:
                found[word] = None
        return tuple(found)

    def _wanted(self, option: str, value: object, line: int) -> Wanted | None:
        if not option.replace("_", "").isalnum():
            self._mistake(f"{option!r} is no name of an option", option, line)
            return None
        if isinstance(value, (bool, str)):
            return value
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return tuple(value)
        if isinstance(value, int):
            return str(value)
        remedy = 'values are "y", "m", "n", a string or a list of strings'
        self._mistake(f"{value!r} is no value of a rule", option, line, remedy)
        return None

    def _without_contradictions(self, rules: list[Rule]) -> tuple[Rule, ...]:
        """The rules without those that contradict an earlier one of their category."""
        seen: dict[str, list[Rule]] = {}
        kept = []
        for rule in rules:
            others = seen.setdefault(rule.option, [])
            against = next((other for other in others if _of_one_category(rule, other) and _clash(rule, other)), None)
            if against is None:
                others.append(rule)
                kept.append(rule)
            else:
                error = contradiction(rule, against, self.name)
                self._note(error, f"{rule.option} contradicts line {against.line}, which wants it {against.wants}")
        return tuple(kept)


def _is_condition(condition: str) -> bool:
    operator = next((o for o in CONDITIONS if condition.startswith(o)), "")
    return bool(operator) and is_version(condition[len(operator) :])


def _of_one_category(a: Rule, b: Rule) -> bool:
    return set(a.categories) <= set(b.categories) or set(b.categories) <= set(a.categories)


def _clash(a: Rule, b: Rule) -> bool:
    return contradict(a, b) and overlap(a, b)
