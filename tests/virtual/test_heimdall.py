"""A plan reaches a Samsung phone as Heimdall would bring it, or an error says where it stopped."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import pmport.flashers
from pmport.byte_sources import FileSource
from pmport.errors import (
    DeadlineError,
    DeviceRefusedError,
    FlashError,
    NoDeviceError,
    PlanError,
    PmportError,
    ProtocolError,
    RefusedError,
)
from pmport.events import BytesMoved, Event
from pmport.flashers.samsung.client import LokeClient
from pmport.flashers.samsung.flasher import data_interface
from pmport.flashers.samsung.settings import EmptyPackets, LokeSettings
from pmport.formats.storage.pit import Pit
from pmport.plan import FlashPlan, Image, Preconditions, Step, Verb
from pmport.section import Section
from pmport.transport.usb import UsbTransport, usb_devices
from pmport.virtual import LOKE_PROFILES, Fault, FaultKind, LokePhone, PyusbBackend
from pmport.virtual.samsung_pit import Slot, write_table

MIB = 1 << 20
QUICK = LokeSettings(
    settle=0, answer=0.05, greeting=0.05, retries=1, retry_pause=0.01, part=0.05, sequence_end=0.05, table=0.05,
    t_flash=0, empty_packet=0.02, reboot=0.05,
)  # fmt: skip

MATRIX = replace(QUICK, answer=0.02, part=0.02, sequence_end=0.02, greeting=0.02, retries=0, empty_packet=0.002)


@cache
def image(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def flash(name: str, data: bytes | Section, danger: str = "") -> Step:
    return Step(Verb.FLASH, name, Image.of(f"{name}.img", Section.of(data)), danger=danger)


def plan(*steps: Step, reboot: bool = True, **more: object) -> FlashPlan:
    last = (Step(Verb.REBOOT),) if reboot else ()
    return FlashPlan("heimdall", (*steps, *last), **more)  # type: ignore[arg-type]  # the fields of each test


def run(phone: LokePhone, what: FlashPlan, settings: LokeSettings = QUICK) -> list[Event]:
    events: list[Event] = []
    backend = PyusbBackend([phone])
    with pmport.flashers.open("heimdall", backend=backend) as flasher:
        flasher.client.settings = settings
        flasher.run(what, events.append)
    assert not backend.claimed
    return events


@pytest.mark.parametrize("size", [1, MIB, 31 * MIB + 5])
@pytest.mark.parametrize("profile", LOKE_PROFILES)
def test_every_bootloader_gets_the_file(profile: str, size: int) -> None:
    phone, data = LokePhone(profile), image(size)
    events = run(phone, plan(flash("BOOT", data)))
    assert phone.partitions["BOOT"].read(0, size) == data
    assert phone.flashed == [("BOOT", size)]
    assert phone.total == size
    moved = [event for event in events if isinstance(event, BytesMoved)]
    assert moved[-1].fraction == 1.0
    phone.settle()
    assert phone.mode == "system"


@pytest.mark.parametrize("policy", EmptyPackets)
@pytest.mark.parametrize("profile", ["v2", "v2-empty-packets", "v3-no-empty-packets"])
def test_empty_packets_as_each_bootloader_wants_them(profile: str, policy: EmptyPackets) -> None:
    phone = LokePhone(profile)
    step = plan(flash("BOOT", image(3 * MIB)))
    if profile == "v2-empty-packets" and policy is EmptyPackets.NEVER:
        with pytest.raises(FlashError, match="opens no session"):
            run(phone, step, replace(QUICK, empty_packets=policy))
        return
    run(phone, step, replace(QUICK, empty_packets=policy))
    assert phone.flashed == [("BOOT", 3 * MIB)]
    if profile == "v3-no-empty-packets":
        assert phone.empty_packets <= 1


def test_several_files_in_one_session_by_name_and_by_identifier() -> None:
    phone = LokePhone()
    parts = {"BOOT": image(MIB, 1), "10": image(2 * MIB + 1, 2), "MODEM": image(70000, 3)}
    run(phone, plan(*(flash(name, data) for name, data in parts.items()), reboot=False, allow=("bootloader",)))
    assert phone.flashed == [("BOOT", MIB), ("RECOVERY", 2 * MIB + 1), ("MODEM", 70000)]
    assert phone.partitions["RECOVERY"].read(0, 2 * MIB + 1) == parts["10"]
    assert phone.total == sum(map(len, parts.values()))
    assert sum(line.startswith("SESSION BEGIN") for line in phone.log) == 1
    assert phone.mode == "download"
    assert "FILE SEQUENCE_END 1 70000 0 2 1" in phone.log


def test_a_second_run_resumes_the_closed_session() -> None:
    phone = LokePhone()
    run(phone, plan(flash("BOOT", image(10)), reboot=False))
    run(phone, plan(flash("RECOVERY", image(20)), reboot=False))
    run(phone, plan(flash("BOOT", image(30)), reboot=False), replace(QUICK, resume=True))
    assert [name for name, _ in phone.flashed] == ["BOOT", "RECOVERY", "BOOT"]
    assert phone.log.count("ODIN") == 1
    with pytest.raises(FlashError, match="does not answer the greeting") as caught:
        run(phone, plan(flash("BOOT", image(30))), replace(QUICK, resume=False))
    assert "download mode again" in caught.value.remedy


def test_the_table_is_read_and_written_byte_for_byte() -> None:
    table = write_table([Slot("BOOT", "boot.img", 0, 2048)], trailer=b"signature", padded=1)
    phone = LokePhone(table=table)
    with pmport.flashers.open("heimdall", backend=PyusbBackend([phone])) as flasher:
        flasher.client.settings = QUICK
        assert bytes(flasher.read_table()) == table
        flasher.run(plan(flash("0", image(5)), reboot=False))
    assert phone.flashed == [("BOOT", 5)]
    newer = write_table([Slot("BOOT", "boot.img", 3, 4096), Slot("DTBO", "dtbo.img", 4, 64)], trailer=bytes(77))
    steps = (flash("PIT", newer, "repartition"), flash("DTBO", image(6)))
    with pytest.raises(RefusedError):
        plan(*steps)
    run(phone, plan(*steps, allow=("repartition",)))
    assert phone.table == newer
    assert phone.flashed[-1] == ("DTBO", 6)
    assert phone.total == len(newer) + 6
    sent = [line for line in phone.log if line.startswith(("PIT", "table"))][-4:]
    assert sent == ["PIT FLASH", f"PIT PART {len(newer)}", f"table of {len(newer)} bytes", f"PIT END {len(newer)}"]


def test_the_memory_card_and_the_users_data() -> None:
    phone = LokePhone()
    run(phone, plan(Step(Verb.COMMAND, argument="t-flash"), flash("BOOT", image(5))))
    assert phone.t_flash
    assert phone.log.index("SESSION T_FLASH") < phone.log.index("SESSION TOTAL_BYTES 5")
    other = LokePhone()
    run(other, plan(Step(Verb.COMMAND, argument="erase userdata"), Step(Verb.REBOOT, argument="off"), reboot=False))
    assert "SESSION ERASE_USERDATA" in other.log
    other.settle()
    assert other.mode == "off"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (plan(flash("boot", b"x")), "has no partition 'boot'"),
        (plan(flash("BOOT", Section.zeros(129 * MIB))), "BOOT has 134217728"),
        (plan(flash("BOOT", b"x"), preconditions=Preconditions(products=("MSM8916",))), "is of 'VIRTUAL'"),
        (plan(flash("BOOT", b"x"), preconditions=Preconditions(partition_sizes={"BOOT": 5})), "had 5"),
        (plan(Step(Verb.SET_ACTIVE, argument="a")), "cannot do"),
        (FlashPlan("fastboot", (flash("BOOT", b"x"),)), "is for fastboot"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_write(what: FlashPlan, words: str) -> None:
    phone = LokePhone()
    with pytest.raises(PlanError, match=words):
        run(phone, what)
    assert not any(line.startswith("FILE") for line in phone.log)
    assert phone.log[-1:] in ([], ["CLOSE END"])


def test_a_refusal_names_its_reason() -> None:
    phone = LokePhone(refuses={"BOOT": -107})
    with pytest.raises(DeviceRefusedError, match="OEM lock") as caught:
        run(phone, plan(flash("BOOT", image(10))))
    assert caught.value.partition == "BOOT"
    assert caught.value.device_text == "-107"
    assert "nothing of it is written" in caught.value.state


def test_a_failure_in_a_later_sequence_says_what_is_written() -> None:
    phone = LokePhone(drop_part=35)
    with pytest.raises(FlashError, match="in time") as caught:
        run(phone, plan(flash("BOOT", image(40 * MIB))))
    assert f"{30 * MIB} bytes of it are written" in caught.value.state
    assert phone.flashed == []


@pytest.mark.parametrize("size", [10, MIB, 3 * MIB, 31 * MIB])
def test_a_phone_that_does_not_acknowledge_the_first_part_gets_the_file(size: int) -> None:
    phone = LokePhone(drop_part=0)
    run(phone, plan(flash("BOOT", image(size))))
    assert phone.flashed == [("BOOT", size)]
    assert phone.partitions["BOOT"].read(0, size) == image(size)
    other = LokePhone(drop_part=1)
    if size > MIB:
        with pytest.raises(FlashError, match="in time"):
            run(other, plan(flash("BOOT", image(size))))
        assert not other.flashed


@pytest.mark.parametrize("late", [10, 3 * MIB])
def test_an_acknowledgement_that_is_only_late_is_no_other(late: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one comes after the deadline, before the next."""
    phone = LokePhone()
    held: list[int] = []
    reply = LokePhone._reply

    def slow(self: LokePhone, kind: int, value: int = 0) -> None:
        if kind == 0 and value == 0 and not held:
            held.append(value)
            return
        if held == [0]:
            held.append(1)
            reply(self, 0, 0)
        reply(self, kind, value)

    monkeypatch.setattr(LokePhone, "_reply", slow)
    run(phone, plan(flash("BOOT", image(late))))
    assert phone.partitions["BOOT"].read(0, late) == image(late)


