"""A table of facts folds what many trees say alike, cuts what is long, and shows line ends; whole, it keeps all."""

from __future__ import annotations

from pmport.facts import DeviceFacts, Fact


def told(*facts: Fact) -> str:
    return str(DeviceFacts(facts).view())


def test_equal_facts_of_many_trees_are_one_row() -> None:
    shown = told(*(Fact("model", "SP7727S", f"dtb-0{number}: /model") for number in range(5)))
    assert shown.count("SP7727S") == 1
    assert "5 trees" in shown


def test_equal_facts_of_other_places_are_counted_as_such() -> None:
    shown = told(
        Fact("kernel_version", "4.4", "kernel banner"), Fact("kernel_version", "4.4", "content: kernel banner")
    )
    assert "2 places" in shown


def test_different_values_keep_their_rows() -> None:
    shown = told(Fact("model", "A", "dtb-00: /model"), Fact("model", "B", "dtb-01: /model"))
    assert len([line for line in shown.splitlines() if line.startswith("model")]) == 2


def test_long_values_are_cut_and_line_ends_shown_unless_all_is_asked_for() -> None:
    facts = DeviceFacts([Fact("bootconfig", "a=1\nb=2\n" + "x" * 500, "bootconfig section")])
    lines = str(facts.view()).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) < 200
    assert r"a=1\nb=2\n" in lines[1]
    assert "x" * 500 in str(facts.view(whole=True))


def test_whole_shows_each_fact() -> None:
    facts = DeviceFacts(Fact("model", "SP7727S", f"dtb-0{number}: /model") for number in range(5))
    assert str(facts.view(whole=True)).count("SP7727S") == 5


def test_a_size_is_shown_as_one() -> None:
    assert "1440x2560" in told(Fact("screen_size", (1440, 2560), "panel"))
