"""What a vendor boot image tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.table import inside

if TYPE_CHECKING:
    from pmport.formats.boot.vendor_image import VendorBoot

__all__ = ["read"]

SOURCE = "vendor boot header"


def read(image: VendorBoot) -> Iterator[Fact]:
    """Read a vendor boot image.

    Args:
        image: The image.

    Yields:
        Its facts; where the device trees are only if there are some.
    """
    yield Fact("header_version", image.header_version, SOURCE, 8)
    yield Fact("boot_format", f"vendor_boot v{image.header_version}", SOURCE, 8, Certainty.DERIVED)
    yield Fact("page_size", image.page_size, SOURCE, 12)
    for name, offset in (("kernel_addr", 16), ("ramdisk_addr", 20), ("tags_addr", 2076), ("dtb_addr", 2104)):
        yield Fact(name, getattr(image, name), SOURCE, offset)
    if image.cmdline:
        yield Fact("cmdline", image.cmdline, SOURCE, 28)
    if image.name:
        yield Fact("board", image.name, SOURCE, 2080)
    offset = 0
    for part in image.parts():
        if part.name == "dtb":
            yield Fact("dtb_placement", "vendor_boot", "dtb section", offset, Certainty.DERIVED)
        if part.name == "bootconfig" and image.bootconfig:
            yield Fact("bootconfig", image.bootconfig, "bootconfig section", offset)
        if part.name == "avb_footer":
            yield Fact("avb", "2", "AVB footer", offset)
        offset += part.section.size
    yield from inside(image)
