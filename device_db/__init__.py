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
        Addresses as Addresses,
        Boot as Boot,
        BootFiles as BootFiles,
        Chromebook as Chromebook,
        Correction as Correction,
        Device as Device,
        Display as Display,
        Flash as Flash,
        KernelVariant as KernelVariant,
        Package as Package,
        Soc as Soc,
        Storage as Storage,
        System as System,
        Usb as Usb,
    )
    from pmport.device_db.deviceinfo_keys import KEYS as KEYS, from_deviceinfo as from_deviceinfo
    from pmport.device_db.drafting import (
        Draft as Draft,
        Question as Question,
        draft as draft,
        questions as questions,
    )
    from pmport.device_db.record_merging import answered as answered, merged as merged
    from pmport.device_db.identification import (
        BoardAnswer as BoardAnswer,
        Candidate as Candidate,
        boards as boards,
        find as find,
        of_several_boards as of_several_boards,
    )
    from pmport.device_db.record_files import (
        codenames as codenames,
        load as load,
        load_soc as load_soc,
        parse as parse,
        records as records,
    )
    from pmport.device_db.record_folders import using as using
    from pmport.device_db.record_search import search as search
    from pmport.device_db.toml_writer import to_toml as to_toml
else:
    _PUBLIC = {
        "pmport.device_db.device": "Addresses Boot BootFiles Chromebook Correction Device Display Flash KernelVariant Package Soc Storage System Usb",
        "pmport.device_db.deviceinfo_keys": "KEYS from_deviceinfo",
        "pmport.device_db.drafting": "Draft Question draft questions",
        "pmport.device_db.record_merging": "answered merged",
        "pmport.device_db.identification": "BoardAnswer Candidate boards find of_several_boards",
        "pmport.device_db.record_files": "codenames load load_soc parse records",
        "pmport.device_db.record_folders": "using",
        "pmport.device_db.record_search": "search",
        "pmport.device_db.toml_writer": "to_toml",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
