"""What goes over the cable to a Samsung and a Nokia can be recorded, shared, and played back."""

from __future__ import annotations

import io

import pytest

import pmport.flashers
from pmport.errors import FlashError
from pmport.flashers.nokia.flasher import NokiaFlasher
from pmport.flashers.samsung.client import LokeSettings
from pmport.flashers.samsung.flasher import HeimdallFlasher
from pmport.generate.plans.nokia import plan_images
from pmport.plan import FlashPlan, Image, Step, Verb
from pmport.section import Section
from pmport.transport.recording import Replayer
from pmport.virtual import ColdPhone, LokePhone, NoloPhone, PyusbBackend

KERNEL = (bytes(36) + b"\x18\x28\x6f\x01").ljust(5000, b"k")
SECOND = {"2nd": (bytes(52) + b"2NDAPE").ljust(999, b"1"), "secondary": (bytes(4) + b"NOLOScnd").ljust(999, b"2")}
QUICK = LokeSettings(settle=0)


def boot(data: bytes) -> FlashPlan:
    return FlashPlan("heimdall", (Step(Verb.FLASH, "BOOT", Image.of("boot.img", Section.of(data))),))


def test_a_samsung_is_played_back() -> None:
    lines = io.StringIO()
    with pmport.flashers.open("heimdall", backend=PyusbBackend([LokePhone()]), record=lines) as flasher:
        flasher.client.settings = QUICK
        flasher.run(boot(b"ANDROID!"))
    replay = Replayer(lines.getvalue().splitlines())
    HeimdallFlasher(replay, settings=QUICK).run(boot(b"ANDROID!"))
    assert replay.finished
    with pytest.raises(FlashError, match="another message"):
        HeimdallFlasher(Replayer(lines.getvalue().splitlines()), settings=QUICK).run(boot(b"another!"))


def test_a_nokia_is_played_back() -> None:
    lines = io.StringIO()
    plan = plan_images({"kernel": KERNEL}, reboot=True)
    with pmport.flashers.open("0xffff", backend=PyusbBackend([NoloPhone()]), record=lines) as flasher:
        flasher.run(plan)
    replay = Replayer(lines.getvalue().splitlines())
    NokiaFlasher(replay).run(plan)
    assert replay.finished
    with pytest.raises(FlashError, match="another message"):
        NokiaFlasher(Replayer(lines.getvalue().splitlines())).run(plan_images({"kernel": KERNEL + b"k"}))


def test_a_recording_goes_on_when_the_phone_comes_back_as_nolo() -> None:
    lines, nolo = io.StringIO(), NoloPhone()
    phone = ColdPhone(nolo)
    plan = plan_images({**SECOND, "kernel": KERNEL}, cold=True, allow=["cold-flash"])
    with pmport.flashers.open("0xffff", backend=PyusbBackend([phone, nolo]), record=lines) as flasher:
        flasher.run(plan)
    text = lines.getvalue()
    assert "kernel" in nolo.flash
    assert '"control": [64, 80, 0, 3]' in text
    assert phone.asic_id.device_id.hex() not in text
