"""The chip is the most specific that a tree names, under whatever name its vendor used."""

from __future__ import annotations

import re

import pytest

from pmport.devicetree.chip_names import CODE_NAMES, FAMILIES, PATTERNS, chip_named, family_of, soc_of

EXAMPLES = {
    "qcom": ("qcom,msm8916", "msm8916"),
    "samsung": ("samsung,exynos7570", "exynos7570"),
    "mediatek": ("mediatek,MT6768", "mt6768"),
    "allwinner": ("allwinner,sun50i-a64", "sun50i-a64"),
    "rockchip": ("rockchip,rk3399", "rk3399"),
    "fsl": ("fsl,imx6q", "imx6q"),
    "ti": ("ti,omap4430", "omap4430"),
    "nvidia": ("nvidia,tegra124", "tegra124"),
    "sprd": ("unisoc,ums9230", "ums9230"),
    "amlogic": ("amlogic, g12a", "g12a"),
    "google": ("google,zumapro", "zumapro"),
    "hisilicon": ("hisilicon,kirin960", "kirin960"),
    "st-ericsson": ("st-ericsson,u8500", "u8500"),
    "marvell": ("marvell,pxa1908", "pxa1908"),
    "renesas": ("renesas,r8a7795", "r8a7795"),
    "broadcom": ("broadcom,bcm21664", "bcm21664"),
    "apple": ("apple,t8010", "t8010"),
    "intel": ("intel,socfpga", "socfpga"),
    "xlnx": ("xlnx,zynqmp", "zynqmp"),
    "starfive": ("starfive,jh7110", "jh7110"),
}
"""A vendor's prefix → a string that its pattern must read, and the chip."""
TREES = [
    (("samsung,exynos7570", "samsung,exynos4210"), "exynos7570"),
    (("qcom,atoll-ab-idp", "qcom,atoll-ab", "qcom,idp"), "sm7125"),
    (("samsung,x", "broadcom,bcm21664"), "bcm21664"),
    (("qcom,sun-mtp", "qcom,sun"), "sm8750"),
    (("qcom,sun-mtp", "qcom,mtp"), "sm8750"),
    (("samsung,trats2", "samsung,midas", "samsung,exynos4412", "samsung,exynos4"), "exynos4412"),
    (("samsung,Universal7885",), "exynos7885"),
    (("samsung,exynos7580-universal7580,r01", "samsung,exynos7580"), "exynos7580"),
    (("raspberrypi,4-model-b", "brcm,bcm2711"), "bcm2711"),
    (("qcom,orchid-mtp", "qcom,orchid"), ""),
    (("acme,sun", "acme,kona"), ""),
    (("intel,anything",), ""),
    ((), ""),
]


@pytest.mark.parametrize(("text", "row"), CODE_NAMES.items())
def test_every_code_name_is_read_and_says_how_it_is_known(text: str, row: tuple[str, str]) -> None:
    chip, source = row
    assert chip_named(text) == chip_named(text.upper()) == chip
    assert soc_of((f"{text}-mtp", text)) == chip
    assert re.search(r"\d", source) or "universal" in source


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_is_bracketed_and_read(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert compiled.groups == 1
    read = [
        chip for text, chip in EXAMPLES.values() if (found := compiled.fullmatch(text.lower())) and found[1] == chip
    ]
    assert read, "no example has this vendor"


@pytest.mark.parametrize(("compatible", "chip"), TREES)
def test_the_most_specific_chip_counts(compatible: tuple[str, ...], chip: str) -> None:
    assert soc_of(compatible) == chip


@pytest.mark.parametrize("family", FAMILIES, ids=min)
def test_a_family_holds_each_of_its_chips(family: frozenset[str]) -> None:
    assert len(family) > 1
    assert all(family <= family_of(chip) for chip in family)
