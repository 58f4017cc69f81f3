"""Files of other distributions evaluate, and say what people wrote for the same phones there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support import judge

from pmport import device_db, generate
from pmport.generate.distributions.nix import SOCS

PEOPLE = {
    "oneplus-enchilada": {"name": '"oneplus-enchilada"', "screen": "{ width = 1080; height = 2280; }"},
    "oneplus-fajita": {"name": '"oneplus-fajita"', "screen": "{ width = 1080; height = 2340; }"},
    "motorola-potter": {"soc": '"qualcomm-msm8953"', "type": '"android"', "device_name": '"potter"'},
    "pine64-pinephone": {"soc": '"allwinner-a64"', "type": '"u-boot"', "screen": "{ width = 720; height = 1440; }"},
    "lenovo-krane": {"type": '"depthcharge"'},
}  # fmt: skip
"""Codename → what mobile-nixos' own files say of it (January 2025)."""


@pytest.mark.judge
def test_every_description_for_mobile_nixos_is_one_that_nix_parses(tmp_path: Path) -> None:
    program = judge("nix-instantiate", "nix-bin")
    devices = list(device_db.records())
    names = []
    for device in devices:
        path = tmp_path / f"{device.codename}.nix"
        path.write_text(generate.mobile_nixos(device), encoding="utf-8")
        names.append(str(path))
    environment = {
        "NIX_STATE_DIR": str(tmp_path / "state"),
        "NIX_STORE_DIR": str(tmp_path / "store"),
        "HOME": str(tmp_path),
    }
    answer = subprocess.run([program, "--parse", *names], check=False, capture_output=True, text=True, env=environment)
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.splitlines()) == len(devices)


def test_a_chip_that_mobile_nixos_does_not_know_is_not_named() -> None:
    for device in device_db.records():
        named = re.search(r'^    soc = "(.*)";', generate.mobile_nixos(device), re.MULTILINE)
        assert named is None or named[1] in SOCS.values(), device.codename


@pytest.mark.parametrize("codename", PEOPLE)
def test_mobile_nixos_files_say_what_people_wrote(codename: str) -> None:
    if codename == "lenovo-krane":
        codename = "google-kukui"  # the same board, by the name of its family
        people = PEOPLE["lenovo-krane"]
    else:
        people = PEOPLE[codename]
    text = generate.mobile_nixos(device_db.load(codename))
    for name, value in people.items():
        assert re.search(rf"{name} = {re.escape(value)};", text), f"{name} of {codename}"


def test_text_that_nix_would_expand_is_escaped() -> None:
    text = generate.mobile_nixos(device_db.Device("acme-argon", name='Argon "${builtins.abort 1}"'))
    assert 'name = "Argon \\"\\${builtins.abort 1}\\"";' in text


def test_a_phone_with_two_slots_is_told_so() -> None:
    assert "ab_partitions = true;" in generate.mobile_nixos(device_db.load("google-sargo"))
    assert "ab_partitions = true;" not in generate.mobile_nixos(device_db.load("nokia-n900"))
