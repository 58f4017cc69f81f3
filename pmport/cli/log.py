"""``pmport log``: what a kernel's log says, and what to try next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmport.cli import EXIT_FINDINGS
from pmport.cli.output import json_option, report, show
from pmport.cli.suggesting import SuggestingGroup
from pmport.findings import Severity

if TYPE_CHECKING:
    from pmport.bootlog import Explanation
    from pmport.devicetree import DeviceTree
    from pmport.formats.kernel.config import KernelConfig

__all__ = ["evidence", "evidence_options", "log", "told"]

FILE = click.Path(exists=True, dir_okay=False, allow_dash=True)

F = TypeVar("F", bound=Callable[..., Any])


def evidence_options(command: F) -> F:
    """Add ``--tree`` and ``--config`` to a command that explains a log.

    Args:
        command: The function; it gets ``tree_file`` and ``config_file``.

    Returns:
        The decorated function.
    """
    config = click.option("--config", "config_file", type=FILE, help="The kernel's configuration, or an image with it.")
    tree = click.option(
        "--tree", "tree_file", type=FILE, help="The device tree that the kernel booted with, or an image."
    )
    return tree(config(command))


def evidence(tree_file: str | None, config_file: str | None) -> tuple[DeviceTree | None, KernelConfig | None]:
    """Open what the options of :func:`evidence_options` name.

    Args:
        tree_file: The tree's file, or None.
        config_file: The configuration's file, or None.

    Returns:
        The tree and the configuration.

    Raises:
        FormatError: If a file holds none.
    """
    from pmport.cli.dt import tree_of  # noqa: PLC0415 - only where they are named
    from pmport.cli.kernel import open_config  # noqa: PLC0415

    return tree_of(tree_file) if tree_file else None, open_config(config_file) if config_file else None


@click.group(cls=SuggestingGroup)
def log() -> None:
    """Explain kernel logs."""


@log.command(epilog="Example: pmport log explain console-ramoops --tree board.dtb --config .config")
@click.argument("file", type=FILE)
@click.option(
    "--tree", "tree_file", type=FILE, help="The device tree that the kernel booted with, or an image with it."
)
@click.option("--config", "config_file", type=FILE, help="The kernel's configuration, or an image with it.")
@json_option
def explain(file: str, tree_file: str | None, config_file: str | None, *, as_json: bool, raw: bool) -> None:
    """Explain the kernel log in FILE: where the boot stopped, what went wrong, why, and what to try next.

    FILE (-: standard input) is a log in any form: dmesg, journalctl -k, a capture of a serial port, last_kmsg, logcat's kernel
    buffer, console-ramoops, a raw dump of a ramoops region, postmarketOS's log archive, an Android bug report.

    With the tree, devices are named by their nodes; with the configuration too, the driver and the options that are off are told.
    """
    from pmport import bootlog  # noqa: PLC0415 - only here

    found = bootlog.explain(
        sys.stdin.buffer.read() if file == "-" else file,
        *evidence(tree_file, config_file),
        redacted=not raw,
    )
    code = report(found, findings=found.findings(), as_json=True, raw=raw, judges=True) if as_json else told(found)
    if code:
        sys.exit(code)


def told(found: Explanation) -> int:
    """Print an explanation.

    Args:
        found: The explanation.

    Returns:
        The exit code: 1 where anything is an error or a warning.
    """
    show(found.view())
    return EXIT_FINDINGS if found.findings().worst in {Severity.ERROR, Severity.WARNING} else 0
