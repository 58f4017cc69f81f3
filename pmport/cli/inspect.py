"""``pmport inspect``: what a file is, and what is in it; the answer first."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pmport.cli import EXIT_INPUT
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.errors import FormatError
from pmport.findings import Finding, Findings, Severity
from pmport.node import Container, Data
from pmport.render import Bar, Stack, Table, size_text

if TYPE_CHECKING:
    from pmport.cut_short import CutShort
    from pmport.facts import DeviceFacts
    from pmport.node import Node
    from pmport.render import View

__all__ = ["inspect"]

MOST_CHILDREN = 40
"""How many parts of the opened container are listed; an archive has thousands."""
MOST_INNER = 12
"""A container inside that has more, such as a ramdisk, is one row."""
MOST_VALUE = 120
"""So many letters of a field are shown, unless everything is asked for."""
HEX = re.compile(r"0x[0-9a-f]+")


@click.command(epilog="Example: pmport inspect boot.img --facts")
@click.argument("file")
@click.option("--facts", "with_facts", is_flag=True, help="Also what it tells about the device, each with its source.")
@click.option(
    "--all", "whole", is_flag=True, help="Every part of every container; every fact in a row, at full length."
)
@json_option
def inspect(file: str, *, with_facts: bool, whole: bool, as_json: bool, raw: bool) -> int:
    """Show what FILE is and what is in it; - reads standard input.

    First what a person wants to know, then the layout, then the header's fields. Of a file that was cut short, what its
    header says and what is there.
    """
    from pmport import facts  # noqa: PLC0415 - only this command

    data = sys.stdin.buffer.read() if file == "-" else None
    try:
        node = opened(file, data)
    except FormatError as error:
        return _cut_short(file, data, error, as_json=as_json, raw=raw)
    with node:
        rows = list(_tree(node, node.KIND, 0, 0, None if whole else MOST_CHILDREN))
        told = facts.of(node)
        findings = Findings(_findings(node))
        fields = dict(node.describe())
        result: dict[str, object] = {
            "kind": node.KIND,
            "size": node.size,
            "summary": facts.summary(told),
            "fields": fields,
            "values": _values(fields),
            "tree": [
                {"name": name, "depth": depth, "offset": offset, "size": size, "kind": kind, "role": role}
                for depth, name, offset, size, kind, role in rows
            ],
        }
        views: list[View] = [_answer(file, node, told, findings, named=with_facts)]
        views += _layout(node, rows)
        views.append(_fields(node, raw=raw, whole=whole))
        if with_facts:
            result["facts"] = told.as_json(redacted=not raw)
            views.append(told.view(whole=whole))
        return report(result, views, findings=findings, as_json=as_json, raw=raw)


def _answer(file: str, node: Node, told: DeviceFacts, findings: Findings, *, named: bool) -> Table:
    from pmport import facts  # noqa: PLC0415 - only this command

    lines = facts.summary(told)
    if named and (record := _record(told)):
        lines["record"] = record
    lines["odd"] = _odd(findings)
    lines["next"] = _next(file, node, told)
    title = f"{'standard input' if file == '-' else file}: {node.KIND}, {size_text(node.size)}"
    return Table(("", ""), list(lines.items()), title=title)


def _odd(findings: Findings) -> str:
    if not findings:
        return "nothing"
    return f"{findings.summary}, below: {findings[0].code}" + (" …" if len(findings) > 1 else "")


def _record(told: DeviceFacts) -> str:
    """The record that the file names. Reading the index takes as long as all the rest: only with --facts."""
    from pmport import device_db  # noqa: PLC0415 - as said

    found = device_db.find(told)
    best = [candidate for candidate in found if candidate.score == found[0].score]
    shown = ", ".join(f"{candidate.codename} ({candidate.name})" for candidate in best[:3])
    return f"{shown} and {len(best) - 3} more" if len(best) > 3 else shown


NEXT: Mapping[str, str] = {
    "Android boot image": "bootcheck",
    "Android vendor boot image": "bootcheck",
    "PIT": "pit show",
    "kernel configuration": "kernel check",
    "deviceinfo": "deviceinfo lint",
    "fastboot getvar": "db identify",
}
"""Kind → what a person does next with a file of it."""


def _next(file: str, node: Node, told: DeviceFacts) -> str:
    verb = NEXT.get(node.KIND, "")
    if not verb and node.KIND == "device tree blob":
        verb = "dt print"
    if not verb and any(fact.tree is not None for fact in told):
        verb = "dt identify"
    if not verb:
        return f"pmport unpack {file} -o parts" if isinstance(node, Container) else f"pmport inspect {file} --all"
    return f"pmport {verb} {file}"


def _layout(node: Node, rows: list[Row]) -> Iterator[View]:
    if len(rows) < 2:
        return
    yield Bar([(part.name, part.section.size) for part in node.parts()])
    yield Table(
        ("part", "offset", "bytes", "", "what it is"),
        [
            ("  " * (depth - 1) + name, "" if offset is None else f"{offset:#x}", size, size_text(size), kind or role)
            for depth, name, offset, size, kind, role in rows
            if depth
        ],
    )


def _fields(node: Node, *, raw: bool, whole: bool) -> View:
    """The header's fields; the size and the layout are told already."""
    if raw:
        return Table(("field", "value"), node.describe())
    views = node.view()
    shown = views.views if isinstance(views, Stack) else [views]
    tables = [
        replace(view, title="") if isinstance(view, Table) else view for view in shown if not isinstance(view, Bar)
    ]
    return Stack([view if whole else _cut(view) for view in tables if not isinstance(view, Table) or view.cells])


