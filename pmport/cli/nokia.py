"""``pmport nokia``: what 0xFFFF does for Nokia's internet tablets and the N900."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pmport.cli.flash import _images, plan_rows
from pmport.cli.output import json_option, report
from pmport.cli.phone import phone_options
from pmport.cli.progress import shown
from pmport.cli.suggesting import SuggestingGroup
from pmport.render import Table, Text

if TYPE_CHECKING:
    from pmport.plan import FlashPlan

__all__ = ["nokia"]

SWITCHES = {"on": 1, "off": 0, "1": 1, "0": 0}
STRINGS = ("hw_rev", "version:kernel", "version:initfs", "version:content", "version:sw-release")
KEYS = ("rd-mode", "rd-flags", "root-device", "usb-host-mode", "sw-release", *STRINGS)
DANGER = click.option("--allow", multiple=True, metavar="DANGER", help="Accept a danger: bootloader, cold-flash.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Print the plan and touch nothing.")
IMAGES = click.argument("images", nargs=-1, metavar="TYPE=FILE...")


@click.group(cls=SuggestingGroup)
def nokia() -> None:
    """Nokia's internet tablets and the N900: NOLO, cold flashing, Mk II."""


@nokia.command(epilog="Example: pmport nokia identify > n900.txt")
@phone_options
@json_option
def identify(connect: Callable[..., Any], *, as_json: bool, raw: bool) -> int:
    """Tell everything that the phone says of itself; `pmport nokia identify > n900.txt` makes a recording."""
    from pmport.flashers.nokia.flasher import BOOT_ROM, MK2  # noqa: PLC0415 - only when a phone is spoken to

    with shown() as on_event, connect(on_event, "0xffff") as flasher:
        if flasher.mode == MK2:
            found = flasher.mk2.properties()
        elif flasher.mode == BOOT_ROM:
            identity = flasher.boot_rom.asic_id()
            found = {"chip": identity.chip, "revision": f"{identity.revision:#x}", "serialno": identity.device_id.hex()}
        else:
            properties = flasher.client.properties()
            return report(dict(properties), [Text(bytes(properties).decode().rstrip("\n"))], as_json=as_json, raw=raw)
    from pmport.redaction import redact  # noqa: PLC0415 - as above

    told = found if raw else redact(found)
    return report(found, [Table(("", ""), list(told.items()))], as_json=as_json, raw=raw)


@nokia.command("set", epilog="Example: pmport nokia set rd-mode on")
@click.argument("key", type=click.Choice(KEYS))
@click.argument("value")
@phone_options
def set_(connect: Callable[..., Any], key: str, value: str) -> int:
    """Change a property: R&D mode and flags (names with commas), root device (flash, mmc, usb), host mode, versions."""
    from pmport.wire.nolo import parse_flags  # noqa: PLC0415 - as above

    flags = parse_flags(value) if key == "rd-flags" else None
    with shown() as on_event, connect(on_event, "0xffff") as flasher:
        client = flasher.client
        client.start()
        if flags is not None:
            client.put_flags(flags)
        elif key == "sw-release":
            client.put_sw_release(value)
        elif key in STRINGS:
            client.put_string(key, value)
        else:
            client.put(*_setting(key, value))
    return 0


def _setting(key: str, value: str) -> tuple[Any, int]:
    from pmport.wire.nolo import RootDevice, Setting  # noqa: PLC0415 - as above

    if key == "root-device":
        names = {str(item.name).lower(): int(item) for item in RootDevice}
        choices = {**names, **{str(number): number for number in names.values()}}
    else:
        choices = SWITCHES
    if value not in choices:
        raise click.BadParameter(f"{value!r} is none of {', '.join(choices)}", param_hint="VALUE")
    return Setting[key.upper().replace("-", "_")], choices[value]


def _run(connect: Callable[..., Any], plan: FlashPlan, *, dry_run: bool, as_json: bool) -> int:
    if dry_run:
        return report(plan_rows(plan), [plan.view()], findings=plan.findings, as_json=as_json)
    with shown(as_json=as_json) as on_event, connect(on_event, "0xffff") as flasher:
        flasher.run(plan, on_event)
    return 0


