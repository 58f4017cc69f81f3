"""Print the floors of ARCHITECTURE.md from the contract in pyproject.toml: ``python tools/floors.py`` writes them anew."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "ARCHITECTURE.md"
BEGIN, END = "<!-- floors: printed by tools/floors.py -->\n", "<!-- end of floors -->\n"


def layers() -> list[list[str]]:
    """The contract's layers, from the highest: each a list of rooms and modules that keep apart."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [re.findall(r"\w+", layer) for layer in contract["layers"]]


def holds(name: str) -> str:
    """The first sentence of a room's or module's docstring."""
    room = REPOSITORY / "pmport" / name
    file = room / "__init__.py" if room.is_dir() else room.with_suffix(".py")
    words = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split("\n\n")[0].replace("\n", " ")
    words = re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", words).replace("``", "`").replace("|", r"\|")
    return re.split(r"(?<=[.?])\s+(?=[A-Z])", words.removesuffix("::"))[0].rstrip(".:")


def table() -> Iterator[str]:
    """The table's lines: one row for each room and module."""
    yield "| floor | room | holds |\n"
    yield "|---|---|---|\n"
    floors = layers()
    for number, names in zip(range(len(floors) - 1, -1, -1), floors, strict=True):
        for name in names:
            yield f"| {number} | `pmport.{name}` | {holds(name)} |\n"


def page() -> str:
    """ARCHITECTURE.md as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return "".join([before, BEGIN, *table(), END, rest.partition(END)[2]])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
