"""A plan reaches a phone in fastboot mode whole, or an error says where it stopped and what is on the phone."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import time
from pathlib import Path

import pytest

import pmport.flashers
from pmport.byte_sources import FileSource
from pmport.errors import (
    AccessError,
    DeviceRefusedError,
    FlashError,
    NoDeviceError,
    PlanError,
    PmportError,
    RefusedError,
)
from pmport.events import BytesMoved, Event, StepFinished, StepStarted
from pmport.flashers.fastboot.client import FastbootClient, Timeouts
from pmport.plan import FlashPlan, Image, Preconditions, Step, Verb
from pmport.section import Section
from pmport.transport.usb import UsbTransport, wait_for_device
from pmport.virtual import PROFILES, FastbootPhone, Fault, FaultKind, Partition, PyusbBackend

MIB = 1 << 20
QUICK = Timeouts(answer=0.2, data=0.2, work=0.2, reboot=0.2, stop=0.5, rescue=0.5)


def boot_image(size: int, seed: int = 1) -> bytes:
    return b"ANDROID!" + random.Random(seed).randbytes(size - 8)


def flash_boot(image: bytes | Section, **preconditions: object) -> FlashPlan:
    planned = Image.of("boot.img", Section.of(image))
    steps = (Step(Verb.FLASH, "boot", planned), Step(Verb.REBOOT))
    return FlashPlan("fastboot", steps, preconditions=Preconditions(**preconditions))  # type: ignore[arg-type]  # the fields of each test


def run(phone: FastbootPhone, plan: FlashPlan, timeouts: Timeouts | None = None) -> list[Event]:
    events: list[Event] = []
    backend = PyusbBackend([phone])
    with pmport.flashers.open("fastboot", backend=backend) as flasher:
        if timeouts:
            flasher.client.timeouts = timeouts
        flasher.run(plan, events.append)
    assert not backend.claimed
    return events


@pytest.mark.parametrize("profile", PROFILES)
def test_every_family_of_bootloaders_gets_the_image(profile: str) -> None:
    phone = FastbootPhone(profile)
    image = boot_image(3 * MIB + 17)
    run(phone, flash_boot(image))
    assert phone.partitions["boot"].read(0, len(image)) == image
    assert phone.mode == "system"


def test_64_mib_arrive_with_the_hash_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(boot_image(64 * MIB))
    phone = FastbootPhone("lk2nd", {"boot": Partition(64 * MIB)})
    with FileSource(path) as source:
        events = run(phone, flash_boot(Section.of(source)))
    assert phone.partitions["boot"].sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
    moved = [event for event in events if isinstance(event, BytesMoved)]
    assert moved[-1].fraction == 1.0
    assert [type(event) for event in events if not isinstance(event, BytesMoved)] == [
        StepStarted, StepFinished, StepStarted, StepFinished,
    ]  # fmt: skip


def test_the_cable_pulled_in_the_middle_is_an_error_at_once(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(boot_image(64 * MIB))
    phone = FastbootPhone("lk2nd", {"boot": Partition(64 * MIB)}, faults=[Fault(FaultKind.UNPLUG, 100)])
    start = time.monotonic()
    with FileSource(path) as source, pytest.raises(FlashError) as caught:
        run(phone, flash_boot(Section.of(source)))
    assert time.monotonic() - start < 5
    error = caught.value
    assert error.partition == "boot"
    assert 0 < error.bytes_sent < 64 * MIB
    assert str(error.bytes_sent) in str(error)
    assert "boot is as it was" in error.state
    assert "plug the phone in again" in error.remedy


def test_what_is_larger_than_a_download_goes_in_sparse_pieces() -> None:
    phone = FastbootPhone("uboot", {"userdata": Partition(200 * MIB)})
    image = random.Random(3).randbytes(40 * MIB) + bytes(60 * MIB) + random.Random(4).randbytes(5 * MIB + 123)
    plan = FlashPlan("fastboot", (Step(Verb.FLASH, "userdata", Image.of("rootfs.img", Section.of(image))),))
    run(phone, plan)
    assert phone.partitions["userdata"].read(0, len(image)) == image
    assert sum(command.startswith("flash:") for command in phone.model.commands) == 2


def test_a_partition_with_slots_is_written_in_the_current_one() -> None:
    parts = {"boot_a": Partition(MIB), "boot_b": Partition(MIB)}
    phone = FastbootPhone("abl", parts, slots=("a", "b"))
    phone.model.current_slot = "b"
    run(phone, flash_boot(boot_image(1000)))
    assert phone.partitions["boot_b"].read(0, 8) == b"ANDROID!"
    assert not phone.partitions["boot_a"].written


def test_a_logical_partition_is_made_to_fit_first() -> None:
    phone = FastbootPhone("fastbootd", {"system": Partition(MIB, logical=True)})
    image = random.Random(1).randbytes(3 * MIB)
    run(phone, FlashPlan("fastboot", (Step(Verb.FLASH, "system", Image.of("system.img", Section.of(image))),)))
    assert phone.partitions["system"].size == 3 * MIB
    assert phone.partitions["system"].read(0, len(image)) == image


@pytest.mark.parametrize(
    ("preconditions", "phone", "words"),
    [
        ({"products": ("enchilada",)}, FastbootPhone("abl"), "it is 'sdm845'"),
        ({"unlocked": True}, FastbootPhone("abl", locked=True), "locked"),
        ({}, FastbootPhone("lk", {"boot": Partition(1000)}), "boot has 1000"),
        ({"max_download_size": 1 << 30}, FastbootPhone("lk2nd"), "takes 268435456 bytes at once"),
    ],
)
def test_a_phone_that_is_not_the_planned_one_is_not_touched(
    preconditions: dict[str, object], phone: FastbootPhone, words: str
) -> None:
    with pytest.raises(PlanError, match=words):
        run(phone, flash_boot(boot_image(5000), **preconditions))
    assert not any(command.startswith(("download", "flash")) for command in phone.model.commands)


def test_the_phones_own_words_are_kept() -> None:
    phone = FastbootPhone("lk")
    with pytest.raises(DeviceRefusedError) as caught:
        run(phone, flash_boot(b"no boot image, certainly"))
    assert caught.value.device_text == "image is not a boot image"
    assert caught.value.partition == "boot"


def test_a_file_that_changed_after_the_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(boot_image(5000))
    with FileSource(path) as source:
        plan = flash_boot(Section.of(source))
        path.write_bytes(boot_image(4000))
        phone = FastbootPhone("lk2nd")
        with pytest.raises(PlanError, match=r"boot\.img was changed after the plan"):
            run(phone, plan)
    assert not phone.model.commands


def test_a_file_that_changes_on_the_way_stops_the_transfer(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(boot_image(8 * MIB))
    phone = FastbootPhone("lk2nd")

    def meddle(event: Event) -> None:
        if isinstance(event, BytesMoved) and event.done == 2 * MIB:
            os.utime(path, ns=(1, 1))

    with (
        FileSource(path) as source,
        pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher,
        pytest.raises(FlashError, match="was changed while it was sent") as caught,
    ):
        flasher.run(flash_boot(Section.of(source)), meddle)
    assert caught.value.bytes_sent == 2 * MIB
    assert not phone.partitions["boot"].written


def test_an_empty_file_cannot_even_be_planned() -> None:
    with pytest.raises(PlanError, match="empty"):
        flash_boot(b"")


def test_a_dangerous_step_wants_its_word() -> None:
    step = Step(Verb.ERASE, "persist", danger="erase")
    with pytest.raises(RefusedError, match="allow=") as caught:
        FlashPlan("fastboot", (step,))
    assert FlashPlan("fastboot", (step,), allow=(caught.value.danger,)).steps == (step,)


def test_no_phone_several_phones_and_a_busy_phone_are_told_apart() -> None:
    with pytest.raises(NoDeviceError, match="No fastboot device"):
        pmport.flashers.open("fastboot", backend=PyusbBackend([]))
    two = PyusbBackend([FastbootPhone(serial="ONE"), FastbootPhone(serial="TWO")])
    with pytest.raises(NoDeviceError, match="ONE, TWO"):
        pmport.flashers.open("fastboot", backend=two)
    with pmport.flashers.open("fastboot", device="TWO", backend=two) as flasher:
        assert flasher.client.getvar("serialno") == "TWO"
        with pytest.raises(AccessError, match="Another program holds"):
            pmport.flashers.open("fastboot", device="TWO", backend=two)


def test_a_phone_that_is_plugged_in_later_is_waited_for() -> None:
    phone = FastbootPhone()
    phone.unplug()
    waited = []

    def told(event: Event) -> None:
        waited.append(event)
        phone.plug()

    with pmport.flashers.open("fastboot", timeout=5, backend=PyusbBackend([phone]), on_event=told) as flasher:
        assert flasher.client.getvar("version") == "0.5"
    assert len(waited) == 1


@pytest.mark.parametrize("profile", ["lk2nd", "fastbootd"])
def test_a_partition_is_read_back(profile: str) -> None:
    content = random.Random(9).randbytes(40 * MIB)
    phone = FastbootPhone(profile, {"boot": Partition(40 * MIB, content)})
    target = io.BytesIO()
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        assert flasher.client.fetch("boot", target) == 40 * MIB
    assert target.getvalue() == content


def test_booting_without_writing_leaves_the_partitions_alone() -> None:
    phone = FastbootPhone("abl")
    plan = FlashPlan("fastboot", (Step(Verb.BOOT, image=Image.of("boot.img", Section.of(boot_image(9000)))),))
    run(phone, plan)
    assert phone.model.booted == boot_image(9000)
    assert not phone.partitions["boot"].written


SMALL = boot_image(600_000)


def transfers_of_a_small_flash() -> int:
    phone = FastbootPhone("lk2nd")
    run(phone, flash_boot(SMALL))
    return phone.faults.transfers


def client(phone: FastbootPhone) -> FastbootClient:
    backend = PyusbBackend([phone])
    return FastbootClient(UsbTransport(wait_for_device("fastboot", backend=backend)), timeouts=QUICK)


@pytest.mark.parametrize("kind", [FaultKind.UNPLUG, FaultKind.STALL, FaultKind.GARBAGE, FaultKind.SHORT])
def test_every_fault_at_every_transfer_ends_in_a_typed_error_or_in_success(kind: FaultKind) -> None:
    count = transfers_of_a_small_flash()
    failed = 0
    for at in range(count):
        phone = FastbootPhone("lk2nd", faults=[Fault(kind, at)])
        with contextlib.suppress(PmportError):
            run(phone, flash_boot(SMALL), QUICK)
            failed -= 1
        failed += 1
        phone.unplug()
        phone.plug()
        run(phone, flash_boot(SMALL))  # the next run works
        assert phone.partitions["boot"].read(0, len(SMALL)) == SMALL
    assert failed


def test_a_silent_phone_runs_into_the_deadline() -> None:
    phone = FastbootPhone("lk2nd", faults=[Fault(FaultKind.NAK, 0)])
    start = time.monotonic()
    with pytest.raises(PmportError):
        client(phone).getvar("product")
    assert time.monotonic() - start < 2
