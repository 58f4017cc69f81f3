"""What a phone, or one tree of an image, has in common with a record, and how much each agreement counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.device_db.maker_names import NO_MAKERS, SHARED_NAMES, SIBLINGS, SUFFIXES, makers_of
from pmport.device_db.record_folders import per_record_set
from pmport.device_db.reference_boards import (
    is_chip,
    is_reference_board,
    is_reference_id,
    is_reference_name,
    mentions_reference,
    telling_words,
)
from pmport.device_db.search_index import IndexRow, rows
from pmport.devicetree.chip_names import chip_named, family_of

if TYPE_CHECKING:
    from pmport.facts import DeviceFacts

__all__ = ["ENOUGH", "SHARED", "WEIGHTS", "Said", "agreements"]

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "compatible": 60,
        "dtb": 50,
        "model": 40,
        "product": 40,
        "qcom ids": 40,
        "model number": 40,
        "name": 25,
        "samsung ids": 22,
        "word": 10,
        "boot addresses": 6,
        "soc": 4,
        "page size": 1,
    }
)
"""How much each agreement counts: what is made for one phone much, what many share little."""
ENOUGH = 20
"""Below this a candidate is no answer: only the chip, the addresses, a word and such agree."""
SHARED = 8
"""What more records than this carry (a compatible, a model, a pair of ids) is a family's, and counts as little as the chip."""
SHORT = 4
"""A word with fewer letters is no name by itself."""
WORD = re.compile(r"[a-z0-9]+")
NUMBER = re.compile(r"\b(?:[a-z]{1,3}-)?[a-z]{0,4}\d{3,4}[a-z]{0,4}\d?\b", re.IGNORECASE)
"""A model number, such as SM-A300FU, GT-I9505, XT1068, H3113."""


@dataclass(frozen=True)
class _Row:
    """What of a record is compared, made ready."""

    row: IndexRow
    makers: frozenset[str]
    own_name: str
    numbers: frozenset[str]
    socs: frozenset[str]
    aliases: frozenset[str]

    @classmethod
    def of(cls, row: IndexRow) -> _Row:
        own = row.codename.partition("-")[2].removesuffix("-downstream")
        texts = (row.name, *row.models, *row.model_numbers)
        numbers = frozenset(number for text in texts for number in _numbers(text))
        chips = (soc for soc in (row.soc, *row.other_socs) if soc)
        socs = frozenset().union(*(family_of(soc) for soc in chips))
        aliases = frozenset(_joined(text) for text in (*row.models, *row.aliases) if " " not in text and text.islower())
        return cls(row, makers_of(row), _joined(own), numbers, socs, aliases)


def _joined(text: str) -> str:
    return "".join(WORD.findall(text.lower()))


def _numbers(text: str) -> Iterator[str]:
    """Model numbers without their dash, ``gt-i9505`` as ``gti9505``."""
    for found in NUMBER.findall(text):
        joined = _joined(found)
        if re.search(r"[a-z]", joined) and len(joined) > SHORT and not is_chip(joined):
            yield joined


@per_record_set
def _rows() -> tuple[_Row, ...]:
    return tuple(_Row.of(row) for row in rows())


@per_record_set
def _makers() -> frozenset[str]:
    return frozenset(maker for row in _rows() for maker in row.makers) - NO_MAKERS - {""}


@per_record_set
def _shared() -> Counter[object]:
    """How many records carry a compatible string, a model or a set of ids."""
    return Counter(value for row in rows() for value in {*row.compatible, *row.models, *row.dtb, *_ids(row)})


def _ids(row: IndexRow) -> Iterator[tuple[int, ...]]:
    """Pairs of msm-id and board-id, flat; old ids of three cells, which name the board too, as they are."""
    for msm in row.qcom_msm_id:
        if len(msm) > 2:
            yield msm
        else:
            yield from ((*msm, *board) for board in row.qcom_board_id)


@per_record_set
def _common() -> frozenset[str]:
    """Words that stand in the names of other phones too, or are too short to say anything: no name of one phone."""
    named = [(row.own_name, {*WORD.findall(" ".join((row.row.name, *row.row.models)).lower())}) for row in _rows()]
    own = {name for name, _ in named}
    return (
        frozenset(word for name, words in named for word in words & own if word != name)
        | {name for name in own if len(name) < SHORT}
        | {row.row.soc for row in _rows()}
        | _makers()
    )


