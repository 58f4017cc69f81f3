"""Tables of device trees: every real one opens, holds the trees that were split from it, and writes back."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, real

import pmport
from pmport.devicetree import Blob
from pmport.errors import FormatError
from pmport.formats.trees.base import TreeTable
from pmport.formats.trees.tables import DtTable, QcdtTable, TreeSequence

REAL = [path for folder in ("qcdt", "dtbh", "sprd", "dtbo") for path in corpus_files(folder)]
SEQUENCES = corpus_files("dtb", "*dtb.img")


@pytest.mark.corpus
@pytest.mark.parametrize("path", [*REAL, *SEQUENCES], ids=lambda path: path.name)
def test_every_real_table_opens_and_holds_the_trees_that_were_split_from_it(path: Path) -> None:
    with pmport.open(real(path)) as table:
        assert isinstance(table, (TreeTable, TreeSequence, Blob))
        assert bytes(table) == path.read_bytes()
        trees = [bytes(child.section) for child in table.children if child.section.read(0, 4) == b"\xd0\x0d\xfe\xed"]
        split = sorted((CORPUS / "dtb-split" / f"{path.parent.name}-{path.stem}").glob("*.dt*"))
        for part in split:
            wanted = part.read_bytes()
            assert any(tree.startswith(wanted) for tree in trees), part


@pytest.mark.corpus
def test_a_qualcomm_table_tells_the_ids_of_every_board() -> None:
    with pmport.open(real(CORPUS / "qcdt" / "motorola-cedric-msm8937-dt-1.img")) as table:
        facts = pmport.facts.of(table)
    assert facts.text("dtb_placement") == "qcdt"
    assert facts.text("board") == "cedric"
    assert (294, 0) in facts.values("qcom_msm_id")
    assert (65, 0x8100) in facts.values("qcom_board_id")


@pytest.mark.corpus
def test_amlogics_ids_are_text() -> None:
    with pmport.open(real(CORPUS / "dtb" / "askey-adt3-amlogic-AML_-dtb.img")) as table:
        assert isinstance(table, TreeTable)
        assert table.entries[0].ids["soc"] == "g12a"


trees = st.lists(
    st.tuples(st.binary(min_size=1, max_size=40), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6
)


@given(trees, st.sampled_from([0, 1]))
def test_a_dt_table_gives_back_what_it_was_built_from(parts: list[tuple[bytes, int, int]], version: int) -> None:
    table = DtTable.build([(data, {"id": number, "rev": rev}) for data, number, rev in parts], version=version)
    again = DtTable.parse(bytes(table))
    assert bytes(again) == bytes(table)
    held = {child.name: bytes(child.section) for child in again.children}
    assert [(held[again.tree_name(e)], e.ids["id"], e.ids["rev"]) for e in again.entries] == parts


@given(trees, st.sampled_from([1, 2, 3]))
def test_a_qualcomm_table_gives_back_what_it_was_built_from(parts: list[tuple[bytes, int, int]], version: int) -> None:
    table = QcdtTable.build([(data, {"platform_id": a, "variant_id": b}) for data, a, b in parts], version=version)
    assert bytes(QcdtTable.parse(bytes(table))) == bytes(table)
    held = {child.name: bytes(child.section) for child in table.children}
    found = sorted(
        (held[table.tree_name(e)].rstrip(b"\0"), e.ids["platform_id"], e.ids["variant_id"]) for e in table.entries
    )
    assert found == sorted((data.rstrip(b"\0"), a, b) for data, a, b in parts)
    assert all(entry.offset % 2048 == 0 and entry.size % 2048 == 0 for entry in table.entries)


GOOD = bytes(DtTable.build([(b"x" * 100, {"id": 1}), (b"y" * 50, {"id": 2})]))


@given(st.integers(0, 95), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_a_damaged_table_gives_a_format_error_or_a_table(at: int, value: int, size: int) -> None:
    data = bytearray(GOOD)
    data[at] = value
    for damaged in (bytes(data), GOOD[:size]):
        try:
            table = DtTable.parse(damaged)
        except FormatError:
            continue
        assert bytes(table) == damaged


def test_trees_that_overlap_are_told() -> None:
    data = bytearray(GOOD)
    struct.pack_into(">I", data, 68, struct.unpack_from(">I", data, 36)[0] + 10)
    with pytest.raises(FormatError, match="overlap"):
        DtTable.parse(bytes(data))


def test_an_absurd_count_is_refused_before_anything_is_read() -> None:
    with pytest.raises(FormatError, match="more than any table has"):
        QcdtTable.parse(b"QCDT" + struct.pack("<II", 2, 0xFFFFFFFF) + bytes(100))
