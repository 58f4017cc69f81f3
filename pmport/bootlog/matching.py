"""Finds the lines that rules are about, without trying every rule on every line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re

    from pmport.bootlog.lines import LogLine
    from pmport.bootlog.rules import Rule

__all__ = ["Match", "matches"]

Match = tuple["Rule", int, "re.Match[str]"]
"""The rule, the index of the line, and what it found there."""


def matches(lines: Sequence[LogLine], rules: Iterable[Rule]) -> list[Match]:
    """Which line is what.

    Args:
        lines: The log.
        rules: By rank: a line belongs to the first that fits.

    Returns:
        The matches, in the order of the log.
    """
    text = "\n".join(line.text for line in lines)
    starts = [0, *accumulate(len(line.text) + 1 for line in lines)]
    taken: dict[int, Match] = {}
    for rule in rules:
        for index in _candidates(text, starts, rule.contains):
            if index not in taken:
                match = rule.pattern.search(lines[index].text)
                if match:
                    taken[index] = (rule, index, match)
    return [taken[index] for index in sorted(taken)]


def _candidates(text: str, starts: list[int], pieces: tuple[str, ...]) -> Iterator[int]:
    """Indexes of the lines that hold one of the pieces; a line of each piece may come again."""
    for piece in pieces:
        at = text.find(piece)
        while at >= 0:
            index = bisect_right(starts, at) - 1
            yield index
            at = text.find(piece, starts[index + 1]) if index + 1 < len(starts) else -1
