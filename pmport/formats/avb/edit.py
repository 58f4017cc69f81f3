"""What happens behind an image's last section when the image changes: vendors' marks, fill, and verified boot data.

Verified boot (AVB 2.0) data is handled in one of three declared ways, and a finding says which:

``leave``
    The vbmeta blob stays byte for byte, so its hash and signature are stale. A locked phone refuses the image.
``none``
    The hash is brought up to date and the signature removed (algorithm NONE). For phones whose vbmeta allows it.
``re-sign``
    The hash is brought up to date and signed with a key of one's own. Needs the ``sign`` extra.

In all of them the footer is brought up to date, and the file keeps its size, so that the footer stays at the partition's end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.avb import footer as avb_footer
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.boot.trailer import MARKS
from pmport.node import Part, Role
from pmport.section import Section

__all__ = ["CHOICES", "AvbChoice", "ReSign", "retail", "tail_of"]

ALIGNMENT = 4096
"""AOSP's tool puts the vbmeta blob at a multiple of this."""
TAIL_NAMES = (
    *(name for name, _ in MARKS),
    "gki_signature",
    "avb1_signature",
    "tail",
    "vbmeta",
    "fill before footer",
    "avb_footer",
)


@dataclass(frozen=True)
class ReSign:
    """Sign with a key of one's own.

    Args:
        private_key: RSA key with exponent 65537, PEM, without a password.
    """

    private_key: bytes


AvbChoice: TypeAlias = Literal["leave", "none"] | ReSign
CHOICES = ("leave", "none", "re-sign")


def tail_of(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts behind the last section.

    Args:
        parts: All parts of an image.

    Returns:
        Those of the tail.
    """
    return tuple(part for part in parts if part.name in TAIL_NAMES)


def retail(
    old: tuple[Part, ...],
    new: list[Part],
    given: Mapping[str, Section],
    *,
    avb: AvbChoice,
    partition_size: int | None,
    notes: list[Finding],
) -> list[Part]:
    """Put the tail of an image behind its new sections.

    Args:
        old: All parts of the image as it was.
        new: Header and sections as they are now.
        given: Tail parts that are replaced, by name.
        avb: What happens to verified boot data.
        partition_size: Size of the partition in bytes; None: the file keeps its size.
        notes: Where findings go.

    Returns:
        The parts of the new tail.

    Raises:
        FormatError: If the verified boot data does not fit behind the image.
    """
    tail = tuple(replace(part, section=given.get(part.name, part.section)) for part in tail_of(old))
    body = sum(part.section.size for part in old if part.name not in TAIL_NAMES)
    if _same(old, new) and not given and avb == "leave" and partition_size is None:
        return list(tail)
    total = sum(part.section.size for part in old)
    footer = next((part for part in tail if part.name == "avb_footer"), None)
    if footer is None:
        return _plain_tail(tail, new, total, notes)
    vbmeta = next(part.section for part in tail if part.name == "vbmeta")
    fields = AvbFooter.parse(footer.section.read())
    front = _front(tail, fields.original_image_size - body, notes)
    used = sum(part.section.size for part in (*new, *front))
    image = Section.joined((part.section for part in (*new, *front)), "image")
    before = Section.joined((part.section for part in old), "image before")[: fields.original_image_size]
    blob = _handled(vbmeta, before, image, avb, notes)
    offset = -(-used // ALIGNMENT) * ALIGNMENT
    end = (partition_size or total) - avb_footer.SIZE
    if offset + blob.size > end:
        raise FormatError(
            f"Image and vbmeta take {offset + blob.size + avb_footer.SIZE} bytes, and the partition has"
            f" {partition_size or total}",
            format="AVB footer",
            remedy="Give partition_size= if the partition is larger, or use a smaller kernel or ramdisk",
        )
    written = replace(fields, original_image_size=used, vbmeta_offset=offset, vbmeta_size=blob.size).encode()
    return [
        *front,
        *_filled("tail", offset - used, Role.TAIL),
        Part("vbmeta", blob),
        *_filled("fill before footer", end - offset - blob.size, Role.PADDING),
        Part("avb_footer", Section.of(written), Role.TAIL),
    ]


def _same(old: tuple[Part, ...], new: list[Part]) -> bool:
    kept = [part for part in old if part.name not in TAIL_NAMES]
    return [part.section for part in kept[1:]] == [part.section for part in new[1:]] and (
        kept[0].section.read() == new[0].section.read()
    )


def _filled(name: str, size: int, role: Role) -> list[Part]:
    return [Part(name, Section.zeros(size), role)] if size > 0 else []


def _front(tail: tuple[Part, ...], inside: int, notes: list[Finding]) -> list[Part]:
    """What stays between the last section and vbmeta: all that the footer counts to the image, and what is no fill."""
    front: list[Part] = []
    for part in tail:
        if part.name in {"vbmeta", "fill before footer", "avb_footer"}:
            continue
        _note_stale(part, notes)
        kept = part.section[: max(inside, 0)]
        if not part.section[kept.size :].is_zero():
            kept = part.section
        if kept:
            front.append(replace(part, section=kept))
        inside -= part.section.size
    return front


def _note_stale(part: Part, notes: list[Finding]) -> None:
    if part.name in {"avb1_signature", "gki_signature"}:
        notes.append(
            Finding(
                Severity.WARNING,
                "signature-stale",
                f"The {part.name.replace('_', ' ')} behind the image was left as it is, and no longer matches",
                where=part.name,
                why="a locked phone, or a strict one, refuses the image",
                fix="unlock the bootloader, or sign the image anew",
            )
        )


def _plain_tail(tail: tuple[Part, ...], new: list[Part], total: int, notes: list[Finding]) -> list[Part]:
    """Marks and other bytes as they are; a fill of zeros gives or takes what the sections need."""
    kept: list[Part] = []
    for part in tail:
        _note_stale(part, notes)
        if part.name == "tail" and part.section.is_zero():
            used = sum(item.section.size for item in (*new, *kept))
            kept += _filled("tail", total - used, Role.TAIL)
        else:
            kept.append(part)
    return kept


def _handled(vbmeta: Section, old: Section, image: Section, avb: AvbChoice, notes: list[Finding]) -> Section:
    if avb == "leave":
        notes.append(
            Finding(
                Severity.WARNING,
                "avb-stale",
                "Verified boot data was left as it is; its hash and signature no longer match the image",
                where="vbmeta",
                why="a bootloader that verifies refuses the image",
                fix="disable verification in the vbmeta partition, or choose none or re-sign",
            )
        )
        return vbmeta
    blob = VbMeta.parse(vbmeta)
    key = avb.private_key if isinstance(avb, ReSign) else None
    fresh = blob.rehashed(image, old=old, private_key=key)
    how = "signed with the given key" if key else "the signature was removed (algorithm NONE)"
    notes.append(
        Finding(
            Severity.NOTE,
            "avb-re-signed" if key else "avb-unsigned",
            f"The hash in vbmeta was brought up to date, and {how}",
            where="vbmeta",
            why="where another vbmeta chains to this partition it names the key that must have signed it",
        )
    )
    return fresh.section()
