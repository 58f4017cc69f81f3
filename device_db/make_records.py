"""Make records from facts about ports: the tool of this folder, run by hand when the facts are newer.

``python -m pmport.device_db.make_records FACTS -o device_db [CODENAME ...]``: FACTS is a folder with ``devices.json``
(ports with their deviceinfo and package) and ``device_identity.json`` (how each can be recognised). A record that is
there already keeps its ``notes``, ``models``, ``flash.products`` and every value that the facts do not know.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pmport.device_db.device import Correction, Device, Flash, KernelVariant, Package
from pmport.device_db.deviceinfo_keys import from_deviceinfo
from pmport.device_db.loading import parse
from pmport.device_db.writing import to_toml

__all__ = ["main", "record"]

GENERATED_DEPENDS = {
    "postmarketos-base", "mkbootimg", "pxa-mkbootimg", "dtbtool", "dtbtool-exynos", "dtbtool-sprd", "mtk-mkimage",
    "depthcharge-tools", "u-boot-tools",
}  # fmt: skip
"""Packages that the generator finds by itself."""
WORD = 1 << 32


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
    depends = (name for name in port["apkbuild"]["depends"] if _bare(name) not in {*GENERATED_DEPENDS, *kernels})
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
        qcom_msm_id=_ids(identity, "msm_id"),
        qcom_board_id=_ids(identity, "board_id"),
        package=package,
    )


def _bare(name: str) -> str:
    return name.partition(">")[0].partition("=")[0].partition("<")[0]


def _boards(identity: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    boards = identity.get("mainline_boards") or ()
    return [board for board in boards if isinstance(board, Mapping)]


def _compatibles(identity: Mapping[str, Any]) -> Iterable[str]:
    found = (board["compatible"][0] for board in _boards(identity) if board.get("compatible"))
    return dict.fromkeys(found)


def _models(identity: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys(board["model"] for board in _boards(identity) if board.get("model"))


def _ids(identity: Mapping[str, Any], name: str) -> tuple[tuple[int, ...], ...]:
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


def _kept(device: Device, old: Device) -> Device:
    """Hand edits of the record that was there."""
    flash: Flash = replace(device.flash, products=device.flash.products or old.flash.products)
    return replace(
        device, flash=flash, notes=old.notes or device.notes, models=tuple(dict.fromkeys((*device.models, *old.models))),
        qcom_msm_id=device.qcom_msm_id or old.qcom_msm_id, qcom_board_id=device.qcom_board_id or old.qcom_board_id,
        package=replace(device.package, cmdline=old.package.cmdline, modules_initfs=old.package.modules_initfs),
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Write the records.

    Args:
        arguments: The command line; None: the process's own.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("codenames", nargs="*")
    options = parser.parse_args(arguments)
    ports = json.loads((options.facts / "devices.json").read_text(encoding="utf-8"))["devices"]
    identities = json.loads((options.facts / "device_identity.json").read_text(encoding="utf-8"))
    identities = identities.get("devices", identities)
    for codename in options.codenames or ports:
        device = record(codename, ports[codename], identities.get(codename, {}))
        path = options.output / f"{codename}.toml"
        if path.exists():
            device = _kept(device, parse(path.read_text(encoding="utf-8"), path.name))
        path.write_text(to_toml(device), encoding="utf-8")


if __name__ == "__main__":
    main()
