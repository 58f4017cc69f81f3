"""Logs of real phones and boards: the trouble that people settled on is told first or second; healthy boots have no error.

Each excerpt names its origin in the first line; ``settled.tsv`` says what its thread came to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pmport.bootlog import explain
from pmport.findings import Severity

LOGS = Path(__file__).parent / "logs"
ROWS = [line.split("\t") for line in (LOGS / "settled.tsv").read_text(encoding="utf-8").splitlines()[1:]]
TROUBLED = [(name, rule) for name, rule, _ in ROWS if rule != "-"]
HEALTHY = [name for name, rule, _ in ROWS if rule == "-"]


@pytest.mark.parametrize(("name", "rule"), TROUBLED, ids=[name for name, _ in TROUBLED])
def test_the_trouble_is_told_first_or_second(name: str, rule: str) -> None:
    assert rule in [trouble.rule for trouble in explain(LOGS / f"{name}.txt")][:2]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_boot_has_no_error(name: str) -> None:
    found = explain(LOGS / f"{name}.txt")
    assert [trouble.line.text for trouble in found if trouble.severity is Severity.ERROR] == []


def test_there_are_enough_logs_and_each_names_its_origin() -> None:
    files = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in LOGS.glob("*.txt")}
    assert set(files) == {name for name, _, _ in ROWS}
    assert len(TROUBLED) >= 40
    for lines in files.values():
        assert lines[0].startswith("# origin: https://")
        assert len(lines) <= 61
