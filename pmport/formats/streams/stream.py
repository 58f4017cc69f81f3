"""A compressed stream as a value: its content is one step further down the tree.

The stream's bytes stay as they are; they are made anew only when the content is replaced, because no compressor gives the
bytes of another one.

Example:
    >>> stream = Gzip.build(b"070701 is how a cpio archive begins" * 9)
    >>> stream.content.size, dict(stream.facets())["content"].KIND
    (315, 'data')
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Self

from pmport.errors import FormatError, TooLargeError
from pmport.findings import Finding, Severity
from pmport.formats.streams.codecs import Expanded, beginning, begins_well, compress, expand, kind_of
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Readable, Section

__all__ = ["Bzip2", "Compressed", "Gzip", "Lz4", "Lz4Legacy", "Lzma", "Lzop", "Xz", "Zlib", "Zstd"]


class Compressed(Container):
    """One compressed stream, and perhaps bytes behind it.

    Args:
        section: The stream and what follows it.
    """

    COMPRESSION: ClassVar[str] = ""
    """A key of :data:`pmport.formats.streams.codecs.KINDS`."""

    def __init__(self, section: Section) -> None:
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read the beginning of one; the rest is decompressed when it is asked for.

        Args:
            source: Where it is.

        Returns:
            The value.

        Raises:
            FormatError: If it does not begin as such a stream, or nothing of it can be decompressed. A stream whose mark
                proves it may be damaged: its findings say so.
        """
        section = Section.of(source)
        if kind_of(section.read(0, 16)) != cls.COMPRESSION:
            raise FormatError("It begins otherwise", format=cls.KIND, field="magic", offset=0)
        try:
            beginning(section, cls.COMPRESSION)
        except TooLargeError:
            raise
        except FormatError:
            if not begins_well(section, cls.COMPRESSION):
                raise
        return cls(section)

    @classmethod
    def build(cls, content: Readable, level: int | None = None) -> Self:
        """Compress something.

        Args:
            content: What.
            level: As the compressor counts; None: what the kernel's build uses.

        Returns:
            The value.
        """
        return cls(Section.of(compress(content, cls.COMPRESSION, level)))

    def replace(self, *, content: Readable | None = None) -> Self:
        """Another content, compressed in the same way; what followed the stream follows it again.

        Args:
            content: The new content; None: the same, and the same bytes.

        Returns:
            A new value.
        """
        if content is None:
            return self
        new = Section.of(compress(content, self.COMPRESSION))
        return type(self)(Section.joined((new, self.rest)) if self.rest else new)

    @cached_property
    def _expanded(self) -> Expanded:
        return expand(self._section, kind=self.COMPRESSION)

    @property
    def content(self) -> Section:
        """The decompressed content.

        Raises:
            FormatError: If the stream is damaged, or has more content than
                :data:`pmport.formats.streams.codecs.LIMIT`.
        """
        return Section.of(self._expanded.data)

    @property
    def rest(self) -> Section:
        """What follows the stream; decompresses it to find its end."""
        return self._section[self._expanded.used :]

    def contents(self) -> Mapping[str, Section]:
        """The decompressed content, as ``replace`` takes it.

        Returns:
            ``content``.

        Raises:
            FormatError: If the stream is damaged, or has too much content.
        """
        return {"content": self.content}

    def parts(self) -> Iterator[Part]:
        """The stream.

        Yields:
            One part.
        """
        yield Part("stream", self._section, Role.HEADER)

    def facets(self) -> Iterator[tuple[str, Node]]:
        """What is inside, and what follows where that is more than zeros.

        Yields:
            ``content``, ``rest``; nothing where the stream is damaged: :meth:`findings` says so.
        """
        if self._failure() is not None:
            return
        yield "content", self.opened(self.content)
        if self.rest and not self.rest.is_zero():
            yield "rest", self.opened(self.rest)

    def findings(self) -> tuple[Finding, ...]:
        """Whether it can be decompressed.

        Returns:
            One finding where it cannot.
        """
        failure = self._failure()
        if failure is None:
            return ()
        large = isinstance(failure, TooLargeError)
        return (
            Finding(
                Severity.WARNING if large else Severity.ERROR,
                "stream-too-large" if large else "stream-damaged",
                f"The stream is not decompressed: {failure.what}"
                if large
                else f"The stream cannot be decompressed: {failure.what}",
                where=f"offset {failure.offset or 0:#x}",
            ),
        )

    def describe(self) -> Iterator[tuple[str, object]]:
        """How much is inside.

        Yields:
            ``(label, value)``.
        """
        yield "compression", self.COMPRESSION
        if self._failure() is None:
            yield "stream size", self._expanded.used
            yield "content size", len(self._expanded.data)

    def section(self) -> Section:
        """Its bytes as one section.

        Returns:
            The section.
        """
        return self._section

    def _failure(self) -> FormatError | None:
        try:
            _ = self._expanded
        except FormatError as error:
            return error
        return None


