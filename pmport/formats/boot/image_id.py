"""How the id in a v0 to v2 header is made: a hash over each section and its size.

AOSP's tool hashes, for each section that the header version knows, its bytes and then its size as a 32-bit little-endian
number; an absent section gives just the zero size. A vendor dt counts only if there is one. LineageOS' fork always
counts the dt, so that its id has four zero bytes more. osm0sis' tool can use SHA-256 in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["AOSP", "MADE", "PRESUMED", "UNKNOWN", "ZERO", "check_recipe", "find_recipe", "made_id", "presumed_recipe"]

AOSP = "aosp-sha1"
LINEAGE = "lineage-sha1"
SHA256 = "sha256"
PRESUMED = "presumed-sha1"
"""As AOSP's; for an image that was too large to be hashed only to find out."""
ZERO = "zero"
UNKNOWN = "unknown"
MADE = (AOSP, LINEAGE, SHA256, ZERO, PRESUMED)
"""Recipes that an id can be made by."""

Sections = Iterable[tuple[str, "Section"]]


def check_recipe(recipe: str) -> None:
    """Refuse what is no recipe.

    Args:
        recipe: One of :data:`MADE`.

    Raises:
        FormatError: If it is none.
    """
    if recipe not in MADE:
        raise FormatError(f"{recipe!r} is no way to make an id", field="id", remedy=f"Use one of {', '.join(MADE)}")


def made_id(recipe: str, sections: Sections) -> bytes:
    """Make an id.

    Args:
        recipe: One of :data:`MADE`.
        sections: ``(name, section)`` of every section that the header version knows, absent ones empty.

    Returns:
        32 bytes.

    Raises:
        FormatError: If there is no such recipe.

    Example:
        >>> from pmport.section import Section
        >>> nothing = [(name, Section.zeros(0)) for name in ("kernel", "ramdisk", "second", "dt")]
        >>> made_id("lineage-sha1", nothing).hex()[:8]
        'e129f27c'
    """
    check_recipe(recipe)
    if recipe == ZERO:
        return bytes(32)
    state = _hashed("sha256" if recipe == SHA256 else "sha1", sections)
    if recipe == LINEAGE and not _has_dt(sections):
        state.update(bytes(4))
    digest: bytes = state.digest()
    return digest.ljust(32, b"\0")


def find_recipe(identifier: bytes, sections: Sections) -> str:
    """Find the recipe that an id was made by.

    Args:
        identifier: The 32 bytes of the header.
        sections: As for :func:`made_id`.

    Returns:
        One of :data:`MADE`, or :data:`UNKNOWN`. All sections are read once, unless the id is zero.
    """
    if not any(identifier):
        return ZERO
    if any(identifier[24:]):
        return SHA256 if _hashed("sha256", sections).digest() == identifier else UNKNOWN
    state = _hashed("sha1", sections)
    if state.digest().ljust(32, b"\0") == identifier:
        return AOSP
    state.update(bytes(4))
    if state.digest().ljust(32, b"\0") == identifier and not _has_dt(sections):
        return LINEAGE
    return UNKNOWN


def presumed_recipe(identifier: bytes) -> str:
    """The recipe that an id has most likely been made by, from its form alone.

    Args:
        identifier: The 32 bytes of the header.

    Returns:
        One of :data:`MADE`. Nothing is read.
    """
    if not any(identifier):
        return ZERO
    return SHA256 if any(identifier[24:]) else PRESUMED


def _has_dt(sections: Sections) -> bool:
    return any(name == "dt" and section.size for name, section in sections)


def _hashed(algorithm: str, sections: Sections) -> Any:
    import hashlib  # noqa: PLC0415 - loads OpenSSL, and reading an image hashes nothing

    state = hashlib.new(algorithm, usedforsecurity=False)
    for name, section in sections:
        if name == "dt" and not section.size:
            continue
        for piece in section.chunks():
            state.update(piece)
        state.update(section.size.to_bytes(4, "little"))
    return state
