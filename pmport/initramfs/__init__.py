"""A minimal root in an initramfs: a shell on every wire that the phone has, before there is any other system.

::

    modules = initramfs.KernelModules("/lib/modules/6.12.1")
    built = initramfs.build(busybox="busybox", modules=modules, load=("usb_f_acm", "usb_f_ncm"))
    built.write("initramfs")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.initramfs.building import (
        GADGET_MODULES as GADGET_MODULES,
        InitramfsBuilt as InitramfsBuilt,
        InitramfsOptions as InitramfsOptions,
        build as build,
    )
    from pmport.initramfs.contents import (
        Difference as Difference,
        differences as differences,
        in_image as in_image,
        listing as listing,
        with_files as with_files,
    )
    from pmport.initramfs.kernel_modules import KernelModules as KernelModules
    from pmport.initramfs.packages import package_files as package_files
else:
    _PUBLIC = {
        "pmport.initramfs.building": "GADGET_MODULES InitramfsBuilt InitramfsOptions build",
        "pmport.initramfs.contents": "Difference differences in_image listing with_files",
        "pmport.initramfs.kernel_modules": "KernelModules",
        "pmport.initramfs.packages": "package_files",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
