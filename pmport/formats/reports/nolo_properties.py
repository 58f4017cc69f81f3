r"""What a Nokia tablet or phone in NOLO says of itself: a recording, one ``name: value`` per line.

The first line names NOLO and its version, so that a recording is recognised.

Example:
    >>> found = NoloProperties.parse(b"nolo: 1.4.14\nprod_code: RX-51\nhw_rev: 2101\n")
    >>> found["prod_code"], found.product_name
    ('RX-51', 'Nokia N900')
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.reports.answers import Answers
from pmport.node import Format, Part, Role
from pmport.section import Section
from pmport.wire import nolo as wire

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["NoloProperties"]

LIMIT = 1 << 16
MAGIC = b"nolo: "
LINE = re.compile(r"([a-z_]+(?:[:-][a-z-]+)?): ?(.*)")


class NoloProperties(Answers):
    """Properties: a mapping of name to value, in the order in which they were read.

    Args:
        values: Name → value.
        section: The recording that they were read from, if any.
    """

    KIND: ClassVar[str] = "NOLO properties"
    FORMAT = Format(magics=((0, MAGIC),), source="`pmport nokia identify`; names of the properties as NOLO has them")

    def __init__(self, values: Mapping[str, str], section: Section | None = None) -> None:
        super().__init__(values)
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a recording.

        Args:
            source: The text.

        Returns:
            The properties.

        Raises:
            FormatError: If a line is none.
        """
        section = Section.of(source)
        raw = section.read(limit=LIMIT)
        if not raw.startswith(MAGIC):
            raise FormatError("The first line does not name NOLO", format=cls.KIND, field="nolo", offset=0)
        values = {}
        offset = 0
        for line in raw.decode("utf-8", "surrogateescape").splitlines(keepends=True):
            match = LINE.fullmatch(line.rstrip("\r\n"))
            if match is None and line.strip():
                raise FormatError(f"{line.strip()[:40]!r} is no property", format=cls.KIND, offset=offset)
            if match is not None:
                values[match[1]] = match[2]
            offset += len(line.encode("utf-8", "surrogateescape"))
        return cls(values, section)

    def parts(self) -> Iterator[Part]:
        """The recording; a live phone's properties as lines."""
        text = "".join(f"{name}: {value}\n" for name, value in self.items())
        yield Part("properties", self._section or Section.of(text.encode("utf-8", "surrogateescape")), Role.HEADER)

    @property
    def product_name(self) -> str:
        """What people call the product; its code where that is unknown."""
        code = self["prod_code"]
        return wire.PRODUCTS[code][0] if code in wire.PRODUCTS else code

    @property
    def flags(self) -> wire.RdFlag:
        """The R&D flags that are on."""
        return wire.parse_flags(self["rd-flags"])

    def describe(self) -> Iterator[tuple[str, object]]:
        """All properties."""
        yield from self.items()

    def __repr__(self) -> str:
        return f"<NoloProperties {self.product_name}>"
