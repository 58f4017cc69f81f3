"""What makes the command pleasant: an example for everything, guesses after mistakes, pipes."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from commands import leaves

from pmport.cli import pmport as command

if TYPE_CHECKING:
    import click


@pytest.mark.parametrize(("path", "leaf"), list(leaves()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_an_example_with_options_that_exist(path: str, leaf: click.Command) -> None:
    assert leaf.epilog, f"pmport {path} has no example"
    assert leaf.epilog.startswith(f"Example: pmport {path}")
    known = {option for parameter in leaf.params for option in parameter.opts if option.startswith("-")}
    words = shlex.split(leaf.epilog.removeprefix("Example: "))
    used = {word for word in words[: words.index("--") if "--" in words else None] if word.startswith("-")}
    assert used <= known | {"--json"}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("inspct", "inspect"),
        ("kernel chek", "check"),
        ("db serch", "search"),
        ("dt grph", "graph"),
        ("pit shwo", "show"),
    ],
)
def test_a_misspelled_word_is_guessed_at_every_depth(given: str, meant: str) -> None:
    result = CliRunner().invoke(command, given.split())
    assert result.exit_code == 2
    assert result.output.count("Did you mean") == 1
    assert meant in result.output


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        ("kernel check - --version 6.12 --arch aarch64", "CONFIG_CGROUPS=y\n", "BINFMT_ELF"),
        ("kernel fragment - --version 6.12 --arch aarch64", "CONFIG_CGROUPS=y\n", "CONFIG_BINFMT_ELF=y"),
        ("deviceinfo lint -", 'deviceinfo_codename="acme-argon"\n', "deviceinfo_name"),
        ("deviceinfo show -", 'deviceinfo_codename="acme-argon"\n', "acme-argon"),
        ("dt compile - -o -", '/dts-v1/; / { model = "Acme Argon"; };', "Acme Argon"),
        ("fetch --virtual lk2nd boot -o -", "", "\0" * 4096),
    ],
)
def test_a_dash_is_standard_input_or_output(arguments: str, given: str, told: str) -> None:
    result = CliRunner().invoke(command, arguments.split(), input=given)
    assert told in result.output
