"""Android's boot images, v0 to v4, with what makers put around and into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.errors import RecordError
from pmport.formats.boot.build import BuildOptions, layout_parts, split_cmdline
from pmport.formats.boot.header import BootHeader, Layout
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.image_id import AOSP, made_id
from pmport.formats.boot.mediatek import MtkImage, label_of
from pmport.formats.boot.trailer import MARKS
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.formats.kernel.appended_dtb import KernelWithTrees
from pmport.formats.streams.codecs import compress, kind_of
from pmport.generate.boot_images.settings import RECORD, STOCK, placements_of
from pmport.generate.boot_images.tree_table import tree_table
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.formats.boot.vendor_build import VendorEditOptions
    from pmport.generate.boot_images.parts import Sections
    from pmport.generate.boot_images.settings import Settings

__all__ = ["android_files", "finished_kernel"]

SEANDROID = dict(MARKS)["seandroidenforce"]
DHTB = b"DHTB".ljust(512, b"\0")
"""Header that the exploit of Samsung's Spreadtrum loaders needs: postmarketOS writes magic and zeros."""
PXA_WORD = 0x0200_0000
"""The word at 36 of Samsung's PXA header, where no stock image tells it: the least that tells this header apart."""
UNBUILT = {"blobpack": "an ASUS blob", "amazon_omap_header_size": "Amazon's OMAP header"}


def android_files(settings: Settings, parts: Sections, cmdline: str | None, placement: str) -> dict[str, Section]:
    """Make the boot image, and what goes with it.

    Args:
        settings: The record's values.
        parts: The parts.
        cmdline: The kernel command line; None: the record's.
        placement: Where device trees go; "": where the record says.

    Returns:
        File name → image: ``boot.img``; from v3 on ``vendor_boot.img`` too if it has something to hold, and
        ``init_boot.img`` where the stock images have one.

    Raises:
        RecordError: If the record wants something that is not known, or a part is missing.
        FormatError: If a part does not fit.
    """
    boot = settings.device.boot
    for field, what in UNBUILT.items():
        if getattr(boot, field) not in {"", "false", None, 0}:
            raise RecordError(f"The record wants {what} around the image, which is not built here")
    version = settings.header_version()
    places = _placements(settings, parts, version, placement)
    kernel = finished_kernel(settings, parts, append="append" in places)
    ramdisk = _labelled(settings, parts.ramdisk, "ramdisk", boot.mtk_label_ramdisk)
    if version >= 3:
        return _modern(settings, parts, kernel, ramdisk, version, cmdline)
    image = _classic(settings, parts, kernel, ramdisk, version, cmdline, places)
    return {"boot.img": _wrapped(settings, image)}


def _placements(settings: Settings, parts: Sections, version: int, wanted: str) -> frozenset[str]:
    places, source = placements_of(settings.device, settings.stock, version)
    if wanted:
        places, source = frozenset({wanted}), "given"
    files = settings.device.boot_files
    elsewhere = files.extlinux or files.grub or files.cmdline_txt or settings.device.boot.override_payload_append_dtb
    if parts.dtbs and not places and not elsewhere:
        raise RecordError(
            f"The record of {settings.device.codename} puts no device tree into the boot image, and "
            f"{len(parts.dtbs)} were given",
            remedy="Say where they go (--placement append, second, qcdt, dtb), or leave them out",
        )
    if places or parts.dtbs:
        settings.tell("device trees", " and ".join(sorted(places)) or "not in the boot image", source)
    return places


def finished_kernel(settings: Settings, parts: Sections, *, append: bool) -> Section:
    """The kernel with what is appended and put in front, in postmarketOS's order.

    Args:
        settings: The record's values.
        parts: The parts.
        append: Whether the device trees are appended.

    Returns:
        The kernel as it stands in the image.
    """
    boot = settings.device.boot
    kernel = parts.kernel
    if boot.override_payload:
        settings.tell("kernel", f"{boot.override_payload} in its place", RECORD)
    if boot.override_payload_compression == "gzip" and kind_of(kernel.read(0, 16)) != "gzip":
        kernel = Section.of(compress(kernel, "gzip", 6))
    if (append or boot.override_payload_append_dtb) and parts.dtbs:
        kernel = KernelWithTrees.build(kernel, parts.dtbs).section()
    return _labelled(settings, kernel, "kernel", boot.mtk_label_kernel)


