"""Which of several device trees does a bootloader take, given a phone's numbers?

Each vendor's bootloader compares the numbers of an entry with those of the hardware by its own rules. The rules here are
those that the bootloaders' published sources follow: Qualcomm's LK (``dev_tree.c``) and UEFI bootloader for QCDT and for
trees behind the kernel, Samsung's for DTBH and the revisions of overlays, Spreadtrum's, Amlogic's U-Boot, and AOSP's
device tree table, which leaves the choice to an id or an index.

Example:
    >>> from pmport.devicetree import parse_source
    >>> trees = [parse_source(f'/ {{ qcom,msm-id = <206 {rev}>; qcom,board-id = <8 0>; }};') for rev in (0, 0x10000)]
    >>> choice = choose([candidate_of(tree, str(number)) for number, tree in enumerate(trees)], {"platform": 206, "soc_rev": 0x20000, "variant": 8, "subtype": 0})
    >>> choice.taken.name, choice.candidates[0].why
    ('1', 'another entry has a newer soc_rev')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product
from typing import TYPE_CHECKING

from pmport.devicetree import Blob, identify
from pmport.errors import FormatError
from pmport.formats.trees.base import TreeTable
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.node import Node

__all__ = ["Candidate", "Choice", "Rule", "candidate_of", "candidates", "choose", "pick"]


class Rule(Enum):
    """How a number of an entry is compared with the phone's."""

    EQUAL = "must be equal"
    EQUAL_OR_ZERO = "must be equal; 0 fits every phone, and counts less"
    AT_MOST = "must not be newer than the phone; the newest is taken"
    FROM = "must not be above the phone's"
    TO = "must not be below the phone's"


RULES: Mapping[str, Rule] = {
    "platform": Rule.EQUAL,
    "variant": Rule.EQUAL,
    "subtype": Rule.EQUAL_OR_ZERO,
    "soc_rev": Rule.AT_MOST,
    "pmic0": Rule.EQUAL_OR_ZERO,
    "pmic1": Rule.EQUAL_OR_ZERO,
    "pmic2": Rule.EQUAL_OR_ZERO,
    "pmic3": Rule.EQUAL_OR_ZERO,
    "board_name": Rule.EQUAL,
    "chip": Rule.EQUAL,
    "board": Rule.EQUAL,
    "revision": Rule.AT_MOST,
    "hw_rev": Rule.FROM,
    "hw_rev_end": Rule.TO,
    "soc": Rule.EQUAL,
    "id": Rule.EQUAL,
    "index": Rule.EQUAL,
}
"""Field of an entry → how it is compared; a field that is not here is compared for equality."""
PHONE_FIELD: Mapping[str, str] = {"hw_rev_end": "hw_rev"}
"""Field of an entry → the phone's number that it is compared with, where the names differ."""
LOW_16 = 0xFFFF
"""LK looks at the lower half of the platform's number; the upper one holds the foundry."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One tree that a bootloader could take.

    Args:
        name: Its name in the file.
        ids: Its numbers, by field.
        model: What its root calls itself.
        why: Why it was not taken; "" for the one that was.
    """

    name: str
    ids: tuple[Mapping[str, int | str], ...]
    model: str = ""
    why: str = ""


@dataclass(frozen=True)
class Choice(Renders):
    """What a bootloader takes, and why not the others.

    Args:
        taken: The candidate; None: it finds none, and most bootloaders stop there.
        candidates: All of them, in the order of the file.
        tied: Others that fit as well; the first in the file is taken.
    """

    taken: Candidate | None
    candidates: tuple[Candidate, ...]
    tied: tuple[Candidate, ...] = ()

    def view(self) -> View:
        """The choice and the reasons.

        Returns:
            A sentence and a table.
        """
        said = f"it takes {self.taken.name}" if self.taken else "none fits: the bootloader stops here"
        if self.tied:
            said += f"; {', '.join(item.name for item in self.tied)} would fit as well, and stand behind it"
        rows = [(item.name, item.model, _ids_text(item), item.why or "taken") for item in self.candidates]
        return Stack([Text(said), Table(("tree", "model", "ids", "why not"), rows)])


def _ids_text(candidate: Candidate) -> str:
    shown = [" ".join(f"{key}={_number(value)}" for key, value in ids.items()) for ids in candidate.ids[:2]]
    return " | ".join(shown) + (" | …" if len(candidate.ids) > 2 else "")


