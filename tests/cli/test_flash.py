"""The verbs of fastboot, tried on virtual phones as a reader would."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from pmport import demo
from pmport.cli import pmport
from pmport.errors import NoDeviceError, PlanError, RefusedError, TransportError
from pmport.formats.avb.vbmeta import VbMeta
from pmport.virtual import FastbootPhone, LokePhone, PyusbBackend


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


def test_a_makers_commands_go_out_as_they_stand() -> None:
    assert "Device unlocked: true" in run("fastboot", "oem", "device-info", "--virtual", "lk").output
    refused = run("fastboot", "oem", "lock", "--virtual", "lk").exception
    assert isinstance(refused, RefusedError)
    assert refused.danger == "lock"
    assert run("fastboot", "oem", "lock", "--allow", "lock", "--virtual", "lk").exception is None
    assert isinstance(run("fastboot", "flashing", "unlock", "--virtual", "abl").exception, RefusedError)


def test_slots_and_logical_partitions_from_the_command_line() -> None:
    assert "Invalid slot" in str(run("fastboot", "set-active", "b", "--virtual", "lk").exception)
    made = ("fastboot", "create-logical", "system_b", "4096", "--virtual", "fastbootd")
    assert run(*made).exception is None
    assert "PMPORT" not in str(run("fastboot", "resize-logical", "system_b", "0", "--virtual", "fastbootd").exception)
    assert isinstance(run("fastboot", "delete-logical", "system_b", "--virtual", "fastbootd").exception, RefusedError)
    assert run("fastboot", "create-logical", "x", "abc", "--virtual", "fastbootd").exception is not None


def test_staging_from_the_command_line(tmp_path: Path, image: Path) -> None:
    assert run("fastboot", "stage", str(image), "--virtual", "lk2nd").exception is None
    got = tmp_path / "staged"
    result = run("fastboot", "get-staged", "-o", str(got), "--virtual", "lk2nd")
    assert result.exception is None or not got.exists()


@pytest.mark.parametrize("words", [["--slot", "a"], ["-S", "64K"], ["--sparse-limit", "1M"], ["--timeout", "5"]])
def test_how_it_is_flashed_can_be_said(image: Path, words: list[str]) -> None:
    assert run("flash", "--virtual", "lk2nd", f"boot={image}", *words).exception is None


@pytest.mark.parametrize("size", ["", "x", "1", "63K", "-1", "1T", "٣"])
def test_a_size_that_is_none_is_told(image: Path, size: str) -> None:
    if size:
        assert "no size of 64K or more" in str(
            run("flash", "--virtual", "lk2nd", f"boot={image}", "-S", size).exception
        )


def test_other_content_wants_to_be_said(tmp_path: Path) -> None:
    path = tmp_path / "u-boot.bin"
    path.write_bytes(b"U-Boot" * 99)
    said = str(run("flash", "--virtual", "lk2nd", f"boot={path}").exception)
    assert "no Android boot image" in said
    assert "--any-content" in said
    assert run("flash", "--virtual", "lk2nd", f"boot={path}", "--any-content").exception is None


@pytest.mark.parametrize("head", [b"\xfd7zXZ\0", b"\x1f\x8b\x08", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh"])
def test_a_packed_file_is_not_written_as_it_is(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "rootfs.img.packed"
    path.write_bytes(head + bytes(99))
    assert "is packed" in str(run("flash", "--virtual", "lk2nd", f"userdata={path}").exception)


def test_flags_of_verified_boot_need_a_vbmeta_image(tmp_path: Path, image: Path) -> None:
    vbmeta = tmp_path / "vbmeta.img"
    vbmeta.write_bytes(bytes(VbMeta.build()))
    assert "no vbmeta image" in str(run("flash", f"boot={image}", "--disable", "verity", "--dry-run").exception)
    told = run("flash", f"vbmeta={vbmeta}", "--disable", "verity", "--dry-run").output
    assert "signature does not hold" in told


def test_the_environment_names_a_phone(monkeypatch: pytest.MonkeyPatch, image: Path) -> None:
    monkeypatch.setenv("ANDROID_SERIAL", "tcp:127.0.0.1:1")
    assert isinstance(run("getvar", "product").exception, TransportError)
    assert run("flash", "--virtual", "lk2nd", f"boot={image}").exception is None  # a virtual one is meant
    monkeypatch.setenv("FASTBOOT_DEVICE", "tcp:127.0.0.1:2")
    assert "127.0.0.1:2" in str(run("getvar", "product").exception)


def test_phones_of_several_kinds_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    both = PyusbBackend([FastbootPhone(), LokePhone()])
    monkeypatch.setattr("pmport.cli.phone._bus", lambda _: both)
    said = run("reboot").exception
    assert isinstance(said, NoDeviceError)
    assert "2 kinds" in str(said)
    assert "--device" in str(said)
    assert run("reboot", "--device", "usb:1-1").exception is None


def test_a_role_finds_its_partition_in_the_table_of_the_phone(monkeypatch: pytest.MonkeyPatch, image: Path) -> None:
    phone = LokePhone()
    monkeypatch.setattr("pmport.cli.phone._bus", lambda _: PyusbBackend([phone]))
    monkeypatch.setattr("pmport.flashers.samsung.client.time", SimpleNamespace(sleep=lambda _: None))
    assert run("flash", "--method", "heimdall", f"boot={image}").exception is None
    assert [name for name, _ in phone.flashed] == ["BOOT"]


def test_the_doctor_prints_rules_for_every_mode() -> None:
    rules = run("doctor", "--rules").output
    assert 'ENV{ID_USB_INTERFACES}=="*:ff4203:*", TAG+="uaccess"' in rules
    assert 'ATTR{idVendor}=="04e8", ATTR{idProduct}=="685d", TAG+="uaccess"' in rules


def test_the_doctor_names_the_library() -> None:
    result = run("doctor", "--json")
    assert "libusb" in json.loads(result.output)["result"]


def test_a_record_that_does_not_say_how_is_told_by_the_cable_or_by_a_word(tmp_path: Path, image: Path) -> None:
    record = tmp_path / "acme-argon.toml"
    record.write_text('codename = "acme-argon"\nname = "Acme Argon"\n', encoding="utf-8")
    words = ["flash", "--record", str(record), f"boot={image}", "--virtual", "lk2nd"]
    assert CliRunner().invoke(pmport, words).exit_code == 0
    assert "by fastboot" in CliRunner().invoke(pmport, [*words, "--method", "fastboot", "--dry-run"]).output
    with pytest.raises(PlanError, match="--method"):
        CliRunner().invoke(pmport, [*words, "--dry-run"], catch_exceptions=False)
    known = CliRunner().invoke(
        pmport, ["flash", "--codename", "oneplus-enchilada", "--method", "heimdall", f"boot={image}"]
    )
    assert known.exit_code == 2
    assert "flashed by fastboot" in known.output
