"""``pmport flash`` and the other verbs of fastboot: boot, erase, reboot, getvar, fetch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.cli import completing
from pmport.cli.output import json_option, report
from pmport.cli.phone import phone_options, size_of
from pmport.cli.progress import shown
from pmport.cli.source import text_of
from pmport.cli.writing import writes
from pmport.render import Text, size_text

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.findings import Finding
    from pmport.plan import FlashPlan

__all__ = ["boot", "erase", "fetch", "flash", "getvar", "reboot", "update"]

TARGETS = ["", "bootloader", "recovery", "fastboot", "download", "off", "update"]
"""Where phones can be sent to; each bootloader knows some of them."""


def _device(codename: str | None, record: Path | None, method: str = "") -> Device:
    from pmport import device_db  # noqa: PLC0415 - only for a plan

    if record is not None:
        device = device_db.parse(text_of(record), record.name)
    elif codename is not None:
        device = device_db.load(codename)
    else:
        return device_db.Device("any-device", flash=device_db.Flash(method=method or "fastboot"))
    known = device.flash.method
    if method and known and known.partition("-")[0] != method.partition("-")[0]:
        raise click.UsageError(f"{device.codename} is flashed by {known}, as its record says; leave --method out")
    return device if known or not method else replace(device, flash=replace(device.flash, method=method))


def _told_by_the_phone(device: Device, connect: Callable[..., Any], *, dry_run: bool) -> Device:
    """A record that does not say how the phone is flashed, and the phone on the cable that does."""
    if device.flash.method or dry_run:
        return device
    return replace(device, flash=replace(device.flash, method=connect.method()))  # type: ignore[attr-defined]  # as phone_options has it


def _untold(plan: FlashPlan, *, as_json: bool) -> Iterable[Finding]:
    """What a report has to say beside the plan, which shows its own notes to people."""
    from pmport.findings import Severity  # noqa: PLC0415 - only for a plan

    return plan.findings if as_json else [found for found in plan.findings if found.severity is not Severity.NOTE]


def _images(images: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for image in images:
        role, sign, path = image.partition("=")
        if not (role and sign and path):
            raise click.BadParameter(f"{image!r} is not ROLE=FILE", param_hint="IMAGES")
        pairs[role] = path
    return pairs


@click.command(epilog="Example: pmport flash --codename oneplus-enchilada boot=boot.img rootfs=rootfs.img --dry-run")
@click.argument("images", nargs=-1, metavar="ROLE=FILE...", shell_complete=completing.roles)
@click.option("--method", default="", metavar="NAME", help="fastboot, heimdall or 0xffff, where no record tells it.")
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    help="Samsung's .tar.md5 or zip; its files go where the phone's table says.",
)
@click.option(
    "--pit",
    "table",
    type=click.Path(exists=True, dir_okay=False),
    help="Recorded partition table of a Samsung phone, to plan without it.",
)
@click.option(
    "--codename", shell_complete=completing.codenames, help="Device record to take partitions and names from."
)
@click.option("--record", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A record file instead.")
@click.option(
    "--getvars",
    type=click.Path(exists=True, dir_okay=False),
    help="Recorded `fastboot getvar all`, to plan without the phone.",
)
@click.option("--allow", multiple=True, metavar="DANGER", help="Accept a danger, by the word that a refusal names.")
@click.option("--dry-run", is_flag=True, help="Print the plan and touch nothing.")
@click.option("--no-reboot", is_flag=True, help="Leave the phone as it is; a Samsung's next run resumes the session.")
@click.option("--verify", is_flag=True, help="Read back what was flashed, where the phone lets it (fastbootd does).")
@click.option("--slot", default="", metavar="SLOT", help="a, b, other or all; without it the current one.")
@click.option("--sparse-limit", "-S", default="", metavar="SIZE", help="Send at most so much at once: 64M, 1G.")
@click.option("--disable", multiple=True, metavar="WHAT", help="verity, verification: flags in a vbmeta image.")
@click.option("--any-content", is_flag=True, help="boot may be something else than an Android boot image.")
@phone_options
@json_option
def flash(
    connect: Callable[..., Any],
    images: tuple[str, ...],
    codename: str | None,
    record: Path | None,
    getvars: str | None,
    allow: tuple[str, ...],
    method: str,
    packages: tuple[str, ...],
    table: str | None,
    slot: str,
    sparse_limit: str,
    disable: tuple[str, ...],
    *,
    any_content: bool,
    dry_run: bool,
    no_reboot: bool,
    verify: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Flash images: ROLE is boot, rootfs, vbmeta, dtbo, vendor_boot, or the name of a partition."""
    import pmport  # noqa: PLC0415 - as above
    from pmport.formats.reports.getvars import GetVars  # noqa: PLC0415

    if packages:
        how = {"allow": allow, "only": images, "repartition": "repartition" in allow, "reboot": not no_reboot}
        return _flash_packages(connect, packages, table, how, dry_run=dry_run, as_json=as_json, raw=raw)
    if not images:
        raise click.UsageError("name at least one ROLE=FILE, or a --package")
    phone: Any = None
    if getvars:
        with pmport.open(getvars) as recorded:
            phone = GetVars.parse(recorded.section())
    elif table:
        from pmport.cli.source import pit_of  # noqa: PLC0415 - as above, text_of

        phone = pit_of(table)
        method = method or "heimdall"
    if not (method or codename or record or dry_run or getvars):
        method = connect.method()  # type: ignore[attr-defined]  # as phone_options has it
    device = _told_by_the_phone(_device(codename, record, method), connect, dry_run=dry_run)
    files = _images(images)

    def planned(phone: Any) -> FlashPlan:
        how: dict[str, Any] = {"disable": disable, "any_content": any_content, "slot": slot}
        plan = pmport.generate.flash_plan(device, files, phone, allow, **how)
        kept = tuple(step for step in plan.steps if step.verb != "reboot") if no_reboot else plan.steps
        return replace(plan, steps=kept)

    if dry_run:
        return _dry_run(planned(phone), as_json=as_json, raw=raw)
    family = device.flash.method.partition("-")[0]
    if family != "fastboot" and (verify or sparse_limit):
        raise click.UsageError(f"phones that are flashed by {family} cannot be read back, and take no sparse pieces")
    live = family == "heimdall" and phone is None
    plan = None if live else planned(phone)  # what can be refused without the phone is refused without it
    with shown(as_json=as_json) as on_event, connect(on_event, family) as flasher:
        plan = plan or planned(flasher.read_table(on_event))
        if sparse_limit:
            flasher.largest_download = size_of(sparse_limit)
        findings = flasher.run(plan, on_event, **({"verify": True} if verify else {}))
    return _verified(findings, as_json=as_json, raw=raw) if verify else 0


