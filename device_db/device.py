"""The schema of a device record: frozen dataclasses, one per table of the TOML file.

What is None or empty is not known, or not said; nothing has a default that a bootloader might not share. Addresses are
absolute; the base that a port is written with is kept beside them, as notation only. ``EXAMPLE.toml`` explains each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmport.render import Renders, Table

__all__ = [
    "Addresses",
    "Boot",
    "BootFiles",
    "Chromebook",
    "Correction",
    "Device",
    "Display",
    "Flash",
    "KernelVariant",
    "Package",
    "Soc",
    "Storage",
    "System",
    "Usb",
]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the bootloader loads the parts of a boot image, absolute.

    Args:
        base: The base that the port is written with; notation only, it stands in no image.
        kernel: Load address of the kernel.
        ramdisk: Load address of the ramdisk.
        second: Load address of the second stage.
        tags: Address of the tags.
        dtb: Load address of the dtb section; 64 bits.
    """

    base: int | None = None
    kernel: int | None = None
    ramdisk: int | None = None
    second: int | None = None
    tags: int | None = None
    dtb: int | None = None


@dataclass(frozen=True, slots=True)
class Boot:
    """How the bootloader wants its boot image.

    Args:
        generate: Whether a boot image is made.
        header_version: 0 to 4.
        page_size: Bytes.
        addresses: Load addresses.
        append_dtb: Whether device trees are appended to the kernel.
        dtb_second: Whether the device tree is in the second stage.
        qcdt: Whether device trees are in a table in the dt section.
        qcdt_type: Whose table: ``qcom``, ``exynos``, ``sprd``.
        mtk_label_kernel: Name in the MediaTek header of the kernel.
        mtk_label_ramdisk: Name in the MediaTek header of the ramdisk.
        pxa: Whether the header is Marvell PXA's.
        append_seandroidenforce: Whether Samsung's mark follows the image.
        prepend_dhtb: Whether a DHTB header precedes it.
        blobpack: Whether it goes into an ASUS blob: ``true``, ``sign``, ``false``.
        amazon_omap_header_size: Size of the Amazon OMAP header before it, bytes.
        custom_args: Further arguments of mkbootimg.
        override_payload: File that takes the kernel's place.
        override_payload_compression: Its compression.
        override_payload_append_dtb: Device tree that is appended to it.
        override_initramfs: File that takes the ramdisk's place.
        vendor_dependent: Sources of the image that depend on a vendor boot image.
        vendor_android_boot_image: Android's own image in /boot.
        vendor_device_tree_identifiers: Patterns that tell Android's device tree.
    """

    generate: bool | None = None
    header_version: int | None = None
    page_size: int | None = None
    addresses: Addresses = Addresses()
    append_dtb: bool | None = None
    dtb_second: bool | None = None
    qcdt: bool | None = None
    qcdt_type: str = ""
    mtk_label_kernel: str = ""
    mtk_label_ramdisk: str = ""
    pxa: bool | None = None
    append_seandroidenforce: bool | None = None
    prepend_dhtb: bool | None = None
    blobpack: str = ""
    amazon_omap_header_size: int | None = None
    custom_args: str = ""
    override_payload: str = ""
    override_payload_compression: str = ""
    override_payload_append_dtb: str = ""
    override_initramfs: str = ""
    vendor_dependent: str = ""
    vendor_android_boot_image: str = ""
    vendor_device_tree_identifiers: str = ""


@dataclass(frozen=True, slots=True)
class BootFiles:
    """What else a bootloader reads.

    Args:
        extlinux: Whether an extlinux.conf is written.
        grub: Whether a grub.cfg is.
        uboot_fit: Whether FIT images are made.
        legacy_uboot: Whether uImage and uInitrd are made.
        legacy_uboot_load_address: Their load address, hexadecimal digits as they are written.
        legacy_uboot_image_name: Their name.
        uboot_board: U-Boot's name of the board.
        cmdline_txt: Whether a Raspberry Pi's cmdline.txt is written.
        prep_boot: Whether a PowerPC PReP partition is made.
    """

    extlinux: bool | None = None
    grub: bool | None = None
    uboot_fit: bool | None = None
    legacy_uboot: bool | None = None
    legacy_uboot_load_address: str = ""
    legacy_uboot_image_name: str = ""
    uboot_board: str = ""
    cmdline_txt: bool | None = None
    prep_boot: bool | None = None


