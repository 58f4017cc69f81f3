"""How long a draft of a board file takes."""

from __future__ import annotations

from typing import Any

from pmport.board import draft, load_map
from pmport.board.map_archive import newest
from pmport.devicetree import parse_source

VENDOR = """/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; compatible = "qcom,sdm845-mtp", "qcom,sdm845";
    soc { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0 0xffffffff>;
        tlmm: pinctrl@3400000 { compatible = "qcom,sdm845-pinctrl"; reg = <0x3400000 0xc00000>; gpio-controller; #gpio-cells = <2>; };
        i2c@a90000 { compatible = "qcom,i2c-geni"; reg = <0xa90000 0x4000>; #address-cells = <1>; #size-cells = <0>;
            ts@20 { compatible = "synaptics,s3320"; reg = <0x20>; synaptics,irq-gpio = <&tlmm 125 0>; }; }; }; };"""


def test_loading_a_map(benchmark: Any) -> None:
    assert newest().exists()
    assert benchmark(load_map, ["sdm845"], ("pm8998",)).chip == "sdm845"


def test_a_draft_from_a_map(benchmark: Any) -> None:
    tree = parse_source(VENDOR)
    assert "touchscreen@20" in benchmark(lambda: draft(tree, compatible="acme,argon").text())
