"""The public API is what the rooms' ``__init__`` name: complete, sorted, documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import pmport

ROOMS = (
    "pmport",
    *(f"pmport.{name}" for name in vars(pmport)["__all__"] if isinstance(getattr(pmport, name), types.ModuleType)),
)


@pytest.mark.parametrize("room", ROOMS)
def test_the_names_of_a_room_are_sorted_and_all_there(room: str) -> None:
    module = importlib.import_module(room)
    names = list(module.__all__)
    assert names == sorted(
        names, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    ) or names == sorted(names)
    for name in names:
        getattr(module, name)
    assert set(names) <= set(dir(module))


def public_objects() -> Iterator[tuple[str, object]]:
    """Every class and function that a room names, and their public methods and properties."""
    for room in ROOMS:
        module = importlib.import_module(room)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not (inspect.isclass(value) or inspect.isroutine(value)):
                continue
            yield f"{room}.{name}", value
            if inspect.isclass(value):
                for member, inner in vars(value).items():
                    if not member.startswith("_") and (
                        inspect.isroutine(inner) or isinstance(inner, (property, classmethod, staticmethod))
                    ):
                        yield f"{room}.{name}.{member}", inner


def test_every_public_object_says_what_it_is() -> None:
    silent = [name for name, value in public_objects() if not inspect.getdoc(value)]
    assert not silent


def test_importing_pmport_imports_nothing_heavy() -> None:
    code = "import sys, pmport; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"construct", "fdt", "usb", "serial", "cramjam", "rich", "click", "asyncio", "typing"} & set(loaded)
    assert heavy <= {"typing"}


def test_the_command_answers_help_and_version_without_importing_its_commands() -> None:
    code = (
        "import sys; from pmport.cli import pmport; pmport.main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "Usage:" in output
    assert not {"rich", "construct", "usb", "cramjam"} & set(output.split())


def named_for_checkers(module: types.ModuleType) -> dict[str, str]:
    """Public name → the module that it is imported from, as the block for checkers has it."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names if alias.asname == alias.name}


LAZY = tuple(room for room in ROOMS if hasattr(importlib.import_module(room), "_PUBLIC"))


@pytest.mark.parametrize("room", LAZY)
def test_checkers_and_the_interpreter_are_told_the_same_names_from_the_same_modules(room: str) -> None:
    module = importlib.import_module(room)
    homes: dict[str, str] = module._PUBLIC
    loaded = {name: home for home, names in homes.items() for name in names.split()}
    assert named_for_checkers(module) == {name: home for name, home in loaded.items() if name != "__version__"}
    assert sorted(loaded) == module.__all__


def test_a_public_name_stays_what_it_is_whatever_is_imported_before() -> None:
    """A submodule of the same name would hide a function once somebody imports it: so all are imported first."""
    code = """
import importlib, pkgutil, types, pmport
modules = [importlib.import_module(info.name) for info in pkgutil.walk_packages(pmport.__path__, "pmport.")
           if info.name not in {"pmport.__main__", "pmport.labgrid"}]
for room in [pmport, *modules]:
    for home, names in getattr(room, "_PUBLIC", {}).items():
        for name in names.split():
            if home != room.__name__ and isinstance(getattr(room, name), types.ModuleType):
                print(room.__name__, name)
"""
    hidden = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not hidden
