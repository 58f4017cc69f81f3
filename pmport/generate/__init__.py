"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.deviceinfo_text import deviceinfo as deviceinfo, deviceinfo_values as deviceinfo_values
    from pmport.generate.initramfs_modules import with_early_modules as with_early_modules
    from pmport.generate.kernel_package import kernel_files as kernel_files
    from pmport.generate.other_distributions import (
        extlinux as extlinux,
        flash_script as flash_script,
        halium_deviceinfo as halium_deviceinfo,
        lk2nd_node as lk2nd_node,
        mobile_nixos as mobile_nixos,
    )
    from pmport.generate.package_files import device_package as device_package
    from pmport.generate.plans.factory import factory_plan as factory_plan
    from pmport.generate.plans.fastboot import flash_plan as flash_plan
    from pmport.generate.plans.fiasco import plan_fiasco as plan_fiasco
    from pmport.generate.plans.nokia import nokia_plan as nokia_plan, plan_images as plan_images
    from pmport.generate.plans.samsung import package_plan as package_plan, samsung_plan as samsung_plan
    from pmport.generate.provenance import explain as explain
else:
    _PUBLIC = {
        "pmport.generate.deviceinfo_text": "deviceinfo deviceinfo_values",
        "pmport.generate.initramfs_modules": "with_early_modules",
        "pmport.generate.kernel_package": "kernel_files",
        "pmport.generate.other_distributions": "extlinux flash_script halium_deviceinfo lk2nd_node mobile_nixos",
        "pmport.generate.package_files": "device_package",
        "pmport.generate.plans.factory": "factory_plan",
        "pmport.generate.plans.fastboot": "flash_plan",
        "pmport.generate.plans.fiasco": "plan_fiasco",
        "pmport.generate.plans.nokia": "nokia_plan plan_images",
        "pmport.generate.plans.samsung": "package_plan samsung_plan",
        "pmport.generate.provenance": "explain",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
