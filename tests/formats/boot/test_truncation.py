"""Real files cut short: an error that names its place, or a node with exactly the bytes that are left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import corpus_files, real

import pmport
from pmport.byte_sources import BytesSource
from pmport.errors import FormatError
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.node import Node

FOLDERS = ("boot", "vbmeta", "chromeos", "mtk")
FILES = [path for folder in FOLDERS for path in corpus_files(folder)]
HEAD = 4096
SPREAD = 64


def boundaries(node: Node) -> Iterator[int]:
    """Each boundary between two parts, and the bytes next to it."""
    at = 0
    for part in node.parts():
        at += part.section.size
        yield from (at - 1, at, at + 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_cut_file_gives_an_error_or_what_is_left(path: Path) -> None:
    data = real(path).read_bytes()
    try:
        whole = pmport.open(data)
    except FormatError:
        pytest.skip("it is cut short as it is: see the tests of boot images")
    source = BytesSource(data)
    cuts = {*range(min(HEAD, len(data))), *boundaries(whole), *(len(data) * i // SPREAD for i in range(SPREAD))}
    for cut in sorted(cut for cut in cuts if 0 <= cut < len(data)):
        try:
            node = type(whole).parse(Section(source, 0, cut))
        except FormatError as error:
            assert error.offset is not None, cut  # noqa: PT017 - both outcomes are right
            assert error.format, cut  # noqa: PT017
        else:
            assert sum(part.section.size for part in node.parts()) == cut
