"""Each protocol's messages, declared once, used by the flasher and by the virtual phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.wire import fastboot

_NAMES = {"fastboot": "pmport.wire.fastboot"}

__all__ = ["fastboot"]

__getattr__, __dir__ = lazily(__name__, _NAMES)
