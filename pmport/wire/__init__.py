"""Each protocol's messages, declared once, used by the flasher and by the virtual phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.wire import (
        fastboot as fastboot,
        loke as loke,
        mk2 as mk2,
        nolo as nolo,
        nolo_answers as nolo_answers,
        nolo_image as nolo_image,
        omap_rom as omap_rom,
    )
else:
    _PUBLIC = {
        "pmport.wire": "fastboot loke mk2 nolo nolo_answers nolo_image omap_rom",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
