"""Which of several device trees does a bootloader take, given a phone's numbers?

Each vendor's bootloader compares the numbers of a tree with those of the hardware by its own rules:
:mod:`~pmport.formats.trees.bootloader_rules` has them as tables, :mod:`~pmport.formats.trees.lk2nd_matching` has lk2nd's.

Example:
    >>> from pmport.devicetree import parse_source
    >>> trees = [parse_source(f'/ {{ qcom,msm-id = <206 {rev}>; qcom,board-id = <8 0>; }};') for rev in (0, 0x10000)]
    >>> choice = choose([candidate_of(tree, str(number)) for number, tree in enumerate(trees)], {"platform": 206, "soc_rev": 0x20000, "variant": 8, "subtype": 0})
    >>> choice.taken.name, choice.candidates[0].why
    ('1', 'another one fits better by soc_rev: taken are the newest')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from pmport.devicetree import Blob, identify
from pmport.errors import FormatError
from pmport.formats.trees.base import TreeTable
from pmport.formats.trees.bootloader_rules import BOOTLOADERS, EVERYWHERE, Bootloader, Condition, Ids, Preference, Rule
from pmport.formats.trees.lk2nd_matching import devices_of, match
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.node import Node

__all__ = ["Candidate", "Choice", "Rule", "candidate_of", "candidates", "choose", "pick", "reader_of"]


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


def pick(container: Node, phone: Mapping[str, int | str], bootloader: str = "") -> Choice:
    """What a bootloader takes out of a container.

    Args:
        container: A table of trees (QCDT, DTBH, SPRD, AML, Android's), or anything that holds several trees, such as a
            kernel with trees behind it or a boot image.
        phone: The phone's numbers by the names of the table's fields: for Qualcomm ``platform``, ``soc_rev`` (msm-id),
            ``variant``, ``subtype`` (board-id) and ``pmic0`` …; for Samsung ``chip``, ``hw_rev`` …; ``id`` or ``index``
            for Android's table; for lk2nd ``bootloader``, ``cmdline``, ``device``, ``panel``. What is not told is not compared.
        bootloader: Whose rules: a key of :data:`~pmport.formats.trees.bootloader_rules.BOOTLOADERS`, or ``lk2nd``; "": the
            one that reads such a container.

    Returns:
        The choice.

    Raises:
        FormatError: If it holds no device tree.
        ValueError: If there are no rules of that name.
    """
    if bootloader not in {"", "lk2nd", *BOOTLOADERS}:
        raise ValueError(f"There are no rules of {bootloader!r}: lk2nd, {', '.join(BOOTLOADERS)}")
    if bootloader == "lk2nd" or (not bootloader and not phone.keys() - LK2ND_FIELDS):
        return _lk2nd(container, phone)
    found = tuple(candidates(container))
    if not found:
        raise FormatError(
            "It holds no device tree to choose", format=container.KIND, remedy="pmport inspect shows what it holds"
        )
    placement = next((node.PLACEMENT for _, node in container.walk() if isinstance(node, TreeTable)), "")
    return choose(found, phone, BOOTLOADERS[bootloader or reader_of(found, placement)])


LK2ND_FIELDS = frozenset({"bootloader", "cmdline", "device", "panel", "machtype"})
READERS: Mapping[str, str] = {"qcdt": "lk", "dtbh": "samsung", "sprd": "sprd", "aml": "amlogic"}
"""How trees are placed → who reads them."""


def reader_of(found: Iterable[Candidate], placement: str = "") -> str:
    """Whose rules fit some trees.

    Args:
        found: The trees.
        placement: What table they are in: ``qcdt``, ``dtbo`` …; "": none.

    Returns:
        A key of :data:`~pmport.formats.trees.bootloader_rules.BOOTLOADERS`.
    """
    if placement in READERS:
        return READERS[placement]
    fields = [{*ids} for candidate in found for ids in candidate.ids]
    if any("hw_rev" in ids for ids in fields):
        return "samsung"
    if any("chip" in ids for ids in fields):
        return "sprd"
    if any(len(ids & {"platform", "variant"}) == 1 for ids in fields):  # a tree of the chip, or an overlay of the board
        return "abl"
    qualcomm = any(ids & {"platform", "soc_rev", "subtype", "pmic0"} for ids in fields)
    return ("abl" if placement else "lk") if qualcomm else "android"


def _lk2nd(container: Node, phone: Ids) -> Choice:
    devices = [
        (f"{path or 'tree'}{node.path.removeprefix('/lk2nd')}", node)
        for path, blob in container.walk()
        if isinstance(blob, Blob)
        for node in devices_of(blob.tree())
    ]
    if not devices:
        raise FormatError("It describes no device to lk2nd", format=container.KIND, remedy="Give an image of lk2nd")
    told = [Candidate(name, (), next(iter(node.strings("model")), ""), match(node, phone)) for name, node in devices]
    taken = next((candidate for candidate in told if not candidate.why), None)
    behind = "a device before it fits already"
    shown = tuple(item if item is taken or item.why else replace(item, why=behind) for item in told)
    return Choice(taken, shown)


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
    if who.msm_ids or who.board_ids:
        for msm, board, pmic in product(who.msm_ids or ((),), who.board_ids or ((),), who.pmic_ids or ((),)):
            ids: dict[str, int | str] = {"platform": msm[0], "soc_rev": msm[2 if len(msm) > 2 else 1]} if msm else {}
            if len(msm) > 2:  # old trees: platform, variant, revision
                ids["variant"] = msm[1]
            if len(msm) > 3:  # LG's trees for MSM8974
                ids["subtype"] = msm[3]
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


def choose(found: Iterable[Candidate], phone: Mapping[str, int | str], bootloader: Bootloader | None = None) -> Choice:
    """Compare candidates with a phone.

    Args:
        found: The candidates, in the order of the file.
        phone: The phone's numbers.
        bootloader: Whose rules; None: those that fit the candidates' fields.

    Returns:
        The choice.
    """
    told = list(found)
    rules = bootloader or BOOTLOADERS[reader_of(told)]
    alive: list[tuple[int, Ids]] = []
    why: dict[int, str] = {}
    for position, candidate in enumerate(told):
        fitting = [ids for ids in candidate.ids if not _refusal(ids, phone, rules.conditions)]
        alive += [(position, ids) for ids in fitting]
        if not fitting:
            reasons = [_refusal(ids, phone, rules.conditions) for ids in candidate.ids]
            why[position] = next(iter(reasons), "") or NOTHING
    for preference in rules.preferences:
        kept = [alive[number] for number in preference.kept([ids for _, ids in alive], phone)]
        gone = {position for position, _ in alive} - {position for position, _ in kept}
        why |= {position: _less(preference) for position in gone}
        alive = kept
    left = list(dict.fromkeys(position for position, _ in alive))
    why |= dict.fromkeys(left[1:], "it fits as well, but stands behind the one that is taken")
    shown = [replace(candidate, why=why.get(position, "")) for position, candidate in enumerate(told)]
    return Choice(shown[left[0]] if left else None, tuple(shown), tuple(shown[position] for position in left[1:]))


NOTHING = "it carries no numbers that the phone's could be compared with"


def _less(preference: Preference) -> str:
    names = " and ".join(dict.fromkeys(number.field for number in preference.numbers))
    return f"another one fits better by {names}: taken are {preference.prefer.value}"


def _refusal(ids: Ids, phone: Ids, conditions: tuple[Condition, ...]) -> str:
    compared = False
    for condition in (*conditions, *EVERYWHERE):
        number = condition.number
        value, own = number.of(ids), number.own(phone)
        if value is None or own is None:
            continue
        compared = True
        if not condition.rule.holds(value, own):
            return (
                f"{number.field} is {_number(ids.get(number.field, value))}, the phone's is "
                f"{_number(phone.get(number.own_field or number.field, own))}: it {condition.rule.value.partition(';')[0]}"
            )
    return "" if compared else NOTHING
