"""What every reporting command prints: a view for people, or one JSON envelope for programs."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmport import __version__
from pmport.cli import EXIT_FINDINGS
from pmport.cli.manner import columns, manner
from pmport.findings import Finding, Findings, Severity
from pmport.text_layout import ansi, paragraph
from pmport.text_layout import plain as unpainted

if TYPE_CHECKING:
    from pmport.render import View

__all__ = ["json_option", "plain", "report", "say", "show"]

SCHEMA = 1
"""Version of the envelope; it grows when a key changes its meaning or goes."""

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add ``--json`` and ``--no-redact`` to a command that reports.

    Args:
        command: The function; it gets ``as_json`` and ``raw``.

    Returns:
        The decorated function.
    """
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")(command)
    return click.option("--no-redact", "raw", is_flag=True, help="Keep serial numbers and the like.")(command)


def plain(value: object) -> object:
    """A value as JSON knows it.

    Args:
        value: Dataclasses, mappings, sequences, bytes, enums, paths and plain values.

    Returns:
        Dicts, lists, strings, numbers; bytes become text with undecodable bytes escaped.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def show(*views: View) -> None:
    """Print views, as wide as the terminal is; in colours where those are wanted.

    Args:
        views: From top to bottom.
    """
    width, paint = columns(sys.stdout), ansi if manner().paints(sys.stdout) else unpainted
    shown = ["\n".join(view.lines(width, paint)) for view in views]
    click.echo("\n\n".join(text for text in shown if text), color=True)


def say(text: str) -> None:
    """Print a sentence on standard error, unless it is to be quiet.

    Args:
        text: The sentence.
    """
    if manner().verbosity >= 0:
        click.echo("\n".join(paragraph(text, columns(sys.stderr), "  ")), err=True)


def report(
    result: object,
    views: Iterable[View] = (),
    *,
    findings: Iterable[Finding] = (),
    as_json: bool = False,
    raw: bool = False,
    judges: bool = False,
) -> int:
    """Print a result in the way that was asked for.

    Args:
        result: The result as data, for ``--json``.
        views: The result for people.
        findings: What there is to say about it.
        as_json: Print the envelope ``{schema, pmport, result, findings}``.
        raw: Keep what identifies a phone.
        judges: The command was asked whether something is in order.

    Returns:
        The exit code: 1 if a command that judges has an error or a warning to tell, else 0.
    """
    found = Findings(findings)
    if as_json:
        envelope = {"schema": SCHEMA, "pmport": __version__, "result": plain(result), "findings": plain(tuple(found))}
        import json  # noqa: PLC0415 - neither is needed to print for people

        from pmport.redaction import redact  # noqa: PLC0415

        click.echo(json.dumps(envelope if raw else redact(envelope), indent=2, ensure_ascii=True))
    else:
        loud = manner().verbosity
        show(*(views if loud >= 0 else ()), *([found.view(reasons=loud > 0)] if found else []))
    bad = any(item.severity in {Severity.ERROR, Severity.WARNING} for item in found)
    return EXIT_FINDINGS if judges and bad else 0
