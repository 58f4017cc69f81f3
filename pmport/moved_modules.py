"""Names of modules as they were before they stood in rooms, for one release: importing one gives the module of today, and a warning."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

__all__ = ["MOVED", "install"]

MOVED: Mapping[str, str] = {
    "pmport.boot_profiles": "pmport.bootcheck.profiles",
    "pmport.console": "pmport.transport.console",
    "pmport.device_db.finding": "pmport.device_db.identification",
    "pmport.device_db.importing": "pmport.device_db.pmaports_import",
    "pmport.device_db.index": "pmport.device_db.search_index",
    "pmport.device_db.loading": "pmport.device_db.record_files",
    "pmport.device_db.reading": "pmport.device_db.toml_reader",
    "pmport.device_db.writing": "pmport.device_db.toml_writer",
    "pmport.devicetree.compiling": "pmport.devicetree.dts_parse",
    "pmport.devicetree.expressions": "pmport.devicetree.dts_expressions",
    "pmport.devicetree.header": "pmport.devicetree.fdt_header",
    "pmport.devicetree.layout": "pmport.devicetree.fdt_layout",
    "pmport.devicetree.linking": "pmport.devicetree.dts_link",
    "pmport.devicetree.old_versions": "pmport.devicetree.fdt_old_versions",
    "pmport.devicetree.preprocessing": "pmport.devicetree.dts_preprocess",
    "pmport.devicetree.printing": "pmport.devicetree.dts_print",
    "pmport.devicetree.reading": "pmport.devicetree.fdt_read",
    "pmport.devicetree.scanner": "pmport.devicetree.dts_scan",
    "pmport.devicetree.writing": "pmport.devicetree.fdt_write",
    "pmport.flashers.fastboot_client": "pmport.flashers.fastboot.client",
    "pmport.flashers.fastboot_quirks": "pmport.flashers.fastboot.quirks",
    "pmport.flashers.fastboot_verify": "pmport.flashers.fastboot.verify",
    "pmport.flashers.fiasco_plan": "pmport.generate.plans.fiasco",
    "pmport.flashers.heimdall": "pmport.flashers.samsung.flasher",
    "pmport.flashers.loke_client": "pmport.flashers.samsung.client",
    "pmport.flashers.mk2_client": "pmport.flashers.nokia.mk2",
    "pmport.flashers.nolo_client": "pmport.flashers.nokia.nolo",
    "pmport.flashers.nolo_settings": "pmport.flashers.nokia.settings",
    "pmport.flashers.omap_client": "pmport.flashers.nokia.boot_rom",
    "pmport.flashers.read_ahead": "pmport.flashers.samsung.read_ahead",
    "pmport.formats.android_info": "pmport.formats.packages.factory_info",
    "pmport.formats.avb_descriptors": "pmport.formats.avb.descriptors",
    "pmport.formats.avb_edit": "pmport.formats.avb.edit",
    "pmport.formats.avb_footer": "pmport.formats.avb.footer",
    "pmport.formats.avb_key": "pmport.formats.avb.keys",
    "pmport.formats.boot_build": "pmport.formats.boot.build",
    "pmport.formats.boot_edit": "pmport.formats.boot.edit",
    "pmport.formats.boot_header": "pmport.formats.boot.header",
    "pmport.formats.boot_id": "pmport.formats.boot.image_id",
    "pmport.formats.boot_image": "pmport.formats.boot.image",
    "pmport.formats.boot_layout": "pmport.formats.boot.sections",
    "pmport.formats.boot_tail": "pmport.formats.boot.trailer",
    "pmport.formats.chromeos": "pmport.formats.boot.chromeos",
    "pmport.formats.compressed": "pmport.formats.streams.stream",
    "pmport.formats.compression": "pmport.formats.streams.codecs",
    "pmport.formats.cpio": "pmport.formats.streams.cpio",
    "pmport.formats.declared": "pmport.formats.base.struct_layout",
    "pmport.formats.deviceinfo": "pmport.formats.reports.deviceinfo",
    "pmport.formats.deviceinfo_lint": "pmport.formats.reports.deviceinfo_lint",
    "pmport.formats.fiasco": "pmport.formats.packages.fiasco",
    "pmport.formats.fit": "pmport.formats.packages.fit",
    "pmport.formats.flash_lists": "pmport.formats.storage.flash_lists",
    "pmport.formats.frames": "pmport.formats.streams.extents",
    "pmport.formats.getvars": "pmport.formats.reports.getvars",
    "pmport.formats.gpt": "pmport.formats.storage.gpt",
    "pmport.formats.kernel_config": "pmport.formats.kernel.config",
    "pmport.formats.kernel_image": "pmport.formats.kernel.image",
    "pmport.formats.kernel_trees": "pmport.formats.kernel.appended_dtb",
    "pmport.formats.late_page": "pmport.formats.boot.deferred_id",
    "pmport.formats.members": "pmport.formats.base.archive",
    "pmport.formats.mtk": "pmport.formats.boot.mediatek",
    "pmport.formats.nolo_properties": "pmport.formats.reports.nolo_properties",
    "pmport.formats.os_version": "pmport.formats.boot.os_version",
    "pmport.formats.partition_table": "pmport.formats.storage.partition_table",
    "pmport.formats.payload": "pmport.formats.packages.payload",
    "pmport.formats.pit": "pmport.formats.storage.pit",
    "pmport.formats.pit_text": "pmport.formats.storage.pit_text",
    "pmport.formats.protobuf": "pmport.formats.packages.protobuf",
    "pmport.formats.ramdisk": "pmport.formats.streams.ramdisk",
    "pmport.formats.samsung_package": "pmport.formats.packages.samsung",
    "pmport.formats.self_extracting": "pmport.formats.kernel.zimage",
    "pmport.formats.sony_elf": "pmport.formats.boot.sony_elf",
    "pmport.formats.sparse": "pmport.formats.storage.sparse",
    "pmport.formats.super_image": "pmport.formats.storage.super_image",
    "pmport.formats.tar": "pmport.formats.packages.tar",
    "pmport.formats.tegra_blob": "pmport.formats.boot.tegra_blob",
    "pmport.formats.transfer_list": "pmport.formats.packages.transfer_list",
    "pmport.formats.tree_choice": "pmport.formats.trees.selection",
    "pmport.formats.tree_table": "pmport.formats.trees.base",
    "pmport.formats.tree_tables": "pmport.formats.trees.tables",
    "pmport.formats.uimage": "pmport.formats.packages.uimage",
    "pmport.formats.vbmeta": "pmport.formats.avb.vbmeta",
    "pmport.formats.vbmeta_header": "pmport.formats.avb.header",
    "pmport.formats.vendor_boot": "pmport.formats.boot.vendor_image",
    "pmport.formats.vendor_boot_build": "pmport.formats.boot.vendor_build",
    "pmport.formats.vendor_boot_header": "pmport.formats.boot.vendor_header",
    "pmport.formats.vendor_packages": "pmport.formats.packages.vendor",
    "pmport.formats.wrapper": "pmport.formats.base.wrapper",
    "pmport.formats.wrappers": "pmport.formats.boot.wrappers",
    "pmport.formats.zip": "pmport.formats.packages.zip",
    "pmport.generate.download_steps": "pmport.generate.plans.samsung",
    "pmport.generate.early_modules": "pmport.generate.initramfs_modules",
    "pmport.generate.explained": "pmport.generate.provenance",
    "pmport.generate.factory_steps": "pmport.generate.plans.factory",
    "pmport.generate.flash_steps": "pmport.generate.plans.fastboot",
    "pmport.kernels.hardware": "pmport.kernels.driver_needs",
    "pmport.kernels.maturity": "pmport.kernels.readiness_levels",
    "pmport.kernels.tree_bindings": "pmport.kernels.source_bindings",
    "pmport.kernels.tree_kconfig": "pmport.kernels.source_kconfig",
    "pmport.kernels.tree_makefiles": "pmport.kernels.source_makefiles",
    "pmport.kernels.tree_sources": "pmport.kernels.source_tables",
    "pmport.kernels.vendor_status": "pmport.kernels.upstream_status",
    "pmport.transport.seam": "pmport.transport.base",
    "pmport.virtual.fastboot": "pmport.virtual.fastboot_phone",
    "pmport.virtual.loke": "pmport.virtual.samsung",
    "pmport.virtual.loke_pit": "pmport.virtual.samsung_pit",
}
"""Module as it was called → as it is called."""


class _Moved(MetaPathFinder, Loader):
    """Finds a module under its former name."""

    def __init__(self) -> None:
        self._specs: dict[str, ModuleSpec | None] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = MOVED[spec.name]
        warnings.warn(f"{spec.name} is called {name} now", DeprecationWarning, stacklevel=2)
        module = import_module(name)
        self._specs[name] = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module was run under its own name already; the import system has put the former name's spec into it."""
        module.__spec__ = self._specs[module.__name__]


def install() -> None:
    """Let former names be imported."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.append(_Moved())
