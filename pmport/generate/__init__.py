"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.deviceinfo_text import deviceinfo, deviceinfo_values
    from pmport.generate.initramfs_modules import with_early_modules
    from pmport.generate.kernel_package import kernel_files
    from pmport.generate.other_distributions import extlinux, flash_script, halium_deviceinfo, lk2nd_node, mobile_nixos
    from pmport.generate.package_files import device_package
    from pmport.generate.plans.factory import factory_plan
    from pmport.generate.plans.fastboot import flash_plan
    from pmport.generate.plans.samsung import package_plan, samsung_plan
    from pmport.generate.provenance import explain

_NAMES = {
    "factory_plan": "pmport.generate.plans.factory:factory_plan",
    "with_early_modules": "pmport.generate.initramfs_modules:with_early_modules",
    "device_package": "pmport.generate.package_files:device_package",
    "deviceinfo": "pmport.generate.deviceinfo_text:deviceinfo",
    "deviceinfo_values": "pmport.generate.deviceinfo_text:deviceinfo_values",
    "explain": "pmport.generate.provenance:explain",
    "extlinux": "pmport.generate.other_distributions:extlinux",
    "flash_plan": "pmport.generate.plans.fastboot:flash_plan",
    "package_plan": "pmport.generate.plans.samsung:package_plan",
    "samsung_plan": "pmport.generate.plans.samsung:samsung_plan",
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
