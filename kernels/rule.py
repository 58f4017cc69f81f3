"""One rule: an option that has to have a value, on some versions and architectures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from pmport.errors import RecordError
from pmport.kernels.versions import satisfies

__all__ = ["KNOWN_ARCHES", "PREFIX", "Rule", "Wanted", "contradict", "contradiction", "overlap"]

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


def contradict(a: Rule, b: Rule) -> bool:
    """Whether no value can satisfy both; y and m are preferences, so they do not contradict each other."""
    if a.wanted == b.wanted:
        return False
    letters = {"y": True, "m": True, "n": False, True: True, False: False}
    if isinstance(a.wanted, tuple) or isinstance(b.wanted, tuple):
        return not (isinstance(a.wanted, tuple) and isinstance(b.wanted, tuple))
    left, right = letters.get(a.wanted), letters.get(b.wanted)
    return left is None or right is None or left != right


def contradiction(rule: Rule, other: Rule, name: str) -> RecordError:
    """The error that names two rules that contradict each other, for the file of that name."""
    where = f"{other.category}, line {other.line}" if other.line else other.category
    what = f"{rule.category} wants it {rule.wants}, but {where} wants it {other.wants}"
    return RecordError(what, file=name, key=rule.option, line=rule.line or None, remedy="Take one of the two out")


def overlap(a: Rule, b: Rule) -> bool:
    """Whether some kernel falls under both."""
    if a.arches is not None and b.arches is not None and not set(a.arches) & set(b.arches):
        return False
    conditions = (*a.versions, *b.versions)
    floors = [condition[2:] for condition in conditions if condition.startswith(">=")] or ["0.0.0"]
    return any(all(satisfies(floor, condition) for condition in conditions) for floor in floors)
