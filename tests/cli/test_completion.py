"""The completion script of each shell is one that this shell accepts."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from click.testing import CliRunner

from pmport.cli import pmport


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_command_and_is_valid(shell: str) -> None:
    result = CliRunner().invoke(pmport, ["completion", shell])
    assert result.exit_code == 0
    assert "_PMPORT_COMPLETE" in result.output
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=result.output, text=True, check=True)
