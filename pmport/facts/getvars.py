"""What a phone in fastboot mode tells of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.chip_names import chip_named
from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.properties import of_fingerprint

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars

__all__ = ["read"]

TEXTS = {
    "board": "board",
    "sku": "model",
    "carrier_sku": "model",
    "model": "model",
    "ro.product.model": "model",
    "ro.product.device": "product",
    "hw-name": "board",
    "lk2nd:device": "product",
    "serialno": "serial",
    "version-bootloader": "bootloader",
    "lk2nd:model": "model",
    "lk2nd:compatible": "compatible",
    "lk2nd:panel": "panel",
}
"""Variable → fact."""
PIECES = 8
"""Long values come in so many pieces at most: ``ro.build.fingerprint[0]`` …"""


FINGERPRINTS = ("ro.build.fingerprint", "vendor-fingerprint", "system-fingerprint")
HTC = re.compile(r"htcb?(?P<chip>msm\d+\w*|apq\d+\w*)", re.IGNORECASE)
"""HTC's ``platform``: hTCBmsm8974."""
BUILD = re.compile(r"(?P<device>[a-z][a-z0-9_]{3,})-(?:[0-9a-f]{7,}|[A-Z]-g[0-9a-f]{7,})\b.*")
"""A bootloader's version that begins with the device's name, and goes on with the commit: ``lancelot-2b1e22f-…``."""
SAMSUNG = re.compile(
    r"(?P<model>[A-Z]{1,2}\d{3,4}[A-Z0-9]{0,2}?)"
    r"(?:XX|UB|UE|DX|XE|ZS|ZC|ZH|ZN|VR|UC|SQ|TM|KS|KT|LU|VJ|XW|JV|DD|DT|KE|OJ|PO|BU|SK|CE|TU|WW)[US]?[0-9A-Z]{4,5}"
)
"""Samsung's version of a bootloader: model, region, and the build."""


def _names(getvars: GetVars) -> Iterator[Fact]:
    """Names, and those inside other values: fingerprints, versions of bootloaders."""
    product = getvars["product"]
    if product:
        yield Fact("product", product, "getvar product", certainty=Certainty.MEASURED)
    if chip := chip_named(f"qcom,{product}") or chip_named(f"mediatek,{product}"):
        yield Fact("soc", chip, "getvar product", certainty=Certainty.DERIVED)
    for name in FINGERPRINTS:
        pieces = [getvars[name], *(getvars[f"{name}[{number}]"] for number in range(PIECES))]
        yield from of_fingerprint("".join(pieces), f"getvar {name}", Certainty.MEASURED)
    if found := HTC.fullmatch(getvars["platform"]):
        yield Fact("manufacturer", "HTC", "getvar platform", certainty=Certainty.DERIVED)
        yield Fact("soc", found["chip"].lower(), "getvar platform", certainty=Certainty.DERIVED)
    if found := BUILD.fullmatch(getvars["version-bootloader"]):
        yield Fact("board", found["device"], "getvar version-bootloader", certainty=Certainty.DERIVED)
    for name in ("lk2nd:bootloader", "version-bootloader"):
        if found := SAMSUNG.fullmatch(getvars[name]):
            yield Fact("manufacturer", "Samsung", f"getvar {name}", certainty=Certainty.DERIVED)
            yield Fact("model", f"SM-{found['model']}", f"getvar {name}", certainty=Certainty.DERIVED)


def read(getvars: GetVars) -> Iterator[Fact]:
    """Read a phone's variables.

    Args:
        getvars: The variables.

    Yields:
        Facts; the device itself said them.
    """
    yield Fact("flash_method", "fastboot", "it answers fastboot", certainty=Certainty.MEASURED)
    for variable, name in TEXTS.items():
        if getvars[variable]:
            yield Fact(name, getvars[variable], f"getvar {variable}", certainty=Certainty.MEASURED)
    yield from _names(getvars)
    numbers = {"max_download_size": getvars.max_download_size, "slots": getvars.slots or None}
    for name, number in numbers.items():
        if number is not None:
            yield Fact(name, number, "getvar", certainty=Certainty.MEASURED)
    if getvars.unlocked is not None:
        yield Fact("unlocked", getvars.unlocked, "getvar unlocked", certainty=Certainty.MEASURED)
    if getvars["battery-voltage"].removesuffix("mV").strip().isdecimal():
        millivolts = int(getvars["battery-voltage"].removesuffix("mV").strip())
        yield Fact("battery_voltage", millivolts, "getvar battery-voltage", certainty=Certainty.MEASURED)
    types = getvars.partition_types
    for name, size in getvars.partition_sizes.items():
        yield Fact(
            "partition", (name, size, types.get(name, "")), "getvar partition-size", certainty=Certainty.MEASURED
        )
