"""Fragments: what to add to a configuration, merging them, and what became of them.

A fragment is a list of lines that a kernel's ``scripts/kconfig/merge_config.sh`` or ``make NAME.config`` puts over a
configuration. Kconfig drops silently what it cannot have, so a fragment is compared with the result: :func:`lost`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.formats.kernel.config import KernelConfig
from pmport.formats.kernel.config_option import unquoted
from pmport.kernels.checking import OptionFinding
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pmport.kernels.rules import Rule

__all__ = ["Difference", "Differences", "Merge", "diff", "fragment", "lost", "merge", "rules_fragment"]


def fragment(findings: Iterable[Finding], *, title: str = "") -> str:
    r"""The lines that would mend findings.

    Args:
        findings: Of a check or of a device's needs; those without an option are left out, and so are preferences.
        title: Comment lines for the top, without ``#``.

    Returns:
        The text of a fragment, options sorted under a comment per category; empty where nothing is to be mended.

    Example:
        >>> from pmport.kernels.checking import check
        >>> config = KernelConfig.parse(b"# Linux/arm64 6.14.0 Kernel Configuration\nCONFIG_ARM64=y\n")
        >>> print(fragment(check(config, categories=["netboot"])[-2:]), end="")
        # netboot
        CONFIG_BLK_DEV_NBD=m
        CONFIG_BLK_DEV_UBLK=m
    """
    by_category: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for finding in findings:
        if isinstance(finding, OptionFinding) and finding.option and finding.severity is not Severity.NOTE:
            for line in finding.fix.splitlines():
                name = _option_of(line)
                if name and name not in seen:
                    seen.add(name)
                    by_category.setdefault(finding.category, {})[name] = line
    return _text(by_category, title)


def rules_fragment(rules: Iterable[Rule], *, title: str = "") -> str:
    """The lines that meet rules, whatever a configuration has now.

    Args:
        rules: Such as :meth:`~pmport.kernels.rules.RuleSet.select` gives; the first of an option counts.
        title: Comment lines for the top, without ``#``.

    Returns:
        The text of a fragment, options sorted under a comment per category.
    """
    by_category: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for rule in rules:
        if rule.option not in seen:
            seen.add(rule.option)
            by_category.setdefault(rule.category, {})[rule.option] = rule.line_of_config
    return _text(by_category, title)


def _option_of(line: str) -> str:
    words = line.removeprefix("# ").split(" is not set")[0].split("=")[0]
    return words.removeprefix("CONFIG_") if words.startswith("CONFIG_") else ""


def _text(by_category: Mapping[str, Mapping[str, str]], title: str) -> str:
    lines = [f"# {line}".rstrip() for line in title.splitlines()]
    for category, options in sorted(by_category.items()):
        lines += ["", f"# {category}"] if lines else [f"# {category}"]
        lines += [options[name] for name in sorted(options)]
    return "\n".join(lines) + "\n" if by_category else ""


@dataclass(frozen=True)
class Difference:
    """One option with different values in two configurations.

    Args:
        option: Without ``CONFIG_``.
        before: As written; ``n``: not set; None: absent.
        after: Likewise.
    """

    option: str
    before: str | None
    after: str | None


class Differences(tuple[Difference, ...], Renders):
    """The differences between two configurations, by name."""

    __slots__ = ()

    def view(self) -> Table:
        """A table of all differences.

        Returns:
            One row per option.
        """
        rows = [(item.option, _shown(item.before), _shown(item.after)) for item in self]
        return Table(("option", "before", "after"), rows, empty="no difference")

    def fragment(self) -> str:
        """The fragment that makes the first configuration into the second; what became absent is *not set* in it.

        Returns:
            Its text.
        """
        options = {item.option: item.after or "n" for item in self}
        return KernelConfig.build(options).text if options else ""


def _shown(text: str | None) -> str:
    return {None: "absent", "n": "not set"}.get(text, text or "")


def diff(before: KernelConfig, after: KernelConfig, *, strict: bool = False) -> Differences:
    """What differs between two configurations.

    Args:
        before: The first.
        after: The second.
        strict: Count *not set* against *absent* as a difference.

    Returns:
        The differences, sorted by name.

    Example:
        >>> a, b = KernelConfig.build({"USB": "m", "PCI": "y"}), KernelConfig.build({"USB": "y", "ACPI": "n"})
        >>> [(item.option, item.before, item.after) for item in diff(a, b)]
        [('PCI', 'y', None), ('USB', 'm', 'y')]
    """
    left, right = before.texts, after.texts
    found = []
    for name in sorted(left.keys() | right.keys()):
        old, new = left.get(name), right.get(name)
        if old != new and (strict or (old or "n") != (new or "n")):
            found.append(Difference(name, old, new))
    return Differences(found)


@dataclass(frozen=True)
class Merge:
    """What merging gave.

    Args:
        config: The merged configuration.
        findings: Options that one fragment took back from another (warnings) or from the base (notes).
    """

    config: KernelConfig
    findings: Findings


def merge(base: KernelConfig, *fragments: KernelConfig | str, names: Iterable[str] = ()) -> Merge:
    """Put fragments over a configuration, the last one on top.

    Args:
        base: The configuration.
        fragments: In the order in which they are applied; as text, what :func:`fragment` gives.
        names: What to call the base and the fragments in findings; missing ones are numbered.

    Returns:
        The merged text and a report of what was overridden. Dependencies are not resolved: that is done by the
        kernel's own ``make olddefconfig``; compare its result with :func:`lost`.

    Example:
        >>> merged = merge(KernelConfig.build({"USB": "m"}), KernelConfig.build({"USB": "y", "PCI": "n"}))
        >>> merged.config.text.splitlines(), [finding.message for finding in merged.findings]
        (['CONFIG_USB=y', '# CONFIG_PCI is not set'], ['USB: m of base becomes y of fragment 1'])
    """
    called = list(names)
    called += ["base", *(f"fragment {number}" for number in range(1, len(fragments) + 1))][len(called) :]
    values: dict[str, tuple[str, int]] = {name: (text, 0) for name, text in base.texts.items()}
    changes: dict[str, str | None] = {}
    found = []
    for place, piece in enumerate(fragments, 1):
        if isinstance(piece, str) and not piece.strip():
            continue  # there was nothing to add
        config = KernelConfig.parse(piece.encode()) if isinstance(piece, str) else piece
        for name, text in config.texts.items():
            old, origin = values.get(name, (None, 0))
            if old is not None and old != text:
                what = f"{name}: {_shown(old)} of {called[origin]} becomes {_shown(text)} of {called[place]}"
                severity = Severity.WARNING if origin else Severity.NOTE
                found.append(Finding(severity, "overridden", what, where=name))
            values[name] = (text, place)
            changes[name] = text
    return Merge(base.replace(changes), Findings(found))


def lost(wanted: KernelConfig, result: KernelConfig) -> Findings:
    """Which options of a fragment did not make it into the configuration that the kernel made of it.

    Args:
        wanted: The fragment.
        result: The configuration behind ``make olddefconfig``.

    Returns:
        An error per option that is off, a note where only the letter differs.

    Example:
        >>> [str(f) for f in lost(KernelConfig.build({"USB": "y"}), KernelConfig.build({"PCI": "y"}))]
        ['error lost: USB=y was asked for; the result has it absent (USB)']
    """
    found = []
    for name, text in wanted.texts.items():
        got = result.texts.get(name)
        if (got or "n") == text or (got is not None and unquoted(got) == unquoted(text)):
            continue
        letter = text in {"y", "m"} and got in {"y", "m"}
        what = f"{name}={text} was asked for; the result has it {_shown(got)}"
        found.append(
            Finding(Severity.NOTE if letter else Severity.ERROR, "other-letter" if letter else "lost", what, where=name)
        )
    return Findings(found)
