"""Print the table of formats from what the formats' classes declare: ``python tools/format_table.py`` writes it anew.

The order of the rows is the table's own, since the first row that fits wins: it is kept, and may be changed by hand. A new
class comes before the guesses.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pmport.formats
from pmport.devicetree.blob import Blob
from pmport.formats import FormatRow, Node

TABLE = Path(pmport.formats.__file__).parent / "table.py"
HEAD = '''"""Every format that pmport knows: printed by ``tools/format_table.py`` from what their classes declare.

Only the order is this table's own: rows are tried from the top, long magics first, guesses last.
"""

from __future__ import annotations

from pmport.formats.base.format_row import FormatRow

__all__ = ["FORMATS"]

FORMATS: tuple[FormatRow, ...] = (
'''


def declared() -> Iterator[type[Node]]:
    """Every class that declares a format."""
    yield Blob
    for info in pkgutil.walk_packages(pmport.formats.__path__, "pmport.formats."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            own = inspect.isclass(value) and issubclass(value, Node) and value.__module__ == info.name
            if own and "FORMAT" in vars(value):
                yield value


def in_order() -> list[FormatRow]:
    """Their rows, in the order of the table as it is."""
    rows = {row.path: row for row in map(FormatRow.of, declared())}
    try:
        old = [row.path for row in importlib.import_module("pmport.formats.table").FORMATS]
    except ModuleNotFoundError:
        old = []
    kept = [rows[path] for path in old if path in rows]
    new = [row for path, row in rows.items() if path not in old]
    return sorted([*kept, *new], key=lambda row: row.guess)


def text() -> str:
    """The module, as ruff formats it."""
    lines = []
    for row in in_order():
        given = (f"{field.name}={getattr(row, field.name)!r}" for field in (*fields(FormatRow)[-2:], *fields(FormatRow)[:-2])
                 if field.name in {"kind", "path"} or getattr(row, field.name) != field.default)  # fmt: skip
        lines.append(f"FormatRow({', '.join(given)},),\n")
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(TABLE), "-"]
    plain = HEAD + "".join(lines) + ")\n"
    return subprocess.run(command, input=plain, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
