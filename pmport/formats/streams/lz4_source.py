r"""A large LZ4 stream as a source: unfolded block by block while it is read, with one block and its window in memory.

Blocks may lean on the 64 KiB before them (*LZ4 Frame Format Description* 1.6.4, "Block Independence"). A decoder of single
blocks takes such a block all the same if the window is put before it as a sequence of literals with a match of four bytes:
``W[-4:] W[:-4]`` followed by a match at a distance of ``len(W)`` gives ``W[-4:] W``.

Example:
    >>> from pmport.formats.streams.codecs import compress
    >>> from pmport.section import Section
    >>> content = bytes(range(256)) * 2000
    >>> source = Lz4Source(Section.of(compress(content, "lz4")), "system.img")
    >>> source.size, source.read(300_000, 4) == content[300_000:300_004]
    (512000, True)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["Lz4Source"]

FORMAT = "LZ4 frame"
MAGIC = b"\x04\x22\x4d\x18"
SKIPPABLE = range(0x184D2A50, 0x184D2A60)
LARGEST = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}
WINDOW = 65535
"""The longest distance that a match can have, bytes."""
SHORTEST_MATCH = 4


class _Block(NamedTuple):
    """One block of a frame."""

    offset: int
    size: int
    stored: bool
    linked: bool
    largest: int


class Lz4Source:
    """The content of LZ4 frames; reading on is cheap, reading back begins again.

    Args:
        stream: The frames.
        name: What a person calls the content.

    Raises:
        FormatError: If a frame is damaged.
    """

    def __init__(self, stream: Section, name: str) -> None:
        self.name = name
        self.packed: Section = stream
        """What it is unpacked from."""
        self._rewind()
        stated = _stated_size(stream)
        self.size: int = sum(len(piece) for piece in _contents(stream)) if stated is None else stated

    def _rewind(self) -> None:
        self._pieces = _contents(self.packed)
        self._piece, self._start = b"", 0

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of a range.

        Args:
            offset: From where.
            size: How many.

        Returns:
            The bytes.

        Raises:
            FormatError: If the stream is damaged, or holds less than it says.
        """
        if offset < self._start:
            self._rewind()
        out = []
        while size:
            while offset >= self._start + len(self._piece):
                self._start += len(self._piece)
                self._piece = next(self._pieces, b"")
                if not self._piece:
                    raise FormatError(f"{self.name} ends after {self._start} bytes, not {self.size}", format=FORMAT)
            at = offset - self._start
            piece = self._piece[at : at + size]
            out.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return out[0] if len(out) == 1 else b"".join(out)


def _stated_size(stream: Section) -> int | None:
    """What the header of a single frame states."""
    head = stream.read(0, min(stream.size, 15))
    if len(head) < 15 or head[:4] != MAGIC or not head[4] & 8:
        return None
    return int.from_bytes(head[6:14], "little")


def _contents(stream: Section) -> Iterator[bytes]:
    """The content of each block, in order."""
    import cramjam  # noqa: PLC0415 - only where something is decompressed

    window, buffer = b"", bytearray(WINDOW + SHORTEST_MATCH)
    for block in _blocks(stream):
        data = stream.read(block.offset, block.size)
        if block.stored:
            piece = data
        else:
            before = window if block.linked else b""
            limit = block.largest + WINDOW + SHORTEST_MATCH
            buffer = buffer if len(buffer) >= limit else bytearray(limit)
            try:
                made = cramjam.lz4.decompress_block_into(_leaning(before, data), buffer, output_len=limit)
            except (cramjam.DecompressionError, ValueError, OverflowError) as error:
                raise FormatError(f"A block is damaged: {error}", format=FORMAT, offset=block.offset) from None
            piece = bytes(memoryview(buffer)[max(len(before), SHORTEST_MATCH) + SHORTEST_MATCH if before else 0 : made])
        window = (window + piece)[-WINDOW:] if len(piece) < WINDOW else piece[-WINDOW:]
        if piece:
            yield piece


def _leaning(window: bytes, data: bytes) -> bytes:
    """A block with the window that it leans on put before it."""
    if len(window) < SHORTEST_MATCH:
        return data if not window else _literal(window.rjust(SHORTEST_MATCH, b"\0")) + data
    return _literal(window) + data


def _literal(window: bytes) -> bytes:
    length, extra = len(window), b""
    if length >= 15:
        count, rest = divmod(length - 15, 255)
        extra = b"\xff" * count + bytes([rest])
    token = bytes([min(length, 15) << 4])
    return token + extra + window[-SHORTEST_MATCH:] + window[:-SHORTEST_MATCH] + len(window).to_bytes(2, "little")


def _blocks(stream: Section) -> Iterator[_Block]:
    at = 0
    while at < stream.size or not at:
        word = _need(stream, at, 4)
        if int.from_bytes(word, "little") in SKIPPABLE:
            at += 8 + int.from_bytes(_need(stream, at + 4, 4), "little")
            continue
        if word != MAGIC:
            if at:
                return  # what follows the frames is something else
            raise FormatError("It begins otherwise", format=FORMAT, field="magic", offset=at)
        flags, kind = _need(stream, at + 4, 2)
        largest = LARGEST.get(kind >> 4 & 7)
        if flags >> 6 != 1 or flags & 1 or largest is None:
            raise FormatError(
                f"Unknown descriptor {flags:#04x} {kind:#04x}", format=FORMAT, field="FLG, BD", offset=at + 4
            )
        at += 7 + (8 if flags & 8 else 0)
        while size := int.from_bytes(_need(stream, at, 4), "little"):
            stored, size = bool(size >> 31), size & 0x7FFFFFFF
            if size > largest or at + 4 + size > stream.size:
                raise FormatError(f"A block of {size} bytes", format=FORMAT, field="block size", offset=at)
            yield _Block(at + 4, size, stored, not flags & 0x20, largest)
            at += 4 + size + (4 if flags & 0x10 else 0)
        at += 4 + (4 if flags & 4 else 0)


def _need(stream: Section, at: int, size: int) -> bytes:
    piece = stream.read(at, min(size, max(stream.size - at, 0)))
    if len(piece) < size:
        raise FormatError("The stream ends too early", format=FORMAT, offset=at)
    return piece
