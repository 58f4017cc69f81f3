"""Programs that the rooms' tests run against virtual phones."""

from __future__ import annotations

import ctypes.util
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from support import IN_CI

if TYPE_CHECKING:
    from pmport.virtual import UsbBus

RunOn = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_on() -> RunOn:
    """Run an unmodified program that sees the devices of a virtual bus and no others."""
    if ctypes.util.find_library("umockdev-preload") is None:
        message = "umockdev's preload library is not installed: apt-get install umockdev"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)

    def run(bus: UsbBus, *command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=bus.environment(), capture_output=True, text=True, timeout=timeout, check=False
        )

    return run
