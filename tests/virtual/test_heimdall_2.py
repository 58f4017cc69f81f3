"""Heimdall 2.1, which newer distributions have, is a second judge: the same conversation, the same bytes, the same refusal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from debian import unpacked

import pmport.flashers
from pmport.errors import PlanError
from pmport.flashers.samsung.settings import EmptyPackets, LokeSettings
from pmport.plan import FlashPlan, PlannedFile, Step, Verb
from pmport.section import Section
from pmport.virtual import LokePhone, PyusbBackend, UsbBus

pytestmark = [pytest.mark.judge, pytest.mark.online]

LIBRARIES = ("libc6", "libusb-1.0-0", "libstdc++6", "libgcc-s1", "libudev1", "libcap2")
OURS = ("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu")
HABITS = LokeSettings(settle=0, host_version=4, empty_packets=EmptyPackets.HEIMDALL)
IMAGE = b"ANDROID!" + bytes(range(256)) * 12000
Heimdall = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def heimdall(preload: None) -> Heimdall:  # noqa: ARG001 - it skips
    """Run it with its own libraries: it needs a newer C library than older systems have."""
    program = unpacked("heimdall-flash", "amd64", "trixie") / "usr/bin/heimdall"
    roots = [unpacked(name, "amd64", "trixie") for name in LIBRARIES]
    loader = next(roots[0].rglob("ld-linux-x86-64.so.2"))
    path = ":".join([*(str(root / "usr/lib/x86_64-linux-gnu") for root in roots), *OURS])

    def run(bus: UsbBus, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(loader), "--library-path", path, str(program), *words]
        return subprocess.run(command, env=bus.environment(), capture_output=True, text=True, timeout=60, check=False)

    return run


def flashed(phone: LokePhone, *steps: Step) -> None:
    with pmport.flashers.open("heimdall", backend=PyusbBackend([phone])) as flasher:
        flasher.client.settings = HABITS
        flasher.run(FlashPlan("heimdall", steps))


def flash(name: str, data: bytes) -> Step:
    return Step(Verb.FLASH, name, PlannedFile.of(name, Section.of(data)))


@pytest.mark.parametrize("profile", ["v2", "v3"])
def test_the_conversations_are_the_same(heimdall: Heimdall, tmp_path: Path, profile: str) -> None:
    (tmp_path / "image").write_bytes(IMAGE)
    phone, other = LokePhone(profile), LokePhone(profile)
    with UsbBus([phone]) as bus:
        done = heimdall(bus, "flash", "--BOOT", str(tmp_path / "image"), "--RECOVERY", str(tmp_path / "image"))
    assert done.returncode == 0, done.stderr
    flashed(other, flash("BOOT", IMAGE), flash("RECOVERY", IMAGE), Step(Verb.REBOOT))
    assert phone.log == other.log
    assert phone.flashed == other.flashed
    assert phone.empty_packets == other.empty_packets
    assert phone.partitions["BOOT"].sha256() == other.partitions["BOOT"].sha256()


def test_what_is_too_large_is_refused_by_both(heimdall: Heimdall, tmp_path: Path) -> None:
    with (tmp_path / "image").open("wb") as file:
        file.truncate((128 << 20) + 1)
    phone, other = LokePhone("v3"), LokePhone("v3")
    with UsbBus([phone]) as bus:
        done = heimdall(bus, "flash", "--BOOT", str(tmp_path / "image"), "--no-reboot")
    assert done.returncode == 1
    assert "too small" in done.stdout + done.stderr
    with pytest.raises(PlanError, match="BOOT has 134217728"):
        flashed(other, Step(Verb.FLASH, "BOOT", PlannedFile.of("image", Section.zeros((128 << 20) + 1))))
    for log in (phone.log, other.log):
        assert not any(line.startswith("FILE") for line in log)
        assert log[-1] == "CLOSE END"
