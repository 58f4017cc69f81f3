"""How values look: one table, one to-scale bar, and a stack of both; as plain text, on a rich terminal and in a notebook.

A value inherits :class:`Renders` and says *what* it shows by returning a view; how that looks is decided here, once.

Example:
    >>> print(Table(("part", "bytes"), [("kernel", 8), ("ramdisk", 4096)], title="Image"))
    Image
    part     bytes
    kernel   8
    ramdisk  4096
    >>> print(Bar([("header", 1), ("kernel", 3)], width=20))
    |....|kernel.......|
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from pmport.text_layout import Paint, ansi, paragraph, plain, table, visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType

__all__ = ["Bar", "Drawn", "Renders", "Stack", "Table", "Text", "View", "size_text"]

_COLOURS = ("#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#edc948", "#9c755f")
"""Ten-class colours that stay apart on light and on dark backgrounds (Tableau 10)."""


def size_text(size: int) -> str:
    """A byte count as a person reads it.

    Args:
        size: Bytes.

    Returns:
        Such as ``"4.0 KiB"``; bytes below 1 KiB are exact.

    Example:
        >>> size_text(67108864)
        '64.0 MiB'
    """
    if size < 1024:
        return f"{size} B"
    value = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value:.1f} TiB"


def _escaped(text: str) -> str:
    from html import escape  # noqa: PLC0415 - its table of entities costs every command, and notebooks alone use it

    return escape(text)


class View(Protocol):
    """Anything that can be shown in all three ways."""

    def __str__(self) -> str:
        """As plain text."""
        ...

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """As lines of so many columns; 0: as many as it takes."""
        ...

    def __rich__(self) -> RenderableType:
        """On a terminal, through rich."""
        ...

    def _repr_html_(self) -> str:
        """In a notebook: self-contained, no script, no colour of its own for the text."""
        ...


class Drawn:
    """What all views have in common: they are laid out as lines, and the rest follows from these."""

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """As lines.

        Args:
            width: Columns; 0: as many as it takes.
            paint: How they are coloured.

        Returns:
            The lines; no word is broken.
        """
        raise NotImplementedError(f"{type(self).__name__} has no lines")

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __rich__(self) -> RenderableType:
        return _OnTerminal(self)


@dataclass(frozen=True)
class _OnTerminal:
    view: Drawn

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.text import Text as RichText  # noqa: PLC0415 - rich costs 48 ms; only who prints by it needs it

        del console
        text = "\n".join(self.view.lines(options.max_width, ansi))
        yield RichText.from_ansi(text, no_wrap=True, overflow="ignore")


class Renders:
    """Mixin: a value that shows itself on a terminal and in a notebook.

    Subclasses return from :meth:`view` what they show.
    """

    def view(self) -> View:
        """What this value shows of itself.

        Returns:
            A :class:`Table`, :class:`Bar`, :class:`Text` or a :class:`Stack` of them.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it shows")

    def __rich__(self) -> RenderableType:
        return self.view().__rich__()

    def _repr_html_(self) -> str:
        return self.view()._repr_html_()


Cell: TypeAlias = object


SORTED_FROM = 4
"""Shorter tables are read faster than they are sorted."""
SORT = (
    "(function(h){var b=h.closest('table').tBodies[0],i=h.cellIndex,d=h.dataset.d=h.dataset.d?'':'1';"
    "Array.from(b.rows).sort(function(x,y){var p=x.cells[i].textContent,q=y.cells[i].textContent,"
    "c=(parseFloat(p)-parseFloat(q))||p.localeCompare(q);return d?c:-c}).forEach(function(r){b.appendChild(r)})})(this)"
)
"""What a click on a heading does: sort by its column, and the other way at the next click. It needs nothing from outside."""
MOST_ROWS = 200
"""So many rows of a table are shown in a notebook until all are asked for."""
SHOW_ALL = (
    "(function(b){var t=b.closest('table'),m=t.tBodies[1];Array.from(m.rows).forEach(function(r){t.tBodies[0].appendChild(r)});"
    "m.remove();t.tFoot.remove()})(this)"
)
"""What asks for them."""


