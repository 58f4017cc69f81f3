"""dtc's own test suite with pmport in the place of dtc and fdtoverlay: ``dtc_suite.py FOLDER`` prints what fails.

The folder is dtc's source, built (``make NO_PYTHON=1 all tests``): its suite judges with its own programs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

STAND_IN = Path(__file__).with_name("dtc_stand_in.py")
PROGRAMS = ("dtc", "fdtoverlay")


def outcome(source: Path) -> tuple[int, list[str]]:
    """How many tests pass, and the lines of those that do not."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("fdtget", "fdtput", "fdtdump"):
            Path(folder, name).symlink_to(source / name)
        for name in PROGRAMS:
            script = Path(folder, name)
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" {name} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        environment = {
            **os.environ,
            "TEST_BINDIR": folder,
            "NO_PYTHON": "1",
            "NO_YAML": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ran = subprocess.run(
            ["sh", "run_tests.sh"], cwd=source / "tests", env=environment, capture_output=True, check=False
        )
    lines = ran.stdout.decode("utf-8", "replace").splitlines()
    passed = next(int(line.split()[-1]) for line in lines if line.startswith("*                PASS:"))
    return passed, [line for line in lines if "\tFAIL" in line and not line.startswith("*")]


if __name__ == "__main__":
    passed_count, failures = outcome(Path(sys.argv[1]).resolve())
    sys.stdout.write("\n".join([*failures, f"{passed_count} pass", ""]))