def _number(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:#x}"


def pick(container: Node, phone: Mapping[str, int | str]) -> Choice:
    """What a bootloader takes out of a container.

    Args:
        container: A table of trees (QCDT, DTBH, SPRD, AML, Android's), or anything that holds several trees, such as a
            kernel with trees behind it or a boot image.
        phone: The phone's numbers by the names of the table's fields: for Qualcomm ``platform``, ``soc_rev`` (msm-id),
            ``variant``, ``subtype`` (board-id) and ``pmic0`` …; for Samsung ``chip``, ``hw_rev`` …; ``id`` or ``index``
            for Android's table. What is not told is not compared.

    Returns:
        The choice.

    Raises:
        FormatError: If it holds no device tree.
    """
    found = tuple(candidates(container))
    if not found:
        raise FormatError(
            "it holds no device tree to choose", format=container.KIND, remedy="pmport inspect shows what it holds"
        )
    return choose(found, phone)


def candidates(container: Node) -> Iterator[Candidate]:
    """The trees of a container, with their numbers.

    Args:
        container: As :func:`pick` has it.

    Yields:
        Candidates, in the order of the file.
    """
    tables = [node for _, node in container.walk() if isinstance(node, TreeTable)]
    if tables:
        table = tables[0]
        children = {child.name: child for child in table.children}
        for number, entry in enumerate(table.entries):
            name = table.tree_name(entry)
            node = children[name].node if name in children else None
            tree = node.tree() if isinstance(node, Blob) else None
            own: dict[str, int | str] = {
                key.removesuffix("_id"): value for key, value in entry.ids.items() if key in table.ID_FIELDS
            }
            sets: tuple[Mapping[str, int | str], ...] = ({**own, "index": number},)
            if (
                tree is not None and table.PLACEMENT == "dtbo"
            ):  # zeros there say nothing: the vendors use the trees' roots
                own = {key: value for key, value in own.items() if value}
                sets = tuple({**own, **ids, "index": number} for ids in _ids_of(tree)) or ({**own, "index": number},)
            yield Candidate(f"{number}: {name}", sets, identify(tree).model if tree is not None else "")
        return
    for path, node in container.walk():
        if isinstance(node, Blob):
            yield candidate_of(node.tree(), path or "tree")


def candidate_of(tree: DeviceTree, name: str) -> Candidate:
    """A tree as a candidate, by the numbers at its own root: an overlay's are those of the overlay.

    Args:
        tree: The tree.
        name: What it is called.

    Returns:
        The candidate.
    """
    return Candidate(name, tuple(_ids_of(tree)) or ({},), identify(tree).model)


def _ids_of(tree: DeviceTree) -> Iterator[Mapping[str, int | str]]:
    who = identify(tree)
    if who.msm_ids:
        for msm, board, pmic in product(who.msm_ids, who.board_ids or ((),), who.pmic_ids or ((),)):
            ids: dict[str, int | str] = {"platform": msm[0], "soc_rev": msm[-1]}
            if len(msm) == 3:  # old trees: platform, variant, revision
                ids["variant"] = msm[1]
            ids |= dict(zip(("variant", "subtype"), board, strict=False))
            yield ids | {f"pmic{number}": value for number, value in enumerate(pmic)}
    elif who.exynos_ids:
        names = ("chip", "platform", "subtype", "hw_rev", "hw_rev_end")
        yield {key: value for key, value in zip(names, who.exynos_ids, strict=False) if isinstance(value, (int, str))}
    elif who.hw_revs:
        yield {"hw_rev": who.hw_revs[0], "hw_rev_end": who.hw_revs[1]}
    elif who.sprd_ids:
        yield dict(zip(("chip", "board", "revision"), who.sprd_ids, strict=True))
    elif who.amlogic_id:
        yield {"id": who.amlogic_id}


def choose(found: Iterable[Candidate], phone: Mapping[str, int | str]) -> Choice:
    """Compare candidates with a phone.

    Args:
        found: The candidates, in the order of the file.
        phone: The phone's numbers.

    Returns:
        The choice.
    """
    judged: list[tuple[Candidate, tuple[int, ...] | None]] = []
    for candidate in found:
        best: tuple[int, ...] | None = None
        why = "it carries no numbers that the phone's could be compared with"
        for ids in candidate.ids:
            refusal = _refusal(ids, phone)
            if refusal:
                why = refusal
            elif any(_phone_field(key) in phone for key in ids):
                best = max(best or (), _rank(ids, phone))
        judged.append((candidate if best is not None else replace(candidate, why=why), best))
    ranks = [rank for _, rank in judged if rank is not None]
    if not ranks:
        return Choice(None, tuple(candidate for candidate, _ in judged))
    top = max(ranks)
    first = next(position for position, (_, rank) in enumerate(judged) if rank == top)
    told = [
        candidate if rank is None or position == first else replace(candidate, why=_why_less(rank, top))
        for position, (candidate, rank) in enumerate(judged)
    ]
    tied = tuple(told[position] for position, (_, rank) in enumerate(judged) if rank == top and position != first)
    return Choice(told[first], tuple(told), tied)


def _phone_field(key: str) -> str:
    return PHONE_FIELD.get(key, key)


def _refusal(ids: Mapping[str, int | str], phone: Mapping[str, int | str]) -> str:
    for key, value in ids.items():
        own = phone.get(_phone_field(key))
        if own is None:
            continue
        rule = RULES.get(key, Rule.EQUAL)
        if isinstance(value, int) and isinstance(own, int):
            mask = LOW_16 if key == "platform" else -1
            fits = _fits(rule, value & mask, own & mask)
        else:
            fits = str(value) == str(own)
        if not fits:
            return f"{key} is {_number(value)}, the phone's is {_number(own)}: it {rule.value.partition(';')[0]}"
    return ""


def _fits(rule: Rule, value: int, own: int) -> bool:
    if rule in {Rule.AT_MOST, Rule.FROM}:
        return value <= own
    if rule is Rule.TO:
        return value >= own
    return value == own or (rule is Rule.EQUAL_OR_ZERO and not value)


def _rank(ids: Mapping[str, int | str], phone: Mapping[str, int | str]) -> tuple[int, ...]:
    """Exact numbers before wildcards, then newer revisions before older ones."""
    exact = sum(
        1 for key, value in ids.items() if RULES.get(key) is Rule.EQUAL_OR_ZERO and value and value == phone.get(key)
    )
    newest = [
        value
        for key, value in ids.items()
        if RULES.get(key) is Rule.AT_MOST and isinstance(value, int) and key in phone
    ]
    return exact, *newest


def _why_less(rank: tuple[int, ...], top: tuple[int, ...]) -> str:
    if rank == top:
        return "it fits as well, but stands behind the one that is taken"
    if rank[0] < top[0]:
        return "another entry names the phone's own numbers more exactly"
    return "another entry has a newer soc_rev" if len(rank) > 1 else "another entry fits better"
