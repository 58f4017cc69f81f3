"""Compressing, in the way that kernels and bootloaders read; :mod:`pmport.formats.streams.codecs` reads it back."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping

from pmport.errors import FormatError
from pmport.formats.streams.extents import LEGACY_BLOCK, LZ4_LEGACY_MAGIC
from pmport.section import Readable, Section

__all__ = ["compress"]


def compress(data: Readable, kind: str, level: int | None = None) -> bytes:
    """Compress, in the way that kernels and bootloaders read.

    Args:
        data: The content.
        kind: A key of :data:`pmport.formats.streams.codecs.KINDS` other than ``lzop``.
        level: As the compressor counts; None: what the kernel's build uses. LZ4 has none.

    Returns:
        The stream. gzip carries no name and no time; xz has a CRC32, because the kernel's decoder knows no other.

    Raises:
        FormatError: If nothing here writes that kind, or it has no such level.
    """
    content = Section.of(data).read()
    if kind not in _COMPRESSORS:
        raise FormatError(
            "Nothing here compresses like that", format=kind, remedy=f"Use one of {', '.join(_COMPRESSORS)}"
        )
    if level is not None and (isinstance(level, bool) or not isinstance(level, int)):
        raise FormatError(f"Level is {level!r}", format=kind, field="level")
    try:
        return _COMPRESSORS[kind](content, level)
    except (ValueError, OverflowError, lzma.LZMAError, zlib.error) as error:
        raise FormatError(f"Level {level} is none of it: {error}", format=kind, field="level") from None


def _zlib_stream(content: bytes, level: int | None, bits: int) -> bytes:
    stream = zlib.compressobj(9 if level is None else level, zlib.DEFLATED, bits)
    return stream.compress(content) + stream.flush()


def _cramjam(content: bytes, kind: str, level: int | None) -> bytes:
    import cramjam  # noqa: PLC0415 - only where something is compressed

    module = getattr(cramjam, kind)
    return bytes(module.compress(content) if level is None else module.compress(content, level))


def _lz4_legacy(content: bytes, level: int | None) -> bytes:
    blocks = [_packed_block(content[at : at + LEGACY_BLOCK], level) for at in range(0, len(content), LEGACY_BLOCK)]
    return LZ4_LEGACY_MAGIC + b"".join(len(block).to_bytes(4, "little") + block for block in blocks)


def _packed_block(block: bytes, level: int | None) -> bytes:
    import cramjam  # noqa: PLC0415 - only where something is compressed

    if level is None:
        return bytes(cramjam.lz4.compress_block(block, store_size=False))
    return bytes(
        cramjam.lz4.compress_block(block, mode="high_compression", compression=level, store_size=False),
    )


_COMPRESSORS: Mapping[str, Callable[[bytes, int | None], bytes]] = {
    "gzip": lambda content, level: _zlib_stream(content, level, zlib.MAX_WBITS | 16),
    "zlib": lambda content, level: _zlib_stream(content, level, zlib.MAX_WBITS),
    "xz": lambda content, level: lzma.compress(content, lzma.FORMAT_XZ, lzma.CHECK_CRC32, preset=level),
    "lzma": lambda content, level: lzma.compress(content, lzma.FORMAT_ALONE, preset=level),
    "bzip2": lambda content, level: bz2.compress(content, 9 if level is None else level),
    "lz4": lambda content, level: _cramjam(content, "lz4", level),
    "zstd": lambda content, level: _cramjam(content, "zstd", 19 if level is None else level),
    "lz4-legacy": _lz4_legacy,
}
