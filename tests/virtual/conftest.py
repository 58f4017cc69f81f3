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
def preload() -> None:
    """Skip where unmodified programs cannot see virtual phones; fail in CI."""
    if ctypes.util.find_library("umockdev-preload") is None:
        message = "umockdev's preload library is not installed: apt-get install umockdev"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)


@pytest.fixture
def run_on(preload: None) -> RunOn:  # noqa: ARG001 - it skips
    """Run an unmodified program that sees the devices of a virtual bus and no others."""

    def run(bus: UsbBus, *command: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=bus.environment(), capture_output=True, text=True, timeout=timeout, check=False
        )

    return run
