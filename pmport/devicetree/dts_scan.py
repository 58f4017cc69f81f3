"""The text of a device tree source: where the reader stands, in which file and line, and what comes next."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from pmport.errors import FormatError

__all__ = ["FORMAT", "Place", "Reader", "Scanner"]

FORMAT = "device tree source"
Reader = Callable[[str, str], tuple[str, bytes]]
"""``(file that is named, file that names it)`` → ``(its full name, its content)``; raises OSError where there is none."""

BEGINNINGS = frozenset({"", " ", "\n", "\t", "\r", "\f", "\v", "/", "#"})
"""How what is passed over can begin; "" is the end of a file."""
BLANK = re.compile(r"(?:[ \n\t\r\f\v]+|//[^\n]*|/\*(?s:.*?)\*/)+")
LINE = re.compile(r'[ \t]*#[ \t]*(?:line[ \t]+)?(\d+)[ \t]+"((?:[^"\\]|\\.)*)"[^\n]*')
MARK = re.compile(r'^[ \t]*#[ \t]*(?:line[ \t]+)?(\d+)[ \t]+"((?:[^"\\]|\\.)*)"[^\n]*', re.MULTILINE)
NUL = re.compile(r"\\(?:000|0{1,2}(?![0-7])|x00|x0(?![0-9A-Fa-f]))|\0")
NESTED = 64
"""Files may include one another so deep."""
INCLUDE = re.compile(r'/include/\s*"((?:[^"\\]|\\.)*)"', re.DOTALL)
SHOWN = 24
"""Letters of the text that an error shows."""


@dataclass(slots=True, eq=False)
class _File:
    """One file that is being read."""

    name: str
    text: str
    at: int = 0
    lines: list[int] = field(default_factory=list)
    marks: list[tuple[int, str, int]] = field(default_factory=list)

    def line_of(self, at: int) -> tuple[str, int]:
        """The file and line that a letter comes from; the preprocessor's marks may name another file."""
        if not self.lines:
            self.lines = [0, *(found.end() for found in re.finditer("\n", self.text))]
            self.marks = [(found.end(), found[2], int(found[1])) for found in MARK.finditer(self.text)]
        line = bisect_right(self.lines, at)
        before = bisect_right(self.marks, at, key=lambda mark: mark[0])
        if not before:
            return self.name, line
        end, name, number = self.marks[before - 1]
        return name, number + line - bisect_right(self.lines, end) - 1


class Place(NamedTuple):
    """A place in a source; as text ``file:line:column``, counted only when it is asked for.

    Args:
        file: The file.
        at: Letters from its start.
    """

    file: _File
    at: int

    def __str__(self) -> str:
        name, line = self.file.line_of(self.at)
        return f"{name}:{line}:{self.at - self.file.text.rfind(chr(10), 0, self.at)}"


class Scanner:
    """Reads tokens from a text, and from the texts that it includes.

    Args:
        text: The source, already preprocessed.
        name: Its file's name, for errors and for files that stand beside it.
        read: Gets included files; None: nothing can be included.

    Attributes:
        read_files: The files that were included, in their order.
    """

    def __init__(self, text: str, name: str, read: Reader | None) -> None:
        self._files = [_File(name, text)]
        self._read = read
        self.read_files: list[str] = []

    @property
    def name(self) -> str:
        """The file that is being read."""
        return self._files[-1].name

    def include(self, name: str) -> None:
        """Go on in another file; when it ends, go on here.

        Args:
            name: As the source names it.

        Raises:
            FormatError: If it cannot be read, or files include one another without end.
        """
        if len(self._files) >= NESTED:
            self.fail("files include one another without end")
        full, content = self.content(name)
        self._files.append(_File(full, content.decode("utf-8", "surrogateescape")))

    def content(self, name: str) -> tuple[str, bytes]:
        """The content of another file.

        Args:
            name: As the source names it.

        Returns:
            Its full name, and its bytes.

        Raises:
            FormatError: If it cannot be read.
        """
        if self._read is None:
            self.fail(f"it wants {name}, and no file may be read", remedy="name the folders to look in")
        try:
            full, content = self._read(name, self.name)
        except OSError as error:
            self.fail(f"{name} cannot be read: {error.strerror or error}", remedy="name the folder that it is in")
        self.read_files.append(full)
        return full, content

    def skip(self) -> None:
        """Pass over blanks, comments and the preprocessor's line marks; go on in files that are included here."""
        while True:
            file = self._files[-1]
            if file.text[file.at : file.at + 1] not in BEGINNINGS:
                return
            match = BLANK.match(file.text, file.at)
            if match:
                file.at = match.end()
            if file.text.startswith("#", file.at) and self._at_line_start(file):
                mark = LINE.match(file.text, file.at)
                if mark:
                    if NUL.search(mark[2]):
                        self.fail("the name of a file holds NUL")
                    file.at = mark.end()
                    continue
            if file.text.startswith("/*", file.at):
                self.fail("a comment has no end")
            if file.text.startswith("/include/", file.at):
                self._follow(file)
                continue
            if file.at >= len(file.text) and len(self._files) > 1:
                self._files.pop()
                continue
            return

    def _follow(self, file: _File) -> None:
        named = INCLUDE.match(file.text, file.at)
        if named is None:
            self.fail("the name of a file is missing behind /include/, between quotes")
        file.at = named.end()
        self.include(named[1])

    @staticmethod
    def _at_line_start(file: _File) -> bool:
        start = file.text.rfind("\n", 0, file.at) + 1
        return not file.text[start : file.at].strip()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what comes next, if it is this.

        Args:
            pattern: What it may be.

        Returns:
            The match; None, and nothing is read, where something else comes.
        """
        self.skip()
        file = self._files[-1]
        match = pattern.match(file.text, file.at)
        if match:
            file.at = match.end()
        return match

    def accept(self, text: str) -> bool:
        """Read a word or mark, if it comes next.

        Args:
            text: The word or mark.

        Returns:
            Whether it came.
        """
        self.skip()
        file = self._files[-1]
        if not file.text.startswith(text, file.at):
            return False
        file.at += len(text)
        return True

    def back(self, count: int) -> None:
        """Give letters back that were read from this file.

        Args:
            count: How many.
        """
        self._files[-1].at -= count

    def expect(self, text: str, why: str) -> None:
        """Read a mark that must come next.

        Args:
            text: The mark.
            why: What it does there, for the error.

        Raises:
            FormatError: If something else comes.
        """
        if not self.accept(text):
            self.fail(f"{text!r} is missing {why}")

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        self.skip()
        file = self._files[-1]
        return file.at >= len(file.text)

    @property
    def next(self) -> str:
        """The next letter; "" at the end."""
        self.skip()
        file = self._files[-1]
        return file.text[file.at : file.at + 1]

    @property
    def place(self) -> Place:
        """Where what comes next stands."""
        return Place(self._files[-1], self._files[-1].at)

    def fail(self, what: str, remedy: str = "", *, back: int = 0, place: Place | None = None) -> NoReturn:
        """Say what is wrong here.

        Args:
            what: What is wrong.
            remedy: What to do.
            back: So many letters before.
            place: Or there.

        Raises:
            FormatError: Always; with file, line, column, and the text that stands there.
        """
        at = place or Place(self._files[-1], self._files[-1].at - back)
        rest = at.file.text[at.at : at.at + SHOWN].partition("\n")[0]
        raise FormatError(
            f"{at}: {what}" + (f", before {rest!r}" if rest else ", at its end"),
            format=FORMAT,
            offset=at.at,
            remedy=remedy,
        )
