"""A record from the facts of one port: its deviceinfo, its package, and how it can be recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pmport.device_db.device import Correction, Device, KernelVariant, Package
from pmport.device_db.deviceinfo_keys import from_deviceinfo

__all__ = ["boards_of", "ids_of", "lk2nd_of", "record"]

GENERATED_DEPENDS = {
    "postmarketos-base", "mkbootimg", "pxa-mkbootimg", "dtbtool", "dtbtool-exynos", "dtbtool-sprd", "mtk-mkimage",
    "depthcharge-tools", "u-boot-tools",
}  # fmt: skip
"""Packages that the generator finds by itself."""


def record(codename: str, port: Mapping[str, Any], identity: Mapping[str, Any]) -> Device:
    """One record.

    Args:
        codename: Its codename.
        port: The port's row of ``devices.json``.
        identity: Its row of ``device_identity.json``; may be empty.

    Returns:
        The device; what the facts show to be wrong is corrected and noted.
    """
    variants = {
        name: KernelVariant(str(row.get("desc", "")), tuple(row.get("kernels", ())))
        for name, row in port.get("kernel_variants", {}).items()
    }
    device = from_deviceinfo(port["deviceinfo"], variants=variants)
    device = _corrected(replace(device, codename=codename), port["deviceinfo"])
    kernels = tuple(port.get("kernels", ()))
    depends = (name for name in port["apkbuild"]["depends"] if not {name, _bare(name)} & {*GENERATED_DEPENDS, *kernels})
    package = Package(
        depends=tuple(sorted(depends)),
        firmware=tuple(port.get("firmware", ())),
        lk2nd=tuple(port.get("lk2nd", ())),
        files=tuple(name for name in port.get("files", ()) if name not in {"APKBUILD", "deviceinfo"}),
    )
    return replace(
        device,
        category=port.get("category", ""),
        soc=str(identity.get("soc") or ""),
        soc_from=str(identity.get("soc_from") or ""),
        kernels=() if any(variant.kernels for variant in variants.values()) else kernels,
        compatible=tuple(_compatibles(identity)),
        models=tuple(_models(identity)),
        qcom_msm_id=ids_of(identity, "msm_id"),
        qcom_board_id=ids_of(identity, "board_id"),
        package=package,
    )


def _bare(name: str) -> str:
    return name.partition(">")[0].partition("=")[0].partition("<")[0]


def boards_of(identity: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The mainline boards of a port."""
    boards = identity.get("mainline_boards") or ()
    return [board for board in boards if isinstance(board, Mapping)]


def lk2nd_of(identity: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """What lk2nd knows of a port's phones."""
    return [entry for entry in identity.get("lk2nd") or () if isinstance(entry, Mapping)]


def _compatibles(identity: Mapping[str, Any]) -> Iterable[str]:
    """What the mainline tree and lk2nd call it: the first, most special string of each."""
    found = (row["compatible"][0] for row in (*boards_of(identity), *lk2nd_of(identity)) if row.get("compatible"))
    return dict.fromkeys(found)


def _models(identity: Mapping[str, Any]) -> Iterable[str]:
    found = (row["model"] for row in (*boards_of(identity), *lk2nd_of(identity)) if row.get("model"))
    return dict.fromkeys(found)


def ids_of(identity: Mapping[str, Any], name: str) -> tuple[tuple[int, ...], ...]:
    """Qualcomm's ids of a port's trees: ``msm_id`` or ``board_id``."""
    found = (tuple(pair) for row in identity.get("ids", ()) for pair in row.get(name) or () if isinstance(pair, list))
    return tuple(dict.fromkeys(found))


def _corrected(device: Device, source: Mapping[str, str]) -> Device:
    """Without what an absent section left behind, and without repetitions."""
    corrections = list(device.corrections)
    addresses = device.boot.addresses
    if addresses.base and addresses.second == 0:
        why = "base and offset add up to zero: the stock image had no second stage"
        corrections.append(Correction("flash_offset_second", source["flash_offset_second"], why))
        addresses = replace(addresses, second=None)
    if addresses.base and addresses.ramdisk == 0:
        why = "base and offset add up to zero: the analysed image had no ramdisk"
        corrections.append(Correction("flash_offset_ramdisk", source["flash_offset_ramdisk"], why))
        addresses = replace(addresses, ramdisk=None)
    parts = tuple(dict.fromkeys(device.storage.super_partitions))
    if parts != device.storage.super_partitions:
        corrections.append(Correction("super_partitions", source["super_partitions"], "a partition is named twice"))
    return replace(
        device,
        boot=replace(device.boot, addresses=addresses),
        storage=replace(device.storage, super_partitions=parts),
        corrections=tuple(corrections),
    )
