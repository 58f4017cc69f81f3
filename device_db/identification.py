"""Find records: by a word, or by what a phone says of itself. Reads the index, and records only where they are wanted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.device_db.record_files import load
from pmport.device_db.search_index import IndexRow, rows
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from pmport.device_db.device import Device
    from pmport.facts import DeviceFacts

__all__ = ["Candidate", "find"]

WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "compatible": 60,
        "dtb": 50,
        "model": 40,
        "qcom ids": 40,
        "product": 40,
        "name": 25,
        "soc": 4,
        "boot addresses": 6,
        "page size": 1,
    }
)
"""How much each agreement counts: what is made for one phone much, what many share little."""
ENOUGH = 20
"""Below this a candidate is no answer: only the chip, the addresses and such agree."""
SHARED = 8
"""What more records than this carry (a compatible, a model, a pair of ids) is a family's, and counts as little as the chip."""


SHORT = 4
"""A word with fewer letters is no name."""
WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Candidate(Renders):
    """A record that may be the phone.

    Args:
        codename: The record's.
        name: What the device is sold as.
        score: How much agrees; more is better.
        evidence: What agrees, in words.
    """

    codename: str
    name: str
    score: int
    evidence: tuple[str, ...]

    @property
    def device(self) -> Device:
        """The record, read now."""
        return load(self.codename)

    def view(self) -> Table:
        """One row.

        Returns:
            A table.
        """
        return Table(("codename", "score", "because"), [(self.codename, self.score, "; ".join(self.evidence))])


def find(facts: DeviceFacts) -> tuple[Candidate, ...]:
    """Which records a phone may be.

    Args:
        facts: What it or its images told.

    Returns:
        Candidates, the best first; several with one score are a tie; empty: none of these.
    """
    known = _Known.of(facts)
    candidates = []
    for row in rows():
        found = list(_agreements(row, known))
        score = sum(points for points, _ in found)
        if score >= ENOUGH:
            candidates.append(Candidate(row.codename, row.name, score, tuple(text for _, text in found)))
    return tuple(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.codename)))


@dataclass(frozen=True)
class _Known:
    """The facts that records can agree with, each as a set."""

    texts: Mapping[str, frozenset[object]]
    names: frozenset[str]
    words: frozenset[str]
    pairs: frozenset[tuple[object, object]]
    addresses: tuple[frozenset[object], ...]

    @classmethod
    def of(cls, facts: DeviceFacts) -> _Known:
        texts = {
            field: frozenset(facts.values(field))
            for field in ("compatible", "model", "dtb_name", "product", "soc", "page_size")
        }
        named = (str(value).lower() for field in ("product", "board") for value in facts.values(field))
        words = (word for value in facts.values("model") for word in _words(str(value)))
        pairs = ((msm, board) for msm in facts.values("qcom_msm_id") for board in facts.values("qcom_board_id"))
        addresses = (frozenset(facts.values(f"{name}_addr")) for name in ("kernel", "ramdisk", "tags"))
        return cls(texts, frozenset(named), frozenset(words), frozenset(pairs), tuple(addresses))


@lru_cache(maxsize=1)
def _shared() -> Mapping[str, int]:
    """How many records carry a compatible string or a model."""
    count: dict[str, int] = {}
    for row in rows():
        for text in {*row.compatible, *row.models}:
            count[text] = count.get(text, 0) + 1
    return count


def _words(text: str) -> Iterator[str]:
    return iter(WORD.findall(text.lower()))


def _own_name(codename: str) -> str:
    """``xiaomi-begonia-downstream`` → ``begonia``: what a phone itself may be called."""
    return codename.partition("-")[2].removesuffix("-downstream")


def _another_chip(row: IndexRow, known: _Known) -> bool:
    """A word of a model may be a chip's nickname: ``kona`` is Qualcomm's SM8250, and a Samsung phone with Exynos."""
    return bool(row.soc and known.texts["soc"]) and row.soc not in known.texts["soc"]


@lru_cache(maxsize=1)
def _chips() -> frozenset[str]:
    return frozenset(row.soc for row in rows())


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Words that stand in the models of other phones too, or are too short to say anything: no name of one phone."""
    named = [(_own_name(row.codename), {*_words(" ".join((row.name, *row.models)))}) for row in rows()]
    own = {name for name, _ in named}
    return frozenset(word for name, words in named for word in words & own if word != name) | {
        name for name in own if len(name) < SHORT
    }


def _pairs(row: IndexRow) -> Iterator[tuple[object, object]]:
    return ((msm, board) for msm in row.qcom_msm_id for board in row.qcom_board_id)


@lru_cache(maxsize=1)
def _shared_ids() -> Counter[tuple[object, object]]:
    """How many records carry a pair of ids: those of a chip's reference design stand in many."""
    return Counter(pair for row in rows() for pair in {*_pairs(row)})


def _agreements(row: IndexRow, known: _Known) -> Iterator[tuple[int, str]]:
    for kind, field, ours in (
        ("compatible", "compatible", row.compatible),
        ("model", "model", (*row.models, row.name)),
        ("dtb", "dtb_name", row.dtb),
        ("product", "product", row.products),
        ("soc", "soc", (row.soc,)),
    ):
        same = [value for value in ours if value and value in known.texts[field]]
        if same:
            family = kind in {"compatible", "model"} and all(_shared().get(value, 0) > SHARED for value in same)
            yield WEIGHTS["soc" if family else kind], f"{kind} {same[0]}"
    name = _own_name(row.codename)
    in_a_model = name in known.words and name not in _common() and not _another_chip(row, known)
    if name not in _chips() and (name in known.names or in_a_model):
        yield WEIGHTS["name"], f"it calls itself {name}"
    pairs = [pair for pair in _pairs(row) if pair in known.pairs]
    if pairs:
        pair = min(pairs, key=lambda pair: _shared_ids()[pair])
        platform = _shared_ids()[pair] > SHARED
        yield WEIGHTS["soc" if platform else "qcom ids"], f"msm-id {pair[0]} and board-id {pair[1]}"
    if all(ours is not None and ours in theirs for ours, theirs in zip(row.addresses, known.addresses, strict=True)):
        yield WEIGHTS["boot addresses"], "the load addresses"
    if row.page_size and row.page_size in known.texts["page_size"]:
        yield WEIGHTS["page size"], f"page size {row.page_size}"
