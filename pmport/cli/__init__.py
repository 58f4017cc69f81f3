"""The ``pmport`` command: one module per noun, imported when its noun is used.

A command parses its arguments, calls the library and prints; what it knows belongs into the library.
"""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from typing import cast

import click

from pmport import __version__
from pmport.cli.manner import columns, manner, with_manner
from pmport.cli.suggesting import SuggestingGroup
from pmport.errors import (
    DeviceGoneError,
    ExtensionError,
    FlashError,
    NotWrittenError,
    PmportError,
    TransportError,
    UnknownDeviceError,
)
from pmport.extensions import Extensible, load
from pmport.interruption import Stopped, raise_stopped
from pmport.lazy import named
from pmport.text_layout import ansi, paragraph, plain

__all__ = ["main"]

_OWN: dict[str, tuple[str, str]] = {
    "inspect": ("pmport.cli.inspect:inspect", "what a file is, what is in it, and what it tells"),
    "report": ("pmport.cli.report:report", "a page to send: what files tell of a phone, without what identifies it"),
    "survey": ("pmport.cli.survey:survey", "what many files are and tell, one row a file"),
    "bootcheck": ("pmport.cli.bootcheck:bootcheck", "what would keep a boot image from booting"),
    "vbmeta": ("pmport.cli.vbmeta:vbmeta", "make a vbmeta image: one that disables verification, or a signed one"),
    "unpack": ("pmport.cli.unpack:unpack", "take any container apart into a folder"),
    "repack": ("pmport.cli.unpack:repack", "put it together again, identical or with what was changed"),
    "build": ("pmport.cli.build:build", "a boot image from a device record, a kernel and a ramdisk"),
    "initramfs": ("pmport.cli.initramfs:initramfs", "a minimal root for a first boot; a look into any ramdisk"),
    "port": ("pmport.cli.port:port", "a first device package from a stock image"),
    "dt": (
        "pmport.cli.dt_panel:dt",
        "device trees: print, compile, check, apply, diff, graph, identify, pick, board, panel",
    ),
    "kernel": ("pmport.cli.kernel:kernel", "kernel configurations: check, needs, diff, merge, fragment, index, status"),
    "db": ("pmport.cli.db:db", "the device database: show, search, identify, validate, import, diff"),
    "deviceinfo": ("pmport.cli.deviceinfo:deviceinfo", "deviceinfo files: lint, fix, show, convert"),
    "flash": ("pmport.cli.flash:flash", "flash images to a phone, or print the plan"),
    "update": ("pmport.cli.flash:update", "flash a whole factory package, in the order that it names"),
    "boot": ("pmport.cli.flash:boot", "start an image from memory"),
    "erase": ("pmport.cli.flash:erase", "erase a partition"),
    "reboot": ("pmport.cli.flash:reboot", "start the phone again"),
    "getvar": ("pmport.cli.flash:getvar", "what a phone in fastboot mode says of itself"),
    "fetch": ("pmport.cli.flash:fetch", "read a partition back"),
    "fastboot": ("pmport.cli.fastboot:fastboot", "a bootloader's own commands: oem, flashing, slots, staged data"),
    "pit": ("pmport.cli.pit:pit", "Samsung's partition tables: show, print, diff, check, dump from a phone"),
    "nokia": ("pmport.cli.nokia:nokia", "Nokia's tablets and the N900: identify, set, flash, boot, reboot"),
    "console": ("pmport.cli.console:console", "what a phone prints on its serial port, with times, through restarts"),
    "log": ("pmport.cli.log:log", "kernel logs: where a boot stopped, what went wrong, what to try"),
    "devices": ("pmport.cli.devices:devices", "phones on the USB cable, and their modes"),
    "doctor": ("pmport.cli.devices:doctor", "what keeps phones from being seen or opened"),
    "virtual": ("pmport.cli.virtual:virtual", "virtual phones: list them, run any program against them"),
    "demo": ("pmport.cli.demo:demo", "the guided tour, on a virtual phone"),
    "completion": ("pmport.cli.completion:completion", "the completion script for bash, zsh or fish"),
}
"""Command → where it is, and what it does in one line."""
COMMANDS: Extensible[tuple[str, str]] = Extensible("pmport.cli", _OWN, lambda point: (point.value, ""))
"""The same, with the commands of other distributions. The table is all that ``pmport --help`` reads."""

EXIT_FINDINGS = 1
"""A check found something, a comparison a difference, a search nothing."""
EXIT_USAGE = 2
"""The command line is wrong (click's own code): an option, or a name that nothing has."""
EXIT_INPUT = 3
"""The input is wrong: a file, a record, a setting."""
EXIT_DEVICE = 4
"""The device or the cable failed."""
SIGNALLED = 130
"""Stopped by Ctrl-C."""


class LazyGroup(SuggestingGroup):
    """Commands by the table above; nothing is imported before it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is used."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        added = COMMANDS.added(cmd_name)
        command = cast("click.Command", load(added) if added else named(COMMANDS[cmd_name][0]))
        return command if isinstance(command, click.Group) else with_manner(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text or _help_of(name)) for name, (_, text) in COMMANDS.items()])


def _help_of(name: str) -> str:
    """What a command of another distribution does, in one line."""
    added = COMMANDS.added(name)
    try:
        command = load(added) if added else None
    except ExtensionError as error:
        return str(error)
    return command.get_short_help_str(limit=100) if isinstance(command, click.Command) else ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="pmport %(version)s")
def pmport() -> None:
    """Everything a porter of mainline Linux needs for a phone."""


with_manner(pmport)


def main(args: list[str] | None = None) -> None:
    """Run the command and exit.

    Args:
        args: The arguments; None: the process's own.

    Exit codes: 0 done, 1 checked and something found (or searched and nothing found), 2 usage, 3 bad input, 4 device trouble, 130 and 143 stopped by SIGINT and SIGTERM.
    """
    signal.signal(signal.SIGTERM, raise_stopped)
    _print_whatever_comes()
    try:
        sys.exit(pmport.main(args=args, prog_name="pmport", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort as abort:
        stop = abort.__cause__
        if isinstance(stop, Stopped) and (stop.state or stop.remedy):
            _complain(stop)
        sys.exit(stop.exit_code if isinstance(stop, Stopped) else SIGNALLED)
    except (FlashError, TransportError, DeviceGoneError) as error:
        _complain(error)
        sys.exit(EXIT_DEVICE)
    except (UnknownDeviceError, NotWrittenError) as error:
        _complain(error)
        sys.exit(EXIT_USAGE)
    except PmportError as error:
        _complain(error)
        sys.exit(EXIT_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        _complain(error)
        sys.exit(EXIT_INPUT)


def _print_whatever_comes() -> None:
    """A letter that the terminal's or the file's code page lacks is escaped: it ends no command (Windows; LANG=C)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _complain(error: BaseException) -> None:
    """One clear paragraph on standard error."""
    paint = ansi if manner().paints(sys.stderr) else plain
    first, *others = paragraph(f"pmport: {error}", columns(sys.stderr), "  ")
    click.echo("\n".join([paint("pmport:", "error") + first.removeprefix("pmport:"), *others]), err=True, color=True)
