"""A bootloader's choice is told beforehand, with the reason against each other tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import CORPUS, real

import pmport
from pmport.cli import pmport as command
from pmport.formats.trees.base import TreeTable
from pmport.formats.trees.selection import Candidate, candidates, choose, pick

CHOICES = [
    ("qcdt/lge-g4-msm8992-dt-0.img", {"platform": 0xFB, "variant": 0x564, "subtype": 0, "soc_rev": 0}, "2: "),
    ("dtbo/google-coral-10-dtbo.img", {"platform": 0x153, "index": 4}, "4: "),
    ("dtbh/samsung-a5xelte-exynos7580.dt", {"chip": 7580, "hw_rev": 5}, "3: "),
    ("dtbo/samsung-a21s-exynos3830-dtbo.img", {"hw_rev": 4}, "3: "),
    ("sprd/samsung-goyave-sc7730-dt-a.img", {"chip": 0x227E, "board": 4, "revision": 0x20000}, "0: "),
]


@pytest.mark.parametrize(("name", "phone", "taken"), CHOICES, ids=lambda value: str(value)[:40])
def test_the_tree_of_a_real_table_is_found(name: str, phone: dict[str, int | str], taken: str) -> None:
    with pmport.open(real(CORPUS / name)) as table:
        choice = pick(table, phone)
    assert choice.taken is not None
    assert choice.taken.name.startswith(taken), choice


@pytest.mark.no_cover
def test_every_entry_of_every_table_is_taken_on_its_own_phone() -> None:
    for path in sorted([*real(CORPUS / "qcdt").iterdir(), *(CORPUS / "dtbh").iterdir(), *(CORPUS / "sprd").iterdir()]):
        with pmport.open(path) as table:
            assert isinstance(table, TreeTable)
            for candidate in candidates(table):
                for ids in candidate.ids:
                    phone = {key: value for key, value in ids.items() if key != "hw_rev_end"}
                    taken = pick(table, phone).taken
                    assert taken is not None
                    assert taken.name == candidate.name


def made(*rows: dict[str, int | str]) -> list[Candidate]:
    return [Candidate(str(number), (row,)) for number, row in enumerate(rows)]


RULES = [
    ("newest that is not too new", [{"platform": 1, "soc_rev": 1}, {"platform": 1, "soc_rev": 2}, {"platform": 1, "soc_rev": 4}], {"platform": 1, "soc_rev": 3}, "1"),
    ("exact before any", [{"platform": 1, "subtype": 0}, {"platform": 1, "subtype": 2}], {"platform": 1, "subtype": 2}, "1"),
    ("any where nothing is exact", [{"platform": 1, "subtype": 3}, {"platform": 1, "subtype": 0}], {"platform": 1, "subtype": 2}, "1"),
    ("the foundry is not compared", [{"platform": 0x30001}], {"platform": 1}, "0"),
    ("a range of revisions", [{"hw_rev": 0, "hw_rev_end": 2}, {"hw_rev": 3, "hw_rev_end": 9}], {"hw_rev": 4}, "1"),
    ("none fits", [{"platform": 1}], {"platform": 2}, None),
    ("nothing to compare", [{}], {"platform": 2}, None),
    ("names are compared as text", [{"id": "a"}, {"id": "b"}], {"id": "b"}, "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "rows", "phone", "taken"), RULES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_rules(why: str, rows: list[dict[str, int | str]], phone: dict[str, int | str], taken: str | None) -> None:
    choice = choose(made(*rows), phone)
    assert (choice.taken.name if choice.taken else None) == taken, why
    assert all(item.why for item in choice.candidates if item is not choice.taken)


def test_a_tie_is_told_and_the_first_is_taken() -> None:
    choice = choose(made({"platform": 1}, {"platform": 1}), {"platform": 1})
    assert choice.taken is not None
    assert (choice.taken.name, [item.name for item in choice.tied]) == ("0", ["1"])
    assert "would fit as well" in str(choice.view())


def test_the_command_tells_the_choice_and_the_reasons(tmp_path: Path) -> None:
    path = str(real(CORPUS / "dtbh/samsung-a5xelte-exynos7580.dt"))
    told = json.loads(CliRunner().invoke(command, ["dt", "pick", path, "hw_rev=1", "--json"]).output)
    assert told["result"]["taken"].startswith("1:")
    assert len(told["result"]["rejected"]) >= 3
    assert "hw_rev=0x3" in CliRunner().invoke(command, ["dt", "identify", path]).output
    assert CliRunner().invoke(command, ["dt", "pick", path, "nonsense"]).exit_code == 2
    assert str(tmp_path)
