"""A port takes a drafted board file in: the kernel package has it, and the deviceinfo names it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support import judge

from pmport import demo
from pmport.board import Draft, draft
from pmport.cli import LazyGroup
from pmport.device_db import Device
from pmport.generate import board_files, board_name

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree

ARGUMENTS = ["--codename", "acme-argon", "--name", "Acme Argon", "--manufacturer", "Acme", "--year", "2018"]


@pytest.fixture
def drafted(vendor: DeviceTree, kernel: Path) -> Draft:
    return draft(vendor, kernel=kernel, compatible="acme,argon", model="Acme Argon")


def test_the_board_s_name_is_what_deviceinfo_says(drafted: Draft) -> None:
    assert board_name(drafted, "acme-argon") == "qcom/sdm999-acme-argon"


@pytest.mark.judge
def test_the_patch_adds_the_file_to_a_kernel_s_source(drafted: Draft, kernel: Path) -> None:
    git = judge("git", "git")
    files = board_files(Device(codename="nadir-krypton"), drafted)
    subprocess.run([git, "init", "-q"], cwd=kernel, check=True)
    patch = next(name for name in files if name.endswith(".patch"))
    subprocess.run([git, "apply", "-"], input=files[patch].encode(), cwd=kernel, check=True)
    added = kernel / "arch/arm64/boot/dts/qcom/sdm999-nadir-krypton.dts"
    assert added.read_text(encoding="utf-8") == drafted.text() == files[added.name]
    assert patch in files["APKBUILD"]
    assert 'dtb-y += sdm999-nadir-krypton.dtb" >> arch/arm64/boot/dts/qcom/Makefile' in files["APKBUILD"]


def test_a_port_with_its_board(tmp_path: Path) -> None:
    image = tmp_path / "boot.img"
    image.write_bytes(bytes(demo.stock_image()))
    arguments = ["port", str(image), *ARGUMENTS, "--chassis", "handset", "--flash-method", "fastboot", "--board"]
    done = CliRunner().invoke(LazyGroup(), [*arguments, "-o", str(tmp_path / "port")])
    assert done.exit_code in {0, 1}, done.output
    assert (tmp_path / "port/linux-acme-argon/msm8916-acme-argon.dts").exists()
    info = (tmp_path / "port/device-acme-argon/deviceinfo").read_text(encoding="utf-8")
    assert 'deviceinfo_dtb="qcom/msm8916-acme-argon"' in info
