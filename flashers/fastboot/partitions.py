"""Under which name a bootloader knows a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars

__all__ = ["partition_with_slot"]


def partition_with_slot(partition: str, phone: GetVars) -> str:
    """The name under which the bootloader knows a partition.

    Args:
        partition: Its name, with or without a suffix.
        phone: What the phone says of itself.

    Returns:
        The name with the current slot's suffix, where the partition has slots.
    """
    if phone.has_slot(partition) and phone.current_slot:
        return f"{partition}_{phone.current_slot}"
    return partition
