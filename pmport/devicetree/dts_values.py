"""The values in a device tree source: strings, cells, bytes, references, and files that are included."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from pmport.devicetree.dts_expressions import MASK, number, text_of
from pmport.devicetree.dts_parsed import Target

if TYPE_CHECKING:
    from pmport.devicetree.dts_parsed import Piece
    from pmport.devicetree.dts_scan import Scanner

__all__ = ["LABEL", "Values"]

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
LABEL = re.compile(r"([A-Za-z_]\w*):", re.ASCII)
REFERENCE = re.compile(r"&(?:([A-Za-z_]\w*)|\{([A-Za-z0-9,._+*#?@/-]+)\})", re.ASCII)
HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
PLAIN_CELLS = re.compile(r"((?:\s*(?:0[xX][0-9a-fA-F]+|0|[1-9]\d*)(?=[\s>]))*\s*)>")
PLAIN_BYTES = re.compile(r"((?:\s*[0-9A-Fa-f]{2})*\s*)\]")
PHANDLE_BITS = 32
BITS = frozenset({8, 16, 32, 64})
WHY_NUMBER = "a name is a macro: give the folders of the headers that define it (-I)"


class Values:
    """Reads values, one property at a time.

    Args:
        scanner: The text.

    Attributes:
        labels: The labels within the value that was read last.
        truncated: What did not fit into its cell in that value: ``(number, bits)``.
    """

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.labels: list[str] = []
        self.truncated: list[tuple[int, int]] = []

    def read(self) -> list[Piece]:
        """Read what stands between ``=`` and ``;``.

        Returns:
            Its parts.

        Raises:
            FormatError: If it is no value.
        """
        self.labels, self.truncated = [], []
        pieces: list[Piece] = []
        while True:
            self._note_labels()
            pieces += self._part()
            self._note_labels()
            if not self.scanner.accept(","):
                return pieces

    def target(self, *, as_path: bool = False) -> Target:
        """Read a reference.

        Args:
            as_path: Whether its node's path is wanted.

        Returns:
            The reference.

        Raises:
            FormatError: If none comes.
        """
        self.scanner.skip()
        place = self.scanner.place
        match = self.scanner.take(REFERENCE)
        if match is None:
            self.scanner.fail("a reference is expected: &label or &{/path}")
        if match[1]:
            return Target(match[1], "", as_path, place)
        label, slash, path = match[2].partition("/")
        return Target(label, path if label else slash + path, as_path, place)

    def string(self, what: str) -> str:
        """Read a text between quotes.

        Args:
            what: What it is, for the error.

        Returns:
            The text.

        Raises:
            FormatError: If none comes.
        """
        match = self.scanner.take(QUOTED)
        if match is None:
            self.scanner.fail(f"{what} is missing, between quotes")
        return text_of(match[1], self.scanner).decode("utf-8", "surrogateescape")

    def _note_labels(self) -> None:
        while match := self.scanner.take(LABEL):
            self.labels.append(match[1])

    def _part(self) -> list[Piece]:
        scanner = self.scanner
        if quoted := scanner.take(QUOTED):
            return [text_of(quoted[1], scanner) + b"\0"]
        if scanner.accept("<"):
            return self._cells(PHANDLE_BITS)
        if scanner.accept("/bits/"):
            width = number(scanner)
            if width not in BITS:
                scanner.fail("a cell has 8, 16, 32 or 64 bits")
            scanner.expect("<", "before the cells")
            return self._cells(width)
        if scanner.accept("["):
            return [self._bytes()]
        if scanner.accept("/incbin/"):
            return [self._file()]
        if scanner.next != "&":
            scanner.fail('a value is expected: "text", <cells>, [bytes] or &label')
        return [self.target(as_path=True)]

    def _cells(self, width: int) -> list[Piece]:
        scanner = self.scanner
        plain = scanner.take(PLAIN_CELLS) if width == PHANDLE_BITS else None
        if plain:  # nearly all of them
            numbers = [int(word, 0) for word in plain[1].split()]
            try:
                return [struct.pack(f">{len(numbers)}I", *numbers)]
            except struct.error:  # one that does not fit, which is rare: again, one by one
                scanner.back(len(plain[0]))
        pieces: list[Piece] = []
        while not scanner.accept(">"):
            self._note_labels()
            if scanner.next == "&":
                if width != PHANDLE_BITS:
                    scanner.fail("a phandle needs 32 bits")
                pieces.append(self.target())
                continue
            value = number(scanner)
            if value is None:
                if scanner.accept(">"):
                    break
                scanner.fail("a number, a reference or '>' is expected", remedy=WHY_NUMBER)
            mask = (1 << width) - 1
            if value > mask and value | mask != MASK:
                self.truncated.append((value, width))
            pieces.append((value & mask).to_bytes(width // 8, "big"))
        return pieces

    def _bytes(self) -> bytes:
        plain = self.scanner.take(PLAIN_BYTES)
        if plain:
            return bytes.fromhex(plain[1])
        out = bytearray()
        while not self.scanner.accept("]"):
            self._note_labels()
            pair = self.scanner.take(HEX_PAIR)
            if pair is not None:
                out.append(int(pair[0], 16))
            elif self.scanner.next != "]":
                self.scanner.fail("two hexadecimal digits or ']' are expected")
        return bytes(out)

    def _file(self) -> bytes:
        scanner = self.scanner
        scanner.expect("(", "behind /incbin/")
        name = self.string("the name of a file")
        start, size = 0, None
        if scanner.accept(","):
            start = self._needed_number()
            scanner.expect(",", "between offset and length")
            size = self._needed_number()
        scanner.expect(")", "behind /incbin/")
        content = scanner.content(name)[1]
        end = len(content) if size is None else start + size
        if end > len(content):
            scanner.fail(f"{name} has {len(content)} bytes, and bytes {start} to {end} are wanted")
        return content[start:end]

    def _needed_number(self) -> int:
        value = number(self.scanner)
        if value is None:
            self.scanner.fail("a number is expected", remedy=WHY_NUMBER)
        return value
