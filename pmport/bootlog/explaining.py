"""Explains a log: where the boot stopped, each trouble with its cause and what to try, and who waits for whom."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmport.bootlog.crash_place import place
from pmport.bootlog.evidence import Evidence
from pmport.bootlog.explanation import Explanation, Trouble
from pmport.bootlog.log_source import open_log
from pmport.bootlog.matching import Index
from pmport.bootlog.rules import EVERY_ERROR, SAME_DEVICE, Milestone, Rule, Rules, load_rules
from pmport.bootlog.suppliers import picture
from pmport.findings import Severity
from pmport.redaction import redact

if TYPE_CHECKING:
    from pmport.bootlog.lines import LogLine
    from pmport.devicetree import DeviceTree
    from pmport.formats.kernel.config import KernelConfig
    from pmport.section import Readable

__all__ = ["explain", "explain_lines"]

VERSION = "Linux version ", re.compile(r"Linux version (\S{1,100})")
COMMAND_LINE = "ernel command line: ", re.compile(r"[Kk]ernel command line: ?(.*)")
MODELS = (
    ("Machine model: ", re.compile(r"Machine model: (.+)")),
    ("Machine: ", re.compile(r"^Machine: .*?model: (.+)")),
    ("Hardware name: ", re.compile(r"Hardware name: (.+?)(?: \(DT\))?$")),
)
"""A piece of the line, and its pattern."""
LAST_WORDS = 160
MOST_CAUSES = 100
"""Earlier troubles of a kind that are looked at for each later one."""


def explain(
    source: Readable,
    tree: DeviceTree | None = None,
    config: KernelConfig | None = None,
    rules: Rules | None = None,
    *,
    redacted: bool = True,
) -> Explanation:
    """Explain a kernel's log.

    Args:
        source: A file, or bytes: text in any form, a dump of ramoops zones, or an archive with a log in it, such as
            postmarketOS's log dump or an Android bug report.
        tree: The device tree that the kernel booted with; None: the one in the archive, if there is one.
        config: The kernel's configuration; None: the one in the archive, if there is one.
        rules: What lines mean; None: what pmport brings.
        redacted: Take out what identifies the phone.

    Returns:
        The explanation.

    Raises:
        FormatError: If it is an archive without a log, or a broken one.

    Example:
        >>> found = explain(b"[    2.5] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)")
        >>> [(trouble.rule, trouble.line.time) for trouble in found]
        [('root-mount', 2.5)]
    """
    log = open_log(source, tree)
    return explain_lines(log.lines, tree or log.tree, config or log.config, rules, redacted=redacted)


def explain_lines(
    lines: Sequence[LogLine],
    tree: DeviceTree | None = None,
    config: KernelConfig | None = None,
    rules: Rules | None = None,
    *,
    redacted: bool = True,
) -> Explanation:
    """Explain the lines of a log.

    Args:
        lines: The lines, as :func:`pmport.bootlog.read` gives them.
        tree: The device tree that the kernel booted with.
        config: The kernel's configuration.
        rules: What lines mean; None: what pmport brings.
        redacted: Take out what identifies the phone.

    Returns:
        The explanation.
    """
    kernel = _first(lines, VERSION)
    return _Explainer(
        lines, rules or load_rules(), Evidence(tree, config, kernel), redact if redacted else str
    ).explanation(kernel)


@dataclass
class _Found:
    """Lines that say the same."""

    rule: Rule
    index: int
    fields: Mapping[str, str]
    count: int = 1


class _Explainer:
    """Explains one log."""

    def __init__(
        self, lines: Sequence[LogLine], rules: Rules, evidence: Evidence, shareable: Callable[[str], str]
    ) -> None:
        self.lines = lines
        self.index = Index(lines)
        self.rules = rules
        self.evidence = evidence
        self.shareable = shareable
        self.rank = {rule.id: rank for rank, rule in enumerate(rules.rules)}
        self.noise: Counter[str] = Counter()
        self.waits: dict[str, tuple[str, ...]] = {}
        self.names: dict[str, str] = {}
        self.right: dict[str, int] = {}

    def explanation(self, kernel: str) -> Explanation:
        found = self._found()
        troubles = [self._trouble(item) for item in self._without_consequences(found)]
        troubles.sort(key=lambda trouble: (trouble.severity.rank, self.rank[trouble.rule], trouble.line.number))
        reached, stopped, advice = self._stopped(troubles)
        return Explanation(
            kernel=kernel,
            model=next(filter(None, (_first(self.lines, pattern) for pattern in MODELS)), "").strip(),
            command_line=self.shareable(_first(self.lines, COMMAND_LINE).strip()),
            reached=reached,
            stopped=stopped,
            advice=advice,
            troubles=tuple(troubles),
            waiting=self._waiting(),
            noise=dict(self.noise),
            lines=len(self.lines),
        )

    def _found(self) -> list[_Found]:
        """Troubles, those that say the same as one; noise is counted."""
        found: dict[tuple[str, ...], _Found] = {}
        for rule, index, match in self.index.matches(self.rules.rules):
            fields = rule.fields(match)
            if rule.kind == "noise":
                self.noise[rule.id] += 1
                continue
            if index < self._came_right(rule):
                continue
            self._note_waiting(rule, fields)
            key = (rule.id, *_subject(rule, fields))
            if key in found:
                found[key].count += 1
            else:
                found[key] = _Found(rule, index, fields)
        return list(found.values())

    def _came_right(self, rule: Rule) -> int:
        """The index of the last line that shows that a trouble was none; -1 where none does."""
        unless = rule.unless
        if unless is None:
            return -1
        if rule.id not in self.right:
            right = (number for number, line in enumerate(reversed(self.lines), start=1) if unless.search(line.text))
            self.right[rule.id] = len(self.lines) - next(right, len(self.lines) + 1)
        return self.right[rule.id]

    def _note_waiting(self, rule: Rule, fields: Mapping[str, str]) -> None:
        if rule.id in {"deferred-probe", "deferred-supplier"}:
            device = self.evidence.identity(fields["device"])
            supplier = self.evidence.identity(fields["supplier"]) if "supplier" in fields else ""
            if device != fields["device"]:
                self.names[device] = fields["device"]
            known = self.waits.get(device, ())
            self.waits[device] = known if not supplier or supplier in (*known, device) else (*known, supplier)

    def _without_consequences(self, found: list[_Found]) -> list[_Found]:
        """Without what only follows from something that was said before."""
        kept: list[_Found] = []
        groups: dict[str, list[_Found]] = defaultdict(list)
        for item in sorted(found, key=lambda one: one.index):
            device = item.fields.get("device", "")
            names = [f"{SAME_DEVICE} {device}" if name == SAME_DEVICE else name for name in item.rule.follows]
            if any(_is_cause(one, item) for name in names for one in groups[name][:MOST_CAUSES]):
                continue
            kept.append(item)
            groups[item.rule.id].append(item)
            if item.rule.severity is Severity.ERROR:
                groups[EVERY_ERROR].append(item)
            if device and item.rule.severity is not Severity.NOTE:
                groups[f"{SAME_DEVICE} {device}"].append(item)
        return kept

    def _trouble(self, item: _Found) -> Trouble:
        rule, line = item.rule, self.lines[item.index]
        device = item.fields.get("device", "")
        known = self.evidence.device(device)
        if rule.id == "deferred-supplier":
            supplier = self.evidence.device(item.fields["supplier"])
            known = replace(known, lacking=known.lacking or supplier.lacking)
        says = rule.says.format_map(_Words(item.fields)) if rule.says else line.text
        if rule.crash:
            says += self._words_before(item.index)
        where = place(self.lines, item.index) if rule.crash else None
        return Trouble(
            rule=rule.id,
            severity=rule.severity,
            says=self.shareable(_tidy(says)),
            cause=rule.cause,
            remedy=_tidy(rule.remedy.format_map(_Words(item.fields))),
            line=replace(line, text=self.shareable(line.text)),
            count=item.count,
            meaning=self._meaning(item.fields),
            place=str(where) if where else "",
            device=device,
            node=known.node,
            driver=known.driver,
            lacking=(*known.lacking, *self.evidence.off(rule.config)),
            source=rule.source,
        )

    def _words_before(self, index: int) -> str:
        """What the kernel says between the scissors and a warning."""
        before = self.lines[max(index - 2, 0) : index]
        if len(before) == 2 and "[ cut here ]" in before[0].text and before[1].text != before[0].text:
            return f": {before[1].text[:LAST_WORDS]}"
        return ""

    def _meaning(self, fields: Mapping[str, str]) -> str:
        number = re.search(r"-(\d{1,3})\b", fields.get("error", "") or fields.get("why", ""))
        return self.rules.errno.get(int(number[1]), "") if number else ""

    def _waiting(self) -> str:
        """The picture, where anybody is known to wait for somebody."""
        if not any(self.waits.values()):
            return ""
        names = {*self.waits, *(name for names in self.waits.values() for name in names)}
        remarks = {
            name: ", ".join(filter(None, (self.names.get(name), self.evidence.device(name).remark))) for name in names
        }
        return picture(self.waits, remarks)

    def _has(self, stone: Milestone) -> bool:
        return next(self.index.found(stone.contains, stone.pattern), None) is not None

    def _stopped(self, troubles: list[Trouble]) -> tuple[str, str, str]:
        """The last milestone, where the boot stopped, and what to try."""
        stones = list(enumerate(self.rules.milestones))
        reached = next((number for number, stone in reversed(stones) if self._has(stone)), -1)
        name = self.rules.milestones[reached].name if reached >= 0 else ""
        final = reached == len(self.rules.milestones) - 1
        ends = next((one for one in troubles if one.severity is Severity.ERROR), None)
        if ends is not None:
            return name, f"line {ends.line.number}: {ends.says}", ""
        if final:
            return name, "", ""
        if reached < 0 or not self.lines:
            return "", "", ""
        last = self.lines[-1]
        when = f" at {last.time:.3f} s" if last.time is not None else ""
        words = self.shareable(last.text[:LAST_WORDS])
        said = any(one.severity is not Severity.NOTE for one in troubles)
        advice = "" if said else self.rules.milestones[reached].next
        return name, f"the log ends{when}, behind “{name}”; its last words: {words}", advice


def _first(lines: Sequence[LogLine], wanted: tuple[str, re.Pattern[str]]) -> str:
    """The first group of the first line that fits."""
    piece, pattern = wanted
    for line in lines:
        match = pattern.search(line.text) if piece in line.text else None
        if match:
            return match[1]
    return ""


def _is_cause(before: _Found, item: _Found) -> bool:
    """Whether a line may follow from one before: they do not speak of different things."""
    both = ((before.fields.get(name), item.fields.get(name)) for name in ("device", "file"))
    return not any(one and other and one != other for one, other in both)


def _subject(rule: Rule, fields: Mapping[str, str]) -> tuple[str, ...]:
    """What a line is about: lines of one rule about the same are told once."""
    if rule.crash:
        return ()
    return (fields.get("device", ""), fields.get("supplier", ""), fields.get("file", "").rpartition("/")[2])


class _Words(dict[str, str]):
    """What a line names; what it does not name is left out of a sentence."""

    def __missing__(self, key: str) -> str:
        return ""


def _tidy(text: str) -> str:
    """Without what stands around a word that was left out."""
    return re.sub(r"[\s:,]+$", "", re.sub(r"  +", " ", text))
