"""``pmport devices`` and ``pmport doctor``: what is on the cable, and what stands in its way."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.output import json_option, report
from pmport.findings import Finding, Severity
from pmport.redaction import REDACTED
from pmport.render import Table, Text

if TYPE_CHECKING:
    from pmport.transport import UsbDevice

__all__ = ["devices", "doctor"]

RULES_FOLDERS = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
RULES_NAME = "70-pmport.rules"
"""Before systemd's 73-seat-late.rules, which is what reads the uaccess tag."""


@click.command(epilog="Example: pmport devices --json")
@json_option
def devices(*, as_json: bool, raw: bool) -> int:
    """List phones on the USB cable: mode, serial number and path."""
    from pmport.transport import usb_devices  # noqa: PLC0415 - USB is loaded only when it is asked for

    found = usb_devices()
    return report([_row(device, raw=raw) for device in found], [_table(found, raw=raw)], as_json=as_json, raw=raw)


def _row(device: UsbDevice, *, raw: bool) -> dict[str, object]:
    mode = device.mode
    return {
        "mode": mode.name if mode else "",
        "method": mode.method if mode else "",
        "serial": device.serial if raw or not device.serial else REDACTED,
        "path": device.path,
        "usb": f"{device.vendor:04x}:{device.product:04x}",
        "problem": device.problem,
    }


def _table(found: list[UsbDevice], *, raw: bool) -> Table:
    rows = [list(_row(device, raw=raw).values()) for device in found]
    empty = "no phone in a known mode is on the USB cable; `pmport doctor` looks for the reason"
    return Table(("mode", "method", "serial", "path", "usb", "problem"), rows, empty=empty)


def udev_rules() -> str:
    """The rules that let the person at the desk open phones, made from the table of modes.

    Returns:
        The text of ``70-pmport.rules``.
    """
    from pmport.transport import MODES  # noqa: PLC0415 - as above

    lines = [
        "# Lets whoever sits at this computer speak to phones in these modes, without root.",
        'SUBSYSTEM!="usb", GOTO="pmport_end"',
    ]
    for mode in MODES:
        lines.append(f"# {mode.name}")
        if mode.interface:
            triple = "".join(f"{number:02x}" for number in mode.interface)
            lines.append(f'ENV{{ID_USB_INTERFACES}}=="*:{triple}:*", TAG+="uaccess"')
        for vendor, product in mode.ids:
            wanted = f', ATTR{{idProduct}}=="{product:04x}"' if product is not None else ""
            lines.append(f'ATTR{{idVendor}}=="{vendor:04x}"{wanted}, TAG+="uaccess"')
    return "\n".join([*lines, 'LABEL="pmport_end"', ""])


@click.command(epilog="Example: pmport doctor --rules > 70-pmport.rules")
@click.option("--rules", is_flag=True, help="Print the udev rules, for /etc/udev/rules.d/70-pmport.rules.")
@json_option
def doctor(*, rules: bool, as_json: bool, raw: bool) -> int:
    """Look for what keeps phones from being seen or opened, with the remedy for each trouble."""
    if rules:
        click.echo(udev_rules(), nl=False)
        return 0
    facts, findings, tables = {}, [], []
    facts["system"] = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    try:
        facts["libusb"] = _libusb()
    except Exception as error:  # noqa: BLE001 - whatever the loader says is what the user needs to read
        findings.append(
            Finding(
                Severity.ERROR,
                "no-libusb",
                f"libusb cannot be loaded: {error}",
                fix="pip install libusb-package, or install libusb-1.0",
            )
        )
    else:
        from pmport.transport import usb_devices  # noqa: PLC0415 - as above

        found = usb_devices()
        facts["phones"] = str(len(found))
        tables = [_table(found, raw=raw)]
        findings += [_no_permission(device) for device in found if device.problem]
    findings += _system_findings()
    return report(
        facts,
        [Table(("", ""), list(facts.items())), *tables] if facts else [Text("")],
        findings=findings,
        as_json=as_json,
        raw=raw,
        judges=True,
    )


def _libusb() -> str:
    from pmport.transport.usb import libusb_backend  # noqa: PLC0415 - as above

    library = libusb_backend().lib
    return str(getattr(library, "_name", library))


def _no_permission(device: UsbDevice) -> Finding:
    return Finding(
        Severity.ERROR, "no-permission", f"The phone at {device.path} may not be opened ({device.problem})", where=device.path,
        fix=f"pmport doctor --rules | sudo tee /etc/udev/rules.d/{RULES_NAME}; sudo udevadm control --reload; then plug it in again",
    )  # fmt: skip


def _system_findings() -> Iterator[Finding]:
    if platform.system() != "Linux":
        return
    if not Path("/dev/bus/usb").is_dir():
        yield Finding(
            Severity.WARNING, "no-usb-nodes", "There is no /dev/bus/usb: this system shows no USB devices to programs",
            fix="in a virtual machine or a container, hand the device through; fastboot over tcp: needs none",
        )  # fmt: skip
    if os.geteuid() and not any((Path(folder) / RULES_NAME).exists() for folder in RULES_FOLDERS):
        yield Finding(
            Severity.NOTE, "no-rules", "pmport's udev rules are not installed", where=RULES_NAME,
            why="without them, or others like them, only root may open a phone", fix=f"pmport doctor --rules | sudo tee /etc/udev/rules.d/{RULES_NAME}",
        )  # fmt: skip
    for program in ("ModemManager",):
        if any(_is_program(folder, program) for folder in Path("/proc").iterdir() if folder.name.isdecimal()):
            yield Finding(
                Severity.NOTE, "other-program", f"{program} is running", why="it may open a phone's serial interfaces before pmport does",
                fix=f"sudo systemctl stop {program}, while you flash",
            )  # fmt: skip


def _is_program(folder: Path, name: str) -> bool:
    try:
        return (folder / "comm").read_text(encoding="utf-8").strip() == name
    except OSError:
        return False
