"""What stands behind the last section of a boot image: AVB data, vendors' marks, and fill up to the partition's size.

The marks are those of ``magiskboot`` and of AOSP's ``avb_footer.h``; they are kept byte for byte, and named, so that
people see what a repacking tool would have lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.node import Part, Role

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["FOOTER_MAGIC", "FOOTER_SIZE", "MARKS", "split_tail"]

AVB_MAGIC = b"AVB0"
FOOTER_MAGIC = b"AVBf"
FOOTER_SIZE = 64
GKI_SIGNATURE_SIZE = 16384
"""``certify_bootimg`` of Android 13 and later appends this many bytes with one or two vbmeta blobs."""

MARKS: tuple[tuple[str, bytes], ...] = (
    ("seandroidenforce", b"SEANDROIDENFORCE"),
    ("bump", bytes.fromhex("41a9e467744d1d1ba429f2ecea655279")),
)
"""``(name, bytes)`` of what vendors put right behind the image: Samsung's mark, and the one that unlocks LG's loader."""


def split_tail(image: Section, start: int) -> Iterator[Part]:
    """Name the pieces behind the last section.

    Args:
        image: The whole image.
        start: Where its last section, padded, ends.

    Yields:
        Parts that joined are the bytes from ``start`` to the end. A vbmeta blob and a GKI boot signature are content,
        everything else is kept as tail.
    """
    end = image.size
    footer = image[max(end - FOOTER_SIZE, start) :]
    vbmeta = _vbmeta_range(footer.read(), start, end - FOOTER_SIZE)
    if vbmeta is None:
        yield from _marked(image[start:])
        return
    offset, size = vbmeta
    yield from _marked(image[start:offset])
    yield Part("vbmeta", image[offset : offset + size])
    if offset + size < end - FOOTER_SIZE:
        yield Part("fill before footer", image[offset + size : end - FOOTER_SIZE], Role.PADDING)
    yield Part("avb_footer", footer, Role.TAIL)


def _vbmeta_range(footer: bytes, start: int, end: int) -> tuple[int, int] | None:
    """``(offset, size)`` that an AVB footer gives, if it is one and they are where they can be."""
    if len(footer) < FOOTER_SIZE or not footer.startswith(FOOTER_MAGIC):
        return None
    offset, size = int.from_bytes(footer[20:28], "big"), int.from_bytes(footer[28:36], "big")
    return (offset, size) if start <= offset and size and offset + size <= end else None


def _marked(tail: Section) -> Iterator[Part]:
    head = tail.read(0, 16)
    for name, mark in MARKS:
        if head == mark:
            yield Part(name, tail[: len(mark)], Role.TAIL)
            tail = tail[len(mark) :]
            head = tail.read(0, 16)
            break
    if head.startswith(AVB_MAGIC) and tail.size >= GKI_SIGNATURE_SIZE:
        yield Part("gki_signature", tail[:GKI_SIGNATURE_SIZE])
        tail = tail[GKI_SIGNATURE_SIZE:]
    signature = _der_size(head)
    if signature and signature <= tail.size:
        yield Part("avb1_signature", tail[:signature], Role.TAIL)
        tail = tail[signature:]
    if tail.size:
        yield Part("tail", tail, Role.TAIL)


def _der_size(head: bytes) -> int:
    """Bytes of an AVB 1.0 signature: a DER sequence whose length takes two bytes and that begins with a version; else 0."""
    if head[:2] == b"\x30\x82" and head[4:5] == b"\x02":
        return 4 + int.from_bytes(head[2:4], "big")
    return 0
