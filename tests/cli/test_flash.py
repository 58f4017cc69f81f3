"""The verbs of fastboot, tried on virtual phones as a reader would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pmport import demo
from pmport.cli import pmport


def run(*args: str) -> Result:
    return CliRunner().invoke(pmport, list(args), standalone_mode=False)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(demo.stock_image()))
    return path


def test_a_dry_run_prints_the_plan_and_touches_nothing(image: Path) -> None:
    result = run("flash", "--codename", "oneplus-enchilada", f"boot={image}", "--dry-run")
    assert "flash boot" in result.output
    assert "plan for oneplus-enchilada, by fastboot" in result.output


def test_the_plan_as_data(image: Path) -> None:
    result = run("flash", "--codename", "oneplus-enchilada", f"boot={image}", "--dry-run", "--json")
    envelope = json.loads(result.output)
    assert envelope["schema"] == 1
    assert [step["verb"] for step in envelope["result"]["steps"]] == ["flash", "reboot"]


def test_flashing_a_virtual_phone_tells_its_events(image: Path) -> None:
    result = run("flash", "--virtual", "lk2nd", f"boot={image}", "--json")
    events = [json.loads(line)["event"] for line in result.output.splitlines()]
    assert events[0] == "StepStarted"
    assert events[-1] == "StepFinished"
    assert "BytesMoved" in events


def test_a_recorded_phone_is_enough_to_find_what_does_not_fit(tmp_path: Path, image: Path) -> None:
    phone = tmp_path / "phone.txt"
    phone.write_text("(bootloader) version:0.4\n(bootloader) partition-size:boot: 0x1000\n", encoding="utf-8")
    result = run("flash", f"boot={image}", "--getvars", str(phone), "--dry-run")
    assert "boot has 4096" in str(result.exception)


def test_getvar_prints_a_recording_that_can_be_read_back() -> None:
    result = run("getvar", "--virtual", "lk2nd")
    assert "(bootloader) product: lk2nd-msm8916" in result.output
    assert "PMPORT0001" not in result.output
    assert "PMPORT0001" in run("getvar", "--virtual", "lk2nd", "--no-redact").output


def test_a_partition_that_a_port_does_not_own_wants_a_word() -> None:
    assert "allow=('erase',)" in str(run("erase", "persist", "--virtual", "lk2nd").exception)
    assert run("erase", "userdata", "--virtual", "lk2nd").exception is None


def test_fetching_writes_the_file_at_once(tmp_path: Path) -> None:
    target = tmp_path / "boot.img"
    result = run("fetch", "boot", "-o", str(target), "--virtual", "lk2nd")
    assert result.exception is None
    assert target.stat().st_size == 64 << 20
    assert list(tmp_path.iterdir()) == [target]


def test_booting_and_rebooting(image: Path) -> None:
    assert run("boot", str(image), "--virtual", "abl").exception is None
    assert run("reboot", "bootloader", "--virtual", "abl").exception is None


def test_the_doctor_prints_rules_for_every_mode() -> None:
    rules = run("doctor", "--rules").output
    assert 'ENV{ID_USB_INTERFACES}=="*:ff4203:*", TAG+="uaccess"' in rules
    assert 'ATTR{idVendor}=="04e8", ATTR{idProduct}=="685d", TAG+="uaccess"' in rules


def test_the_doctor_names_the_library() -> None:
    result = run("doctor", "--json")
    assert "libusb" in json.loads(result.output)["result"]