def _labelled(settings: Settings, section: Section, part: str, label: str) -> Section:
    """A section behind MediaTek's header, if the record or the stock image has one."""
    stock = settings.stock.boot
    source = RECORD
    if not label and stock is not None:
        label, source = label_of(stock.content(part)) or "", STOCK
    if not label or not section or label_of(section) is not None:
        return section
    settings.tell(f"MediaTek label of the {part}", label, source)
    return MtkImage.build(section, label).section()


def _classic(
    settings: Settings,
    parts: Sections,
    kernel: Section,
    ramdisk: Section,
    version: int,
    cmdline: str | None,
    places: frozenset[str],
) -> BootImage:
    options: BuildOptions = {
        "header_version": version,
        "page_size": settings.page_size(),
        "kernel_addr": settings.address("kernel"),
        "tags_addr": settings.address("tags"),
        "name": settings.word("name") or "",
        "cmdline": settings.cmdline(cmdline),
        "os_version": settings.word("os_version"),
        "os_patch_level": settings.word("os_patch_level"),
    }
    if ramdisk:
        options["ramdisk_addr"] = settings.address("ramdisk")
    second = Section.joined(parts.dtbs) if "second" in places else Section.zeros(0)
    table = _table(settings, parts, places, options["page_size"] or 2048)
    if second or table:  # osm0sis' tool, which alone knows the dt section, writes this address always
        options |= {"second": second, "second_addr": settings.address("second")}
    if table:
        options["dt"] = table
    if version == 2:
        options |= {"dtb": _dtb_section(settings, parts), "dtb_addr": settings.address("dtb")}
    if parts.recovery_dtbo:
        options["recovery_dtbo"] = parts.recovery_dtbo
    elif "recovery_dtbo" in settings.custom:
        raise RecordError(
            f"The record puts {settings.custom['recovery_dtbo']} into the image as its recovery DTBO",
            remedy="Give that file as recovery_dtbo (--recovery-dtbo FILE)",
        )
    if settings.device.boot.pxa:
        return _pxa(settings, kernel, ramdisk, options)
    return BootImage.build(kernel, ramdisk, **options)


def _table(settings: Settings, parts: Sections, places: frozenset[str], page_size: int) -> Section:
    if "qcdt" not in places:
        return Section.zeros(0)
    stock = settings.stock.boot.dt if settings.stock.boot else Section.zeros(0)
    if parts.dt:
        return parts.dt
    if parts.dtbs:
        return tree_table(parts.dtbs, settings.device.boot.qcdt_type, page_size, stock)
    raise RecordError(
        "The bootloader chooses a device tree from a table in the image, and none was given",
        remedy="Give device trees (--dtb FILE …), or the dt.img that the kernel build made (--dt FILE)",
    )


def _dtb_section(settings: Settings, parts: Sections) -> Section:
    if parts.dtbs:
        return Section.joined(parts.dtbs)
    stock = settings.stock.boot
    if stock is not None and stock.dtb:
        settings.tell("dtb section", "kept", STOCK)
        return stock.dtb
    raise RecordError(
        "A boot image with header version 2 must have a dtb section, and no device tree was given",
        remedy="Give at least one (--dtb FILE)",
    )