@dataclass(frozen=True)
class Said:
    """What one speaker says of itself: the phone, or one tree of an image.

    Args:
        facts: The speaker's facts.
    """

    facts: DeviceFacts

    def _texts(self, *fields: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(value) for field in fields for value in self.facts.values(field)))

    @cached_property
    def compatible(self) -> frozenset[str]:
        """Compatible strings."""
        return frozenset(self._texts("compatible"))

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Models, of trees and as sold."""
        return self._texts("model")

    @cached_property
    def chips(self) -> frozenset[str]:
        """Chips, as they are named."""
        return frozenset(self._texts("soc"))

    @cached_property
    def trees(self) -> frozenset[str]:
        """Names of mainline device trees."""
        return frozenset(self._texts("dtb_name"))

    @cached_property
    def addresses(self) -> tuple[tuple[object, ...], ...]:
        """Load addresses of kernel, ramdisk and tags."""
        return tuple(self.facts.values(f"{name}_addr") for name in ("kernel", "ramdisk", "tags"))

    @cached_property
    def page_sizes(self) -> tuple[object, ...]:
        """Page sizes of boot images."""
        return self.facts.values("page_size")

    @cached_property
    def names(self) -> frozenset[str]:
        """What it calls itself outright, joined: product, board, device of a fingerprint."""
        return frozenset(_joined(text) for text in self._texts("product", "board"))

    @cached_property
    def name_parts(self) -> frozenset[str]:
        """What its names begin with, before the variant: ``m8`` of ``m8_dugl``."""
        parts = (re.split(r"[_-]", text.lower()) for text in self._texts("product", "board"))
        return frozenset(part[0] for part in parts if len(part) > 1)

    @cached_property
    def socs(self) -> frozenset[str]:
        """Chips, each with those of the same design."""
        return frozenset().union(*(family_of(text) for text in self.chips))

    @cached_property
    def makers(self) -> frozenset[str]:
        """Makers that it names: first words of models, and prefixes of compatible strings that are no chip's."""
        firsts = {next(iter(WORD.findall(text.lower())), "") for text in (*self.models, *self._texts("manufacturer"))}
        prefixes = {text.partition(",")[0].strip().lower() for text in self.compatible if not is_reference_name(text)}
        return frozenset((firsts | prefixes) & _makers())

    @cached_property
    def words(self) -> frozenset[str]:
        """Words of models and compatible strings that may be a phone's name; up to three words in a row as one."""
        found: set[str] = set()
        boards = (text.partition(",")[2] for text in self.compatible if not chip_named(text))
        for text in (*self.models, *boards):
            said = telling_words(text)
            for length in (1, 2, 3):
                for start in range(len(said) - length + 1):
                    if not {*said[start + length : start + length + 1]} & SIBLINGS:
                        found.add("".join(said[start : start + length]))
        return frozenset(found - _makers())

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Model numbers in its models, products and boards."""
        return frozenset(number for text in self._texts("model", "product", "board") for number in _numbers(text))

    @cached_property
    def ids(self) -> frozenset[tuple[int, ...]]:
        """Qualcomm's ids as :func:`_ids` has them, those of reference boards left out."""
        found: set[tuple[int, ...]] = set()
        boards = [value for value in self.facts.values("qcom_board_id") if isinstance(value, tuple)]
        for msm in self.facts.values("qcom_msm_id"):
            if not isinstance(msm, tuple):
                continue
            if len(msm) > 2:
                found.add(msm)
            else:
                found.update((*msm, *board) for board in boards if not is_reference_id(board))
        return frozenset(found)

    @property
    def names_a_board(self) -> bool:
        """Whether a model of it names a board, and not in the words of a reference board ("Lagoon MTP USBC audio")."""
        return any(telling_words(text) and not mentions_reference(text) for text in self.models)


def agreements(said: Said) -> Iterator[tuple[IndexRow, tuple[tuple[int, str], ...]]]:
    """What each record has in common with a speaker.

    Args:
        said: What is said.

    Yields:
        The record's row, and each agreement: what it counts, and in words.
    """
    for row in _rows():
        found = tuple(_of_row(row, said))
        if found:
            yield row.row, found


