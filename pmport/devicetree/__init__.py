"""Device trees without loss: blob, source, overlays, meaning, difference.

::

    blob = devicetree.Blob.parse(data)        # frozen, exact
    tree = blob.tree()                        # to read and to edit
    tree["/soc/serial@78b0000"]["compatible"].strings
    bytes(tree)                               # what was not touched keeps its bytes
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.devicetree.blob import Blob, FoundBlob, find_blobs
    from pmport.devicetree.properties import Property
    from pmport.devicetree.tree import DeviceTree, TreeNode

_NAMES = {
    "Blob": "pmport.devicetree.blob:Blob",
    "DeviceTree": "pmport.devicetree.tree:DeviceTree",
    "FoundBlob": "pmport.devicetree.blob:FoundBlob",
    "Property": "pmport.devicetree.properties:Property",
    "TreeNode": "pmport.devicetree.tree:TreeNode",
    "find_blobs": "pmport.devicetree.blob:find_blobs",
}

__all__ = ["Blob", "DeviceTree", "FoundBlob", "Property", "TreeNode", "find_blobs"]

__getattr__, __dir__ = lazily(__name__, _NAMES)
