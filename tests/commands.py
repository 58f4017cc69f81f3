"""All that the command can do, for tests that hold for each."""

from __future__ import annotations

from collections.abc import Iterator

import click

from pmport.cli import COMMANDS
from pmport.cli import pmport as command


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its path."""
    context = click.Context(command, info_name="pmport")
    for name in COMMANDS:
        found = command.get_command(context, name)
        if isinstance(found, click.Group):
            inner = ((f"{name} {sub}", found.get_command(context, sub)) for sub in found.list_commands(context))
            yield from ((path, leaf) for path, leaf in inner if leaf is not None)
        elif found is not None:
            yield name, found
