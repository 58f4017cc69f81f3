"""Rules that a kernel configuration has to meet, in the TOML format of pmaports' ``kconfigcheck.toml``.

A section is named by three keys, ``["category:NAME"."VERSION RANGE"."ARCHITECTURES"]``, and holds ``OPTION = value``:

- several ``category:`` words: the section counts only when all of them are asked for;
- a version range is conditions that must all hold, ``>=`` or ``<`` and a version in Alpine's grammar;
- architectures are ``all``, or Alpine's names;
- values are ``"y"``, ``"m"`` (on, this letter preferred), ``"n"`` (off), ``true`` and ``false`` (on, off), a list (each
  element must occur in the comma-separated string) or another string (must be equal).

``[aliases]`` names lists of categories. A file that pmaports ships can be loaded as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any, TypeAlias

from pmport.errors import RecordError
from pmport.kernels.versions import CONDITIONS, is_version, satisfies

__all__ = ["KNOWN_ARCHES", "RULE_SETS", "Rule", "RuleSet", "Wanted", "load_rules", "reasons"]

Wanted: TypeAlias = str | bool | tuple[str, ...]
"""What a rule wants: ``"y"``, ``"m"``, ``"n"``, a bool, another string, or elements of a list."""

KNOWN_ARCHES = frozenset(
    [
        "aarch64",
        "armel",
        "armhf",
        "armv7",
        "loongarch32",
        "loongarch64",
        "loongarchx32",
        "mips",
        "mips64",
        "mips64el",
        "mipsel",
        "ppc",
        "ppc64",
        "ppc64le",
        "riscv32",
        "riscv64",
        "s390x",
        "x86",
        "x86_64",
    ]
)
"""Architectures, as Alpine names them."""

RULE_SETS = {"postmarketos": "postmarketos.toml", "generic": "generic.toml"}
"""Name of a rule set → file in this room."""

PREFIX = "category:"


@dataclass(frozen=True)
class Rule:
    """One option that has to have a value.

    Args:
        categories: The rule counts when all of them are asked for.
        versions: Conditions on the kernel's version, such as ``>=6.1``; all must hold.
        arches: Alpine's names; None: all.
        option: Without ``CONFIG_``.
        wanted: The value.
        line: Line of the file, counted from 1; 0 where it is not known.
    """

    categories: tuple[str, ...]
    versions: tuple[str, ...]
    arches: tuple[str, ...] | None
    option: str
    wanted: Wanted
    line: int = field(default=0, compare=False)

    @property
    def category(self) -> str:
        """The categories, as one text."""
        return " + ".join(self.categories)

    @property
    def any_version(self) -> bool:
        """Whether every version satisfies the range."""
        return all(condition in {">=0", ">=0.0.0"} for condition in self.versions)

    def applies(self, version: str, arch: str, *, compat: bool = False) -> bool:
        """Whether it counts for a kernel.

        Args:
            version: In Alpine's grammar.
            arch: Alpine's name.
            compat: As for :func:`pmport.kernels.versions.compare`.

        Returns:
            True if version and architecture fit.
        """
        if self.arches is not None and arch not in self.arches:
            return False
        return all(satisfies(version, condition, compat=compat) for condition in self.versions)

    @property
    def value(self) -> str:
        """The value that meets it, as a configuration writes it, strings without quotes."""
        if isinstance(self.wanted, bool):
            return "y" if self.wanted else "n"
        return ",".join(self.wanted) if isinstance(self.wanted, tuple) else self.wanted

    @property
    def line_of_config(self) -> str:
        """The line of a configuration that meets it."""
        if self.value == "n":
            return f"# CONFIG_{self.option} is not set"
        plain = self.value in {"y", "m"} or self.value.isdigit()
        return f"CONFIG_{self.option}={self.value}" if plain else f'CONFIG_{self.option}="{self.value}"'

    @property
    def wants(self) -> str:
        """What it wants, as a person reads it."""
        if self.wanted in {"n", False}:
            return "off"
        if self.wanted in {"y", "m", True}:
            return "y or m" if self.wanted is True else f"on, preferably {self.wanted}"
        return f"with {', '.join(self.wanted)}" if isinstance(self.wanted, tuple) else f'"{self.wanted}"'


@dataclass(frozen=True)
class RuleSet:
    r"""The rules of one file.

    Args:
        rules: In the order of the file.
        aliases: Name → categories.
        name: The file, or what a person calls the set.

    Example:
        >>> text = '[aliases]\nall = ["category:a"]\n["category:a".">=6.1"."all"]\nUSB = "y"\n'
        >>> rules = RuleSet.parse(text)
        >>> rules.categories, [rule.option for rule in rules.select(["all"], version="6.2", arch="armv7")]
        (('a',), ['USB'])
    """

    rules: tuple[Rule, ...]
    aliases: Mapping[str, tuple[str, ...]]
    name: str = ""

    @classmethod
    def parse(cls, text: str, name: str = "") -> RuleSet:
        """Read a rule set.

        Args:
            text: TOML.
            name: The file's name, for errors.

        Returns:
            The rules.

        Raises:
            RecordError: If the TOML is broken, a key or value is none of the format, or two rules of one category
                contradict each other; with the line.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            line = int(place[1]) if place else None
            raise RecordError(f"this is no TOML: {error}", file=name, line=line) from error
        return _Reader(text, name).read(document)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Every category, in the order of the file."""
        return tuple(dict.fromkeys(category for rule in self.rules for category in rule.categories))

    def resolve(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Categories, aliases replaced by what they stand for.

        Args:
            wanted: Categories and aliases.

        Returns:
            Categories, each once.

        Raises:
            RecordError: If there is no such category.
        """
        found: dict[str, None] = {}
        for name in wanted:
            for category in self.aliases.get(name, (name,)):
                if category not in self.categories:
                    known = ", ".join((*self.aliases, *self.categories))
                    raise RecordError(f"there is no category {category!r}", file=self.name, remedy=f"known: {known}")
                found[category] = None
        return tuple(found)

    def select(self, categories: Iterable[str], *, version: str, arch: str, compat: bool = False) -> tuple[Rule, ...]:
        """The rules that count for a kernel.

        Args:
            categories: Categories and aliases.
            version: In Alpine's grammar.
            arch: Alpine's name; a name that is not known matches only rules for all.
            compat: As for :func:`pmport.kernels.versions.compare`.

        Returns:
            Rules, in the order of the file.

        Raises:
            RecordError: If there is no such category, or two of the rules contradict each other.
        """
        return self._selected(self.resolve(categories), version, arch, compat)

    def within(self, categories: Iterable[str]) -> tuple[Rule, ...]:
        """The rules of categories, for whatever version and architecture.

        Args:
            categories: Categories and aliases.

        Returns:
            Rules, in the order of the file.
        """
        asked = set(self.resolve(categories))
        return tuple(rule for rule in self.rules if asked.issuperset(rule.categories))

    def _selected(self, categories: tuple[str, ...], version: str, arch: str, compat: bool) -> tuple[Rule, ...]:
        return _select(self, categories, version, arch, compat)

    def __hash__(self) -> int:
        return hash((self.name, len(self.rules)))


