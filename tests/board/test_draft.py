"""A draft says what the vendor's tree tells, as mainline's boards write it, and asks about the rest."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import judge

from pmport.board import Draft, draft
from pmport.devicetree import Blob, DeviceTree, diff, parse_source
from pmport.errors import FormatError


@pytest.fixture
def drafted(vendor: DeviceTree, kernel: Path) -> Draft:
    return draft(vendor, kernel=kernel, compatible="nadir,krypton", model="Nadir Krypton Pad")


@pytest.fixture
def compiled(drafted: Draft, kernel: Path) -> DeviceTree:
    dts = kernel / "arch/arm64/boot/dts/qcom"
    return parse_source(drafted.text(), name="board.dts", include=[dts, kernel / "include"], symbols=True)


def test_a_draft_compiles_and_names_the_phone(compiled: DeviceTree) -> None:
    assert compiled.root.compatible == ("nadir,krypton", "qcom,sdm999")
    assert compiled.root["model"].string == "Nadir Krypton Pad"
    assert compiled.root["chassis-type"].string == "tablet"
    assert compiled.root["qcom,msm-id"].cells == (999, 0x10000)


def test_the_chip_s_files_and_those_of_the_phone_s_pmics_are_included(drafted: Draft) -> None:
    assert drafted.board.includes == ("sdm999.dtsi", "pm9990.dtsi")


def test_a_part_stands_on_mainline_s_bus_with_the_same_address(compiled: DeviceTree) -> None:
    touch = compiled["&i2c1"].find("touchscreen@38")
    assert touch is not None
    assert compiled["&i2c1"].status == "okay"
    assert touch.compatible == ("edt,edt-ft5406",)


def test_trigger_and_polarity_are_those_of_mainline_s_boards_not_the_vendor_s_flags(compiled: DeviceTree) -> None:
    touch = compiled["&i2c1"].find("touchscreen@38")
    assert touch is not None
    tlmm = compiled["&tlmm"].phandle
    assert touch["interrupts-extended"].cells == (tlmm, 125, 2)
    assert touch["reset-gpios"].cells == (tlmm, 99, 1)


def test_supplies_are_found_by_what_they_are_for(compiled: DeviceTree) -> None:
    touch = compiled["&i2c1"].find("touchscreen@38")
    assert touch is not None
    named = {name: compiled.by_phandle(touch[name].number) for name in ("vcc-supply", "iovcc-supply")}
    assert {name: node.name for name, node in named.items() if node} == {"vcc-supply": "ldo21", "iovcc-supply": "ldo14"}


def test_pins_of_a_pin_controller_at_another_address_are_found_by_its_role(compiled: DeviceTree) -> None:
    assert compiled["/gpio-hall-sensor/event-hall-sensor"]["gpios"].cells == (compiled["&tlmm"].phandle, 124, 1)


def test_keys_of_the_pmic_and_of_its_gpios(compiled: DeviceTree) -> None:
    assert compiled["/gpio-keys/key-volume-up"]["gpios"].cells == (compiled["&pm9990_gpios"].phandle, 6, 1)
    assert compiled["&pm9990_resin"]["linux,code"].number == 114
    assert compiled["&pm9990_resin"].status == compiled["&pm9990_pwrkey"].status == "okay"


def test_a_rail_is_narrowed_to_what_the_boards_agree_on(compiled: DeviceTree) -> None:
    rails = compiled["&apps_rsc"].find("regulators-0")
    assert rails is not None
    assert rails.children["ldo14"]["regulator-max-microvolt"].number == 1_800_000
    assert "smps9" not in rails.children  # counted in levels, not in volts


def test_a_region_that_grew_is_said_and_one_that_is_the_same_is_not(drafted: Draft, compiled: DeviceTree) -> None:
    assert compiled["&mpss_mem"]["reg"].cells == (0, 0x8E00_0000, 0, 0x780_0000)
    assert "adsp_mem" not in drafted.text()


def test_the_framebuffer_has_the_size_of_the_panel_that_the_command_line_names(compiled: DeviceTree) -> None:
    node = compiled["/chosen/framebuffer@9d400000"]
    assert (node["width"].number, node["height"].number, node["stride"].number) == (1080, 2280, 4320)


def test_a_bus_of_gpios_becomes_the_controller_that_has_these_pins(compiled: DeviceTree) -> None:
    assert [child.compatible for child in compiled["&i2c2"].children.values()] == [("awinic,aw2013",)]


def test_a_card_has_its_supplies_and_its_detection(compiled: DeviceTree) -> None:
    card = compiled["&sdhc_2"]
    assert card.status == "okay"
    assert card["cd-gpios"].cells == (compiled["&tlmm"].phandle, 126, 1)
    assert {"vmmc-supply", "vqmmc-supply"} <= set(card.raw)


def test_an_unknown_chip_is_said_and_nothing_is_drafted(kernel: Path) -> None:
    tree = parse_source('/dts-v1/; / { compatible = "qcom,msm1234"; };')
    with pytest.raises(FormatError, match="has no file for the chip msm1234"):
        draft(tree, kernel=kernel)


def test_without_a_name_a_question_asks_for_it(vendor: DeviceTree, kernel: Path) -> None:
    asked = draft(vendor, kernel=kernel).questions
    assert any(question.subject == "identity" for question in asked)


@pytest.mark.judge
def test_dtc_compiles_a_draft_to_the_same_values(
    drafted: Draft, kernel: Path, compiled: DeviceTree, tmp_path: Path
) -> None:
    dtc, cpp = judge("dtc", "device-tree-compiler"), judge("cpp", "cpp")
    dts = kernel / "arch/arm64/boot/dts/qcom"
    folders = [f"-I{folder}" for folder in (dts, kernel / "include")]
    plain = subprocess.run(
        [cpp, "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", *folders, "-"],
        input=drafted.text().encode(), capture_output=True, check=True,
    ).stdout  # fmt: skip
    out = tmp_path / "board.dtb"
    subprocess.run([dtc, "-@", "-q", "-I", "dts", "-O", "dtb", "-o", str(out), "-"], input=plain, check=True)
    assert not list(diff(Blob.parse(out.read_bytes()).tree(), compiled))


def test_an_overlay_alone_is_refused(kernel: Path) -> None:
    overlay = parse_source('/dts-v1/; /plugin/; &tlmm { status = "okay"; };')
    with pytest.raises(FormatError, match="overlay alone"):
        draft(overlay, kernel=kernel)


def test_a_tree_with_the_addresses_of_another_chip_is_refused(kernel: Path) -> None:
    nodes = "".join(
        f"dev@{0x40000000 + 0x1000 * i:x} {{ reg = <0x{0x40000000 + 0x1000 * i:x} 0x100>; }};" for i in range(20)
    )
    tree = parse_source(
        f'/dts-v1/; / {{ #address-cells = <1>; #size-cells = <1>; compatible = "qcom,sdm999"; {nodes} }};'
    )
    with pytest.raises(FormatError, match="a tree of another chip"):
        draft(tree, kernel=kernel)


def test_a_base_without_its_overlay_is_asked_about(kernel: Path) -> None:
    tree = parse_source('/dts-v1/; / { compatible = "qcom,sdm999"; };')
    assert any(question.subject == "tree" for question in draft(tree, kernel=kernel).questions)


def test_a_sound_draft_has_no_findings(drafted: Draft) -> None:
    assert not [finding for finding in drafted.findings if finding.severity == "error"]


def test_what_a_liked_board_says_counts_more_than_all_others(vendor: DeviceTree, kernel: Path) -> None:
    dts = kernel / "arch/arm64/boot/dts/qcom"
    board = dts / "sdm999-acme-argon.dts"
    for name in ("boron", "carbon", "neon"):  # others outvote it
        other = (dts / "sdm999-zenith-xenon.dts").read_text().replace("zenith,xenon", f"{name},{name}")
        (dts / f"sdm999-{name}.dts").write_text(other)
    board.write_text(board.read_text() + "&uart9 { max-speed = <3200000>; };\n")
    assert "3200000" not in draft(vendor, kernel=kernel).text()
    assert "3200000" in draft(vendor, kernel=kernel, like="sdm999-acme-argon").text()
    with pytest.raises(FormatError, match="no board nobody"):
        draft(vendor, kernel=kernel, like="nobody")


def test_a_draft_is_scored_by_address_not_by_name(drafted: Draft, compiled: DeviceTree) -> None:
    twin = compiled.copy()
    twin["/gpio-keys/key-volume-up"].rename("button-up")
    assert drafted.score(twin).agreement == 1.0
    assert drafted.score(twin).recall == 1.0


def test_the_evidence_of_a_statement_is_the_vendor_s_property(drafted: Draft) -> None:
    assert "/soc/i2c@880000/focaltech@38:reg */" in drafted.text(explain=True)


def test_no_name_of_a_vendor_s_tree_leaves_its_place_in_the_text(vendor: DeviceTree, kernel: Path) -> None:
    key = vendor["/gpio_keys/vol_up"]
    key["linux,code"] = 700
    key.rename('evil"; }; ')
    vendor["/gpio_keys"].rename("gpio_keys*")
    vendor.root["model"] = 'a "quoted" */ name\n'
    text = draft(vendor, kernel=kernel, compatible="a,b").text(explain=True)
    dts = kernel / "arch/arm64/boot/dts/qcom"
    compiled = parse_source(text, name="board.dts", include=[dts, kernel / "include"])
    assert compiled.root["model"].string == 'a "quoted" */ name'
    assert [node["linux,code"].number for node in compiled["/gpio-keys"].children.values()] == [700]
