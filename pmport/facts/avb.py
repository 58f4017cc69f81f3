"""What a vbmeta blob tells: flags, versions in properties, and the partitions that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.properties import of_fingerprint
from pmport.formats.avb.descriptors import CmdlineDescriptor, PropertyDescriptor

if TYPE_CHECKING:
    from pmport.formats.avb.vbmeta import VbMeta

__all__ = ["read"]

SOURCE = "vbmeta"
PROPERTIES = (
    ("boot.os_version", "os_version"),
    ("boot.security_patch", "os_patch_level"),
    ("init_boot.os_version", "os_version"),
    ("init_boot.security_patch", "os_patch_level"),
    ("system.os_version", "os_version"),
    ("system.security_patch", "os_patch_level"),
)
"""End of a property's key ``com.android.build.<partition>.<what>`` → the fact that it tells."""


def read(vbmeta: VbMeta) -> Iterator[Fact]:
    """Read a vbmeta blob.

    Args:
        vbmeta: The blob.

    Yields:
        Its facts.
    """
    yield Fact("avb", f"2, flags {vbmeta.flags}, {vbmeta.algorithm}", SOURCE, 120, Certainty.STATED)
    for descriptor in vbmeta.descriptors:
        if isinstance(descriptor, PropertyDescriptor):
            if descriptor.key.endswith(".fingerprint"):
                text = descriptor.value.decode("utf-8", "backslashreplace")
                yield from of_fingerprint(text, f"{SOURCE} property {descriptor.key}")
            for ending, field in PROPERTIES:
                if descriptor.key == f"com.android.build.{ending}":
                    value = descriptor.value.decode("utf-8", "backslashreplace")
                    shown = value[:7] if field == "os_patch_level" else value
                    yield Fact(field, shown, f"{SOURCE} property {descriptor.key}", None, Certainty.STATED)
        elif isinstance(descriptor, CmdlineDescriptor):
            yield Fact("cmdline", descriptor.text, f"{SOURCE} kernel command line", None, Certainty.DERIVED)
