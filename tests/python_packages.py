"""Python packages that a single test needs and the development environment does not have, kept between runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from debian import CACHE
from support import IN_CI


def installed(package: str) -> Path:
    """A folder for ``PYTHONPATH`` with a package and what it needs; without a network the test is skipped, in CI it fails."""
    folder = CACHE / "python" / f"{sys.version_info.major}.{sys.version_info.minor}" / package
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    being_made = folder.with_name(f".{package}.{id(folder):x}")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(being_made), package]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        reason = f"{package} cannot be installed here: {done.stderr.strip()[-300:]}"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    if not folder.is_dir():
        being_made.rename(folder)
    return folder
