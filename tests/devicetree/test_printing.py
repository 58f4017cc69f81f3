"""A tree that is printed compiles to the same values, by dtc and by pmport, and reads well."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, judge

from pmport.cli import pmport as command
from pmport.devicetree import Blob, DeviceTree, find_blobs, parse_source, to_source
from pmport.devicetree.value_forms import Form, choose

TREES = sorted(path for folder in ("dtb", "dtb-split") for path in (CORPUS / folder).rglob("*") if path.is_file())
needs_corpus = pytest.mark.skipif(not TREES, reason=f"There is no corpus of device trees: {CORPUS}")


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


def compiled_by_dtc(text: str) -> subprocess.CompletedProcess[bytes]:
    dtc = judge("dtc", "device-tree-compiler")
    return subprocess.run(
        [dtc, "-q", "-f", "-"], input=text.encode("utf-8", "surrogateescape"), capture_output=True, check=False
    )


names = st.text(alphabet="abcz019,._+-", min_size=1, max_size=12)
properties = st.dictionaries(
    names, st.one_of(st.binary(max_size=24), st.text(max_size=6).map(lambda t: t.encode() + b"\0")), max_size=5
)


@given(
    st.recursive(
        properties, lambda inner: st.tuples(properties, st.dictionaries(names, inner, max_size=3)), max_leaves=8
    )
)
def test_what_is_printed_reads_back_the_same(content: object) -> None:
    tree = DeviceTree()
    waiting = [(tree.root, content)]
    while waiting:
        node, given_content = waiting.pop()
        own, below = given_content if isinstance(given_content, tuple) else (given_content, {})
        assert isinstance(own, dict)
        for name, value in own.items():
            node[name] = value
        waiting += [(node.add(name), inner) for name, inner in below.items()]
    for labels in (True, False):
        assert values(parse_source(to_source(tree, labels=labels))) == values(tree)


@needs_corpus
@pytest.mark.parametrize("path", TREES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_real_tree_compiles_to_the_same_values(path: Path) -> None:
    for found in find_blobs(path.read_bytes()):
        tree = found.blob.tree()
        text = to_source(tree)
        again = parse_source(text)
        assert values(again) == values(tree)
        assert again.reservations == tree.reservations


@needs_corpus
@pytest.mark.judge
@pytest.mark.parametrize("path", TREES[::4], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_dtc_compiles_what_is_printed_to_the_same_values(path: Path) -> None:
    for found in find_blobs(path.read_bytes()):
        tree = found.blob.tree()
        made = compiled_by_dtc(to_source(tree))
        if not made.stdout:
            reads = subprocess.run(
                [judge("dtc", "device-tree-compiler"), "-q", "-f", "-I", "dtb", "-O", "dtb", "-"],
                input=bytes(found.blob),
                capture_output=True,
                check=False,
            )
            assert not reads.stdout, made.stderr  # dtc aborts on the blob itself: Google's overlays for Coral
            continue
        assert values(Blob.parse(made.stdout).tree()) == values(tree)


def test_labels_are_those_of_the_symbols_or_made_of_the_nodes_name() -> None:
    tree = parse_source(
        "/ { pin: gpio@10 { #gpio-cells = <2>; }; led { gpios = <&pin 3 1>; };\n key@1 { parent-gpios = <&{/gpio@10} 4 0>; }; };"
    )
    text = to_source(tree)
    assert "\tpin: gpio@10 {" in text
    assert "gpios = <&pin 3 1>;" in text
    bare = Blob.parse(bytes(tree)).tree()
    assert "gpio_10: gpio@10 {" in to_source(bare)
    assert "gpios = <&gpio_10 3 1>;" in to_source(bare)
    assert "&" not in to_source(bare, labels=False)


def test_constants_have_their_names_and_their_headers() -> None:
    tree = parse_source(
        '/ { interrupt-parent = <&gic>; gic: gic { compatible = "arm,gic-v3"; #interrupt-cells = <3>; interrupt-controller; };\n'
        "io: io { #gpio-cells = <2>; }; uart { interrupts = <0 5 4>, <1 6 8>; };\n"
        "keys { power { linux,code = <116>; gpios = <&io 1 1>; }; lid { linux,input-type = <5>; linux,code = <0>; }; }; };"
    )
    text = to_source(tree, constants=True)
    for line in (
        "#include <dt-bindings/gpio/gpio.h>",
        "interrupts = <GIC_SPI 5 IRQ_TYPE_LEVEL_HIGH GIC_PPI 6 IRQ_TYPE_LEVEL_LOW>;",
        "linux,code = <KEY_POWER>;",
        "gpios = <&io 1 GPIO_ACTIVE_LOW>;",
        "linux,code = <SW_LID>;",
    ):
        assert line in text
    assert values(parse_source(text)) == values(tree)


FORMS = [
    ("regulator-max-microvolt", b"\x001Q\x00", Form.CELLS),
    ("mount-matrix", b"1\x000\x000\x00", Form.STRINGS),
    ("gpio-line-names", b"\x005V_HUB_EN\x00", Form.STRINGS),
    ("qcom,mdss-dsi-on-command", b"\x05\x01\x00\x00", Form.BYTES),
    ("qcom,mdss-dsi-on-command-state", b"dsi_lp_mode\x00", Form.STRINGS),
    ("unheard-of", b"abc\x00", Form.CELLS),
    ("unheard-of", b"abcd\x00", Form.STRINGS),
    ("unheard-of", b"abc", Form.BYTES),
    ("unheard-of", b"\x00", Form.BYTES),
    ("compatible", b"not ended", Form.BYTES),
]


@pytest.mark.parametrize(("name", "value", "form"), FORMS)
def test_the_name_decides_first_then_the_bytes(name: str, value: bytes, form: Form) -> None:
    assert choose(name, value) is form


def test_names_that_no_compiler_takes_survive() -> None:
    tree = DeviceTree()
    tree.root.add("amlogic, g12a")["a property"] = "x"
    text = to_source(tree)
    assert "no valid name" in text
    assert values(parse_source(text)) == values(tree)


def test_a_deep_tree_is_printed() -> None:
    node = (tree := DeviceTree()).root
    for _ in range(10_000):
        node = node.add("n")
    assert to_source(tree).count("{") == 10_001


def test_the_command_prints_and_compiles(tmp_path: Path) -> None:
    source, blob = tmp_path / "a.dts", tmp_path / "a.dtb"
    source.write_text('/dts-v1/;\n\n/ {\n\tmodel = "Acme";\n};\n', encoding="utf-8")
    run = CliRunner().invoke(command, ["dt", "compile", str(source), "-o", str(blob)])
    assert run.exit_code == 0, run.output
    assert CliRunner().invoke(command, ["dt", "print", str(blob)]).output == source.read_text(encoding="utf-8")
    wrong = CliRunner().invoke(command, ["dt", "print", str(blob), "--index", "1"])
    assert "holds 1 device trees" in str(wrong.exception)
