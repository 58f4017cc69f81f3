"""The cable fails under the real libusb: one long-lived client process, the phone in this one, plugged in again each time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pmport.virtual import Fault, FaultKind, LokePhone, NoloPhone, UsbBus
from pmport.virtual.faults import Faults
from pmport.virtual.samsung import STANDARD_SLOTS
from pmport.virtual.samsung_pit import write_table

pytestmark = pytest.mark.slow

CLIENT = """
import json, sys, time
import pmport.flashers
from pmport.errors import PmportError
from pmport.flashers.samsung.client import LokeSettings
from pmport.generate.plans.nokia import plan_images
from pmport.flashers.nokia.settings import NoloSettings
from pmport.plan import FlashPlan, Image, Step, Verb
from pmport.section import Section
kernel = (bytes(36) + b"\\x18\\x28\\x6f\\x01").ljust(400_000, b"k")
boot = Image.of("boot.img", Section.of(bytes(2 << 20)))
if sys.argv[1] == "nolo":
    plan, settings = plan_images({"kernel": kernel}), NoloSettings(control=0.1, data=0.1, flash=0.1, ready=0.3)
else:
    plan = FlashPlan("heimdall", (Step(Verb.FLASH, "BOOT", boot),))
    settings = LokeSettings(settle=0, answer=0.1, part=0.1, sequence_end=0.1, greeting=0.1, retries=0, empty_packet=0.02)
for line in sys.stdin:
    start, told = time.monotonic(), ["went well", "", ""]
    try:
        with pmport.flashers.open(plan.method, timeout=3) as flasher:
            flasher.client.settings = settings
            flasher.run(plan)
    except PmportError as error:
        told = [type(error).__name__, error.state, error.remedy]
    print(json.dumps([*told, time.monotonic() - start]), flush=True)
"""


@contextmanager
def client(bus: UsbBus, name: str) -> Iterator[Callable[[], list[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, name], env=bus.environment(), text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        talk, listen = process.stdin, process.stdout

        def run() -> list[str]:
            print(file=talk, flush=True)
            told: list[str] = json.loads(listen.readline())
            return told

        yield run
        talk.close()


@pytest.mark.parametrize("kind", [FaultKind.UNPLUG, FaultKind.STALL, FaultKind.GARBAGE])
@pytest.mark.parametrize("name", ["loke", "nolo"])
def test_every_transfer_may_fail(
    preload: None,  # noqa: ARG001 - it skips
    name: str,
    kind: FaultKind,
    capsys: pytest.CaptureFixture[str],
) -> None:
    phone = LokePhone(table=write_table(STANDARD_SLOTS, padded=1)) if name == "loke" else NoloPhone()
    outcomes: Counter[str] = Counter()
    with UsbBus([phone]) as bus, client(bus, name) as run:
        assert run()[0] == "went well"
        count = phone.faults.transfers
        assert count > 8
        for index in range(count):
            replug(phone, [Fault(kind, index)])
            error, state, remedy, seconds = run()
            assert float(seconds) < 5, index
            if error != "went well":
                assert error.endswith("Error"), (index, error)
                assert remedy, (index, error)
                assert state, (index, error)
                replug(phone, [])
                assert run()[0] == "went well", index
            outcomes[error] += 1
    with capsys.disabled():
        print(f"\n{name} over libusb, {kind} at each of {count} transfers: {dict(outcomes)}")  # noqa: T201 - a result


def replug(phone: LokePhone | NoloPhone, faults: list[Fault]) -> None:
    """Pull the cable, put it in again, and wait until the bus has seen both."""
    phone.unplug()
    time.sleep(0.05)
    phone.faults = Faults(faults)
    phone.plug()
    time.sleep(0.05)
