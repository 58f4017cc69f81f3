"""``pmport dt board``: a draft of mainline's board file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.dt import OUTPUT, SOURCE_SUFFIXES, tree_of
from pmport.cli.dt_meaning import dt
from pmport.cli.source import opened
from pmport.cli.writing import writes, written
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.board import Draft

__all__ = ["board_", "dt"]


@dt.command(
    "board", epilog="Example: pmport dt board vendor.dtb --kernel linux --compatible xiaomi,lithium -o board.dts"
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--kernel",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A kernel's source: all knowledge of the chip and its boards comes from it. Without it, from pmport's own maps.",
)
@click.option("--compatible", default="", help="The phone's name in mainline: vendor,codename.")
@click.option("--model", default="", help="The phone's market name.")
@click.option(
    "--like", default="", metavar="BOARD", help="A board of mainline that the phone is a variant of; wants --kernel."
)
@click.option("--explain", is_flag=True, help="Write the evidence behind each statement.")
@click.option(
    "--score",
    "reference",
    metavar="REFERENCE",
    help="Compare the draft with a board file that people wrote; wants --kernel.",
)
@click.option("--index", type=int, default=None, help="Which of several trees in the first file, counted from 0.")
@OUTPUT
@writes("output")
def board_(
    files: tuple[str, ...],
    kernel: Path | None,
    compatible: str,
    model: str,
    like: str,
    reference: str | None,
    index: int | None,
    output: str,
    *,
    explain: bool,
) -> int:
    """Draft a mainline board file from a vendor's tree in FILE, and overlays of it in further FILEs.

    What the trees do not tell stands as a question at the top of the draft. What is wrong with it is told on the error
    output, and the exit code is 1 then.
    """
    from pmport.board import draft  # noqa: PLC0415 - only here
    from pmport.findings import Severity  # noqa: PLC0415

    if kernel is None and (like or reference):
        raise click.UsageError("--like and --score want the kernel's source: --kernel")
    if index is None:
        _only_one(files[0])
    trees = [tree_of(files[0], index or 0), *(tree_of(file) for file in files[1:])]
    drafted = draft(*trees, kernel=kernel, compatible=compatible, model=model, like=like)
    written(drafted.text(explain=explain).encode("utf-8", "surrogateescape"), output)
    errors = [finding for finding in drafted.findings if finding.severity is Severity.ERROR]
    for finding in errors:
        click.echo(str(finding), err=True)
    if reference:
        click.echo(str(_score(drafted, reference)), err=output == "-")
    return 1 if errors else 0


def _only_one(file: str) -> None:
    """Refuse to choose among several phones' trees."""
    from pmport.devicetree import Blob  # noqa: PLC0415 - only here

    if file == "-" or Path(file).suffix in SOURCE_SUFFIXES or not Path(file).is_file():
        return
    with opened(file) as node:
        count = sum(isinstance(part, Blob) for _, part in node.walk())
    if count > 1:
        raise FormatError(
            f"{file} holds {count} device trees, perhaps of as many phones",
            format="device tree",
            remedy="pmport dt identify tells whose they are; --index takes one, counted from 0",
        )


def _score(drafted: Draft, reference: str) -> object:
    """The comparison with a board file, which is source, compiled against the same kernel, or a blob."""
    if Path(reference).suffix == ".dts" and drafted.kernel is not None:
        from pmport.devicetree import read_source  # noqa: PLC0415 - only here

        return drafted.score(read_source(reference, include=drafted.includes, symbols=True)).view()
    if not Path(reference).exists():
        raise FormatError(f"There is no file {reference}", format="board file", remedy="Name a .dts or .dtb file")
    return drafted.score(tree_of(reference)).view()