@lru_cache(maxsize=256)
def _select(rules: RuleSet, categories: tuple[str, ...], version: str, arch: str, compat: bool) -> tuple[Rule, ...]:
    chosen = tuple(rule for rule in rules.within(categories) if rule.applies(version, arch, compat=compat))
    wanted: dict[str, Rule] = {}
    for rule in chosen:
        other = wanted.setdefault(rule.option, rule)
        if _contradict(rule, other):
            raise _contradiction(rule, other, rules.name)
    return chosen


def _contradict(a: Rule, b: Rule) -> bool:
    """Whether no value can satisfy both; y and m are preferences, so they do not contradict each other."""
    if a.wanted == b.wanted:
        return False
    letters = {"y": True, "m": True, "n": False, True: True, False: False}
    if isinstance(a.wanted, tuple) or isinstance(b.wanted, tuple):
        return not (isinstance(a.wanted, tuple) and isinstance(b.wanted, tuple))
    left, right = letters.get(a.wanted), letters.get(b.wanted)
    return left is None or right is None or left != right


def _contradiction(rule: Rule, other: Rule, name: str) -> RecordError:
    where = f"{other.category}, line {other.line}" if other.line else other.category
    what = f"{rule.category} wants it {rule.wants}, but {where} wants it {other.wants}"
    return RecordError(what, file=name, key=rule.option, line=rule.line or None, remedy="take one of the two out")


def _overlap(a: Rule, b: Rule) -> bool:
    """Whether some kernel falls under both."""
    if a.arches is not None and b.arches is not None and not set(a.arches) & set(b.arches):
        return False
    conditions = (*a.versions, *b.versions)
    floors = [condition[2:] for condition in conditions if condition.startswith(">=")] or ["0.0.0"]
    return any(all(satisfies(floor, condition) for condition in conditions) for floor in floors)


