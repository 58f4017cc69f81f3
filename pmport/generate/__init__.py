"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.deviceinfo_text import deviceinfo, deviceinfo_values
    from pmport.generate.flash_steps import flash_plan
    from pmport.generate.package_files import device_package

_NAMES = {
    "device_package": "pmport.generate.package_files:device_package",
    "deviceinfo": "pmport.generate.deviceinfo_text:deviceinfo",
    "deviceinfo_values": "pmport.generate.deviceinfo_text:deviceinfo_values",
    "flash_plan": "pmport.generate.flash_steps:flash_plan",
}

__all__ = ["device_package", "deviceinfo", "deviceinfo_values", "flash_plan"]

__getattr__, __dir__ = lazily(__name__, _NAMES)
