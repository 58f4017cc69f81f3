"""``pmport deviceinfo``: read, check and mend the files themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.output import json_option, report
from pmport.cli.source import read, text_of
from pmport.cli.suggesting import SuggestingGroup
from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.render import Table, Text

if TYPE_CHECKING:
    from pmport.formats.reports.deviceinfo import DeviceInfo
    from pmport.formats.reports.deviceinfo_lint import Schema

__all__ = ["deviceinfo"]

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
FILES = click.argument("files", nargs=-1, required=True, type=FILE)
SCHEMA = click.option(
    "--schema",
    type=click.Path(exists=True, path_type=Path),
    help="A newer deviceinfo_schema.toml, or a pmaports checkout.",
)


@click.group(cls=SuggestingGroup)
def deviceinfo() -> None:
    """Read deviceinfo files as a shell would, check them, mend them."""


def _read(path: Path) -> DeviceInfo:
    from pmport.formats.reports.deviceinfo import DeviceInfo  # noqa: PLC0415 - only this command

    return DeviceInfo.parse(read(path))


def _schema(path: Path | None) -> Schema | None:
    from pmport.formats.reports.deviceinfo_lint import Schema  # noqa: PLC0415 - as above

    if path is None:
        return None
    file = path / "deviceinfo_schema.toml" if path.is_dir() else path
    try:
        return Schema.parse(text_of(file), str(file))
    except FileNotFoundError:
        raise click.UsageError(f"{path} is no checkout of pmaports: it has no {file.name}") from None


@deviceinfo.command(epilog="Example: pmport deviceinfo lint device-*/deviceinfo")
@FILES
@SCHEMA
@json_option
def lint(files: tuple[Path, ...], schema: Path | None, *, as_json: bool, raw: bool) -> int:
    """Find what is wrong in FILES, each finding with its line, its reason and its fix."""
    from dataclasses import replace  # noqa: PLC0415 - as above

    from pmport.formats.reports.deviceinfo_lint import lint as check  # noqa: PLC0415

    rules = _schema(schema)
    findings: list[Finding] = list(rules.findings) if rules else []
    for file in files:
        try:
            findings += [replace(finding, where=f"{file}: {finding.where}") for finding in check(_read(file), rules)]
        except FormatError as error:
            findings.append(Finding(Severity.ERROR, "unreadable", str(error), where=str(file)))
    return report({"files": len(files)}, findings=findings, as_json=as_json, raw=raw, judges=True)


@deviceinfo.command(epilog="Example: pmport deviceinfo fix device-nokia-argon/deviceinfo")
@FILES
@SCHEMA
@json_option
def fix(files: tuple[Path, ...], schema: Path | None, *, as_json: bool, raw: bool) -> None:
    """Mend FILES in place, where that needs no knowledge of the device; all else stays as it is."""
    from pmport.formats.reports.deviceinfo_lint import fix as mend  # noqa: PLC0415 - as above
    from pmport.unpacking import replacing  # noqa: PLC0415

    rules = _schema(schema)
    mended_files: dict[str, bool] = {}
    for file in files:
        info = _read(file)
        mended = mend(info, rules)
        if str(file) == "-":
            sys.stdout.buffer.write(bytes(mended))
            continue
        mended_files[str(file)] = mended.text != info.text
        if mended_files[str(file)]:
            with replacing(file) as target:
                target.write(bytes(mended))
    if mended_files:
        lines = [f"{file}: {'mended' if changed else 'nothing to mend'}" for file, changed in mended_files.items()]
        report({"files": mended_files}, [Text("\n".join(lines))], as_json=as_json, raw=raw)


@deviceinfo.command(epilog="Example: pmport deviceinfo show device-xiaomi-vayu/deviceinfo --variant tianma")
@click.argument("file", type=FILE)
@click.option("--variant", help="As it holds with this kernel variant.")
@json_option
def show(file: Path, variant: str | None, *, as_json: bool, raw: bool) -> int:
    """Print what FILE assigns."""
    info = _read(file)
    values = info.for_variant(variant) if variant else dict(info)
    return report(values, [Table(("key", "value"), list(values.items()))], as_json=as_json, raw=raw)


@deviceinfo.command(epilog="Example: pmport deviceinfo convert deviceinfo > nokia-argon.toml")
@click.argument("file", type=FILE)
def convert(file: Path) -> None:
    """Print FILE as a device record."""
    from pmport import device_db  # noqa: PLC0415 - as above

    click.echo(device_db.to_toml(device_db.from_deviceinfo(_read(file))), nl=False)