@dataclass(frozen=True)
class Table(Drawn):
    """Rows under headings.

    Args:
        columns: The headings.
        rows: One sequence of cells per row; cells are shown by ``str``.
        title: A line above the table.
        empty: What to say instead, when there is no row.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    title: str = ""
    empty: str = "nothing"
    cells: tuple[tuple[str, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(tuple("" if c is None else str(c) for c in row) for row in self.rows))

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """As lines; see :func:`pmport.text_layout.table`."""
        title = [paint(line, "title") for line in paragraph(self.title, width)] if self.title else []
        if not self.cells:
            return [*title, *paragraph(self.empty, width)]
        rows = [tuple(visible(cell) for cell in row) for row in self.cells]
        return [*title, *table(self.columns, rows, width, paint)]

    def _repr_html_(self) -> str:
        head = f"<caption style='text-align:left;caption-side:top;font-weight:bold'>{_escaped(self.title)}</caption>"
        sorts = f" title='sort' onclick=\"{SORT}\"" if len(self.cells) >= SORTED_FROM else ""
        style = "text-align:left;cursor:pointer" if sorts else "text-align:left"
        columns = "".join(f"<th style='{style}'{sorts}>{_escaped(column)}</th>" for column in self.columns)
        first, more = self.cells[:MOST_ROWS], self.cells[MOST_ROWS:]
        body = _rows(first) or f"<tr><td colspan='{len(self.columns)}'>{_escaped(self.empty)}</td></tr>"
        rest = ""
        if more:
            button = f"<button type='button' onclick=\"{SHOW_ALL}\">show all {len(self.cells)}</button>"
            rest = (
                f"<tbody hidden>{_rows(more)}</tbody><tfoot><tr><td colspan='{len(self.columns)}'"
                f" style='text-align:left'>{len(more)} more rows: {button}</td></tr></tfoot>"
            )
        head = head if self.title else ""
        return f"<table>{head}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody>{rest}</table>"


def _rows(rows: Sequence[tuple[str, ...]]) -> str:
    return "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{_escaped(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )


@dataclass(frozen=True)
class Bar(Drawn):
    """Lengths drawn to scale, side by side, in order: the layout of an image, a partition map.

    Args:
        segments: ``(label, length)``; lengths in one unit, usually bytes.
        title: A line above the bar.
        width: Characters, as plain text.
    """

    segments: Sequence[tuple[str, int]]
    title: str = ""
    width: int = 72

    def shares(self) -> Iterator[tuple[str, int, float]]:
        """Each segment with its share of the whole.

        Yields:
            ``(label, length, share from 0.0 to 1.0)``; segments of length 0 are left out.
        """
        total = sum(length for _, length in self.segments) or 1
        return ((label, length, length / total) for label, length in self.segments if length)

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """As one line to scale; none where there are more segments than columns. A label that does not fit is left out."""
        shares = list(self.shares())
        most = min(width, self.width) if width else self.width
        if width and 2 * len(shares) + 1 > most:
            return []
        room = max(most - len(shares) - 1, len(shares))
        spent = 0
        past = 0.0
        pieces = []
        for number, (label, _, share) in enumerate(shares):
            past += share
            piece = max(round(past * room) - spent, 1)
            spent += piece
            shown = visible(label) if len(visible(label)) <= piece else ""
            blank = "." if paint is plain else " "
            pieces.append(paint(shown.ljust(piece, blank), f"bar{number}"))
        bar = "|" + "|".join(pieces) + "|"
        return [paint(self.title, "title"), bar] if self.title else [bar]

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<div title='{_escaped(label)}: {length} bytes' style='flex:{share:.6f} 1 0;min-width:2px;overflow:hidden;"
            f"white-space:nowrap;padding:2px 0 2px 3px;color:#fff;background:{_COLOURS[i % len(_COLOURS)]}'>"
            f"{_escaped(label)}</div>"
            for i, (label, length, share) in enumerate(self.shares())
        )
        legend = " · ".join(
            f"<span style='color:{_COLOURS[i % len(_COLOURS)]}'>■</span> {_escaped(label)} {size_text(length)}"
            for i, (label, length, _) in enumerate(self.shares())
        )
        title = f"<div><b>{_escaped(self.title)}</b></div>" if self.title else ""
        return f"<div>{title}<div style='display:flex;gap:1px;font-size:85%'>{cells}</div><small>{legend}</small></div>"


@dataclass(frozen=True)
class Text(Drawn):
    """Lines as they are.

    Args:
        text: The lines.
    """

    text: str

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """As they are, broken between words where they are too long."""
        del paint
        return [broken for line in self.text.split("\n") for broken in paragraph(line, width)]

    def _repr_html_(self) -> str:
        return f"<pre>{_escaped(self.text)}</pre>"


@dataclass(frozen=True)
class Stack(Drawn):
    """Several views, one below the other.

    Args:
        views: From top to bottom.
    """

    views: Sequence[View]

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """One view below the other, an empty line between them."""
        spaced: list[str] = []
        for view in self.views:
            drawn = view.lines(width, paint)
            spaced += ["", *drawn] if spaced and drawn else drawn
        return spaced

    def _repr_html_(self) -> str:
        return "".join(view._repr_html_() for view in self.views)