def _of_row(row: _Row, said: Said) -> Iterator[tuple[int, str]]:
    exact = tuple(_exact(row.row, said))
    yield from exact
    other_chip = bool(row.socs and said.socs) and not row.socs & said.socs
    other_maker = bool(said.makers) and not said.makers & row.makers
    if not (other_chip or other_maker):
        if not any(points > WEIGHTS["name"] for points, _ in exact):  # the name is in there already
            yield from _named(row, said)
        yield from _by_ids(row.row, said)
    if row.row.soc and row.row.soc in said.chips:
        yield WEIGHTS["soc"], f"soc {row.row.soc}"
    if all(own is not None and own in told for own, told in zip(row.row.addresses, said.addresses, strict=True)):
        yield WEIGHTS["boot addresses"], "the load addresses"
    if row.row.page_size and row.row.page_size in said.page_sizes:
        yield WEIGHTS["page size"], f"page size {row.row.page_size}"


def _exact(row: IndexRow, said: Said) -> Iterator[tuple[int, str]]:
    """Strings that are a record's own, letter by letter."""
    kinds: tuple[tuple[str, Iterable[str], Iterable[object]], ...] = (
        ("compatible", row.compatible, said.compatible),
        ("model", (*row.models, row.name), said.models),
        ("dtb", row.dtb, said.trees),
    )
    for kind, ours, theirs in kinds:
        same = [value for value in ours if value and value in theirs and not is_reference_board(value)]
        if same:
            family = all(_shared()[value] > SHARED for value in same)
            yield WEIGHTS["soc" if family else kind], f"{kind} {same[0]}"


def _named(row: _Row, said: Said) -> Iterator[tuple[int, str]]:
    """Names by which a phone or tree calls itself."""
    products = {_joined(product) for product in row.row.products}
    if same := sorted(said.numbers & row.numbers):
        yield WEIGHTS["model number"], f"model number {same[0]}"
    elif same := sorted(said.names & products):
        yield WEIGHTS["product"], f"product {same[0]}"
    elif row.own_name in said.names and row.own_name not in _chips():
        backed = row.own_name not in SHARED_NAMES or said.makers & row.makers or row.socs & said.socs
        yield WEIGHTS["name" if backed else "word"], f"it calls itself {row.own_name}"
    elif same := sorted(said.names & row.aliases):
        yield WEIGHTS["name"], f"it calls itself {same[0]}"
    elif (
        row.own_name in said.name_parts
        and said.makers & row.makers
        and (row.socs & said.socs or row.own_name not in _common())
    ):
        yield WEIGHTS["name"], f"it calls itself {row.own_name}, of a variant"
    elif same := sorted(said.words & {row.own_name, *row.aliases}):
        maker, chip = bool(said.makers & row.makers), bool(row.socs & said.socs)
        if (maker and chip) or any(name not in _common() for name in same):
            yield WEIGHTS["name" if maker or chip else "word"], f"it calls itself {same[0]}"
    elif _board_word(row, said):
        yield WEIGHTS["name"], f"its board is called {_board_word(row, said)}"


def _board_word(row: _Row, said: Said) -> str:
    """A word that is a record's name without the suffix of a region or radio, where the maker is named: ``star2``."""
    if not said.makers & row.makers:
        return ""
    for word in said.words:
        rest = row.own_name.removeprefix(word)
        if len(word) >= SHORT and rest != row.own_name and SUFFIXES.fullmatch(rest) and word not in _common():
            return word
    return ""


@per_record_set
def _chips() -> frozenset[str]:
    return frozenset(row.row.soc for row in _rows())


def _by_ids(row: IndexRow, said: Said) -> Iterator[tuple[int, str]]:
    same = [ids for ids in _ids(row) if ids in said.ids]
    if not same:
        return
    ids = min(same, key=lambda ids: _shared()[ids])
    if _shared()[ids] > SHARED:
        weight = "soc"
    elif len(ids) == 3 and ids[0] & 0xFFFF == 0xFF01:
        weight = "samsung ids"
    else:
        weight = "qcom ids"
    shown = f"msm-id {ids[:2]} and board-id {ids[2:]}" if len(ids) > 3 else f"msm-id {ids}"
    yield WEIGHTS[weight], shown
