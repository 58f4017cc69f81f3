"""What public lists know of phones: names, model numbers and chips, by maker and Android codename.

Two lists are read: the device files of LineageOS' wiki (one YAML file per device) and the list of certified devices (CSV:
brand, marketing name, device, model). Only names and numbers are taken.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

MODEL_NUMBER = re.compile(r"(?=.*\d)(?:ONEPLUS )?[A-Z][A-Z0-9]*(?:[-_]?[A-Z0-9+]+)*")
QUALCOMM = re.compile(r"Qualcomm (?:[^A-Z]*)((?:MSM|APQ|SDM|SM|SDA|QM|QCM)\d{3,4})")
OTHERS = (
    (re.compile(r"Samsung Exynos (\d{3,4})"), "exynos{}"),
    (re.compile(r"TI OMAP(\d{4})"), "omap{}"),
    (re.compile(r"NVIDIA Tegra \S+ \(T(\d{3})\)"), "tegra{}"),
    (re.compile(r"Google Tensor GS(\d{3})"), "gs{}"),
    (re.compile(r"HiSilicon Kirin (\d{3})"), "kirin{}"),
    (re.compile(r"Mediatek MT(\d{4})", re.IGNORECASE), "mt{}"),
)


@dataclass
class Names:
    """What the lists say of one device.

    Args:
        names: What it is sold as.
        numbers: Model numbers.
        devices: What Android calls it: ``ro.product.device``.
        chips: Chips, as records name them; several where variants differ.
    """

    names: dict[str, None] = field(default_factory=dict)
    numbers: dict[str, None] = field(default_factory=dict)
    devices: dict[str, None] = field(default_factory=dict)
    chips: set[str] = field(default_factory=set)


def lineage(folder: Path) -> Mapping[tuple[str, str], Names]:
    """The wiki's devices: (maker in lower case, codename) → names.

    Args:
        folder: ``_data/devices`` of the wiki.

    Returns:
        The table.
    """
    found: dict[tuple[str, str], Names] = defaultdict(Names)
    for path in sorted(folder.glob("*.yml")):
        row: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        entry = found[str(row["vendor_short"]).lower(), str(row["codename"]).lower()]
        entry.names |= dict.fromkeys(_plain_names(str(row["name"])))
        entry.numbers |= dict.fromkeys(
            str(model) for model in row.get("models", ()) if MODEL_NUMBER.fullmatch(str(model))
        )
        chips = row["soc"] if isinstance(row["soc"], list) else [row["soc"]]
        entry.chips |= set(filter(None, map(chip_name, map(str, chips))))
    return found


def _plain_names(text: str) -> Iterator[str]:
    """``Galaxy S5 LTE (G900F/M)`` → ``Galaxy S5 LTE``; names with slashes are several."""
    for name in re.sub(r"\s*\(.*?\)", "", text).split(" / "):
        if name.strip():
            yield name.strip()


def chip_name(text: str) -> str:
    """A chip as records name it; "" where the text has no part number.

    Args:
        text: As the wiki writes it: ``Qualcomm MSM8974AC Snapdragon 801``.

    Returns:
        ``msm8974``.
    """
    if match := QUALCOMM.match(text):
        return match[1].lower()
    return next((form.format(match[1]) for pattern, form in OTHERS if (match := pattern.match(text))), "")


def certified(path: Path) -> Mapping[tuple[str, str], Names]:
    """The certified devices: (brand in lower case, device or model number) → names.

    Args:
        path: The CSV file.

    Returns:
        The table. A device stands under its codename, and under each model number in lower case.
    """
    found: dict[tuple[str, str], Names] = defaultdict(Names)
    with path.open(encoding="utf-16", newline="") as file:
        for row in csv.DictReader(file):
            brand, name = row["Retail Branding"].strip().lower(), row["Marketing Name"].strip()
            device, model = row["Device"].strip(), row["Model"].strip()
            for key in {device.lower(), *_short_numbers(model)}:
                entry = found[brand, key]
                if name:
                    entry.names[" ".join(name.split())] = None
                entry.devices[device] = None
                if MODEL_NUMBER.fullmatch(model) and model != name:
                    entry.numbers[model] = None
    return found


def _short_numbers(model: str) -> Iterable[str]:
    """``GT-I9505`` → ``gt-i9505``, ``i9505``: ports are named so."""
    text = model.lower()
    yield text
    prefix, dash, rest = text.partition("-")
    if dash and prefix in {"gt", "sm", "sgh", "lg", "xt"}:
        yield rest
