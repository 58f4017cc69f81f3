"""Find records: by a word, or by what a phone says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.device_db.loading import records
from pmport.render import Renders, Table

if TYPE_CHECKING:
    from pmport.device_db.device import Device
    from pmport.facts import DeviceFacts

__all__ = ["Candidate", "find", "search"]

WEIGHTS = {
    "compatible": 60,
    "model": 40,
    "dtb": 50,
    "qcom ids": 40,
    "product": 40,
    "board": 20,
    "soc": 4,
    "boot addresses": 6,
    "page size": 1,
}
"""How much each agreement counts: what is made for one phone much, what many share little."""
ENOUGH = 20
"""Below this a candidate is no answer: only the chip, the addresses and such agree."""


@dataclass(frozen=True)
class Candidate(Renders):
    """A record that may be the phone.

    Args:
        device: The record.
        score: How much agrees; more is better.
        evidence: What agrees, in words.
    """

    device: Device
    score: int
    evidence: tuple[str, ...]

    def view(self) -> Table:
        """One row.

        Returns:
            A table.
        """
        return Table(("codename", "score", "because"), [(self.device.codename, self.score, "; ".join(self.evidence))])


def search(text: str = "", **wanted: str) -> tuple[Device, ...]:
    """Records that hold a word, or a value.

    Args:
        text: Every word of it must stand in the codename, the name or the maker, without regard to case.
        wanted: Field → value that it must have: ``soc="msm8916"``, ``arch="aarch64"``, ``method="fastboot"``,
            ``category="community"``, ``compatible="oneplus,enchilada"``.

    Returns:
        Devices, in the order of their codenames.

    Example:
        >>> [device.codename for device in search("nokia", method="0xffff")]
        ['nokia-n900']
    """
    words = text.lower().split()
    return tuple(
        device
        for device in records()
        if all(word in f"{device.codename} {device.name} {device.manufacturer}".lower() for word in words)
        and all(value in _values(device, name) for name, value in wanted.items())
    )


def _values(device: Device, name: str) -> Iterable[object]:
    value = device.flash.method if name == "method" else getattr(device, name)
    return value if isinstance(value, tuple) else (value,)


def find(facts: DeviceFacts) -> tuple[Candidate, ...]:
    """Which records a phone may be.

    Args:
        facts: What it or its images told.

    Returns:
        Candidates, the best first; several with one score are a tie; empty: none of these.
    """
    candidates = []
    for device in records():
        found = list(_agreements(device, facts))
        score = sum(WEIGHTS[kind] for kind, _ in found)
        if score >= ENOUGH:
            candidates.append(Candidate(device, score, tuple(text for _, text in found)))
    return tuple(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.device.codename)))


def _agreements(device: Device, facts: DeviceFacts) -> Iterator[tuple[str, str]]:
    for kind, field, ours in (
        ("compatible", "compatible", set(device.compatible)),
        ("model", "model", {*device.models, device.name}),
        ("dtb", "dtb_name", set(device.dtb)),
        ("product", "product", set(device.flash.products)),
        ("board", "board", {device.codename.partition("-")[2]}),
        ("soc", "soc", {device.soc}),
    ):
        same = [value for value in facts.values(field) if value and value in ours]
        if same:
            yield kind, f"{kind} {same[0]}"
    pairs = [
        (msm, board)
        for msm in facts.values("qcom_msm_id")
        for board in facts.values("qcom_board_id")
        if msm in device.qcom_msm_id and board in device.qcom_board_id
    ]
    if pairs:
        yield "qcom ids", f"msm-id {pairs[0][0]} and board-id {pairs[0][1]}"
    addresses = device.boot.addresses
    named = {"kernel_addr": addresses.kernel, "ramdisk_addr": addresses.ramdisk, "tags_addr": addresses.tags}
    if all(value is not None and value in facts.values(field) for field, value in named.items()):
        yield "boot addresses", "the load addresses"
    if device.boot.page_size and device.boot.page_size in facts.values("page_size"):
        yield "page size", f"page size {device.boot.page_size}"
