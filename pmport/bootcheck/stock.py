"""Field by field against the phone's stock image, which says more than any profile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from pmport import facts
from pmport.findings import Finding, Severity
from pmport.formats.boot.image import BootImage

if TYPE_CHECKING:
    from pmport.bootcheck.profiles import Profile
    from pmport.formats.boot.vendor_image import VendorBoot
    from pmport.node import Node

    Image: TypeAlias = BootImage | VendorBoot

__all__ = ["ADDRESSES", "device_trees", "fields", "wrapping"]

ADDRESSES = ("kernel_addr", "ramdisk_addr", "second_addr", "tags_addr", "dtb_addr")


def wrapping(image: Node, against: Node) -> Iterator[Finding]:
    """Wrappers and marks that the stock image has, and this has not.

    Args:
        image: What is checked.
        against: The stock image, with its wrapper.

    Yields:
        Findings.
    """
    wanted = facts.of(against).all("wrapper")
    have = {(fact.value, fact.source) for fact in facts.of(image).all("wrapper")}
    for fact in wanted:
        if (fact.value, fact.source) not in have:
            yield Finding(
                Severity.ERROR if fact.value == "mtk" else Severity.WARNING,
                "mtk-header-missing" if fact.value == "mtk" else "wrapper-missing",
                f"The stock image has {fact.value} ({fact.source}), and this has not",
                why="the bootloader may look for it",
                fix="repack the stock image with your parts: what stands around them stays",
            )


def fields(mine: Image, stock: Image) -> Iterator[Finding]:
    """Header fields that differ so that it matters.

    Args:
        mine: What is checked.
        stock: The stock image.

    Yields:
        Findings.
    """
    if type(mine) is not type(stock):
        yield Finding(Severity.ERROR, "kind", f"This is an {mine.KIND}, and the stock image an {stock.KIND}")
        return
    for field, why in (
        ("header_version", "the bootloader looks for sections where its version has them"),
        ("page_size", "the bootloader looks for sections at multiples of its page size"),
    ):
        ours, theirs = getattr(mine, field), getattr(stock, field)
        if ours != theirs:
            code = field.replace("_", "-")
            yield Finding(Severity.ERROR, code, f"It is {ours}, and {theirs} in the stock image", where=field, why=why)
    yield from _addresses(mine, stock)
    if isinstance(mine, BootImage) and isinstance(stock, BootImage):
        yield from _versions(mine, stock)
    if stock.content("avb_footer") and not mine.content("avb_footer"):
        yield Finding(
            Severity.WARNING,
            "avb-missing",
            "The stock image has verified boot data, and this has not",
            why="refused unless verification is disabled in the vbmeta partition",
        )
    if mine.cmdline != stock.cmdline:
        lost = [word for word in stock.cmdline.split() if word not in mine.cmdline.split()]
        if lost:
            yield Finding(
                Severity.NOTE, "cmdline", f"The stock command line also has {' '.join(lost)}", where="cmdline"
            )


def _addresses(mine: Image, stock: Image) -> Iterator[Finding]:
    for field in ADDRESSES:
        ours, theirs = getattr(mine, field, None), getattr(stock, field, None)
        absent = isinstance(stock, BootImage) and not stock.content(field.removesuffix("_addr"))
        if ours is None or theirs is None or ours == theirs or (absent and field != "tags_addr"):
            continue
        if not ours and isinstance(mine, BootImage) and not mine.content(field.removesuffix("_addr")):
            continue
        yield Finding(
            Severity.WARNING,
            field.replace("_", "-"),
            f"It is {ours:#010x}, and {theirs:#010x} in the stock image",
            where=field,
            why="the bootloader loads to where the header says, and other memory may be taken",
        )


def _versions(mine: BootImage, stock: BootImage) -> Iterator[Finding]:
    for field in ("os_version", "os_patch_level"):
        ours, theirs = getattr(mine, field), getattr(stock, field)
        if ours and theirs and _numbers(ours) < _numbers(theirs):
            yield Finding(
                Severity.WARNING,
                field.replace("_", "-"),
                f"It is {ours}, older than {theirs} in the stock image",
                where=field,
                why="the key store refuses to work with an older version than before",
                fix=f"set {field} to {theirs}",
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.replace("-", ".").split("."))


def device_trees(mine: Image, stock: Image | None, family: Profile | None) -> Iterator[Finding]:
    """Whether the device trees have the ids, and are at the place, that the bootloader looks for.

    Args:
        mine: What is checked.
        stock: The stock image, if it is known.
        family: The family of bootloaders, if it is known.

    Yields:
        Findings.
    """
    ours = facts.of(mine)
    if stock is None:
        known = ours.values("qcom_msm_id") or ours.values("dtb_placement")
        if family and isinstance(mine, BootImage) and mine.kernel and mine.header_version < 3 and not known:
            yield Finding(
                Severity.WARNING,
                "dtb-missing",
                "No device tree was found in it",
                why=f"{family.title} looks for one by its ids, unless the kernel is too old for device trees",
                source=family.source,
            )
        return
    theirs = facts.of(stock)
    for field in ("qcom_msm_id", "qcom_board_id"):
        wanted, have = set(theirs.values(field)), set(ours.values(field))
        if wanted and not wanted & have:
            yield Finding(
                Severity.ERROR if have or family is None or family.dtb_ids else Severity.WARNING,
                "dtb-ids",
                f"none of the stock image's {field.replace('_', ' ')} is in it"
                + (f": it has {_listed(have)}" if have else ": it has none"),
                where=field,
                why="the bootloader picks a device tree by these and stops without one",
                fix=f"the stock image has {_listed(wanted)}: put them into the root of the device tree",
            )
    places = [str(place) for place in theirs.values("dtb_placement")]
    if places and not set(places) & set(map(str, ours.values("dtb_placement"))):
        yield Finding(
            Severity.WARNING,
            "dtb-placement",
            f"The stock image has its device trees here: {', '.join(places)}; this has none there",
            why="the bootloader may look only there",
        )


def _listed(values: set[object]) -> str:
    shown = [" ".join(map(str, value)) if isinstance(value, tuple) else str(value) for value in values]
    more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
    return ", ".join(sorted(shown)[:4]) + more
