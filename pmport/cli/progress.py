"""Events of long work, drawn: bars on a terminal, lines elsewhere, JSON lines for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from pmport.events import BytesMoved, DeviceText, Event, OnEvent, StepFinished, StepStarted, Waiting
from pmport.redaction import redact

__all__ = ["shown"]


@contextmanager
def shown(*, as_json: bool = False) -> Iterator[OnEvent]:
    """Draw events while a block runs.

    Args:
        as_json: One JSON object per event, on standard output; names of the fields are those of :mod:`pmport.events`.

    Yields:
        What is to be called with each event.
    """
    if as_json:
        yield _print_json
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield _print_line


def _print_json(event: Event) -> None:
    row = {"event": type(event).__name__, **dataclasses.asdict(event)}
    click.echo(json.dumps(redact(row)))


def _print_line(event: Event) -> None:
    if isinstance(event, StepFinished):
        click.echo(f"{event.step}: done in {event.seconds:.2f} s", err=True)
    elif isinstance(event, DeviceText):
        click.echo(f"{event.step}: (phone) {redact(event.text)}", err=True)
    elif isinstance(event, Waiting):
        click.echo(f"waiting for {event.reason}", err=True)


def _bars() -> Iterator[OnEvent]:
    from rich.markup import escape  # noqa: PLC0415 - as below
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415 - 48 ms, only on a terminal

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)

        def draw(event: Event) -> None:
            if isinstance(event, StepStarted):
                progress.update(task, description=escape(event.step), completed=0, total=None)
            elif isinstance(event, BytesMoved):
                progress.update(task, completed=event.done, total=event.total)
            elif isinstance(event, DeviceText):
                progress.console.print(f"[dim](phone) {escape(redact(event.text))}", highlight=False)
            elif isinstance(event, Waiting):
                progress.update(task, description=f"waiting for {escape(event.reason)}", total=None)
            elif isinstance(event, StepFinished):
                progress.console.print(f"[green]✓[/] {escape(event.step)} [dim]{event.seconds:.2f} s", highlight=False)

        yield draw
