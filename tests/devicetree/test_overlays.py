"""Overlays do what libfdt does with them, say what they changed, and name what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, judge

from pmport.cli import pmport as command
from pmport.devicetree import Blob, DeviceTree, compile_source, diff, find_blobs, make_overlay, parse_source
from pmport.devicetree.overlays import apply, fragments
from pmport.errors import FormatError

FILES = sorted(path for folder in ("dtb", "dtb-split") for path in (CORPUS / folder).rglob("*") if path.is_file())


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


def pairs() -> list[tuple[str, Blob, Blob]]:
    """Every overlay of the corpus with every base of its phone that has symbols, and some with those of other phones."""
    bases: list[tuple[str, Blob]] = []
    overlays: list[tuple[str, Blob]] = []
    for path in FILES:
        for number, found in enumerate(find_blobs(path.read_bytes())):
            tree = found.blob.tree()
            name = f"{path.parent.name}/{path.name}#{number}"
            if tree.is_overlay:
                overlays.append((name, found.blob))
            elif "__symbols__" in tree.root.children:
                bases.append((name, found.blob))
    own: list[tuple[str, Blob, Blob]] = []
    others: list[tuple[str, Blob, Blob]] = []
    for name, overlay in overlays:
        for on, base in bases:
            same = name.split("-")[2] == on.split("-")[2]
            (own if same else others).append((f"{name} on {on}", base, overlay))
    return own + others[::60]


@pytest.mark.skipif(not FILES, reason=f"There is no corpus of device trees: {CORPUS}")
@pytest.mark.judge
@pytest.mark.slow
@pytest.mark.no_cover
def test_every_overlay_of_a_real_phone_gives_what_fdtoverlay_gives(tmp_path: Path) -> None:
    fdtoverlay = judge("fdtoverlay", "device-tree-compiler")
    accepted = refused = 0
    for name, base, overlay in pairs():
        for file, blob in (("base", base), ("overlay", overlay)):
            (tmp_path / file).write_bytes(bytes(blob))
        out = tmp_path / "out"
        out.unlink(missing_ok=True)
        run = subprocess.run(
            [fdtoverlay, "-i", "base", "-o", "out", "overlay"], cwd=tmp_path, capture_output=True, check=False
        )
        if run.returncode:
            refused += 1
            with pytest.raises(FormatError, match="The base lacks the label"):
                apply(base.tree(), overlay.tree())
            continue
        accepted += 1
        # libfdt 1.6.1 overwrites phandles that both sides have; 1.7.1 keeps the base's, as pmport does
        made = apply(base.tree(), overlay.tree(), overwrite_phandles=True).tree
        assert values(made) == values(Blob.parse(out.read_bytes()).tree()), name
    assert accepted >= 8
    assert refused >= 1


BASE = """/dts-v1/; / {
    uart2: serial@0 { status = "disabled"; };
    soc { i2c1: i2c@10 { #address-cells = <1>; }; };
    vdd: regulator { phandle = <7>; };
    user { vdd-supply = <&vdd>; };
};"""
OVERLAYS = {
    "a property": '/plugin/; &uart2 { status = "okay"; };',
    "a node": "/plugin/; &i2c1 { touch: touchscreen@38 { reg = <0x38>; vdd-supply = <&vdd>; }; };",
    "by path": "/plugin/; &{/soc} { new; };",
    "references of its own": "/plugin/; &i2c1 { a: a { }; b { x = <&a 1 &uart2>; }; };",
    "labels of its own": "/plugin/; &i2c1 { a: a { b: b { }; }; };",
    "several": "/plugin/; &uart2 { x; }; &i2c1 { y; }; &uart2 { z; };",
}


@pytest.mark.judge
@pytest.mark.parametrize("name", OVERLAYS)
def test_small_overlays_give_what_fdtoverlay_gives(name: str, tmp_path: Path) -> None:
    base, overlay = parse_source(BASE, symbols=True), parse_source(OVERLAYS[name], symbols=True)
    (tmp_path / "base").write_bytes(bytes(base))
    (tmp_path / "overlay").write_bytes(bytes(overlay))
    fdtoverlay = judge("fdtoverlay", "device-tree-compiler")
    subprocess.run([fdtoverlay, "-i", "base", "-o", "out", "overlay"], cwd=tmp_path, check=True)
    made = apply(base, overlay)
    assert values(made.tree) == values(Blob.parse((tmp_path / "out").read_bytes()).tree())
    assert values(base) == values(parse_source(BASE, symbols=True))


def test_the_report_says_what_was_changed() -> None:
    base = parse_source(BASE, symbols=True)
    made = apply(base, parse_source(OVERLAYS["a property"]), parse_source(OVERLAYS["a node"]))
    assert [(change.kind, change.path, change.name, change.overlay) for change in made.changes] == [
        ("replaced", "/serial@0", "status", 0),
        ("node", "/soc/i2c@10/touchscreen@38", "", 1),
        ("set", "/soc/i2c@10/touchscreen@38", "reg", 1),
        ("set", "/soc/i2c@10/touchscreen@38", "vdd-supply", 1),
    ]
    assert '"disabled"' in str(made.view())


def test_labels_that_the_base_lacks_are_all_named() -> None:
    overlay = parse_source("/plugin/; &nope { x = <&uart2 &nada>; };")
    with pytest.raises(FormatError, match="lacks the labels nope, nada"):
        apply(parse_source(BASE, symbols=True), overlay)
    with pytest.raises(FormatError, match="dtc -@"):
        apply(parse_source(BASE), overlay)


def test_where_both_sides_have_a_phandle_the_bases_stays_and_references_follow() -> None:
    base = parse_source(BASE, symbols=True)
    overlay = parse_source(
        '/plugin/; / { f { target-path = "/"; __overlay__ { v2: regulator { }; user2 { vdd-supply = <&v2>; }; }; }; };'
    )
    made = apply(base, overlay)
    assert made.tree["/user"]["vdd-supply"].cells == made.tree["/user2"]["vdd-supply"].cells == (7,)
    assert [finding.code for finding in made.findings] == ["phandle-kept"]


def test_what_an_overlay_extends_is_told_by_label_or_path() -> None:
    overlay = parse_source("/plugin/; &uart2 { }; &{/soc} { };")
    assert [target for target, _ in fragments(overlay)] == ["&uart2", "/soc"]


DAMAGED = {
    "target that is not there": "/ { f { target = <99>; __overlay__ { }; }; };",
    "path that is not there": '/ { f { target-path = "/nope"; __overlay__ { }; }; };',
    "no target": "/ { f { __overlay__ { }; }; };",
    "fixup of a place that is not there": '/ { f { target = <0>; __overlay__ { }; }; __fixups__ { uart2 = "/f:nope:0"; }; };',
    "fixup beyond the value": '/ { f { target = <0>; __overlay__ { }; }; __fixups__ { uart2 = "/f:target:2"; }; };',
    "fixup that is no place": '/ { f { target = <0>; __overlay__ { }; }; __fixups__ { uart2 = "nonsense"; }; };',
    "local fixup of no node": '/ { f { target-path = "/"; __overlay__ { }; }; __local_fixups__ { g { x = <0>; }; }; };',
    "local fixup beyond the value": '/ { f { target-path = "/"; __overlay__ { x; }; }; __local_fixups__ { f { __overlay__ { x = <4>; }; }; }; };',
    "phandle of two cells": '/ { f { target-path = "/"; __overlay__ { phandle = <1 2>; }; }; };',
    "phandle too large": '/ { f { target-path = "/"; __overlay__ { a { phandle = <0xfffffffe>; }; }; }; };',
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_overlay_is_refused(name: str) -> None:
    base = parse_source(BASE, symbols=True)
    overlay = compile_source(DAMAGED[name], bare=True, force=True).tree
    with pytest.raises(FormatError):
        apply(base, overlay)


def test_an_overlay_without_a_fragment_changes_nothing_and_that_is_said() -> None:
    base = parse_source(BASE, symbols=True)
    made = apply(base, parse_source("/ { a; };"))
    assert values(made.tree) == values(base)
    assert [(found.code, found.severity) for found in made.findings] == [("no-fragment", "warning")]


words = st.sampled_from(["a", "b", "c@1", "d"])
content = st.dictionaries(st.sampled_from(["x", "y", "status"]), st.binary(max_size=6), max_size=3)
branch = st.dictionaries(words, st.tuples(content, st.dictionaries(words, content, max_size=2)), max_size=3)


def filled(
    tree: DeviceTree, given_content: dict[str, tuple[dict[str, bytes], dict[str, dict[str, bytes]]]]
) -> DeviceTree:
    for name, (own, below) in given_content.items():
        node = tree.root.children.get(name) or tree.root.add(name)
        for key, value in own.items():
            node[key] = value
        for child, inner in below.items():
            twin = node.children.get(child) or node.add(child)
            for key, value in inner.items():
                twin[key] = value
    return tree


@given(branch, branch)
def test_an_overlay_made_of_two_trees_makes_one_of_the_other(
    first: dict[str, object], second: dict[str, object]
) -> None:
    base = filled(DeviceTree(), first)  # type: ignore[arg-type]  # hypothesis hides the inner types
    wanted = filled(base.copy(), second)  # type: ignore[arg-type]
    overlay = make_overlay(base, wanted)
    made = apply(base, overlay).tree if overlay.root.children else base
    assert values(made) == values(wanted)


def test_a_made_overlay_refers_to_what_it_adds_and_to_the_base_by_label() -> None:
    base = parse_source(BASE, symbols=True)
    wanted = base.copy()
    panel = wanted["/soc/i2c@10"].add("panel")
    light = wanted["/soc/i2c@10"].add("backlight")
    panel["backlight"] = [wanted.phandle_of(light)]
    panel["vdd-supply"] = [7]
    overlay = make_overlay(base, wanted)
    assert set(overlay["/__fixups__"].raw) == {"i2c1", "vdd"}
    assert "__local_fixups__" in overlay.root.children
    assert not diff(apply(base, overlay).tree, wanted)


def test_an_overlay_cannot_delete() -> None:
    base = parse_source(BASE, symbols=True)
    wanted = base.copy()
    wanted["/serial@0"].remove()
    with pytest.raises(FormatError, match="cannot delete /serial@0"):
        make_overlay(base, wanted)


def test_the_command_applies_and_writes(tmp_path: Path) -> None:
    (tmp_path / "base.dtb").write_bytes(bytes(parse_source(BASE, symbols=True)))
    (tmp_path / "o.dtbo").write_bytes(bytes(parse_source(OVERLAYS["a property"])))
    run = CliRunner().invoke(
        command, ["dt", "apply", str(tmp_path / "base.dtb"), str(tmp_path / "o.dtbo"), "-o", str(tmp_path / "out.dtb")]
    )
    assert run.exit_code == 0, run.output
    assert Blob.parse((tmp_path / "out.dtb").read_bytes()).tree()["/serial@0"]["status"].string == "okay"
