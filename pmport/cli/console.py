"""``pmport console``: what a phone prints on its serial port."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from typing import TextIO

import click

__all__ = ["console"]


@click.command(epilog="Example: pmport console /dev/ttyACM0 --log boot.log")
@click.argument("port", required=False)
@click.option("--baud", type=int, default=115200, show_default=True, help="Bits per second.")
@click.option("--log", type=click.File("a"), help="Keep the lines there, too.")
@click.option("--seconds", type=float, help="Stop after so long; otherwise Ctrl-C does.")
@click.option("--list", "only_list", is_flag=True, help="List the serial ports, and do nothing else.")
def console(port: str | None, baud: int, log: TextIO | None, seconds: float | None, *, only_list: bool) -> int:
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
    lines = Lines(log or sys.stdout, show=click.echo if log else None)
    with suppress(KeyboardInterrupt):
        for _ in follow(partial(SerialTransport, port, baud), lines, seconds=seconds):
            pass
    return 0
