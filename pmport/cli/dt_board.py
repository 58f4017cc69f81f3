"""``pmport dt board``: a draft of mainline's board file."""

from __future__ import annotations

from pathlib import Path

import click

from pmport.cli.dt import INDEX, OUTPUT, tree_of, written
from pmport.cli.dt_meaning import dt
from pmport.errors import FormatError

__all__ = ["board_", "dt"]


@dt.command(
    "board",
    epilog="Example: pmport dt board vendor.dtb --kernel linux --compatible xiaomi,lithium --model 'Xiaomi Mi MIX' -o board.dts",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--kernel",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A kernel's source: all knowledge of the chip and its boards comes from it.",
)
@click.option("--compatible", default="", help="The phone's name in mainline: vendor,codename.")
@click.option("--model", default="", help="The phone's market name.")
@click.option("--explain", is_flag=True, help="Write the evidence behind each statement.")
@INDEX
@OUTPUT
def board_(
    files: tuple[str, ...],
    kernel: Path | None,
    compatible: str,
    model: str,
    index: int,
    output: str,
    *,
    explain: bool,
) -> None:
    """Draft a mainline board file from a vendor's tree in FILE, and overlays of it in further FILEs.

    What the vendor's tree does not tell stands as a question at the top of the draft.
    """
    from pmport.board import draft  # noqa: PLC0415 - only here

    if kernel is None:
        raise FormatError("A kernel source is needed", format="board", remedy="name one with --kernel")
    trees = [tree_of(files[0], index), *(tree_of(file) for file in files[1:])]
    drafted = draft(*trees, kernel=kernel, compatible=compatible, model=model)
    written(drafted.text(explain=explain).encode("utf-8", "surrogateescape"), output)
