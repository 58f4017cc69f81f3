"""What a phone in fastboot mode tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars

__all__ = ["read"]

TEXTS = {
    "product": "product",
    "serialno": "serial",
    "version-bootloader": "bootloader",
    "lk2nd:model": "model",
    "lk2nd:compatible": "compatible",
    "lk2nd:panel": "panel",
}
"""Variable → fact."""


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
