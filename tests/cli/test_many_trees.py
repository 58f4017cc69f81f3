"""A command that takes one tree of many says which, and another can be asked for; a file of many boards is said to be one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmport.cli import pmport as command
from pmport.devicetree import parse_source
from pmport.errors import FormatError

BOARDS = (
    ("DragonBoard", '"qcom,apq8016-sbc", "qcom,apq8016"'),
    ("LG Nexus 5X", '"lg,bullhead", "qcom,msm8992"'),
    ("Huawei Nexus 6P", '"huawei,angler", "qcom,msm8994"'),
)


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "dtb.img"
    path.write_bytes(
        b"".join(
            bytes(
                parse_source(
                    f'/ {{ model = "{model}"; compatible = {names}; soc {{ uart {{ compatible = "arm,pl011"; }}; }}; }};'
                )
            )
            for model, names in BOARDS
        )
    )
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("dt", "print"), "--index"),
        (("dt", "graph"), "--index"),
        (("kernel", "status"), "--tree-index"),
    ],
)
def test_the_tree_that_is_taken_is_named_on_standard_error(
    bundle: str, arguments: tuple[str, ...], option: str
) -> None:
    result = CliRunner().invoke(command, [*arguments, bundle])
    assert "tree 0 of 3" in result.stderr
    assert "DragonBoard" in result.stderr
    assert option in result.stderr
    assert "tree 0 of 3" not in result.stdout
    other = CliRunner().invoke(command, [*arguments, bundle, option, "2"])
    assert "tree 2 of 3" in other.stderr
    assert "Huawei Nexus 6P" in other.stderr


def test_a_name_may_say_which_tree(bundle: str) -> None:
    result = CliRunner().invoke(command, ["dt", "print", f"{bundle}@1"])
    assert "LG Nexus 5X" in result.stdout
    with pytest.raises(FormatError, match="3 device trees, and number 3"):
        command.main(["dt", "print", f"{bundle}@3"], standalone_mode=False)
    differ = CliRunner().invoke(command, ["dt", "diff", f"{bundle}@1", f"{bundle}@2"])
    assert "LG Nexus 5X" in differ.stdout


def test_a_file_with_one_tree_needs_no_note(tmp_path: Path) -> None:
    path = tmp_path / "one.dtb"
    path.write_bytes(bytes(parse_source('/ { model = "A"; };')))
    assert CliRunner().invoke(command, ["dt", "print", str(path)]).stderr == ""


def test_a_file_of_many_boards_is_said_to_be_one(bundle: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["db", "identify", bundle])
    assert "device trees of 3 boards" in result.stdout
    assert "lg-bullhead" in result.stdout
    told = json.loads(CliRunner().invoke(command, ["db", "identify", bundle, "--json"]).stdout)
    assert told["result"] == []
    assert [finding["code"] for finding in told["findings"]] == ["several-boards"]
    drafted = CliRunner().invoke(command, ["port", bundle, "--codename", "acme-argon", "-o", str(tmp_path), "--json"])
    codes = [finding["code"] for finding in json.loads(drafted.stdout)["findings"]]
    assert "several-boards" in codes
    assert "known-phone" not in codes


def test_nothing_is_drafted_from_a_file_that_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "empty.dtb"
    path.write_bytes(bytes(parse_source("/ { };")))
    with pytest.raises(FormatError, match="says nothing about a device"):
        command.main(["port", str(path), "--codename", "acme-argon", "-o", str(tmp_path)], standalone_mode=False)
    assert not (tmp_path / "device-acme-argon").exists()
