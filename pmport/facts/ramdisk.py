"""What a ramdisk tells: Android's properties in it, and the names of the files that init picks by the hardware's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.properties import PROPERTY_FILE, of_text

if TYPE_CHECKING:
    from pmport.formats.streams.ramdisk import Ramdisk

__all__ = ["read"]

LIMIT = 1 << 20
"""No property file is larger, bytes."""
HARDWARE_FILE = re.compile(r"^(?:ueventd\.([\w-]+)\.rc|(?:first_stage_ramdisk/)?fstab\.([\w-]+))$")
"""ueventd and fs_mgr read ``ueventd.<hardware>.rc`` and ``fstab.<hardware>``."""
EMULATORS = frozenset({"goldfish", "ranchu"})
"""Hardware of Android's emulator, whose files many phones carry."""


def read(ramdisk: Ramdisk) -> Iterator[Fact]:
    """Read a ramdisk.

    Args:
        ramdisk: The ramdisk.

    Yields:
        Its facts. Entries of a compressed ramdisk have no place in the file, so there are no offsets.
    """
    for entry in ramdisk:
        hardware = HARDWARE_FILE.match(entry.name)
        name = hardware and (hardware[1] or hardware[2])
        if name and name not in EMULATORS:
            yield Fact("board", name, f"name of {entry.name}", certainty=Certainty.DERIVED)
        if PROPERTY_FILE.search(entry.name) and entry.kind == "file" and entry.size <= LIMIT:
            yield from of_text(ramdisk.read(entry.name), entry.name)
