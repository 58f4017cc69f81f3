"""No command writes over what it reads, nor over what is there without --force."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from commands import leaves

from pmport import demo
from pmport.cli import pmport as command
from pmport.cli.writing import refuse
from pmport.errors import NotWrittenError

KEPT = b"somebody's work"
WRITERS = {
    "repack parts -o {}": "file", "vbmeta -o {}": "file", "dt print boot.img -o {}": "file", "dt compile a.dts -o {}": "file",
    "dt compile a.dts -o fresh.dtb -d {}": "file", "dt apply a.dts b.dts -o {}": "file", "dt graph boot.img --dot -o {}": "file",
    "kernel merge config config -o {}": "file", "fetch boot --virtual lk2nd -o {}": "file",
    "pit dump --virtual samsung -o {}": "file", "fastboot get-staged --virtual lk2nd -o {}": "file",
    "report boot.img -o {}": "file", "dt panel boot.img -o {}": "folder", "unpack boot.img -o {}": "folder", "db import checkout -o {}": "folder", "kernel index source -o {}": "file",
    "dt board boot.img --kernel source -o {}": "file",
    "initramfs build --busybox boot.img -o {}": "file", "initramfs add boot.img init=config -o {}": "file",
    "build --record nokia-n900 --kernel boot.img -o {}": "file",
}  # fmt: skip
BY_OTHER_MEANS = {
    "port": "keeps what was edited: test_port_again", "survey": "goes on with its table",
    "deviceinfo fix": "mends in place, as it says",
    "demo": "its own folder",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("boot.img").write_bytes(bytes(demo.stock_image()))
    Path("config").write_text("CONFIG_I2C=y\n", encoding="utf-8")
    Path("a.dts").write_text("/dts-v1/; / { a: a { }; };", encoding="utf-8")
    Path("b.dts").write_text("/dts-v1/; /plugin/; &a { b; };", encoding="utf-8")
    for name in ("checkout", "source"):
        Path(name).mkdir()
    CliRunner().invoke(command, ["unpack", "boot.img", "-o", "parts"])
    return tmp_path


def test_the_list_knows_every_command_that_writes() -> None:
    found = {path for path, leaf in leaves() if any("-o" in parameter.opts for parameter in leaf.params)}
    known = [*WRITERS, *BY_OTHER_MEANS]
    assert {path for path in found if not any(line.startswith(path) for line in known)} == set()


@pytest.mark.parametrize("line", WRITERS)
@pytest.mark.usefixtures("folder")
def test_what_is_there_stays_without_force(line: str) -> None:
    target = Path("target")
    if WRITERS[line] == "folder":
        target.mkdir()
        (target / "note").write_bytes(KEPT)
    else:
        target.write_bytes(KEPT)
    with pytest.raises(NotWrittenError, match="--force"):
        command.main(line.format(target).split(), standalone_mode=False)
    assert (target / "note" if target.is_dir() else target).read_bytes() == KEPT


@pytest.mark.parametrize(
    "line", ["vbmeta -o {}", "repack parts -o {}", "dt print boot.img -o {}", "dt compile a.dts -f -o {}"]
)
@pytest.mark.usefixtures("folder")
def test_force_writes_over_it(line: str) -> None:
    target = Path("target")
    target.write_bytes(KEPT)
    line = line.format(target) if " -f " in line else f"{line.format(target)} --force"
    command.main(line.split(), standalone_mode=False)
    assert target.read_bytes() != KEPT


@pytest.mark.parametrize(
    "line",
    [
        "dt print boot.img -o boot.img --force", "kernel merge config config -o ./config --force",
        "dt compile a.dts -o a.dts -f", "dt apply a.dts b.dts -o b.dts --force", "dt apply boot.img@0 b.dts -o boot.img --force",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_an_input_is_never_written_over(line: str) -> None:
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    with pytest.raises(NotWrittenError, match="what is read"):
        command.main(line.split(), standalone_mode=False)
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


@pytest.mark.usefixtures("folder")
def test_an_input_behind_a_link_is_one_too() -> None:
    Path("link").symlink_to("config")
    with pytest.raises(NotWrittenError):
        command.main(["kernel", "merge", "config", "config", "-o", "link", "--force"], standalone_mode=False)


@pytest.mark.usefixtures("folder")
def test_an_empty_target_and_a_pipe_are_written() -> None:
    Path("empty").touch()
    command.main(["vbmeta", "-o", "empty"], standalone_mode=False)
    assert Path("empty").stat().st_size
    os.mkfifo("pipe")
    refuse(Path("pipe"))


def test_the_option_is_explained() -> None:
    told = CliRunner().invoke(command, ["repack", "--help"]).output
    assert isinstance(command, click.Group)
    assert "--force" in told
