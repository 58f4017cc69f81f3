"""Debian's own fastboot, heimdall and 0xFFFF work with the phones that `pmport virtual run` shows them."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import judge

from pmport.virtual import PHONES

MIB = 1 << 20
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(preload: None) -> Run:  # noqa: ARG001 - it skips
    def call(phone: str, *command: str, options: tuple[str, ...] = (), code: int = 0) -> subprocess.CompletedProcess[str]:  # fmt: skip
        words = (sys.executable, "-m", "pmport", "virtual", "run", "--phone", phone, *options, "--", *command)
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call


def image(path: Path, magic: bytes, at: int = 0) -> tuple[str, str]:
    """A file of 64 MiB with something in its place; its name and its hash."""
    data = bytearray(random.Random(64).randbytes(64 * MIB))
    data[at : at + len(magic)] = magic
    path.write_bytes(data)
    return str(path), hashlib.sha256(data).hexdigest()


def test_fastboot(run: Run, tmp_path: Path) -> None:
    program = judge("fastboot", "fastboot")
    assert "fastboot" in run("lk", program, "devices").stdout
    assert "product: lk2nd" in run("lk2nd", program, "getvar", "product").stderr
    name, digest = image(tmp_path / "boot.img", b"ANDROID!")
    script = f"{program} flash boot {name} && {program} reboot"
    told = run("lk", "sh", "-c", script).stderr
    assert f"boot: 64.0 MiB written, sha256 {digest}" in told
    assert "not on the cable, mode system" in told


def test_heimdall(run: Run, tmp_path: Path) -> None:
    program = judge("heimdall", "heimdall-flash")
    assert "Device detected" in run("samsung", program, "detect").stdout
    name, digest = image(tmp_path / "boot.img", b"ANDROID!")
    with ThreadPoolExecutor(2) as pool:  # each sleeps for four seconds
        printed = pool.submit(run, "samsung", program, "print-pit")
        done = run("samsung", program, "flash", "--BOOT", name)
        assert "Partition Name: RECOVERY" in printed.result().stdout
    assert "BOOT upload successful" in done.stdout
    assert f"BOOT: 64.0 MiB written, sha256 {digest}" in done.stderr
    assert "not on the cable, mode system" in done.stderr


def test_0xffff(run: Run, tmp_path: Path) -> None:
    program = judge("0xFFFF", "0xffff")
    told = run("n900", program, "-I").stdout
    assert "Device: RX-51" in told
    assert "HW revision: 2101" in told
    name, digest = image(tmp_path / "zImage", b"\x18\x28\x6f\x01", at=36)
    flashed = run("n900", program, "-m", f"kernel:{name}", "-f", "-r").stderr
    assert f"kernel: 64.0 MiB written, sha256 {digest}" in flashed
    assert "not on the cable, mode system" in flashed


def test_pmport_itself_through_the_real_libusb(run: Run) -> None:
    done = run("samsung-v3", sys.executable, "-m", "pmport", "devices", "--json", "--no-redact")
    (found,) = json.loads(done.stdout)["result"]
    assert (found["mode"], found["method"], found["usb"]) == ("download", "heimdall", "04e8:685d")


def test_partitions_in_a_folder_outlive_the_run(run: Run, tmp_path: Path) -> None:
    program = judge("fastboot", "fastboot")
    (tmp_path / "boot.img").write_bytes(b"ANDROID!" + bytes(500))
    keep = ("--folder", str(tmp_path / "phone"))
    run("lk", program, "flash", "boot", str(tmp_path / "boot.img"), options=keep)
    assert sorted(path.name for path in (tmp_path / "phone").iterdir()) == ["boot.img"]
    assert (tmp_path / "phone" / "boot.img").read_bytes() == b"ANDROID!" + bytes(500)
    assert "boot: 508 B written" in run("lk", program, "devices", options=keep).stderr


def test_failures_and_codes(run: Run) -> None:
    program = judge("fastboot", "fastboot")
    pulled = run("lk", program, "erase", "boot", options=("--fault", "unplug@0", "--trace"), code=1)
    assert "ENODEV" in pulled.stderr
    assert "not on the cable" in pulled.stderr
    run("lk", "sh", "-c", "exit 7", code=7)
    run("lk", "sh", "-c", "kill -9 $$", code=137)
    assert "no program 'no-such-program'" in run("lk", "no-such-program", code=127).stderr
    assert "is none of lk" in run("iphone", "true", code=2).stderr
    assert "kinds are unplug" in run("lk", "true", options=("--fault", "rain@1"), code=2).stderr


def test_every_phone_of_the_table_is_made() -> None:
    for name, phone in PHONES.items():
        first, *_ = phone.make()
        assert first.plugged, name
        assert phone.words
        assert phone.programs in {"fastboot", "heimdall", "0xFFFF"}
