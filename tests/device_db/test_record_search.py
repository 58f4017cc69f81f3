"""Search as people type: the likeliest record first."""

from __future__ import annotations

import pytest

from pmport import device_db
from pmport.device_db.record_search import ranked

TYPED = {
    # model numbers, with and without their beginning
    "i9195": "samsung-serranolte",
    "SM-G900F": "samsung-klte",
    "sm-g900f": "samsung-klte",
    "g900f": "samsung-klte",
    "GT-I9505": "samsung-jflte",
    "H3113": "sony-pioneer",
    "D5803": "sony-aries",
    "XT1640": "motorola-athene",
    "SM-T520": "samsung-n2awifi",
    "LG-D855": "lge-d855",
    # codenames
    "klte": "samsung-klte",
    "tissot": "xiaomi-tissot",
    "mido": "xiaomi-mido",
    "lavender": "xiaomi-lavender",
    "z00l": "asus-z00l",
    "fp5": "fairphone-fp5",
    "bacon": "oneplus-bacon",
    "oneplus-enchilada": "oneplus-enchilada",
    "google,sargo": "google-sargo",
    # names
    "nexus 5": "lg-hammerhead",
    "nexus 5x": "lg-bullhead",
    "nexus 7 2013": "asus-flo",
    "oneplus6": "oneplus-enchilada",
    "OnePlus 6T": "oneplus-fajita",
    "oneplus one": "oneplus-bacon",
    "pixel 3a": "google-sargo",
    "pixel 3a xl": "google-bonito",
    "galaxy s5": "samsung-klte",
    "galaxy s iii mini": "samsung-golden",
    "galaxy s2": "samsung-i9100",
    "poco f1": "xiaomi-beryllium",
    "pocophone": "xiaomi-beryllium",
    "redmi note 7": "xiaomi-lavender",
    "redmi 4x": "xiaomi-santoni",
    "mi a1": "xiaomi-tissot",
    "moto g4 play": "motorola-harpia",
    "n900": "nokia-n900",
    "pinephone": "pine64-pinephone",
    "pinephone pro": "pine64-pinephonepro",
    "librem 5": "purism-librem5",
    "fairphone 4": "fairphone-fp4",
    "galaxy a5 2017": "samsung-a5y17lte",
    "lumia 950": "microsoft-talkman",
    "htc one m8": "htc-m8",
    "zte axon 7": "zte-axon7",
    # misspelt
    "pinefone": "pine64-pinephone",
    "hamerhead": "lg-hammerhead",
    "fairfone 4": "fairphone-fp4",
}


@pytest.mark.parametrize(("text", "codename"), TYPED.items())
def test_the_phone_that_is_meant_comes_first(text: str, codename: str) -> None:
    assert ranked(text)[0].codename == codename


@pytest.mark.parametrize(
    ("text", "soc"),
    [("snapdragon 845", "sdm845"), ("sdm845", "sdm845"), ("mt6765", "mt6765"), ("exynos 4412", "exynos4412")],
)
def test_a_chip_by_any_name_finds_all_its_phones(text: str, soc: str) -> None:
    found = {row.codename for row in ranked(text)}
    assert {row.codename for row in ranked("") if row.soc == soc} <= found


def test_words_may_name_a_maker_and_a_chip() -> None:
    found = ranked("xiaomi sdm845")
    assert found
    assert all(row.manufacturer.lower() == "xiaomi" and row.soc == "sdm845" for row in found)


def test_nothing_is_found_for_what_no_record_is_near_to() -> None:
    assert ranked("qqqqzzzz") == []
    assert device_db.search("nexus 5", arch="x86") == ()


def test_without_a_text_all_records_come_in_the_order_of_their_codenames() -> None:
    assert [row.codename for row in ranked("")] == list(device_db.codenames())