@dataclass(frozen=True, slots=True)
class Flash:
    """How it is flashed.

    Args:
        method: ``fastboot``, ``heimdall-bootimg``, ``0xffff`` … as deviceinfo names it.
        sparse: Whether the root file system goes as a sparse image.
        sparse_samsung_format: Samsung's flavour of it.
        partitions: Method family → role → partition, as in ``{fastboot: {kernel: boot}}``.
        max_size: Largest root file system, MiB.
        blacklist: Partitions that are never flashed.
        kernel_on_update: Whether the running system flashes a new kernel itself.
        products: Names that its bootloader answers to ``product``.
    """

    method: str = ""
    sparse: bool | None = None
    sparse_samsung_format: int | None = None
    partitions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    max_size: int | None = None
    blacklist: tuple[str, ...] = ()
    kernel_on_update: bool | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """What it keeps data on.

    Args:
        external: Whether it has a slot for a card.
        internal: Block device of its internal storage.
        internal_repartition: Whether an installer may rewrite its partition table.
        sector_size: Bytes per sector of the image.
        boot_filesystem: File system of /boot.
        root_filesystem: File system of /.
        partition_type: ``gpt`` or ``msdos``.
        boot_part_start: Sectors before the boot partition.
        super_partitions: Block devices of super.
        sd_embed_firmware: ``file:offset`` written into the image.
        sd_embed_firmware_step_size: Bytes per unit of that offset.
    """

    external: bool | None = None
    internal: str = ""
    internal_repartition: bool | None = None
    sector_size: int | None = None
    boot_filesystem: str = ""
    root_filesystem: str = ""
    partition_type: str = ""
    boot_part_start: int | None = None
    super_partitions: tuple[str, ...] = ()
    sd_embed_firmware: tuple[str, ...] = ()
    sd_embed_firmware_step_size: int | None = None


@dataclass(frozen=True, slots=True)
class Display:
    """What one sees and touches.

    Args:
        width: Pixels.
        height: Pixels.
        touchscreen: Event node of the touch screen.
        touchscreen_calibration: Six numbers of its matrix, or a file.
        drm: Whether the kernel drives the display by DRM.
        no_framebuffer: Whether there is no framebuffer to wait for.
        panels: The vendor's name of each panel that it is built with → mainline's compatible string; "" for none.
    """

    width: int | None = None
    height: int | None = None
    touchscreen: str = ""
    touchscreen_calibration: str = ""
    drm: bool | None = None
    no_framebuffer: bool | None = None
    panels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usb:
    """What it is on a USB cable, when the port runs.

    Args:
        vendor: Vendor id of the gadget.
        product: Product id of the gadget.
        serial: Serial number of the gadget.
        network_function: configfs function of its network.
        network_udc: Name of its controller.
        network_host_addr: Hardware address of the host's end.
    """

    vendor: int | None = None
    product: int | None = None
    serial: str = ""
    network_function: str = ""
    network_udc: str = ""
    network_host_addr: str = ""


@dataclass(frozen=True, slots=True)
class Chromebook:
    """Chromebooks: the kernel partition and Depthcharge.

    Args:
        kernel_partition: File that is written to the kernel partition.
        kernel_partition_start: Sectors.
        kernel_partition_size: Sectors.
        depthcharge_board: Name of the board.
        depthcharge_compression: Compression of the kernel.
        depthcharge_image: Whether an image for it is made.
    """

    kernel_partition: str = ""
    kernel_partition_start: int | None = None
    kernel_partition_size: int | None = None
    depthcharge_board: str = ""
    depthcharge_compression: str = ""
    depthcharge_image: bool | None = None


@dataclass(frozen=True, slots=True)
class System:
    """How the distribution runs on it.

    Args:
        getty: Serial login, ``port;baud``.
        keymaps: Keyboard layouts that are offered.
        swap_size: Recommended swap file, MiB.
        zram_algorithm: Compression of the swap in memory.
        zram_percent: Its size, percent of memory.
        disable_dhcpd: Whether its USB network gets no address from it.
        initfs_compression: ``format[:level]``.
        initfs_extra: Whether the initramfs is split for a small boot partition.
        initfs_postprocess: Script that is run after the initramfs is made.
    """

    getty: str = ""
    keymaps: tuple[str, ...] = ()
    swap_size: int | None = None
    zram_algorithm: str = ""
    zram_percent: int | None = None
    disable_dhcpd: bool | None = None
    initfs_compression: str = ""
    initfs_extra: bool | None = None
    initfs_postprocess: str = ""


@dataclass(frozen=True, slots=True)
class KernelVariant:
    """What differs with one of several kernels or panels.

    Args:
        description: What it is for.
        kernels: Kernel packages.
        dtb: Device trees, without ``.dtb``.
        append_dtb: Whether they are appended.
        boot_filesystem: File system of /boot.
        extlinux: Whether an extlinux.conf is written.
        modules_initfs: Kernel modules that its initramfs loads.
        cmdline: Kernel parameters.
    """

    description: str = ""
    kernels: tuple[str, ...] = ()
    dtb: tuple[str, ...] = ()
    append_dtb: bool | None = None
    boot_filesystem: str = ""
    extlinux: bool | None = None
    modules_initfs: tuple[str, ...] = ()
    cmdline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """What its package needs besides.

    Args:
        depends: Packages, beside the kernel and what the boot method needs.
        modules_initfs: Kernel modules that the initramfs loads.
        cmdline: Kernel parameters; one that begins with ``-`` is taken away from those of the distribution.
        firmware: Firmware packages.
        lk2nd: lk2nd packages.
        subpackages: Its subpackages in the distribution beside those of the kernels, as their APKBUILD lists them.
        install: Its install scripts in the distribution.
        archived: Why the distribution keeps the port in its archive; "" where it does not.
        files: Names of the other files of its package in the distribution.
    """

    depends: tuple[str, ...] = ()
    modules_initfs: tuple[str, ...] = ()
    cmdline: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    lk2nd: tuple[str, ...] = ()
    subpackages: tuple[str, ...] = ()
    install: tuple[str, ...] = ()
    archived: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """Where the record differs from its source on purpose.

    Args:
        key: The source's key.
        was: What it said.
        why: What is wrong with it.
        read_by: The program that reads the value, and what it does with it.
    """

    key: str
    was: str
    why: str
    read_by: str = ""


