r"""deviceinfo: the shell fragment in which postmarketOS describes a device.

It is read as a POSIX shell would assign it, without running one: quotes and backslashes as ``sh`` has them, comments and
order kept. What would make a shell do more than assign (expansions, substitutions, commands) is an error with its line.

Example:
    >>> info = DeviceInfo.parse(b'deviceinfo_name="Nokia N900"\n# a comment\ndeviceinfo_year="2009"\n')
    >>> info["name"], dict(info)
    ('Nokia N900', {'name': 'Nokia N900', 'year': '2009'})
    >>> str(info).splitlines()[1]
    '# a comment'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["PREFIX", "Assignment", "DeviceInfo", "looks_like_deviceinfo"]

PREFIX = "deviceinfo_"
FORMAT = "deviceinfo"
LIMIT = 1 << 20
"""Largest file that is read, bytes; real ones have at most four thousand."""
NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
ESCAPED_IN_QUOTES = '$`"\\\n'
WORD_ENDS = " \t\n"
COMMANDS = ";&|<>()"


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment.

    Args:
        key: Its name, without ``deviceinfo_``.
        value: Its value, as a shell has it.
        line: Its line, counted from 1.
        text: The assignment as it is written.
    """

    key: str
    value: str
    line: int
    text: str


class DeviceInfo(Node, Mapping[str, str]):
    """The assignments of a deviceinfo, as a mapping of key (without ``deviceinfo_``) to value.

    Args:
        text: The whole text.
        assignments: The assignments, in order.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        probe="looks_like_deviceinfo",
        writes="identical, build, edit",
        source="postmarketOS deviceinfo, the shell command language of POSIX",
        limits="assignments only: what a shell would expand or run is an error",
    )

    def __init__(self, text: str, assignments: tuple[Assignment, ...]) -> None:
        self.text = text
        self.assignments = assignments
        self._values = {item.key: item.value for item in assignments}

    @classmethod
    def parse(cls, source: Readable | str) -> Self:
        """Read a deviceinfo.

        Args:
            source: Its bytes, or its text.

        Returns:
            The assignments; of a key that is assigned twice, the last counts.

        Raises:
            FormatError: If a shell would do more than assign, or could not read it; with line and offset.
        """
        if not isinstance(source, str):
            data = Section.of(source).read(limit=LIMIT)
            if b"\0" in data:
                raise FormatError("It holds a NUL", format=FORMAT, offset=data.index(0))
            source = data.decode("utf-8", "surrogateescape")
        return cls(source, tuple(_Reader(source).assignments()))

    @classmethod
    def build(cls, values: Mapping[str, str]) -> Self:
        """Write a deviceinfo.

        Args:
            values: Key without ``deviceinfo_`` → value.

        Returns:
            One line each, in order, quoted as pmaports wants it.
        """
        lines = [f'{PREFIX}{key}="{_quoted(value)}"\n' for key, value in values.items()]
        return cls.parse("".join(lines))

    def parts(self) -> Iterator[Part]:
        """The text, as one part."""
        yield Part("deviceinfo", Section.of(self.text.encode("utf-8", "surrogateescape")), Role.HEADER)

    def __str__(self) -> str:
        return self.text

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def line_of(self, key: str) -> int | None:
        """Where a key is assigned last.

        Args:
            key: The key.

        Returns:
            The line, counted from 1; None where it is not assigned.
        """
        return next((item.line for item in reversed(self.assignments) if item.key == key), None)

    def for_variant(self, variant: str) -> dict[str, str]:
        """What holds with one kernel variant: its own keys take the place of the plain ones, the others' go.

        Args:
            variant: Name of the variant; ``-`` is written ``_`` in keys.

        Returns:
            Key → value.
        """
        suffix = "_" + variant.replace("-", "_")
        own = {key.removesuffix(suffix): value for key, value in self.items() if key.endswith(suffix)}
        return {key: value for key, value in self.items() if not key.endswith(suffix)} | own

    def describe(self) -> Iterator[tuple[str, object]]:
        """All keys.

        Yields:
            ``(key, value)``.
        """
        yield from self.items()


def _quoted(value: str) -> str:
    return "".join(f"\\{char}" if char in '$`"\\' else char for char in value)


class _Reader:
    """Reads assignments as sh does, and nothing else."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, what: str, at: int | None = None) -> FormatError:
        place = self.at if at is None else at
        line = self.text.count("\n", 0, place) + 1
        return FormatError(
            f"line {line}: {what}", format=FORMAT, offset=len(self.text[:place].encode("utf-8", "surrogateescape")),
            remedy='Write plain assignments: deviceinfo_key="value"',
        )  # fmt: skip

    def assignments(self) -> Iterator[Assignment]:
        line, counted = 1, 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in WORD_ENDS:
                self.at += 1
            elif char == "#":
                self.at = self._line_end()
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            else:
                start = self.at
                line += self.text.count("\n", counted, start)
                counted = start
                key = self._name()
                value = self._value()
                self._end_of_command()
                if key.startswith(PREFIX):
                    yield Assignment(key.removeprefix(PREFIX), value, line, self.text[start : self.at])

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _name(self) -> str:
        end = self.at
        while end < len(self.text) and self.text[end] in NAME_CHARS:
            end += 1
        name = self.text[self.at : end]
        if not name or name[0].isdigit() or self.text[end : end + 1] != "=":
            word = self.text[self.at : self._line_end()].split()[0][:40]
            raise self.fail(f"{word!r} is no assignment: a shell would run it")
        self.at = end + 1
        return name

    def _value(self) -> str:
        pieces: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in WORD_ENDS:
                break
            if char in COMMANDS:
                raise self.fail(f"{char!r} ends the assignment and begins a command")
            pieces.append(self._piece(char))
        return "".join(pieces)

    def _piece(self, char: str) -> str:
        if char == '"':
            return self._double_quoted()
        if char == "'":
            end = self.text.find("'", self.at + 1)
            if end < 0:
                raise self.fail("the quote is never closed")
            piece, self.at = self.text[self.at + 1 : end], end + 1
            return piece
        if char in "$`":
            raise self.fail(f"{char!r} would be expanded by a shell")
        self.at += 1
        if char != "\\":
            return char
        if self.at >= len(self.text):
            return "\\"
        self.at += 1
        return "" if self.text[self.at - 1] == "\n" else self.text[self.at - 1]

    def _double_quoted(self) -> str:
        start = self.at
        pieces: list[str] = []
        at = start + 1
        while at < len(self.text):
            char = self.text[at]
            if char == '"':
                self.at = at + 1
                return "".join(pieces)
            if char in "$`":
                raise self.fail(f"{char!r} would be expanded by a shell", at)
            if char == "\\" and self.text[at + 1 : at + 2] and self.text[at + 1] in ESCAPED_IN_QUOTES:
                at += 1
                char = "" if self.text[at] == "\n" else self.text[at]
            pieces.append(char)
            at += 1
        raise self.fail("the quote is never closed", start)

    def _end_of_command(self) -> None:
        """Behind a value only a comment or the line's end may stand: another word would be a command."""
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1
        if self.at < len(self.text) and self.text[self.at] not in "\n#":
            word = self.text[self.at : self._line_end()].split()[0][:40]
            raise self.fail(f"{word!r} behind the value: a shell would run it")


def looks_like_deviceinfo(section: Section) -> bool:
    """Whether some text is a deviceinfo.

    Args:
        section: The bytes.

    Returns:
        True where a line begins with an assignment of one of its keys.
    """
    head = section.read(0, 1 << 14)
    return b"\0" not in head and (head.startswith(b"deviceinfo_") or b"\ndeviceinfo_" in head)
