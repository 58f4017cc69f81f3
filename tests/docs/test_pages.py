"""Every block of the README and of the documentation runs, in a folder with a stock image in it."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import BLOCK, DOCS, PAGES, PRACTICE, fill, practised, steps
from support import REPOSITORY, judge

from pmport import demo
from pmport.virtual import SerialConsole

FOR_READING = ("# where a kernel's source is at hand", "# where QEMU and a kernel are at hand")
"""The marks of blocks that are not run: they take minutes, and tests of their own hold them."""
WANTED_RESULTS = re.compile(r"^\| `(pmport [^`]+)` \| (\[ \])?\s*([^|]*) \|$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a reader has: a stock image, and the command."""
    fill(tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "pmport"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmport "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(Path(demo.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Path]:
    """A phone's serial port that says something."""
    with SerialConsole(tmp_path / "ttyACM0") as port:
        port.say("Linux version 6.12\n")
        yield port.path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_in_order_and_print_what_it_shows(page: Path, folder: Path, console: Path) -> None:
    assert folder == Path.cwd()
    names: dict[str, object] = {"__name__": "page"}
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            exec(compile(text, str(page), "exec"), names)  # noqa: S102 - the page's own code
        elif language == "console" and not text.startswith(FOR_READING):
            if text.startswith("# where fastboot and umockdev"):
                judge("fastboot", "fastboot")
                judge("umockdev-run", "umockdev")
            for command, shown in steps(practised(text, console)):
                run(command, shown)


def test_what_is_said_to_be_with_a_phone_is_practised_without_one() -> None:
    """Every block runs: a mark that no rule knows would leave one out."""
    marks = {text.splitlines()[0] for page in PAGES for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language == "console" and text.startswith("#")}  # fmt: skip
    assert {
        mark
        for mark in marks
        if not mark.startswith((*FOR_READING, "# where fastboot")) and not PRACTICE.match(mark + "\n")
    } == set()


def run(command: str, shown: str) -> None:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    said = done.stdout + done.stderr
    assert done.returncode in {0, 1}, f"{command}\n{said}"
    assert "Traceback" not in said
    same = doctest.OutputChecker().check_output(shown, said, doctest.ELLIPSIS)
    assert same or not shown, f"{command}\n{said}"


def test_json_prints_the_keys_that_its_page_lists(folder: Path) -> None:
    (folder / "config").write_text("CONFIG_I2C=y\n", encoding="utf-8")
    (folder / "board.config").write_text("CONFIG_I2C=m\n", encoding="utf-8")
    rows = WANTED_RESULTS.findall((DOCS / "json.md").read_text(encoding="utf-8"))
    assert len(rows) > 20
    for command, is_list, keys in rows:
        *before, last = command.split(" && ")
        for text in before:
            subprocess.run(text, shell=True, check=True, capture_output=True, timeout=60)  # noqa: S602 - the page's own
        done = subprocess.run(["sh", "-c", f"{last} --json"], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode in {0, 1}, f"{command}\n{done.stderr}"
        envelope = json.loads(done.stdout)
        assert list(envelope) == ["schema", "pmport", "result", "findings"], command
        result = envelope["result"]
        assert isinstance(result, list) == bool(is_list), command
        if is_list:
            result = result[0] if keys and result else {}
        if keys:
            assert set(keys.split(", ")) == set(result), command


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        if page.parent != REPOSITORY and page.name != "index.md":
            assert f"\n{page.relative_to(DOCS).with_suffix('').as_posix()}\n" in index


def test_the_api_pages_name_everything_that_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    tables = importlib.import_module("tables")
    pages = dict(tables.api_pages())
    for room, page in pages.items():
        if room == "index":
            continue
        module = importlib.import_module(f"pmport.{room}")
        names = {name for name in module.__all__ if not isinstance(getattr(module, name), types.ModuleType)}
        assert {name for name in names if f".{name}\n" not in page} == set()
    assert "pmport.open\n" in pages["index"]
    assert ".. autoclass:: pmport.formats.SparseImage\n" in pages["formats"]


def test_the_table_of_formats_is_the_registry_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    tables = importlib.import_module("tables")
    assert (DOCS / "formats.md").read_text(encoding="utf-8") == tables.formats_page(), "make it anew: ./run docs"


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    source = tmp_path / "docs"
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-d", str(tmp_path / "read")]
    folders = [str(source), str(tmp_path / "html")]
    done = subprocess.run(
        [*command, "-b", "html", *folders], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
