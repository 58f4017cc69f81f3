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
    from pmport.devicetree.addresses import Range as Range, cpu_ranges as cpu_ranges, reg as reg, to_cpu as to_cpu
    from pmport.devicetree.blob import Blob as Blob, FoundBlob as FoundBlob, find_blobs as find_blobs
    from pmport.devicetree.checks import check as check
    from pmport.devicetree.difference import Difference as Difference, Differences as Differences, diff as diff
    from pmport.devicetree.dts_link import Extras as Extras
    from pmport.devicetree.dts_print import to_source as to_source
    from pmport.devicetree.folder import read_folder as read_folder
    from pmport.devicetree.identity import Identity as Identity, identify as identify
    from pmport.devicetree.interrupt_resolver import (
        Interrupt as Interrupt,
        interrupt_parent as interrupt_parent,
        interrupts as interrupts,
    )
    from pmport.devicetree.overlay_making import make_overlay as make_overlay
    from pmport.devicetree.overlays import Applied as Applied, Change as Change, apply_overlay as apply_overlay
    from pmport.devicetree.phandle_graph import Edge as Edge, Graph as Graph, graph as graph
    from pmport.devicetree.pin_table import pins as pins
    from pmport.devicetree.properties import Property as Property
    from pmport.devicetree.reference_resolver import (
        Reference as Reference,
        all_references as all_references,
        references as references,
        regulators as regulators,
    )
    from pmport.devicetree.source import (
        Compiled as Compiled,
        compile_source as compile_source,
        parse_source as parse_source,
        read_source as read_source,
    )
    from pmport.devicetree.supply_tree import supplies as supplies
    from pmport.devicetree.tree import DeviceTree as DeviceTree
    from pmport.devicetree.tree_node import TreeNode as TreeNode
    from pmport.devicetree.tree_outline import outline as outline
else:
    _PUBLIC = {
        "pmport.devicetree.addresses": "Range cpu_ranges reg to_cpu",
        "pmport.devicetree.blob": "Blob FoundBlob find_blobs",
        "pmport.devicetree.checks": "check",
        "pmport.devicetree.difference": "Difference Differences diff",
        "pmport.devicetree.dts_link": "Extras",
        "pmport.devicetree.dts_print": "to_source",
        "pmport.devicetree.folder": "read_folder",
        "pmport.devicetree.identity": "Identity identify",
        "pmport.devicetree.interrupt_resolver": "Interrupt interrupt_parent interrupts",
        "pmport.devicetree.overlay_making": "make_overlay",
        "pmport.devicetree.overlays": "Applied Change apply_overlay",
        "pmport.devicetree.phandle_graph": "Edge Graph graph",
        "pmport.devicetree.pin_table": "pins",
        "pmport.devicetree.properties": "Property",
        "pmport.devicetree.reference_resolver": "Reference all_references references regulators",
        "pmport.devicetree.source": "Compiled compile_source parse_source read_source",
        "pmport.devicetree.supply_tree": "supplies",
        "pmport.devicetree.tree": "DeviceTree",
        "pmport.devicetree.tree_node": "TreeNode",
        "pmport.devicetree.tree_outline": "outline",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
