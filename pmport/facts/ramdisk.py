"""What a ramdisk tells: Android's properties in it, and the names of the files that init picks by the hardware's name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from pmport.formats.streams.ramdisk import Ramdisk

__all__ = ["read"]

PROPERTY_FILES = re.compile(r"(?:^|/)(?:default\.prop|prop\.default|build\.prop)$")
PROPERTY = re.compile(rb"^\s*(ro\.[\w.]+)=([^\r\n]*?)[ \t\r]*$", re.MULTILINE)
LIMIT = 1 << 20
"""No property file is larger, bytes."""
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "device": "product",
        "name": "product",
        "model": "model",
        "manufacturer": "manufacturer",
        "board": "board",
    }
)
"""Last word of ``ro.product.…`` → the field that it is a fact of. Android: build/make, core/Makefile and sysprop."""
OTHERS: Mapping[str, str] = MappingProxyType(
    {"ro.build.product": "product", "ro.hardware": "board", "ro.boot.hardware": "board", "ro.board.platform": "soc"}
)
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
        if PROPERTY_FILES.search(entry.name) and entry.kind == "file" and entry.size <= LIMIT:
            yield from _properties(ramdisk.read(entry.name), entry.name)


def _properties(text: bytes, source: str) -> Iterator[Fact]:
    for match in PROPERTY.finditer(text):
        key, value = match[1].decode("ascii"), match[2].decode("utf-8", "replace")
        field = FIELDS.get(key.rpartition(".")[2]) if key.startswith("ro.product.") else OTHERS.get(key)
        if field and value:
            yield Fact(field, value.lower() if field == "soc" else value, f"{source}, {key}")
