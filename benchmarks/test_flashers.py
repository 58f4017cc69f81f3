"""Flashing 64 MiB: pmport beside fastboot, heimdall and 0xFFFF, on the same virtual bus, turn by turn.

Every program is a process of its own and reaches the phone through the same emulated usbfs: pmport's by the real libusb.
The phone is a model, which takes bytes as fast as Python can: the ratios show what the *clients* cost, not how fast a
phone is. The data phase is measured at the phone, from the first byte of the image to the last; the pauses that phones
need (heimdall and pmport both wait three seconds after the begin of a session) lie outside it and are kept.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pmport.virtual import FastbootPhone, LokePhone, NoloPhone, Partition, UsbBus

if TYPE_CHECKING:
    from pmport.virtual.usb_device import VirtualUsbDevice

MIB = 1 << 20
SIZE = 64 * MIB
ROUNDS = 5
PMPORT = (sys.executable, "-m", "pmport")

SEVERAL = ("BOOT", "RECOVERY", "SYSTEM")
"""Three files in one session: heimdall pauses for four seconds in each, so that one session is to measure much."""


class DataPhase:
    """Notes when large transfers begin and end; put before a model's class."""

    first: float = 0.0
    last: float = 0.0

    def received(self, endpoint: int, data: bytes) -> None:
        """Count a piece of the image, and hand it on."""
        image = len(data) >= 4096
        if image and not self.first:
            self.first = time.perf_counter()
        super().received(endpoint, data)  # type: ignore[misc]  # a model's class follows
        if image:
            self.last = time.perf_counter()


class TimedFastboot(DataPhase, FastbootPhone):
    """A phone in fastboot mode."""


class Sink(Partition):
    """A partition that forgets: what writing costs is the model's affair, and noisy."""

    def write(self, offset: int, data: bytes) -> None:
        """Take it."""


class TimedLoke(DataPhase, LokePhone):
    """A phone in download mode."""

    def __init__(self) -> None:
        super().__init__("v3")
        self.partitions = {name: Sink(part.size) for name, part in self.partitions.items()}


class TimedNolo(DataPhase, NoloPhone):
    """A phone in NOLO."""


@dataclass
class Times:
    """What was measured of one program."""

    wall: list[float] = field(default_factory=list)
    data: list[float] = field(default_factory=list)

    @property
    def best(self) -> tuple[float, float]:
        """The quietest run."""
        return min(self.wall), min(self.data)


def once(make: Callable[[], VirtualUsbDevice], words: tuple[str, ...], times: Times, cache: Path) -> None:
    phone: Any = make()
    with UsbBus([phone]) as bus:
        compiled = {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONDONTWRITEBYTECODE": ""}  # as an installed pmport is
        environment = bus.environment() | compiled
        start = time.perf_counter()
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
        times.wall.append(time.perf_counter() - start)
    assert done.returncode == 0, done.stdout + done.stderr
    times.data.append(phone.last - phone.first)


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("flash") / "boot.img"
    data = bytearray(random.Random(64).randbytes(SIZE))
    data[:8], data[36:40] = b"ANDROID!", b"\x18\x28\x6f\x01"
    path.write_bytes(data)
    return str(path)


def fastboot_phone() -> VirtualUsbDevice:
    return TimedFastboot("lk2nd", {"boot": Partition(SIZE)})


CASES: dict[str, tuple[Callable[[], VirtualUsbDevice], tuple[str, ...], tuple[str, ...]]] = {
    "fastboot": (fastboot_phone, ("fastboot", "flash", "boot", "{}"), ("flash", "boot={}")),
    "heimdall": (
        TimedLoke,
        ("heimdall", "flash", *(word for name in SEVERAL for word in (f"--{name}", "{}"))),
        ("flash", "--method", "heimdall", *(f"{name}={{}}" for name in SEVERAL)),
    ),
    "0xFFFF": (TimedNolo, ("0xFFFF", "-m", "kernel:{}", "-f", "-r"), ("nokia", "flash", "kernel={}", "--reboot")),
}


@pytest.mark.parametrize("program", CASES)
def test_flash_64_mib(
    benchmark: Any,
    image: str,
    program: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    make, theirs, ours = CASES[program]
    commands = {
        program: tuple(word.format(image) for word in theirs),
        "pmport": (*PMPORT, *(word.format(image) for word in ours)),
    }
    times = {name: Times() for name in commands}

    def both() -> None:
        for name, words in commands.items():
            once(make, words, times[name], tmp_path_factory.getbasetemp())

    benchmark.pedantic(both, rounds=ROUNDS, iterations=1, warmup_rounds=1)
    other, own = times[program], times["pmport"]
    for number, what in enumerate(("wall", "data phase")):
        values = [each.wall[1:] if what == "wall" else each.data[1:] for each in (other, own)]
        medians = [statistics.median(value) for value in values]
        ratio = medians[1] / medians[0]
        benchmark.extra_info[what] = {program: medians[0], "pmport": medians[1], "ratio": ratio}
        best = own.best[number] / other.best[number]
        with capsys.disabled():
            print(  # noqa: T201 - the ratios are the result
                f"\n{what}: {program} {medians[0]:.3f} s, pmport {medians[1]:.3f} s, ratio {ratio:.2f} (best runs {best:.2f})"
            )


def test_the_image_is_there(image: str) -> None:
    assert Path(image).stat().st_size == SIZE
