"""What families of bootloaders expect of a boot image: one row per family, read by :mod:`pmport.bootcheck.checks`.

A row says what is usual. A stock image of the very phone says more, and wins where both are given.
"""

from __future__ import annotations

from dataclasses import dataclass

from pmport.errors import RecordError

__all__ = ["PROFILES", "Profile", "profile_named"]


@dataclass(frozen=True)
class Profile:
    """A family of bootloaders.

    Args:
        name: Short name, as ``--profile`` takes it.
        title: What it is.
        header_versions: Header versions that some of it boot.
        page_sizes: Page sizes that it is known with; empty: any.
        uses_addresses: It loads to the addresses in the header, rather than to its own.
        compressions: Kernel compressions that it unpacks itself; a zImage unpacks itself everywhere.
        first_cmdline_field_only: Old ones read only the first 512 bytes of the command line.
        mtk_header: Kernel and ramdisk carry MediaTek's header on many phones.
        mark: Name of a mark that belongs behind the image.
        kernel_room: Bytes that a compressed kernel may unpack to; 0: not known.
        dtb_ids: It picks a device tree by ``qcom,msm-id`` and ``qcom,board-id``.
        source: Where this comes from.
    """

    name: str
    title: str
    header_versions: tuple[int, ...] = (0, 1, 2, 3, 4)
    page_sizes: tuple[int, ...] = ()
    uses_addresses: bool = True
    compressions: tuple[str, ...] = ()
    first_cmdline_field_only: bool = False
    mtk_header: bool = False
    mark: str = ""
    kernel_room: int = 0
    dtb_ids: bool = False
    source: str = ""


PROFILES: dict[str, Profile] = {
    row.name: row
    for row in (
        Profile(
            "lk",
            "Qualcomm LK (aboot) and lk2nd",
            header_versions=(0, 1, 2),
            page_sizes=(2048, 4096),
            compressions=("gzip",),
            first_cmdline_field_only=True,
            dtb_ids=True,
            source="littlekernel, app/aboot; msm8916-mainline/lk2nd issues 60 and 327",
        ),
        Profile(
            "abl",
            "Qualcomm ABL (UEFI)",
            uses_addresses=False,
            page_sizes=(4096,),
            compressions=("gzip",),
            dtb_ids=True,
            source="Qualcomm abl/edk2, QcomModulePkg",
        ),
        Profile(
            "mtk",
            "MediaTek LK and preloader",
            page_sizes=(2048, 4096),
            compressions=("gzip",),
            mtk_header=True,
            source="real images of the MT6577; pmbootstrap pull request 1566; Magisk pull request 376",
        ),
        Profile(
            "samsung",
            "Samsung S-Boot and its successors",
            header_versions=(0, 1, 2, 3, 4),
            page_sizes=(2048, 4096),
            mark="seandroidenforce",
            source="postmarketOS deviceinfo: bootimg_append_seandroidenforce, 18 ports",
        ),
        Profile(
            "uboot",
            "U-Boot's bootm and abootimg",
            compressions=("gzip", "bzip2", "lzma", "lz4", "zstd"),
            kernel_room=64 << 20,
            source="u-boot, boot/image-android.c; boot/Kconfig, SYS_BOOTM_LEN of ARM64",
        ),
    )
}
"""By name."""


def profile_named(name: str) -> Profile:
    """A row of the table.

    Args:
        name: Its name.

    Returns:
        The profile.

    Raises:
        RecordError: If there is none of that name.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise RecordError(f"No profile is named {name!r}", remedy=f"There are {', '.join(PROFILES)}") from None