class _Reader:
    """Reads one document, and knows the lines of its text."""

    def __init__(self, text: str, name: str) -> None:
        self.lines = text.splitlines()
        self.name = name

    def read(self, document: Mapping[str, Any]) -> RuleSet:
        aliases = document.get("aliases")
        if aliases is not None and not isinstance(aliases, Mapping):
            raise self._error("aliases is no table", "aliases")
        rules = tuple(
            rule for key, versions in document.items() if key != "aliases" for rule in self._category(key, versions)
        )
        result = RuleSet(rules, self._aliases(aliases or {}), self.name)
        self._check(result)
        return result

    def _error(self, what: str, key: str, line: int | None = None, remedy: str = "") -> RecordError:
        return RecordError(what, file=self.name, key=key, line=line or self._line(key) or None, remedy=remedy)

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

    def _aliases(self, table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        for alias, members in table.items():
            if not isinstance(members, list) or not all(str(m).startswith(PREFIX) for m in members):
                raise self._error(f"an alias is a list of words that begin with {PREFIX}", alias, self._key_line(alias))
        return {alias: tuple(member.removeprefix(PREFIX) for member in members) for alias, members in table.items()}

    def _category(self, key: str, versions: object) -> Iterator[Rule]:
        words = key.split()
        if not words or not all(word.startswith(PREFIX) and len(word) > len(PREFIX) for word in words):
            raise self._error(
                f"a section is named by words that begin with {PREFIX}, not {key!r}", key, remedy="or [aliases]"
            )
        categories = tuple(word.removeprefix(PREFIX) for word in words)
        for span, arches in self._table(versions, key, "a version range").items():
            conditions = tuple(span.split(" "))
            for condition in conditions:
                operator = next((o for o in CONDITIONS if condition.startswith(o)), "")
                if not operator or not is_version(condition[len(operator) :]):
                    raise self._error(f"{condition!r} is no condition such as >=6.1 or <6.2_rc1", span)
            for names, options in self._table(arches, span, "architectures").items():
                yield from self._section(categories, conditions, names, self._table(options, names, "options"), key)

    def _table(self, value: object, key: str, what: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._error(f"{what} must follow here, in three keys: category, version range, architectures", key)
        return value

    def _section(
        self, categories: tuple[str, ...], versions: tuple[str, ...], names: str, options: Mapping[str, Any], key: str
    ) -> Iterator[Rule]:
        header = self._line(f'"{key}"', f'"{" ".join(versions)}"', f'"{names}"')
        arches = self._arches(names, header)
        line = header
        for option, value in options.items():
            line = self._key_line(option, line) or line
            yield Rule(categories, versions, arches, option, self._wanted(option, value, line), line)

    def _arches(self, names: str, line: int) -> tuple[str, ...] | None:
        """Architectures as APKBUILDs list them: names, or all (also ``noarch``), less those with an exclamation mark."""
        words = names.split(" ")
        everywhere = words[0] in ("all", "noarch")
        listed = words[everywhere:]
        unknown = {word.removeprefix("!") for word in listed} - KNOWN_ARCHES
        if unknown:
            raise self._error(f"unknown architecture {min(unknown)!r}", names, line, "use Alpine's names, or all")
        if everywhere and not listed:
            return None
        found = dict.fromkeys(sorted(KNOWN_ARCHES) if everywhere else ())
        for word in listed:
            if word.startswith("!"):
                found.pop(word[1:], None)
            else:
                found[word] = None
        return tuple(found)

    def _wanted(self, option: str, value: object, line: int) -> Wanted:
        if not option.replace("_", "").isalnum():
            raise self._error(f"{option!r} is no name of an option", option, line)
        if isinstance(value, (bool, str)):
            return value
        if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
            return tuple(value)
        remedy = 'values are "y", "m", "n", a string or a list of strings'
        if isinstance(value, int):
            return str(value)
        raise self._error(f"{value!r} is no value of a rule", option, line, remedy)

    def _check(self, rules: RuleSet) -> None:
        for alias, members in rules.aliases.items():
            for member in members:
                if member not in rules.categories:
                    raise self._error(
                        f"the alias names a category {member!r} that has no rules", alias, self._key_line(alias)
                    )
        seen: dict[str, list[Rule]] = {}
        for rule in rules.rules:
            for other in seen.setdefault(rule.option, []):
                same = set(rule.categories) <= set(other.categories) or set(other.categories) <= set(rule.categories)
                if same and _contradict(rule, other) and _overlap(rule, other):
                    raise _contradiction(rule, other, self.name)
            seen[rule.option].append(rule)


@cache
def load_rules(name: str = "postmarketos") -> RuleSet:
    """A rule set that pmport ships.

    Args:
        name: ``postmarketos``: what the distribution requires of kernels; ``generic``: what its kernels for many
            devices have in addition.

    Returns:
        The rules.

    Raises:
        RecordError: If there is no such set.
    """
    if name not in RULE_SETS:
        raise RecordError(f"there is no rule set {name!r}", remedy=f"there are {', '.join(RULE_SETS)}")
    file = RULE_SETS[name]
    return RuleSet.parse(files(__package__).joinpath(file).read_text(encoding="utf-8"), file)


@cache
def reasons() -> Mapping[str, str]:
    """Why the shipped rules exist, where that is known.

    Returns:
        Option, or ``category:NAME`` → reason.

    Example:
        >>> reasons()["DM_CRYPT"]
        'an encrypted root file system is opened with dm-crypt'
    """
    document = tomllib.loads(files(__package__).joinpath("reasons.toml").read_text(encoding="utf-8"))
    named = {f"{PREFIX}{name}": text for name, text in document["categories"].items()}
    return {**document["options"], **named}
