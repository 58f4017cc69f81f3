"""The command as a whole: exit codes, suggestions, and one clear paragraph for each trouble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import CORPUS, real

from pmport.cli import COMMANDS, pmport


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pmport", *args], capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(pmport, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: pmport")


def test_a_misspelled_command_is_guessed() -> None:
    result = run("inspct", "x")
    assert result.returncode == 2
    assert "Did you mean inspect?" in result.stderr


def test_a_file_that_is_not_there_is_bad_input_in_one_paragraph() -> None:
    result = run("inspect", "no-such-file.img")
    assert result.returncode == 3
    assert "no-such-file.img" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 2


def test_port_tells_that_the_phone_has_a_record_already(tmp_path: Path) -> None:
    image = real(CORPUS / "boot/xiaomi-vayu-edk2-uefi-a.img")
    result = CliRunner().invoke(pmport, ["port", str(image), "--codename", "acme-argon", "-o", str(tmp_path)])
    assert "pmport db show xiaomi-vayu" in " ".join(result.output.split())
