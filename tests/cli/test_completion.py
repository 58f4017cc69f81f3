"""The completion script of each shell is one that this shell accepts."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from pmport import device_db, transport
from pmport.cli import pmport
from pmport.errors import TransportError


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_names_the_command_and_is_valid(shell: str) -> None:
    result = CliRunner().invoke(pmport, ["completion", shell])
    assert result.exit_code == 0
    assert "_PMPORT_COMPLETE" in result.output
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=result.output, text=True, check=True)


@pytest.mark.parametrize(
    ("typed", "incomplete", "offered"),
    [
        (["flash", "--codename"], "oneplus-ench", {"oneplus-enchilada"}),
        (["boot", "--codename"], "oneplus-ench", {"oneplus-enchilada"}),
        (["db", "show"], "nokia-n9", {"nokia-n9", "nokia-n900"}),
        (["flash", "--virtual"], "lk", {"lk", "lk2nd"}),
        (["virtual", "run", "--phone"], "n900", {"n900", "n900-cold", "n900-mk2"}),
        (["kernel", "check", "-c"], "commu", {"community"}),
        (["flash"], "vb", {"vbmeta="}),
        (["db", "generate"], "no-such-", set()),
    ],
)
def test_values_are_completed_from_what_there_is(typed: list[str], incomplete: str, offered: set[str]) -> None:
    found = {
        item.value
        for item in ShellComplete(pmport, {}, "pmport", "_PMPORT_COMPLETE").get_completions(typed, incomplete)
    }
    assert offered <= found
    assert all(value.startswith(incomplete) for value in found)


def test_the_partitions_of_a_record_are_offered() -> None:
    """A record that names its partitions offers them beside the roles."""
    with_record = ["flash", "--codename", "samsung-a5"]
    found = {
        item.value for item in ShellComplete(pmport, {}, "pmport", "_PMPORT_COMPLETE").get_completions(with_record, "")
    }
    assert {"boot=", "rootfs="} <= found
    named = {name for row in device_db.load("samsung-a5").flash.partitions.values() for name in row.values()}
    assert {f"{name}=" for name in named} <= found


def test_a_bus_that_cannot_be_looked_at_offers_no_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise TransportError("there is no bus")

    monkeypatch.setattr(transport, "usb_devices", broken)
    assert ShellComplete(pmport, {}, "pmport", "_PMPORT_COMPLETE").get_completions(["flash", "--device"], "") == []
