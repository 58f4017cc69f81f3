"""Whether the verified boot data behind an image fits it: footer, hash, signature."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.avb.footer import MAGIC, SIZE, AvbFooter
from pmport.formats.avb.vbmeta import VbMeta, salted

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Section

__all__ = ["footer_findings"]


def footer_findings(image: Node) -> Iterator[Finding]:
    """Hold the footer against the image, its hash against its bytes, the signature against the key inside.

    Args:
        image: Anything whose parts name ``vbmeta`` and ``avb_footer``.

    Yields:
        Findings; none where there is no footer.
    """
    whole = image.section()
    parts = {part.name: part.section for part in image.parts()}
    if "avb_footer" not in parts:
        yield from _stray_footer(whole)
        return
    fields = AvbFooter.parse(parts["avb_footer"].read())
    try:
        vbmeta = VbMeta.parse(parts["vbmeta"])
    except FormatError:
        yield Finding(
            Severity.ERROR,
            "avb-broken",
            f"The AVB footer is stale: it belongs to another image, for no vbmeta is at {fields.vbmeta_offset:#x}",
            where="avb_footer",
            why="a footer at the end of a partition stays there when a smaller image is written",
            fix="get the image anew, or cut it off where its last section ends",
        )
        return
    yield from _hash_findings(vbmeta, fields, whole)
    if vbmeta.signature == "invalid":
        yield Finding(
            Severity.ERROR,
            "avb-signature",
            "The signature of vbmeta is invalid",
            where="vbmeta",
            why="such a blob stops even unlocked phones (topjohnwu/Magisk issue 10078)",
            fix="sign it anew, or remove the signature: repack --avb none",
        )


def _hash_findings(vbmeta: VbMeta, fields: AvbFooter, whole: Section) -> Iterator[Finding]:
    own = vbmeta.own_hash(whole[: fields.original_image_size])
    if own is None:
        return
    if own.image_size != fields.original_image_size or own.image_size > whole.size:
        yield _stale(f"vbmeta hashes {own.image_size} bytes, and the footer says {fields.original_image_size}")
    elif own.algorithm not in hashlib.algorithms_available:
        yield Finding(Severity.UNKNOWN, "avb-hash", f"Hash {own.algorithm} is not known", where="vbmeta")
    elif own.digest and salted(own, whole[: own.image_size]) != own.digest:
        yield _stale("the hash in vbmeta is not that of the image")


def _stray_footer(whole: Section) -> Iterator[Finding]:
    """A footer at the very end whose vbmeta cannot be where it says."""
    tail = whole[max(whole.size - SIZE, 0) :].read()
    if len(tail) < SIZE or not tail.startswith(MAGIC):
        return
    fields = AvbFooter.parse(tail)
    beyond = fields.vbmeta_offset + fields.vbmeta_size > whole.size - SIZE
    yield Finding(
        Severity.ERROR,
        "avb-stale",
        f"The AVB footer is stale: it belongs to another image, for its vbmeta would be at {fields.vbmeta_offset:#x},"
        f" {'behind the end of the file' if beyond else 'within the sections'}",
        where="avb_footer",
        why="a footer at the end of a partition stays there when another image is written, or a file was cut",
        fix="get the image anew, or cut it off where its last section ends",
    )


def _stale(message: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "avb-stale",
        f"Verified boot data is stale: {message}",
        where="vbmeta",
        why="a bootloader that verifies refuses the image (chenxiaolong/avbroot issue 345, topjohnwu/Magisk issue 8389)",
        fix="repack with --avb none or --avb re-sign, or disable verification in the vbmeta partition",
    )
