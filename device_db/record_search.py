"""Search as people type: model numbers, codenames, chips by any name, words of a name; the likeliest first.

Every word must be met by something that the record is known by; what is met, and how exactly, ranks the record: the whole text
as a name, codename or number first, then whole words, beginnings of words, parts of words. Where nothing is met, words that
are spelt nearly so count.

Example:
    >>> [device.codename for device in search("nexus 5")][:1]
    ['lg-hammerhead']
    >>> [device.codename for device in search("nokia", method="0xffff")]
    ['nokia-n900']
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.device_db.record_files import load
from pmport.device_db.record_folders import per_record_set
from pmport.device_db.search_index import IndexRow, rows

if TYPE_CHECKING:
    from pmport.device_db.device import Device

__all__ = ["search"]

WORD, BEGINNING, PART, NEARLY = 8, 4, 2, 1
"""Points for a word of the text: a whole word of the record, the beginning of one, a part of one, nearly one."""
WHOLE, CHIP = 1000, 500
"""Points where the whole text is a name of the record, or of its chip."""
SHORT = 3
"""Parts of words count from this length on."""
CATEGORIES = ("main", "community", "testing", "downstream", "archived", "none")
"""Of equally good answers, the port that is farther comes first."""
NUMERALS = {"ii": "2", "iii": "3", "iv": "4", "sii": "s2", "siii": "s3"}
NEAR = 0.8
"""How near a word must be to count as misspelt, as :mod:`difflib` measures."""


@dataclass(frozen=True, slots=True)
class _Entry:
    row: IndexRow
    whole: frozenset[str]
    """Everything that a person may take for its name, in one piece."""
    chip: frozenset[str]
    words: frozenset[str]
    name_words: frozenset[str]


def search(text: str = "", **wanted: str) -> tuple[Device, ...]:
    """Records by what people call a phone, or by a value.

    Args:
        text: A name or a part of it, a codename, a model number, a chip, a compatible string; case does not matter.
        wanted: Field → value that it must have: ``soc="msm8916"``, ``arch="aarch64"``, ``method="fastboot"``,
            ``category="community"``, ``compatible="oneplus,enchilada"`` …, fields of the index.

    Returns:
        Devices, the likeliest first; all in the order of their codenames where there is no text.

    Raises:
        AttributeError: If the index has no such field.

    Example:
        >>> search("SM-G900F")[0].name
        'Samsung Galaxy S5'
    """
    return tuple(
        load(row.codename) for row in ranked(text) if all(v in _values(row, name) for name, v in wanted.items())
    )


def ranked(text: str) -> list[IndexRow]:
    """The rows that a text may mean, the likeliest first.

    Args:
        text: See :func:`search`.

    Returns:
        Rows of the index.
    """
    entries = _entries()
    if not text.strip():
        return [entry.row for entry in entries]
    words, whole = _words(text), _compact(text)
    found = [(points, entry) for entry in entries if (points := _points(entry, words, whole))]
    if not found and words:
        nearly = [_near(word) for word in words]
        found = [(NEARLY, entry) for entry in entries if all(entry.words & near for near in nearly)]
    found.sort(
        key=lambda item: (-item[0], len(item[1].name_words - set(words)), _rank(item[1].row), item[1].row.codename)
    )
    return [entry.row for _, entry in found]


def _points(entry: _Entry, words: tuple[str, ...], whole: str) -> int:
    points = WHOLE if whole in entry.whole else CHIP if whole in entry.chip else 0
    each = [_word_points(word, entry.words) for word in words]
    if not points and not all(each):
        return 0
    return points + sum(each)


def _word_points(word: str, words: frozenset[str]) -> int:
    if word in words:
        return WORD
    if any(other.startswith(word) for other in words):
        return BEGINNING
    return PART if len(word) >= SHORT and any(word in other for other in words) else 0


def _near(word: str) -> set[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - only where nothing else was met

    return {*get_close_matches(word, _vocabulary(), n=8, cutoff=NEAR), word}


def _rank(row: IndexRow) -> int:
    return CATEGORIES.index(row.category) if row.category in CATEGORIES else len(CATEGORIES)


def _values(row: IndexRow, name: str) -> Iterable[object]:
    if name == "soc":
        return (row.soc, *row.other_socs)
    value = getattr(row, name)
    return value if isinstance(value, tuple) else (value,)


@per_record_set
def _vocabulary() -> tuple[str, ...]:
    return tuple(sorted({word for entry in _entries() for word in entry.words}))


@per_record_set
def _entries() -> tuple[_Entry, ...]:
    return tuple(_entry(row) for row in rows())


def _entry(row: IndexRow) -> _Entry:
    maker = row.manufacturer.lower()
    names = (row.name, *row.aliases, *row.models)
    tail = row.codename.partition("-")[2]
    shorter = [name[len(maker) :] for name in names if maker and name.lower().startswith(maker)]
    plain = [re.sub(r"\s*\(.*?\)", "", name) for name in (*names, *shorter)]
    numbers = [number.partition("-")[2] for number in row.model_numbers]
    handles = (
        row.codename,
        tail,
        *names,
        *shorter,
        *plain,
        *row.model_numbers,
        *numbers,
        *row.android_devices,
        *row.compatible,
    )
    chips = (row.soc, *row.chip_names)
    texts = (*handles, row.manufacturer, row.soc, *row.chip_names, *row.dtb)
    return _Entry(
        row,
        frozenset(filter(None, map(_compact, handles))),
        frozenset(filter(None, map(_compact, chips))),
        frozenset(word for text in texts for word in _words(text)),
        frozenset(_words(row.name)) - set(_words(row.manufacturer)),
    )


def _words(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case; ``+`` is the word plus, Roman numerals are numbers."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("+", " plus "))
    return tuple(NUMERALS.get(word, word) for word in words)


def _compact(text: str) -> str:
    return "".join(_words(text))
