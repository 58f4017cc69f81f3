"""Two trees are compared in meaning: numbers of phandles, order and spelling say nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import CORPUS, real

from pmport.cli import pmport as command
from pmport.devicetree import DeviceTree, diff, find_blobs, graph, parse_source
from pmport.devicetree.difference import subsystem_of

BOARD = """/ {
    aliases { serial0 = &uart; };
    chosen { stdout-path = "serial0:115200n8"; };
    soc {
        uart: serial@78B0000 { compatible = "qcom,msm-uartdm"; clocks = <&gcc 5>, <&gcc 9>; interrupts = <0 1 4>; };
        gcc: clock-controller@1800000 { #clock-cells = <1>; compatible = "qcom,gcc"; };
        unknown { acme,link = <&gcc>; };
    };
};"""


def shuffled(tree: DeviceTree, seed: int) -> DeviceTree:
    """The same tree in another order, with other phandles and another spelling of addresses."""
    chance = random.Random(seed)
    copy = parse_source(BOARD.replace("78B0000", "078b0000") if seed else BOARD)
    for node in copy.walk():
        for table in (node.children, node.raw):
            items = list(table.items())
            chance.shuffle(items)
            table.clear()
            table.update(items)  # type: ignore[arg-type]  # one of two kinds of tables
    numbers = {number: number + 40 for number in tree.phandles}
    for node in copy.walk():
        for name in ("phandle", "clocks", "acme,link"):
            if name in node:
                step = 2 if name == "clocks" else 1
                node[name] = [
                    numbers.get(cell, cell) if at % step == 0 else cell for at, cell in enumerate(node[name].cells)
                ]
    return copy


@pytest.mark.parametrize("seed", range(4))
def test_order_numbers_and_spelling_are_no_difference(seed: int) -> None:
    tree = parse_source(BOARD)
    assert not diff(tree, shuffled(tree, seed))


CHANGES = {
    ("clocks = <&gcc 5>", "clocks = <&gcc 6>"): ["changed /soc/serial@78B0000 clocks"],
    ("interrupts = <0 1 4>;", ""): ["removed /soc/serial@78B0000 interrupts"],
    ("interrupts = <0 1 4>;", 'interrupts = <0 1 4>; status = "okay";'): ["added /soc/serial@78B0000 status"],
    ("unknown { acme,link = <&gcc>; };", ""): ["node removed /soc/unknown "],
    ("acme,link = <&gcc>", "acme,link = <&uart>"): ["changed /soc/unknown acme,link"],
    ("serial0 = &uart", "serial0 = &gcc"): ["changed /aliases serial0"],
    ("uart: serial@78B0000", "uart: uart@78b0000"): [],
    ("serial0:115200n8", "serial0:9600n8"): ["changed /chosen stdout-path"],
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[1][:30])
def test_what_differs_is_named(change: tuple[str, str]) -> None:
    found = diff(parse_source(BOARD), parse_source(BOARD.replace(*change)))
    assert [f"{item.kind} {item.path} {item.name}" for item in found] == CHANGES[change]


def test_differences_are_grouped_by_subsystem() -> None:
    found = diff(
        parse_source(BOARD),
        parse_source(BOARD.replace("#clock-cells", "status; #clock-cells").replace("<0 1 4>", "<0 2 4>")),
    )
    assert list(found.by_subsystem) == ["clocks and resets", "buses"]
    assert "clocks and resets: 1" in str(found)
    assert "the same" in str(diff(parse_source(BOARD), parse_source(BOARD)))


def test_a_node_that_says_nothing_belongs_to_what_it_stands_in() -> None:
    tree = parse_source("/ { panel@0 { port { }; }; };")
    assert subsystem_of(tree["/panel@0/port"]) == "display"


def test_real_trees_do_not_differ_from_themselves() -> None:
    data = real(CORPUS / "dtb/xiaomi-pipa-sm8250-dtb.img").read_bytes()
    for found in find_blobs(data):
        assert not diff(found.blob.tree(), found.blob.tree())


def test_a_graph_tells_users_and_what_is_used() -> None:
    edges = graph(parse_source(BOARD))
    assert [(edge.user.name, edge.args) for edge in edges.users_of("/soc/clock-controller@1800000")] == [
        ("serial@78B0000", (5,)), ("serial@78B0000", (9,)),
    ]  # fmt: skip
    assert edges.kinds == {"clock": 2}
    assert len(edges.around("/soc/serial@78B0000")) == 2
    assert "n0 -> n1" in edges.to_dot()
    assert edges._repr_html_().startswith("<svg")
    assert "nothing is used" in str(edges.of_kind("regulator").view())


def test_the_commands_report_in_the_common_envelope(tmp_path: Path) -> None:
    for name, text in (("a", BOARD), ("b", BOARD.replace("<0 1 4>", "<0 2 4>"))):
        (tmp_path / f"{name}.dtb").write_bytes(bytes(parse_source(text)))
    paths = [str(tmp_path / "a.dtb"), str(tmp_path / "b.dtb")]
    told = json.loads(CliRunner().invoke(command, ["dt", "diff", *paths, "--json"]).output)
    assert told["result"]["differences"][0]["name"] == "interrupts"
    told = json.loads(CliRunner().invoke(command, ["dt", "graph", paths[0], "--json"]).output)
    assert [use["as"] for use in told["result"]["uses"]] == ["clocks", "clocks"]
    assert CliRunner().invoke(command, ["dt", "graph", paths[0], "--dot"]).output.startswith("digraph")


def test_a_graph_is_narrowed_to_nodes_by_path_label_or_name(tmp_path: Path) -> None:
    path = tmp_path / "board.dtb"
    path.write_bytes(bytes(parse_source(BOARD, symbols=True)))

    def users(*wanted: str) -> set[str]:
        told = CliRunner().invoke(command, ["dt", "graph", str(path), *wanted, "--json"]).output
        return {edge["user"] for edge in json.loads(told)["result"]["uses"]}

    assert users("uart") == users("/soc/serial@78B0000") == users("serial") == {"/soc/serial@78B0000"}
    assert users("serial", "--kind", "clock") == {"/soc/serial@78B0000"}
    assert users("clock-controller@1800000") == {"/soc/serial@78B0000"}
    wrong = CliRunner().invoke(command, ["dt", "graph", str(path), "serail"])
    assert wrong.exit_code == 2
    assert "serial@78B0000" in wrong.output or "no node serail" in wrong.output
