"""What bootloaders of some families do otherwise, and what their refusals mean: two tables, and nothing else.

Sources: the bootloaders' published code (LK, lk2nd, U-Boot, AOSP's fastbootd) and the trackers of the programs that flash
them. A row of :data:`QUIRKS` is recognised by what the phone says of itself.

Example:
    >>> from pmport.formats.reports.getvars import GetVars
    >>> quirk_of(GetVars({"product": "thor"})).largest_download >> 20
    500
    >>> explained("image is not a boot image")
    'this bootloader takes only Android boot images for it: wrap the kernel in one, or install lk2nd, which lifts that'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

__all__ = ["NONE", "QUIRKS", "REFUSALS", "Quirk", "explained", "quirk_of"]


@dataclass(frozen=True, slots=True)
class Quirk:
    """What one family needs.

    Args:
        family: Whose it is.
        variable: The variable that tells the family.
        pattern: Regular expression of its value.
        usb_chunk: Bytes per USB transfer; 0: as usual.
        largest_download: Bytes that it really takes at once, whatever it says; 0: as it says.
        hint: What to try when it stops answering.
    """

    family: str
    variable: str = ""
    pattern: str = ""
    usb_chunk: int = 0
    largest_download: int = 0
    hint: str = ""


class Says(Protocol):
    """A phone's variables, recorded or asked for; "" for those that it does not have."""

    def __getitem__(self, name: str, /) -> str: ...


NONE = Quirk("any")
QUIRKS: tuple[Quirk, ...] = (
    Quirk("Amazon thor", "product", r"thor|apollo", largest_download=500 << 20),
    Quirk("Sony", "product", r"(?:xperia|[cdefghij]\d{4}|so-?\d).*", hint="use a USB 2 port, or a hub between"),
    Quirk(
        "Qualcomm UEFI",
        "kernel",
        r"uefi",
        hint="use a USB 2 port, or a hub between: this bootloader is known to die on USB 3",
    ),
    Quirk("Realme and OnePlus", "product", r"(?:rmx|oppo|oneplus).*", usb_chunk=16 << 10),
    Quirk("MediaTek", "product", r"mt\d{4}.*|k\d{2}v\d.*", largest_download=0x8000000),
)
"""The table; the first row that fits counts. Where a figure is in doubt, the smaller one stands here: it is only slower."""

REFUSALS: tuple[tuple[str, str], ...] = (
    (
        r"not a boot image|invalid boot image",
        "this bootloader takes only Android boot images for it: wrap the kernel in one, or install lk2nd, which lifts that",
    ),
    (r"unknown chunk type", "it does not know all kinds of sparse chunks: flash the raw image"),
    (r"locked|not allowed|permission denied", "unlock the bootloader as its maker describes"),
    (
        r"too large|exceeds|not enough|size is more than",
        "the image is larger than the partition, or than what it takes at once",
    ),
    (
        r"(partition|volume).*(not found|doesn't exist|does not exist|not exist)|no such partition",
        "pmport getvar shows which partitions there are",
    ),
    (r"battery", "charge it first"),
    (
        r"anti.?rollback|rollback",
        "the image is older than what the phone accepts: take a newer one, an older one can brick it",
    ),
    (r"unknown command|not supported|unsupported", "this bootloader does not know that; lk2nd and fastbootd know more"),
    (r"signature|verif", "the bootloader checks signatures: unlock it, or sign the image with a key that it knows"),
    (r"snapshot|merge", "an update of the system is not finished: start it once, or cancel the update"),
)
"""``(pattern, what to do)`` for the words with which bootloaders refuse; the first that is found counts."""


def quirk_of(phone: Says) -> Quirk:
    """What is special about a phone.

    Args:
        phone: What it says of itself.

    Returns:
        The row of :data:`QUIRKS`, or :data:`NONE`.
    """
    for quirk in QUIRKS:
        if re.fullmatch(quirk.pattern, phone[quirk.variable], re.IGNORECASE):
            return quirk
    return NONE


def explained(refusal: str) -> str:
    """What a bootloader's refusal means.

    Args:
        refusal: Its words.

    Returns:
        What to do; "" where it is not known.
    """
    return next((remedy for pattern, remedy in REFUSALS if re.search(pattern, refusal, re.IGNORECASE)), "")
