"""What a tree or a command line suggests for a deviceinfo, without saying it: proposals, for a person to confirm.

Each has a reason that a person can check. What is written in so many words is no proposal: the draft takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.device_db.identification import find
from pmport.device_db.record_files import load

if TYPE_CHECKING:
    from pmport.facts import DeviceFacts

__all__ = ["Proposal", "proposals"]

CONSOLE = re.compile(r"\bconsole=(tty(?!\d|\b)\w+?)(\d+)(?:,(\d+))?[,\w]*(?=\s|$)")
MAINLINE_PORTS: Mapping[str, str] = {
    "ttyHSL": "ttyMSM",  # msm_serial_hs_lite: msm_serial
    "ttyHS": "ttyMSM",  # msm_serial_hs, qcom_geni_serial's high-speed ports
    "ttyMT": "ttyS",  # mtk-uart: 8250_mtk
    "ttySAC": "ttySAC",
    "ttyMSM": "ttyMSM",
    "ttyS": "ttyS",
    "ttyO": "ttyS",  # omap-serial: 8250_omap
    "ttyAMA": "ttyAMA",
    "ttyFIQ": "ttyS",  # Rockchip's FIQ debugger sits on a plain 8250
}
"""Vendors' names of serial ports → mainline's. Source: ``dev_name`` of the drivers in vendors' and mainline's
``drivers/tty/serial``."""
SPEED = "115200"
"""What mainline's consoles run at unless told otherwise."""
UFS_SECTOR = "4096"
"""Bytes of a logical block of UFS, as all known phones have it; images for it must be made so."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a key of the deviceinfo may be.

    Args:
        key: The key.
        value: Its value, as a deviceinfo writes it.
        because: The evidence.
    """

    key: str
    value: str
    because: str


def proposals(facts: DeviceFacts) -> tuple[Proposal, ...]:
    """What the facts suggest.

    Args:
        facts: What the phone or its images told.

    Returns:
        One proposal for a key at the most; the better one where there are two.

    Example:
        >>> from pmport.facts import DeviceFacts, Fact
        >>> facts = DeviceFacts([Fact("cmdline", "console=ttyHSL0,115200,n8", "boot image header")])
        >>> [(proposal.key, proposal.value) for proposal in proposals(facts)]
        [('getty', 'ttyMSM0;115200')]
    """
    found: dict[str, Proposal] = {}
    for proposal in (*_method(facts), *_getty(facts), *_storage(facts), *_board(facts)):
        found.setdefault(proposal.key, proposal)
    return tuple(found.values())


def _method(facts: DeviceFacts) -> Iterator[Proposal]:
    for field, value, what in (
        ("wrapper", "seandroidenforce", "Samsung's mark SEANDROIDENFORCE follows the image"),
        ("dtb_placement", "dtbh", "its device trees are in Samsung's DTBH table"),
    ):
        for fact in facts.all(field):
            if fact.value == value:
                yield Proposal("flash_method", "heimdall-bootimg", f"{what} ({fact.source})")


def _getty(facts: DeviceFacts) -> Iterator[Proposal]:
    for fact in facts.all("cmdline"):
        for port, number, speed in CONSOLE.findall(str(fact.value)):
            if port in MAINLINE_PORTS:
                name = f"{MAINLINE_PORTS[port]}{number}"
                yield Proposal("getty", f"{name};{speed or SPEED}", f"console={port}{number} in {fact.source}")


def _storage(facts: DeviceFacts) -> Iterator[Proposal]:
    for fact in facts.all("storage"):
        if fact.value == "ufs":
            yield Proposal("rootfs_image_sector_size", UFS_SECTOR, f"it has UFS ({fact.source})")
        elif fact.value == "card slot":
            yield Proposal("external_storage", "true", f"it has a slot for a card ({fact.source})")
    for fact in facts.all("cmdline"):
        if re.search(r"\bandroidboot\.(?:bootdevice|boot_devices)=\S*ufshc", str(fact.value)):
            yield Proposal("rootfs_image_sector_size", UFS_SECTOR, f"it starts from UFS ({fact.source})")


def _board(facts: DeviceFacts) -> Iterator[Proposal]:
    """The mainline device tree of the one record that the facts lead to."""
    candidates = find(facts)
    best = [candidate for candidate in candidates if candidate.score == candidates[0].score]
    trees = {tree for candidate in best for tree in load(candidate.codename).dtb}
    if len(trees) == 1:
        (tree,) = trees
        if "*" not in tree:
            yield Proposal("dtb", tree, f"it may be the {best[0].name}: {'; '.join(best[0].evidence)}")
