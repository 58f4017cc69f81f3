"""Text and plans from a device record: pure functions, nothing is written, nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.generate.board_package import board_files as board_files, board_name as board_name
    from pmport.generate.boot_images.building import BootFilesBuilt as BootFilesBuilt, boot_image as boot_image
    from pmport.generate.boot_images.parts import BootParts as BootParts
    from pmport.generate.bootloaders.extlinux_conf import extlinux as extlinux
    from pmport.generate.bootloaders.fastboot import flash_script as flash_script
    from pmport.generate.bootloaders.lk2nd import lk2nd_node as lk2nd_node
    from pmport.generate.bootloaders.uboot import uboot_script as uboot_script
    from pmport.generate.distributions.halium import halium_deviceinfo as halium_deviceinfo
    from pmport.generate.distributions.nix import mobile_nixos as mobile_nixos
    from pmport.generate.deviceinfo_text import deviceinfo as deviceinfo, deviceinfo_values as deviceinfo_values
    from pmport.generate.initramfs_modules import with_early_modules as with_early_modules
    from pmport.generate.kernel_package import kernel_files as kernel_files
    from pmport.generate.package_files import device_package as device_package
    from pmport.generate.plans.factory import factory_partitions as factory_partitions, factory_plan as factory_plan
    from pmport.generate.plans.fastboot import flash_plan as flash_plan
    from pmport.generate.plans.fiasco import plan_fiasco as plan_fiasco
    from pmport.generate.plans.nokia import nokia_plan as nokia_plan, plan_images as plan_images
    from pmport.generate.plans.samsung import package_plan as package_plan, samsung_plan as samsung_plan
    from pmport.generate.provenance import explain as explain
else:
    _PUBLIC = {
        "pmport.generate.board_package": "board_files board_name",
        "pmport.generate.boot_images.building": "BootFilesBuilt boot_image",
        "pmport.generate.boot_images.parts": "BootParts",
        "pmport.generate.bootloaders.extlinux_conf": "extlinux",
        "pmport.generate.bootloaders.fastboot": "flash_script",
        "pmport.generate.bootloaders.lk2nd": "lk2nd_node",
        "pmport.generate.bootloaders.uboot": "uboot_script",
        "pmport.generate.distributions.halium": "halium_deviceinfo",
        "pmport.generate.distributions.nix": "mobile_nixos",
        "pmport.generate.deviceinfo_text": "deviceinfo deviceinfo_values",
        "pmport.generate.initramfs_modules": "with_early_modules",
        "pmport.generate.kernel_package": "kernel_files",
        "pmport.generate.package_files": "device_package",
        "pmport.generate.plans.factory": "factory_partitions factory_plan",
        "pmport.generate.plans.fastboot": "flash_plan",
        "pmport.generate.plans.fiasco": "plan_fiasco",
        "pmport.generate.plans.nokia": "nokia_plan plan_images",
        "pmport.generate.plans.samsung": "package_plan samsung_plan",
        "pmport.generate.provenance": "explain",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
