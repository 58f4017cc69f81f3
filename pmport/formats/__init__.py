"""Formats: bytes in, typed values out, and the same bytes back.

Formats do no I/O, no logging and no printing. Paths are opened by :func:`pmport.open`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.formats.avb.vbmeta import VbMeta as VbMeta
    from pmport.formats.boot.image import BootImage as BootImage
    from pmport.formats.boot.vendor_image import VendorBoot as VendorBoot
    from pmport.formats.kernel.config import KernelConfig as KernelConfig
    from pmport.formats.registry import FORMATS as FORMATS, FormatRow as FormatRow, recognise as recognise
    from pmport.formats.storage.pit import Pit as Pit
    from pmport.node import (
        Child as Child,
        Container as Container,
        Data as Data,
        Node as Node,
        Part as Part,
        Role as Role,
    )
else:
    _PUBLIC = {
        "pmport.formats.avb.vbmeta": "VbMeta",
        "pmport.formats.boot.image": "BootImage",
        "pmport.formats.boot.vendor_image": "VendorBoot",
        "pmport.formats.kernel.config": "KernelConfig",
        "pmport.formats.registry": "FORMATS FormatRow recognise",
        "pmport.formats.storage.pit": "Pit",
        "pmport.node": "Child Container Data Node Part Role",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
