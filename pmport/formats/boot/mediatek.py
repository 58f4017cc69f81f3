"""MediaTek's header in front of a kernel or ramdisk: 512 bytes that name the payload and count it.

Layout: magic ``88 16 88 58``, payload size as 32-bit little-endian number, name in 32 bytes, fill that is usually 0xff.
Seen in real boot images of the MT6577; the size in the boot image's header counts the 512 bytes too.

Example:
    >>> image = MtkImage.build(b"kernel", "KERNEL")
    >>> image.label, image.payload.read(), image.size
    ('KERNEL', b'kernel', 518)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.given import text
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["MAGIC", "SIZE", "MtkImage", "label_of", "payload_fits", "with_header_of"]

FORMAT = "MediaTek header"
MAGIC = b"\x88\x16\x88\x58"
SIZE = 512
LABEL_SIZE = 32


@cache
def declaration() -> Any:
    """The header, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Const, Int32ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "magic" / Const(MAGIC),
        "payload_size" / Int32ul,
        "label" / Bytes(LABEL_SIZE),
        "fill" / Bytes(SIZE - 8 - LABEL_SIZE),
    ).compile()


class MtkImage(Container):
    """A payload behind a MediaTek header.

    Args:
        label: The payload's name: ``KERNEL``, ``ROOTFS``, ``RECOVERY``.
        header: The 512 bytes.
        payload: What is behind them.
        tail: What is behind the payload.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        magics=((0, MAGIC),),
        writes="identical, build, edit",
        source="real images of the MT6577; pmbootstrap's test data",
    )

    def __init__(self, label: str, header: Section, payload: Section, tail: Section) -> None:
        self.label = label
        self.payload = payload
        self._header = header
        self._tail = tail

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The value.

        Raises:
            FormatError: If it is no such header, or the payload is not all there.
        """
        section = Section.of(source)
        head = section.read(0, SIZE)
        if not head.startswith(MAGIC) or len(head) < SIZE:
            raise FormatError("There is no MediaTek header of 512 bytes", format=FORMAT, field="magic", offset=0)
        header = declaration().parse(head)
        if header.payload_size > section.size - SIZE:
            raise FormatError(
                f"The header counts {header.payload_size} bytes of payload, and {section.size - SIZE} are there",
                format=FORMAT,
                field="payload_size",
                offset=4,
            )
        end = SIZE + header.payload_size
        return cls(_text(header.label), section[:SIZE], section[SIZE:end], section[end:])

    @classmethod
    def build(cls, payload: Readable, label: str, fill: bytes = b"\xff" * (SIZE - 8 - LABEL_SIZE)) -> Self:
        """Put a header in front of a payload.

        Args:
            payload: The payload.
            label: Its name, up to 32 bytes.
            fill: The rest of the header, 472 bytes.

        Returns:
            The value.

        Raises:
            FormatError: If the name is too long.
        """
        name = text(label, "label", FORMAT)
        if len(name) > LABEL_SIZE:
            raise FormatError(f"The name {label!r} is longer than 32 bytes", format=FORMAT, field="label")
        section = Section.of(payload)
        fields = {"payload_size": section.size, "label": name.ljust(LABEL_SIZE, b"\0"), "fill": fill}
        return cls(label, Section.of(declaration().build(fields)), section, Section.zeros(0))

    def parts(self) -> Iterator[Part]:
        """Header, payload and what is behind."""
        yield Part("header", self._header, Role.HEADER)
        yield Part("payload", self.payload)
        if self._tail:
            yield Part("tail", self._tail, Role.TAIL)

    def replace(self, *, payload: Readable | None = None) -> Self:
        """The same header, its size brought up to date, in front of another payload.

        Args:
            payload: The other payload; None: the same.

        Returns:
            A new value, without a tail unless it is the same.
        """
        if payload is None:
            return self
        return type(self).build(payload, self.label, self._header.read(8 + LABEL_SIZE))

    def describe(self) -> Iterator[tuple[str, object]]:
        """Name and size."""
        yield "label", self.label
        yield "payload size", self.payload.size


def label_of(section: Section) -> str | None:
    """The name that a MediaTek header gives a section.

    Args:
        section: A kernel or a ramdisk.

    Returns:
        The name; None where there is no such header.
    """
    head = section.read(0, 8 + LABEL_SIZE)
    return _text(head[8:]) if head.startswith(MAGIC) else None


def payload_fits(section: Section) -> bool:
    """Whether a section begins with a MediaTek header, and all that this counts is there.

    Args:
        section: A kernel or a ramdisk.

    Returns:
        True where both hold.
    """
    head = section.read(0, 8)
    return head.startswith(MAGIC) and 0 < int.from_bytes(head[4:], "little") <= section.size - SIZE


def with_header_of(old: Section, new: Section) -> Section:
    """Put the old section's MediaTek header in front of a new payload, if it had one and the new has none.

    Args:
        old: The section that is replaced.
        new: What replaces it.

    Returns:
        The new section with its header, or the new section itself.
    """
    if not new or not payload_fits(old) or new.read(0, 4) == MAGIC:
        return new
    return MtkImage.parse(old).replace(payload=new).section()


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
