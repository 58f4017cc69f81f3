"""Compressed streams of kernels and ramdisks: recognising, bounded decompressing, compressing.

gzip, xz, lzma-alone and bzip2 go through the standard library in pieces; LZ4 (frame, legacy, and LG's legacy with the
total size behind it) and Zstandard through cramjam, their ends found by their frames. What follows a stream is never
touched: the caller learns how many bytes the stream had. lzop is read, and not written.

Example:
    >>> stream = compress(b"kernel" * 1000, "lz4-legacy")
    >>> expanded = expand(stream + b"appended device trees")
    >>> expanded.kind, len(expanded.data), expanded.used == len(stream)
    ('lz4-legacy', 6000, True)
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from io import BytesIO
from typing import NamedTuple, Protocol

from pmport.errors import FormatError, TooLargeError
from pmport.formats.streams.compressing import compress
from pmport.formats.streams.extents import LEGACY_BLOCK, LEGACY_WORST, LZ4_LEGACY_MAGIC, Extent, lz4_extent, zstd_extent
from pmport.formats.streams.lzo import expand_lzop, first_block
from pmport.section import PIECE, Readable, Section

__all__ = [
    "KINDS",
    "LIMIT",
    "LZ4_LEGACY_MAGIC",
    "Expanded",
    "beginning",
    "begins_well",
    "compress",
    "decompress",
    "expand",
    "kind_of",
]

LIMIT = 192 << 20
"""The most that is decompressed unless the caller says otherwise, bytes; kernels and ramdisks stay below."""
LZMA_MEMORY = 128 << 20
"""The largest dictionary of lzma and xz, bytes, with what the decoder itself needs."""
SMALLEST_DICTIONARY = 4096
LONGEST_MARK = 8
"""A file of so few bytes is a mark and nothing else."""
SMALL_PIECE = 64
FRAMES_WALKED = 4 << 20
"""The frames of a stream up to this size are walked to prove it, bytes."""


class Expanded(NamedTuple):
    """A decompressed stream.

    Args:
        data: The content.
        used: Bytes that the stream had; what follows is something else.
        kind: A key of :data:`KINDS`.
    """

    data: bytes
    used: int
    kind: str


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib's decoder, in the shape that bz2's and lzma's have."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)
        self._rest = b""
        self._more = False

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._rest and not self._more

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        out = self._inner.decompress(self._rest + data if self._rest else data, max_length)
        self._rest = self._inner.unconsumed_tail
        self._more = len(out) == max_length  # it may hold more of what it was fed
        return out


KINDS: Mapping[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b\x08", b"\x1f\x9e\x08"),
    "xz": (b"\xfd7zXZ\0",),
    "lz4": (b"\x04\x22\x4d\x18",),
    "lz4-legacy": (LZ4_LEGACY_MAGIC,),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "bzip2": (b"BZh",),
    "lzop": (b"\x89LZO\0\r\n\x1a\n",),
    "lzma": (b"\x5d\0\0",),
    "zlib": (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
}
"""Name → how streams begin. ``lzma`` and ``zlib`` are checked further, for their beginnings prove little."""

_STREAMED: Mapping[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "zlib": lambda: _Zlib(zlib.MAX_WBITS),
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LZMA_MEMORY),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY),
    "bzip2": bz2.BZ2Decompressor,
}


_FRAMED: Mapping[str, Callable[[memoryview, str], Extent]] = {"lz4": lz4_extent, "zstd": zstd_extent}


def kind_of(head: bytes) -> str | None:
    r"""How something is compressed, by its first bytes.

    Args:
        head: At least the first 16 bytes.

    Returns:
        A key of :data:`KINDS`, or None. Only :func:`beginning` proves it.

    Example:
        >>> kind_of(b"\x1f\x8b\x08" + bytes(13)), kind_of(b"ANDROID!")
        ('gzip', None)
    """
    for kind, magics in KINDS.items():
        if head.startswith(magics) and (kind != "lzma" or _is_lzma(head)) and (kind != "bzip2" or _is_bzip2(head)):
            return kind
    return None


def _is_lzma(head: bytes) -> bool:
    """Dictionary size a power of two (or one and a half), content size unknown or below 256 GiB."""
    dictionary, size = int.from_bytes(head[1:5], "little"), int.from_bytes(head[5:13], "little")
    power = dictionary & dictionary - 1 == 0 or (dictionary % 3 == 0 and (dictionary // 3) & (dictionary // 3) - 1 == 0)
    return len(head) >= 13 and dictionary >= SMALLEST_DICTIONARY and power and (size == (1 << 64) - 1 or size < 1 << 38)


def _is_bzip2(head: bytes) -> bool:
    return head[3:4].isdigit() and head[4:10] in {b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"}


def beginning(source: Readable, kind: str | None = None) -> bytes:
    """The first bytes of a stream's content, which prove that it is one.

    Args:
        source: Begins with the stream; up to 64 KiB of it are read, of legacy LZ4 the first block, of what has frames
            at most 4 MiB.
        kind: A key of :data:`KINDS`; None: by its first bytes.

    Returns:
        Up to 4 KiB of content; of an LZ4 frame and of Zstandard a few bytes of the stream, whose frames were walked.

    Raises:
        FormatError: If it is no such stream, or broken from the start.
    """
    section = Section.of(source)
    kind = kind or _kind_of_stream(section)
    if kind in _STREAMED:
        piece = section.read(0, 64 << 10)
        with _Errors(kind):
            return _STREAMED[kind]().decompress(_modern(piece), 4096)
    if kind == "lz4-legacy":
        return bytes(next(_legacy_blocks(section, LEGACY_BLOCK))[:4096])
    if kind in _FRAMED:
        if section.size <= FRAMES_WALKED:
            _FRAMED[kind](section.view(), kind)
        return section.read(4, 14)
    if kind == "lzop":
        return first_block(section)[:4096]
    raise _unread(kind)


def begins_well(source: Readable, kind: str) -> bool:
    """Whether a stream that :func:`beginning` refused is one all the same, damaged further on or cut short.

    Args:
        source: Begins with the stream.
        kind: A key of :data:`KINDS`.

    Returns:
        True where the mark is long enough to prove it, or some content comes out before the damage.
    """
    section = Section.of(source)
    if kind in {"xz", "lz4", "lz4-legacy", "zstd", "lzop"}:
        return section.size > LONGEST_MARK
    if kind not in {"gzip", "bzip2"}:
        return False
    decoder, made = _STREAMED[kind](), 0
    for piece in _pieces(section[: 64 << 10], SMALL_PIECE):
        try:
            made += len(decoder.decompress(piece, 4096))
        except (OSError, EOFError, ValueError, zlib.error):
            return made > 0
        if made >= SMALL_PIECE:
            break
    return made > 0


def _unread(kind: str) -> FormatError:
    return FormatError(
        "This is recognised, and not read", format=kind, offset=0, remedy="Decompress it with its own program first"
    )


def _kind_of_stream(section: Section) -> str:
    head = section.read(0, 16)
    kind = kind_of(head)
    if kind is None:
        raise FormatError(f"No compression begins with {head.hex(' ')}", format="compressed data", offset=0)
    return kind


def decompress(source: Readable, *, limit: int = LIMIT, kind: str | None = None) -> bytes:
    """The content of a stream; what follows the stream is left alone.

    Args:
        source: Begins with the stream.
        limit: Refuse to make more than this many bytes.
        kind: A key of :data:`KINDS`; None: by its first bytes.

    Returns:
        The content.

    Raises:
        TooLargeError: If the content has more than ``limit`` bytes.
        FormatError: If it is no stream of a known kind, or damaged.
    """
    return expand(source, limit=limit, kind=kind).data


def expand(source: Readable, *, limit: int = LIMIT, kind: str | None = None) -> Expanded:
    """As :func:`decompress`, and tells where the stream ended.

    Args:
        source: Begins with the stream.
        limit: Refuse to make more than this many bytes.
        kind: A key of :data:`KINDS`; None: by its first bytes.

    Returns:
        Content, bytes used, kind.

    Raises:
        TooLargeError: If the content has more than ``limit`` bytes.
        FormatError: If it is no stream of a known kind, or damaged.
    """
    section = Section.of(source)
    kind = kind or _kind_of_stream(section)
    if kind in _STREAMED:
        return _streamed(section, kind, limit)
    if kind == "lz4-legacy":
        return _legacy(section, limit)
    if kind in _FRAMED:
        return _framed(section, kind, limit)
    if kind == "lzop":
        return Expanded(*expand_lzop(section, limit), kind)
    raise _unread(kind)


def _modern(piece: bytes) -> bytes:
    """Old gzip had another magic, and the same stream."""
    return b"\x1f\x8b" + piece[2:] if piece.startswith(b"\x1f\x9e") else piece


def _streamed(section: Section, kind: str, limit: int) -> Expanded:
    decoder = _STREAMED[kind]()
    out = BytesIO()
    fed = 0
    with _Errors(kind):
        for piece in _pieces(section):
            fed += len(piece)
            out.write(decoder.decompress(piece, min(limit + 1 - out.tell(), PIECE)))
            while not decoder.eof and not getattr(decoder, "needs_input", True) and out.tell() <= limit:
                out.write(decoder.decompress(b"", min(limit + 1 - out.tell(), PIECE)))
            if out.tell() > limit or decoder.eof:
                break
    if out.tell() > limit:
        raise TooLargeError(f"The content has more than {limit} bytes", limit=limit, format=kind, offset=0)
    if not decoder.eof and not (kind == "lzma" and section.read(5, 8) == b"\xff" * 8 and out.tell()):
        raise FormatError("The stream ends too early", format=kind, offset=section.size)
    return Expanded(out.getvalue(), fed - len(decoder.unused_data), kind)


def _pieces(section: Section, size: int = PIECE) -> Iterator[bytes]:
    for index, piece in enumerate(section.chunks(size)):
        yield _modern(piece) if index == 0 else piece


def _framed(section: Section, kind: str, limit: int) -> Expanded:
    import cramjam  # noqa: PLC0415 - only where something is decompressed

    stream = section.view()
    extent = _FRAMED[kind](stream, kind)
    out = bytearray(min(extent.bound, limit))
    with _Errors(kind, limit if extent.bound > limit else None):
        size = getattr(cramjam, kind).decompress_into(stream[: extent.size], out)
    del out[size:]
    return Expanded(bytes(out), extent.size, kind)


def _legacy(section: Section, limit: int) -> Expanded:
    out = BytesIO()
    walk = _legacy_blocks(section, limit)
    while True:
        try:
            out.write(next(walk))
        except StopIteration as stop:
            return Expanded(out.getvalue(), stop.value, "lz4-legacy")


def _legacy_blocks(section: Section, limit: int) -> Generator[memoryview, None, int]:
    """The blocks of a legacy stream, unfolded into one buffer; returns where the stream ends."""
    import cramjam  # noqa: PLC0415 - only where something is decompressed

    buffer = bytearray(LEGACY_BLOCK)
    view = memoryview(buffer)
    at, total, blocks = 4, 0, 0
    while True:
        word = section.read(at, 4)
        if word == LZ4_LEGACY_MAGIC:
            at += 4
            continue
        size = int.from_bytes(word, "little")
        if blocks and (len(word) < 4 or size == 0 or size > LEGACY_WORST):
            return at + 4 if len(word) == 4 and size == total & 0xFFFFFFFF else at
        if blocks and size == total and at + 4 + size > section.size:
            return at + 4
        if not 0 < size <= min(LEGACY_WORST, section.size - at - 4):
            raise FormatError(f"A block of {size} bytes", format="lz4-legacy", field="block size", offset=at)
        with _Errors("lz4-legacy", offset=at):
            try:
                made = cramjam.lz4.decompress_block_into(section.read(at + 4, size), buffer, output_len=LEGACY_BLOCK)
            except cramjam.DecompressionError:
                if not blocks or size != total & 0xFFFFFFFF:
                    raise
                return at + 4
        total += made
        if total > limit:
            raise TooLargeError(f"The content has more than {limit} bytes", limit=limit, format="lz4-legacy", offset=0)
        at += 4 + size
        blocks += 1
        yield view[:made]


class _Errors:
    """Turns what the decoders raise into errors of the format."""

    def __init__(self, kind: str, limit: int | None = None, offset: int = 0) -> None:
        self._kind, self._limit, self._offset = kind, limit, offset

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, FormatError):
            return
        name = type(error).__name__
        if isinstance(error, lzma.LZMAError) and "emory usage limit" in str(error):
            raise TooLargeError(
                "The dictionary is too large", limit=LZMA_MEMORY, format=self._kind, offset=self._offset
            ) from None
        if name in {"DecompressionError", "error", "LZMAError", "PanicException"} or isinstance(
            error, (OSError, EOFError, ValueError)
        ):
            if self._limit is not None and "whole buffer" in str(error):
                raise TooLargeError(
                    f"The content has more than {self._limit} bytes",
                    limit=self._limit,
                    format=self._kind,
                    offset=self._offset,
                ) from None
            raise FormatError(f"The stream is damaged: {error}", format=self._kind, offset=self._offset) from None
