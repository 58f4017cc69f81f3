"""Tables of device trees: every real one opens, holds the trees that were split from it, and writes back."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, real

import pmport
from pmport.devicetree import Blob, DeviceTree
from pmport.errors import FormatError
from pmport.formats.trees.base import TreeTable
from pmport.formats.trees.sequence import TreeSequence
from pmport.formats.trees.tables import DtbhTable, DtTable, QcdtTable, SprdTable

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


def named(name: str, tree: bytes) -> dict[str, Any]:
    """A tree by its name, which is no name of Python's."""
    return {name: tree}


@given(trees, st.data())
def test_a_tree_is_replaced_and_the_others_stay(parts: list[tuple[bytes, int, int]], data: st.DataObject) -> None:
    rows = [(tree, {"id": number, "rev": rev}) for tree, number, rev in parts]
    old = DtTable.build(rows, version=data.draw(st.sampled_from([0, 1])))
    name = data.draw(st.sampled_from([child.name for child in old.children]))
    tree = data.draw(st.binary(min_size=1, max_size=99))
    new = old.replace(**named(name, tree))
    assert [entry.ids for entry in new.entries] == [entry.ids for entry in old.entries]
    held = {child.name: bytes(child.section) for child in old.children} | {name: tree}
    found = {child.name: bytes(child.section) for child in new.children}
    assert [found[new.tree_name(entry)] for entry in new.entries] == [
        held[old.tree_name(entry)] for entry in old.entries
    ]
    assert int.from_bytes(bytes(new)[4:8], "big") == new.size


@pytest.mark.corpus
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_a_longer_tree_fits_into_every_real_table(path: Path) -> None:
    with pmport.open(real(path)) as old:
        if not isinstance(old, TreeTable):
            pytest.skip("a single tree")
        first = old.children[0]
        longer = bytes(first.section) + bytes(10000)
        new = old.replace(partition_size=old.size + (1 << 20), **named(first.name, longer))
        assert [entry.ids for entry in new.entries] == [entry.ids for entry in old.entries]
        held = {child.name: bytes(child.section) for child in old.children} | {first.name: longer}
        found = {child.name: bytes(child.section) for child in new.children if child.name.startswith("dtb-")}
        for before, after in zip(old.entries, new.entries, strict=True):
            if before.size:
                assert found[new.tree_name(after)].startswith(held[old.tree_name(before)])
        again = new.replace(partition_size=new.size, avb="none", **named(first.name, bytes(first.section)))
        trees = [bytes(child.section) for child in old.children if child.name.startswith("dtb-")]
        found = {child.name: bytes(child.section) for child in again.children}
        assert all(found[f"dtb-{index:02}"].rstrip(b"\0") == tree.rstrip(b"\0") for index, tree in enumerate(trees))


def test_version_1_has_flags_and_three_words() -> None:
    """As AOSP's ``dt_table_entry_v1``: flags, custom[0..2]."""
    table = DtTable.build(
        [(b"t", {"id": 1, "rev": 2, "flags": 0x10, "custom0": 3, "custom1": 4, "custom2": 5})], version=1
    )
    assert struct.unpack(">8I", bytes(table)[32:64])[2:] == (1, 2, 0x10, 3, 4, 5)
    assert DtTable.parse(bytes(table)).entries[0].ids == {
        "id": 1, "rev": 2, "flags": 0x10, "custom0": 3, "custom1": 4, "custom2": 5,
    }  # fmt: skip


@pytest.mark.parametrize(("flags", "window"), [(1, 15), (2, 31)])
def test_version_1_compresses_as_its_flags_say(flags: int, window: int) -> None:
    tree = b"tree" * 300
    table = DtTable.build([(tree, {"flags": flags})], version=1)
    assert zlib.decompress(bytes(table.children[0].section), window) == tree
    other = table.replace(**named("dtb-00", b"other" * 300))
    assert zlib.decompress(bytes(other.children[0].section), window) == b"other" * 300
    stream = bytes(table.children[0].section)
    assert bytes(DtTable.build([(stream, {"flags": flags})], version=1)) == bytes(table)


@pytest.mark.parametrize(
    ("table", "ids", "options"),
    [
        (DtTable, {"custom3": 1}, {"version": 1}),
        (DtTable, {"flags": 1}, {"version": 0}),
        (DtTable, {"flags": 3}, {"version": 1}),
        (DtTable, {"name": 1}, {}),
        (DtTable, {"id": -1}, {}),
        (DtTable, {"id": 1 << 32}, {}),
        (DtTable, {"id": "1"}, {}),
        (DtTable, {}, {"version": 2}),
        (DtTable, {}, {"page_size": -1}),
        (QcdtTable, {"pmic0": 1}, {"version": 2}),
        (QcdtTable, {"platform_id": 1 << 32}, {}),
        (QcdtTable, {}, {"version": 4}),
        (QcdtTable, {}, {"page_size": 0}),
    ],
)
def test_builders_refuse_what_the_format_has_not(table: Any, ids: dict[str, Any], options: dict[str, int]) -> None:
    with pytest.raises(FormatError):
        table.build([(b"tree", ids)], **options)


