r"""The list beside ``system.new.dat``: which blocks of the partition its data fill.

Lines: version (1 to 4), number of blocks, for versions above 1 two numbers about stashes, then commands; each names ranges
of blocks as ``count,first,end,first,end …``. A full update holds ``erase``, ``zero`` and ``new`` alone (AOSP,
``bootable/recovery/updater/blockimg.cpp``). The data may be compressed with brotli: ``system.new.dat.br``.

Example:
    >>> plan = TransferList.parse(b"4\n3\n0\n0\nerase 2,0,3\nnew 4,0,1,2,3\n")
    >>> (plan.version, plan.blocks, [command.word for command in plan.commands])
    (4, 3, ['erase', 'new'])
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self

from pmport.errors import FormatError
from pmport.node import Format, Node, Part, Role
from pmport.section import Section, sized

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["TransferCommand", "TransferList", "is_transfer_list"]

KIND = "transfer list"
BLOCK = 4096
LARGEST = 16 << 20
VERSIONS = frozenset({1, 2, 3, 4})
WRITING = frozenset({"new", "zero", "erase"})
BEGINNING = re.compile(rb"[1-4]\n\d{1,10}\n(\d{1,10}\n\d{1,10}\n)?(erase|new|zero|stash|move|bsdiff|imgdiff|free) \S")


@dataclass(frozen=True, slots=True)
class TransferCommand:
    """One command.

    Args:
        word: ``new``, ``zero``, ``erase``, ``move`` …
        ranges: ``(first block, block behind the last)`` each.
        line: Where it stands, counted from 1.
    """

    word: str
    ranges: tuple[tuple[int, int], ...]
    line: int

    @property
    def blocks(self) -> int:
        """How many blocks it names."""
        return sum(end - first for first, end in self.ranges)


def is_transfer_list(section: Section) -> bool:
    """Whether a text begins as a transfer list.

    Args:
        section: The bytes.

    Returns:
        True where its first lines are numbers, and a command follows.
    """
    return BEGINNING.match(section.read(0, 64)) is not None


class TransferList(Node):
    """A transfer list.

    Args:
        section: The text.
        version: Of the list.
        blocks: How many blocks are written.
        commands: The commands.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(
        probe="is_transfer_list",
        reads="full updates; incremental ones are listed",
        source="AOSP bootable/recovery/updater/blockimg.cpp",
        limits="unverified: no real sample",
    )

    def __init__(self, section: Section, version: int, blocks: int, commands: tuple[TransferCommand, ...]) -> None:
        self._section = section
        self.version = version
        self.blocks = blocks
        self.commands = commands

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The list.

        Raises:
            FormatError: If a line is wrong; with the line.
        """
        section = Section.of(source)
        lines = section.read(limit=LARGEST).decode("ascii", "replace").splitlines()
        head = [int(line) for line in lines[:2] if line.isdigit() and len(line) <= 12]
        if len(head) < 2 or head[0] not in VERSIONS:
            raise FormatError(
                "It does not begin with its version and its blocks", format=KIND, field="version", offset=0
            )
        start = 2 if head[0] == 1 else 4
        commands = [_command(line, number) for number, line in enumerate(lines[start:], start + 1) if line.strip()]
        return cls(section, head[0], head[1], tuple(commands))

    @property
    def size(self) -> int:
        """Size of the text, bytes."""
        return self._section.size

    @property
    def image_size(self) -> int:
        """Size of the partition's image, as far as the list fills it, bytes."""
        return max((end for command in self.commands for _, end in command.ranges), default=0) * BLOCK

    def parts(self) -> Iterator[Part]:
        """The text."""
        yield Part("list", self._section, Role.HEADER)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Version, blocks, commands."""
        yield "version", self.version
        yield "image", f"{self.image_size} bytes"
        for word in dict.fromkeys(command.word for command in self.commands):
            own = [command for command in self.commands if command.word == word]
            yield word, f"{len(own)} commands, {sum(command.blocks for command in own)} blocks"

    def write_image(self, data: Readable, file: BinaryIO) -> int:
        """Make the partition's image.

        Args:
            data: ``new.dat``, or ``new.dat.br``: brotli is recognised by not being as long as the list wants.
            file: Opened for writing, at its beginning.

        Returns:
            Bytes of the image.

        Raises:
            FormatError: If the list needs the old partition, or the data do not fit it.
        """
        for command in self.commands:
            if command.word not in WRITING:
                raise FormatError(
                    f"line {command.line}: {command.word} needs the old partition",
                    format=KIND,
                    field=command.word,
                    remedy="Take the full update of the same version",
                )
        wanted = sum(command.blocks for command in self.commands if command.word == "new") * BLOCK
        source = Section.of(data)
        if source.size != wanted:
            source = _expanded(source, wanted)
        sized(file, self.image_size)
        at = 0
        for command in self.commands:
            for first, end in command.ranges if command.word == "new" else ():
                file.seek(first * BLOCK)
                source[at : at + (end - first) * BLOCK].copy_to(file)
                at += (end - first) * BLOCK
        return self.image_size


def _command(line: str, number: int) -> TransferCommand:
    word, _, rest = line.partition(" ")
    if word not in WRITING:
        return TransferCommand(word, (), number)
    numbers = [int(text) for text in rest.split(",") if text.strip().isdigit()]
    ranges = tuple(zip(numbers[1::2], numbers[2::2], strict=False))
    if (
        not numbers
        or numbers[0] != len(numbers) - 1
        or len(numbers) % 2 == 0
        or any(end < first for first, end in ranges)
    ):
        raise FormatError(f"line {number}: {rest[:40]!r} are no ranges of blocks", format=KIND, field=word)
    return TransferCommand(word, ranges, number)


def _expanded(source: Section, wanted: int) -> Section:
    import cramjam  # noqa: PLC0415 - only for compressed data

    broken = FormatError(
        f"The list wants {wanted} bytes of data, and there are {source.size}, which are no brotli of that size",
        format=KIND,
        field="new.dat",
        remedy="Give the new.dat that belongs to this list",
    )
    try:
        content = bytes(cramjam.brotli.decompress(source.read(), output_len=wanted or None))
    except cramjam.DecompressionError as error:
        raise broken from error
    if len(content) != wanted:
        raise broken
    return Section.of(content)
