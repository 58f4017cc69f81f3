"""Which modules an initramfs has to hold: so that a phone shows, is touched, stores, charges and speaks USB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmport.kernels.need_rows import Need

__all__ = ["early_modules"]

EARLY = frozenset(
    {
        "storage",
        "usb",
        "serial",
        "pins",
        "clocks",
        "power",
        "interrupts and memory",
        "display",
        "touch and keys",
        "charging",
    }
)


def early_modules(rows: Iterable[Need]) -> tuple[str, ...]:
    """The modules.

    Args:
        rows: What a tree needs.

    Returns:
        Names as ``modprobe`` knows them, sorted.
    """
    return tuple(sorted({name for need in rows if need.role in EARLY for name in need.modules}))
