"""How bytes find their format.

A format declares its magics in its class (:class:`~pmport.node.Format`); the table, printed from the classes, holds them so
that no format's module is imported before some bytes begin like it. Formats without a fixed magic have a probe in their
module. The first row whose format parses wins.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.errors import ExtensionError, FormatError, UnknownFormatError
from pmport.extensions import extensions, load
from pmport.formats.base.format_row import FormatRow
from pmport.formats.table import FORMATS
from pmport.node import Data, Node
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["FORMATS", "SAMPLES", "FormatRow", "recognise", "recognise_or_data"]

HEAD = 4096 + 64
"""How many bytes from the start are read to look for magics: a page, and a magic that begins in its last byte."""


SAMPLES: Mapping[str, int] = MappingProxyType(
    {
        "ARM zImage": 9, "Amlogic multi-dtb": 2, "Android boot image": 17, "Android properties": 8,
        "Android sparse image": 2,
        "Android vendor boot image": 1, "ChromeOS kernel partition": 1, "DT table": 12, "DTBH": 1, "FIT image": 1,
        "LZ4 legacy": 1, "MediaTek header": 3, "PIT": 39, "QCDT": 4, "SPRD device tree table": 3, "arm64 Image": 6,
        "device tree blob": 60, "device trees in sequence": 6, "gzip": 13, "kernel with appended device trees": 3,
        "kernel-config": 7, "ramdisk": 10, "super image": 2, "tar archive": 1, "uImage": 1, "vbmeta": 9, "xz": 2,
    }
)  # fmt: skip
"""Format → in how many files of real phones it was found; the tests count them again. Others have no real sample."""


@cache
def added() -> tuple[FormatRow, ...]:
    """Formats of other distributions; one that cannot be loaded is warned about, and left out.

    Returns:
        Their rows, by name.
    """
    rows = []
    for point in extensions("pmport.formats"):
        try:
            row = load(point)
        except ExtensionError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=2)
            continue
        if isinstance(row, FormatRow):
            rows.append(row)
        else:
            warnings.warn(f"The addition {point.name!r} to formats is no FormatRow", RuntimeWarning, stacklevel=2)
    return tuple(rows)


def candidates(section: Section) -> Iterator[FormatRow]:
    """The rows that fit some bytes.

    Args:
        section: The bytes.

    Yields:
        Rows, in the order of the table; those of other distributions before its guesses.
    """
    head = section.read(0, HEAD)
    yield from (row for row in FORMATS if not row.guess and row.fits(head, section))
    yield from (row for row in added() if row.fits(head, section))
    yield from (row for row in FORMATS if row.guess and row.fits(head, section))


def row_of(kind: str) -> FormatRow | None:
    """The row of a format.

    Args:
        kind: Its standard name.

    Returns:
        The row; None where no format is named so.
    """
    return next((row for rows in (FORMATS, added()) for row in rows if row.kind == kind), None)


def recognise(source: Readable) -> Node:
    """The bytes as their format's own type, found by content.

    Args:
        source: Where the bytes are.

    Returns:
        A :class:`~pmport.node.Node`.

    Raises:
        FormatError: If the format is certain, and the bytes are broken.
        UnknownFormatError: If no format fits.
    """
    section = Section.of(source)
    failure: FormatError | None = None
    for row in candidates(section):
        try:
            return row.load().parse(section)
        except FormatError as error:
            if row.certain:
                raise
            failure = failure or error
    raise _unknown(section, failure)


def _unknown(section: Section, nearest: FormatError | None) -> UnknownFormatError:
    """The error for bytes that no row fits: in a word, where it is known what they are."""
    from pmport.formats import foreign  # noqa: PLC0415 - only for what cannot be opened

    if not section.size:
        return UnknownFormatError("The file is empty", offset=0, remedy="Get it again")
    known = foreign.identify(section)
    if known and not (nearest and known.family == "random"):
        return UnknownFormatError(f"This is {known.word}", offset=0, remedy=known.advice)
    remedy = "See docs/formats.md for what is read" + (f"; the nearest was {nearest}" if nearest else "")
    return UnknownFormatError(f"No known format begins with {section.read(0, 16).hex(' ')}", offset=0, remedy=remedy)


def recognise_or_data(source: Readable) -> Node:
    """As :func:`recognise`, but bytes of no known format, or broken ones, are :class:`~pmport.node.Data`.

    Args:
        source: Where the bytes are.

    Returns:
        A node.
    """
    section = Section.of(source)
    try:
        return recognise(section)
    except FormatError:
        return Data(section)
