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

__all__ = ["Index", "Match"]

Match = tuple["Rule", int, "re.Match[str]"]
"""The rule, the index of the line, and what it found there."""


class Index:
    """The text of a log, in which pieces are looked for at once instead of line by line.

    Args:
        lines: The log.
    """

    def __init__(self, lines: Sequence[LogLine]) -> None:
        self._lines = lines
        self._text = "\n".join(line.text for line in lines)
        self._starts = [0, *accumulate(len(line.text) + 1 for line in lines)]

    def matches(self, rules: Iterable[Rule]) -> list[Match]:
        """Which line is what.

        Args:
            rules: By rank: a line belongs to the first that fits.

        Returns:
            The matches, in the order of the log.
        """
        taken: dict[int, Match] = {}
        for rule in rules:
            for index, match in self.found(rule.contains, rule.pattern):
                taken.setdefault(index, (rule, index, match))
        return [taken[index] for index in sorted(taken)]

    def found(self, pieces: tuple[str, ...], pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
        """Lines that hold one of some pieces and fit a pattern.

        Args:
            pieces: The pieces.
            pattern: Searched in the text of the line.

        Yields:
            ``(index of the line, match)``; a line with several pieces may come again.
        """
        for piece in pieces:
            at = self._text.find(piece)
            while at >= 0:
                index = bisect_right(self._starts, at) - 1
                match = pattern.search(self._lines[index].text) if index < len(self._lines) else None
                if match:
                    yield index, match
                at = self._text.find(piece, self._starts[index + 1]) if index + 1 < len(self._starts) else -1
