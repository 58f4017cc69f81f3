"""The rules are data: each has a real example, and finds it."""

from __future__ import annotations

import re

import pytest

from pmport.bootlog import Rule, explain, load_rules, parse_rules
from pmport.errors import RecordError
from pmport.findings import Severity

RULES = load_rules()
ROW = """
[[rule]]
id = "a"
kind = "trouble"
severity = "error"
contains = ["x"]
pattern = "x"
says = "x"
cause = "y"
source = "z"
example = "x"
"""


@pytest.mark.parametrize("rule", RULES.rules, ids=[rule.id for rule in RULES.rules])
def test_a_rule_finds_its_example_and_no_rule_before_it_does(rule: Rule) -> None:
    assert any(piece in rule.example for piece in rule.contains)
    found = explain(rule.example.encode())
    assert list(found.noise) == [rule.id] if rule.kind == "noise" else [one.rule for one in found] == [rule.id]


@pytest.mark.parametrize("rule", RULES.rules, ids=[rule.id for rule in RULES.rules])
def test_a_rule_tells_cause_and_source_and_trouble_tells_what_to_try(rule: Rule) -> None:
    assert rule.cause
    assert rule.source
    assert rule.remedy or rule.kind == "noise"
    names = {re.sub(r"\d$", "", name) for name in rule.pattern.groupindex}
    assert set(re.findall(r"\{(\w+)\}", rule.says + rule.remedy)) <= names


def test_milestones_say_what_to_try_but_the_last() -> None:
    assert all(stone.next for stone in RULES.milestones[:-1])
    assert not RULES.milestones[-1].next


@pytest.mark.parametrize(
    "text",
    [
        "rule = 3",
        "rule = [3]",
        "[[rule]]\n",
        ROW.replace('"x"\nsays', '"("\nsays'),
        ROW.replace('"error"', '"bad"'),
        ROW.replace('"trouble"', '"thing"'),
        ROW + 'unknown = "x"\n',
        ROW + 'follows = ["nobody"]\n',
        ROW + ROW,
        "[errno]\nx = 3\n",
        "[[milestone]]\n",
        "=",
    ],
)
def test_a_wrong_table_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(RecordError, match=r"mine\.toml"):
        parse_rules(text, "mine.toml")


def test_a_table_of_ones_own_takes_the_place_of_the_rules() -> None:
    found = explain(b"x happened", rules=parse_rules(ROW))
    assert [(one.rule, one.severity) for one in found] == [("a", Severity.ERROR)]
