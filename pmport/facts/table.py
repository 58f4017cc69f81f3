"""Which values tell facts, and who reads them: one visible row per input type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pmport.facts.device_facts import DeviceFacts
from pmport.lazy import named
from pmport.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pmport.facts.device_facts import Fact

__all__ = ["READERS", "inside", "of"]

READERS: dict[str, str] = {
    "pmport.formats.streams.stream:Compressed": "pmport.facts.kernel_image:of_compressed",
    "pmport.formats.kernel.image:KernelImage": "pmport.facts.kernel_image:of_kernel",
    "pmport.formats.kernel.appended_dtb:KernelWithTrees": "pmport.facts.kernel_image:of_kernel_with_trees",
    "pmport.formats.kernel.config:KernelConfig": "pmport.facts.kernel_config:read",
    "pmport.formats.reports.getvars:GetVars": "pmport.facts.getvars:read",
    "pmport.formats.reports.nolo_properties:NoloProperties": "pmport.facts.nolo_properties:read",
    "pmport.formats.reports.property_file:PropertyFile": "pmport.facts.properties:read",
    "pmport.formats.storage.pit:Pit": "pmport.facts.pit:read",
    "pmport.formats.storage.gpt:Gpt": "pmport.facts.partition_table:of_gpt",
    "pmport.formats.storage.super_image:SuperImage": "pmport.facts.partition_table:of_super",
    "pmport.formats.storage.flash_lists:Scatter": "pmport.facts.partition_table:of_scatter",
    "pmport.formats.storage.flash_lists:Rawprogram": "pmport.facts.partition_table:of_rawprogram",
    "pmport.formats.boot.image:BootImage": "pmport.facts.boot_image:read",
    "pmport.formats.boot.vendor_image:VendorBoot": "pmport.facts.vendor_boot:read",
    "pmport.formats.base.wrapper:Wrapper": "pmport.facts.wrappers:read",
    "pmport.formats.avb.vbmeta:VbMeta": "pmport.facts.avb:read",
    "pmport.formats.trees.tables:QcdtTable": "pmport.facts.tree_tables:of_table",
    "pmport.formats.trees.tables:DtbhTable": "pmport.facts.tree_tables:of_table",
    "pmport.formats.trees.tables:SprdTable": "pmport.facts.tree_tables:of_table",
    "pmport.formats.trees.tables:AmlTable": "pmport.facts.tree_tables:of_table",
    "pmport.formats.trees.tables:DtTable": "pmport.facts.tree_tables:of_table",
    "pmport.formats.trees.sequence:TreeSequence": "pmport.facts.tree_tables:of_sequence",
    "pmport.formats.streams.ramdisk:Ramdisk": "pmport.facts.ramdisk:read",
    "pmport.devicetree.blob:Blob": "pmport.facts.device_tree:of_blob",
    "pmport.devicetree.tree:DeviceTree": "pmport.facts.device_tree:of_tree",
}
"""``"module:Class"`` of a value → ``"module:function"`` that yields its facts. A subclass uses its base's row."""


def of(value: object) -> DeviceFacts:
    """What a value tells about the device.

    Args:
        value: Anything that :func:`pmport.open` gives, or that a device answered: a boot image, a device tree, getvars …

    Returns:
        The facts of the value and of everything inside that it knows how to ask. A container that has no row of its own
        tells what is inside.

    Raises:
        TypeError: If no row of :data:`READERS` fits, and it is no node of a format either.
    """
    read = _reader(value)
    if read:
        return DeviceFacts(read(value))
    if isinstance(value, Node):
        return inside(value)
    raise TypeError(f"a {type(value).__name__} tells no facts; facts can be read from {', '.join(sorted(READERS))}")


def inside(node: Node) -> DeviceFacts:
    """What the parts of a container tell; readers of containers call it for their children.

    Args:
        node: The container.

    Returns:
        The facts of every child and facet, each source prefixed by the name of the part, each offset counted from the
        start of the container.
    """
    found: list[Fact] = []
    for child in node.children:
        facts = of(child.node)
        found += [
            fact if fact.offset is None else replace(fact, offset=fact.offset + child.offset)
            for fact in facts.within(child.name)
        ]
    for name, facet in node.facets():
        found += of(facet).within(name)
    return DeviceFacts(found)


def _reader(value: object) -> Callable[[object], Iterable[Fact]] | None:
    for base in type(value).__mro__:
        reader = READERS.get(f"{base.__module__}:{base.__qualname__}")
        if reader:
            return cast("Callable[[object], Iterable[Fact]]", named(reader))
    return None
