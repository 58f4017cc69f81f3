"""The public API is what the rooms' ``__init__`` name: complete, sorted, documented."""

from __future__ import annotations

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
    *(f"pmport.{name}" for name in pmport.__all__ if isinstance(getattr(pmport, name), types.ModuleType)),
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


@pytest.mark.parametrize("room", ROOMS)
def test_no_public_name_is_shadowed_by_a_module_of_the_same_name(room: str) -> None:
    module = importlib.import_module(room)
    modules = (
        {path.stem for folder in module.__path__ for path in Path(folder).glob("*.py")}
        if hasattr(module, "__path__")
        else set()
    )
    clashes = [
        name for name in module.__all__ if name in modules and not isinstance(getattr(module, name), types.ModuleType)
    ]
    assert not clashes, "importing the module would hide the name"
