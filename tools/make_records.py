"""Make records from facts about ports: run by hand when the facts are newer.

``python tools/make_records.py FACTS -o device_db/devices [CODENAME ...]``: FACTS is a folder with ``devices.json``
(ports with their deviceinfo and package), ``device_identity.json`` (how each can be recognised), ``mainline_boards.json`` and
``lk2nd_devices.json`` (phones that have no port yet). A record that is
there already keeps its ``notes``, ``models``, ``flash.products`` and every value that the facts do not know.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pmport.device_db.device import Device, Flash
from pmport.device_db.port_record import boards_of, ids_of, lk2nd_of, record
from pmport.device_db.record_files import parse
from pmport.device_db.toml_writer import to_toml


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
        qcom_msm_id=ids_of({"ids": [board]}, "msm_id"),
        qcom_board_id=ids_of({"ids": [board]}, "board_id"),
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
        qcom_msm_id=ids_of({"ids": [entry]}, "msm_id"),
        qcom_board_id=ids_of({"ids": [entry]}, "board_id"),
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
    ported = {board["path"] for row in identities.values() for board in boards_of(row)}
    own = [row for row in identities.values() if not row.get("generic_port")]  # a generic port serves many phones
    known = {entry["id"] for row in own for entry in lk2nd_of(row)}
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
