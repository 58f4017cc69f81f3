"""What chip makers' reference boards carry identifies no phone, and ids say something only within one tree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pmport import device_db
from pmport.device_db import agreements as rules
from pmport.device_db import search_index
from pmport.device_db.maker_names import SHARED_NAMES
from pmport.device_db.reference_boards import BOARD_KINDS, is_reference_board, is_reference_id, telling_words
from pmport.facts import DeviceFacts, Fact


def of_tree(place: str = "", **values: object) -> list[Fact]:
    """Facts as a tree says them."""
    at = f"{place}: /" if place else "/"
    return [Fact(field, value, f"{at}{field}") for field, value in values.items()]


@pytest.mark.parametrize("kind", BOARD_KINDS)
@pytest.mark.parametrize("revision", [0, 0x100, 0x10000, 0x1F00, 0x1F0000, 0x1F000000, 0x01020300])
def test_a_reference_board_is_one_whatever_its_revision(kind: int, revision: int) -> None:
    assert is_reference_id((kind | revision, 0))


@pytest.mark.parametrize("variant", [0x2000 | 8, 0x200000 | 8, 0x20000000 | 8, 0x2F, 69, 16859, 17819, 0x164])
def test_a_makers_own_number_is_none(variant: int) -> None:
    assert not is_reference_id((variant, 0))


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("qcom,kona-mtp", True),
        ("qcom,msm8916-qrd", True),
        ("qcom,sm8150", True),
        ("qcom,msm8916-qrd-wt88047", False),
        ("qcom,apq8016-sbc", False),
        ("Qualcomm Technologies, Inc. kona MTP", True),
        ("Xiaomi Mi 9", False),
    ],
)
def test_names_of_reference_boards_are_known(text: str, *, reference: bool) -> None:
    assert is_reference_board(text) is reference


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("Samsung FORTUNA EUR PROJECT Rev00", ("samsung", "fortuna")),
        ("Star2 rev26 board based on Exynos9810", ("star2",)),
        ("Google Inc. MSM sm8150 Flame EVT1.0", ("google", "flame")),
        ("Qualcomm Technologies, Inc. MSM 8998 v2.1 MTP", ()),
        ("MT6768", ()),
    ],
)
def test_only_words_that_may_name_a_phone_are_kept(model: str, words: tuple[str, ...]) -> None:
    assert telling_words(model) == words


def test_ids_of_different_trees_are_not_crossed() -> None:
    one = of_tree("dtb-00", qcom_msm_id=(321, 131073), qcom_board_id=(0x77, 0))
    other = of_tree("dtb-01", qcom_msm_id=(999, 0), qcom_board_id=(17819, 22))
    assert device_db.find(DeviceFacts([*one, *other])) == ()
    together = of_tree("dtb-00", qcom_msm_id=(321, 131073), qcom_board_id=(17819, 22))
    assert device_db.find(DeviceFacts([*together, *other]))[0].codename == "oneplus-enchilada"


def test_three_cells_of_an_old_tree_are_one_id_and_no_pair() -> None:
    found = device_db.find(DeviceFacts(of_tree(qcom_msm_id=(0x7E01FF01, 7, 0))))
    assert [candidate.codename for candidate in found] == ["samsung-klte"]
    assert device_db.find(DeviceFacts(of_tree(qcom_msm_id=(0x7E01FF01, 8, 0)))) == ()
    assert device_db.find(DeviceFacts(of_tree(qcom_msm_id=(0x7E01FF01, 7), qcom_board_id=(0, 0)))) == ()


@pytest.mark.parametrize(
    ("records", "counts"), [(rules.SHARED - 1, True), (rules.SHARED, True), (rules.SHARED + 1, False)]
)
def test_ids_that_too_many_records_carry_are_a_familys(
    monkeypatch: pytest.MonkeyPatch, records: int, *, counts: bool
) -> None:
    row = next(row for row in search_index.rows() if row.codename == "oneplus-enchilada")
    told = DeviceFacts(of_tree(qcom_msm_id=(4000, 1), qcom_board_id=(0x4444, 0)))
    made = [
        replace(row, codename=f"acme-{number}", qcom_msm_id=((4000, 1),), qcom_board_id=((0x4444, 0),))
        for number in range(records)
    ]
    monkeypatch.setattr(rules, "rows", lambda: tuple(made))
    for cached in (rules._rows, rules._shared, rules._makers, rules._common, rules._chips):
        cached.cache_clear()
    try:
        assert len(device_db.find(told)) == (records if counts else 0)
    finally:
        for cached in (rules._rows, rules._shared, rules._makers, rules._common, rules._chips):
            cached.cache_clear()


def test_one_word_does_not_beat_maker_and_chip() -> None:
    stranger = of_tree(model="ACME PANTHER MP based on XYZ1", compatible="acme,XYZ1 PANTHER")
    assert device_db.find(DeviceFacts(stranger)) == ()
    backed = of_tree(model="Samsung FORTUNA EUR PROJECT Rev00", soc="msm8916")
    assert device_db.find(DeviceFacts(backed))[0].codename == "samsung-fortuna"
    another_chip = of_tree(model="Samsung FORTUNA EUR PROJECT Rev00", soc="exynos7580")
    assert device_db.find(DeviceFacts(another_chip)) == ()
    another_maker = of_tree(model="Huawei FORTUNA", soc="msm8916")
    assert device_db.find(DeviceFacts(another_maker)) == ()


@pytest.mark.parametrize("name", SHARED_NAMES)
def test_a_name_of_several_makers_needs_the_maker_or_the_chip(name: str) -> None:
    alone = Fact("product", name, "getvar product")
    assert device_db.find(DeviceFacts([alone])) == ()
    row = next(row for row in search_index.rows() if row.codename.partition("-")[2] == name)
    backed = Fact("manufacturer", row.manufacturer, "getvar ro.build.fingerprint")
    assert row.codename in {candidate.codename for candidate in device_db.find(DeviceFacts([alone, backed]))}


def test_a_name_that_goes_on_is_another_phones() -> None:
    plus = of_tree(model="Xunlong Orange Pi PC Plus", compatible="xunlong,orangepi-pc-plus", soc="sun8i-h3")
    assert device_db.find(DeviceFacts(plus)) == ()
    itself = of_tree(model="Xunlong Orange Pi PC", soc="sun8i-h3")
    assert device_db.find(DeviceFacts(itself))[0].codename == "xunlong-orangepi-pc"


def test_a_chips_string_holds_no_name() -> None:
    tablet = of_tree(model="INet-D978 Rev 02", compatible="allwinner,sun8i-a33", soc="sun8i-a33")
    assert device_db.find(DeviceFacts(tablet)) == ()


def test_trees_of_several_boards_name_none_of_them() -> None:
    trees = [
        *of_tree("dtb-00", model="LG Nexus 5X", compatible="lg,bullhead"),
        *of_tree("dtb-01", model="Huawei Nexus 6P", compatible="huawei,angler"),
    ]
    assert device_db.find(DeviceFacts(trees)) == ()
    answers = device_db.boards(DeviceFacts(trees))
    assert [min(answer.best) for answer in answers] == ["lg-bullhead", "huawei-angler"]
    assert device_db.of_several_boards(answers)
    phone = Fact("product", "angler", "getvar product")
    assert (
        next(
            candidate.codename.removesuffix("-downstream") for candidate in device_db.find(DeviceFacts([*trees, phone]))
        )
        == "huawei-angler"
    )


def test_a_tree_of_an_unknown_board_beside_a_known_one_leaves_the_phone_open() -> None:
    flame = of_tree("dtb-00", model="Google Inc. MSM sm8150 Flame", soc="sm8150")
    coral = of_tree("dtb-01", model="Google Inc. MSM sm8150 Coral", soc="sm8150")
    generic = of_tree("dtb-01", model="Qualcomm Technologies, Inc. SM8150 SoC", soc="sm8150")
    assert device_db.find(DeviceFacts([*flame, *coral])) == ()
    assert device_db.find(DeviceFacts([*flame, *generic]))[0].codename == "google-flame"
