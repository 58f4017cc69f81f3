"""How the command speaks: colour, width, and how much; the same options on every command, before or behind its name."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any, TextIO, cast

import click

__all__ = ["Manner", "columns", "manner", "with_manner"]

KEY = "pmport.manner"
NARROWEST = 20
"""Terminals that say they have fewer columns are not believed."""


@dataclass
class Manner:
    """What was asked for.

    Args:
        colour: ``auto``, ``always`` or ``never``.
        verbosity: 0; positive: reasons and what is logged; negative: findings and errors only.
    """

    colour: str = "auto"
    verbosity: int = 0

    def paints(self, stream: TextIO) -> bool:
        """Whether a stream gets colours.

        Args:
            stream: Standard output or standard error.

        Returns:
            As ``--color`` says; else as ``NO_COLOR`` and ``FORCE_COLOR`` do (no-color.org, force-color.org), each by being
            there and not empty; else on terminals that know colours.
        """
        if self.colour != "auto":
            return self.colour == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"


def manner() -> Manner:
    """What was asked for on this command line.

    Returns:
        It, or what holds where nothing was.
    """
    context = click.get_current_context(silent=True)
    return cast("Manner", context.meta.setdefault(KEY, Manner())) if context else Manner()


def columns(stream: TextIO) -> int:
    """How many columns text may take.

    Args:
        stream: Where it goes.

    Returns:
        ``COLUMNS``, else the terminal's; 0, as many as it takes, where it goes to a file or a program.
    """
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        return max(int(said), NARROWEST)
    try:
        return max(os.get_terminal_size(stream.fileno()).columns, NARROWEST) if stream.isatty() else 0
    except (OSError, ValueError):  # a stream of a notebook or a test has no number
        return 0


def _colour(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        manner().colour = value


def _louder(_context: click.Context, _option: click.Parameter, count: int) -> None:
    if not count:
        return
    manner().verbosity += count
    import logging  # noqa: PLC0415 - only where it is asked for

    level = logging.DEBUG if manner().verbosity > 1 else logging.INFO
    logging.basicConfig(level=level, stream=sys.stderr, format="%(name)s: %(message)s")


def _quieter(_context: click.Context, _option: click.Parameter, count: int) -> None:
    manner().verbosity -= count


def _options() -> list[click.Option]:
    common: dict[str, Any] = {"expose_value": False, "is_eager": True}
    return [
        click.Option(["--color"], type=click.Choice(["auto", "always", "never"]), callback=_colour,
                     help="Colours; by default on terminals.", **common),
        click.Option(["-v", "--verbose"], count=True, callback=_louder, help="Tell reasons too; -vv: all that is logged.", **common),
        click.Option(["-q", "--quiet"], count=True, callback=_quieter, help="Tell findings and errors only.", **common),
    ]  # fmt: skip


def with_manner(command: click.Command) -> click.Command:
    """Give a command the options of how it speaks; its own of the same names stay.

    Args:
        command: The command.

    Returns:
        The same command.
    """
    own = {name for parameter in command.params for name in parameter.opts}
    command.params += [option for option in _options() if not own & set(option.opts)]
    return command
