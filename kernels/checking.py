"""Does a kernel configuration meet the rules of a distribution?

Example:
    >>> from pmport.formats.kernel.config import KernelConfig
    >>> config = KernelConfig.build({"BTRFS_FS": "y", "EXT4_FS": "n"}, title="Linux/arm64 6.12.0 Kernel Configuration")
    >>> found = check(config, categories=["filesystems"])
    >>> [(f.option, f.level, f.actual) for f in found if f.option in {"BTRFS_FS", "EXT4_FS"}]
    [('EXT4_FS', 'must', 'n'), ('BTRFS_FS', 'prefer', 'y')]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pmport.findings import Finding, Findings, Severity
from pmport.formats.kernel.config_option import unquoted
from pmport.kernels.rules import Rule, RuleSet, load_rules, reasons
from pmport.kernels.versions import from_kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pmport.formats.kernel.config import KernelConfig

__all__ = ["DEFAULT", "OptionFinding", "check", "rules_for"]

DEFAULT = ("default",)
"""The category that every kernel has to meet."""


@dataclass(frozen=True)
class OptionFinding(Finding):
    """What a check says about one option.

    Args:
        option: Without ``CONFIG_``.
        wanted: What the rule wants: ``y``, ``m``, ``n``, or a string.
        actual: The value as it is written, ``n`` for *not set*, None for *absent*.
        category: The rule's category.
    """

    option: str = ""
    wanted: str = ""
    actual: str | None = None
    category: str = ""

    @property
    def level(self) -> Literal["must", "prefer"]:
        """``must``: the rule is broken; ``prefer``: it holds, with the other letter than the one preferred."""
        return "must" if self.severity is Severity.ERROR else "prefer"


def rules_for(
    config: KernelConfig,
    rules: RuleSet | None = None,
    *,
    categories: Iterable[str] = DEFAULT,
    version: str | None = None,
    arch: str | None = None,
    compat: bool = False,
) -> tuple[tuple[Rule, ...], tuple[Finding, ...]]:
    """The rules that count for a configuration, and what could not be decided.

    Args:
        config: The configuration.
        rules: The rules; None: the shipped ones.
        categories: Categories and aliases; ``default`` always counts, where the rules have it.
        version: The kernel's version; None: the configuration's own.
        arch: Alpine's name; None: the configuration's own.
        compat: Judge as pmbootstrap does, with its three faults: a version that is not known is below every other; a
            release candidate of a version that ends in zero is above its release; an option that one line sets and
            a later one unsets counts as set.

    Returns:
        The rules, in the order of the file, and findings of severity *unknown*.
    """
    rules = rules or load_rules()
    asked = list(dict.fromkeys((*categories, *(name for name in DEFAULT if name in rules.categories))))
    release = version if version is not None else config.version
    number = release.replace("-", "_") if compat else from_kernel(release)
    arch = arch if arch is not None else config.arch
    unknown = [] if arch else [_unknown("architecture", "give arch=, as Alpine names it")]
    if number or compat:
        return rules.select(asked, version=number or "unknown", arch=arch, compat=compat), tuple(unknown)
    within = rules.within(asked)
    fitting = tuple(rule for rule in within if rule.any_version and (rule.arches is None or arch in rule.arches))
    skipped = sum(1 for rule in within if not rule.any_version)
    unknown.insert(0, _unknown("version", "give version=", f"; {skipped} rules that depend on it were not judged"))
    return fitting, tuple(unknown)


def _unknown(what: str, fix: str, more: str = "") -> Finding:
    message = f"the configuration does not tell the kernel's {what}{more}"
    why = "its title is missing" if what == "version" else "neither title nor options tell it"
    return Finding(Severity.UNKNOWN, f"{what}-unknown", message, why=why, fix=fix)


def check(
    config: KernelConfig,
    rules: RuleSet | None = None,
    *,
    categories: Iterable[str] = DEFAULT,
    version: str | None = None,
    arch: str | None = None,
    compat: bool = False,
) -> Findings:
    """Check a configuration.

    Args:
        config: The configuration.
        rules: The rules; None: the shipped ones.
        categories: Categories and aliases, such as ``["community"]``; ``default`` always counts.
        version: The kernel's version; None: the configuration's own.
        arch: Alpine's name; None: the configuration's own.
        compat: As for :func:`rules_for`.

    Returns:
        One :class:`OptionFinding` per rule that is broken (an error, *must*) or met with the other letter (a note,
        *prefer*); and what could not be judged (*unknown*). It passes when there is no error and nothing unknown.

    Raises:
        RecordError: If a category does not exist, or the rules contradict each other.
    """
    chosen, unknown = rules_for(config, rules, categories=categories, version=version, arch=arch, compat=compat)
    shipped = rules is None or rules is load_rules()
    why = reasons() if shipped else {}
    source = (rules or load_rules()).name
    texts = config.assigned if compat else config.texts
    found: list[Finding] = list(unknown)
    for rule in chosen:
        actual = texts.get(rule.option)
        verdict = _judge(rule, actual)
        if verdict:
            found.append(_finding(rule, actual, verdict, why, source))
    return Findings(found)


def _judge(rule: Rule, actual: str | None) -> Literal["must", "prefer", ""]:
    on = actual in {"y", "m"}
    match rule.wanted:
        case "n" | False:
            return "must" if on else ""
        case True:
            return "" if on else "must"
        case "y" | "m":
            if not on:
                return "must"
            return "" if actual == rule.wanted else "prefer"
        case str():
            return "" if actual is not None and unquoted(actual) == rule.wanted else "must"
        case _:
            held = unquoted(actual).split(",") if actual and actual.startswith('"') else []
            return "" if set(rule.wanted) <= set(held) else "must"


def _finding(rule: Rule, actual: str | None, verdict: str, why: Mapping[str, str], source: str) -> OptionFinding:
    now = {None: "absent", "n": "not set"}.get(actual, actual)
    reason = why.get(rule.option) or why.get(f"category:{rule.categories[0]}", "")
    return OptionFinding(
        Severity.ERROR if verdict == "must" else Severity.NOTE,
        "option-wrong" if verdict == "must" else "option-other-letter",
        f"{rule.option} should be {rule.wants}; it is {now}",
        where=f"{rule.option}, category {rule.category}",
        why=reason,
        fix=rule.line_of_config,
        source=f"{source}:{rule.line}" if rule.line else source,
        option=rule.option,
        wanted=rule.value,
        actual=actual,
        category=rule.category,
    )
