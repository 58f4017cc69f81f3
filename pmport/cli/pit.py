"""``pmport pit``: partition information tables of Samsung phones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.cli.output import json_option, report
from pmport.cli.phone import phone_options
from pmport.cli.progress import shown
from pmport.cli.source import read
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import writes
from pmport.render import Table, Text, size_text

if TYPE_CHECKING:
    from pmport.formats.storage.pit import Pit

__all__ = ["pit"]

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group(cls=SuggestingGroup)
def pit() -> None:
    """Partition information tables (PIT) of Samsung phones."""


def _read(path: Path) -> Pit:
    from pmport.formats.storage.pit import Pit  # noqa: PLC0415 - only when it is used

    return Pit.parse(read(path))


def _rows(table: Pit) -> dict[str, Any]:
    entries = [
        {
            "name": entry.name, "file": entry.file, "identifier": entry.identifier, "storage": entry.device,
            "modem": entry.is_modem, "start_block": start, "blocks": entry.block_count,
            "bytes": table.partition_size(entry),
        }
        for entry, start in zip(table, table.starts, strict=True)
    ]  # fmt: skip
    return {**dict(table.describe()), "entries": entries}


@pit.command(epilog="Example: pmport pit show phone.pit")
@click.argument("file", type=FILE)
@json_option
def show(file: Path, *, as_json: bool, raw: bool) -> int:
    """Show the table in FILE, its partitions to scale."""
    table = _read(file)
    return report(_rows(table), [table.view()], as_json=as_json, raw=raw)


@pit.command("print", epilog="Example: pmport pit print phone.pit")
@click.argument("file", type=FILE)
def print_(file: Path) -> None:
    """Print the table in FILE in the words of `heimdall print-pit`, for scripts that read them."""
    from pmport.formats.storage.pit_text import heimdall_text  # noqa: PLC0415 - as above

    click.echo(heimdall_text(_read(file)), nl=False)


@pit.command(epilog="Example: pmport pit diff old.pit new.pit")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@json_option
def diff(before: Path, after: Path, *, as_json: bool, raw: bool) -> int:
    """Tell what AFTER has otherwise than BEFORE; the exit code is 1 where they differ."""
    from pmport.formats.storage.pit_text import differences  # noqa: PLC0415 - as above

    found = [item._asdict() for item in differences(_read(before), _read(after))]
    table = Table(("partition", "field", "before", "after"), [list(row.values()) for row in found], empty="both tell the same")  # fmt: skip
    report(found, [table], as_json=as_json, raw=raw)
    return int(bool(found))


@pit.command(epilog="Example: pmport pit check phone.pit")
@click.argument("file", type=FILE)
@json_option
def check(file: Path, *, as_json: bool, raw: bool) -> int:
    """Check the table in FILE: names and identifiers that occur twice, partitions that overlap."""
    table = _read(file)
    line = Text(f"{file.name}: {len(table)} entries, {size_text(table.size)}")
    return report({"entries": len(table)}, [line], findings=table.findings(), as_json=as_json, raw=raw, judges=True)


@pit.command(epilog="Example: pmport pit dump -o phone.pit")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")  # fmt: skip
@click.option("--no-reboot", is_flag=True, help="Stay in download mode; the next command resumes the session.")
@phone_options
@json_option
@writes("output")
def dump(connect: Callable[..., Any], output: Path, *, no_reboot: bool, as_json: bool, raw: bool) -> int:
    """Read the table of a phone in download mode into a file, byte for byte."""
    from pmport.unpacking import replacing  # noqa: PLC0415 - as above
    from pmport.wire.loke import CloseCommand  # noqa: PLC0415

    with shown() as on_event, connect(on_event, "heimdall") as flasher:
        table = flasher.read_table(on_event)
        if not no_reboot:
            flasher.client.end()
            flasher.client.leave(CloseCommand.REBOOT)
    with replacing(output) as target:
        target.write(bytes(table))
    line = Text(f"{output}: {len(table)} entries, {size_text(table.size)}")
    result = {"file": str(output), "entries": len(table), "size": table.size}
    return report(result, [line], as_json=as_json, raw=raw)