def _verified(findings: Iterable[Finding], *, as_json: bool, raw: bool) -> int:
    return report({"verified": not findings}, findings=findings, as_json=as_json, raw=raw, judges=True)


def _dry_run(plan: FlashPlan, *, as_json: bool, raw: bool) -> int:
    return report(plan_rows(plan), [plan.view()], findings=_untold(plan, as_json=as_json), as_json=as_json, raw=raw)


def _flash_packages(
    connect: Callable[..., Any],
    packages: tuple[str, ...],
    table: str | None,
    how: dict[str, Any],
    *,
    dry_run: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Firmware packages of Samsung's; ``how`` goes to the plan."""
    import pmport  # noqa: PLC0415 - as above
    from pmport.cli.source import pit_of  # noqa: PLC0415

    with ExitStack() as opened:
        nodes = [opened.enter_context(pmport.open(path)) for path in packages]
        known = pit_of(table)
        if dry_run and known is not None:
            plan = pmport.generate.package_plan(nodes, known, **how)
            return _dry_run(plan, as_json=as_json, raw=raw)
        with shown(as_json=as_json) as on_event, connect(on_event, "heimdall") as flasher:
            plan = pmport.generate.package_plan(nodes, flasher.read_table(on_event), **how)
            if dry_run:
                return _dry_run(plan, as_json=as_json, raw=raw)
            flasher.run(plan, on_event)
    return 0


def plan_rows(plan: Any) -> dict[str, Any]:
    """A plan as data, for ``--json``.

    Args:
        plan: The plan.

    Returns:
        Its steps, without the bytes.
    """
    steps = [
        {
            "verb": step.verb,
            "partition": step.partition,
            "argument": step.argument,
            "file": step.image and step.image.name,
            "size": step.image and step.image.size,
            "sha256": step.image and step.image.sha256,
            "dangers": list(step.dangers(plan.method)),
        }
        for step in plan.steps
    ]
    return {
        "device": plan.device,
        "method": plan.method,
        "steps": steps,
        "preconditions": dict(plan.preconditions.rows()),
    }


@click.command(epilog="Example: pmport boot boot.img")
@click.argument("image", type=click.Path(exists=True, dir_okay=False))
@click.option("--codename", shell_complete=completing.codenames, help="Device record that the image is for.")
@phone_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per event.")
def boot(connect: Callable[..., Any], image: str, codename: str | None, *, as_json: bool) -> int:
    """Start IMAGE from memory, without writing it."""
    import pmport  # noqa: PLC0415 - as above

    plan = pmport.generate.flash_plan(_device(codename, None), {"boot": image}, boot_only=True)
    with shown(as_json=as_json) as on_event, connect(on_event, plan.method) as flasher:
        flasher.run(plan, on_event)
    return 0


@click.command(epilog="Example: pmport erase dtbo")
@click.argument("partition")
@click.option("--allow", multiple=True, metavar="DANGER", help="erase: for partitions that a port does not own.")
@phone_options
def erase(connect: Callable[..., Any], partition: str, allow: tuple[str, ...]) -> int:
    """Erase PARTITION."""
    from pmport.plan import FlashPlan, Step, Verb  # noqa: PLC0415 - as above

    plan = FlashPlan("fastboot", (Step(Verb.ERASE, partition),), allow=allow)
    with shown() as on_event, connect(on_event) as flasher:
        flasher.run(plan, on_event)
    return 0


@click.command(epilog="Example: pmport reboot bootloader")
@click.argument("target", default="", type=click.Choice(TARGETS))
@phone_options
def reboot(connect: Callable[..., Any], target: str) -> int:
    """Start the phone again, into TARGET; without one into the system."""
    from pmport.plan import FlashPlan, Step, Verb  # noqa: PLC0415 - as above

    with shown() as on_event, connect(on_event, "") as flasher:
        flasher.run(FlashPlan(flasher.method, (Step(Verb.REBOOT, argument=target),)), on_event)
    return 0


@click.command(epilog="Example: pmport getvar > phone.txt")
@click.argument("names", nargs=-1)
@phone_options
@json_option
def getvar(connect: Callable[..., Any], names: tuple[str, ...], *, as_json: bool, raw: bool) -> int:
    """What the phone says of itself; NAMES are single variables; all of them without one.

    A recording of all, for `pmport flash --getvars` and for `pmport db identify`: pmport getvar > phone.txt
    """
    from pmport.formats.reports.getvars import GetVars  # noqa: PLC0415 - as above
    from pmport.redaction import redact  # noqa: PLC0415

    with shown() as on_event, connect(on_event) as flasher:
        single = names and "all" not in names
        found = GetVars({name: flasher.client.getvar(name) for name in names}) if single else flasher.client.getvars()
    text = bytes(found).decode("utf-8", "backslashreplace").rstrip("\n")
    return report(found.variables, [Text(text if raw else redact(text))], as_json=as_json, raw=raw)


@click.command(epilog="Example: pmport fetch boot -o stock-boot.img")
@click.argument("partition")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; - is standard output.",
)
@phone_options
@writes("output")
def fetch(connect: Callable[..., Any], partition: str, output: Path) -> int:
    """Read PARTITION back into a file, where the bootloader can do that (lk2nd, fastbootd)."""
    from pmport.unpacking import replacing  # noqa: PLC0415 - as above

    to_stdout = str(output) == "-"
    with ExitStack() as stack:
        on_event = stack.enter_context(shown())
        flasher = stack.enter_context(connect(on_event))
        target = sys.stdout.buffer if to_stdout else stack.enter_context(replacing(output))
        flasher.client.on_event = on_event
        size = flasher.client.fetch(partition, target)
    click.echo(f"{output}: {size} bytes ({size_text(size)})", err=to_stdout)
    return 0


