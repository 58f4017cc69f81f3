"""A record from the facts of one port: its deviceinfo, its package, and how it can be recognised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pmport.device_db.device import Device, KernelVariant, Package
from pmport.device_db.deviceinfo_keys import from_deviceinfo

__all__ = ["boards_of", "ids_of", "joined", "lk2nd_of", "recognition", "record", "with_known"]

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
        The device.
    """
    variants = {name: _variant(row) for name, row in port.get("kernel_variants", {}).items()}
    device = replace(from_deviceinfo(port["deviceinfo"], variants=variants), codename=codename)
    kernels = tuple(port.get("kernels", ()))
    depends = (name for name in port["apkbuild"]["depends"] if not {name, _bare(name)} & {*GENERATED_DEPENDS, *kernels})
    package = Package(
        depends=tuple(sorted(depends)),
        firmware=tuple(port.get("firmware", ())),
        lk2nd=tuple(port.get("lk2nd", ())),
        modules_initfs=tuple(port.get("modules_initfs", ())),
        cmdline=tuple(port.get("cmdline", ())),
        subpackages=tuple(port.get("subpackages", ())),
        install=tuple(port.get("install", ())),
        archived=str(port.get("archived", "")),
        files=tuple(name for name in port.get("files", ()) if name not in {"APKBUILD", "deviceinfo"}),
    )
    variants_have_kernels = any(variant.kernels for variant in variants.values())
    device = replace(
        device, category=port.get("category", ""), kernels=() if variants_have_kernels else kernels, package=package
    )
    return recognition(device, identity)


def recognition(device: Device, identity: Mapping[str, Any]) -> Device:
    """A record with what it can be recognised by.

    Args:
        device: The record.
        identity: Its row of ``device_identity.json``; may be empty.

    Returns:
        The record with chip, compatible strings, models and Qualcomm's ids.
    """
    return replace(
        device,
        soc=next(iter(_socs(identity)), ""),
        other_socs=_socs(identity)[1:],
        soc_from=str(identity.get("soc_from") or ""),
        compatible=tuple(_compatibles(identity)),
        models=tuple(_models(identity)),
        qcom_msm_id=ids_of(identity, "msm_id"),
        qcom_board_id=ids_of(identity, "board_id"),
    )


def _variant(row: Mapping[str, Any]) -> KernelVariant:
    return KernelVariant(
        description=str(row.get("desc", "")),
        kernels=tuple(row.get("kernels", ())),
        modules_initfs=tuple(row.get("modules_initfs", ())),
        cmdline=tuple(row.get("cmdline", ())),
    )


def _socs(identity: Mapping[str, Any]) -> tuple[str, ...]:
    """Its chips: one, or several where phones of one port differ."""
    found = identity.get("soc") or ()
    return (found,) if isinstance(found, str) else tuple(str(item) for item in found)


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


FILLED = ("soc", "soc_from", "compatible", "models", "qcom_msm_id", "qcom_board_id", "notes", "chassis")
"""What a record keeps where a newer source says nothing."""
NAMES = ("models", "aliases", "android_devices", "model_numbers")
"""What a record only gains."""


def joined(old: tuple[str, ...], new: Iterable[str]) -> tuple[str, ...]:
    """Both, each value once, the old ones first."""
    return tuple(dict.fromkeys((*old, *new)))


def with_known(device: Device, known: Device) -> Device:
    """A record from a newer source, with what an older record knows and that source does not tell.

    Args:
        device: The newer record.
        known: The older one.

    Returns:
        The newer record; how to recognise the phone, its names, panels and notes are kept.
    """
    values = {name: getattr(device, name) or getattr(known, name) for name in FILLED}
    if known.other_socs:  # the order was chosen
        values |= {"soc": known.soc, "other_socs": known.other_socs}
    values |= {name: joined(getattr(device, name), getattr(known, name)) for name in NAMES}
    unported = device.category == "none"
    flash = replace(
        device.flash,
        method=device.flash.method or (known.flash.method if unported else ""),
        products=device.flash.products or known.flash.products,
    )
    display = replace(device.display, panels=device.display.panels or known.display.panels)
    package = known.package if unported else device.package
    return replace(device, **values, flash=flash, package=package, display=display)
