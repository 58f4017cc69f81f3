"""Make records from facts about ports: run by hand when the facts are newer.

``python tools/make_records.py --pmaports CHECKOUT --facts FOLDER [--lineage FOLDER] [--certified CSV] -o device_db/devices``

CHECKOUT is pmaports; FOLDER holds ``device_identity.json`` (how each port can be recognised) and ``lk2nd_devices.json``. The
boards of mainline come from the newest index in ``kernels/``. What a record knows already and no source tells is kept.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernel_chip import platform_of
from name_sources import Names, certified, lineage

from pmport import kernels
from pmport.device_db.device import Device, Flash
from pmport.device_db.pmaports_import import read_checkout
from pmport.device_db.port_record import ids_of, joined, lk2nd_of, recognition, with_known
from pmport.device_db.record_files import CODENAME, parse
from pmport.device_db.toml_writer import to_toml
from pmport.errors import RecordError

SUFFIX = re.compile(r"-(?:downstream|mainline|lk2nd|various)$")
ARCHES = {"arm64": "aarch64", "arm": "armv7"}
BODIES = {"handset", "tablet"}


class Boards:
    """The boards of mainline, by path and by compatible string."""

    def __init__(self) -> None:
        self.rows = list(kernels.load_index(kernels.shipped_series()[-1]).boards())
        self.by_path = {_tree(path): (model, compatible) for path, model, compatible, _ in self.rows}

    def enrich(self, device: Device) -> Device:
        """With the compatible strings and models of the boards that the port names."""
        trees = [*device.dtb, *(tree for variant in device.variants.values() for tree in variant.dtb)]
        found = [self.by_path[tree] for tree in trees if tree in self.by_path]
        compatible = [row[1][0] for row in found if row[1]]
        models = [row[0] for row in found if row[0]]
        device = replace(device, compatible=joined(device.compatible, compatible), models=joined(device.models, models))
        chips = {chip for row in found if (chip := chip_of(row[1]))}
        if not device.soc and len(chips) == 1:
            return replace(device, soc=chips.pop(), soc_from="mainline-root-compatible")
        return device

    def unported(self, taken: set[str]) -> Iterator[Device]:
        """Handsets and tablets that no record has."""
        for path, model, compatible, chassis in self.rows:
            if chassis not in BODIES or len(compatible) < 2 or compatible[0] in taken:
                continue
            taken.add(compatible[0])
            yield Device(
                codename=_codename(compatible[0]),
                name=model,
                manufacturer=model.split()[0].rstrip(",") if model else "",
                arch=ARCHES[path.split("/")[1]],
                chassis=chassis,
                category="none",
                soc=chip_of(compatible),
                soc_from="mainline-root-compatible",
                dtb=(_tree(path),),
                compatible=(compatible[0],),
                models=(model,) if model else (),
            )


def chip_of(compatible: tuple[str, ...]) -> str:
    """The chip that a board's root names last, as mainline writes it."""
    return compatible[-1].partition(",")[2] if len(compatible) > 1 else ""


def _tree(path: str) -> str:
    """``arch/arm64/boot/dts/qcom/a.dts`` → ``qcom/a``, as a deviceinfo names it."""
    return path.partition("/boot/dts/")[2].removesuffix(".dts")


def _codename(compatible: str) -> str:
    vendor, _, name = compatible.lower().partition(",")
    return f"{vendor}-{name}"


def named(device: Device, tables: Mapping[str, Mapping[tuple[str, str], Names]]) -> Device:
    """With the names, model numbers and the chip that public lists have under its codename."""
    vendor, _, name = SUFFIX.sub("", device.codename).partition("-")
    found = Names()
    keys = [(vendor, name)]
    for table in tables.values():  # numbers of one list may lead into the next
        for key in keys:
            entry = table.get(key)
            if entry is not None and _plausible(device, entry):
                found.names |= entry.names
                found.numbers |= entry.numbers
                found.devices |= entry.devices
                found.chips |= entry.chips
        keys += [(vendor, number.lower()) for number in found.numbers]
    full = device.name.lower()
    known = [alias for alias in found.names if alias.lower() not in {full, full.removeprefix(f"{vendor} ")}]
    device = replace(
        device,
        aliases=joined(device.aliases, known),
        model_numbers=joined(device.model_numbers, list(found.numbers)),
        android_devices=joined(device.android_devices, list(found.devices)),
    )
    if not device.soc and len(found.chips) == 1:
        return replace(device, soc=found.chips.pop(), soc_from="lineage-wiki")
    return device