def test_a_request_that_was_half_sent_is_not_sent_again() -> None:
    """What the phone has of it would be followed by the whole: it would read the second half as something else."""
    sent: list[bytes] = []

    class Torn:
        """Writes that end in the middle of the second message."""

        def __init__(self, transport: UsbTransport) -> None:
            self.inner = transport

        def write(self, data: bytes, timeout: float | None) -> None:
            sent.append(bytes(data))
            if len(sent) == 2:
                raise DeadlineError("it took half", bytes_sent=512)
            self.inner.write(data, timeout)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

    device = usb_devices(backend=PyusbBackend([LokePhone()]))[0]
    client = LokeClient(Torn(UsbTransport(device, data_interface(device))), settings=QUICK)  # type: ignore[arg-type]  # it passes all else on
    client.greet()
    with pytest.raises(FlashError, match="opens no session"):
        client.begin()
    assert len(sent) == 2


def test_a_slow_end_of_a_sequence_is_waited_for() -> None:
    phone = LokePhone(replace(LOKE_PROFILES["v2"], end_seconds=0.3))
    run(phone, plan(flash("BOOT", image(10))), replace(QUICK, sequence_end=2))
    assert phone.flashed == [("BOOT", 10)]


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(image(8 * MIB))
    phone = LokePhone()

    def change(event: Event) -> None:
        if isinstance(event, BytesMoved) and event.done == 3 * MIB:
            path.write_bytes(image(8 * MIB, 2))

    with FileSource(path) as source, pmport.flashers.open("heimdall", backend=PyusbBackend([phone])) as flasher:
        flasher.client.settings = QUICK
        what = plan(flash("BOOT", Section.of(source)))
        with pytest.raises(FlashError, match="was changed while"):
            flasher.run(what, change)
    assert phone.flashed == []


