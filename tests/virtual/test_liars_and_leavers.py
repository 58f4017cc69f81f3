"""Phones that lie, talk for ever, fall silent, leave and come back: no run hangs, none says what is not so, the next one works."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import pmport.flashers
from pmport.errors import FlashError, NoDeviceError, PlanError, PmportError, TransportError
from pmport.events import BytesMoved, Event, OnEvent, ignore
from pmport.flashers.fastboot.client import Timeouts
from pmport.flashers.samsung.client import LokeSettings
from pmport.generate.plans.nokia import plan_images
from pmport.interruption import Stopped
from pmport.plan import FlashPlan, PlannedFile, Step, Verb
from pmport.section import Section
from pmport.transport.address import split_address
from pmport.virtual import FastbootPhone, NoloPhone, Partition, PyusbBackend
from pmport.virtual.network import NetworkPhone
from pmport.virtual.samsung import LokePhone

MIB = 1 << 20
QUICK = Timeouts(answer=0.3, data=0.3, work=0.3, reboot=0.3, restart=3.0, stop=1.0, rescue=1.0)
BOUND = 0.3 * 3 + 1.0 + 0.3 * 3 + 2.0
"""Deadline of the exchange, of a rescue and of a second try, and two seconds."""
IMAGE = b"ANDROID!" + bytes(range(256)) * 4096
IN = 0x81


class Liar(FastbootPhone):
    """Says one thing for ever, or one thing that is not so, in answer to one command."""

    def __init__(self, command: str, answers: list[bytes], *, times: int = 1) -> None:
        super().__init__("lk2nd", {"boot": Partition(4 * MIB), "userdata": Partition(4 * MIB)})
        self.lies, self.answers, self.times = command, answers, times
        self._honest = self.model.receive
        self.model.receive = self._lie  # type: ignore[method-assign]  # that is the point of it

    def _lie(self, data: bytes) -> Iterator[bytes]:
        if not self.model.expected and data.decode("latin-1").startswith(self.lies):
            for _ in range(self.times):
                yield from self.answers
        else:
            yield from self._honest(data)


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Both end the program, also where the tests run in the background of a shell that ignores one."""
    old = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in old.items():
        signal.signal(number, handler)


FLOOD = 30_000
LIES: dict[str, tuple[str, list[bytes], int]] = {
    "info without end": ("getvar:", [b"INFOon and on"], FLOOD),
    "text without end": ("flash:", [b"TEXTon and on"], FLOOD),
    "empty packets without end": ("getvar:", [b""], FLOOD),
    "a flood while it flashes": ("flash:", [b"INFO" + b"x" * 250], FLOOD),
    "silence on the first question": ("getvar", [], 1),
    "silence on flash": ("flash:", [], 1),
    "silence on reboot": ("reboot", [], 1),
    "a wrong size": ("download:", [b"DATA00000001"], 1),
    "no size": ("download:", [b"DATAzzzzzzzz"], 1),
    "a negative size": ("download:", [b"DATA-0000001"], 1),
    "data that nobody asked for": ("flash:", [b"DATA00001000"], 1),
    "no fastboot at all": ("flash:", [b"HTTP/1.1 400 Bad Request"], 1),
    "escapes": ("flash:", [b"FAIL\x1b[2J\x1b]0;owned\x07\r\xe2\x80\xae"], 1),
}


def plan(*steps: Step) -> FlashPlan:
    flash = Step(Verb.FLASH, "boot", PlannedFile.of("boot.img", Section.of(IMAGE)))
    return FlashPlan("fastboot", steps or (flash, Step(Verb.REBOOT)))


@contextmanager
def reached(phone: FastbootPhone, how: str) -> Iterator[dict[str, Any]]:
    if how == "usb":
        yield {"backend": PyusbBackend([phone])}
        return
    with NetworkPhone(phone) as server:
        yield {"device": f"{how}:127.0.0.1:{server.port}"}


def run(
    job: FlashPlan, timeouts: Timeouts, on_event: OnEvent = ignore, *, device: str = "", backend: Any = None
) -> None:
    with pmport.flashers.open("fastboot", device=device, backend=backend) as flasher:
        flasher.client.timeouts = timeouts
        flasher.run(job, on_event)