def test_no_table_is_built_of_nothing_and_no_unknown_tree_is_replaced() -> None:
    with pytest.raises(FormatError):
        DtTable.build([])
    with pytest.raises(FormatError, match="dtb-07"):
        DtTable.build([(b"t", {})]).replace(**named("dtb-07", b"x"))


def dialect(entry: str, count: int, fields: list[int | bytes]) -> bytes:
    """A QCDT whose entries are laid out otherwise; the last two fields are where its tree is."""
    tree = bytes(DeviceTree())
    size = struct.calcsize(entry)
    head = b"QCDT" + struct.pack("<II", 3 if size == 52 else 1, count)
    rows = b"".join(struct.pack(entry, *fields, 2048 * (index + 1), 2048) for index in range(count))
    return (head + rows).ljust(2048, b"\0") + tree.ljust(2048, b"\0") * count


@pytest.mark.parametrize("count", [1, 2, 5])
def test_other_entries_of_a_version_are_told_by_where_they_point(count: int) -> None:
    wide = QcdtTable.parse(dialect("<4I8s7I", count, [0xCF, 8, 0, 0x10000, b"00042", 0xB, 9, 10, 0, 0]))
    assert len(wide.children) == count
    assert wide.entries[0].ids["board_name"] == "00042"
    assert (wide.entries[0].ids["board_rev"], wide.entries[0].ids["pmic1"]) == (0xB, 10)
    short = QcdtTable.parse(dialect("<4I", count, [126, 8]))
    assert [dict(entry.ids) for entry in short.entries] == [{"platform_id": 126, "variant_id": 8}] * count
    longer = wide.replace(**named("dtb-00", bytes(DeviceTree()) + bytes(3000)))
    assert [entry.ids for entry in longer.entries] == [entry.ids for entry in wide.entries]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (DtbhTable, "dtbh/samsung-a5xelte-exynos7580.dt"),
        (SprdTable, "sprd/samsung-goyave-sc7730-dt-a.img"),
        (SprdTable, "sprd/samsung-goyave-sc7730-dt-c.img"),
        (SprdTable, "sprd/sprd-sp9832e-1h10-dt.img"),
    ],
)
def test_a_real_table_is_built_again_to_the_byte(kind: type[DtbhTable | SprdTable], path: str) -> None:
    raw = real(CORPUS / path).read_bytes()
    table = kind.parse(raw)
    trees = []
    for entry in table.entries:
        tree = raw[entry.offset : entry.offset + entry.size]
        ids = {name: value for name, value in entry.ids.items() if isinstance(value, int)}
        ids |= {"space": 0x20} if kind is DtbhTable else {}  # no id: the same number in every entry
        trees.append((tree[: int.from_bytes(tree[4:8], "big")], ids))
    assert bytes(kind.build(trees)) == raw


@pytest.mark.parametrize("kind", [QcdtTable, DtbhTable, SprdTable])
@given(ids=st.lists(st.tuples(st.integers(0, 9), st.binary(min_size=1, max_size=3000)), min_size=1, max_size=6))
def test_a_paged_table_gives_back_what_it_was_built_from(kind: Any, ids: list[tuple[int, bytes]]) -> None:
    name = kind.ID_FIELDS[0]
    table = kind.parse(bytes(kind.build([(tree, {name: number}) for number, tree in ids])))
    found = [(entry.ids[name], table.section().read(entry.offset, entry.size)) for entry in table.entries]
    wanted = sorted(ids, key=lambda pair: pair[0]) if kind is QcdtTable else ids
    assert [number for number, _ in found] == [number for number, _ in wanted]
    assert all(kept.startswith(tree) for (_, kept), (_, tree) in zip(found, wanted, strict=True))
    assert all(entry.offset % 2048 == entry.size % 2048 == 0 for entry in table.entries)


@pytest.mark.parametrize("kind", [QcdtTable, DtbhTable, SprdTable])
def test_a_paged_table_refuses_what_it_has_not(kind: Any) -> None:
    for trees, options in (
        ([], {}), ([(b"x", {"stranger": 1})], {}), ([(b"x", {kind.ID_FIELDS[0]: 1 << 32})], {}),
        ([(b"x", {})], {"page_size": 0}), ([(b"x", {})], {"page_size": "2048"}),
    ):  # fmt: skip
        with pytest.raises(FormatError):
            kind.build(trees, **options)
