"""One kind of finding for every checker: linters, kernel checks, boot checks, plans, repacking.

Example:
    >>> finding = Finding(Severity.ERROR, "page-size", "page size is 0", where="boot.img", fix="use the stock image's")
    >>> print(finding)
    error page-size: page size is 0 (boot.img); fix: use the stock image's
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pmport.render import Renders, Table

__all__ = ["Finding", "Findings", "Severity"]


class Severity(StrEnum):
    """How bad a finding is; ordered from worst to mildest."""

    ERROR = "error"
    """It will not work: a rule that must hold is broken."""
    WARNING = "warning"
    """It may not work, or is discouraged: a rule that is preferred is broken."""
    UNKNOWN = "unknown"
    """It could not be judged: something needed for the judgement is not known."""
    NOTE = "note"
    """Worth knowing."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Finding(Renders):
    """One thing that a checker has to say.

    Args:
        severity: How bad it is.
        code: A short stable name for this kind of finding, in kebab-case; scripts match on it.
        message: What is the matter, for a person.
        where: File, line, key, node path or option.
        why: The reason that the rule exists.
        fix: What to do.
        source: Where the rule comes from.
    """

    severity: Severity
    code: str
    message: str
    where: str = ""
    why: str = ""
    fix: str = ""
    source: str = ""

    def __str__(self) -> str:
        text = f"{self.severity} {self.code}: {self.message}"
        if self.where:
            text += f" ({self.where})"
        return f"{text}; fix: {self.fix}" if self.fix else text

    def view(self) -> Table:
        """A table of one row.

        Returns:
            The table.
        """
        return Findings([self]).view()


class Findings(tuple[Finding, ...], Renders):
    """Findings in the order of their severity, as one value that shows itself.

    Args:
        findings: In any order; those of one severity keep theirs.

    Example:
        >>> Findings([Finding(Severity.NOTE, "a", "x"), Finding(Severity.ERROR, "b", "y")]).worst
        <Severity.ERROR: 'error'>
    """

    __slots__ = ()

    def __new__(cls, findings: Iterable[Finding] = ()) -> Self:
        """Sort by severity."""
        return super().__new__(cls, sorted(findings, key=lambda finding: finding.severity.rank))

    @property
    def worst(self) -> Severity | None:
        """The worst severity, or None when there is no finding."""
        return self[0].severity if self else None

    def view(self) -> Table:
        """A table of all findings.

        Returns:
            One row per finding; columns that no finding fills are left out.
        """
        names = ("severity", "code", "where", "message", "why", "fix")
        used = [name for name in names if any(getattr(finding, name) for finding in self)] or list(names[:4])
        rows = [[getattr(finding, name) for name in used] for finding in self]
        return Table(used, rows, empty="no findings")
