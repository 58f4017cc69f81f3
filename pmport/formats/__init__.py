"""Formats: bytes in, typed values out, and the same bytes back.

Formats do no I/O, no logging and no printing. Paths are opened by :func:`pmport.open`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.formats.avb.vbmeta import VbMeta
    from pmport.formats.boot.image import BootImage
    from pmport.formats.boot.vendor_image import VendorBoot
    from pmport.formats.kernel.config import KernelConfig
    from pmport.formats.registry import FORMATS, FormatRow, recognise
    from pmport.formats.storage.pit import Pit
    from pmport.node import Child, Data, Node, Part, Role

_NAMES = {
    "FORMATS": "pmport.formats.registry:FORMATS",
    "BootImage": "pmport.formats.boot.image:BootImage",
    "Child": "pmport.node:Child",
    "Data": "pmport.node:Data",
    "FormatRow": "pmport.formats.registry:FormatRow",
    "KernelConfig": "pmport.formats.kernel.config:KernelConfig",
    "Node": "pmport.node:Node",
    "Part": "pmport.node:Part",
    "Pit": "pmport.formats.storage.pit:Pit",
    "Role": "pmport.node:Role",
    "VbMeta": "pmport.formats.avb.vbmeta:VbMeta",
    "VendorBoot": "pmport.formats.boot.vendor_image:VendorBoot",
    "recognise": "pmport.formats.registry:recognise",
}

__all__ = [
    "FORMATS",
    "BootImage",
    "Child",
    "Data",
    "FormatRow",
    "KernelConfig",
    "Node",
    "Part",
    "Pit",
    "Role",
    "VbMeta",
    "VendorBoot",
    "recognise",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)
