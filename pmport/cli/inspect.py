"""``pmport inspect``: what a file is, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.node import Data
from pmport.render import Stack, Table, size_text

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.node import Node
    from pmport.render import View

__all__ = ["inspect"]

MOST_CHILDREN = 40
"""How many parts of one container are listed; an archive has thousands."""


@click.command(epilog="Example: pmport inspect boot.img --facts")
@click.argument("file")
@click.option("--facts", "with_facts", is_flag=True, help="Also what it tells about the device, each with its source.")
@click.option(
    "--all", "whole", is_flag=True, help=f"Every part, not {MOST_CHILDREN} per container; every fact, at full length."
)
@json_option
def inspect(file: str, *, with_facts: bool, whole: bool, as_json: bool, raw: bool) -> int:
    """Show what FILE is and what is in it; - reads standard input."""
    from pmport import facts  # noqa: PLC0415 - only this command

    with opened(file) as node:
        rows = list(_tree(node, node.KIND, 0, 0, None if whole else MOST_CHILDREN))
        told = facts.of(node) if with_facts else None
        result: dict[str, object] = {
            "kind": node.KIND,
            "size": node.size,
            "fields": dict(node.describe()),
            "tree": [
                {"name": name, "depth": depth, "offset": offset, "size": size, "kind": kind, "role": role}
                for depth, name, offset, size, kind, role in rows
            ],
        }
        fields: View = Table(("field", "value"), node.describe()) if raw else node.view()
        views: list[View] = [fields if whole else _cut(fields)]
        if len(rows) > 1:
            table = [
                ("  " * depth + name, "" if offset is None else f"{offset:#x}", size, size_text(size), kind or role)
                for depth, name, offset, size, kind, role in rows
            ]
            views.append(Table(("part", "offset", "bytes", "", "what it is"), table))
        if told is not None:
            result["facts"] = told.as_json(redacted=not raw)
            views.append(told.view(whole=whole))
        return report(result, views, findings=_findings(node), as_json=as_json, raw=raw)


MOST_VALUE = 120
"""So many letters of a field are shown, unless everything is asked for."""


def _cut(view: View) -> View:
    """Long values cut, line ends shown."""
    if isinstance(view, Stack):
        return Stack([_cut(part) for part in view.views])
    return _cut_table(view) if isinstance(view, Table) else view


def _cut_table(table: Table) -> Table:
    lines = [[cell.replace("\r", "\\r").replace("\n", "\\n") for cell in row] for row in table.cells]
    cells = [[cell if len(cell) <= MOST_VALUE else f"{cell[: MOST_VALUE - 1]}…" for cell in row] for row in lines]
    return Table(table.columns, cells, table.title, table.empty)


Row = tuple[int, str, int | None, int, str, str]


def _tree(node: Node, name: str, offset: int | None, depth: int, most: int | None) -> Iterator[Row]:
    """``(depth, name, offset in its container, size, kind, role)`` of a node and everything inside."""
    yield depth, name, offset, node.size, "" if isinstance(node, Data) else node.KIND, "data"
    if isinstance(node, Data):
        return
    children = {child.name: child for child in node.children}
    at = listed = 0
    for part in node.parts():
        child = children.get(part.name)
        if child is not None and (most is None or listed < most):
            listed += 1
            yield from _tree(child.node, child.name, at, depth + 1, most)
        elif child is None and depth == 0:
            yield depth + 1, part.name, at, part.section.size, "", str(part.role)
        at += part.section.size
    if listed < len(children):
        left = [child.size for child in children.values()][listed:]
        yield depth + 1, f"… {len(left)} more", None, sum(left), "", "listed with --all"
    for facet, inner in node.facets():
        yield from _tree(inner, facet, None, depth + 1, most)


def _findings(node: Node) -> Iterator[Finding]:
    from dataclasses import replace  # noqa: PLC0415

    for path, inner in node.walk():
        for finding in inner.findings():
            yield replace(finding, where="/".join(part for part in (path, finding.where) if part))
