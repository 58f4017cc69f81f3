"""``pmport completion``: what a shell needs to complete the command."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]

WHERE = {
    "bash": "~/.local/share/bash-completion/completions/pmport",
    "zsh": "~/.zfunc/_pmport (with ~/.zfunc in fpath)",
    "fish": "~/.config/fish/completions/pmport.fish",
}


@click.command(epilog="Example: pmport completion bash > ~/.local/share/bash-completion/completions/pmport")
@click.argument("shell", type=click.Choice(sorted(WHERE)))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    bash reads it from ~/.local/share/bash-completion/completions/pmport, zsh from a folder of its fpath (as _pmport),
    fish from ~/.config/fish/completions/pmport.fish.
    """
    from pmport.cli import pmport  # noqa: PLC0415 - the group is complete only now

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click cannot complete for {shell}")
    click.echo(kind(pmport, {}, "pmport", "_PMPORT_COMPLETE").source())
