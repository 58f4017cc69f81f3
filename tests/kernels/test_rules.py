"""Rules: pmaports' format is read as it is, and every mistake in it is named with its line."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from support import MIRRORS

from pmport.errors import RecordError
from pmport.kernels.rules import RULE_SETS, RuleSet, load_rules, reasons
from pmport.kernels.versions import compare, from_kernel, satisfies

GOOD = """
[aliases]
all = ["category:a", "category:b"]
["category:a".">=0.0.0"."all"]
USB = "y"
PCI = "n"
["category:b".">=6.1 <6.18_rc1"."aarch64 armv7"]
LSM = "yama,bpf"
NAMES = ["one", "two"]
["category:a category:b".">=0.0.0"."all"]
BOTH = true
"""

HIGHER = [
    "6.18_alpha", "6.18_rc1", "6.18_rc2", "6.18_rc10", "6.18", "6.18-r1", "6.18_git20250101", "6.18_p1", "6.18a",
    "6.18.0_rc1", "6.18.0", "6.18.1", "6.19_rc1", "6.19", "7.0_rc1", "7.0", "7.0.1", "10.0",
]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), list(pairwise(HIGHER)))
def test_versions_are_ordered_as_alpine_does(low: str, high: str) -> None:
    assert (compare(low, high), compare(high, low), compare(low, low)) == (-1, 1, 0)


def test_the_fault_of_the_existing_comparison_can_be_repeated() -> None:
    assert compare("7.0_rc4", "7.0") == -1
    assert compare("7.0_rc4", "7.0", compat=True) == 1
    assert compare("7.1_rc4", "7.1", compat=True) == -1
    assert not satisfies("unknown", ">=0.0.0", compat=True)
    assert satisfies("unknown", "<4.7.0", compat=True)


@pytest.mark.parametrize(
    ("release", "version"),
    [("6.1.0-rc7", "6.1.0_rc7"), ("4.14.190-perf-g12ab", "4.14.190"), ("3.4.0+", "3.4.0"), ("", ""), ("unknown", "")],
)
def test_kernel_releases_become_versions(release: str, version: str) -> None:
    assert from_kernel(release) == version


def test_sections_count_by_category_version_and_architecture() -> None:
    rules = RuleSet.parse(GOOD)

    def options(categories: list[str], version: str, arch: str) -> list[str]:
        return [rule.option for rule in rules.select(categories, version=version, arch=arch)]

    assert options(["a"], "6.2", "aarch64") == ["USB", "PCI"]
    assert options(["all"], "6.2", "aarch64") == ["USB", "PCI", "LSM", "NAMES", "BOTH"]
    assert options(["all"], "6.18", "aarch64") == ["USB", "PCI", "BOTH"]
    assert options(["b"], "6.2", "x86") == []
    assert [rule.line for rule in rules.rules] == [5, 6, 8, 9, 11]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[aliases\n", 1, "at line 1"),
        ("x = 1\n", 1, "begin with category:"),
        ('[aliases]\na = ["b"]\n', 2, "begin with category:"),
        ('[aliases]\na = ["category:b"]\n', 2, "no rules"),
        ('["category:a"]\nUSB = "y"\n', 2, "no condition"),
        ('["category:a".">=6.1"]\nUSB = "y"\n', 2, "options must follow"),
        ('\n["category:a"."=6.1"."all"]\nUSB = "y"\n', 2, "no condition"),
        ('["category:a".">=6.1-x"."all"]\nUSB = "y"\n', 1, "no condition"),
        ('["category:a".">=6.1"."arm64"]\nUSB = "y"\n', 1, "unknown architecture 'arm64'"),
        ('["category:a".">=6.1"."all"]\nPCI = "y"\nUSB = 1.5\n', 3, "no value"),
        ('["category:a".">=6.1"."all"]\nUSB = []\n', 2, "no value"),
        ('["category:a".">=6.1"."all"]\nUSB = "y"\n["category:a"."<6.2"."all"]\nUSB = "n"\n', 4, "line 2 wants it on"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, line: int, words: str) -> None:
    with pytest.raises(RecordError, match=words) as caught:
        RuleSet.parse(text, "rules.toml", strict=True)
    assert caught.value.line == line
    assert "rules.toml" in str(caught.value)


def test_what_is_not_understood_is_left_out_with_its_line_and_the_rest_is_used() -> None:
    text = (
        'colour = "red"\n[aliases]\nall = ["category:a", "category:gone"]\nbad = 5\n'
        '["category:a".">=6.1"."x86 x64_64"]\nUSB = "y"\nPCI = 1.5\n["category:a"."=6.1"."all"]\nACPI = "y"\n'
        '["category:a".">=6.1"."vax"]\nVAX = "y"\n["category:a".">=6.1"]\nLOST = "y"\n["category:a"."<6.2"."x86"]\nUSB = "n"\n'
    )
    rules = RuleSet.parse(text, "rules.toml")
    assert [(rule.option, rule.arches) for rule in rules.rules] == [("USB", ("x86",))]
    assert rules.aliases == {"all": ("a",)}
    lines = [int(finding.where.rpartition(":")[2]) for finding in rules.findings]
    assert sorted(lines) == [1, 3, 4, 5, 7, 8, 10, 13, 15]
    assert all("left out" in finding.message for finding in rules.findings)


def test_rules_come_from_a_file_or_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "kconfigcheck.toml").write_text(GOOD, encoding="utf-8")
    assert load_rules(tmp_path).rules == load_rules(tmp_path / "kconfigcheck.toml").rules == RuleSet.parse(GOOD).rules
    with pytest.raises(RecordError, match=r"checkout of pmaports"):
        load_rules(tmp_path / "absent")


def test_every_revision_of_pmaports_rules_is_used() -> None:
    folder = MIRRORS / "pmaports"
    if not (folder / ".git").exists():
        pytest.skip(f"no checkout of pmaports: {MIRRORS} (set PMPORT_MIRRORS)")
    git = ["git", "-C", str(folder)]
    log = subprocess.run(
        [*git, "log", "--format=%H", "--", "kconfigcheck.toml"], check=True, capture_output=True, text=True
    )
    for revision in log.stdout.split():
        shown = subprocess.run(
            [*git, "show", f"{revision}:kconfigcheck.toml"], check=True, capture_output=True, text=True
        )
        rules = RuleSet.parse(shown.stdout, revision)
        assert len(rules.rules) > 50
        assert len(rules.findings) <= 4


@pytest.mark.parametrize("number", ["6.12", "6.12.0"])
def test_a_release_is_the_same_with_and_without_its_zero(number: str) -> None:
    assert satisfies(number, ">=6.12")
    assert satisfies(number, ">=6.12.0")
    assert not satisfies(number, "<6.12.0")
    assert not satisfies(f"{number}_rc1", ">=6.12.0")
    assert satisfies(f"{number}_rc1", ">=6.12_rc1")
    assert not satisfies("6.12", ">=6.12.0", compat=True)


def test_rules_for_different_kernels_do_not_contradict() -> None:
    text = '["category:a".">=6.1"."all"]\nUSB = "y"\n["category:a"."<6.1"."all"]\nUSB = "n"\n'
    assert len(RuleSet.parse(text).rules) == 2


def test_contradictions_between_categories_show_when_both_are_asked_for() -> None:
    rules = RuleSet.parse('["category:a".">=6"."all"]\nUSB = "y"\n["category:b".">=6"."all"]\nUSB = "n"\n')
    assert len(rules.select(["a"], version="6.1", arch="x86")) == 1
    with pytest.raises(RecordError, match="USB"):
        rules.select(["a", "b"], version="6.1", arch="x86")


def test_an_unknown_category_names_the_known_ones() -> None:
    with pytest.raises(RecordError, match=r"community.*default"):
        load_rules().resolve(["comunity"])


@pytest.mark.parametrize("name", RULE_SETS)
def test_the_shipped_sets_load(name: str) -> None:
    rules = load_rules(name)
    assert len(rules.rules) > 300
    assert all(rule.line for rule in rules.rules)


def test_every_reason_belongs_to_a_rule() -> None:
    rules = load_rules()
    known = {rule.option for rule in rules.rules} | {f"category:{name}" for name in rules.categories}
    assert set(reasons()) <= known


def test_every_category_has_a_reason() -> None:
    assert {f"category:{name}" for name in load_rules().categories} <= set(reasons())


def test_the_files_of_pmaports_load_as_they_are_and_equal_the_shipped_ones() -> None:
    folder = MIRRORS / "pmaports"
    if not folder.exists():
        pytest.skip(f"no mirror of pmaports: {folder} (set PMPORT_MIRRORS)")
    for file, name in (("kconfigcheck.toml", "postmarketos"), ("kconfig-generic.toml", "generic")):
        theirs = RuleSet.parse((folder / file).read_text(encoding="utf-8"), file)
        assert set(theirs.rules) == set(load_rules(name).rules)
        assert theirs.aliases == load_rules(name).aliases


@pytest.mark.parametrize(
    ("field", "armv7", "aarch64"),
    [("all", 1, 1), ("noarch", 1, 1), ("aarch64", 0, 1), ("all !armv7", 0, 1), ("armv7 aarch64 !aarch64", 1, 0)],
)
def test_architectures_are_listed_as_in_a_recipe(field: str, armv7: int, aarch64: int) -> None:
    rules = RuleSet.parse(f'["category:a".">=0.0.0"."{field}"]\nUSB = "y"\n')
    for arch, count in (("armv7", armv7), ("aarch64", aarch64)):
        assert len(rules.select(["a"], version="6.1", arch=arch)) == count