def _cut(view: View) -> View:
    """Long values cut, line ends shown."""
    if isinstance(view, Stack):
        return Stack([_cut(part) for part in view.views])
    return _cut_table(view) if isinstance(view, Table) else view


def _cut_table(table: Table) -> Table:
    lines = [[cell.replace("\r", "\\r").replace("\n", "\\n") for cell in row] for row in table.cells]
    return Table(table.columns, [[_shortened(cell) for cell in row] for row in lines], table.title, table.empty)


def _shortened(text: str) -> str:
    """As many whole words as fit."""
    if len(text) <= MOST_VALUE:
        return text
    kept = text[:MOST_VALUE].rpartition(" ")[0] or text[: MOST_VALUE - 1]
    return f"{kept} …" if " " in text[:MOST_VALUE] else f"{kept}…"


def _values(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields for programs: names without blanks, numbers as numbers."""
    return {_key(label): _number(value) for label, value in fields.items()}


def _key(label: str) -> str:
    return "_".join(re.findall(r"[a-z0-9.]+", label.lower()))


def _number(value: object) -> object:
    if isinstance(value, str) and HEX.fullmatch(value):
        return int(value, 16)
    return value


Row = tuple[int, str, int | None, int, str, str]


def _tree(node: Node, name: str, offset: int | None, depth: int, most: int | None) -> Iterator[Row]:
    """``(depth, name, offset in its container, size, kind, role)`` of a node and everything inside."""
    yield depth, name, offset, node.size, "" if isinstance(node, Data) else node.KIND, "data"
    if isinstance(node, Data):
        return
    children = {child.name: child for child in node.children}
    if depth and most is not None and len(children) > MOST_INNER:
        sizes = sum(child.size for child in children.values())
        yield depth + 1, f"{len(children)} parts", None, sizes, "", "listed with --all"
        return
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
    """What is odd anywhere inside; the same of many parts once."""
    found: dict[Finding, list[str]] = {}
    for path, inner in node.walk():
        for finding in inner.findings():
            where = "/".join(part for part in (path, finding.where) if part)
            found.setdefault(replace(finding, where=""), []).append(where)
    for finding, places in found.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        yield replace(finding, where=places[0] + more)


def _cut_short(file: str, data: bytes | None, error: FormatError, *, as_json: bool, raw: bool) -> int:
    """What the header of a file says that cannot be opened, because it ends too early."""
    from pmport.cut_short import look_at  # noqa: PLC0415 - only for such files

    found = look_at(file if data is None else data)
    if found is None:
        raise error
    finding = Finding(
        Severity.ERROR, "cut-short", f"The file ends too early: {error.what}", where=error.field, fix="get it again"
    )  # fmt: skip
    fields = dict(found.fields)
    result = {
        "kind": found.kind,
        "size": found.size,
        "summary": {},
        "fields": fields,
        "values": _values(fields),
        "tree": [
            {"name": part.name, "depth": 1, "offset": part.offset, "size": part.size, "present": part.present,
             "kind": "", "role": str(part.role)}
            for part in found.parts
        ],
    }  # fmt: skip
    title = f"{file}: {found.kind}, cut short after {size_text(found.size)}"
    views = [
        Table(("part", "offset", "bytes", "of these there"), _present(found), title=title),
        Table(("field", "value"), found.fields),
    ]
    report(result, views, findings=[finding], as_json=as_json, raw=raw)
    return EXIT_INPUT


def _present(found: CutShort) -> Iterable[tuple[object, ...]]:
    words = {True: "all"}
    return [
        (part.name, f"{part.offset:#x}", part.size, words.get(part.present == part.size, part.present or "nothing"))
        for part in found.parts
    ]
