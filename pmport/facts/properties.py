"""Facts of Android's properties and build fingerprints, wherever they stand: ramdisk, package, vbmeta, getvar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.formats.reports.property_file import properties_of

if TYPE_CHECKING:
    from pmport.formats.reports.property_file import PropertyFile

__all__ = ["FIELDS", "PROPERTY_FILE", "of_fingerprint", "of_property", "of_text", "read"]

PROPERTY_FILE = re.compile(r"(?:^|/)(?:default\.prop|prop\.default|build\.prop)$")
"""Files of properties in a ramdisk, by their names: that a file is one tells its content only where a line gives it away."""
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "device": "product",
        "name": "product",
        "model": "model",
        "manufacturer": "manufacturer",
        "board": "board",
    }
)
"""Last word of ``ro.product.…`` → the field that it is a fact of. Android: build/make, core/Makefile and sysprop."""
OTHERS: Mapping[str, str] = MappingProxyType(
    {
        "ro.build.product": "product",
        "ro.hardware": "board",
        "ro.boot.hardware": "board",
        "ro.board.platform": "soc",
        "pre-device": "product",
    }
)
FINGERPRINT_KEY = re.compile(r"(?:^|[.-])fingerprint$|^post-build$")
FINGERPRINT = re.compile(r"([\w.-]+)/([\w.+-]+)/([\w.+-]+):[^/]+/\S+/\S*:\S+/\S+")
"""``brand/product/device:release/id/incremental:type/tags``. Android: ``Build.FINGERPRINT``."""
GENERIC = frozenset({"generic", "qti", "aosp", "qssi", "lineage", "gsi", "common", "unknown"})
"""Brands and devices of images that serve many phones."""


def of_text(text: bytes, source: str) -> Iterator[Fact]:
    r"""Facts of a file of properties.

    Args:
        text: The file.
        source: Its name.

    Yields:
        Facts.

    Example:
        >>> [fact.value for fact in of_text(b"pre-device=begonia\npost-timestamp=1\n", "metadata")]
        ['begonia']
    """
    for key, value in properties_of(text):
        yield from of_property(key, value, source)


def read(properties: PropertyFile) -> Iterator[Fact]:
    """Facts of a file of properties that was opened.

    Args:
        properties: The file.

    Yields:
        Facts.
    """
    for key, value in properties.items():
        yield from of_property(key, value, "property")


def of_property(key: str, value: str, source: str) -> Iterator[Fact]:
    """Facts of one property.

    Args:
        key: Such as ``ro.product.model``.
        value: Its value.
        source: The file.

    Yields:
        Facts.
    """
    if not value:
        return
    if FINGERPRINT_KEY.search(key):
        for one in value.split("|"):
            yield from of_fingerprint(one, f"{source}, {key}")
        return
    field = FIELDS.get(key.rpartition(".")[2]) if key.startswith("ro.product.") else OTHERS.get(key)
    for one in value.split(",") if key == "pre-device" else (value,):
        if field and one.lower() not in GENERIC:
            yield Fact(field, one.lower() if field == "soc" else one, f"{source}, {key}")


def of_fingerprint(text: str, source: str, certainty: Certainty = Certainty.STATED) -> Iterator[Fact]:
    """Facts of a build's fingerprint.

    Args:
        text: The fingerprint.
        source: Who says it.
        certainty: How far it can be believed.

    Yields:
        Brand, product and device; nothing where the build serves many phones.

    Example:
        >>> text = "motorola/cedric/cedric:7.0/NPP25.137-15/13:user/release-keys"
        >>> [(fact.field, fact.value) for fact in of_fingerprint(text, "x")]
        [('manufacturer', 'motorola'), ('product', 'cedric')]
    """
    found = FINGERPRINT.fullmatch(text.strip())
    if not found or {found[1].lower(), found[3].lower()} & GENERIC:
        return
    if found[1] != "Android":  # of builds from AOSP, for any phone
        yield Fact("manufacturer", found[1], source, certainty=certainty)
    for name in dict.fromkeys((found[3], found[2])):
        yield Fact("product", name, source, certainty=certainty)
