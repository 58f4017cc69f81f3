"""``pmport console``: what a phone prints on its serial port."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TextIO

import click

from pmport.cli.log import evidence, evidence_options, told

__all__ = ["console"]

MOST = 500_000
"""Lines that are kept to be explained: those of many boots."""


@click.command(epilog="Example: pmport console /dev/ttyACM0 --log boot.log")
@click.argument("port", required=False)
@click.option("--baud", type=int, default=115200, show_default=True, help="Bits per second.")
@click.option("--log", type=click.File("a"), help="Keep the lines there, too.")
@click.option("--seconds", type=float, help="Stop after so long; otherwise Ctrl-C does.")
@click.option("--explain", is_flag=True, help="At the end, explain the kernel log that came.")
@evidence_options
@click.option("--list", "only_list", is_flag=True, help="List the serial ports, and do nothing else.")
def console(
    port: str | None,
    baud: int,
    log: TextIO | None,
    seconds: float | None,
    tree_file: str | None,
    config_file: str | None,
    *,
    explain: bool,
    only_list: bool,
) -> int:
    """Print what a phone says on its serial PORT, each line with its time.

    The port may vanish and come back, as it does when the phone restarts. Without PORT, the only one that there is.
    """
    from pmport.errors import NoDeviceError  # noqa: PLC0415
    from pmport.transport.console import Lines, follow  # noqa: PLC0415 - only here
    from pmport.transport.serial_port import SerialTransport, serial_ports  # noqa: PLC0415

    found = list(serial_ports())
    if only_list:
        for name, what, _ in found:
            click.echo(f"{name}  {what}")
        return 0
    if port is None:
        if len(found) != 1:
            raise NoDeviceError(
                f"There are {len(found)} serial ports", remedy="Name one: pmport console --list shows them"
            )
        port = found[0][0]
    known = evidence(tree_file, config_file)
    kept: deque[str] = deque(maxlen=MOST if explain else 0)

    def show(line: str) -> None:
        kept.append(line)
        if log:
            click.echo(line)

    lines = Lines(log or sys.stdout, show=show)
    with suppress(KeyboardInterrupt):
        for _ in follow(partial(SerialTransport, port, baud), lines, seconds=seconds):
            pass
    if explain:
        from pmport.bootlog import explain as explained  # noqa: PLC0415 - only here

        click.echo()
        code = told(explained("\n".join(kept).encode("utf-8", "surrogateescape"), *known))
        if code:
            sys.exit(code)
    return 0
