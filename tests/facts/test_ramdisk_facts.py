"""A ramdisk names the phone: by Android's properties, and by the files that init picks for its hardware."""

from __future__ import annotations

import pytest
from support import CORPUS, real

import pmport
from pmport import device_db, facts
from pmport.formats.streams.ramdisk import Ramdisk

EXPECTED = {
    "boot/nexus-oneclick-crespo-recovery.img": {
        "product": {"soju", "crespo"},
        "model": {"Nexus S"},
        "board": {"herring"},
    },
    "boot/samsung-crespo-boot.img": {"board": {"herring"}},
    "boot/htc-marvel-boot.img": {"board": {"marvel"}},
    "boot/sonyericsson-es209ra-boot.img": {"board": {"es209ra"}},
    "boot/cuttlefish-13-init_boot.img": {"model": {"Cuttlefish arm64 phone"}, "manufacturer": {"Google"}},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_real_ramdisks_name_their_phones(name: str) -> None:
    with pmport.open(real(CORPUS / name)) as image:
        found = facts.of(image)
    for field, values in EXPECTED[name].items():
        assert {*found.values(field)} >= values


def test_a_recovery_image_is_recognised_by_its_ramdisk() -> None:
    with pmport.open(real(CORPUS / "boot/nexus-oneclick-crespo-recovery.img")) as image:
        best = device_db.find(facts.of(image))[0]
    assert best.codename == "samsung-crespo"
    assert "it calls itself crespo" in best.evidence


def test_each_fact_says_where_it_stands() -> None:
    ramdisk = Ramdisk.build(
        [
            (
                "default.prop",
                0o100644,
                b"# build\nro.product.vendor.device=argon\nro.board.platform=MSM8916 \nro.secure=1\n",
            ),
            ("fstab.qcom", 0o100644, b"#"),
            ("ueventd.goldfish.rc", 0o100644, b"#"),
        ]
    )
    assert [(fact.field, fact.value, fact.source) for fact in facts.of(ramdisk)] == [
        ("product", "argon", "default.prop, ro.product.vendor.device"),
        ("soc", "msm8916", "default.prop, ro.board.platform"),
        ("board", "qcom", "name of fstab.qcom"),
    ]


def test_values_that_are_no_text_do_not_stop_the_reading() -> None:
    ramdisk = Ramdisk.build([("prop.default", 0o100644, b"ro.product.model=\xff\xfe\nro.product.device=\n\0\0=")])
    assert facts.of(ramdisk).values("model") == ("\ufffd\ufffd",)
