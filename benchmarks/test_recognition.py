"""Finding the record of a real tree or image: a confusion table, for all and for the fifth that is held out.

Two sets are judged: the files of ``recognition_trees.tsv``, which stand in public repositories (``PMPORT_TREES`` names a folder
that holds each under the name of its Git blob; what is not there is passed over), and every board of Debian's kernels.
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from identification import Case, Confusion, debian_boards

import pmport
from pmport.facts import of

if TYPE_CHECKING:
    from pmport.device_db import Device

LIST = Path(__file__).with_name("recognition_trees.tsv")
TREES = Path(os.environ.get("PMPORT_TREES", "trees"))


def _is_one_of(codenames: frozenset[str], device: Device) -> bool:
    return device.codename in codenames


def public_files() -> Iterator[tuple[Case, bool, bool]]:
    """Each file of the list that is there, whether it has a record, and whether it names its phone."""
    lines = (line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    for repository, path, _, blob, codenames, _, named in csv.reader(lines, delimiter="\t"):
        if (TREES / blob).exists():
            right = frozenset(codenames.split(",")) - {""}
            with pmport.open(TREES / blob) as image:
                yield Case(f"{repository}/{path}", of(image), partial(_is_one_of, right)), bool(right), named == "yes"


@pytest.mark.parametrize("source", [public_files, debian_boards])
def test_recognition(source: object, capsys: pytest.CaptureFixture[str]) -> None:
    cases = list(source())  # type: ignore[operator]  # one of the two functions above
    if not cases:
        pytest.skip(f"no file of {LIST.name} is in {TREES}: set PMPORT_TREES")
    with capsys.disabled():
        for title, chosen in (("all", cases), ("held out", [row for row in cases if row[0].held_out])):
            table: dict[str, Counter[str]] = defaultdict(Counter)
            wrong: list[tuple[str, str]] = []
            for case, recorded, named in chosen:
                kind = ("named" if named else "not named") if recorded else "no record"
                one = Confusion.of([case])
                table[kind] += one.counts
                wrong += one.wrong if one.counts["wrong"] else []
            sys.stdout.write(f"\n{source.__name__}, {title}, {len(chosen)} files\n")  # type: ignore[attr-defined]  # as above
            for kind, counts in sorted(table.items()):
                sys.stdout.write(
                    f"  {kind}: "
                    + ", ".join(f"{name} {counts[name]}" for name in ("right", "tie", "none", "wrong"))
                    + "\n"
                )
            sys.stdout.writelines(f"  wrong: {name}: {first}\n" for name, first in wrong)
