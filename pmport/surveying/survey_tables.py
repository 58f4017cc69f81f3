"""The tables of surveys: written and read as CSV, JSON, lines of JSON, and Parquet by the library that is installed."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from pmport.errors import MissingDependencyError, RecordError
from pmport.file_writing import replacing
from pmport.surveying.survey_row import COLUMNS, Row

__all__ = ["KINDS", "Journal", "read_table", "write_table"]


def write_table(rows: Iterable[Row], path: str | os.PathLike[str]) -> None:
    """Write a table; it is there whole or not at all.

    Args:
        rows: The rows.
        path: Where it goes; its ending tells the kind: ``.csv``, ``.json`` (one array), ``.jsonl`` (an object per line),
            ``.parquet``.

    Raises:
        RecordError: If the ending tells none of these.
        MissingDependencyError: If it is ``.parquet``, and neither pyarrow nor polars is installed.
    """
    write, _ = _kind(path)
    with replacing(path) as file:
        write(rows, file)


def read_table(path: str | os.PathLike[str]) -> list[dict[str, int | str | None]]:
    """Read a survey's table again.

    Args:
        path: The table.

    Returns:
        Its rows, with every column.

    Raises:
        RecordError: If it is no table of a survey.
        MissingDependencyError: If what reads it is not installed.
    """
    _, read = _kind(path)
    try:
        rows = list(read(Path(path)))
        return [_whole(row) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, csv.Error) as error:
        raise RecordError(
            f"It is no table of a survey ({error})",
            file=os.fspath(path),
            remedy="name another file, or remove this one",
        ) from error


def _whole(row: Mapping[str, Any]) -> dict[str, int | str | None]:
    """A row with every column of this version, each of its type."""
    if not {"path", "size", "modified", "version"} <= row.keys():
        raise ValueError("columns path, size, modified and version are not there")
    return {name: None if row.get(name) in {None, ""} else kind(row[name]) for name, kind in COLUMNS.items()}


def _kind(path: str | os.PathLike[str]) -> tuple[Callable[..., object], Callable[[Path], Iterable[Mapping[str, Any]]]]:
    ending = os.path.splitext(os.fspath(path))[1].lower()  # noqa: PTH122 - any path-like will do
    if ending not in KINDS:
        raise RecordError(
            f"The ending {ending or 'of the name'!r} tells no kind of table",
            file=os.fspath(path),
            remedy=f"name a file that ends with {', '.join(KINDS)}",
        )
    return KINDS[ending]


def _write_csv(rows: Iterable[Row], file: BinaryIO) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    text.flush()
    text.detach()


def _read_csv(path: Path) -> Iterator[Mapping[str, Any]]:
    csv.field_size_limit(1 << 20)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if "path" not in (reader.fieldnames or ()):
            raise ValueError("there is no column path")
        yield from reader


def _write_json(rows: Iterable[Row], file: BinaryIO) -> None:
    separator = b"[\n"
    for row in rows:
        file.write(separator + _line(row))
        separator = b",\n"
    file.write(b"\n]\n" if separator == b",\n" else b"[]\n")


def _read_json(path: Path) -> Iterable[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = json.loads(path.read_bytes())
    return rows


def _write_lines(rows: Iterable[Row], file: BinaryIO) -> None:
    file.writelines(_line(row) + b"\n" for row in rows)


def _read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        yield from map(json.loads, file)


def _line(row: Row) -> bytes:
    return json.dumps(row).encode()


PARQUET = ("pyarrow", "polars")
"""What writes Parquet; the first that is installed does."""


def _parquet() -> tuple[str, Any]:
    for name in PARQUET:
        try:
            return name, import_module("pyarrow.parquet" if name == "pyarrow" else name)
        except ImportError:
            continue
    raise MissingDependencyError(
        "Parquet needs pyarrow or polars, and neither is installed",
        install="pip install pyarrow (or name a .csv, .json or .jsonl file)",
    )


def _write_parquet(rows: Iterable[Row], file: BinaryIO) -> None:
    name, module = _parquet()
    columns: dict[str, list[int | str | None]] = {column: [] for column in COLUMNS}
    for row in rows:
        for column, values in columns.items():
            values.append(row[column])
    if name == "polars":
        types = {column: module.UInt64 if kind is int else module.String for column, kind in COLUMNS.items()}
        module.DataFrame(columns, schema=types).write_parquet(file)
        return
    arrow = import_module("pyarrow")
    schema = arrow.schema([(col, arrow.uint64() if kind is int else arrow.string()) for col, kind in COLUMNS.items()])
    module.write_table(arrow.table(columns, schema=schema), file)


def _read_parquet(path: Path) -> Iterable[Mapping[str, Any]]:
    name, module = _parquet()
    try:
        if name == "polars":
            rows: list[dict[str, Any]] = module.read_parquet(path).to_dicts()
        else:
            with path.open("rb") as file:
                rows = module.read_table(file).to_pylist()
    except OSError:
        raise
    except Exception as error:  # the libraries' own errors have no common class
        raise ValueError(str(error)) from error
    return rows


KINDS: Mapping[str, tuple[Callable[..., object], Callable[[Path], Iterable[Mapping[str, Any]]]]] = {
    ".csv": (_write_csv, _read_csv),
    ".json": (_write_json, _read_json),
    ".jsonl": (_write_lines, _read_lines),
    ".parquet": (_write_parquet, _read_parquet),
}
"""Ending of a table's name → how it is written, and read."""


class Journal:
    """Rows of a survey that is under way, one per line beside its table: what was interrupted goes on from there.

    Args:
        table: The table that will be written.
    """

    def __init__(self, table: str | os.PathLike[str]) -> None:
        self.path = Path(f"{os.fspath(table)}.partial")

    def rows(self) -> Iterator[dict[str, int | str | None]]:
        """What is there of a run that was interrupted.

        Yields:
            Its rows; a line that was not written to its end is left out.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for line in file:
                try:
                    yield _whole(json.loads(line))
                except (ValueError, TypeError, AttributeError):
                    continue

    def add(self, row: Row) -> None:
        """Keep a row.

        Args:
            row: The row.
        """
        with self.path.open("ab") as file:
            file.write(_line(row) + b"\n")

    def remove(self) -> None:
        """The table is written: the journal is not needed any more."""
        self.path.unlink(missing_ok=True)
