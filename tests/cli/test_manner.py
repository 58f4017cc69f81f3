"""Colour, loudness and exit codes are the same on all commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pmport import demo, device_db
from pmport.cli import main
from pmport.cli import pmport as command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "boot.img").write_bytes(bytes(demo.stock_image()))
    (tmp_path / "cut.img").write_bytes(bytes(demo.stock_image())[:3000])
    (tmp_path / "noise").write_bytes(bytes(range(7, 200)) * 20)
    (tmp_path / "config").write_text("CONFIG_I2C=y\n", encoding="utf-8")
    (tmp_path / "fairphone-fp5.toml").write_text(device_db.to_toml(device_db.load("fairphone-fp5")), encoding="utf-8")
    (tmp_path / "bad.toml").write_text("yaer = 1\n", encoding="utf-8")
    (tmp_path / "deviceinfo").write_text('deviceinfo_codename="acme-argon"\n', encoding="utf-8")
    (tmp_path / "same.dts").write_text('/dts-v1/; / { model = "A"; };', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(line: str, **environment: str) -> Result:
    return CliRunner().invoke(command, line.split(), env=environment)


CODES = {
    # done, whatever there is to say
    "inspect boot.img": 0, "inspect boot.img --facts": 0, "bootcheck boot.img": 0, "unpack boot.img -o parts": 0,
    "vbmeta -o vbmeta.img": 0, "port boot.img --codename acme-argon -o port": 0, "dt identify boot.img": 0,
    "dt diff boot.img boot.img": 0, "dt print boot.img": 0, "dt graph boot.img": 0, "dt compile same.dts -o same.dtb": 0,
    "dt check --list": 0, "kernel diff config config": 0, "kernel merge config config": 0, "kernel status boot.img": 0,
    "kernel check config --ready --version 6.12 --arch aarch64": 0, "db show nokia-n900": 0, "db search nokia": 0,
    "db validate fairphone-fp5.toml": 0, "db generate fairphone-fp5.toml": 0, "port --record fairphone-fp5.toml -o port": 0, "db generate nokia-n900": 0, "deviceinfo show deviceinfo": 0, "deviceinfo convert deviceinfo": 0,
    "flash --virtual lk2nd boot=boot.img": 0, "flash boot=boot.img --dry-run": 0, "getvar --virtual lk2nd product": 0,
    "erase userdata --virtual lk2nd": 0, "reboot --virtual lk2nd": 0, "virtual phones": 0, "completion bash": 0,
    "nokia identify --virtual n900": 0,
    # a check that found something; a search that found nothing
    "bootcheck boot.img --partition-size 4096": 1, "deviceinfo lint deviceinfo": 1, "db validate bad.toml": 1,
    "kernel check config --version 6.12 --arch aarch64": 1, "db search no such phone": 1, "db identify boot.img": 1,
    "dt pick boot.img platform=1 soc_rev=0 variant=0 subtype=0": 1,
    # the command line is wrong: nothing was done
    "inspct boot.img": 2, "inspect": 2, "inspect boot.img --fcts": 2, "bootcheck boot.img --profile nobody": 2,
    "db show oneplus-enchilda": 2, "db generate oneplus-enchilda": 2, "flash --codename nobody-nothing boot=boot.img --dry-run": 2,
    "dt graph boot.img no-such-node": 2, "kernel check config --category nothing --version 6.12 --arch aarch64": 2,
    "repack parts -o boot.img": 2, "vbmeta -o boot.img": 2, "flash --virtual nobody boot=boot.img": 2,
    # the input is wrong
    "inspect no-such-file": 3, "inspect noise": 3, "inspect cut.img": 3, "bootcheck config": 3, "dt print config": 3,
    "kernel check boot.img": 3, "unpack noise -o parts": 3, "deviceinfo show noise": 3,
}  # fmt: skip


@pytest.mark.parametrize(("line", "code"), CODES.items(), ids=list(CODES))
@pytest.mark.usefixtures("folder")
def test_exit_codes_are_those_of_the_table(line: str, code: int) -> None:
    with pytest.raises(SystemExit) as left:
        main(line.split())
    assert (left.value.code or 0) == code


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("line", ["--color always inspect boot.img", "inspect boot.img --color always"])
def test_colours_are_asked_for_before_or_behind_the_command(line: str) -> None:
    assert "\x1b[" in run(line).stdout
    assert "\x1b[" not in run(line.replace("always", "never"), FORCE_COLOR="1").stdout


@pytest.mark.usefixtures("folder")
def test_colours_by_environment() -> None:
    assert "\x1b[" not in run("inspect boot.img").stdout
    assert "\x1b[" in run("inspect boot.img", FORCE_COLOR="1").stdout
    assert "\x1b[" not in run("inspect boot.img", FORCE_COLOR="1", NO_COLOR="1").stdout
    plain = re.sub(r"\x1b\[[0-9;]*m", "", run("bootcheck boot.img --partition-size 4096", FORCE_COLOR="1").stdout)
    assert plain == run("bootcheck boot.img --partition-size 4096").stdout


@pytest.mark.usefixtures("folder")
def test_quiet_leaves_the_findings_and_verbose_adds_the_reasons() -> None:
    line = "bootcheck boot.img --partition-size 4096"
    quiet, normal, verbose = run(f"{line} -q").stdout, run(line).stdout, run(f"{line} -v").stdout
    assert quiet.startswith("error[partition-size]")
    assert normal.endswith(quiet)
    assert len(verbose) > len(normal)
    assert run("inspect boot.img -q").stdout.strip() == ""
