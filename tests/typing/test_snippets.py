"""Every snippet of README and documentation passes the strict checkers, and what is public has types."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, PAGES, python_of

KNOWN_TYPES = 0.99
"""Share of the public names whose types are known whole, in pyright's count."""


@pytest.fixture
def snippets(tmp_path: Path) -> list[Path]:
    """One module a page, with the page's blocks in order; and the plug-in that a page shows."""
    modules = {f"page_{page.stem.lower()}.py": python_of(page) for page in PAGES}
    modules |= {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("howto/plugin/*.py")}
    for name, text in modules.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [tmp_path / name for name, text in modules.items() if text]


def clean() -> dict[str, str]:
    """The environment, without hints at the sources."""
    return {name: value for name, value in os.environ.items() if name not in {"MYPYPATH", "PYTHONPATH"}}


def test_mypy_accepts_every_snippet(installed: Path, snippets: list[Path], tmp_path: Path) -> None:
    assert len(snippets) > 15
    options = ["--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"), "--python-executable"]
    command = [sys.executable, "-m", "mypy", *options, str(installed), *map(str, snippets)]
    done = subprocess.run(command, cwd=tmp_path, env=clean(), capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def pyright(installed: Path, *arguments: str | Path, folder: Path) -> dict[str, object]:
    """Run the checker of editors."""
    command = [sys.executable, "-m", "pyright", "--outputjson", *arguments]
    path = f"{installed.parent}{os.pathsep}{os.environ['PATH']}"  # --verifytypes asks the first python that it finds
    done = subprocess.run(
        command, cwd=folder, env={**clean(), "PATH": path}, capture_output=True, text=True, check=False
    )
    report: dict[str, object] = json.loads(done.stdout)
    return report


@pytest.mark.online
def test_pyright_accepts_every_snippet(installed: Path, snippets: list[Path], tmp_path: Path) -> None:
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}), encoding="utf-8")
    report = pyright(installed, "--pythonpath", installed, *snippets, folder=tmp_path)
    found = report["generalDiagnostics"]
    assert isinstance(found, list)
    assert [row for row in found if row["severity"] == "error"] == []


@pytest.mark.online
def test_the_public_names_have_types(installed: Path, tmp_path: Path) -> None:
    report = pyright(installed, "--verifytypes", "pmport", "--ignoreexternal", folder=tmp_path)
    completeness = report["typeCompleteness"]
    assert isinstance(completeness, dict)
    symbols = [row for row in completeness["symbols"] if row["isExported"]]
    lacking = {
        row["name"]: [item["message"] for item in row["diagnostics"]] for row in symbols if not row["isTypeKnown"]
    }
    assert completeness["completenessScore"] >= KNOWN_TYPES, lacking
