"""``pmport acme FILE``: the boot image of a bundle, by itself."""

from __future__ import annotations

import click
from acme_formats import Bundle

import pmport


@click.command
@click.argument("bundle", type=click.Path(exists=True))
@click.argument("output", type=click.Path())
def acme(bundle: str, output: str) -> None:
    """Take the boot image out of one of Acme's bundles."""
    with pmport.open(bundle, Bundle) as opened:
        size = opened["boot"].write_to(output)
    click.echo(f"{output}: {size} bytes")
