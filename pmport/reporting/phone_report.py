"""``pmport.report``: files in, one page out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.device_db import find
from pmport.errors import FormatError
from pmport.facts import DeviceFacts, of
from pmport.file_writing import replacing
from pmport.opening import open as opened
from pmport.redaction import redact
from pmport.render import Table
from pmport.reporting.page_html import page
from pmport.reporting.sections import Opened, Topic, topics
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.node import Node

__all__ = ["PhoneReport", "report"]


@dataclass(frozen=True)
class PhoneReport:
    """A report that is made.

    Args:
        title: What it is about.
        sections: ``(name, title)`` of its sections, in order.
        html: The page: whole, redacted, without a request to anywhere.
    """

    title: str
    sections: tuple[tuple[str, str], ...]
    html: str

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415 - notebooks alone

        return f"<iframe style='width:100%;height:32em;border:0' sandbox='allow-scripts' srcdoc=\"{escape(self.html)}\"></iframe>"

    def write_to(self, path: str | os.PathLike[str]) -> None:
        """Write the page; it is there whole or not at all.

        Args:
            path: Where it goes.
        """
        with replacing(path) as file:
            file.write(self.html.encode())


def report(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, title: str = "") -> PhoneReport:
    """Make a page of everything that files tell of one phone, to be sent to others.

    Args:
        paths: The files: boot images, device trees, partition tables, recorded answers of its bootloader …
        title: What the page is called; "": by the model that the files name.

    Returns:
        The page. What identifies the phone is redacted; names of folders are left out. A file that cannot be read is named
        in it, with the reason.

    Raises:
        FormatError: If none of the files can be read.
        OSError: If one is not there.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from pmport import demo
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "boot.img").write_bytes(bytes(demo.stock_image()))
        ...     made = report(Path(folder, "boot.img"))
        >>> made.title, [name for name, _ in made.sections][:2]
        ('pmport demo phone', ['summary', 'file-1'])
    """
    names = [os.fspath(path) for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]
    with ExitStack() as stack:
        read: list[Opened] = []
        broken: list[tuple[str, FormatError]] = []
        for path in names:
            name = _called(path)
            try:
                node: Node = stack.enter_context(opened(path))
                told = of(node)
            except FormatError as error:
                broken.append((name, error))
                continue
            read.append(Opened(name, node, told if len(names) == 1 else told.within(name)))
        if not read:
            raise broken[0][1] if broken else FormatError("No file was named", remedy="name at least one")
        facts = DeviceFacts(fact for file in read for fact in file.facts)
        found = [*topics(tuple(read), facts), *_unread(broken)]
        heading = redact(title) or _title(facts, read)
        html = page(heading, found)
    return PhoneReport(heading, tuple((topic.name, topic.title) for topic in found), html)


def _called(path: str) -> str:
    """The file's name without its folders, which may name a person."""
    return printable(os.fsencode(os.path.basename(path) or path).decode("utf-8", "backslashreplace"))  # noqa: PTH119


def _title(facts: DeviceFacts, read: list[Opened]) -> str:
    known = find(facts)
    if known and (len(known) == 1 or known[0].score > known[1].score):
        return known[0].name
    models = dict.fromkeys(fact.text for field in ("model", "product", "board") for fact in facts.all(field))
    return next(iter(models), "") or read[0].name


def _unread(broken: list[tuple[str, FormatError]]) -> list[Topic]:
    if not broken:
        return []
    rows = [(name, str(error)) for name, error in broken]
    return [Topic("unread", "Not read", (Table(("file", "because"), rows),))]
