"""An image as the downloads that carry it to its partition."""

from __future__ import annotations

from collections.abc import Iterator

from pmport.errors import PlanError
from pmport.section import Section

__all__ = ["downloads", "with_footer_at_end"]

FOOTER_SIZE = 64
FOOTER_MAGIC = b"AVBf"
SMALLEST = 1 << 16
"""Bytes that a piece of a sparse image has at the least."""


def downloads(section: Section, limit: int) -> Iterator[Section]:
    """Cut an image into downloads.

    Args:
        section: A raw or a sparse image.
        limit: Largest download, bytes.

    Yields:
        The image itself where it fits, else sparse images that each fit. Chunks with a CRC-32, which some bootloaders
        refuse, are left out.

    Raises:
        PlanError: If the phone takes too little at once.
    """
    from pmport.formats.storage.sparse import ChunkKind, SparseImage, is_sparse, split  # noqa: PLC0415 - 5 ms

    sums = is_sparse(section) and any(chunk.kind is ChunkKind.CRC32 for chunk in SparseImage.parse(section).chunks)
    if section.size <= limit and not sums:
        yield section
        return
    if limit < SMALLEST:
        raise PlanError(
            f"The phone takes only {limit} bytes at once", state="Nothing of this image was sent",
            remedy=f"No sparse image is cut so small: {SMALLEST} bytes are the least",
        )  # fmt: skip
    for piece in split(section, limit):
        yield piece.section()


def with_footer_at_end(section: Section, room: int | None) -> Section:
    """A raw image whose AVB footer stands where the bootloader looks for it: at the end of the partition.

    Args:
        section: The image.
        room: Bytes of the partition; None: not known.

    Returns:
        The image, filled up with zeros and with its footer at the end once more; itself where it has no footer, or fills
        the partition.
    """
    if room is None or not FOOTER_SIZE <= section.size < room:
        return section
    footer = section[section.size - FOOTER_SIZE :]
    if footer.read(0, len(FOOTER_MAGIC)) != FOOTER_MAGIC:
        return section
    gap = room - section.size - FOOTER_SIZE
    if gap < 0:
        return Section.joined([section[: section.size - FOOTER_SIZE], Section.zeros(FOOTER_SIZE + gap), footer])
    return Section.joined([section, Section.zeros(gap), footer])
