"""A phone is recognised by what it says of itself, with the evidence; ties and strangers are told as such."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from identification import FACTS, SOURCES, STRANGERS, Confusion, debian_boards
from support import CORPUS, real

import pmport
from pmport import device_db
from pmport.device_db import search_index
from pmport.device_db.reference_boards import is_reference_board
from pmport.facts import DeviceFacts, Fact
from pmport.formats.reports.getvars import GetVars


def told(**values: object) -> DeviceFacts:
    return DeviceFacts(Fact(field, value, "test") for field, value in values.items())


@pytest.mark.parametrize("codename", [row.codename for row in search_index.rows() if row.compatible][::5])
def test_a_mainline_compatible_finds_its_record_first_or_in_a_tie(codename: str) -> None:
    row = next(row for row in search_index.rows() if row.codename == codename)
    found = device_db.find(told(compatible=row.compatible[0]))
    if is_reference_board(row.compatible[0]):  # phones' trees carry it too
        assert not found
        return
    best = [candidate.codename for candidate in found if candidate.score == found[0].score]
    assert codename in best


def test_evidence_is_given_in_words() -> None:
    (best, *_) = device_db.find(told(compatible="oneplus,enchilada", model="OnePlus 6", soc="sdm845", page_size=4096))
    assert best.codename == "oneplus-enchilada"
    assert best.evidence == ("compatible oneplus,enchilada", "model OnePlus 6", "soc sdm845", "page size 4096")
    assert best.device.year == 2018


def test_a_chip_and_addresses_alone_are_no_answer() -> None:
    assert device_db.find(told(soc="msm8916", page_size=2048, kernel_addr=0x80008000, ramdisk_addr=0x81000000)) == ()


def test_the_ids_that_a_bootloader_chooses_by_find_the_phone() -> None:
    found = device_db.find(told(qcom_msm_id=(321, 131073), qcom_board_id=(17819, 22)))
    assert found[0].codename == "oneplus-enchilada"


def test_a_phone_on_the_cable_is_recognised_by_what_lk2nd_says() -> None:
    from pmport import facts  # noqa: PLC0415 - the room's name is that of a variable above

    getvars = GetVars(
        {"product": "lk2nd-msm8916", "lk2nd:model": "Samsung Galaxy A3 (SM-A300F)", "lk2nd:compatible": "samsung,a3lte"}
    )
    assert device_db.find(facts.of(getvars))[0].codename == "samsung-a3"


def test_phones_that_only_mainline_or_lk2nd_know_are_there() -> None:
    assert device_db.load("microsoft-surface-duo").category == "none"
    assert device_db.find(told(compatible="zte,axon7"))[0].codename == "zte-axon7"


@pytest.mark.skipif(not FACTS.exists(), reason=f"the facts of all boards are not here: {FACTS}")
@pytest.mark.parametrize(("source", "lost"), [("mainline boards", 0), ("lk2nd's devices", 2)])
def test_every_known_board_finds_its_record_first_or_in_a_tie(source: str, lost: int) -> None:
    confusion = Confusion.of(SOURCES[source]())
    assert len(confusion.wrong) <= lost, confusion.wrong


@pytest.mark.skipif(not FACTS.exists(), reason=f"the facts of all boards are not here: {FACTS}")
def test_a_model_alone_is_seldom_taken_for_another_phone() -> None:
    confusion = Confusion.of(SOURCES["mainline boards, model alone"]())
    assert confusion.counts["wrong"] == 0, confusion.wrong


def test_every_image_that_names_its_phone_finds_it() -> None:
    real(CORPUS / "boot")
    assert not Confusion.of(SOURCES["real images"]()).wrong


@pytest.mark.online
@pytest.mark.no_cover
def test_no_board_of_debians_kernels_is_taken_for_another() -> None:
    counts = {True: Confusion(), False: Confusion()}
    for case, recorded, _ in islice(debian_boards(), 0, None, 4):
        one = Confusion.of([case])
        counts[recorded].counts += one.counts
        counts[recorded].wrong += one.wrong if one.counts["wrong"] else []
    assert not counts[True].wrong
    assert counts[True].counts["right"] + counts[True].counts["tie"] >= 0.95 * counts[True].counts.total()
    strays = {name for _, name in counts[False].wrong}
    assert strays <= {
        "solidrun-cubox",
        "google-trogdor",
    }  # the first record does not say its chip; the other serves a family


@pytest.mark.parametrize("name", STRANGERS)
def test_what_names_no_known_phone_finds_none(name: str) -> None:
    with pmport.open(real(CORPUS / name)) as image:
        assert device_db.find(pmport.facts.of(image)) == ()


def test_nobody_needs_the_records_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("a record was read")

    search_index.rows()
    monkeypatch.setattr(Path, "read_text", refuse)
    assert device_db.find(told(compatible="oneplus,enchilada"))[0].name == "OnePlus 6"
