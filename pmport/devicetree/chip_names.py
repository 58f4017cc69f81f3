"""What vendors call their chips in device trees: patterns of compatible strings, code names, and chips of one die.

A tree's ``compatible`` goes from the most specific string to the most general, so the first that names a chip counts; strings
of boards (``qcom,sun-mtp``) count only where no string names the chip itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

__all__ = ["CODE_NAMES", "FAMILIES", "PATTERNS", "chip_named", "family_of", "soc_of"]

PATTERNS: tuple[str, ...] = (
    r"qcom,((?:msm|apq|mdm|sdm|sda|sdx|sm|sc|sa|sar|sw|qm|qcm|qcs|qrb|ipq|x1e|x1p)\d+\w*)",
    r"samsung,((?:exynos)\d{4,}\w*|exynos850|exynos990|exynosautov\d+|s5pv?\d+|s5e\d+)",
    r"mediatek,(mt\d{4}\w*)",
    r"allwinner,(sun\d+i-\w+)",
    r"rockchip,((?:rk|rv)\d{4}\w*|px\d+)",
    r"(?:fsl|nxp),(imx\d\w*|vf\d+|ls\d+\w*)",
    r"ti,(omap\d\w*|am\d+\w*|dra\d+\w*)",
    r"nvidia,(tegra\d+\w*)",
    r"(?:sprd|unisoc|spreadtrum),((?:sc|scx|ums|uis|sp|ud)\d+\w*)",
    r"amlogic, ?((?:a|g|s|t)\d{3}\w*|g12[ab]|sm1|gx(?:bb|l|m|tvbb)\w*|meson\w*)",
    r"google,(gs\d+|zuma(?:pro)?|lga)",
    r"hisilicon,((?:hi|kirin)\d+\w*)",
    r"st-ericsson,(u8500|u8540)",
    r"(?:marvell|mrvl),(pxa\d+\w*|armada\w+)",
    r"renesas,(r8a\w+|emev2)",
    r"(?:broadcom|brcm),(bcm\d+\w*)",
    r"apple,(t\d{4}|s5l\w+)",
    r"intel,((?:ce|ixp|keembay|socfpga)\w*)",
    r"(?:xlnx|xilinx),(zynq\w*)",
    r"starfive,(jh\d+\w*)",
)
"""Compatible strings that name a chip; the group is the chip. Source: the vendors' prefixes and strings in Linux 7.2,
``Documentation/devicetree/bindings`` and ``arch/*/boot/dts``, and the roots of vendors' trees."""

IDS = "msm-id of its trees in include/dt-bindings/arm/qcom,ids.h of Linux 7.2: "
MAINLINE = "mainline's name of the vendor's part number, arch/arm64/boot/dts of Linux 7.2: "
CODE_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # Qualcomm, by the number that its trees carry
        "qcom,atoll": ("sm7125", f"{IDS}443"),
        "qcom,atoll-ab": ("sm7125", f"{IDS}443; the second bin of the same chip"),
        "qcom,bengal": ("sm6115", f"{IDS}444; SM4250 is 417 of the same trees"),
        "qcom,bengalp": (
            "sm6115",
            "msm-id 445, which qcom,ids.h lacks: bengal.dtsi serves it too, the same die without a modem",
        ),
        "qcom,blair": ("sm6375", f"{IDS}507"),
        "qcom,canoe": ("sm8850", f"{IDS}660"),
        "qcom,cape": ("sm8475", f"{IDS}530"),
        "qcom,cliffs": (
            "sm8635",
            "msm-id 614, which qcom,ids.h lacks: trees of the Snapdragon 8s Gen 3, such as xiaomi-peridot",
        ),
        "qcom,diwali": ("sm7450", f"{IDS}506"),
        "qcom,holi": ("sm4350", "msm-id 454, which qcom,ids.h lacks: sony-pdx213's tree, sm4350.dtsi in Linux"),
        "qcom,kaanapali": ("sm8850", "arch/arm64/boot/dts/qcom/kaanapali.dtsi, whose boards carry msm-id 660"),
        "qcom,kalama": ("sm8550", f"{IDS}519"),
        "qcom,kalamap": ("sm8550", f"{IDS}519; the same die without a modem"),
        "qcom,kera": ("sm7750", f"{IDS}659"),
        "qcom,khaje": (
            "sm6225",
            "msm-id 518, which qcom,ids.h lacks: xiaomi-fog's and -spes' trees, sm6225.dtsi in Linux",
        ),
        "qcom,kona": ("sm8250", f"{IDS}356"),
        "qcom,lagoon": ("sm6350", f"{IDS}434; SM7225 is 459 of the same trees"),
        "qcom,lahaina": ("sm8350", f"{IDS}439"),
        "qcom,lemans": ("sa8775p", f"{IDS}534"),
        "qcom,lito": ("sm7250", "msm-id 400, which qcom,ids.h lacks: sm7250 in pmaports, oneplus-avicii's tree"),
        "qcom,msm8996pro": (
            "msm8996pro",
            "msm-id 305, MSM8996SG in qcom,ids.h: arch/arm64/boot/dts/qcom/msm8996pro.dtsi",
        ),
        "qcom,msmtellurium": ("msm8952", "msm-id 264 in qcom,ids.h of Linux 7.2"),
        "qcom,parrot": (
            "sm7435",
            "msm-id 537, which qcom,ids.h lacks: trees of the Snapdragon 7s Gen 2, such as xiaomi-garnet",
        ),
        "qcom,pineapple": ("sm8650", f"{IDS}557"),
        "qcom,pineapplep": ("sm8650", f"{IDS}557; the same die without a modem"),
        "qcom,ravelin": ("sm4450", f"{IDS}568"),
        "qcom,scuba": ("qcm2290", f"{IDS}441"),
        "qcom,sdmmagpie": ("sm7150", f"{IDS}365"),
        "qcom,sdmmagpiep": ("sm7150", f"{IDS}366, SM7150P"),
        "qcom,sdmshrike": (
            "sc8180x",
            "arch/arm64/boot/dts/qcom/sc8180x.dtsi: the chip's vendor tree is sdmshrike.dtsi",
        ),
        "qcom,shima": (
            "sm7350",
            "msm-id 450, which qcom,ids.h lacks: trees of the Snapdragon 780G, such as xiaomi-renoir",
        ),
        "qcom,sun": ("sm8750", f"{IDS}618"),
        "qcom,sunp": ("sm8750", f"{IDS}618; the same die without a modem"),
        "qcom,trinket": ("sm6125", f"{IDS}394"),
        "qcom,tuna": (
            "sm8735",
            "msm-id 655, which qcom,ids.h lacks: trees of the Snapdragon 8s Gen 4, such as xiaomi-onyx",
        ),
        "qcom,ukee": (
            "sm7475",
            "msm-id 591, which qcom,ids.h lacks: trees of the Snapdragon 7+ Gen 2, such as xiaomi-marble",
        ),
        "qcom,volcano": ("sm7635", f"{IDS}636"),
        "qcom,waipio": ("sm8450", f"{IDS}457"),
        "qcom,yupik": ("sm7325", f"{IDS}475; SC7280 and QCM6490 are 487 and 497 of the same trees"),
        # Samsung: board names with the chip's number, and part numbers
        "samsung,universal3830": ("exynos850", f"{MAINLINE}exynos850.dtsi"),
        "samsung,universal5420": ("exynos5420", "the board's name is universal with the chip's number"),
        "samsung,universal5430": ("exynos5430", "the board's name is universal with the chip's number"),
        "samsung,universal5433": ("exynos5433", "the board's name is universal with the chip's number"),
        "samsung,universal7420": ("exynos7420", "the board's name is universal with the chip's number"),
        "samsung,universal7570": ("exynos7570", "the board's name is universal with the chip's number"),
        "samsung,universal7580": ("exynos7580", "the board's name is universal with the chip's number"),
        "samsung,universal7870": ("exynos7870", "the board's name is universal with the chip's number"),
        "samsung,universal7880": ("exynos7880", "the board's name is universal with the chip's number"),
        "samsung,universal7885": ("exynos7885", "the board's name is universal with the chip's number"),
        "samsung,universal7904": ("exynos7904", "the board's name is universal with the chip's number"),
        "samsung,universal8890": ("exynos8890", "the board's name is universal with the chip's number"),
        "samsung,universal8895": ("exynos8895", "the board's name is universal with the chip's number"),
        "samsung,universal9610": ("exynos9610", "the board's name is universal with the chip's number"),
        "samsung,universal9810": ("exynos9810", "the board's name is universal with the chip's number"),
        "samsung,universal9820": ("exynos9820", "the board's name is universal with the chip's number"),
        "samsung,universal9830": ("exynos990", f"{MAINLINE}exynos990.dtsi"),
        "samsung,exynos3830": ("exynos850", f"{MAINLINE}exynos850.dtsi"),
        "samsung,s5e3830": ("exynos850", f"{MAINLINE}exynos850.dtsi"),
        "samsung,exynos9830": ("exynos990", f"{MAINLINE}exynos990.dtsi"),
        "samsung,s5e9830": ("exynos990", f"{MAINLINE}exynos990.dtsi"),
        "samsung,s5e9925": ("exynos2200", f"{MAINLINE}exynos2200.dtsi"),
    }
)
"""Compatible string → ``(chip, how that is known)``."""

FAMILIES: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "msm8916 msm8216 msm8116 msm8616 apq8016",
        "msm8939 msm8936 msm8929 msm8239 msm8629 apq8039",
        "msm8909 apq8009 apq8009w msm8905 msm8209 msm8208 msm8909w",
        "msm8226 msm8926 msm8026 msm8126 msm8626 msm8228 msm8928 apq8026 apq8028 msm8326",
        "msm8210 msm8610 msm8612 msm8110 msm8112 msm8212",
        "msm8974 msm8974pro msm8974pro_aa msm8974pro_ab msm8974pro_ac apq8074 msm8274 msm8674",
        "msm8960 msm8930 msm8627 msm8227 msm8230 msm8630 apq8060a msm8260a msm8660a",
        "msm8953 sdm450 sdm632 sda450 apq8053",
        "msm8917 msm8920 msm8937 msm8940 sdm429 sdm439 qm215 sda429w sdm429w msm8217 apq8017 apq8037",
        "msm8952 msm8956 msm8976 apq8052 apq8056 apq8076",
        "msm8992 apq8092 msm8994 apq8094",
        "msm8996 msm8996pro msm8996sg apq8096 apq8096sg apq8096pro",
        "sdm660 sdm630 sdm636 sda660 sda636 sda630",
        "sdm670 sdm710 qcs605 sdm712",
        "sdm845 sda845 sdm850",
        "sm8150 sm8150p sa8155 sa8155p sc8180x",
        "sm8250 qrb5165 sm8250ac",
        "sm7325 sc7280 qcm6490 qcs6490 sm7325p",
        "sm6350 sm7225",
        "sm6115 sm4250 qrb4210 qcm4290 qcs4290",
        "qcm2290 qcs2290 qrb2210 qcm2150",
        "sm7150 sm7150p sm6150 sm6150p",
        "sm7125 sc7180 sm7180p sc7180p",
        "sm8450 sm8475 sm8475p",
        "sm8635 sm7675",
        "sm7435 sm6450",
        "mt6765 mt6762 mt6761",
        "mt6768 mt6769",
        "mt6735 mt6737 mt6753 mt6735m mt6737m mt6737t",
        "mt6580 mt6570",
        "exynos4210 exynos4212 exynos4412 exynos4412p midas",
        "exynos5420 exynos5422 exynos5800",
        "exynos5433 exynos5430",
        "exynos7885 exynos7904 exynos7884",
        "exynos9610 exynos9611 exynos9609",
        "exynos9820 exynos9825",
        "exynos850 exynos3830",
        "sc8830 scx35 sc7730 sp7730 scx35l sc7727 sc7715 sc8830s sp8835",
        "sc9832e sp9832e sc9832",
        "omap3 omap3430 omap3630",
        "omap4 omap4430 omap4460 omap4470",
        "g12a meson-g12a",
        "u8500 u8540",
        "s5pv210 aries s5pc110",
    )
)
"""Chips of one design, which trees and records name differently; phones of one never prove or refute those of another.
Source: one ``.dtsi`` or one pmaports kernel package serves all of a row."""


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in PATTERNS)


def chip_named(text: str) -> str:
    """The chip that one compatible string names.

    Args:
        text: The string.

    Returns:
        The chip in lower case; empty where the string names none, such as that of a board.

    Example:
        >>> chip_named("qcom,atoll-ab"), chip_named("unisoc,ums9230"), chip_named("qcom,sun-mtp")
        ('sm7125', 'ums9230', '')
    """
    lower = text.strip().lower()
    if lower in CODE_NAMES:
        return CODE_NAMES[lower][0]
    return next((found[1] for pattern in _patterns() if (found := pattern.fullmatch(lower))), "")


def soc_of(compatible: Iterable[str]) -> str:
    """The chip that a root's compatible strings name.

    Args:
        compatible: The strings, from the most specific to the most general.

    Returns:
        Its name in lower case; empty where none is known. A string that is a chip's counts before a board's name that
        begins with one (``qcom,sun-mtp``).

    Example:
        >>> soc_of(("xiaomi,vayu", "qcom,sm8150-mtp", "qcom,sm8150", "qcom,mtp"))
        'sm8150'
        >>> soc_of(("samsung,exynos7570", "samsung,exynos4210"))
        'exynos7570'
    """
    strings = tuple(compatible)
    boards = (text.rpartition("-")[0] for text in strings if "-" in text)
    stems = (text.partition("-")[0] for text in strings if "-" in text)
    return next((chip for text in (*strings, *boards, *stems) if (chip := chip_named(text))), "")


def family_of(chip: str) -> frozenset[str]:
    """The chips of the same design.

    Args:
        chip: A chip's name, lower case.

    Returns:
        All names, that one included.

    Example:
        >>> "apq8016" in family_of("msm8916"), family_of("made-up")
        (True, frozenset({'made-up'}))
    """
    return frozenset({chip}.union(*(family for family in FAMILIES if chip in family)))
