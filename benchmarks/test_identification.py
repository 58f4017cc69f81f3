"""Finding a record: the time of one look-up, and the confusion table, for all inputs and for those held out."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from identification import FACTS, SOURCES, Confusion
from support import CORPUS

from pmport import device_db


@pytest.mark.skipif(not FACTS.exists() or not CORPUS.exists(), reason="the facts and images to judge by are not here")
@pytest.mark.parametrize("source", SOURCES)
def test_confusion(benchmark: Any, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    cases = list(SOURCES[source]())
    benchmark.group = "find a record"
    benchmark(device_db.find, cases[0].facts)
    everything, held_out = Confusion.of(cases), Confusion.of(case for case in cases if case.held_out)
    with capsys.disabled():
        sys.stdout.write(f"\n{source}, {len(cases)}: {everything}; held out: {held_out}\n")
        for name, first in everything.wrong[:20]:
            sys.stdout.write(f"  {name}: {first} came first\n")