def _plausible(device: Device, entry: Names) -> bool:
    """Whether the list means this phone: its names share a word, or its number stands in the record's name."""
    own = _words(device.name) - _words(device.manufacturer)
    theirs = set().union(*(_words(name) for name in entry.names)) | set().union(*(_words(n) for n in entry.numbers))
    return bool(own & theirs)


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", text.lower()) if len(word) > 1 or word.isdigit()}


def with_panels(device: Device, identity: Mapping[str, Any], lk2nd: Mapping[str, Any]) -> Device:
    """With the panels that lk2nd knows for exactly this phone."""
    if identity.get("generic_port"):
        return device
    panels: dict[str, str] = {}
    for entry in lk2nd_of(identity):
        panels |= {
            name: mainline or "" for name, mainline in lk2nd.get(entry.get("id", ""), {}).get("panels", {}).items()
        }
    return replace(device, display=replace(device.display, panels=panels or device.display.panels))


def from_lk2nd(entry: Mapping[str, Any]) -> Device:
    """A record of a phone that only lk2nd knows; category ``none``."""
    compatible = entry["compatible"][0]
    chips = entry.get("soc_from_msm_id") or [entry.get("file_soc") or entry.get("soc_folder") or ""]
    device = Device(
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
    panels = {name: mainline or "" for name, mainline in entry.get("panels", {}).items()}
    return replace(device, display=replace(device.display, panels=panels))


def _facts(folder: Path, name: str) -> Any:
    table = json.loads((folder / name).read_text(encoding="utf-8"))
    return table.get("devices", table)


def gathered(pmaports: Path, facts: Path) -> dict[str, Device]:
    """Every record that the sources make: ports first, then mainline's phones, then those that only lk2nd knows.

    Args:
        pmaports: A checkout.
        facts: The folder of ``device_identity.json`` and ``lk2nd_devices.json``.

    Returns:
        Codename → record.
    """
    identities, entries = _facts(facts, "device_identity.json"), _facts(facts, "lk2nd_devices.json")
    lk2nd = {entry["id"]: entry for entry in entries}
    boards = Boards()
    made: dict[str, Device] = {}
    for codename, port in read_checkout(pmaports):
        if isinstance(port, RecordError):
            raise port
        identity = identities.get(codename, {})
        made[codename] = boards.enrich(with_panels(recognition(port, identity), identity, lk2nd))
    for board in boards.unported({name for device in made.values() for name in device.compatible}):
        made.setdefault(board.codename, board)
    known = {entry["id"] for row in identities.values() if not row.get("generic_port") for entry in lk2nd_of(row)}
    for entry in entries:
        if entry["id"] not in known and entry.get("compatible") and entry.get("model"):
            phone = from_lk2nd(entry)
            if CODENAME.fullmatch(phone.codename) and not phone.codename.endswith("-various"):
                made[phone.codename] = with_known(made.get(phone.codename, phone), phone)
    return made


def main() -> None:
    """Write the records."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--pmaports", "--facts", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--lineage", type=Path)
    parser.add_argument("--certified", type=Path)
    options = parser.parse_args()
    tables = {}
    if options.lineage:
        tables["lineage"] = lineage(options.lineage)
    if options.certified:
        tables["certified"] = certified(options.certified)
    for codename, device in gathered(options.pmaports, options.facts).items():
        path = options.output / f"{codename}.toml"
        record = named(device, tables)
        if not record.soc and (platform := platform_of(record, options.pmaports)):
            record = replace(record, soc=platform, soc_from="kernel-config")
        if path.exists():
            record = with_known(record, parse(path.read_text(encoding="utf-8"), path.name))
        path.write_text(to_toml(record), encoding="utf-8")


if __name__ == "__main__":
    main()