@pytest.mark.parametrize("how", ["usb", "tcp", "udp"])
@pytest.mark.parametrize("lie", LIES)
def test_a_liar_comes_to_an_end_and_the_error_is_true(how: str, lie: str) -> None:
    phone = Liar(*LIES[lie][:2], times=LIES[lie][2])
    events: list[Event] = []
    with reached(phone, how) as where:
        start = time.monotonic()
        with pytest.raises((FlashError, TransportError)) as caught:
            run(plan(), QUICK, events.append, **where)
        spent = time.monotonic() - start
    error = caught.value
    assert spent < BOUND + 20 * (LIES[lie][2] > 1)  # a flood is also made by this machine
    assert error.remedy, str(error)
    assert str(error).isprintable() or "\t" in str(error)
    assert len(events) < 25_000
    written = phone.partitions["boot"].read(0, len(IMAGE)) == IMAGE
    if isinstance(error, FlashError) and "Nothing was written" in error.state:
        assert not written


@pytest.mark.parametrize("announced", [b"DATAffffffff", b"DATA10000000", b"DATA00000010"])
def test_a_fetch_of_another_size_than_was_asked_for_is_refused(announced: bytes) -> None:
    phone, target = Liar("fetch:", [announced]), io.BytesIO()
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.client.timeouts = QUICK
        with pytest.raises(FlashError, match="announced"):
            flasher.client.fetch("boot", target)
    assert not target.getvalue()


@pytest.mark.parametrize("command", ["boot", "reboot"])
def test_silence_is_no_boot(command: str) -> None:
    phone = Liar(command, [])
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.client.timeouts = QUICK
        with pytest.raises(FlashError, match="does not answer"):
            flasher.client.boot() if command == "boot" else flasher.client.reboot()


class Leaver(FastbootPhone):
    """Leaves some time after its answer, and comes back some time later."""

    def __init__(self, leaves: float, away: float, *, serial: str = "LEAVER01") -> None:
        parts = {"boot": Partition(4 * MIB), "system": Partition(MIB, logical=True)}
        super().__init__("abl", parts, serial=serial, variables={"is-userspace": "no"})
        self.leaves, self.away = leaves, away

    def settle(self) -> None:
        if self._leaving:
            self._leaving = False
            threading.Thread(target=self._wander, daemon=True).start()

    def _wander(self) -> None:
        time.sleep(self.leaves)
        self.unplug()
        time.sleep(self.away)
        from pmport.virtual.fastboot_profiles import PROFILES  # noqa: PLC0415 - only here

        self.model.profile = PROFILES["fastbootd"]
        self.model.variables = {}
        self.plug()


def restart() -> FlashPlan:
    system = Step(Verb.FLASH, "system", PlannedFile.of("system.img", Section.of(bytes(4096) + IMAGE)))
    return plan(Step(Verb.REBOOT, argument="fastboot"), system)


@pytest.mark.parametrize("leaves", [0.0, 0.05, 0.5, 2.0])
@pytest.mark.parametrize("away", [0.0, 0.1, 1.0])
def test_a_phone_that_restarts_is_found_again(leaves: float, away: float) -> None:
    phone, twin = Leaver(leaves, away), Leaver(0, 0)
    twin.serial = phone.serial  # of the same make, with the number that its maker gave to all of them
    with pmport.flashers.open("fastboot", device="usb:1-1", backend=PyusbBackend([phone, twin])) as flasher:
        flasher.client.timeouts = Timeouts(restart=20)
        flasher.run(restart())
    assert phone.partitions["system"].read(4096, len(IMAGE)) == IMAGE
    assert not twin.partitions["system"].written
    assert not [command for command in twin.model.commands if not command.startswith("getvar")]


def test_one_that_does_not_come_back_is_told() -> None:
    phone = Leaver(0, 60)
    with pytest.raises(PmportError, match="did not come back") as caught:
        run(restart(), QUICK, backend=PyusbBackend([phone]))
    assert caught.value.remedy


def test_another_phone_in_its_port_is_not_taken_for_it() -> None:
    phone, other = Leaver(0, 60), Leaver(0, 0, serial="STRANGER")
    other.unplug()
    other.port_of = phone
    threading.Timer(0.5, other.plug).start()
    with pytest.raises(PmportError, match="another one"):
        run(restart(), QUICK, backend=PyusbBackend([phone, other]))
    assert not other.partitions["system"].written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", range(10))
