"""What was flashed is read back and compared, where the phone lets it; several phones are flashed beside one another."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from pmport import flashers, generate
from pmport.cli import pmport as command
from pmport.device_db import Device, Flash
from pmport.findings import Severity
from pmport.formats.storage.sparse import SparseImage
from pmport.virtual import FastbootPhone, Partition, PyusbBackend

if TYPE_CHECKING:
    from pmport.plan import FlashPlan

DATA = random.Random(4).randbytes(1 << 20)
DEVICE = Device("acme-argon", flash=Flash(method="fastboot"))


def plan(image: bytes) -> FlashPlan:
    return generate.flash_plan(DEVICE, {"userdata": image})


@pytest.mark.parametrize("sparse", [False, True])
def test_what_was_written_is_compared(sparse: bool) -> None:
    phone = FastbootPhone("fastbootd", {"userdata": Partition(2 << 20)})
    image = bytes(SparseImage.build(DATA + bytes(1 << 19))) if sparse else DATA
    with flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        assert flasher.run(plan(image), verify=True) == ()


def test_a_partition_that_kept_something_else_is_told_and_the_phone_is_not_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phone = FastbootPhone("fastbootd", {"userdata": Partition(2 << 20)})
    write = Partition.write

    def worn(self: Partition, offset: int, data: bytes) -> None:
        write(self, offset, data)
        write(self, 4096, bytes([self.read(4096, 1)[0] ^ 1]))

    monkeypatch.setattr(Partition, "write", worn)
    with flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        (finding,) = flasher.run(plan(DATA), verify=True)
    assert (finding.severity, finding.where) == (Severity.ERROR, "userdata")
    assert "byte 0x1000" in finding.message
    assert "reboot" not in phone.model.commands


def test_a_bootloader_that_cannot_be_read_is_told() -> None:
    phone = FastbootPhone("lk2nd", {"userdata": Partition(2 << 20)})
    with flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        findings = flasher.run(plan(DATA), verify=True)
    assert [finding.severity for finding in findings] in ([], [Severity.UNKNOWN])
    assert "reboot" in phone.model.commands


def test_several_phones_are_flashed_at_once_each_with_its_own_plan() -> None:
    phones = [FastbootPhone("lk2nd", {"userdata": Partition(2 << 20)}, serial=f"PHONE{number}") for number in range(4)]
    backend = PyusbBackend(phones)
    images = [random.Random(number).randbytes(1 << 20) for number in range(4)]

    def run(number: int) -> None:
        with flashers.open("fastboot", device=f"PHONE{number}", backend=backend) as flasher:
            flasher.run(plan(images[number]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    for phone, image in zip(phones, images, strict=True):
        written = phone.partitions["userdata"].read(0, len(image))
        assert hashlib.sha256(written).digest() == hashlib.sha256(image).digest()


def test_the_command_verifies(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(DATA)
    run = CliRunner().invoke(command, ["flash", f"userdata={tmp_path / 'image'}", "--virtual", "fastbootd", "--verify"])
    assert run.exit_code == 0, run.output
