"""Unmodified programs, and libusb itself, cannot tell a virtual bus from the kernel's."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import judge

from pmport.virtual import FastbootPhone, Fault, FaultKind, Partition, UsbBus

RunOn = Callable[..., "subprocess.CompletedProcess[str]"]
MIB = 1 << 20

CLIENT = """
import sys, time, usb.core, usb.backend.libusb1
def find(): return usb.core.find(idVendor=0x18d1, backend=usb.backend.libusb1.get_backend())
device = find()
"""


def lk(size: int = 64 * MIB, **more: object) -> FastbootPhone:
    return FastbootPhone("lk", {"boot": Partition(size)}, serial="BUS01", **more)  # type: ignore[arg-type]  # of each test


def client(run_on: RunOn, bus: UsbBus, text: str) -> str:
    found = run_on(bus, sys.executable, "-c", CLIENT + text)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_fastboot_lists_and_asks(run_on: RunOn) -> None:
    fastboot = judge("fastboot", "fastboot")
    with UsbBus([lk()]) as bus:
        assert run_on(bus, fastboot, "devices", "-l").stdout.split() == ["BUS01", "fastboot", "usb:1-1"]
        told = run_on(bus, fastboot, "getvar", "serialno")
    assert "serialno: BUS01" in told.stderr
    assert not bus.root.exists()


def test_fastboot_flashes_64_mib_and_reboots(run_on: RunOn, tmp_path: Path) -> None:
    fastboot = judge("fastboot", "fastboot")
    image = tmp_path / "boot.img"
    image.write_bytes(b"ANDROID!" + random.Random(1).randbytes(64 * MIB - 8))
    phone = lk()
    with UsbBus([phone]) as bus:
        flashed = run_on(bus, fastboot, "flash", "boot", str(image))
        assert flashed.returncode == 0, flashed.stderr
        assert phone.partitions["boot"].sha256() == hashlib.sha256(image.read_bytes()).hexdigest()
        assert run_on(bus, fastboot, "reboot").returncode == 0
        assert phone.mode == "system"
        assert not phone.plugged
        assert run_on(bus, fastboot, "devices").stdout == ""


def test_several_phones_on_one_bus_are_told_apart(run_on: RunOn) -> None:
    fastboot = judge("fastboot", "fastboot")
    phones = [FastbootPhone("lk2nd", serial=f"PHONE{number}") for number in range(3)]
    with UsbBus(phones) as bus:
        listed = run_on(bus, fastboot, "devices").stdout
        assert sorted(line.split()[0] for line in listed.splitlines()) == ["PHONE0", "PHONE1", "PHONE2"]
        assert run_on(bus, fastboot, "-s", "PHONE1", "erase", "boot").returncode == 0
    assert [any(command.startswith("erase") for command in phone.model.commands) for phone in phones] == [
        False, True, False,
    ]  # fmt: skip


def test_fastboot_waits_until_the_cable_is_put_in(run_on: RunOn) -> None:
    fastboot = judge("fastboot", "fastboot")
    phone = lk()
    phone.unplug()
    with UsbBus([phone]) as bus:
        later = threading.Timer(0.3, phone.plug)
        later.start()
        told = run_on(bus, fastboot, "getvar", "product", timeout=20)
        later.join()
    assert "waiting for any device" in told.stderr
    assert told.returncode == 0


def test_reboot_to_the_bootloader_comes_back_as_another_device(run_on: RunOn) -> None:
    fastboot = judge("fastboot", "fastboot")
    phone = lk()
    with UsbBus([phone]) as bus:
        assert run_on(bus, fastboot, "reboot-bootloader").returncode == 0
        assert phone.generation == 1
        assert run_on(bus, fastboot, "getvar", "product", timeout=10).returncode == 0  # it waits until it is there
        assert "BUS01" in run_on(bus, fastboot, "devices").stdout


def test_libusb_sees_the_kernels_errors(run_on: RunOn) -> None:
    with UsbBus([lk()]) as bus:
        told = client(
            run_on,
            bus,
            "def code(call):\n"
            "    try: call()\n"
            "    except usb.core.USBError as error: return error.errno\n"
            "start = time.monotonic()\n"
            "print(code(lambda: device.read(0x81, 64, 300)), 0.25 < time.monotonic() - start < 2)\n"
            "print(code(lambda: device.ctrl_transfer(0xC0, 99, 0, 0, 4)))\n"
            "device.write(1, b'getvar:serialno'); print(code(lambda: device.read(0x81, 4, 300)))\n"
            "print(code(lambda: device.write(1, bytes(17 << 20), 1000)))\n",
        )
    assert told.splitlines() == ["110 True", "32", "75", "12"]


def test_one_program_at_a_time_holds_an_interface(run_on: RunOn) -> None:
    with UsbBus([lk()]) as bus:
        holder = subprocess.Popen(
            [sys.executable, "-c", CLIENT + "usb.util.claim_interface(device, 0); print(flush=True); time.sleep(60)"],
            env=bus.environment(), stdout=subprocess.PIPE,
        )  # fmt: skip
        with holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            busy = "try: usb.util.claim_interface(device, 0)\nexcept usb.core.USBError as error: print(error.errno)\n"
            assert client(run_on, bus, busy) == "16"
            holder.kill()
        deadline = time.monotonic() + 5
        while client(run_on, bus, busy) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client(run_on, bus, busy) == ""


def test_a_live_libusb_learns_of_the_cable(run_on: RunOn) -> None:
    phone = lk(faults=[Fault(FaultKind.UNPLUG, 2)])
    with UsbBus([phone]) as bus:
        told = client(
            run_on,
            bus,
            "device.write(1, b'getvar:product'); device.read(0x81, 64)\n"
            "try: device.write(1, b'getvar:product')\n"
            "except usb.core.USBError as error: print(error.errno)\n"
            "end = time.monotonic() + 5\n"
            "while find() is not None and time.monotonic() < end: time.sleep(0.02)\n"
            "print(find())\n",
        )
    assert told.splitlines() == ["19", "None"]


@pytest.mark.parametrize("kind", [FaultKind.STALL, FaultKind.NAK, FaultKind.GARBAGE, FaultKind.SHORT, FaultKind.SLOW])
def test_failures_reach_the_program(run_on: RunOn, kind: FaultKind) -> None:
    expected = {"stall": "32", "nak": "110", "garbage": "garbage", "short": "OK", "slow": "OKAYBUS01"}[kind]
    with UsbBus([lk(faults=[Fault(kind, 1, seconds=0.2)])]) as bus:
        told = client(
            run_on,
            bus,
            "device.write(1, b'getvar:serialno')\n"
            "try: print(bytes(device.read(0x81, 64, 500)).decode('latin1'))\n"
            "except usb.core.USBError as error: print(error.errno)\n",
        )
    if kind is FaultKind.GARBAGE:
        assert bytes(byte ^ 0xA5 for byte in told.encode("latin1")) == b"OKAYBUS01"
    else:
        assert told.startswith(expected)


def test_each_call_can_be_watched(run_on: RunOn) -> None:
    lines: list[str] = []
    with UsbBus([lk()], trace=lines.append) as bus:
        client(run_on, bus, "device.write(1, b'getvar:product'); device.read(0x81, 64)\n")
    assert any(line.startswith("SUBMITURB 0 ") for line in lines)
    assert any("EAGAIN" in line or line.startswith("REAPURB") for line in lines)
