"""``pmport report``: a page to send to a forum or an issue."""

from __future__ import annotations

from pathlib import Path

import click

from pmport.cli.output import report as printed
from pmport.cli.writing import writes
from pmport.render import Text, size_text

__all__ = ["report"]


@click.command(epilog="Example: pmport report boot.img phone.pit -o phone.html")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("phone.html"), show_default=True)
@click.option("--title", default="", help="What the page is called; otherwise by the model that the files name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
@writes("output")
def report(files: tuple[str, ...], output: Path, title: str, *, as_json: bool) -> int:
    """Make one page of what FILES tell of a phone: self-contained, without what identifies it."""
    from pmport.reporting import report as made  # noqa: PLC0415 - only this command

    page = made(files, title=title)
    page.write_to(output)
    size = len(page.html.encode())
    result = {"file": str(output), "title": page.title, "size": size, "sections": dict(page.sections)}
    line = f"{output}: {page.title}, {size_text(size)}; {', '.join(name for _, name in page.sections)}"
    return printed(result, [Text(line)], as_json=as_json)
