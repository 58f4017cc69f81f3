"""A tree tells whom it is for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import CORPUS, real

import pmport
from pmport.devicetree import Blob, DeviceTree, identify, parse_source


def facts_of(name: str) -> pmport.facts.DeviceFacts:
    return pmport.facts.of(Blob.parse(real(CORPUS / "dtb-split" / name).read_bytes()))


def test_facts_of_a_small_tree(phone: DeviceTree) -> None:
    facts = pmport.facts.of(Blob.parse(bytes(phone)))
    assert facts == pmport.facts.of(phone)
    assert facts.best("model") == "Example Phone"
    assert facts.values("compatible") == ("example,phone", "qcom,msm8916")
    assert facts.best("soc") == "msm8916"
    assert facts.best("qcom_msm_id") == (206, 0)
    assert facts.best("memory") == (0x8000_0000, 0x4000_0000)
    assert facts.best("stdout") == "serial0:115200n8"
    assert facts.best("cmdline") == "quiet"
    assert all(fact.source.startswith("/") for fact in facts)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("boot-xiaomi-lithium-edk2-uefi-a/00.dtb", "soc", "msm8996"),
        ("boot-xiaomi-lithium-edk2-uefi-a/00.dtb", "qcom_msm_id", (0x131, 0x10000)),
        ("boot-xiaomi-lithium-edk2-uefi-a/00.dtb", "qcom_board_id", (0x26, 0)),
        ("boot-xiaomi-lithium-edk2-uefi-a/00.dtb", "qcom_pmic_id", (0x20009, 0x10013, 0, 0)),
        ("boot-xiaomi-lithium-edk2-uefi-a/00.dtb", "memory", (0x8000_0000, 0x8000_0000)),
        ("boot-xiaomi-vayu-edk2-v2/00.dtb", "soc", "sm8150"),
        ("dtb-google-pantah-gs201-dtb/00.dtb", "soc", "gs201"),
        ("dtb-xiaomi-pipa-sm8250-dtb/00.dtb", "soc", "sm8250"),
        ("dtb-xiaomi-merlinx-mt6768-a/00.dtb", "soc", "mt6768"),
        ("dtb-askey-adt3-amlogic-AML_-dtb/00.dtb", "soc", "g12a"),
        ("dtbh-samsung-a5xelte-exynos7580/00.dtb", "exynos_ids", (7580, "android", "samsung", 0, 0)),
        ("dtbh-samsung-a5xelte-exynos7580/00.dtb", "soc", "exynos7580"),
        ("dtbo-samsung-freshbl-dtbo/00.dtbo", "soc", "exynos5515"),
        ("dtbo-google-coral-10-dtbo/00.dtbo", "qcom_board_id", (0x51405, 0)),
        ("sprd-sprd-sp9832e-1h10-dt/00.dtb", "sprd_ids", (0x2668, 1, 0x20000)),
        ("sprd-sprd-sp9832e-1h10-dt/00.dtb", "soc", "sc9832e"),
        ("sprd-sprd-sp9832e-1h10-dt/00.dtb", "stdout", "/soc/ap-apb/serial@70100000"),
        ("dtb-msm8916-caf-01_dtbdump_Qualcomm_Technologies_Inc._MSM_8916_CDP/00.dtb", "soc", "msm8916"),
    ],
)
def test_facts_of_real_trees(name: str, field: str, value: object) -> None:
    assert facts_of(name).best(field) == value


@pytest.mark.corpus
def test_panels_of_a_real_tree() -> None:
    facts = facts_of("boot-xiaomi-lithium-edk2-uefi-a/00.dtb")
    assert len(facts.values("panel")) > 10
    assert (1080, 2040) in facts.values("screen_size") or (1080, 1920) in facts.values("screen_size")


def _trees() -> Iterator[Path]:
    yield from sorted((CORPUS / "dtb-split").glob("*/*.dtb*"))


@pytest.mark.corpus
def test_every_tree_of_the_corpus_tells_its_facts_in_reasonable_time() -> None:
    seen = 0
    for path in list(_trees())[::8]:
        facts = pmport.facts.of(Blob.parse(path.read_bytes()))
        assert str(facts.view())
        seen += 1
    if not seen:
        pytest.skip("the corpus is absent")


def test_a_node_that_is_called_touchscreen_names_the_touch_controller() -> None:
    tree = pmport.devicetree.parse_source(
        '/dts-v1/; / { i2c { touchscreen@38 { compatible = "edt,edt-ft5406", "x"; }; }; };'
    )
    (fact,) = pmport.facts.of(tree).all("touchscreen")
    assert (fact.value, fact.source) == ("edt,edt-ft5406", "/i2c/touchscreen@38/compatible")


@pytest.mark.parametrize(
    ("msm_id", "board_id", "read"),
    [
        ("206 0", "8 0", ((206, 0),)),
        ("206 0 248 0 258 0", "8 0", ((206, 0), (248, 0), (258, 0))),
        ("206 0 248 0 258 0", "", ((206, 0), (248, 0), (258, 0))),
        ("206 0", "", ((206, 0),)),
        ("126 8 0", "", ((126, 8, 0),)),
        ("126 8 0x20000 185 11 0", "", ((126, 8, 0x20000), (185, 11, 0))),
        ("0x7e01ff01 7 0", "", ((0x7E01FF01, 7, 0),)),
        ("126 80 0x20001 5", "", ((126, 80, 0x20001, 5),)),
        ("321 0x20001 341 0x20001", "", ((321, 0x20001), (341, 0x20001))),
        ("1 2 3 4 5", "", ((1, 2), (3, 4))),
        ("16 1", "", ((16, 1),)),
        ("15 1 0", "", ((15, 1, 0),)),
    ],
)
def test_ids_of_chips_are_read_as_many_cells_as_belong_together(
    msm_id: str, board_id: str, read: tuple[tuple[int, ...], ...]
) -> None:
    board = f"qcom,board-id = <{board_id}>;" if board_id else ""
    assert identify(parse_source(f"/ {{ qcom,msm-id = <{msm_id}>; {board} }};")).msm_ids == read


def panel(name: str, destination: str, width: int = 720, height: int = 2560) -> str:
    return f"""{name.replace(" ", "_")} {{ qcom,mdss-dsi-panel-name = "{name}"; qcom,mdss-dsi-panel-destination = "{destination}";
        qcom,mdss-dsi-panel-width = <{width}>; qcom,mdss-dsi-panel-height = <{height}>; }};"""


@pytest.mark.parametrize(
    ("panels", "sizes"),
    [
        ([("acme Dual 0 cmd", "display_1"), ("acme Dual 1 cmd", "display_2")], {(1440, 2560)}),
        ([("acme Dual 0 cmd", "display_1"), ("acme Dual 1 cmd", "display_1")], {(720, 2560)}),
        ([("acme 0", "display_1"), ("other 1", "display_2")], {(720, 2560)}),
        ([("acme Dual 0 cmd", "display_1")], {(720, 2560)}),
    ],
)
def test_two_halves_on_two_links_are_one_panel(panels: list[tuple[str, str]], sizes: set[tuple[int, int]]) -> None:
    tree = parse_source("/ { mdp { " + "".join(panel(*one) for one in panels) + " }; };")
    told = pmport.facts.of(tree)
    assert {*told.values("screen_size")} == sizes
    assert len(told.values("panel")) == (1 if sizes == {(1440, 2560)} else len(panels))
