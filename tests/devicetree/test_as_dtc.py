"""What dtc takes is taken, with the same bytes; what dtc refuses is refused, and the message names its check."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from support import judge

from pmport.devicetree import Blob, compile_source, parse_source, read_source
from pmport.errors import FormatError

V1 = "/dts-v1/;\n"
TAKEN = {
    "a label within bytes": "/ { a = [00 l: 11 m:]; };",
    "a label before a reservation": "m: /memreserve/ 0x1000 0x100; / { };",
    "a reference by path extends": "/ { a { b { }; }; c { p = &{/a/b}; q = <&{/a/b}>; }; }; &{/a/b} { x; };",
    "names that are numbers": "/ { 1234 = <1>; 0x1 { }; };",
    "a comment that holds the beginning of one": "/ { /* a /* b */ c; };",
    "a string over two lines": '/ { a = "line\ntwo"; };',
    "a phandle of its own": "/ { x: a { phandle = <&x>; }; b { r = <&x>; }; };",
    "phandles go round those of old spelling": "/ { x: a { }; b { linux,phandle = <1>; }; c { r = <&x>; }; };",
    "left out by path": "/ { a { }; }; /omit-if-no-ref/ &{/a};",
    "shifts out of the word": "/ { a = <(1 << 64)>; c = /bits/ 64 <(1<<63) (1<<64)>; };",
    "negative numbers in narrow cells": "/ { b = /bits/ 8 <(-1) 0xff (-128)>; c = /bits/ 16 <(-1)>; };",
    "a deleted node keeps its place": "/ { a { x; }; b { }; }; / { /delete-node/ a; }; / { a { y; }; };",
    "a deleted property keeps its place": "/ { a; b; }; / { /delete-property/ a; a = <1>; };",
    "deleting what was never there": "/ { /delete-property/ p; n { }; /delete-node/ m; };",
    "a node that a block deletes itself keeps its place": "/ { /delete-node/ a; b { }; }; / { a { }; };",
    "twice in a block that is merged": "/ { n { }; }; / { n { p; p; a { x; }; a { y; }; }; };",
    "a name that repeats the node's": '/ { a@1 { name = "a"; reg = <1>; }; };',
    "references are numbered in the order of the properties": "/ { q = <&b>; p = <&a>; a: a { }; b: b { }; }; / { q = <&b &a>; };",
    "a head twice": "/dts-v1/; / { };",
    "an overlay by path and by label": '/plugin/; &{/} { leds { compatible = "x"; }; }; &uart { status = "okay"; };',
    "an overlay that extends its own node": "/plugin/; &a { n: n { }; }; &n { m { }; }; &{/a} { k; };",
    "an overlay with fixups of its own": (
        '/plugin/; / { __fixups__ { far = "/x:y:0"; }; f { target = <&far>; __overlay__ { a = <&far &near>; }; }; };'
    ),
    "an overlay of eleven fragments": "/plugin/; " + " ".join(f"&l{number} {{ a; }};" for number in range(11)),
    "an overlay with what is left out": "/plugin/; &a { /omit-if-no-ref/ b: b { x = <&far>; }; c: c { }; };",
}


@pytest.mark.judge
@pytest.mark.parametrize("symbols", [False, True])
@pytest.mark.parametrize("what", TAKEN)
def test_what_dtc_takes_has_the_same_bytes(what: str, symbols: bool) -> None:
    text = V1 + TAKEN[what]
    command = [judge("dtc", "device-tree-compiler"), "-q", *(["-@"] if symbols else []), "-"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    assert bytes(parse_source(text, symbols=symbols)) == made.stdout


REFUSED = {
    "/ { a#b { }; };": "node_name_chars",
    "/ { a@1@2 { }; };": "node_name_format",
    "/ { a@b = <1>; };": "property_name_chars",
    "/ { r { x; }; r { y; }; };": "duplicate_node_names",
    "/ { u { s; s; }; };": "duplicate_property_names",
    "/ { a { x; }; /delete-node/ a; a { w; }; };": "duplicate_node_names",
    "/ { l: p; l: a { }; };": "duplicate_label",
    "/ { l: a { }; b { p = l: <1>; }; };": "duplicate_label",
    "/ { p = l: <1 l: 2>; };": "duplicate_label",
    "/ { a { phandle = <1>; }; b { phandle = <1>; }; };": "explicit_phandles",
    "/ { a { phandle = <0>; }; };": "explicit_phandles",
    "/ { a { phandle = <1 2>; }; };": "explicit_phandles",
    "/ { a { phandle = <1>; linux,phandle = <2>; }; };": "explicit_phandles",
    "/ { a { phandle = <&b>; }; b: b { }; };": "explicit_phandles",
    '/ { a { name = "b"; }; };': "name_properties",
    "/ { a { name = <1>; }; };": "name_is_string",
    "/ { x: a { }; b { r = <&x>; }; }; /delete-node/ &x;": "phandle_references",
    "/ { r = <&{/foo}>; foo@0 { }; };": "phandle_references",
    "/ { r = &nope; };": "path_references",
    "/plugin/; / { r = &nope; };": "path_references",
    "/plugin/; &{l/a} { };": "",
    "/ { }; /plugin/;": "",
    "/dts-v1/; /plugin/; / { };": "",
    "/ { }; /memreserve/ 0 1;": "",
    "/ { }; /dts-v1/;": "",
    "/ { a { }; p; };": "",
    "/ { a { }; /delete-property/ p; };": "",
    "/ { x: a { }; b { /delete-node/ &x; }; };": "",
    "/ { a = <1>; };\n}": "",
    "/ { 1a: b { }; };": "",
    "/ { a = [012]; };": "",
    "/ { a = <-1>; };": "",
    "/ { a = <(1 ?: 3)>; };": "",
    "/ { a = <1LLU>; };": "",
    "/ { a = <1u>; };": "",
    "/ { a = <''>; };": "",
    r'/ { a = "\x"; };': "",
    "/ { x: a { }; r = /bits/ 64 <&x>; };": "",
    "l: / { };": "",
    "/ { x: a { }; }; l: m: &x { };": "",
    "&x { };": "",
    "/ { c; }; /* oops": "",
    '# 1 "a\\0b"\n/ { };': "",
    "/ { }; /omit-if-no-ref/ &x;": "",
}


@pytest.mark.judge
@pytest.mark.parametrize("text", REFUSED)
def test_what_dtc_refuses_is_refused(text: str) -> None:
    ran = subprocess.run(
        [judge("dtc", "device-tree-compiler"), "-q", "-o", "/dev/null", "-"],
        input=(V1 + text).encode(),
        capture_output=True,
        check=False,
    )
    assert ran.returncode
    with pytest.raises(FormatError) as caught:
        parse_source(V1 + text)
    assert f"({REFUSED[text]})" in str(caught.value) or not REFUSED[text]


def test_a_file_without_its_head_is_refused_and_a_piece_in_a_program_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.dts").write_text("/ { a = <10>; };", encoding="utf-8")
    with pytest.raises(FormatError, match="does not begin with /dts-v1/"):
        read_source(tmp_path / "a.dts")
    (tmp_path / "a.dts").write_text("", encoding="utf-8")
    with pytest.raises(FormatError, match="does not begin with /dts-v1/"):
        read_source(tmp_path / "a.dts")
    assert parse_source("/ { a = <10>; };").root["a"].cell == 10


def test_what_does_not_fit_into_its_cell_is_cut_and_said() -> None:
    made = compile_source(V1 + "/ {\n a = <0x1ffffffff>; b = /bits/ 8 <256>; };")
    assert (made.tree.root["a"].cell, made.tree.root["b"].bytes) == (0xFFFFFFFF, b"\0")
    found = [(finding.where, finding.code) for finding in made.findings]
    assert found == [("source:3:2", "value_truncated"), ("source:3:21", "value_truncated")]


def test_no_fixup_can_name_a_path() -> None:
    with pytest.raises(FormatError, match=r"no fixup can be written for &\{/nope\}"):
        parse_source("/plugin/; / { r = <&{/nope}>; };")


def test_a_path_may_begin_at_a_label() -> None:
    tree = parse_source("/ { l: a { b { }; }; c { p = &{l/b}; q = <&{l/b}>; r = &{l/}; }; }; &{l/b} { x; };")
    assert tree["/c"]["p"].string == "/a/b"
    assert tree["/c"]["r"].string == "/a"
    assert tree["/c"]["q"].cell == tree["/a/b"].phandle
    assert "x" in tree["/a/b"]


def test_a_node_that_lost_its_label_keeps_a_number_among_symbols() -> None:
    text = "/ { e: e { }; f: f { }; }; /delete-node/ &e; / { e { x; }; };"
    tree = parse_source(text, symbols=True)
    assert (tree["/e"].phandle, tree["/f"].phandle, list(tree["/__symbols__"].raw)) == (1, 2, ["f"])


def test_files_are_included_wherever_a_word_may_stand(tmp_path: Path) -> None:
    (tmp_path / "two.inc").write_text("2\n", encoding="utf-8")
    (tmp_path / "a.dts").write_text(V1 + '/ { a = <1 /include/ "two.inc" 3>; };', encoding="utf-8")
    assert read_source(tmp_path / "a.dts").root["a"].cells == (1, 2, 3)


MACROS = r"""/dts-v1/;
#define CAT(a,b) a ## b
#define CAT3(a,b,c) a ## b ## c
#define XC(a,b) CAT(a,b)
#define EMPTY
#define V(first, rest...) first, ## rest
#define W(first, ...) first , ## __VA_ARGS__
#define STR(x) #x
#define XSTR(x) STR(x)
#define PIN(bank, nr) (((bank) << 4) + (nr))
#define HASH(x) #address-cells = <x>
#define FILE "more.inc"
/ {
 HASH(1);
 a = < CAT(1,2) CAT(,3) CAT(4,) CAT3(5,,6) XC(7,EMPTY) PIN(CAT(,1), 3) >;
 b = STR(  x   y "q\n" ), XSTR(PIN(1,2)), STR();
 c = V("a"), V("b", "c", "d"), W("e"), W("f","g");
 d = <__LINE__ __COUNTER__ __COUNTER__ >, __FILE__, __DATE__, __TIMESTAMP__;
 e = "/* no comment */ // none"; /* it's */ f; // it's
 g = <1
#include FILE
 3>;
 XC(label, EMPTY): CAT(n, CAT3(o,d,e)) { x; };
};
#if defined(CAT) && (PIN(1,1) == 17) /* c */ // d
/ { yes; };
#elif 0
it's garbage "here
#endif
"""


@pytest.mark.judge
def test_macros_are_what_cpp_makes_of_them(tmp_path: Path) -> None:
    main = tmp_path / "main.dts"
    main.write_text(MACROS.replace("CAT3(o,d,e)", "CAT(o,e)").replace("CAT(n, CAT(o,e))", "CAT(n,o)"), encoding="utf-8")
    (tmp_path / "more.inc").write_text("2 __LINE__\n", encoding="utf-8")
    command = [judge("cpp", "cpp"), "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", str(main)]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    made = subprocess.run(
        [judge("dtc", "device-tree-compiler"), "-q", "-"], input=text, capture_output=True, check=True
    )
    assert bytes(read_source(main)) == made.stdout


def test_times_are_those_of_the_file_and_of_now(tmp_path: Path) -> None:
    main = tmp_path / "main.dts"
    main.write_text(V1 + "#define A\n/ { t = __TIMESTAMP__; d = __DATE__; };", encoding="utf-8")
    root = read_source(main).root
    assert root["t"].string == time.asctime(time.localtime(main.stat().st_mtime))
    assert len(root["d"].string) == len("Nov  6 2026")


def test_letters_that_end_lines_in_python_alone_end_none() -> None:
    text = V1 + '#define A 1\n/ {\f\n a = "x\u2028y\x85"; b = <__LINE__>; };'
    root = parse_source(text).root
    assert (root["a"].string, root["b"].cell) == ("x\u2028y\x85", 4)


def test_versions_and_sizes_are_written_as_asked() -> None:
    tree = parse_source("/memreserve/ 1 2; / { a = [01 02 03 04 05 06 07 08 09]; soc@1 { reg = <1>; }; };")
    for version in (1, 2, 3, 16, 17):
        blob = Blob.build(tree, version=version)
        assert blob.header.version == version
        again = Blob.parse(bytes(blob)).tree()
        assert {node.path: node.raw for node in again} == {node.path: node.raw for node in tree}
        assert again.reservations == tree.reservations
    with pytest.raises(FormatError, match="no version 4"):
        Blob.build(tree, version=4)
    plain = Blob.build(tree).size
    assert Blob.build(tree, padding=10).size == plain + 10
    assert Blob.build(tree, smallest=1999, align=64).size == 2048
    assert Blob.build(tree, spare=3).size == plain + 48
