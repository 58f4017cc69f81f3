"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.device_package import device_package
    from pmport.generate.deviceinfo import deviceinfo, deviceinfo_values
    from pmport.generate.flash_plan import flash_plan

_NAMES = {
    "device_package": "pmport.generate.device_package:device_package",
    "deviceinfo": "pmport.generate.deviceinfo:deviceinfo",
    "deviceinfo_values": "pmport.generate.deviceinfo:deviceinfo_values",
    "flash_plan": "pmport.generate.flash_plan:flash_plan",
}

__all__ = ["device_package", "deviceinfo", "deviceinfo_values", "flash_plan"]

__getattr__, __dir__ = lazily(__name__, _NAMES)
