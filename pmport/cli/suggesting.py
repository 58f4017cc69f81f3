"""Groups of commands that tell what was meant."""

from __future__ import annotations

import click

from pmport.cli.manner import with_manner

__all__ = ["SuggestingGroup"]


class SuggestingGroup(click.Group):
    """A group that answers a command that it has not with the nearest that it has."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Take a command in, with the options that all have."""
        super().add_command(cmd if isinstance(cmd, click.Group) else with_manner(cmd), name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest what was meant, when there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

            near = get_close_matches(args[0], self.list_commands(ctx))
            if near and "Did you mean" not in error.format_message():
                raise click.UsageError(f"{error.message} Did you mean {' or '.join(near)}?", ctx) from error
            raise