class Gzip(Compressed):
    """gzip (RFC 1952)."""

    KIND: ClassVar[str] = "gzip"
    FORMAT = Format(
        magics=((0, b"\x1f\x8b\x08"), (0, b"\x1f\x9e\x08")),
        certain=False,
        writes="identical, build, edit",
        source="RFC 1952",
    )
    COMPRESSION: ClassVar[str] = "gzip"


class Xz(Compressed):
    """xz."""

    KIND: ClassVar[str] = "xz"
    FORMAT = Format(magics=((0, b"\xfd7zXZ\x00"),), writes="identical, build, edit", source="The .xz File Format 1.1.0")
    COMPRESSION: ClassVar[str] = "xz"


class Lzma(Compressed):
    """lzma-alone, the format before xz."""

    KIND: ClassVar[str] = "lzma"
    FORMAT = Format(magics=((0, b"]\x00\x00"),), certain=False, writes="identical, build, edit", source="LZMA SDK")
    COMPRESSION: ClassVar[str] = "lzma"


class Lz4(Compressed):
    """LZ4 frame."""

    KIND: ClassVar[str] = "LZ4 frame"
    FORMAT = Format(
        magics=((0, b'\x04"M\x18'),),
        certain=False,
        writes="identical, build, edit",
        source="LZ4 Frame Format Description 1.6.4",
    )
    COMPRESSION: ClassVar[str] = "lz4"


class Lz4Legacy(Compressed):
    """Legacy LZ4, the kernel's, with or without LG's total size at the end."""

    KIND: ClassVar[str] = "LZ4 legacy"
    FORMAT = Format(
        magics=((0, b"\x02!L\x18"),),
        certain=False,
        writes="identical, build, edit",
        source="LZ4 Frame Format Description 1.6.4; LG's images",
    )
    COMPRESSION: ClassVar[str] = "lz4-legacy"


class Zstd(Compressed):
    """Zstandard (RFC 8878)."""

    KIND: ClassVar[str] = "Zstandard"
    FORMAT = Format(magics=((0, b"(\xb5/\xfd"),), certain=False, writes="identical, build, edit", source="RFC 8878")
    COMPRESSION: ClassVar[str] = "zstd"


class Bzip2(Compressed):
    """bzip2."""

    KIND: ClassVar[str] = "bzip2"
    FORMAT = Format(
        magics=((0, b"BZh"),),
        certain=False,
        writes="identical, build, edit",
        source="BZIP2 Format Specification (J. Tsai)",
    )
    COMPRESSION: ClassVar[str] = "bzip2"


class Zlib(Compressed):
    """zlib (RFC 1950), as entries of device tree tables."""

    KIND: ClassVar[str] = "zlib"
    FORMAT = Format(
        magics=((0, b"x\x01"), (0, b"x^"), (0, b"x\x9c"), (0, b"x\xda")),
        certain=False,
        writes="identical, build, edit",
        source="RFC 1950",
    )
    COMPRESSION: ClassVar[str] = "zlib"


class Lzop(Compressed):
    """lzop's files with LZO1X inside: read, not written."""

    KIND: ClassVar[str] = "lzop"
    FORMAT = Format(
        magics=((0, b"\x89LZO\x00\r\n\x1a\n"),),
        source="kernel source, lib/decompress_unlzo.c, Documentation/staging/lzo.rst",
        limits="not written",
    )
    COMPRESSION: ClassVar[str] = "lzop"
