"""Will it boot? What a bootloader would refuse or mishandle in a boot image, found before it is flashed.

:func:`check` looks at the image itself, at what a family of bootloaders expects (:mod:`pmport.bootcheck.profiles`), at the
partition's size, and field by field at the phone's stock image. It is a pure function: image in, findings out.

Example:
    >>> from pmport.formats.boot.image import BootImage
    >>> stock = BootImage.build(b"kernel", b"ramdisk", page_size=4096)
    >>> mine = BootImage.build(b"kernel", b"ramdisk", page_size=2048)
    >>> [finding.code for finding in check(mine, against=stock)]
    ['page-size']
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from pmport import facts
from pmport.bootcheck.profiles import Profile, profile_named
from pmport.errors import FormatError
from pmport.findings import Finding, Findings, Severity
from pmport.formats.avb.descriptors import HashDescriptor
from pmport.formats.avb.footer import AvbFooter
from pmport.formats.avb.vbmeta import VbMeta, salted
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.mediatek import MtkImage, label_of
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.render import size_text

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Section

__all__ = ["check"]

Image: TypeAlias = BootImage | VendorBoot

ARM64_MAGIC = b"ARM\x64"
COMPRESSIONS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x02\x21\x4c\x18", "lz4"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\x5d\0\0", "lzma"),
)
FIRST_FIELD = 512
KERNEL_CMDLINE = 2048
"""COMMAND_LINE_SIZE of arm64 and x86; arm has 1024."""
ARM_CMDLINE = 1024
ADDRESSES = ("kernel_addr", "ramdisk_addr", "second_addr", "tags_addr", "dtb_addr")


def check(
    image: Node, *, against: Node | None = None, partition_size: int | None = None, profile: str | None = None
) -> Findings:
    """Look for what would keep an image from booting.

    Args:
        image: A boot image, vendor boot image, or a wrapper with one inside.
        against: The phone's stock image.
        partition_size: Size of its partition in bytes.
        profile: Name of a family of bootloaders.

    Returns:
        The findings; none where nothing is known against it.

    Raises:
        FormatError: If there is no boot image in it.
        RecordError: If there is no such profile.
    """
    mine = _boot_of(image, "the image")
    stock = _boot_of(against, "the stock image") if against is not None else None
    family = profile_named(profile) if profile else None
    found: list[Finding] = list(_size(image, partition_size))
    found += _avb(mine)
    if isinstance(mine, BootImage):
        found += _contents(mine)
        found += _overlaps(mine, family)
        found += _cmdline(mine, family)
        if family:
            found += _expectations(mine, family, stock)
    if stock is not None:
        found += _wrapping(image, against)
        found += _fields(mine, stock)
        found += _device_trees(mine, stock, family)
    elif family and family.dtb_ids:
        found += _device_trees(mine, None, family)
    return Findings(found)


def _boot_of(node: Node | None, what: str) -> Image:
    if node is not None:
        for _, inner in node.walk():
            if isinstance(inner, (BootImage, VendorBoot)):
                return inner
    kind = node.KIND if node is not None else "nothing"
    raise FormatError(
        f"{what} is {kind}, and no boot image is in it", remedy="name a boot, recovery or vendor_boot image"
    )


def _size(image: Node, partition_size: int | None) -> Iterator[Finding]:
    if partition_size is not None and image.size > partition_size:
        over = image.size - partition_size
        yield Finding(
            Severity.ERROR,
            "partition-size",
            f"the image has {image.size} bytes, {over} more than the partition ({size_text(over)})",
            why="the end would be cut off, or the flashing tool refuses it",
            fix="compress the ramdisk better, leave modules out of it, or compress the kernel if the bootloader unpacks it",
        )


def _contents(mine: BootImage) -> Iterator[Finding]:
    if not mine.kernel and (mine.header_version < 3 or not mine.ramdisk):
        yield Finding(Severity.ERROR, "no-kernel", "there is no kernel in it", where="kernel_size")
    if mine.header_version < 3 and not mine.ramdisk:
        yield Finding(
            Severity.NOTE,
            "no-ramdisk",
            "there is no ramdisk in it",
            where="ramdisk_size",
            why="right for firmware such as UEFI or lk2nd, and for kernels with a built-in initramfs",
        )
    for finding in mine.findings():
        if finding.severity is Severity.WARNING:
            yield finding


def _memory_size(kernel: Section) -> int:
    """Bytes that a kernel takes in memory: an arm64 Image says so, others take at least their file."""
    head = kernel.read(0, 64)
    if head[56:60] == ARM64_MAGIC:
        return max(int.from_bytes(head[16:24], "little"), kernel.size)
    return kernel.size


def _overlaps(mine: BootImage, family: Profile | None) -> Iterator[Finding]:
    if mine.header_version >= 3 or (family and not family.uses_addresses):
        return
    ranges = [
        ("kernel", mine.kernel_addr, _memory_size(mine.kernel)),
        ("ramdisk", mine.ramdisk_addr, mine.ramdisk.size),
        ("second", mine.second_addr, mine.second.size),
        ("dtb", mine.dtb_addr, mine.dtb.size),
    ]
    placed = sorted((row for row in ranges if row[2]), key=lambda row: row[1])
    for (name, start, size), (other, begin, _) in pairwise(placed):
        if start + size > begin:
            yield Finding(
                Severity.ERROR,
                "load-overlap",
                f"the {name} takes {start:#x} to {start + size:#x} in memory, and the {other} is loaded to {begin:#x}",
                where=f"{name}_addr, {other}_addr",
                why="one overwrites the other before the kernel runs",
                fix=f"load the {other} {size_text(start + size - begin)} higher, or make the {name} smaller",
            )
    for name, start, size in placed:
        if size and start <= mine.tags_addr < start + size:
            yield Finding(
                Severity.ERROR,
                "tags-overlap",
                f"the tags go to {mine.tags_addr:#x}, inside the {name} ({start:#x} to {start + size:#x})",
                where="tags_addr",
                why="the bootloader writes tags or the device tree there",
            )


def _cmdline(mine: BootImage, family: Profile | None) -> Iterator[Finding]:
    length = len(mine.cmdline.encode("utf-8", "surrogateescape"))
    if family and family.first_cmdline_field_only and mine.header_version < 3 and length >= FIRST_FIELD:
        yield Finding(
            Severity.WARNING,
            "cmdline-first-field",
            f"the command line has {length} bytes, and old bootloaders of this family read the first {FIRST_FIELD - 1}",
            where="extra_cmdline",
            source=family.source,
        )
    limit = ARM_CMDLINE if mine.kernel.read(0x24, 4) == b"\x18\x28\x6f\x01" else KERNEL_CMDLINE
    if length >= limit:
        yield Finding(
            Severity.ERROR,
            "cmdline-too-long",
            f"the command line has {length} bytes, and the kernel keeps {limit - 1} of them",
            where="cmdline",
            why="COMMAND_LINE_SIZE; the bootloader adds its own arguments besides",
        )


def _compression(kernel: Section) -> str:
    head = kernel.read(0, 16)
    return next((name for magic, name in COMPRESSIONS if head.startswith(magic)), "")


def _payload(section: Section) -> Section:
    try:
        return MtkImage.parse(section).payload
    except FormatError:
        return section


def _expectations(mine: BootImage, family: Profile, stock: Image | None) -> Iterator[Finding]:
    if mine.header_version not in family.header_versions:
        yield Finding(
            Severity.ERROR,
            "header-version",
            f"{family.title} boots header versions {', '.join(map(str, family.header_versions))},"
            f" and this is {mine.header_version}",
            where="header_version",
            source=family.source,
        )
    if family.page_sizes and mine.page_size not in family.page_sizes and stock is None:
        yield Finding(
            Severity.WARNING,
            "page-size",
            f"page size {mine.page_size} is unusual for {family.title}: {', '.join(map(str, family.page_sizes))}",
            where="page_size",
            source=family.source,
        )
    compression = _compression(_payload(mine.kernel))
    if compression and compression not in family.compressions:
        yield Finding(
            Severity.WARNING,
            "kernel-compressed",
            f"the kernel is compressed with {compression}, which {family.title} does not unpack",
            where="kernel",
            why="it would jump into compressed bytes",
            fix="use the uncompressed Image, or a zImage that unpacks itself",
            source=family.source,
        )
    names = {part.name for part in mine.parts()}
    if family.mark and family.mark not in names and stock is None:
        yield Finding(
            Severity.WARNING,
            "mark-missing",
            f"{family.mark.upper()} does not stand behind the image",
            why="bootloaders of this family warn about it, or refuse it",
            source=family.source,
        )
    if family.mtk_header and stock is None and mine.kernel and label_of(mine.kernel) is None:
        yield Finding(
            Severity.WARNING,
            "mtk-header-missing",
            "the kernel has no MediaTek header",
            where="kernel",
            why="many, not all, of MediaTek's bootloaders refuse a kernel without it; the stock image tells",
            source=family.source,
        )


def _avb(mine: Image) -> Iterator[Finding]:
    """Whether the verified boot data behind the image fits it."""
    footer = mine.content("avb_footer")
    if not footer:
        return
    fields = AvbFooter.parse(footer.read())
    try:
        vbmeta = VbMeta.parse(mine.content("vbmeta"))
    except FormatError as error:
        yield Finding(Severity.ERROR, "avb-broken", str(error), where="vbmeta")
        return
    whole = mine.section()
    for descriptor in vbmeta.descriptors:
        if not isinstance(descriptor, HashDescriptor):
            continue
        if descriptor.image_size != fields.original_image_size or descriptor.image_size > whole.size:
            yield _stale(
                f"vbmeta hashes {descriptor.image_size} bytes, and the footer says {fields.original_image_size}"
            )
        elif descriptor.algorithm not in hashlib.algorithms_available:
            yield Finding(Severity.UNKNOWN, "avb-hash", f"hash {descriptor.algorithm} is not known", where="vbmeta")
        elif salted(descriptor, whole[: descriptor.image_size]) != descriptor.digest:
            yield _stale("the hash in vbmeta is not that of the image")
    if vbmeta.signature == "invalid":
        yield Finding(
            Severity.ERROR,
            "avb-signature",
            "the signature of vbmeta is invalid",
            where="vbmeta",
            why="such a blob stops even unlocked phones (topjohnwu/Magisk issue 10078)",
            fix="sign it anew, or remove the signature: repack --avb none",
        )


def _stale(message: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "avb-stale",
        message,
        where="vbmeta",
        why="a bootloader that verifies refuses the image (chenxiaolong/avbroot issue 345, topjohnwu/Magisk issue 8389)",
        fix="repack with --avb none or --avb re-sign, or disable verification in the vbmeta partition",
    )


def _wrapping(image: Node, against: Node | None) -> Iterator[Finding]:
    """Wrappers and marks that the stock image has, and this has not."""
    wanted = facts.of(against).all("wrapper") if against is not None else ()
    have = {(fact.value, fact.source) for fact in facts.of(image).all("wrapper")}
    for fact in wanted:
        if (fact.value, fact.source) not in have:
            yield Finding(
                Severity.ERROR if fact.value == "mtk" else Severity.WARNING,
                "mtk-header-missing" if fact.value == "mtk" else "wrapper-missing",
                f"the stock image has {fact.value} ({fact.source}), and this has not",
                why="the bootloader may look for it",
                fix="repack the stock image with your parts: what stands around them stays",
            )


def _fields(mine: Image, stock: Image) -> Iterator[Finding]:
    if type(mine) is not type(stock):
        yield Finding(Severity.ERROR, "kind", f"this is an {mine.KIND}, and the stock image an {stock.KIND}")
        return
    for field, why in (
        ("header_version", "the bootloader looks for sections where its version has them"),
        ("page_size", "the bootloader looks for sections at multiples of its page size"),
    ):
        ours, theirs = getattr(mine, field), getattr(stock, field)
        if ours != theirs:
            code = field.replace("_", "-")
            yield Finding(Severity.ERROR, code, f"it is {ours}, and {theirs} in the stock image", where=field, why=why)
    yield from _addresses(mine, stock)
    if isinstance(mine, BootImage) and isinstance(stock, BootImage):
        yield from _versions(mine, stock)
    if stock.content("avb_footer") and not mine.content("avb_footer"):
        yield Finding(
            Severity.WARNING,
            "avb-missing",
            "the stock image has verified boot data, and this has not",
            why="refused unless verification is disabled in the vbmeta partition",
        )
    if mine.cmdline != stock.cmdline:
        lost = [word for word in stock.cmdline.split() if word not in mine.cmdline.split()]
        if lost:
            yield Finding(
                Severity.NOTE, "cmdline", f"the stock command line also has {' '.join(lost)}", where="cmdline"
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
            f"it is {ours:#010x}, and {theirs:#010x} in the stock image",
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
                f"it is {ours}, older than {theirs} in the stock image",
                where=field,
                why="the key store refuses to work with an older version than before",
                fix=f"set {field} to {theirs}",
            )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.replace("-", ".").split("."))


def _device_trees(mine: Image, stock: Image | None, family: Profile | None) -> Iterator[Finding]:
    ours = facts.of(mine)
    if stock is None:
        known = ours.values("qcom_msm_id") or ours.values("dtb_placement")
        if family and isinstance(mine, BootImage) and mine.kernel and mine.header_version < 3 and not known:
            yield Finding(
                Severity.WARNING,
                "dtb-missing",
                "no device tree was found in it",
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
            f"the stock image has its device trees here: {', '.join(places)}; this has none there",
            why="the bootloader may look only there",
        )


def _listed(values: set[object]) -> str:
    shown = [" ".join(map(str, value)) if isinstance(value, tuple) else str(value) for value in values]
    more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
    return ", ".join(sorted(shown)[:4]) + more
