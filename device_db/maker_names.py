"""How makers name their phones: who builds whose, which codenames several gave, and what makes a name another phone's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db.search_index import IndexRow

__all__ = ["NO_MAKERS", "SHARED_NAMES", "SIBLINGS", "SUFFIXES", "makers_of"]

WORD = re.compile(r"[a-z0-9]+")
SUFFIXES = re.compile(r"(?:lte|3g|wifi|ve|ds|dd|q|xx|tmo|vzw|spr|att|kor|chn|eur|global|row|sprout|ss)+")
"""What Samsung and others append to a board's name for a region or radio."""
SIBLINGS = frozenset(
    {
        "plus",
        "pro",
        "max",
        "mini",
        "lite",
        "ultra",
        "prime",
        "neo",
        "note",
        "se",
        "fe",
        "edge",
        "turbo",
        "play",
        "power",
        "zoom",
        "zero",
        "one",
        "xl",
        "compact",
        "premium",
        "dual",
    }
)
"""What makes another phone's name of the name before it: an Orange Pi PC Plus is no Orange Pi PC."""
SHARED_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "kona": "Qualcomm SM8250, Samsung Galaxy Note 8.0",
        "leo": "HTC HD2, Sony Xperia Z3, Xiaomi Mi Note Pro",
        "merlin": "Motorola Moto G Turbo, Xiaomi Redmi Note 9",
        "odin": "AYN Odin, Xiaomi Mix 4",
        "onyx": "OnePlus X, Xiaomi Poco F7",
        "panther": "Google Pixel 7, Nokia 4.2",
        "phoenix": "Lenovo Phab Plus, Xiaomi Redmi K30",
        "thor": "Amazon Kindle Fire HDX, Xiaomi 12S Ultra",
    }
)
"""Codename that several makers gave → to what: it says something only with the maker or the chip. Source: Google's list of
devices that Play supports, and fingerprints in public images."""
KIN: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "xiaomi redmi poco mi wingtech longcheer",
        "huawei honor",
        "oppo realme oneplus oplus",
        "lenovo motorola zuk moto",
        "hmd nokia",
        "lg lge",
        "sony semc somc sonyericsson",
        "bq wiko yu",
        "meizu meizhu",
        "leeco letv",
    )
)
"""Makers that build or name each other's phones: none of a row proves that a phone is not another's."""
GOOGLES = re.compile(r"\b(?:google|nexus|pixel)\b", re.IGNORECASE)
BUILDERS = frozenset({"huawei", "lg", "lge", "htc", "asus", "samsung", "motorola"})
"""Who built phones that Google sells."""
NO_MAKERS = frozenset(
    {
        "qualcomm",
        "qcom",
        "generic",
        "rockchip",
        "allwinner",
        "amlogic",
        "mi",
        "360",
        "cat",
        "source",
        "arrow",
        "general",
        "libre",
        "f",
        "raspberry",
        "planet",
    }
)
"""First words of names that are no phone maker's, or a word of the language."""


def makers_of(row: IndexRow) -> frozenset[str]:
    """Who may be named as a record's maker.

    Args:
        row: The record's row.

    Returns:
        Names in lower case, with those of makers that build or name its phones.
    """
    first = next(iter(WORD.findall(row.manufacturer.lower())), "")
    own = {first, row.codename.partition("-")[0], *(text.partition(",")[0] for text in row.compatible)}
    if "google" in own:
        own |= BUILDERS
    elif GOOGLES.search(row.name):
        own.add("google")
    return frozenset(own.union(*(kin for kin in KIN if own & kin)))
