"""Text that came over a cable, or from a person, becomes a number by one module's rules."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support import REPOSITORY

ROOMS = ("pmport/wire", "pmport/transport", "pmport/virtual/fastboot_model.py", "flashers")
NUMBERS = frozenset({"flags", "cut", "value", "update", "without", "timeout"})
"""Names of what is a number already."""


def files() -> list[Path]:
    found = [REPOSITORY / room for room in ROOMS]
    return sorted(path for room in found for path in (room.rglob("*.py") if room.is_dir() else [room]))


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_no_room_of_the_cable_calls_int_on_text(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int":
            assert NUMBERS & {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}, ast.unparse(node)
