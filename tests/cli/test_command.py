"""The command as a whole: exit codes, suggestions, and one clear paragraph for each trouble."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import CORPUS, real

from pmport import demo
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


def test_port_takes_the_modules_for_the_initramfs_from_the_board_and_its_kernel(tmp_path: Path) -> None:
    (tmp_path / "boot.img").write_bytes(bytes(demo.stock_image()))
    (tmp_path / "board.dts").write_text(
        '/dts-v1/; / { i2c { touchscreen { compatible = "syna,rmi4-i2c"; }; }; };', encoding="utf-8"
    )
    (tmp_path / "config").write_text("CONFIG_INPUT=y\nCONFIG_RMI4_CORE=m\nCONFIG_RMI4_I2C=m\n", encoding="utf-8")
    names = [str(tmp_path / name) for name in ("boot.img", "board.dts", "config")]
    command = ["port", names[0], "--codename", "acme-argon", "-o", str(tmp_path)]
    CliRunner().invoke(pmport, [*command, "--board-tree", names[1], "--kernel-config", names[2]])
    assert "\nrmi_i2c\n" in (tmp_path / "device-acme-argon/modules-initfs").read_text(encoding="utf-8")
    assert CliRunner().invoke(pmport, [*command, "--board-tree", names[1]]).exit_code == 2
