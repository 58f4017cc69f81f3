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

from pmport.render import Drawn, Renders, Table
from pmport.text_layout import Paint, paragraph, plain, visible

__all__ = ["Finding", "FindingList", "Findings", "Severity"]


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

    def view(self) -> FindingList:
        """One paragraph.

        Returns:
            The view.
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

    @property
    def summary(self) -> str:
        """How many there are of each severity, such as ``"1 error, 2 notes"``; empty where there is none."""
        counts = [(severity, sum(item.severity is severity for item in self)) for severity in Severity]
        return ", ".join(f"{n} {name if name is Severity.UNKNOWN or n == 1 else f'{name}s'}" for name, n in counts if n)

    def view(self, *, reasons: bool = True) -> FindingList:
        """All findings, a paragraph each.

        Args:
            reasons: Tell for each why its rule exists.

        Returns:
            The view; in a notebook it is a table.
        """
        return FindingList(self, reasons=reasons)


@dataclass(frozen=True)
class FindingList(Drawn):
    """Findings for people: paragraphs in text, a table in a notebook.

    Args:
        findings: In the order in which they are shown.
        reasons: Tell for each why its rule exists.

    Example:
        >>> found = Findings([Finding(Severity.ERROR, "page-size", "Page size is 0", where="boot.img", fix="make it 2048")])
        >>> print(found.view())
        error[page-size] boot.img: Page size is 0. Fix: make it 2048
    """

    findings: Findings
    reasons: bool = True

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """One paragraph for each finding."""
        shown = [line for finding in self.findings for line in self._paragraph(finding, width, paint)]
        return shown or ["no findings"]

    def _paragraph(self, finding: Finding, width: int, paint: Paint) -> list[str]:
        head = f"{finding.severity}[{finding.code}]"
        sentences = [_sentence(finding.message)]
        if self.reasons and finding.why:
            sentences.append(_sentence(finding.why))
        if finding.fix:
            sentences.append(f"Fix: {finding.fix}")
        place = f"{head} {finding.where}" if finding.where else head
        first, *others = paragraph(visible(f"{place}: {' '.join(sentences)}"), width, "  ")
        return [paint(head, finding.severity) + first.removeprefix(head), *others]

    def _repr_html_(self) -> str:
        names = ("severity", "code", "where", "message", "why", "fix")
        used = [name for name in names if any(getattr(item, name) for item in self.findings)] or list(names[:4])
        rows = [[getattr(item, name) for name in used] for item in self.findings]
        return Table(used, rows, empty="no findings")._repr_html_()


def _sentence(text: str) -> str:
    """Text as it stands in a paragraph: a capital letter, and an end."""
    begun = text[:1].upper() + text[1:] if text.split(" ", 1)[0].isalpha() else text
    return begun if begun.endswith((".", "!", "?", ":")) else f"{begun}."
