"""Source is read as dtc reads it: labels, merges, deletions, expressions, includes; and what is wrong is named with its line."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import judge

from pmport.devicetree import Blob, DeviceTree, parse_source, read_source
from pmport.errors import FormatError


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


def root(text: str) -> DeviceTree:
    return parse_source("/dts-v1/; / { " + text + " };")


VALUES = {
    "a;": b"",
    'a = "x", "y";': b"x\0y\0",
    'a = "";': b"\0",
    r'a = "\x41\102\t\"\\";': b'AB\t"\\\0',
    "a = <1 0x10 010>;": bytes([0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 8]),
    "a = <>;": b"",
    "a = <(-1) 0xffffffffffffffff>;": b"\xff" * 8,
    "a = <'a' '\\n'>;": bytes([0, 0, 0, 97, 0, 0, 0, 10]),
    "a = <1U 2UL 3ULL>;": bytes([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
    "a = [01 02ff];": b"\x01\x02\xff",
    "a = [];": b"",
    "a = /bits/ 8 <1 2 (-1)>;": b"\x01\x02\xff",
    "a = /bits/ 16 <0x1234>;": b"\x124",
    "a = /bits/ 64 <1>;": bytes(7) + b"\x01",
    'a = "x", <1>, [ff], l: <l2: 2 l3:>;': b"x\0" + bytes([0, 0, 0, 1, 255, 0, 0, 0, 2]),
    "a = <(1 + 2 * 3) ((1 << 4) | 0xf) (7 / 2 % 2)>;": bytes([0, 0, 0, 7, 0, 0, 0, 31, 0, 0, 0, 1]),
    "a = <(1 ? 2 : 3) (0 || 0 && 1) (!5) (~0xfffffff0)>;": bytes([0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15]),
    "a = <(5 > 3 == 1) (1 - 2 - 3 + 5)>;": bytes([0, 0, 0, 1, 0, 0, 0, 1]),
    "a /* c */ = // d\n <1>;": bytes([0, 0, 0, 1]),
    "\\a = <1>;": bytes([0, 0, 0, 1]),
    "#a-cells = <1>;": None,
}


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.judge
def test_a_value_is_what_dtc_makes_of_it(text: str) -> None:
    tree = root(text)
    if VALUES[text] is not None:
        assert tree.root.raw["a"] == VALUES[text]
    source = "/dts-v1/; / { " + text + " };"
    made = subprocess.run(
        [judge("dtc", "device-tree-compiler"), "-q", "-"], input=source.encode(), capture_output=True, check=True
    )
    assert bytes(tree) == made.stdout


TREES = {
    "merged nodes": "/ { a { x; }; }; / { a { y; }; };",
    "a reference extends": "/ { l: a { x; }; }; &l { y; }; &{/a} { z; };",
    "later values win in their place": "/ { a = <1>; b; }; / { c; a = <2>; };",
    "deleted property": "/ { a; b; }; / { /delete-property/ a; };",
    "deleted and set again": "/ { l: n { a; b; }; }; &l { /delete-property/ a; }; &l { a = <3>; };",
    "deleted node": "/ { l: n { m; }; k { x = <1>; }; }; /delete-node/ &l;",
    "deleted by name": "/ { n@1 { }; m { }; }; / { /delete-node/ n@1; };",
    "deleted and made again": "/ { l: n { m; }; k { x = <&k2>; }; k2: k2 { y = <&l>; }; }; /delete-node/ &l; / { l: n { o; }; };",
    "a label moves": "/ { x = <&l>; r { l: a { }; }; }; / { r { /delete-node/ a; }; }; / { r { l: b { }; }; };",
    "phandles are counted from one": "/ { x = <&b &a>; a: a { }; b: b { phandle = <1>; }; c: c { y = <&c>; }; };",
    "paths": '/ { x = &a, "s", &{/a}; y = <&{/a}>; a: l2: a { }; };',
    "several labels": "/ { l1: l2: a { b: b { }; }; }; l3: &l1 { x; };",
    "reservations": "/memreserve/ 0x1000 0x2000; /memreserve/ 0 (4 * 4); / { };",
    "omitted": "/ { /omit-if-no-ref/ a: a { }; /omit-if-no-ref/ b: b { }; c: c { }; }; / { x = <&b>; }; /omit-if-no-ref/ &c;",
    "the first processor": "/ { cpus { cpu@100 { reg = <0x100>; }; cpu@101 { reg = <0x101>; }; }; };",
    "an overlay": "/plugin/; / { f { target = <&base>; __overlay__ { a: a { x = <&a &other>; }; }; }; };",
    "an overlay by references": '/plugin/; &base { status = "okay"; l: n { y = <&l>; z = <1 &far 2>; }; }; &{/soc} { x; };',
}


@pytest.mark.parametrize("symbols", [False, True])
@pytest.mark.parametrize("name", TREES)
@pytest.mark.judge
def test_a_tree_is_byte_for_byte_what_dtc_makes_of_it(name: str, symbols: bool) -> None:
    source = "/dts-v1/; " + TREES[name]
    command = [judge("dtc", "device-tree-compiler"), "-q", *(["-@"] if symbols else []), "-"]
    made = subprocess.run(command, input=source.encode(), capture_output=True, check=True)
    assert values(parse_source(source, symbols=symbols)) == values(Blob.parse(made.stdout).tree())
    assert bytes(parse_source(source, symbols=symbols)) == made.stdout


def test_files_are_included_and_their_bytes_too(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "board.dtsi").write_text('/ { chosen { /include/ "inner.dtsi" }; };', encoding="utf-8")
    (tmp_path / "more" / "inner.dtsi").write_text("x = <1>;", encoding="utf-8")
    (tmp_path / "logo").write_bytes(b"abcdef")
    main = tmp_path / "main.dts"
    main.write_text(
        '/dts-v1/; /include/ "board.dtsi" / { a = /incbin/("logo"), /incbin/("logo", 1, 2); };', encoding="utf-8"
    )
    tree = read_source(main, include=[tmp_path / "more"])
    assert tree["/chosen"]["x"].cells == (1,)
    assert tree.root.raw["a"] == b"abcdefbc"


def test_macros_and_conditions_are_the_preprocessors(tmp_path: Path) -> None:
    (tmp_path / "pins.h").write_text("#ifndef PIN\n#define PIN(n) (n * 2)\n#endif\n", encoding="utf-8")
    main = tmp_path / "main.dts"
    main.write_text(
        '/dts-v1/;\n#include "pins.h"\n#include <dt-bindings/gpio/gpio.h>\n/ {\n\t#address-cells = <1>;\n#if WIDE\n\ta = <PIN(2)>;\n#else\n\tb;\n'
        "#endif\n\tg = <GPIO_ACTIVE_LOW>;\n};\n",
        encoding="utf-8",
    )
    tree = read_source(main, define={"WIDE": "1"})
    assert (tree.root["a"].cells, tree.root["g"].cells, tree.root["#address-cells"].cells) == ((4,), (1,), (1,))
    assert "b" in read_source(main, define={"WIDE": "0"}).root


WRONG = {
    "/ { a = <FOO>; };": ["source:1:10", "-I"],
    "\n\n/ { a = <1> };": ["source:3:13", "';' is missing"],
    "/ { a = <1": ["a number, a reference or '>'"],
    "/ { a = <&nope>; };": ["source:1:10", '/: Reference to non-existent node or label "nope"', "phandle_references"],
    "/ { };\n&nope { };": ["source:2:1", "no node &nope"],
    "/ { n { };": ["the node / has no end"],
    "/ { a = /bits/ 24 <1>; };": ["8, 16, 32 or 64"],
    "/ { a = /bits/ 8 <&l>; };": ["32 bits"],
    "/ { a = <(1 / 0)>; };": ["divides by zero"],
    "/ { a = <089>; };": ["octal"],
    "/ { a = <'ab'>; };": ["not one character"],
    "/ { a = [0]; };": ["two hexadecimal digits"],
    '/ { a = "x; };': ["a value is expected"],
    "/ { /* };": ["a comment has no end"],
    "foo": ["a node is expected"],
    "/ { }; /delete-node/ &l;": ["no node &l"],
    "/ { l: a { }; l: b { }; };": ["the label l stands at /a and at /b", "duplicate_label"],
    '/include/ "x"': ["no file may be read"],
    "#include <nope.h>\n/ { };": ["nope.h", "-I"],
    "#if 1\n/ { };": ["#if"],
    "#define A(x) x\n/ {\n a = <A(B)>; };": ["source:3:"],
    "/ { a = <" + "(" * 99 + "1" + ")" * 99 + ">; };": ["parentheses"],
    "/ { a = <" + "(" + "-" * 99 + "1" + ")" + ">; };": ["parentheses"],
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_with_its_place_and_a_remedy(text: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_source(text)
    for words in WRONG[text]:
        assert words in str(caught.value)


def test_files_that_include_one_another_end(tmp_path: Path) -> None:
    (tmp_path / "a.dts").write_text('/include/ "a.dts"', encoding="utf-8")
    with pytest.raises(FormatError, match="without end"):
        read_source(tmp_path / "a.dts")


def test_a_tree_of_ten_thousand_levels_is_read() -> None:
    tree = parse_source("/ { " + "n { " * 10_000 + "}; " * 10_000 + "};")
    assert sum(1 for _ in tree.walk()) == 10_001


@given(st.text(alphabet='/{}<>;=&"[](): abl01\\\n#,', max_size=60))
def test_no_text_does_worse_than_a_format_error(text: str) -> None:
    with contextlib.suppress(FormatError):
        parse_source("/ { " + text)