@nokia.command(epilog="Example: pmport nokia flash kernel=zImage --reboot")
@IMAGES
@click.option(
    "--fiasco",
    type=click.Path(exists=True, dir_okay=False),
    help="The maker's firmware; IMAGES are then types, none: all that are for this phone.",
)
@click.option(
    "--hardware", metavar="PRODUCT:REVISION", help="Such as RX-51:2101, to plan a --fiasco without asking the phone."
)
@click.option("--cold", is_flag=True, help="The phone waits in its boot ROM: begin with 2nd and secondary.")
@click.option("--sw-release", default="", metavar="NAME", help="Tell the phone the name of the release.")
@click.option("--reboot", is_flag=True, help="Reboot afterwards.")
@DANGER
@DRY_RUN
@phone_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per event.")
def flash(
    connect: Callable[..., Any],
    images: tuple[str, ...],
    fiasco: str | None,
    hardware: str | None,
    sw_release: str,
    allow: tuple[str, ...],
    *,
    cold: bool,
    reboot: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Flash images by type: kernel, initfs, rootfs, secondary, xloader, cmt-mcusw and so on."""
    from pmport.generate import plan_images  # noqa: PLC0415 - as above

    if fiasco is not None:
        how: dict[str, Any] = {"allow": allow, "only": images, "cold": cold, "reboot": reboot}
        return _flash_fiasco(connect, fiasco, hardware, how, dry_run=dry_run, as_json=as_json)
    if not images:
        raise click.UsageError("name at least one TYPE=FILE, or --fiasco")
    plan = plan_images(_images(images), cold=cold, sw_release=sw_release, reboot=reboot, allow=allow)
    return _run(connect, plan, dry_run=dry_run, as_json=as_json)


def _flash_fiasco(
    connect: Callable[..., Any], path: str, hardware: str | None, how: dict[str, Any], *, dry_run: bool, as_json: bool
) -> int:
    import pmport  # noqa: PLC0415 - as above
    from pmport.formats.packages.fiasco import Fiasco  # noqa: PLC0415
    from pmport.generate import plan_fiasco  # noqa: PLC0415

    if hardware is None and how["cold"]:
        raise click.UsageError("a phone in its boot ROM does not know its revision: give --hardware")
    with pmport.open(path) as node:
        if not isinstance(node, Fiasco):
            raise click.BadParameter(f"{path} is no FIASCO file", param_hint="--fiasco")
        if hardware is not None:
            product, _, revision = hardware.partition(":")
            return _run(connect, plan_fiasco(node, product, revision, **how), dry_run=dry_run, as_json=as_json)
        with shown(as_json=as_json) as on_event, connect(on_event, "0xffff") as flasher:
            flasher.client.start()
            plan = plan_fiasco(node, flasher.client.product, flasher.client.revision, **how)
            if not dry_run:
                flasher.run(plan, on_event)
                return 0
    return report(plan_rows(plan), [plan.view()], findings=plan.findings, as_json=as_json)


@nokia.command(epilog="Example: pmport nokia boot kernel=u-boot.bin")
@IMAGES
@click.option("--cmdline", default="", help="The kernel's command line; without it, its own.")
@DRY_RUN
@phone_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per event.")
def boot(connect: Callable[..., Any], images: tuple[str, ...], cmdline: str, *, dry_run: bool, as_json: bool) -> int:
    """Start a kernel, and an initfs, from memory; without images what is in the flash."""
    from pmport.generate import plan_images  # noqa: PLC0415 - as above

    plan = plan_images(_images(images), load=True, boot=cmdline)
    return _run(connect, plan, dry_run=dry_run, as_json=as_json)


@nokia.command(epilog="Example: pmport nokia reboot update")
@click.argument("target", default="", type=click.Choice(["", "update"]))
@phone_options
def reboot(connect: Callable[..., Any], target: str) -> int:
    """Start the phone again; `update` leads into NOLO, also from PC-Suite mode."""
    from pmport.plan import FlashPlan, Step, Verb  # noqa: PLC0415 - as above

    plan = FlashPlan("0xffff", (Step(Verb.REBOOT, argument=target),))
    return _run(connect, plan, dry_run=False, as_json=False)
