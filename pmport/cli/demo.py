"""``pmport demo``: the guided tour."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["demo"]


@click.command(epilog="Example: pmport demo --boot boot.img -o tour")
@click.option(
    "--boot",
    "image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A stock boot image; without one, pmport builds its own.",
)
@click.option("--codename", default="pmport-demo", show_default=True, help="Name of the port.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Keep what it writes there.")
def demo(image: Path | None, codename: str, output: Path | None) -> int:
    """From a stock boot image to a flashed phone, step by step, on a virtual phone."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - only this command

    from pmport import demo as tour  # noqa: PLC0415

    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        tour.run(output, image, codename, click.echo)
        return 0
    with TemporaryDirectory(prefix="pmport-demo-") as folder:
        tour.run(Path(folder), image, codename, click.echo)
    return 0
