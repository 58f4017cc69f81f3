"""The database: records and the index in a fresh process, and every deviceinfo of a pmaports mirror."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import Schema, lint

REPOSITORY = Path(__file__).resolve().parent.parent
PMAPORTS = REPOSITORY.parent / "external-mirrors" / "pmaports"
COLD = """
import sys, time
from pmport import device_db
from pmport.device_db import find, load
from pmport.facts import DeviceFacts, Fact
started = time.perf_counter()
{statement}
sys.stdout.write(str(time.perf_counter() - started))
"""
STATEMENTS = {
    "load": "device_db.load('oneplus-enchilada')",
    "find": "device_db.find(DeviceFacts([Fact('compatible', 'oneplus,enchilada', 'test')]))",
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_cold(benchmark: Any, what: str, tmp_path: Path) -> None:
    """The first call in a process that has imported the function; the figure is the process's own."""
    benchmark.group = "database, cold"
    program = COLD.format(statement=STATEMENTS[what])
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)

    def run() -> float:
        command = [sys.executable, "-c", program]
        output = subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY, env=environment).stdout
        return float(output)

    run()
    benchmark.extra_info["seconds"] = sorted(run() for _ in range(9))[4]
    benchmark.pedantic(run, rounds=5)
    sys.stdout.write(f"\ncold {what}: {benchmark.extra_info['seconds'] * 1000:.1f} ms (median of 9)\n")


@pytest.mark.skipif(not PMAPORTS.exists(), reason=f"there is no mirror of pmaports: {PMAPORTS}")
def test_every_deviceinfo_parsed_and_linted(benchmark: Any) -> None:
    benchmark.group = "deviceinfo"
    texts = [path.read_bytes() for path in sorted(PMAPORTS.glob("device/*/device-*/deviceinfo"))]
    Schema.shipped()

    def run() -> int:
        return sum(len(list(lint(DeviceInfo.parse(text)))) for text in texts)

    benchmark.pedantic(run, rounds=5, warmup_rounds=1)
