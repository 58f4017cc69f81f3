"""Make records from facts about ports: the tool of this folder, run by hand when the facts are newer.

``python -m pmport.device_db.make_records FACTS -o device_db [CODENAME ...]``: FACTS is a folder with ``devices.json``
(ports with their deviceinfo and package), ``device_identity.json`` (how each can be recognised), ``mainline_boards.json`` and
``lk2nd_devices.json`` (phones that have no port yet). A record that is
there already keeps its ``notes``, ``models``, ``flash.products`` and every value that the facts do not know.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
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
        qcom_msm_id=_ids(identity, "msm_id"),
        qcom_board_id=_ids(identity, "board_id"),
        package=package,
    )


def _bare(name: str) -> str:
    return name.partition(">")[0].partition("=")[0].partition("<")[0]


def _boards(identity: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    boards = identity.get("mainline_boards") or ()
    return [board for board in boards if isinstance(board, Mapping)]


def _lk2nd(identity: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [entry for entry in identity.get("lk2nd") or () if isinstance(entry, Mapping)]


def _compatibles(identity: Mapping[str, Any]) -> Iterable[str]:
    """What the mainline tree and lk2nd call it: the first, most special string of each."""
    found = (row["compatible"][0] for row in (*_boards(identity), *_lk2nd(identity)) if row.get("compatible"))
    return dict.fromkeys(found)


def _models(identity: Mapping[str, Any]) -> Iterable[str]:
    found = (row["model"] for row in (*_boards(identity), *_lk2nd(identity)) if row.get("model"))
    return dict.fromkeys(found)


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


def from_board(board: Mapping[str, Any]) -> Device:
    """A record of a phone or tablet that no port has, from its mainline device tree.

    Args:
        board: Its row of ``mainline_boards.json``.

    Returns:
        The device; category ``none``.
    """
    compatible, soc = board["compatible"][:2]
    return Device(
        codename=_codename(compatible),
        name=board["model"],
        manufacturer=board["model"].split()[0].rstrip(","),
        arch={"arm64": "aarch64", "arm": "armv7"}[board["arch"]],
        chassis=board["chassis"],
        category="none",
        soc=soc.partition(",")[2],
        soc_from="mainline-root-compatible",
        dtb=(board["path"],),
        compatible=(compatible,),
        models=(board["model"],),
        qcom_msm_id=_ids({"ids": [board]}, "msm_id"),
        qcom_board_id=_ids({"ids": [board]}, "board_id"),
    )


def from_lk2nd(entry: Mapping[str, Any]) -> Device:
    """A record of a phone that only lk2nd knows.

    Args:
        entry: Its row of ``lk2nd_devices.json``.

    Returns:
        The device; category ``none``.
    """
    compatible = entry["compatible"][0]
    chips = entry.get("soc_from_msm_id") or [entry.get("file_soc") or entry.get("soc_folder") or ""]
    return Device(
        codename=_codename(compatible),
        name=entry["model"],
        manufacturer=entry["model"].split()[0],
        category="none",
        soc=chips[0] if len(chips) == 1 else "",
        soc_from="lk2nd" if len(chips) == 1 else "",
        compatible=(compatible,),
        models=(entry["model"],),
        qcom_msm_id=_ids({"ids": [entry]}, "msm_id"),
        qcom_board_id=_ids({"ids": [entry]}, "board_id"),
        flash=Flash(method="fastboot"),
    )


def _codename(compatible: str) -> str:
    vendor, _, name = compatible.lower().partition(",")
    return f"{vendor}-{name}"


def unported(facts: Path, identities: Mapping[str, Any], taken: set[str]) -> Iterator[Device]:
    """Phones and tablets that only mainline or lk2nd know.

    Args:
        facts: Folder of ``mainline_boards.json`` and ``lk2nd_devices.json``.
        identities: What the ports were matched with.
        taken: Codenames that are there already.

    Yields:
        Devices; the first of a codename wins.
    """
    boards = json.loads((facts / "mainline_boards.json").read_text(encoding="utf-8"))
    entries = json.loads((facts / "lk2nd_devices.json").read_text(encoding="utf-8"))["devices"]
    ported = {board["path"] for row in identities.values() for board in _boards(row)}
    own = [row for row in identities.values() if not row.get("generic_port")]  # a generic port serves many phones
    known = {entry["id"] for row in own for entry in _lk2nd(row)}
    bodies = [
        from_board(board)
        for board in (*boards["boards"], *boards["source_only"])
        if board.get("chassis") in {"handset", "tablet"}
        and board["path"] not in ported
        and len(board["compatible"]) > 1
    ]
    others = [
        from_lk2nd(entry)
        for entry in entries
        if entry["id"] not in known and entry.get("compatible") and entry.get("model")
    ]
    for device in (*bodies, *others):
        if device.codename not in taken and not device.codename.endswith("-various"):
            taken.add(device.codename)
            yield device


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
    made = [record(codename, ports[codename], identities.get(codename, {})) for codename in options.codenames or ports]
    if not options.codenames:
        made += unported(options.facts, identities, set(ports))
    for device in made:
        path = options.output / f"{device.codename}.toml"
        kept = _kept(device, parse(path.read_text(encoding="utf-8"), path.name)) if path.exists() else device
        path.write_text(to_toml(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