def test_a_stopped_run_leaves_a_phone_that_hears(number: signal.Signals, at: int) -> None:
    phone = FastbootPhone("lk2nd", {"boot": Partition(16 * MIB)})
    image = b"ANDROID!" + bytes(8 * MIB)
    job = FlashPlan("fastboot", (Step(Verb.FLASH, "boot", PlannedFile.of("boot.img", Section.of(image))),))
    seen = 0

    def meddle(_: Event) -> None:
        nonlocal seen
        seen += 1
        if seen == at + 1:
            signal.raise_signal(number)

    backend = PyusbBackend([phone])
    with pytest.raises(KeyboardInterrupt) as caught, pmport.flashers.open("fastboot", backend=backend) as flasher:
        flasher.run(job, meddle)
    if isinstance(caught.value, Stopped):
        assert caught.value.exit_code == 128 + number
        assert (
            "nothing of this download was written" in caught.value.state
            or at == 0
            or "waits" in caught.value.state
            or "not used" in caught.value.state
        )
    assert phone.model.expected == 0
    with pmport.flashers.open("fastboot", backend=backend) as again:
        again.run(job)
    assert phone.partitions["boot"].read(0, len(image)) == image


def test_the_next_run_rescues_a_phone_that_still_waits_for_data() -> None:
    phone = FastbootPhone("fastbootd", {"boot": Partition(4 * MIB, b"before")})
    list(phone.model.receive(b"download:00100000"))
    list(phone.model.receive(b"x" * 1000))
    events: list[Event] = []
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.client.timeouts = Timeouts(answer=0.3, rescue=10)
        flasher.client.on_event = events.append
        assert flasher.client.getvar("product") == "virtual"
        flasher.run(plan(Step(Verb.FLASH, "boot", PlannedFile.of("boot.img", Section.of(IMAGE)))))
    assert any("that download was ended" in getattr(event, "text", "") for event in events)
    assert phone.partitions["boot"].read(0, len(IMAGE)) == IMAGE


@pytest.mark.parametrize("at", range(1, 5))
def test_a_stopped_samsung_takes_the_next_run(at: int) -> None:
    phone = LokePhone("v2")
    job = FlashPlan("heimdall", (Step(Verb.FLASH, "BOOT", PlannedFile.of("boot.img", Section.of(bytes(4 * MIB)))),))
    seen = 0

    def meddle(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, BytesMoved)
        if seen == at and isinstance(event, BytesMoved):
            signal.raise_signal(signal.SIGINT)

    backend = PyusbBackend([phone])
    with pytest.raises(KeyboardInterrupt):
        to_samsung(job, backend, meddle)
    to_samsung(job, backend)


def to_samsung(job: FlashPlan, backend: PyusbBackend, on_event: OnEvent = ignore) -> None:
    with pmport.flashers.open("heimdall", backend=backend) as flasher:
        flasher.client.settings = LokeSettings(settle=0)
        flasher.run(job, on_event)


@pytest.mark.parametrize("at", range(1, 5))
def test_a_stopped_nolo_takes_the_next_run(at: int) -> None:
    phone, seen = NoloPhone(), 0
    kernel = (bytes(36) + b"\x18\x28\x6f\x01").ljust(700_000, b"k")

    def meddle(event: Event) -> None:
        nonlocal seen
        seen += isinstance(event, BytesMoved)
        if seen == at and isinstance(event, BytesMoved):
            signal.raise_signal(signal.SIGINT)

    def flash(on_event: OnEvent = ignore) -> None:
        with pmport.flashers.open("0xffff", backend=PyusbBackend([phone])) as flasher:
            flasher.run(plan_images({"kernel": kernel}), on_event)

    with pytest.raises(Stopped) as caught:
        flash(meddle)
    assert "as it was" in caught.value.state
    assert "kernel" not in phone.flash
    flash()
    assert phone.flash["kernel"].startswith(kernel)


@pytest.mark.parametrize(
    "text", ["", ":1", "host:", "host:abc", "host:0", "host:65536", "[::1", "[::1]5554", "[]:1", "h:-1", "h:1_0"]
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises((NoDeviceError, PlanError), match="no address"):
        split_address(text, 5554)
