"""The man page and the completion scripts of the command, made from the command itself: ``python tools/man_page.py > pmport.1``."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator

import click
from click.shell_completion import get_completion_class

import pmport
from pmport.cli import COMMANDS
from pmport.cli import pmport as command

__all__ = ["completions", "man_page"]

SHELLS = {"bash": "pmport", "zsh": "_pmport", "fish": "pmport.fish"}
"""Shell → the name that its completion script is found by."""
WIDTH = 76
EXIT_STATUS = (
    ("0", "Fine."),
    ("1", "Everything worked, and there are findings."),
    ("2", "The command line is wrong."),
    ("3", "A file, a record or a setting is wrong."),
    ("4", "The phone or the cable failed."),
    ("130, 143", "Stopped by Ctrl-C, or by SIGTERM."),
)


def man_page() -> str:
    """The page, section 1, in the man macros.

    Returns:
        Its text. The date is that of SOURCE_DATE_EPOCH where it is set, so that builds are reproducible.
    """
    now = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or time.time()))
    context = click.Context(command, info_name="pmport")
    lines = [
        f'.TH PMPORT 1 "{time.strftime("%Y-%m-%d", now)}" "pmport {pmport.__version__}" "User Commands"',
        ".SH NAME",
        r"pmport \- everything a porter of mainline Linux needs for a phone",
        ".SH SYNOPSIS",
        r".B pmport",
        r"\fICOMMAND\fR [\fIOPTION\fR]... [\fIARGUMENT\fR]...",
        ".SH DESCRIPTION",
        "Images, device trees, device records, kernel checks, and flashing over USB.",
        "Reporting commands take",
        r".B \-\-json",
        "for programs.",
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        found = command.get_command(context, name)
        if found is not None:
            lines += _section(found, click.Context(found, info_name=name, parent=context))
    lines.append(".SH EXIT STATUS")
    for code, meaning in EXIT_STATUS:
        lines += [".TP", f".B {code}", escaped(meaning)]
    return "\n".join(lines) + "\n"


def _section(found: click.Command, context: click.Context) -> Iterator[str]:
    """A command, and what is below it."""
    context.terminal_width = context.max_content_width = WIDTH
    yield f".SS {escaped(context.command_path)}"
    yield ".nf"
    yield from map(escaped, found.get_help(context).splitlines())
    yield ".fi"
    if isinstance(found, click.Group):
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            if inner is not None:
                yield from _section(inner, click.Context(inner, info_name=name, parent=context))


def escaped(line: str) -> str:
    r"""A line of text as roff takes it.

    Args:
        line: Any text.

    Returns:
        The line, in which nothing is taken for a request or an escape.

    Example:
        >>> print(escaped("--json, .config and 'quoted' \\ more"))
        \-\-json, .config and \(aqquoted\(aq \e more
        >>> print(escaped(".TH"))
        \&.TH
    """
    text = re.sub(r"[\\'-]", lambda letter: {"\\": r"\e", "'": r"\(aq", "-": r"\-"}[letter[0]], line)
    return rf"\&{text}" if text.startswith(".") else text


def completions() -> dict[str, str]:
    """The completion scripts.

    Returns:
        File name → text, for bash, zsh and fish.
    """
    scripts = {}
    for shell, name in SHELLS.items():
        kind = get_completion_class(shell)
        if kind is not None:
            scripts[name] = kind(command, {}, "pmport", "_PMPORT_COMPLETE").source()
    return scripts


if __name__ == "__main__":
    sys.stdout.write(man_page())
