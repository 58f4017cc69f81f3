"""Device trees without loss: blob, source, overlays, meaning, difference.

::

    blob = devicetree.Blob.parse(data)        # frozen, exact
    tree = blob.tree()                        # to read and to edit
    tree["/soc/serial@78b0000"]["compatible"].strings
    bytes(tree)                               # what was not touched keeps its bytes
    devicetree.to_source(tree)                # as people read it; parse_source() is the way back
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.devicetree.addresses import Range, cpu_ranges, reg, to_cpu
    from pmport.devicetree.blob import Blob, FoundBlob, find_blobs
    from pmport.devicetree.difference import Difference, Differences, diff
    from pmport.devicetree.dts_print import to_source
    from pmport.devicetree.identity import Identity, identify
    from pmport.devicetree.interrupt_resolver import Interrupt, interrupt_parent, interrupts
    from pmport.devicetree.overlay_making import make_overlay
    from pmport.devicetree.overlays import Applied, Change
    from pmport.devicetree.phandle_graph import Edge, Graph, graph
    from pmport.devicetree.properties import Property
    from pmport.devicetree.reference_resolver import Reference, all_references, references, regulators
    from pmport.devicetree.source import parse_source, read_source
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

_NAMES = {
    "graph": "pmport.devicetree.phandle_graph:graph",
    "make_overlay": "pmport.devicetree.overlay_making:make_overlay",
    "Graph": "pmport.devicetree.phandle_graph:Graph",
    "Edge": "pmport.devicetree.phandle_graph:Edge",
    "diff": "pmport.devicetree.difference:diff",
    "Differences": "pmport.devicetree.difference:Differences",
    "Difference": "pmport.devicetree.difference:Difference",
    "Change": "pmport.devicetree.overlays:Change",
    "Applied": "pmport.devicetree.overlays:Applied",
    "Blob": "pmport.devicetree.blob:Blob",
    "DeviceTree": "pmport.devicetree.tree:DeviceTree",
    "FoundBlob": "pmport.devicetree.blob:FoundBlob",
    "Identity": "pmport.devicetree.identity:Identity",
    "Interrupt": "pmport.devicetree.interrupt_resolver:Interrupt",
    "Property": "pmport.devicetree.properties:Property",
    "Range": "pmport.devicetree.addresses:Range",
    "Reference": "pmport.devicetree.reference_resolver:Reference",
    "TreeNode": "pmport.devicetree.tree:TreeNode",
    "all_references": "pmport.devicetree.reference_resolver:all_references",
    "cpu_ranges": "pmport.devicetree.addresses:cpu_ranges",
    "find_blobs": "pmport.devicetree.blob:find_blobs",
    "identify": "pmport.devicetree.identity:identify",
    "interrupt_parent": "pmport.devicetree.interrupt_resolver:interrupt_parent",
    "interrupts": "pmport.devicetree.interrupt_resolver:interrupts",
    "references": "pmport.devicetree.reference_resolver:references",
    "parse_source": "pmport.devicetree.source:parse_source",
    "read_source": "pmport.devicetree.source:read_source",
    "reg": "pmport.devicetree.addresses:reg",
    "regulators": "pmport.devicetree.reference_resolver:regulators",
    "to_source": "pmport.devicetree.dts_print:to_source",
    "to_cpu": "pmport.devicetree.addresses:to_cpu",
}

__all__ = [
    "Applied",
    "Blob",
    "Change",
    "DeviceTree",
    "Difference",
    "Differences",
    "Edge",
    "FoundBlob",
    "Graph",
    "Identity",
    "Interrupt",
    "Property",
    "Range",
    "Reference",
    "TreeNode",
    "all_references",
    "cpu_ranges",
    "diff",
    "find_blobs",
    "graph",
    "identify",
    "interrupt_parent",
    "interrupts",
    "make_overlay",
    "parse_source",
    "read_source",
    "references",
    "reg",
    "regulators",
    "to_cpu",
    "to_source",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)
