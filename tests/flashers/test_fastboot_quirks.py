"""What some bootloaders do otherwise is heeded, and what they refuse is explained."""

from __future__ import annotations

import pytest

from pmport import flashers, generate
from pmport.device_db import Device, Flash
from pmport.errors import DeviceRefusedError
from pmport.flashers.fastboot.quirks import NONE, QUIRKS, Quirk, explained, quirk_of
from pmport.formats.reports.getvars import GetVars
from pmport.virtual import FastbootPhone, Partition, PyusbBackend

DEVICE = Device("acme-argon", flash=Flash(method="fastboot"))


@pytest.mark.parametrize(
    ("product", "family"), [("thor", "Amazon thor"), ("mt6765", "MediaTek"), ("RMX1931", "Realme and OnePlus")]
)
def test_a_family_is_known_by_what_it_says(product: str, family: str) -> None:
    assert quirk_of(GetVars({"product": product})).family == family


def test_most_phones_need_nothing() -> None:
    assert quirk_of(GetVars({"product": "enchilada"})) is NONE
    assert quirk_of(GetVars({})) is NONE
    assert all(quirk.pattern for quirk in QUIRKS)


def test_what_a_phone_cannot_take_at_once_is_split_whatever_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    quirk = Quirk("a test", "product", ".*", usb_chunk=16 << 10, largest_download=1 << 20)
    monkeypatch.setattr("pmport.flashers.fastboot.quirks.QUIRKS", (quirk,))
    phone = FastbootPhone("lk2nd", {"userdata": Partition(8 << 20)})
    plan = generate.flash_plan(DEVICE, {"userdata": bytes(range(256)) * (6 << 12)})
    with flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.run(plan)
        assert flasher.client.transport.transfer_size == 16 << 10
    assert len([line for line in phone.model.commands if line.startswith("download:")]) > 1


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("Flashing is not allowed in Lock State", "unlock"),
        ("image is not a boot image", "lk2nd"),
        ("Unknown chunk type: 0000cac3", "raw image"),
        ("partition table doesn't exist", "getvar"),
        ("Warning: battery's capacity is very low", "charge"),
        ("some words that nobody knows", ""),
    ],
)
def test_a_refusal_is_explained(words: str, remedy: str) -> None:
    assert remedy in explained(words)


def test_the_error_says_what_to_do() -> None:
    phone = FastbootPhone("lk", {"boot": Partition(1 << 20)})
    plan = generate.flash_plan(DEVICE, {"recovery": b"no boot image at all" * 10})
    with (
        flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher,
        pytest.raises(DeviceRefusedError) as caught,
    ):
        flasher.run(plan)
    assert caught.value.remedy
