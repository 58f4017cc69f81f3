"""``pmport unpack`` and ``pmport repack``: any container into a folder, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from pmport.cli.output import json_option, report
from pmport.cli.source import whole
from pmport.cli.writing import writes
from pmport.render import Table, Text, size_text

__all__ = ["repack", "unpack"]


@click.command(epilog="Example: pmport unpack boot.img -o parts")
@click.argument("files", nargs=-1, required=True)
@click.option("-o", "--output", "folder", required=True, help="The folder to write; made if it is not there.")
@json_option
@writes("folder")
def unpack(files: tuple[str, ...], folder: str, *, as_json: bool, raw: bool) -> int:
    """Take a file apart into a folder; - reads standard input. Of a split sparse image, name all FILES."""
    from pmport import unpacking  # noqa: PLC0415 - only this command

    with whole(files) as node:
        written = unpacking.unpack(node, folder)
        rows = [(path.name, path.stat().st_size) for path in written]
        table = Table(
            ("file", "bytes", ""),
            [(name, size, size_text(size)) for name, size in rows],
            title=f"{node.KIND} in {folder}",
        )
        result = {"kind": node.KIND, "folder": folder, "files": dict(rows)}
        return report(result, [table], findings=node.findings(), as_json=as_json, raw=raw)


@click.command(epilog="Example: pmport repack parts -o new.img")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--output", required=True, help="The file to write; - is standard output.")
@click.option("--avb", type=click.Choice(["leave", "none", "re-sign"]), help="What happens to verified boot data.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False), help="RSA key (PEM) for --avb re-sign.")
@click.option("--partition-size", type=int, help="Bytes that the result may have.")
@json_option
@writes("output")
def repack(
    folder: str, output: str, avb: str | None, key: str | None, partition_size: int | None, *, as_json: bool, raw: bool
) -> int:
    """Put together what unpack took apart: identical, or with what was changed."""
    from pmport import unpacking  # noqa: PLC0415 - only this command

    options = _options(avb, key, partition_size)
    with unpacking.repack(folder, **options) as node:
        if output == "-":
            node.write_to(sys.stdout.buffer)
            return 0
        with unpacking.replacing(Path(output)) as target:
            size = node.write_to(target)
        result = {"kind": node.KIND, "file": output, "size": size}
        line = Text(f"{output}: {node.KIND}, {size} bytes ({size_text(size)})")
        return report(result, [line], findings=node.findings(), as_json=as_json, raw=raw)


def _options(avb: str | None, key: str | None, partition_size: int | None) -> dict[str, Any]:
    if (avb == "re-sign") != (key is not None):
        raise click.UsageError("--avb re-sign and --key belong together")
    options: dict[str, Any] = {}
    if partition_size is not None:
        options["partition_size"] = partition_size
    if key is not None:
        from pmport.formats.avb.edit import ReSign  # noqa: PLC0415 - only for signing

        options["avb"] = ReSign(Path(key).read_bytes())
    elif avb is not None:
        options["avb"] = avb
    return options
