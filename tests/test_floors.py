"""The floors of ARCHITECTURE.md hold: an import-linter contract, run with the tests; and no two modules import each other."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import REPOSITORY

import pmport

PACKAGE = Path(pmport.__file__).parent


def test_rooms_use_only_what_lies_below_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports  # noqa: PLC0415 - slow to import

    if not (REPOSITORY / "pmport" / "kernels").exists():
        pytest.skip("a checkout without symbolic links: import-linter cannot see the rooms")
    monkeypatch.chdir(REPOSITORY)
    status = lint_imports(no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.fixture(scope="module")
def floors() -> types.ModuleType:
    specification = importlib.util.spec_from_file_location("floors", REPOSITORY / "tools" / "floors.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_table_of_floors_is_printed_from_the_contract(floors: types.ModuleType) -> None:
    assert floors.PAGE.read_text(encoding="utf-8") == floors.page(), "write it anew: python tools/floors.py"


def test_the_contract_names_everything_in_the_package(floors: types.ModuleType) -> None:
    named = {name for layer in floors.layers() for name in layer}
    there = {entry.stem for entry in PACKAGE.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").exists()}
    assert named == there - {"__init__"}


def test_what_a_new_thing_touches_is_there() -> None:
    page = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## Where a new thing goes")[2]
    named = {
        name for row in re.findall(r"^\|.*\|$", page, re.MULTILINE) for name in re.findall(r"`([\w./]+/[\w./]*)`", row)
    }
    assert len(named) > 20
    assert [name for name in sorted(named) if not any((root / name).exists() for root in (PACKAGE, REPOSITORY))] == []


def modules() -> dict[str, Path]:
    found = {}
    for folder, _, files in os.walk(PACKAGE, followlinks=True):
        for file in files:
            path = Path(folder) / file
            if path.suffix == ".py":
                parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(node: ast.AST) -> Iterator[str]:
    """What is imported when the code runs, in functions too: all but what only checkers see."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        for other in node.orelse:
            yield from imported(other)
        return
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield node.module
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def test_no_two_modules_import_each_other() -> None:
    """Whatever imports nothing that is left is taken away, until nothing is left but circles."""
    paths = modules()
    rooms = {name for name, path in paths.items() if path.stem == "__init__"}
    left = {
        name: {found for found in imported(ast.parse(path.read_text(encoding="utf-8"))) if found in paths}
        - rooms
        - {name}
        for name, path in paths.items()
    }
    while free := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in free:
            del left[name]
    assert not left
