"""The device database: one record per phone, found by what the phone says of itself.

::

    device = device_db.load("oneplus-enchilada")       # reads that record alone
    draft = device_db.draft(facts, codename="nokia-argon", name="Nokia Argon", year=2021)
    draft.device, draft.questions                      # what the facts tell, and what nobody told yet
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.device_db.device import (
        Addresses,
        Boot,
        BootFiles,
        Chromebook,
        Correction,
        Device,
        Display,
        Flash,
        KernelVariant,
        Package,
        Soc,
        Storage,
        System,
        Usb,
    )
    from pmport.device_db.deviceinfo_keys import KEYS, from_deviceinfo
    from pmport.device_db.drafting import Draft, Question, draft
    from pmport.device_db.identification import Candidate, find, search
    from pmport.device_db.record_files import codenames, load, load_soc, parse, records
    from pmport.device_db.toml_writer import to_toml

_NAMES = {
    **dict.fromkeys(
        (
            "Addresses", "Boot", "BootFiles", "Chromebook", "Correction", "Device", "Display", "Flash", "KernelVariant",
            "Package", "Soc", "Storage", "System", "Usb",
        ),
        "pmport.device_db.device",
    ),
    **dict.fromkeys(("KEYS", "from_deviceinfo"), "pmport.device_db.deviceinfo_keys"),
    **dict.fromkeys(("Draft", "Question", "draft"), "pmport.device_db.drafting"),
    **dict.fromkeys(("Candidate", "find", "search"), "pmport.device_db.identification"),
    **dict.fromkeys(("codenames", "load", "load_soc", "parse", "records"), "pmport.device_db.record_files"),
    "to_toml": "pmport.device_db.toml_writer",
}  # fmt: skip

__all__ = [
    "KEYS",
    "Addresses",
    "Boot",
    "BootFiles",
    "Candidate",
    "Chromebook",
    "Correction",
    "Device",
    "Display",
    "Draft",
    "Flash",
    "KernelVariant",
    "Package",
    "Question",
    "Soc",
    "Storage",
    "System",
    "Usb",
    "codenames",
    "draft",
    "find",
    "from_deviceinfo",
    "load",
    "load_soc",
    "parse",
    "records",
    "search",
    "to_toml",
]

__getattr__, __dir__ = lazily(__name__, {name: f"{module}:{name}" for name, module in _NAMES.items()})
