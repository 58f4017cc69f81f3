"""Find records by what a phone or its images say. Reads the index, and records only where they are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.device_db.agreements import ENOUGH, Said, agreements
from pmport.device_db.record_files import load
from pmport.device_db.search_index import IndexRow
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from pmport.device_db.device import Device
    from pmport.facts import DeviceFacts

__all__ = ["BoardAnswer", "Candidate", "boards", "find", "of_several_boards"]


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


@dataclass(frozen=True)
class BoardAnswer:
    """Which records one tree of an image may be for.

    Args:
        tree: Where the tree is in the file; "" for the file itself.
        model: What its root calls itself.
        candidates: Candidates by this tree alone, the best first.
        named: Whether it names a board at all: a chip's or reference board's tree does not.
    """

    tree: str
    model: str
    candidates: tuple[Candidate, ...]
    named: bool

    @property
    def best(self) -> frozenset[str]:
        """Codenames of the best candidates: several are a tie."""
        return frozenset(item.codename for item in self.candidates if item.score == self.candidates[0].score)


def boards(facts: DeviceFacts) -> tuple[BoardAnswer, ...]:
    """What each tree of an image says by itself.

    Args:
        facts: The facts of the image.

    Returns:
        One answer per tree, in the order of the file.

    Example:
        >>> from pmport.facts import DeviceFacts, Fact
        >>> told = DeviceFacts([Fact("compatible", "oneplus,enchilada", "dtb-00: /compatible")])
        >>> [(answer.tree, sorted(answer.best)) for answer in boards(told)]
        [('dtb-00', ['oneplus-enchilada'])]
    """
    return tuple(answer for answer, _ in _by_tree(facts.by_tree()))


Agreed = dict[IndexRow, tuple[tuple[int, str], ...]]


def _by_tree(told: Mapping[str | None, DeviceFacts]) -> Iterator[tuple[BoardAnswer, Agreed]]:
    """What each tree says, and what it has in common with each record; equal trees are looked up once."""
    known: dict[frozenset[tuple[str, object]], Agreed] = {}
    for place, facts in told.items():
        if place is None:
            continue
        said = Said(facts)
        key = frozenset((fact.field, fact.value) for fact in facts)
        if key not in known:
            known[key] = dict(agreements(said))
        agreed = known[key]
        yield BoardAnswer(place, next(iter(said.models), ""), _candidates(agreed.items()), said.names_a_board), agreed


def of_several_boards(answers: Sequence[BoardAnswer]) -> bool:
    """Whether an image's trees are for different boards, so that it names none of them.

    Args:
        answers: The answers of :func:`boards`.

    Returns:
        True where two trees exclude each other: none is for all that are named.
    """
    named = [answer.best for answer in answers if answer.candidates]
    strange = any(answer.named and not answer.candidates for answer in answers)
    return bool(named) and (strange or not frozenset.intersection(*named))


def find(facts: DeviceFacts) -> tuple[Candidate, ...]:
    """Which records a phone may be.

    Args:
        facts: What it or its images told.

    Returns:
        Candidates, the best first; several with one score are a tie; empty: none of these, or the image holds trees of
        several boards and nothing else says for which of them it is (:func:`boards` tells what each says).
    """
    told = facts.by_tree()
    phone: Agreed = dict(agreements(Said(told[None]))) if None in told else {}
    answers, found = [], dict(phone)
    for answer, agreed in _by_tree(told):
        answers.append(answer)
        for row, own in agreed.items():
            merged = tuple(dict.fromkeys((*phone.get(row, ()), *own)))
            if _points(merged) > _points(found.get(row, ())):
                found[row] = merged
    candidates = _candidates(found.items())
    said_by_phone = {candidate.codename for candidate in _candidates(phone.items())}
    if len(answers) > 1 and of_several_boards(answers):
        return tuple(candidate for candidate in candidates if candidate.codename in said_by_phone)
    return candidates


def _points(agreed: Iterable[tuple[int, str]]) -> int:
    return sum(points for points, _ in agreed)


def _candidates(found: Iterable[tuple[IndexRow, tuple[tuple[int, str], ...]]]) -> tuple[Candidate, ...]:
    scored = ((row, _points(agreed), tuple(text for _, text in agreed)) for row, agreed in found)
    enough = (Candidate(row.codename, row.name, score, why) for row, score, why in scored if score >= ENOUGH)
    return tuple(sorted(enough, key=lambda candidate: (-candidate.score, candidate.codename)))
