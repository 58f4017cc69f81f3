"""``pmport survey``: many files at once, one row a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.output import report

if TYPE_CHECKING:
    from collections.abc import Callable

    from pmport.surveying import Row

__all__ = ["survey"]


@click.command(epilog="Example: pmport survey factory-images -o phones.csv")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The table: .csv, .json, .jsonl or .parquet.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="So many processes; one per processor otherwise.")
@click.option("--force", is_flag=True, help="Write the table anew, whatever stands there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def survey(paths: tuple[str, ...], output: Path | None, jobs: int | None, *, force: bool, as_json: bool) -> int:
    """Tell of every file below PATHS in one row what it is and what it says.

    A table that is there already is brought up to date, and a survey that was interrupted goes on where it was.
    """
    from pmport.surveying import survey as run  # noqa: PLC0415 - only this command

    found = run(paths, output=output, jobs=jobs, force=force, on_row=_counter())
    result: dict[str, object] = {
        "files": len(found),
        "errors": len(found.errors),
        "kinds": dict(found.counted("kind")),
        "output": None if output is None else str(output),
    }
    if output is None:
        result["rows"] = [dict(row) for row in found]
    return report(result, [found.view()], as_json=as_json)


def _counter() -> Callable[[Row], None]:
    """Counts on the terminal's last line, where there is one."""
    rows = 0

    def count(row: Row) -> None:
        nonlocal rows
        rows += 1
        click.echo(f"\r{rows} files\x1b[K" if row else "", nl=False, err=True)

    return count if sys.stderr.isatty() else lambda _: None
