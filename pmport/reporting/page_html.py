"""The page itself: one file of HTML that needs nothing from outside and lets nothing out.

The views are those of notebooks; what they do on a click or on a key is allowed by its hash, and nothing else is: a name from
an image cannot become a script, and no address is ever asked for anything (Content Security Policy, level 3).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from functools import cache
from html import escape, unescape
from importlib.resources import files
from typing import TYPE_CHECKING

from pmport.findings import Finding, FindingList, Findings
from pmport.lazy import named
from pmport.redaction import REDACTED, identifies, redact
from pmport.render import Bar, Stack, Table, Text, View
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.reporting.sections import Topic

__all__ = ["page", "shareable"]

HANDLER = re.compile(r'\son(?:click|input)="([^"]*)"')
"""What a view's HTML does itself; text of files never stands in it unescaped."""


def page(title: str, topics: Sequence[Topic]) -> str:
    """A whole page.

    Args:
        title: Its title.
        topics: Its sections.

    Returns:
        The HTML, redacted.

    Example:
        >>> from pmport.reporting import Topic
        >>> made = page("Argon", [Topic("facts", "Facts", (Text("androidboot.serialno=0123456789ABCDEF <b>"),))])
        >>> "0123456789ABCDEF" in made, "<b>" in made.partition("<main>")[2], "default-src 'none'" in made
        (False, False, True)
    """
    head, version = escape(printable(redact(title))), named("pmport:__version__")
    links = "".join(f"<a href='#{topic.name}'>{escape(topic.title)}</a>" for topic in topics)
    body = "".join(_section(topic) for topic in topics)
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(body)}">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='color-scheme' content='light dark'>"
        f"<meta name='generator' content='pmport {version}'><title>{head}</title><style>{_style()}</style></head>\n"
        f"<body><header><h1>{head}</h1><nav>{links}</nav></header>\n<main>{body}</main>\n"
        f"<footer>Made by pmport {version}. Serial numbers, IMEIs and hardware addresses are left out.</footer></body></html>\n"
    )


def _section(topic: Topic) -> str:
    said = f"<p class='said'>{escape(printable(redact(topic.said)))}</p>" if topic.said else ""
    views = "".join(f"<div class='view'>{shareable(view)._repr_html_()}</div>" for view in topic.views)
    return f"<section id='{topic.name}'><h2>{escape(printable(redact(topic.title)))}</h2>{said}{views}</section>\n"


def shareable(view: View) -> View:
    """A view without what identifies a phone, whatever made it.

    Args:
        view: The view.

    Returns:
        One like it. An outline redacts by itself.
    """
    if isinstance(view, Stack):
        return Stack([shareable(part) for part in view.views])
    if isinstance(view, Table):
        return Table(view.columns, [_row(cells) for cells in view.cells], redact(view.title), view.empty)
    if isinstance(view, Text):
        return Text(_shown(view.text))
    if isinstance(view, FindingList):
        hidden = (Finding(found.severity, *map(_shown, astuple(found)[1:])) for found in view.findings)
        return FindingList(Findings(hidden), reasons=view.reasons)
    if isinstance(view, Bar):
        return Bar([(printable(redact(label)), length) for label, length in view.segments], redact(view.title))
    return view


def _shown(text: str) -> str:
    return printable(redact(text), keep="\t\n")


def _row(cells: Sequence[str]) -> list[str]:
    hidden = bool(cells) and identifies(cells[0])
    return [REDACTED if hidden and number and cell else _shown(cell) for number, cell in enumerate(cells)]


def _policy(body: str) -> str:
    """What the page may do: its own style, and the handlers that the views bring along."""
    hashes = _hashes(dict.fromkeys(unescape(handler) for handler in HANDLER.findall(body)))
    scripts = f"script-src 'unsafe-hashes' {hashes}; " if hashes else ""
    return f"default-src 'none'; {scripts}style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _hashes(handlers: Iterable[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in handlers)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


@cache
def _style() -> str:
    return (files("pmport.reporting") / "page.css").read_text(encoding="utf-8")