@dataclass(frozen=True, slots=True)
class Soc:
    """What devices with one system on chip share: ``socs/<name>.toml``.

    Args:
        name: As devices name it: ``msm8916``.
        vendor: Its maker.
        arch: Architecture, as Alpine names it; "" where its devices run several.
        marketing_names: What it is sold as, the commonest name first.
        compatible: Its compatible string in mainline device trees.
        mainline: Folder of its device trees in the kernel: ``qcom``.
        qcom_ids: Qualcomm's numbers for it, from msm-id.
        packages: Packages that its devices share.
    """

    name: str
    vendor: str
    arch: str = ""
    marketing_names: tuple[str, ...] = ()
    compatible: str = ""
    mainline: str = ""
    qcom_ids: tuple[int, ...] = ()
    packages: tuple[str, ...] = ()

    @property
    def marketing_name(self) -> str:
        """The commonest name that it is sold as; "" where none is known."""
        return self.marketing_names[0] if self.marketing_names else ""


@dataclass(frozen=True, slots=True)
class Device(Renders):
    """One device.

    Args:
        codename: ``<vendor>-<name>``: its file's name, its package's name less ``device-``.
        name: What it is sold as, with its maker.
        manufacturer: Its maker.
        year: When it came out.
        arch: Architecture of the userland, as Alpine names it.
        chassis: Body: ``handset``, ``tablet`` …
        category: How far its port is: ``main``, ``community``, ``testing``, ``downstream``, ``archived``, ``none``.
        soc: System on chip; names ``socs/<name>.toml`` where there is one.
        other_socs: Further chips that phones of this record have.
        soc_from: How the chip is known.
        format_version: Version of the deviceinfo format.
        dtb: Mainline device trees, without ``.dtb``.
        compatible: Compatible strings of its mainline device tree's root.
        models: Model names that its device trees and bootloaders carry.
        model_numbers: Its maker's numbers of the variants that it is sold as: ``SM-G900F``.
        aliases: Other names that it is sold by.
        android_devices: What Android calls its variants (``ro.product.device``): ``klte``.
        qcom_msm_id: Qualcomm's msm-ids: (platform, revision) each, as the bootloader chooses by them.
        qcom_board_id: Qualcomm's board-ids: (variant, subtype) each.
        kernels: Kernel packages.
        boot: How the bootloader wants its boot image.
        boot_files: What else a bootloader reads.
        flash: How it is flashed.
        storage: What it keeps data on.
        display: What one sees and touches.
        usb: What it is on a USB cable.
        chromebook: For Chromebooks.
        system: How the distribution runs on it.
        package: What its package needs besides.
        variants: What differs between kernels or panels, by name.
        newer_keys: Keys of a deviceinfo that is newer than pmport's schema, without ``deviceinfo_``, as they are written.
        corrections: Where the record differs from its source on purpose.
        notes: For people.
    """

    codename: str
    name: str = ""
    manufacturer: str = ""
    year: int | None = None
    arch: str = ""
    chassis: str = ""
    category: str = ""
    soc: str = ""
    other_socs: tuple[str, ...] = ()
    soc_from: str = ""
    format_version: int = 0
    dtb: tuple[str, ...] = ()
    compatible: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    model_numbers: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    android_devices: tuple[str, ...] = ()
    qcom_msm_id: tuple[tuple[int, ...], ...] = ()
    qcom_board_id: tuple[tuple[int, ...], ...] = ()
    kernels: tuple[str, ...] = ()
    boot: Boot = Boot()
    boot_files: BootFiles = BootFiles()
    flash: Flash = field(default_factory=Flash)
    storage: Storage = Storage()
    display: Display = Display()
    usb: Usb = Usb()
    chromebook: Chromebook = Chromebook()
    system: System = System()
    package: Package = Package()
    variants: Mapping[str, KernelVariant] = field(default_factory=dict)
    newer_keys: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    notes: tuple[str, ...] = ()

    def view(self) -> Table:
        """Everything that is said about it.

        Returns:
            A table of dotted keys and values, as in the record.
        """
        from pmport.device_db.toml_writer import dotted  # noqa: PLC0415 - the writer stands on this module

        return Table(("key", "value"), list(dotted(self)), title=self.name or self.codename)
