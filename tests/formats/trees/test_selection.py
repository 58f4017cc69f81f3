"""A bootloader's choice is told beforehand, with the reason against each other tree."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import CORPUS, real

import pmport
from pmport.cli import pmport as command
from pmport.devicetree import parse_source
from pmport.formats.trees.base import TreeTable
from pmport.formats.trees.bootloader_rules import BOOTLOADERS, Bootloader, Condition, Prefer, Preference, Rule
from pmport.formats.trees.selection import Candidate, candidates, choose, pick, reader_of

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
    ("subtype is equal, and 0 is no wildcard", [{"platform": 1, "subtype": 0}, {"platform": 1, "subtype": 2}], {"platform": 1, "subtype": 2}, "1"),
    ("none with the phone's subtype", [{"platform": 1, "subtype": 3}, {"platform": 1, "subtype": 0}], {"platform": 1, "subtype": 2}, None),
    ("subtype in the variant's upper byte", [{"platform": 1, "variant": 8, "subtype": 0}, {"platform": 1, "variant": 0x02000008, "subtype": 0}], {"platform": 1, "variant": 8, "subtype": 2}, "1"),
    ("variant's low byte", [{"platform": 1, "variant": 8}], {"platform": 1, "variant": 0x1000B}, None),
    ("a board that is older", [{"platform": 1, "variant": 0xB}], {"platform": 1, "variant": 0x1000B}, "0"),
    ("newest board that is not too new", [{"platform": 1, "variant": 8}, {"platform": 1, "variant": 0x10008}, {"platform": 1, "variant": 0x30008}], {"platform": 1, "variant": 0x20008}, "1"),
    ("chip's revision before the board's", [{"platform": 1, "soc_rev": 1, "variant": 0x10008}, {"platform": 1, "soc_rev": 2, "variant": 8}], {"platform": 1, "soc_rev": 2, "variant": 0x20008}, "1"),
    ("memory size is equal", [{"platform": 1, "subtype": 0x100}], {"platform": 1, "subtype": 0}, None),
    ("an untold foundry is not compared", [{"platform": 0x30001}], {"platform": 1}, "0"),
    ("the foundry, else 0", [{"platform": 1}, {"platform": 0x30001}], {"platform": 1, "foundry": 3}, "1"),
    ("another foundry", [{"platform": 0x20001}, {"platform": 1}], {"platform": 0x30001}, "1"),
    ("PMIC models are the phone's, else 0", [{"platform": 1, "pmic0": 9, "pmic1": 0, "pmic2": 0, "pmic3": 0}, {"platform": 1, "pmic0": 0, "pmic1": 0, "pmic2": 0, "pmic3": 0}], {"platform": 1, "pmic0": 0x2000B, "pmic1": 0, "pmic2": 0, "pmic3": 0}, "1"),
    ("PMIC's revision is not newer", [{"platform": 1, "pmic0": 0x20009}], {"platform": 1, "pmic0": 0x10009}, None),
    ("a range of revisions", [{"hw_rev": 0, "hw_rev_end": 2}, {"hw_rev": 3, "hw_rev_end": 9}], {"hw_rev": 4}, "1"),
    ("none fits", [{"platform": 1}], {"platform": 2}, None),
    ("nothing to compare", [{}], {"platform": 2}, None),
    ("names are compared as text", [{"id": "a"}, {"id": "b"}], {"id": "b"}, "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "rows", "phone", "taken"), RULES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_rules(why: str, rows: list[dict[str, int | str]], phone: dict[str, int | str], taken: str | None) -> None:
    choice = choose(made(*rows), phone, BOOTLOADERS["lk"] if "platform" in rows[0] else None)
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


ABL = [
    ("0 is a wildcard of subtypes, and counts less", [{"platform": 1, "subtype": 0}, {"platform": 1, "subtype": 2}], {"platform": 1, "subtype": 2}, "1"),
    ("the wildcard where nothing is exact", [{"platform": 1, "subtype": 3}, {"platform": 1, "subtype": 0}], {"platform": 1, "subtype": 2}, "1"),
    ("an older chip before a newer one", [{"platform": 1, "soc_rev": 4}, {"platform": 1, "soc_rev": 1}], {"platform": 1, "soc_rev": 3}, "1"),
    ("The newest of the older ones", [{"platform": 1, "soc_rev": 1}, {"platform": 1, "soc_rev": 2}], {"platform": 1, "soc_rev": 3}, "1"),
    ("a newer chip rather than none", [{"platform": 1, "soc_rev": 4}], {"platform": 1, "soc_rev": 3}, "0"),
    ("an overlay by its board alone", [{"variant": 8, "subtype": 0}, {"variant": 0x2F, "subtype": 0}], {"platform": 339, "variant": 0x2F, "subtype": 0}, "1"),
    ("the model of the PMIC before the chip's revision", [{"platform": 1, "soc_rev": 3, "pmic0": 0}, {"platform": 1, "soc_rev": 1, "pmic0": 9}], {"platform": 1, "soc_rev": 3, "pmic0": 9}, "1"),
    ("another foundry is refused", [{"platform": 0x20001}], {"platform": 0x30001}, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "rows", "phone", "taken"), ABL, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_rules_of_abl(
    why: str, rows: list[dict[str, int | str]], phone: dict[str, int | str], taken: str | None
) -> None:
    choice = choose(made(*rows), phone, BOOTLOADERS["abl"])
    assert (choice.taken.name if choice.taken else None) == taken, why


CONDITIONS = [(name, condition) for name, rules in BOOTLOADERS.items() for condition in rules.conditions]


@pytest.mark.parametrize(("name", "condition"), CONDITIONS, ids=str)
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_every_condition_at_its_boundary(name: str, condition: Condition, step: int) -> None:
    number = condition.number
    unit = number.mask & -number.mask
    own = number.mask & 0x555555 if number.mask > 0 else 0x55
    phone: dict[str, int | str] = {number.own_field or number.field: own}
    tree: dict[str, int | str] = {number.field: (own + step * unit) & number.mask}
    fits = choose(made(tree), phone, Bootloader(name, (condition,))).taken is not None
    assert fits is {Rule.AT_MOST: step <= 0, Rule.FROM: step <= 0, Rule.TO: step >= 0}.get(condition.rule, step == 0)


PREFERENCES = [(name, preference) for name, rules in BOOTLOADERS.items() for preference in rules.preferences]


@pytest.mark.parametrize(("name", "preference"), PREFERENCES, ids=str)
def test_every_preference_decides_between_two_trees(name: str, preference: Preference) -> None:
    assert name in BOOTLOADERS
    unit = {number.field: number.mask & -number.mask for number in preference.numbers}
    fields = list(unit)

    def ids(steps: int) -> dict[str, int | str]:
        return {field: steps * unit[field] for field in fields}

    own = ids(2)
    if fields == ["platform"]:
        own["foundry"] = 2
    exact, older, newer, zero = ids(2), ids(1), ids(3), ids(0)
    order = {
        Prefer.EXACT_ELSE_ZERO: [exact, zero],
        Prefer.EXACT_FIRST: [exact, zero, newer],
        Prefer.NOT_NEWER: [exact, older, newer],
        Prefer.NEWEST: [newer, exact, older],
    }[preference.prefer]
    for better, worse in pairwise(order):
        assert preference.kept([worse, better], own) == [1]
        assert preference.kept([better, worse], own) == [0]
    if preference.prefer is Prefer.EXACT_ELSE_ZERO:
        assert preference.kept([newer, older], own) == []


LK2ND = """
/ { qcom,msm-id = <206 0>; qcom,board-id = <8 0>; lk2nd {
    a3 { model = "A3"; compatible = "samsung,a3lte"; lk2nd,match-bootloader = "A300F*"; };
    lenok { model = "G Watch R"; compatible = "lg,lenok"; lk2nd,match-cmdline = "*lenok*"; };
    victara { model = "X 2014"; compatible = "motorola,victara"; lk2nd,match-device = "victara"; };
    both { model = "both"; compatible = "acme,both"; lk2nd,match-device = "two"; lk2nd,match-panel; panel { acme_panel { }; }; };
    panel { model = "panel"; compatible = "acme,panel"; lk2nd,match-panel; panel { acme_other { }; }; };
    old { model = "old"; compatible = "acme,old"; lk2nd,match-machtype = <4000>; };
    none { model = "none"; compatible = "acme,none"; };
}; };
"""
MATCHES = [
    ({"bootloader": "A300FXXU1"}, "a3"),
    ({"bootloader": "A300"}, None),
    ({"cmdline": "console=null androidboot.hardware=lenok quiet"}, "lenok"),
    ({"device": "victara"}, "victara"),
    ({"device": "victara2"}, None),
    ({"device": "two", "panel": "acme_panel"}, "both"),
    ({"device": "two"}, None),
    ({"panel": "acme_other"}, "panel"),
    ({"machtype": 4000}, "old"),
    ({"machtype": 4001}, None),
]


@pytest.mark.parametrize(("phone", "taken"), MATCHES, ids=str)
def test_the_rules_of_lk2nd(phone: dict[str, int | str], taken: str | None) -> None:
    image = pmport.open(bytes(parse_source(LK2ND)))
    choice = pick(image, phone)
    assert (choice.taken and choice.taken.name) == (taken and f"tree/{taken}")
    assert len(choice.candidates) == 7


def test_a_node_with_its_own_compatible_is_the_device_without_rules() -> None:
    image = pmport.open(bytes(parse_source('/ { lk2nd { model = "Y635"; compatible = "huawei,y635"; }; };')))
    choice = pick(image, {"bootloader": "x"})
    assert choice.taken is not None
    assert choice.taken.model == "Y635"


def test_the_reader_is_known_by_what_the_trees_carry() -> None:
    for rows, placement, reader in (
        ([{"platform": 1, "variant": 8}], "", "lk"),
        ([{"platform": 1}], "", "abl"),
        ([{"variant": 8}], "dtbo", "abl"),
        ([{"platform": 1, "variant": 8}], "dtbo", "abl"),
        ([{"hw_rev": 1}], "dtbo", "samsung"),
        ([{"id": 1}], "dtbo", "android"),
        ([{"chip": 1, "board": 2}], "", "sprd"),
        ([{}], "qcdt", "lk"),
    ):
        assert reader_of(made(*rows), placement) == reader


def test_an_unknown_bootloader_is_refused() -> None:
    with pytest.raises(ValueError, match="lk2nd"):
        pick(pmport.open(bytes(parse_source(LK2ND))), {"platform": 1}, "grub")
