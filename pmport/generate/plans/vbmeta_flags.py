"""Flags of verified boot, set in a vbmeta image as ``fastboot --disable-verity --disable-verification`` sets them.

Layout: AOSP ``libavb/avb_vbmeta_image.h``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pmport.errors import PlanError
from pmport.findings import Finding, Severity
from pmport.formats.storage.sparse import SparseImage, is_sparse
from pmport.section import Section

__all__ = ["STALE", "flagged", "flags_of"]

MAGIC = b"AVB0"
HEADER_SIZE = 256
FLAGS_AT = 123
"""The lowest byte of the flags, big-endian, of a vbmeta header."""
FLAGS: Mapping[str, int] = {"verity": 1, "verification": 2}
"""What can be switched off → its bit."""
STALE = Finding(
    Severity.WARNING, "stale-signature", "The vbmeta image is changed, and its signature does not hold any more",
    why="a locked bootloader refuses it",
)  # fmt: skip


def flags_of(words: Iterable[str]) -> int:
    """The bits that some words mean.

    Args:
        words: ``verity``, ``verification``.

    Returns:
        The bits.

    Raises:
        PlanError: If a word is none.
    """
    wanted = set(words)
    if unknown := wanted - FLAGS.keys():
        raise PlanError(f"{', '.join(sorted(unknown))} cannot be switched off", remedy=f"These can: {', '.join(FLAGS)}")
    return sum(FLAGS[word] for word in wanted)


def flagged(section: Section, flags: int) -> Section:
    """A vbmeta image with flags set.

    Args:
        section: The image, raw or sparse.
        flags: The bits.

    Returns:
        A raw image; its signature is stale.

    Raises:
        PlanError: If it is none.
    """
    raw = SparseImage.parse(section).raw() if is_sparse(section) else section
    if raw.size < HEADER_SIZE or raw.read(0, 4) != MAGIC:
        raise PlanError("What is to carry the flags of verified boot is no vbmeta image")
    byte = raw.read(FLAGS_AT, 1)[0] | flags
    return Section.joined([raw[:FLAGS_AT], bytes([byte]), raw[FLAGS_AT + 1 :]])
