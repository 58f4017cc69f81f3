"""Every block of the README and of the documentation runs, in a folder with a stock image in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import REPOSITORY

from pmport import demo

PAGES = sorted(
    [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs" / "protocols").glob("*.md")]
)
GENERATED = {"formats.md", "commands.md", "man.md"}
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
NEEDS_A_PHONE = "# with a phone"
"""A console block that begins so is for reading: no phone is on the cable here."""


def blocks(page: Path, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(page.read_text(encoding="utf-8")) if name == language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a reader has: a stock image, and the command."""
    (tmp_path / "boot.img").write_bytes(bytes(demo.stock_image()))
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_python_of_a_page_runs(page: Path) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for text in blocks(page, "python"):
        exec(compile(text, str(page), "exec"), names)  # noqa: S102 - the page's own code


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=lambda page: page.name)
@pytest.mark.usefixtures("folder")
def test_the_commands_of_a_page_run(page: Path) -> None:
    for text in blocks(page, "console"):
        if text.startswith(NEEDS_A_PHONE):
            continue
        for line in text.splitlines():
            if line.startswith("$ "):
                done = subprocess.run(["sh", "-c", line[2:]], capture_output=True, text=True, check=False, timeout=60)
                assert done.returncode in {0, 1}, f"{line}\n{done.stdout}{done.stderr}"
                assert "Traceback" not in done.stderr
