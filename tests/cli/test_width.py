"""At 80 columns no word is torn, whatever the command and the file; without a width, lines are as long as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, real

from pmport.cli import pmport as command
from pmport.render import Bar, Table, Text
from pmport.text_layout import ansi, paragraph, table, visible

FILES = (
    "kernel/xiaomi-sagit-edk2-Image.gz-dtb-a",
    "boot/htc-marvel-boot.img",
    "boot/xiaomi-vayu-edk2-v2.img",
    "boot/cuttlefish-13-init_boot.img",
    "boot/cfig-issue125-vendor_boot.img",
    "dtbo/google-coral-10-dtbo.img",
    "qcdt/lge-g4-msm8992-dt-0.img",
    "vbmeta/google-coral-10-vbmeta.img",
    "pit/AsteroidOS-SM-T365.pit",
    "odin/samsung-exynos7580-edk2-boot.tar",
)
ON_ANY = ("inspect {}", "inspect {} --facts", "inspect {} --all", "db identify {}", "dt identify {}", "bootcheck {}")
ON_TREES = ("kernel status {}", "dt graph {}", "dt diff {} {}", "port {} --codename acme-argon -o port --explain")
ON_NONE = (
    "db show oneplus-enchilada", "db search nokia", "dt check --list", "virtual phones", "doctor", "devices",
    "flash --codename oneplus-enchilada boot={} --dry-run", "kernel check {} --category community --version 6.12 --arch aarch64",
)  # fmt: skip
WIDTH = 80


def words(text: str) -> set[str]:
    return set(text.split())


def printed(line: str, file: Path, folder: Path, width: int) -> str:
    environment = {"COLUMNS": str(width)} if width else {}
    arguments = [part.format(file) for part in line.split()]
    arguments = [
        str(folder / str(width) / part) if part == "port" and at else part for at, part in enumerate(arguments)
    ]
    result = CliRunner().invoke(command, arguments, env=environment)
    assert result.exception is None or isinstance(result.exception, (SystemExit, ValueError)), (line, result.exception)
    return result.stdout


@pytest.mark.parametrize("name", FILES)
def test_no_word_is_torn_at_80_columns(name: str, tmp_path: Path) -> None:
    file = real(CORPUS / name)
    lines = (*ON_ANY, *(ON_TREES if "sagit" in name or "vayu" in name else ()), *(ON_NONE if "vayu" in name else ()))
    for line in lines:
        narrow, wide = (printed(line, file, tmp_path, width) for width in (WIDTH, 0))
        torn = {word for word in words(narrow) - words(wide) if not set(word) <= set("|.")}
        torn = {word for word in torn if "|" not in word and not word.endswith(":")}  # bars, labels of blocks
        assert not {word for word in torn if str(tmp_path) not in word}, (line, torn)
        for text in narrow.splitlines():
            assert len(text) <= WIDTH or len(text.split()) == 1 or "|" in text, (line, text)


@given(
    st.lists(st.lists(st.text("ab /,", max_size=30), min_size=3, max_size=3), min_size=1, max_size=6),
    st.integers(20, 90),
)
def test_a_table_keeps_every_word_at_every_width(rows: list[list[str]], width: int) -> None:
    laid = table(("one", "two", "three"), rows, width)
    assert words(" ".join(cell for row in rows for cell in row)) <= words(" ".join(laid))
    assert all(len(line) <= width or len(line.split()) == 1 for line in laid)


def test_a_row_that_does_not_fit_side_by_side_is_a_block() -> None:
    path = "/soc@0/" + "x" * 60
    lines = table(("node", "value", "source"), [(path, "a value", "somewhere")], 70)
    assert lines == [path, "    value: a value  source: somewhere"]


def test_a_paragraph_hangs_below_its_first_line() -> None:
    assert paragraph("error[x] file: it is long", 16, "  ") == ["error[x] file:", "  it is long"]


def test_a_label_of_a_bar_stands_whole_or_not_at_all() -> None:
    assert re.findall(r"[a-z]+", str(Bar([("header", 1), ("kernel", 30), ("ramdisk", 9)], width=40))) == [
        "kernel",
        "ramdisk",
    ]
    assert Bar([("part", 1)] * 50).lines(60) == []


def test_names_from_an_image_do_not_command_the_terminal() -> None:
    evil = "a\x1b[2Jb\nc\x07"
    assert "\x1b" not in str(Table(("name",), [(evil,)]))
    assert visible(evil) == r"a\x1b[2Jb\nc\x07"


def test_a_text_keeps_its_lines() -> None:
    assert Text("one\n  two").lines() == ["one", "  two"]


def test_colours_stand_around_words_only() -> None:
    line = Table(("part",), [("kernel",)], title="T").lines(paint=ansi)[0]
    assert line == "\x1b[1mT\x1b[0m"
