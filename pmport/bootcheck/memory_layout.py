"""Whether what the bootloader loads to the header's addresses overlaps in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from pmport.findings import Finding, Severity
from pmport.formats.kernel.image import Arm64Image
from pmport.render import size_text

if TYPE_CHECKING:
    from pmport.bootcheck.kernel_section import KernelSection
    from pmport.bootcheck.profiles import Profile
    from pmport.formats.boot.image import BootImage

__all__ = ["findings_of"]


class _Range(NamedTuple):
    """What is loaded to one address: ``loaded`` bytes of the file, ``size`` bytes once it runs."""

    name: str
    start: int
    loaded: int
    size: int


def findings_of(mine: BootImage, kernel: KernelSection, family: Profile | None) -> Iterator[Finding]:
    """Compare the ranges of all sections, and of the tags, with each other.

    An overlap of what is loaded is an error where the bootloader goes by these addresses, which is known of 32-bit
    kernels, and by a profile. Bootloaders for arm64 mostly have addresses of their own, so there it is a warning, as is
    an overlap with the memory that the kernel only takes once it runs.

    Args:
        mine: The boot image.
        kernel: Its kernel section.
        family: The family of bootloaders, if it is known.

    Yields:
        Findings; none where the bootloader does not heed the header's addresses.
    """
    if mine.header_version >= 3 or (family and not family.uses_addresses):
        return
    is_arm64 = any(isinstance(layer, Arm64Image) for layer in kernel.layers)
    heeded = family is not None or not is_arm64
    placed = _placed(mine, kernel)
    for low, high in pairwise(placed):
        if low.start + low.size > high.start:
            loaded = low.start + low.loaded > high.start
            yield Finding(
                Severity.ERROR if loaded and heeded else Severity.WARNING,
                "load-overlap",
                f"The {low.name} takes {low.start:#x} to {low.start + low.size:#x} in memory, and the {high.name} is"
                f" loaded to {high.start:#x}",
                where=f"{low.name}_addr, {high.name}_addr",
                why="one overwrites the other before the kernel runs, unless the bootloader has addresses of its own",
                fix=f"load the {high.name} {size_text(low.start + low.size - high.start)} higher,"
                f" or make the {low.name} smaller",
            )
    for item in placed:
        # In header version 2 the old register of the tags is that of the device tree: many stock images have both equal.
        if item.start <= mine.tags_addr < item.start + item.loaded and item.name != "dtb":
            yield Finding(
                Severity.ERROR if heeded else Severity.WARNING,
                "tags-overlap",
                f"The tags go to {mine.tags_addr:#x}, inside the {item.name}"
                f" ({item.start:#x} to {item.start + item.loaded:#x})",
                where="tags_addr",
                why="the bootloader writes tags or the device tree there",
            )


def _placed(mine: BootImage, kernel: KernelSection) -> list[_Range]:
    rows = [
        _Range("kernel", mine.kernel_addr, kernel.payload.size, max(kernel.memory_size, kernel.payload.size)),
        *(
            _Range(name, getattr(mine, f"{name}_addr"), mine.content(name).size, mine.content(name).size)
            for name in ("ramdisk", "second", "dtb")
        ),
    ]
    return sorted((row for row in rows if row.loaded), key=lambda row: row.start)
