"""What a report has to say, topic by topic: from opened files to views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmport.bootcheck import check
from pmport.device_db import draft, find, of_several_boards
from pmport.device_db.identification import boards
from pmport.devicetree import Blob, identify, outline, pins, supplies
from pmport.errors import FormatError
from pmport.findings import Finding, Findings
from pmport.formats.storage.partition_table import Partition, PartitionTable
from pmport.kernels import mainline_status
from pmport.node import Data
from pmport.render import Table, Text, View, size_text
from pmport.untrusted import printable

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.facts import DeviceFacts
    from pmport.node import Node

__all__ = ["Opened", "Topic", "topics"]

MOST_TREES = 3
"""So many different trees are shown whole; the others by their identity."""
MOST_PARTS = 200
"""So many parts of one file are listed."""
MOST_NAMES = 4
"""So many values of one fact are named in the summary."""


@dataclass(frozen=True)
class Topic:
    """One section of the page.

    Args:
        name: Its name in the page's address, behind the ``#``.
        title: Its heading.
        views: What it shows, from top to bottom.
        said: A sentence below the heading.
    """

    name: str
    title: str
    views: tuple[View, ...]
    said: str = ""


@dataclass(frozen=True)
class Opened:
    """A file that is open.

    Args:
        name: How it is called in the report.
        node: What it is.
        facts: What it tells.
    """

    name: str
    node: Node
    facts: DeviceFacts

    def trees(self) -> Iterator[tuple[str, Blob]]:
        """The device trees in it, each with its place."""
        for path, inner in self.node.walk():
            if isinstance(inner, Blob):
                yield "/".join(part for part in (self.name, path) if part), inner


def topics(files: tuple[Opened, ...], facts: DeviceFacts) -> Iterator[Topic]:
    """Everything that there is to say.

    Args:
        files: The files.
        facts: What they tell together.

    Yields:
        Topics that say something, in the order in which a reader wants them.
    """
    yield Topic("summary", "Summary", (_summary(files, facts),))
    yield from _checks(files)
    yield from (Topic(f"file-{number}", file.name, tuple(_layout(file))) for number, file in enumerate(files, 1))
    if len(facts):
        yield Topic("facts", "Facts", (facts.view(),), "What the files say, and where it stands in them.")
    yield from _partitions(files, facts)
    yield from _trees(files)
    yield from _questions(facts)


SUMMARY = (
    ("Model", ("manufacturer", "model", "product", "board")),
    ("Chip", ("soc",)),
    ("Architecture", ("arch",)),
    ("Kernel", ("kernel_version",)),
    ("Android", ("os_version", "os_patch_level")),
    ("Boot image", ("boot_format", "header_version", "page_size", "wrapper")),
    ("Device trees", ("dtb_placement",)),
    ("Compression", ("kernel_compression", "ramdisk_compression")),
    ("Verified boot", ("avb",)),
    ("Screen", ("screen_size", "panel")),
    ("Touch", ("touchscreen",)),
    ("Flashing", ("flash_method", "bootloader", "slots", "unlocked")),
)
"""Row of the summary → the facts that answer it."""


def _summary(files: tuple[Opened, ...], facts: DeviceFacts) -> Table:
    rows = [("Known as", _known(facts))]
    rows += [(label, "; ".join(_values(facts, fields))) for label, fields in SUMMARY]
    rows += [("Files", ", ".join(f"{file.name} ({file.node.KIND}, {size_text(file.node.size)})" for file in files))]
    return Table(("", ""), [row for row in rows if row[1]])


def _known(facts: DeviceFacts) -> str:
    candidates = find(facts)
    best = [f"{one.name} ({one.codename})" for one in candidates if one.score == candidates[0].score]
    if best:
        return _few(best)
    answers = boards(facts)
    if len(answers) > 1 and of_several_boards(answers):
        return f"nothing: its {len(answers)} device trees are for several boards"
    return "none of the records fits"


def _values(facts: DeviceFacts, fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        texts = list(dict.fromkeys(fact.text for fact in facts.all(field)))
        if texts:
            plain = f"{field.replace('_', ' ')} " if texts[0].isdigit() or texts[0] in {"True", "False"} else ""
            yield plain + _few(texts)


def _few(texts: list[str]) -> str:
    more = f" and {len(texts) - MOST_NAMES} more" if len(texts) > MOST_NAMES else ""
    return ", ".join(texts[:MOST_NAMES]) + more


def _checks(files: tuple[Opened, ...]) -> Iterator[Topic]:
    found: list[Finding] = []
    for file in files:
        for path, node in file.node.walk():
            found += [_placed(finding, file.name, path) for finding in node.findings()]
        try:
            found += [_placed(finding, file.name) for finding in check(file.node)]
        except FormatError:
            continue  # no boot image: nothing that a bootloader would refuse
    once = dict.fromkeys(found)
    if once:
        said = "What is odd about the files, and what would keep a boot image from booting."
        yield Topic("findings", "Findings", (Findings(once).view(),), said)


def _placed(finding: Finding, *places: str) -> Finding:
    return replace(finding, where="/".join(part for part in (*places, finding.where) if part))


def _layout(file: Opened) -> Iterator[View]:
    yield file.node.view()
    rows = []
    for path, node in file.node.walk():
        if path and not isinstance(node, Data):
            rows.append((printable(path), node.KIND, size_text(node.size)))
    if rows:
        left = len(rows) - MOST_PARTS
        title = f"inside ({left} more are not listed)" if left > 0 else "inside"
        yield Table(("part", "what it is", "size"), rows[:MOST_PARTS], title=title)


def _partitions(files: tuple[Opened, ...], facts: DeviceFacts) -> Iterator[Topic]:
    views: list[View] = []
    for file in files:
        for _, node in file.node.walk():
            table = getattr(node, "table", None)
            if isinstance(table, PartitionTable) and table:
                views.append(table.in_order.view())
    if not views:
        told = [fact.value for fact in facts.all("partition") if isinstance(fact.value, tuple)]
        sized = [Partition(str(name), size=size, storage=str(storage)) for name, size, storage in told]
        views = [PartitionTable(sized).view()] if sized else []
    if views:
        yield Topic("partitions", "Partition map", tuple(views))


def _trees(files: tuple[Opened, ...]) -> Iterator[Topic]:
    different: dict[bytes, tuple[str, Blob]] = {}
    places = 0
    for file in files:
        for place, blob in file.trees():
            places += 1
            different.setdefault(bytes(blob), (place, blob))
    opened = [(place, blob.tree()) for place, blob in different.values()]
    if not opened:
        return
    opened.sort(key=lambda item: item[1].is_overlay)  # whole trees first; a stable order otherwise
    views: list[View] = []
    if places > 1:
        views.append(_identities(opened))
    views += [outline(tree, printable(place)) for place, tree in opened[:MOST_TREES]]
    said = f"{places} trees, {len(opened)} different" if places > 1 else ""
    if len(opened) > MOST_TREES:
        said += f"; the first {MOST_TREES} are shown whole"
    yield Topic("trees", "Device trees", tuple(views), said)
    place, tree = opened[0]
    if not tree.is_overlay:
        yield from _of_one_tree(printable(place), tree, several=len(opened) > 1)


def _identities(opened: list[tuple[str, DeviceTree]]) -> Table:
    who = [(printable(place), identify(tree)) for place, tree in opened]
    rows = [(place, one.model, one.soc, "overlay" if one.overlay else "") for place, one in who]
    return Table(("tree", "model", "chip", ""), rows)


def _of_one_tree(place: str, tree: DeviceTree, *, several: bool) -> Iterator[Topic]:
    said = f"Of the tree {place}." if several else ""
    status = mainline_status(tree)
    if status.parts:
        yield Topic("mainline", "Mainline status", (status.view(),), said)
    feeds = supplies(tree)
    if feeds.entries:
        yield Topic("supplies", "Supplies", (feeds,), said)
    used = pins(tree)
    if used.cells:
        yield Topic("pins", "Pins", (used,), said)


UNNAMED = "unknown-phone"
"""A draft wants a codename; nothing of it is shown."""


def _questions(facts: DeviceFacts) -> Iterator[Topic]:
    if not len(facts):
        return
    rows = [(one.text, one.proposal, one.because) for one in draft(facts, codename=UNNAMED).needed]
    if rows:
        view = Table(("question", "perhaps", "because"), rows) if any(row[1] for row in rows) else _listed(rows)
        yield Topic("questions", "Open questions", (view,), "What the files cannot tell, and a port has to know.")


def _listed(rows: list[tuple[str, str, str]]) -> Text:
    return Text("\n".join(text for text, _, _ in rows))
