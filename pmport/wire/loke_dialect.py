"""What differs between bootloaders with Samsung's download mode: sizes of parts and sequences, and so how a file is cut.

The figures are those of Heimdall (MIT) and Thor (MPL-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

__all__ = ["OLD", "Dialect", "Sequence", "sequences"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a phone's answer to the begin of a session says about its protocol.

    Args:
        word: The answer's value.
        part_size: Bytes per part of a file.
        parts: The most parts of one sequence.
        end_seconds: How long the end of a sequence may take, in seconds (Heimdall's limits).
    """

    word: int
    part_size: int
    parts: int
    end_seconds: float

    @classmethod
    def of(cls, word: int) -> Self:
        """The dialect behind a version word.

        Args:
            word: The value of the answer.

        Returns:
            0: parts of 128 KiB, 800 in a sequence; everything else: parts of 1 MiB, 30 in a sequence.

        Example:
            >>> Dialect.of(0x48000).version, Dialect.of(0x48000).compressed
            (4, True)
        """
        word &= 0xFFFF_FFFF
        return cls(word, 131072, 800, 30.0) if word == 0 else cls(word, 1 << 20, 30, 120.0)

    @property
    def version(self) -> int:
        """Protocol version; an old bootloader that names none counts as 1."""
        return self.word >> 16 or 1

    @property
    def compressed(self) -> bool:
        """Whether the phone takes LZ4 blocks (bit 15, from version 3 on)."""
        return bool(self.word & 0x8000) and self.version > 2

    @property
    def sets_part_size(self) -> bool:
        """Whether the host has to tell the part size; an old bootloader knows only one."""
        return self.word != 0


OLD = Dialect.of(0)
"""Bootloaders up to about 2011."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A run of parts that the phone acknowledges one by one and writes as a whole.

    Args:
        offset: From where in the file, in bytes.
        real: Bytes of the file.
        aligned: Bytes on the cable: whole parts, filled up with zeros.
        parts: How many parts.
        last: Whether the file ends with it.
    """

    offset: int
    real: int
    aligned: int
    parts: int
    last: bool


def sequences(size: int, dialect: Dialect) -> Iterator[Sequence]:
    """How a file is cut.

    Args:
        size: Bytes of the file.
        dialect: What the phone speaks.

    Yields:
        The sequences, in order; none for an empty file.

    Example:
        >>> [(cut.aligned, cut.parts, cut.real, cut.last) for cut in sequences(131073, Dialect.of(0))]
        [(262144, 2, 131073, True)]
    """
    most = dialect.part_size * dialect.parts
    for offset in range(0, size, most):
        real = min(size - offset, most)
        parts = -(-real // dialect.part_size)
        yield Sequence(offset, real, parts * dialect.part_size, parts, offset + real == size)
