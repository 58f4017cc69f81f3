r"""How text stands in so many columns: tables and paragraphs that break between words, never within one.

Example:
    >>> print("\n".join(table(("part", "what it is"), [("kernel", "a gzip stream, 800 KiB")], width=24)))
    part    what it is
    kernel  a gzip stream,
            800 KiB
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

__all__ = ["Paint", "ansi", "paragraph", "plain", "table", "visible"]

Paint: TypeAlias = Callable[[str, str], str]
"""A function of a text and a style's name that gives the text as it is written."""
GAP = "  "
"""Between two columns."""
NEEDS_CARE = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))} | {
    ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r",
}  # fmt: skip
"""Characters that would move the cursor or change the terminal, and what is written in their place."""
STYLES = {
    "title": "1", "head": "1", "dim": "2", "code": "1",
    "error": "1;31", "warning": "1;33", "unknown": "1;35", "note": "1;36",
}  # fmt: skip
"""Style → its parameters of ECMA-48's SGR."""
BACKGROUNDS = (67, 208, 71, 167, 109, 139, 221, 137)
"""Colours of a bar's segments, of the palette of 256; nearest to those that notebooks draw."""


def plain(text: str, _style: str) -> str:
    """Paint nothing.

    Args:
        text: The text.

    Returns:
        The text.
    """
    return text


def ansi(text: str, style: str) -> str:
    r"""Paint for a terminal.

    Args:
        text: The text.
        style: A name in :data:`STYLES`, or ``bar0``, ``bar1`` …: a segment of a bar.

    Returns:
        The text between control sequences.

    Example:
        >>> ansi("error", "error")
        '\x1b[1;31merror\x1b[0m'
    """
    if not text:
        return text
    code = STYLES.get(style) or f"30;48;5;{BACKGROUNDS[int(style.removeprefix('bar')) % len(BACKGROUNDS)]}"
    return f"\x1b[{code}m{text}\x1b[0m"


def visible(text: str) -> str:
    r"""Show line ends and control characters, so that a name from an image cannot command the terminal.

    Args:
        text: Any text.

    Returns:
        One line.

    Example:
        >>> visible("a\nb\x1b[2J")
        'a\\nb\\x1b[2J'
    """
    return text.translate(NEEDS_CARE) if not text.isprintable() else text


def paragraph(text: str, width: int = 0, indent: str = "") -> list[str]:
    """Break a text between words.

    Args:
        text: One line.
        width: Columns; 0: as many as it takes. A longer word stands alone, whole.
        indent: Before all lines but the first.

    Returns:
        The lines.

    Example:
        >>> paragraph("one two three", 9, "  ")
        ['one two', '  three']
        >>> paragraph("  one two three", 9)
        ['  one two', 'three']
    """
    if not width or len(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    begin = text[: len(text) - len(text.lstrip(" "))]
    for word in text[len(begin) :].split(" "):
        longer = f"{line} {word}" if line else f"{begin}{word}" if not lines else word
        if line.strip() and len(longer) > width:
            lines.append(line.rstrip())
            line = indent + word
        else:
            line = longer
    return [*lines, line]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int = 0, paint: Paint = plain) -> list[str]:
    """Set rows under headings: side by side where that fits, cells in several lines where it must be.

    Where the longest words do not fit side by side, each row is a block: its first cell, and the others below.

    Args:
        columns: The headings; all empty: none are shown.
        rows: As many cells each; single lines.
        width: Columns of the terminal; 0: as many as it takes.
        paint: How headings are painted.

    Returns:
        The lines.
    """
    headed = any(columns)
    shown = [tuple(columns), *rows] if headed else list(rows)
    wanted = [max(len(row[i]) for row in shown) for i in range(len(columns))]
    room = width - len(GAP) * (len(columns) - 1)
    if not width or sum(wanted) <= room:
        widths = wanted
    else:
        widths = [max(_longest_word(row[i]) for row in shown) for i in range(len(columns))]
        if sum(widths) > room:
            return [line for row in rows for line in _block(columns, row, width, paint)]
        _share(widths, shown, room - sum(widths))
    lines = [line for row in shown for line in _side_by_side(row, widths)]
    heads = len(list(_side_by_side(shown[0], widths))) if headed else 0
    return [paint(line, "head") if number < heads else line for number, line in enumerate(lines)]


def _longest_word(text: str) -> int:
    """With what stands before it where the text is indented."""
    return len(text) - len(text.lstrip(" ")) + max(map(len, text.split(" ")))


def _share(widths: list[int], rows: Sequence[Sequence[str]], left: int) -> None:
    """Give each column as much of the room that is left as its cells would use; a single long one counts once."""
    while left:
        uses = [sum(len(row[i]) > width for row in rows) for i, width in enumerate(widths)]
        place = max(range(len(widths)), key=lambda i: uses[i])
        if not uses[place]:
            return
        widths[place] += 1
        left -= 1


def _side_by_side(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [_cell(text, width) for text, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells), default=0)):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        yield GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _cell(text: str, width: int) -> list[str]:
    """Lines of a cell; what is indented stays so."""
    start = text[: len(text) - len(text.lstrip(" "))]
    return paragraph(text, width, start) if width else [text]


def _block(columns: Sequence[str], row: Sequence[str], width: int, paint: Paint) -> Iterator[str]:
    """A row whose cells do not fit side by side."""
    first, *others = zip(columns, row, strict=True)
    yield from (paint(line, "head") for line in paragraph(first[1], width, GAP))
    pieces = [f"{name}: {cell}" if name else cell for name, cell in others if cell]
    line = ""
    for piece in pieces:
        if line and len(GAP * 2 + line + GAP + piece) > width:
            yield from paragraph(GAP * 2 + line, width, GAP * 3)
            line = ""
        line = line + GAP + piece if line else piece
    if line:
        yield from paragraph(GAP * 2 + line, width, GAP * 3)
