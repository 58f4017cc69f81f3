"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.deviceinfo_text import deviceinfo, deviceinfo_values
    from pmport.generate.download_steps import package_plan, samsung_plan
    from pmport.generate.early_modules import with_early_modules
    from pmport.generate.explained import explain
    from pmport.generate.factory_steps import factory_plan
    from pmport.generate.flash_steps import flash_plan
    from pmport.generate.kernel_package import kernel_files
    from pmport.generate.other_distributions import extlinux, flash_script, halium_deviceinfo, lk2nd_node, mobile_nixos
    from pmport.generate.package_files import device_package

_NAMES = {
    "factory_plan": "pmport.generate.factory_steps:factory_plan",
    "with_early_modules": "pmport.generate.early_modules:with_early_modules",
    "device_package": "pmport.generate.package_files:device_package",
    "deviceinfo": "pmport.generate.deviceinfo_text:deviceinfo",
    "deviceinfo_values": "pmport.generate.deviceinfo_text:deviceinfo_values",
    "explain": "pmport.generate.explained:explain",
    "extlinux": "pmport.generate.other_distributions:extlinux",
    "flash_plan": "pmport.generate.flash_steps:flash_plan",
    "package_plan": "pmport.generate.download_steps:package_plan",
    "samsung_plan": "pmport.generate.download_steps:samsung_plan",
    "flash_script": "pmport.generate.other_distributions:flash_script",
    "halium_deviceinfo": "pmport.generate.other_distributions:halium_deviceinfo",
    "kernel_files": "pmport.generate.kernel_package:kernel_files",
    "lk2nd_node": "pmport.generate.other_distributions:lk2nd_node",
    "mobile_nixos": "pmport.generate.other_distributions:mobile_nixos",
}

__all__ = [
    "device_package",
    "deviceinfo",
    "deviceinfo_values",
    "explain",
    "extlinux",
    "factory_plan",
    "flash_plan",
    "flash_script",
    "halium_deviceinfo",
    "kernel_files",
    "lk2nd_node",
    "mobile_nixos",
    "package_plan",
    "samsung_plan",
    "with_early_modules",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)
