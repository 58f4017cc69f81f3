"""One row of a survey: what one file is, what it tells, or why it could not be read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pmport.device_db import find
from pmport.devicetree import Blob
from pmport.facts import FIELDS, of
from pmport.lazy import named
from pmport.opening import open as opened
from pmport.redaction import identifies, redact
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.facts import DeviceFacts
    from pmport.node import Node

__all__ = ["COLUMNS", "VERSION", "Row", "name_of", "place_of", "row_of"]

Row: TypeAlias = Mapping[str, int | str | None]
"""Column → value; each of :data:`COLUMNS` is there, None where nothing is known."""

OF_THE_FILE: Mapping[str, type[int | str]] = {
    "path": str,  # as it was found
    "size": int,  # bytes
    "modified": int,  # nanoseconds since 1970
    "version": str,  # of the pmport that read it
    "kind": str,  # the format's standard name
    "error": str,  # class of the error, where it could not be read
    "message": str,  # and what it said
    "findings": str,  # codes of what is odd
    "trees": int,  # how many device trees are in it
    "devices": str,  # codenames of the records that fit best
    "disagreements": str,  # fields that have several values
}
NUMBERS = frozenset(
    {"header_version", "page_size", "second_size", "slots", "max_download_size", "battery_voltage"}
    | {field for field in FIELDS if field.endswith("_addr")}
)
"""Fields that are numbers; of several values the most certain stands in the row."""

COLUMNS: Mapping[str, type[int | str]] = MappingProxyType(
    {**OF_THE_FILE, **{field: int if field in NUMBERS else str for field in FIELDS if not identifies(field)}}
)
"""Column → type of its values. Behind what is said of the file: the fields of facts, but those that identify a phone."""

SEPARATOR = "; "
LONGEST = 32_000
"""Letters of one cell; spreadsheets take no more than 32767."""
VERSION: str = named("pmport:__version__")
LARGEST = 2**64
"""Numbers from here on do not fit into a table's cells."""


def row_of(path: str) -> Row:
    """What a file is and tells; never fails.

    Args:
        path: The file.

    Returns:
        The row. What identifies a phone is redacted. Where the file could not be read, ``error`` and ``message`` say why;
        what was known until then is in the row.

    Example:
        >>> row = row_of("/nowhere/boot.img")
        >>> row["error"], row["kind"]
        ('FileNotFoundError', None)
    """
    row: dict[str, int | str | None] = dict.fromkeys(COLUMNS)
    row["path"], row["version"] = name_of(path), VERSION
    try:
        row["size"], row["modified"] = place_of(path)
        with opened(path) as node:
            row["kind"] = node.KIND
            row.update(_found_in(node))
            row.update(_told_by(of(node)))
    except Exception as error:  # noqa: BLE001 - one file of a million, whatever is in it, must not end the survey
        row["error"], row["message"] = type(error).__name__, _cell(str(error))
    return row


def name_of(path: str) -> str:
    """A path as tables have it.

    Args:
        path: The path; its bytes may be no UTF-8.

    Returns:
        The text, bytes that are no UTF-8 escaped.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def place_of(path: str) -> tuple[int, int]:
    """What tells whether a file is as it was.

    Args:
        path: The file.

    Returns:
        Size in bytes and time of the last change in nanoseconds.

    Raises:
        OSError: If it cannot be looked at.
    """
    found = os.stat(path)  # noqa: PTH116 - paths stay text here: a row has one
    return found.st_size, max(found.st_mtime_ns, 0)


def _found_in(node: Node) -> Iterator[tuple[str, int | str | None]]:
    codes: dict[str, None] = {}
    trees = 0
    for _, inner in node.walk():
        trees += isinstance(inner, Blob)
        codes.update(dict.fromkeys(finding.code for finding in inner.findings()))
    yield "trees", trees
    yield "findings", _cell(SEPARATOR.join(sorted(codes)))


def _told_by(facts: DeviceFacts) -> Iterator[tuple[str, int | str | None]]:
    for field in dict.fromkeys(fact.field for fact in facts):
        if field in NUMBERS:
            number = facts.number(field)
            yield field, number if number is not None and 0 <= number < LARGEST else None
        elif field in COLUMNS:
            yield field, _cell(SEPARATOR.join(dict.fromkeys(fact.text for fact in facts.all(field))))
    yield "disagreements", _cell(SEPARATOR.join(field for field in facts.disagreements if field in COLUMNS))
    candidates = find(facts)
    best = [candidate.codename for candidate in candidates if candidate.score == candidates[0].score]
    yield "devices", _cell(SEPARATOR.join(best))


def _cell(text: str) -> str | None:
    """Text that every table takes; None for none."""
    text = printable(redact(text).encode("utf-8", "backslashreplace").decode(), keep="\t\n")
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…") or None