@click.command(epilog="Example: pmport update factory.zip --disable verity --dry-run")
@click.argument("package", type=click.Path(exists=True, dir_okay=False))
@click.option("--wipe", "-w", is_flag=True, help="Erase the user's data too.")
@click.option("--disable", multiple=True, metavar="WHAT", help="verity, verification: flags in the vbmeta image.")
@click.option("--allow", multiple=True, metavar="DANGER", help="Accept a danger, by the word that a refusal names.")
@click.option("--dry-run", is_flag=True, help="Ask the phone, print the plan and write nothing.")
@click.option("--no-reboot", is_flag=True, help="Leave the phone as it is afterwards.")
@click.option("--sparse-limit", "-S", default="", metavar="SIZE", help="Send at most so much at once: 64M, 1G.")
@phone_options
@json_option
def update(
    connect: Callable[..., Any],
    package: str,
    disable: tuple[str, ...],
    allow: tuple[str, ...],
    sparse_limit: str,
    *,
    wipe: bool,
    dry_run: bool,
    no_reboot: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Flash a whole factory PACKAGE, a zip, in the order that it names: what `fastboot update` and `flashall` do."""
    import pmport  # noqa: PLC0415 - only when a phone is spoken to

    with pmport.open(package) as node, shown(as_json=as_json) as on_event, connect(on_event) as flasher:
        told = flasher.variables(pmport.generate.factory_partitions(node))
        how: dict[str, Any] = {"wipe": wipe, "disable": disable, "allow": allow, "reboot": not no_reboot}
        plan = pmport.generate.factory_plan(node, told, **how)
        if sparse_limit:
            flasher.largest_download = size_of(sparse_limit)
        if not dry_run:
            flasher.run(plan, on_event)
        views = [plan.view()] if dry_run else []
        return report(plan_rows(plan), views, findings=_untold(plan, as_json=as_json), as_json=as_json, raw=raw)
