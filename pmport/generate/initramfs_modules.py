"""The kernel modules that an initramfs has to hold, from the phone's device tree and its kernel's configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.kernels import Needs

__all__ = ["with_early_modules"]


def with_early_modules(device: Device, needs: Needs) -> Device:
    """A record whose package names the modules that display, touch, storage and USB need before the root is mounted.

    Args:
        device: The record.
        needs: What :func:`pmport.kernels.needs` found for its mainline device tree and its kernel's configuration.

    Returns:
        The record with those modules added to the ones that it names already.

    Example:
        >>> from pmport import device_db, kernels
        >>> from pmport.devicetree import parse_source
        >>> from pmport.formats.kernel.config import KernelConfig
        >>> tree = parse_source('/ { i2c { touchscreen { compatible = "syna,rmi4-i2c"; }; }; };')
        >>> config = KernelConfig.build({"INPUT": "y", "RMI4_CORE": "m", "RMI4_I2C": "m"}, title="Linux/arm64 6.12.1")
        >>> needs = kernels.needs(tree, config, kernels.load_index("6.12"))
        >>> with_early_modules(device_db.Device("acme-argon"), needs).package.modules_initfs
        ('rmi_i2c',)
    """
    modules = tuple(dict.fromkeys((*device.package.modules_initfs, *needs.initramfs_modules)))
    return replace(device, package=replace(device.package, modules_initfs=modules))
