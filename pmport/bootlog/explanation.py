"""What a log's explanation is made of, and how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.bootlog.lines import LogLine

__all__ = ["Explanation", "Trouble"]

SHOWN = 40
"""Troubles that are told in full; data and findings have all."""


@dataclass(frozen=True)
class Trouble(Renders):
    """One trouble of a log.

    Args:
        rule: The rule that found it.
        severity: ``error``: the boot ends there; ``warning``: a part does not work; ``note``: worth knowing.
        says: What is the matter.
        cause: Why, usually.
        remedy: What to try next.
        line: The first line that says so.
        count: How many lines say so.
        meaning: What the error's number means.
        place: Where in the kernel, for a crash.
        device: The device, as the kernel names it.
        node: Its node in the tree; "" where no tree was given, or it has none.
        driver: The driver's source file; "" where it is not known.
        lacking: Symbols that would have to be on, each with what is the matter.
        source: Where the line is written.
    """

    rule: str
    severity: Severity
    says: str
    cause: str
    remedy: str
    line: LogLine
    count: int = 1
    meaning: str = ""
    place: str = ""
    device: str = ""
    node: str = ""
    driver: str = ""
    lacking: tuple[str, ...] = ()
    source: str = ""

    def finding(self) -> Finding:
        """The same as a finding.

        Returns:
            The finding; its code is the rule.
        """
        message = f"{self.says} ({self.meaning})" if self.meaning else self.says
        if self.place:
            message += f", at {self.place}"
        where = ", ".join(filter(None, (f"line {self.line.number}", self.node or self.device, self.driver)))
        fix = self.remedy
        if self.lacking:
            fix = f"Switch on {', '.join(f'CONFIG_{item}' for item in self.lacking)}. {fix}"
        return Finding(self.severity, self.rule, message, where, self.cause, fix, self.source)

    def view(self) -> View:
        """A table of one row.

        Returns:
            The table.
        """
        return self.finding().view()


@dataclass(frozen=True)
class Explanation(Renders):
    """What a kernel's log tells; iterating yields its troubles, the worst first.

    Args:
        kernel: The kernel's version, as ``uname -r`` has it; "" where the log does not say.
        model: The device, as its tree names it.
        command_line: The kernel's command line, without what identifies the phone.
        reached: The last milestone of the boot; "" where the log has none.
        stopped: Where the boot stopped, in a sentence.
        advice: What to try, where it stopped without a trouble that says more.
        troubles: The troubles, the worst first.
        waiting: Who waits for whom, as a picture; "" where nobody does.
        noise: Rule → how many lines only look like trouble.
        lines: How many lines the log has.
    """

    kernel: str
    model: str
    command_line: str
    reached: str
    stopped: str
    advice: str
    troubles: tuple[Trouble, ...]
    waiting: str
    noise: Mapping[str, int]
    lines: int

    def __iter__(self) -> Iterator[Trouble]:
        return iter(self.troubles)

    def __len__(self) -> int:
        return len(self.troubles)

    def __bool__(self) -> bool:
        return True

    def findings(self) -> Findings:
        """The troubles, for a report.

        Returns:
            Findings, in the same order.
        """
        return Findings(trouble.finding() for trouble in self.troubles)

    def view(self) -> View:
        """What it is, where it stopped, each trouble with its remedy, and who waits for whom.

        Returns:
            Texts and tables.
        """
        about = [
            (name, value)
            for name, value in (
                ("kernel", self.kernel),
                ("model", self.model),
                ("command line", self.command_line),
                ("reached", self.reached),
                ("stopped", self.stopped),
                ("try", self.advice),
            )
            if value
        ]
        noise = sum(self.noise.values())
        parts: list[View] = [Table(("", ""), about)] if about else []
        parts += [_told(number, trouble) for number, trouble in enumerate(self.troubles[:SHOWN], start=1)]
        if len(self) > SHOWN:
            parts.append(Text(f"… and {len(self) - SHOWN} more."))
        if not self.troubles:
            parts.append(Text("No trouble that pmport knows."))
        if self.waiting:
            parts.append(Text(f"Who waits for whom:\n{self.waiting}"))
        parts.append(Text(f"{self.lines} lines read; {noise} of them only look like trouble."))
        return Stack(parts)


def _told(number: int, trouble: Trouble) -> Table:
    """A trouble, and below it what is known of it."""
    head = f"{number}. {trouble.severity}: {trouble.says}"
    if trouble.meaning:
        head += f" ({trouble.meaning})"
    when = f"line {trouble.line.number}" + (f", {trouble.line.time:.3f} s" if trouble.line.time is not None else "")
    if trouble.count > 1:
        when += f", {trouble.count} times"
    rows = [
        ("where", trouble.place),
        ("device", " ".join(filter(None, (trouble.device, trouble.node and f"is {trouble.node}")))),
        ("driver", trouble.driver),
        ("off", ", ".join(f"CONFIG_{item}" for item in trouble.lacking)),
        ("why", trouble.cause),
        ("try", trouble.remedy),
        ("log", f"{when}: {trouble.line.text[:200]}"),
    ]
    return Table(("", ""), [row for row in rows if row[1]], title=head)
