"""``pmport db``: the device database."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli import completing
from pmport.cli.output import json_option, report
from pmport.cli.source import opened, text_of
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import writes
from pmport.findings import Finding, Severity
from pmport.render import Table

if TYPE_CHECKING:
    from pmport.facts import DeviceFacts

__all__ = ["db"]


def _use(context: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    """Let the records of a folder count for as long as the command runs."""
    if folder is not None:
        from pmport.device_db import using  # noqa: PLC0415 - only where it is asked for

        context.with_resource(using(folder))


records_option = click.option(
    "--db", metavar="DIR", type=click.Path(path_type=Path), expose_value=False, callback=_use, is_eager=True,
    help="A folder of records that count before those that pmport ships.",
)  # fmt: skip


@click.group(cls=SuggestingGroup)
def db() -> None:
    """Device records: show one, search, tell which one a phone is, check a record."""


@db.command(epilog="Example: pmport db show oneplus-enchilada")
@click.argument("codename", shell_complete=completing.codenames)
@records_option
@json_option
def show(codename: str, *, as_json: bool, raw: bool) -> int:
    """Print the record of CODENAME."""
    from pmport import device_db  # noqa: PLC0415 - only this command

    device = device_db.load(codename)
    return report(dataclasses.asdict(device), [device.view()], as_json=as_json, raw=raw)


@db.command(epilog="Example: pmport db search nokia --method 0xffff")
@click.argument("words", nargs=-1)
@click.option("--soc", help="System on chip, such as msm8916.")
@click.option("--arch", help="Architecture, such as aarch64.")
@click.option("--method", help="Flash method, such as fastboot.")
@click.option("--category", help="main, community, testing, downstream or archived.")
@click.option("--compatible", help="Compatible string of its mainline device tree.")
@records_option
@json_option
def search(words: tuple[str, ...], *, as_json: bool, raw: bool, **wanted: str | None) -> int:
    """List the records that WORDS may mean, the likeliest first: a name, a codename, a model number, a chip."""
    from pmport import device_db  # noqa: PLC0415 - as above

    found = device_db.search(" ".join(words), **{name: value for name, value in wanted.items() if value})
    rows = [(d.codename, d.name, d.year, d.arch, d.soc, d.flash.method, d.category) for d in found]
    columns = ("codename", "name", "year", "arch", "soc", "method", "category")
    result = [dict(zip(columns, row, strict=True)) for row in rows]
    report(result, [Table(columns, rows, empty="no record holds that")], as_json=as_json, raw=raw)
    return int(not rows)


@db.command(epilog="Example: pmport db identify boot.img")
@click.argument("file")
@click.option("--most", default=5, show_default=True, help="How many candidates are shown.")
@records_option
@json_option
def identify(file: str, most: int, *, as_json: bool, raw: bool) -> int:
    """Tell which device FILE is from: a boot image, a device tree, a recorded getvar; - reads standard input."""
    from pmport import device_db, facts  # noqa: PLC0415 - as above

    with opened(file) as node:
        told = facts.of(node)
    candidates = device_db.find(told)
    rows = [(c.codename, c.name, c.score, "; ".join(c.evidence)) for c in candidates[:most]]
    findings = []
    best = [candidate for candidate in candidates if candidate.score == candidates[0].score]
    if len(best) > 1:
        findings.append(
            Finding(Severity.NOTE, "tie", f"{len(best)} records agree equally well: the file does not tell them apart")
        )
    findings += several_boards(told)
    views = [_by_tree(told)] if several_boards(told) else []
    columns = ("codename", "name", "score", "because")
    table = Table(columns, rows, empty="none of the records: nothing in the file names a device, or it has none yet")
    result = [dict(zip(columns, row, strict=True)) for row in rows]
    report(result, [table, *views], findings=findings, as_json=as_json, raw=raw)
    return int(not rows)


def several_boards(told: DeviceFacts) -> list[Finding]:
    """A note where an image holds trees of several boards, so that it does not say which the phone is.

    Args:
        told: The image's facts.

    Returns:
        One note, or none.
    """
    from pmport import device_db  # noqa: PLC0415 - as above

    answers = device_db.boards(told)
    if device_db.find(told) or not device_db.of_several_boards(answers):
        return []
    boards = len({(answer.model, answer.best) for answer in answers if answer.named or answer.candidates})
    return [
        Finding(
            Severity.NOTE,
            "several-boards",
            f"The file holds device trees of {boards} boards: it does not say which of them the phone is",
            fix="see pmport dt identify, and ask the phone: fastboot getvar all, or /proc/device-tree",
        )
    ]


def _by_tree(told: DeviceFacts) -> Table:
    from pmport import device_db  # noqa: PLC0415 - as above

    answers = [answer for answer in device_db.boards(told) if answer.named or answer.candidates]
    rows = [(answer.tree, answer.model, ", ".join(sorted(answer.best)) or "none") for answer in answers]
    return Table(("tree", "model", "records"), rows, title="what each tree says by itself")


@db.command(epilog="Example: pmport db validate port/nokia-argon.toml")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def validate(files: tuple[Path, ...], *, as_json: bool, raw: bool) -> int:
    """Check record FILES, and the deviceinfo that each generates; without any, all that pmport ships."""
    from pmport import device_db, generate  # noqa: PLC0415 - as above
    from pmport.errors import RecordError  # noqa: PLC0415
    from pmport.formats.reports.deviceinfo import DeviceInfo  # noqa: PLC0415
    from pmport.formats.reports.deviceinfo_lint import lint  # noqa: PLC0415

    findings: list[Finding] = []
    devices = []
    for file in files:
        try:
            devices.append(device_db.parse(text_of(file), file.name))
        except RecordError as error:
            findings.append(Finding(Severity.ERROR, "record", str(error), where=str(file)))
    if not files:
        devices = list(device_db.records())
    for device in devices:
        found = lint(DeviceInfo.parse(generate.deviceinfo(device)))
        findings += [dataclasses.replace(item, where=f"{device.codename}: {item.where}") for item in found]
    return report({"records": len(devices)}, findings=findings, as_json=as_json, raw=raw, judges=True)


@db.command("import", epilog="Example: pmport db import ../pmaports -o records")
@click.argument("checkout", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the records."
)
@json_option
@writes("output")
def import_(checkout: Path, output: Path, *, as_json: bool, raw: bool) -> int:
    """Read the device packages of a pmaports CHECKOUT into records."""
    from pmport.device_db import to_toml  # noqa: PLC0415 - as above
    from pmport.device_db.pmaports_import import read_checkout  # noqa: PLC0415
    from pmport.errors import RecordError  # noqa: PLC0415
    from pmport.unpacking import replacing  # noqa: PLC0415

    output.mkdir(parents=True, exist_ok=True)
    findings, written = [], 0
    for codename, device in read_checkout(checkout):
        if isinstance(device, RecordError):
            findings.append(Finding(Severity.ERROR, "unreadable", str(device), where=codename))
            continue
        with replacing(output / f"{codename}.toml") as target:
            target.write(to_toml(device).encode())
        written += 1
        findings += [
            Finding(Severity.NOTE, "corrected", f"{c.key} was {c.was!r}", where=codename, why=c.why)
            for c in device.corrections
        ]
    table = Table(("", ""), [("records", written), ("in", output)])
    return report({"records": written, "folder": str(output)}, [table], findings=findings, as_json=as_json, raw=raw)


@db.command(epilog="Example: pmport db diff ../pmaports")
@click.argument("checkout", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def diff(checkout: Path, *, as_json: bool, raw: bool) -> int:
    """Tell how the deviceinfos of a pmaports CHECKOUT differ from the shipped records."""
    from pmport import device_db, generate  # noqa: PLC0415 - as above
    from pmport.device_db.pmaports_import import read_checkout  # noqa: PLC0415
    from pmport.errors import RecordError  # noqa: PLC0415

    shipped = set(device_db.codenames())
    rows = []
    for codename, device in read_checkout(checkout):
        if isinstance(device, RecordError):
            rows.append((codename, "", "", str(device)))
        elif codename not in shipped:
            rows.append((codename, "", "", "not shipped yet"))
        else:
            ours, theirs = (generate.deviceinfo_values(item) for item in (device_db.load(codename), device))
            keys = [key for key in dict.fromkeys((*theirs, *ours)) if ours.get(key) != theirs.get(key)]
            rows += [(codename, key, ours.get(key, ""), theirs.get(key, "")) for key in keys]
    columns = ("codename", "key", "shipped", "checkout")
    result = [dict(zip(columns, row, strict=True)) for row in rows]
    return report(result, [Table(columns, rows, empty="no difference")], as_json=as_json, raw=raw)


GENERATORS = {
    "deviceinfo": "deviceinfo",
    "extlinux": "extlinux",
    "flash-script": "flash_script",
    "halium": "halium_deviceinfo",
    "lk2nd": "lk2nd_node",
    "mobile-nixos": "mobile_nixos",
    "u-boot": "uboot_script",
}
"""What ``pmport db generate`` makes → the generator's name."""


@db.command(epilog="Example: pmport db generate oneplus-enchilada --as mobile-nixos")
@click.argument("codename", metavar="CODENAME|FILE", shell_complete=completing.codenames)
@click.option("--as", "what", type=click.Choice(sorted(GENERATORS)), default="deviceinfo", show_default=True)
@records_option
def generate(codename: str, what: str) -> None:
    """Print a file for CODENAME, made from its record; or from a record FILE, such as ``pmport port`` writes."""
    from pmport import device_db  # noqa: PLC0415 - as above
    from pmport import generate as generators  # noqa: PLC0415

    file = Path(codename)
    device = device_db.parse(text_of(file), file.name) if file.is_file() else device_db.load(codename)
    click.echo(getattr(generators, GENERATORS[what])(device), nl=False)
