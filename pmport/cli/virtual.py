"""``pmport virtual``: phones that are not there, for practising and for testing flashing scripts."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.bootcheck.profiles import PROFILES
from pmport.cli import completing
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.cli.suggesting import SuggestingGroup
from pmport.render import Table, size_text

if TYPE_CHECKING:
    from pmport.virtual import Fault, VirtualUsbDevice

__all__ = ["virtual"]

NOT_FOUND, SIGNALLED = 127, 128
"""What a shell returns for a program that is missing, and adds to the number of a signal that ended it."""


@click.group(cls=SuggestingGroup)
def virtual() -> None:
    """Virtual phones, which programs cannot tell from real ones."""


@virtual.command(epilog="Example: pmport virtual phones")
@json_option
def phones(*, as_json: bool, raw: bool) -> int:
    """List the virtual phones."""
    from pmport.virtual import PHONES  # noqa: PLC0415 - only when it is asked for

    rows = [{"phone": name, "what": phone.words, "programs": phone.programs} for name, phone in PHONES.items()]
    table = Table(("phone", "what it is", "programs"), [list(row.values()) for row in rows])
    return report(rows, [table], as_json=as_json, raw=raw)


def _fault(context: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> list[Fault]:
    """``unplug@7`` or ``slow@3:1.5``."""
    del context, option
    from pmport.virtual import Fault, FaultKind  # noqa: PLC0415 - as above

    found = []
    for text in texts:
        kind, _, place = text.partition("@")
        index, _, seconds = place.partition(":")
        try:
            found.append(Fault(FaultKind(kind), int(index), seconds=float(seconds or 0)))
        except ValueError as error:
            kinds = ", ".join(FaultKind)
            raise click.BadParameter(f"{text!r} is not KIND@INDEX[:SECONDS]; kinds are {kinds}") from error
    return found


@virtual.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="Example: pmport virtual run --phone lk -- fastboot flash boot boot.img",
)
@click.option(
    "--phone",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.phones,
    help="Which: `pmport virtual phones` lists them.",
)
@click.option("--fault", "faults", multiple=True, metavar="KIND@INDEX[:SECONDS]", callback=_fault, help="Let the transfer of that index fail: unplug, stall, nak, short, garbage, slow.")  # fmt: skip
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Keep the partitions in files there, over several runs.")  # fmt: skip
@click.option("--trace", is_flag=True, help="Print each call that the program makes to the kernel.")
@click.option("--boot", "boots", is_flag=True, help="Afterwards boot what is in the boot partition, in QEMU.")
@click.argument("program", nargs=-1, type=click.UNPROCESSED)
def run(names: tuple[str, ...], faults: list[Fault], folder: Path | None, program: tuple[str, ...], *, trace: bool, boots: bool) -> int:  # fmt: skip
    """Run PROGRAM with its arguments so that it sees virtual phones on the USB cable, and nothing else.

    PROGRAM is not changed; it needs umockdev's preload library. Afterwards standard error tells what is on the phones;
    the exit code is the program's. With --boot, and where the program succeeded, the phone then starts from its boot
    partition; its console is printed until Ctrl-C, and can be opened under the name that is told.
    """
    if not program and not boots:
        raise click.UsageError("Name a program, or --boot a phone whose partitions are kept in --folder")

    groups = [_phone(name).make(faults if index == 0 else ()) for index, name in enumerate(names or ("lk",))]
    devices = [device for group in groups for device in group]
    folders = _kept(devices, folder)
    code = _ran(devices, program, trace=trace) if program else 0
    for device, place in zip(devices, folders, strict=True):
        _told(device)
        if place is not None:
            from pmport.virtual.phones import save_in  # noqa: PLC0415 - as above

            save_in(device, place)
    if boots and code == 0:
        watch(devices[0])
    return SIGNALLED - code if code < 0 else code


def _ran(devices: list[VirtualUsbDevice], program: tuple[str, ...], *, trace: bool) -> int:
    from pmport.virtual import UsbBus  # noqa: PLC0415 - as above

    with UsbBus(devices, trace=_tell if trace else None) as bus:
        try:
            return subprocess.run(program, env=bus.environment(), check=False).returncode
        except FileNotFoundError:
            click.echo(f"pmport: there is no program {program[0]!r}", err=True)
            return NOT_FOUND


@virtual.command(epilog="Example: pmport virtual boot new.img --until ready")
@click.argument("image", type=click.Path(exists=True, dir_okay=False))
@click.option("--profile", type=click.Choice(list(PROFILES)), help="The family of the bootloader.")
@click.option("--cmdline", default="", help="Words behind the image's command line.")
@click.option("--memory", type=click.IntRange(64, 16384), default=512, show_default=True, help="MiB.")
@click.option("--console", type=click.Path(path_type=Path), help="A name for the pseudo-terminal of its console.")
@click.option("--until", metavar="TEXT", help="Stop when the console prints this.")
@click.option("--seconds", type=float, help="Stop after so long; with --until, that is an error.")
def boot(image: str, profile: str | None, *, cmdline: str, memory: int, console: Path | None, until: str | None, seconds: float | None) -> None:  # fmt: skip
    """Boot IMAGE as a phone would, in QEMU, and print its console until Ctrl-C.

    Kernel, ramdisk and command line are the image's, the hardware is QEMU's virt machine: what a phone has beside
    processor, memory and serial port does not show. The console can be opened by pmport console under the name that is told.
    """
    with opened(image) as node:
        watch(node, profile=profile, cmdline=cmdline, memory=memory, console=console, until=until, seconds=seconds)


def watch(image: Any, *, until: str | None = None, seconds: float | None = None, **options: Any) -> None:
    """Boot a phone and print what its console says.

    Args:
        image: A virtual phone, or a boot image.
        until: Stop when this was printed.
        seconds: Stop after so long.
        options: Further ones of :func:`pmport.virtual.boot`.

    Raises:
        DeadlineError: If the text was not printed in time.
    """
    from pmport.untrusted import printable  # noqa: PLC0415 - as above
    from pmport.virtual.qemu import boot as start  # noqa: PLC0415

    with suppress(KeyboardInterrupt), start(image, **options) as phone:
        for finding in phone.choice.findings:
            click.echo(str(finding), err=True)
        click.echo(f"console: {phone.console}", err=True)
        for piece in phone.follow(until=until, seconds=seconds):
            click.echo(printable(piece, keep="\n\t"), nl=False)


def _phone(name: str) -> Any:
    from pmport.virtual import PHONES  # noqa: PLC0415 - as above

    if name not in PHONES:
        raise click.BadParameter(f"{name!r} is none of {', '.join(PHONES)}", param_hint="--phone")
    return PHONES[name]


def _kept(devices: list[VirtualUsbDevice], folder: Path | None) -> list[Path | None]:
    """One folder per device; the first has the folder itself."""
    if folder is None:
        return [None] * len(devices)
    from pmport.virtual.phones import keep_in  # noqa: PLC0415 - as above

    places: list[Path | None] = []
    for number, device in enumerate(devices):
        place = folder if number == 0 else folder / str(number + 1)
        place.mkdir(parents=True, exist_ok=True)
        keep_in(device, place)
        places.append(place)
    return places


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _told(device: VirtualUsbDevice) -> None:
    from pmport.virtual.phones import contents  # noqa: PLC0415 - as above

    where = "on the cable" if device.plugged else "not on the cable"
    click.echo(f"{device.product_name}: {where}, mode {getattr(device, 'mode', '')}", err=True)
    for name, size, sha256 in contents(device):
        click.echo(f"  {name}: {size_text(size)} written, sha256 {sha256}", err=True)
