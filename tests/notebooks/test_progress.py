"""The live picture of a flash in a notebook."""

from __future__ import annotations

from pmport import virtual
from pmport.events import BytesMoved, DeviceText, StepFinished, StepStarted, Waiting
from pmport.flashers import open as open_flasher
from pmport.notebook import Progress
from pmport.plan import FlashPlan, Image, Step, Verb
from pmport.section import Section


def test_a_flash_is_drawn_step_by_step() -> None:
    shown: list[str] = []
    phone = virtual.FastbootPhone("lk2nd", {"boot": virtual.Partition(1 << 20)})
    image = Image.of("boot.img", Section.of(bytes(1000)))
    with open_flasher("fastboot", backend=virtual.PyusbBackend([phone])) as flasher:
        flasher.run(FlashPlan("fastboot", (Step(Verb.FLASH, "boot", image), Step(Verb.REBOOT))), Progress(shown.append))
    assert "flash boot" in shown[0]
    assert shown[-1].count("<tr>") == 2
    assert shown[-1].count("value='1.0000'") == 2


def test_words_of_the_phone_are_escaped_and_redacted() -> None:
    shown: list[str] = []
    progress = Progress(shown.append)
    progress(DeviceText("<flash>", "androidboot.serialno=0123456789ABCDEF <b>"))
    assert "&lt;flash&gt;" in shown[-1]
    assert "0123456789ABCDEF" not in shown[-1]
    assert "<b>" not in shown[-1]


def test_many_small_moves_are_drawn_seldom_and_a_repeated_step_begins_anew() -> None:
    shown: list[str] = []
    progress = Progress(shown.append)
    for done in range(1000):
        progress(BytesMoved("flash", done, 1000))
    assert len(shown) < 100
    progress(StepFinished("flash", 1.0))
    progress(StepStarted("flash"))
    assert "value='0.0000'" in shown[-1]
    progress(Waiting("flash", "the phone"))
    assert "waiting for the phone" in shown[-1]
