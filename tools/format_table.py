"""Print the table of formats and the names of ``pmport.formats`` from what the formats' classes declare.

``python tools/format_table.py`` writes both anew: ``formats/table.py`` and ``formats/__init__.py``.

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

INIT = Path(pmport.formats.__file__)
TABLE = INIT.with_name("table.py")
OTHERS = {
    "pmport.formats.base.format_row": "FormatRow",
    "pmport.formats.registry": "FORMATS recognise",
    "pmport.node": "Child Container Data Format Node Part Role",
}
"""Public names that are no formats."""
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


def table() -> str:
    """The module ``table``."""
    lines = []
    for row in in_order():
        given = (f"{field.name}={getattr(row, field.name)!r}" for field in (*fields(FormatRow)[-2:], *fields(FormatRow)[:-2])
                 if field.name in {"kind", "path"} or getattr(row, field.name) != field.default)  # fmt: skip
        lines.append(f"FormatRow({', '.join(given)},),\n")
    return formatted(TABLE, HEAD + "".join(lines) + ")\n")


def names() -> str:
    """The room's ``__init__``: its docstring as it is, and the type of each format with what else is public."""
    homes = {home: set(others.split()) for home, others in OTHERS.items()}
    for row in in_order():
        home, _, name = row.path.partition(":")
        if home.startswith("pmport.formats."):
            homes.setdefault(home, set()).add(name)
    ordered = {
        home: sorted(found, key=lambda name: (not name.isupper(), name.lower()))
        for home, found in sorted(homes.items())
    }
    imports = [
        f"    from {home} import {', '.join(f'{name} as {name}' for name in found)}\n"
        for home, found in ordered.items()
    ]
    homes_of = [f'        "{home}": "{" ".join(found)}",\n' for home, found in ordered.items()]
    before = INIT.read_text(encoding="utf-8").partition("if TYPE_CHECKING:\n")[0]
    lazy = "    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)\n"
    lines = [before, "if TYPE_CHECKING:\n", *imports, "else:\n    _PUBLIC = {\n", *homes_of, "    }\n", lazy]
    return formatted(INIT, "".join(lines))


def formatted(path: Path, text: str) -> str:
    """Code as ruff formats it."""
    settings = Path(__file__).resolve().parent.parent / "pyproject.toml"  # the wheel has none
    command = [sys.executable, "-m", "ruff", "format", "--config", str(settings), "--stdin-filename", str(path), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    INIT.write_text(names(), encoding="utf-8")
