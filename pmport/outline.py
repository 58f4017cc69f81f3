"""What folds: lines under each other, with a field to search in them; a device tree, a tree of supplies.

Example:
    >>> print(Outline([Line(0, "pmic"), Line(1, "l5", "1.8 V", (("regulator-name", "l5"),)), Line(2, "panel")]))
    pmic
      l5  1.8 V
        panel
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from pmport.render import Drawn
from pmport.text_layout import Paint, paragraph, plain

__all__ = ["Line", "Outline"]

NARROWEST = 20
"""Columns that a line has at least, however deep it stands."""
OPEN_LINES = 40
"""An outline with no more lines than these is shown unfolded."""
SEARCH = (
    "(function(box){var word=box.value.toLowerCase(),all=Array.from(box.parentNode.querySelectorAll('details,p')),"
    "own=new Map(),hit=new Set();all.forEach(function(e){if(e.dataset.open===undefined)e.dataset.open=e.open?1:'';"
    "var text=e.tagName==='P'?e.textContent:Array.from(e.children).filter(function(c){return c.tagName==='SUMMARY'||"
    "c.tagName==='DL'}).map(function(c){return c.textContent}).join(' ');own.set(e,text.toLowerCase().includes(word))});"
    "all.slice().reverse().forEach(function(e){if(own.get(e)||hit.has(e)){hit.add(e);hit.add(e.parentNode)}});"
    "all.forEach(function(e){var up=e.parentNode,whole=own.get(up)||up.dataset.whole;e.dataset.whole=whole?1:'';"
    "e.hidden=!(hit.has(e)||whole);if(e.tagName==='DETAILS')e.open=word?hit.has(e):!!e.dataset.open})})(this)"
)
"""What typing into the field does: lines without the word are hidden, those above a line with it are unfolded."""

STYLE = (
    ".outline{text-align:left}.outline details,.outline p{margin:0 0 0 1.1em}.outline dl{margin:0 0 0 1.4em}"
    ".outline dl div{display:block}.outline dt,.outline dd{display:inline;margin:0;padding:0;font-weight:normal;"
    "overflow-wrap:anywhere}.outline dt{font-family:monospace}.outline summary{cursor:pointer}"
)
"""How it looks, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an outline.

    Args:
        depth: How many lines are above it.
        label: What it is.
        note: What stands beside it.
        leaves: ``(name, value)`` of what unfolds below it.
    """

    depth: int
    label: str
    note: str = ""
    leaves: tuple[tuple[str, str], ...] = ()


class Outline(Drawn):
    """Lines that fold, each below the last one of a smaller depth.

    Args:
        entries: From top to bottom; the first has the depth 0.
        title: A line above them.
        empty: What to say where there is none.
    """

    def __init__(self, entries: Iterable[Line], title: str = "", empty: str = "nothing") -> None:
        self.entries = tuple(entries)
        self.title = title
        self.empty = empty

    def lines(self, width: int = 0, paint: Paint = plain) -> list[str]:
        """All of it unfolded, but without the leaves."""
        head = [paint(line, "title") for line in paragraph(self.title, width)] if self.title else []
        return [*head, *(self._indented(width) if self.entries else [self.empty])]

    def _indented(self, width: int) -> Iterator[str]:
        for line in self.entries:
            indent = "  " * line.depth
            left = max(width - len(indent), NARROWEST) if width else 0
            yield from (indent + text for text in paragraph(f"{line.label}  {line.note}".rstrip(), left, "    "))

    def _repr_html_(self) -> str:
        title = f"<div><b>{escape(self.title)}</b></div>" if self.title else ""
        if not self.entries:
            return f"<div>{title}<p>{escape(self.empty)}</p></div>"
        field = f"<input type='search' placeholder='search' aria-label='search' oninput=\"{escape(SEARCH)}\">"
        search = field if len(self.entries) > 1 else ""
        return f"<div class='outline'><style>{STYLE}</style>{title}{search}{''.join(self._folded())}</div>"

    def _folded(self) -> Iterator[str]:
        """Each line as an element that folds; what stands below it is inside."""
        unfolded = " open" if len(self.entries) <= OPEN_LINES else ""
        within: list[int] = []
        for number, line in enumerate(self.entries):
            while within and within[-1] >= line.depth:
                within.pop()
                yield "</details>"
            note = f" <small>{escape(line.note)}</small>" if line.note else ""
            folds = line.leaves or self._depth(number + 1) > line.depth
            if not folds:
                yield f"<p><code>{escape(line.label)}</code>{note}</p>"
                continue
            first = " open" if line.depth == 0 else unfolded
            yield f"<details{first}><summary><code>{escape(line.label)}</code>{note}</summary>"
            yield _leaves(line.leaves)
            within.append(line.depth)
        yield "</details>" * len(within)

    def _depth(self, number: int) -> int:
        return self.entries[number].depth if number < len(self.entries) else -1


def _leaves(leaves: Sequence[tuple[str, str]]) -> str:
    if not leaves:
        return ""
    return (
        f"<dl>{''.join(f'<div><dt>{escape(name)}</dt> <dd>{escape(value)}</dd></div>' for name, value in leaves)}</dl>"
    )
