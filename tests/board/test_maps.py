"""The maps that are shipped: one chip at a time, and a draft from them is a draft from the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pmport.board import draft
from pmport.board.map_archive import build_maps, load_map, shipped_ids, shipped_maps
from pmport.board.pmic_outputs import read_outputs
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree


def test_the_newest_series_is_shipped() -> None:
    assert shipped_maps()[-1] == "7.2"
    assert shipped_ids()[321] == "sdm845"


@pytest.mark.parametrize(
    ("chip", "pmics", "label", "address"),
    [
        ("sdm845", ("pm8998",), "ufs_mem_hc", "@1d84000"),
        ("msm8916", ("pm8916",), "sdhc_1", "@7824900"),
        ("exynos7870", (), "serial2", "@13820000"),
        ("tegra124", (), "{/mmc@700b0600}", "@700b0600"),
    ],
)
def test_a_map_has_mainline_s_labels_by_address(chip: str, pmics: tuple[str, ...], label: str, address: str) -> None:
    assert load_map([chip], pmics).label_at(address) == label


def test_pmics_that_the_phone_has_not_are_left_out() -> None:
    assert load_map(["sdm845"], ("pm8998",)).includes == ("sdm845.dtsi", "sdm845-wcd9340.dtsi", "pm8998.dtsi")
    assert "pmi8998_gpios" not in load_map(["sdm845"], ("pm8998",)).labels


def test_an_unknown_chip_is_said() -> None:
    with pytest.raises(FormatError, match="has no file for the chip msm1"):
        load_map(["msm1"])


def test_a_draft_from_a_map_is_the_draft_from_its_kernel(
    kernel: Path, vendor: DeviceTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "9.9.chip-maps"
    assert build_maps(kernel, archive) == 1
    monkeypatch.setattr("pmport.board.map_archive.newest", lambda: archive)
    assert draft(vendor, compatible="a,b").text() == draft(vendor, kernel=kernel, compatible="a,b").text()


def test_ranges_are_read_from_a_driver_s_tables() -> None:
    text = """
static const struct rpmh_vreg_hw_data pmic9_pldo = {
\t.voltage_ranges = (struct linear_range[]) { REGULATOR_LINEAR_RANGE(1664000, 0, 255, 8000), },
};
static const struct rpmh_vreg_init_data pm9_vreg_data[] = {
\tRPMH_VREG("ldo1", LDO, 1, &pmic9_pldo, "vdd-l1-l2"),
};
{ .compatible = "qcom,pm9-rpmh-regulators", .data = pm9_vreg_data, },
"""
    assert read_outputs(text)["pm9"]["ldo1"] == (1_664_000, 3_704_000, "vdd-l1-l2")
