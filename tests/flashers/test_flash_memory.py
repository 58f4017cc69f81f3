"""A large image is streamed: what is held in memory does not grow with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support import REPOSITORY

MIB = 1 << 20
GIB = 1 << 30
SETUP = """
import sys
sys.path.insert(0, sys.argv[1])
import pmport.cli
"""
PEAK = """
from pathlib import Path
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""
FLASH = """
import pmport
from pmport import flashers
from pmport.device_db import Device, Flash
from pmport.virtual import FastbootPhone, Partition, PyusbBackend
phone = FastbootPhone("lk2nd", {"userdata": Partition(4 << 30, file=sys.argv[2] + ".phone")}, variables={"max-download-size": "0x800000"})
plan = pmport.generate.flash_plan(Device("acme-argon", flash=Flash(method="fastboot")), {"userdata": sys.argv[2]})
with flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
    flasher.run(plan)
assert phone.partitions["userdata"].read(3 << 30, 4) == b"last"
"""


def peak(program: str, *arguments: str) -> int:
    """Peak resident memory of a program of its own, KiB."""
    command = [sys.executable, "-c", SETUP + program + PEAK, str(REPOSITORY), *arguments]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_flashing_an_image_of_4_gib_takes_little_memory(tmp_path: Path) -> None:
    image = tmp_path / "userdata.img"
    with image.open("wb") as file:
        for number in range(24):
            file.seek(number * 100 * MIB)
            file.write(bytes([number + 1]) * MIB)
        file.seek(3 * GIB)
        file.write(b"last")
        file.truncate(4 * GIB)
    over = peak(FLASH, str(image)) - peak("")
    sys.stdout.write(f"{over / 1024:.1f} MiB over the bare command\n")
    assert over < 80 * 1024