def test_no_phone_and_several() -> None:
    with pytest.raises(NoDeviceError, match="No heimdall device"):
        pmport.flashers.open("heimdall", backend=PyusbBackend([]))
    with pytest.raises(NoDeviceError, match="2 devices"):
        pmport.flashers.open("heimdall", backend=PyusbBackend([LokePhone(), LokePhone()]))


@cache
def small() -> FlashPlan:
    return plan(flash("BOOT", image(3 * MIB + 7)), flash("RECOVERY", image(100)))


def transfers() -> int:
    phone = LokePhone()
    run(phone, small(), MATRIX)
    return phone.faults.transfers


@pytest.mark.parametrize("kind", [
    FaultKind.UNPLUG, FaultKind.STALL, FaultKind.GARBAGE,
    pytest.param(FaultKind.SHORT, marks=pytest.mark.slow), pytest.param(FaultKind.NAK, marks=pytest.mark.slow),
])  # fmt: skip
def test_a_failure_at_every_transfer_is_a_typed_error(kind: FaultKind, capsys: pytest.CaptureFixture[str]) -> None:
    """The cable pulled, a stall, garbage, half a packet, silence: at every index of a small flash."""
    count = transfers()
    outcomes: Counter[str] = Counter()
    for index in range(count):
        phone = LokePhone(faults=[Fault(kind, index)])
        start = time.monotonic()
        failure = failure_of(phone)
        assert time.monotonic() - start < 2, index
        if failure is None:
            assert phone.flashed == [("BOOT", 3 * MIB + 7), ("RECOVERY", 100)], index
            assert phone.partitions["BOOT"].read(0, 3 * MIB + 7) == image(3 * MIB + 7), index
        else:
            assert isinstance(failure, FlashError), (index, failure)
            assert failure.remedy, (index, failure)
            assert failure.state, (index, failure)
        outcomes[type(failure).__name__] += 1
        phone.plug()  # the cable is put in again, in download mode: the next run works
        phone.flashed.clear()
        assert failure_of(phone) is None, index
        assert len(phone.flashed) == 2, index
    with capsys.disabled():
        print(f"\nheimdall, {kind} at each of {count} transfers: {dict(outcomes)}")  # noqa: T201 - the counts are a result
    assert sum(outcomes.values()) == count


def failure_of(phone: LokePhone) -> PmportError | None:
    try:
        run(phone, small(), MATRIX)
    except PmportError as error:
        return error
    return None


def test_a_session_that_cannot_be_closed() -> None:
    what = plan(flash("BOOT", image(10)), reboot=False)
    phone = LokePhone()
    run(phone, what, MATRIX)
    silent = LokePhone(faults=[Fault(FaultKind.NAK, phone.faults.transfers - 1)])
    with pytest.raises(FlashError, match="closing the session") as caught:
        run(silent, what, MATRIX)
    assert caught.value.state == "all steps are done"
    assert silent.flashed == [("BOOT", 10)]


def test_a_table_that_is_none_is_refused() -> None:
    phone = LokePhone()
    phone.table = bytes(700)
    with pytest.raises(ProtocolError, match="partition table is broken"):
        run(phone, plan(flash("BOOT", b"x")))
    assert Pit.parse(LokePhone().table).names[0] == "BOOTLOADER"