def _pxa(settings: Settings, kernel: Section, ramdisk: Section, options: BuildOptions) -> BootImage:
    """Samsung's header for Marvell PXA: the fields of v0 in another order."""
    stock = settings.stock.boot
    word = stock.header.unknown_word if stock is not None and stock.header.layout is Layout.PXA else PXA_WORD
    settings.tell("word at 36", f"{word:#010x}", STOCK if word != PXA_WORD else "least known")
    table, second = Section.of(options.get("dt", b"")), Section.of(options.get("second", b""))
    first, rest = split_cmdline(options["cmdline"], Layout.V0)
    sections = (("kernel", kernel), ("ramdisk", ramdisk), ("second", second), ("dt", table))
    page_size = options["page_size"] or 2048
    header = BootHeader(
        layout=Layout.PXA,
        kernel_size=kernel.size,
        kernel_addr=options["kernel_addr"],
        ramdisk_size=ramdisk.size,
        ramdisk_addr=options.get("ramdisk_addr") or 0,
        second_size=second.size,
        second_addr=options.get("second_addr") or 0,
        dt_size=table.size,
        unknown_word=word,
        tags_addr=options["tags_addr"],
        page_size=page_size,
        name_field=options["name"].encode("utf-8", "surrogateescape"),
        cmdline_field=first,
        extra_field=rest,
        id_field=made_id(AOSP, sections),
    )
    page = header.encode(bytes(page_size))
    return BootImage.parse(Section.joined([part.section for part in layout_parts(Section.of(page), sections)]))


def _wrapped(settings: Settings, image: BootImage) -> Section:
    boot, stock = settings.device.boot, settings.stock.boot
    pieces = [image.section()]
    if boot.append_seandroidenforce or (stock is not None and stock.content("seandroidenforce")):
        settings.tell("behind it", "SEANDROIDENFORCE", RECORD if boot.append_seandroidenforce else STOCK)
        pieces.append(Section.of(SEANDROID))
    if boot.prepend_dhtb:
        settings.tell("before it", "DHTB header", RECORD)
        pieces.insert(0, Section.of(DHTB))
    return Section.joined(pieces) if len(pieces) > 1 else pieces[0]


def _modern(
    settings: Settings, parts: Sections, kernel: Section, ramdisk: Section, version: int, cmdline: str | None
) -> dict[str, Section]:
    """v3 and v4: kernel and generic ramdisk here, device trees and addresses in vendor_boot."""
    own = settings.stock.init_boot is not None
    generic: BuildOptions = {
        "header_version": version,
        "os_version": settings.word("os_version"),
        "os_patch_level": settings.word("os_patch_level"),
    }
    options: BuildOptions = {**generic, "cmdline": settings.cmdline(cmdline)}
    files = {"boot.img": BootImage.build(kernel, b"" if own else ramdisk, **options).section()}
    if own:
        settings.tell("ramdisk", "in init_boot", STOCK)
        files["init_boot.img"] = BootImage.build(b"", ramdisk, **generic).section()
    if vendor := _vendor_boot(settings, parts, version):
        files["vendor_boot.img"] = vendor.section()
    return files


def _vendor_boot(settings: Settings, parts: Sections, version: int) -> VendorBoot | None:
    stock = settings.stock.vendor
    trees = Section.joined(parts.dtbs) if parts.dtbs else Section.zeros(0)
    if stock is not None:
        settings.tell("vendor_boot", "edited", STOCK)
        edits: VendorEditOptions = {}
        if trees:
            edits["dtb"] = trees
        if parts.vendor_ramdisk and stock.header_version > 3:
            edits["fragments"] = {stock.fragments[0].name: parts.vendor_ramdisk}
        elif parts.vendor_ramdisk:
            edits["vendor_ramdisk"] = parts.vendor_ramdisk
        return stock.replace(avb="none", **edits)
    if not trees and not parts.vendor_ramdisk:
        return None
    return VendorBoot.build(
        parts.vendor_ramdisk,
        trees,
        header_version=version,
        page_size=settings.page_size(),
        name=settings.word("name") or "",
        kernel_addr=settings.address("kernel"),
        ramdisk_addr=settings.address("ramdisk"),
        tags_addr=settings.address("tags"),
        dtb_addr=settings.address("dtb"),
    )
