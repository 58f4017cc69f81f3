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

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from pmport.errors import RecordError
from pmport.kernels.rule import KNOWN_ARCHES, PREFIX, Rule, Wanted, contradict, contradiction
from pmport.kernels.rules_reading import read_rules

if TYPE_CHECKING:
    from pmport.findings import Finding

__all__ = ["KNOWN_ARCHES", "RULE_SETS", "Rule", "RuleSet", "Wanted", "load_rules", "reasons"]

RULE_SETS = {"postmarketos": "postmarketos.toml", "generic": "generic.toml"}
"""Name of a rule set → file in this room."""

CHECKOUT = "kconfigcheck.toml"
"""Where a checkout of pmaports has its rules."""


@dataclass(frozen=True)
class RuleSet:
    r"""The rules of one file.

    Args:
        rules: In the order of the file.
        aliases: Name → categories.
        name: The file, or what a person calls the set.
        findings: What of the file was not understood and is left out, each with its line.

    Example:
        >>> text = '[aliases]\nall = ["category:a"]\n["category:a".">=6.1"."all"]\nUSB = "y"\n'
        >>> rules = RuleSet.parse(text)
        >>> rules.categories, [rule.option for rule in rules.select(["all"], version="6.2", arch="armv7")]
        (('a',), ['USB'])
    """

    rules: tuple[Rule, ...]
    aliases: Mapping[str, tuple[str, ...]]
    name: str = ""
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @classmethod
    def parse(cls, text: str, name: str = "", *, strict: bool = False) -> RuleSet:
        """Read a rule set.

        Args:
            text: TOML.
            name: The file's name, for errors and findings.
            strict: Take every mistake for an error.

        Returns:
            The rules that could be read; :attr:`findings` names what could not be.

        Raises:
            RecordError: If the TOML is broken; with ``strict`` also if a table, key, architecture, operator or value is
                none of the format, or two rules of one category contradict each other. With the line.
        """
        rules, aliases, findings = read_rules(text, name, strict=strict)
        return cls(rules, aliases, name, findings)

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
                    raise RecordError(f"There is no category {category!r}", file=self.name, remedy=f"Known: {known}")
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
        if contradict(rule, other):
            raise contradiction(rule, other, rules.name)
    return chosen


def load_rules(name: str | os.PathLike[str] = "postmarketos") -> RuleSet:
    """A rule set: one that pmport ships, or that of a file or a checkout.

    Args:
        name: ``postmarketos``: what the distribution requires of kernels; ``generic``: what its kernels for many
            devices have in addition; the path of a file in the same format; the folder of a checkout of pmaports.

    Returns:
        The rules. Of a file, what is not understood is left out and named in :attr:`RuleSet.findings`.

    Raises:
        RecordError: If there is no such set or file, or the TOML is broken.
    """
    word = os.fspath(name)
    if word in RULE_SETS:
        return _shipped(word)
    path = Path(word)
    if path.is_dir():
        path /= CHECKOUT
    if not path.is_file():
        raise RecordError(
            f"There is no rule set {word!r}",
            remedy=f"There are {', '.join(RULE_SETS)}; or name a file, or a checkout of pmaports with its {CHECKOUT}",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"It is no text: byte {error.start} is not UTF-8", file=str(path)) from None
    return RuleSet.parse(text, str(path))


@cache
def _shipped(name: str) -> RuleSet:
    file = RULE_SETS[name]
    return RuleSet.parse(files(__package__).joinpath(file).read_text(encoding="utf-8"), file, strict=True)


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
