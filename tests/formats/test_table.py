"""The table of formats is printed from what the classes declare, and every type in it is public."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest
from support import REPOSITORY

import pmport
from pmport.formats import FORMATS, FormatRow

REMEDY = "print them anew: python tools/format_table.py"


def test_the_table_and_the_names_are_what_the_classes_declare() -> None:
    specification = importlib.util.spec_from_file_location("format_table", REPOSITORY / "tools" / "format_table.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert module.TABLE.read_text(encoding="utf-8") == module.table(), REMEDY
    assert module.INIT.read_text(encoding="utf-8") == module.names(), REMEDY


@pytest.mark.parametrize("row", FORMATS, ids=[row.kind for row in FORMATS])
def test_a_row_leads_to_its_class_which_is_public(row: FormatRow) -> None:
    kind = row.load()
    assert FormatRow.of(kind) == row
    assert kind.__name__ in pmport.formats.__all__ or kind.__name__ in pmport.devicetree.__all__  # type: ignore[attr-defined]  # names are listed at run time
    assert row.source or row.limits, "where does the layout come from?"
    assert row.magics or row.probe


def test_kinds_and_classes_come_once() -> None:
    assert len({row.kind for row in FORMATS}) == len({row.path for row in FORMATS}) == len(FORMATS)


def test_looking_at_the_table_imports_no_format() -> None:
    code = "import sys; from pmport.formats import FORMATS; print(*(name for name in sys.modules if name.startswith('pmport.formats.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {"pmport.formats.base", "pmport.formats.base.format_row", "pmport.formats.registry", "pmport.formats.table"}
    assert set(loaded) == rooms
