"""What identifies no phone: the ids, names and words of the chip makers' reference boards, which vendors' trees copy."""

from __future__ import annotations

import re

from pmport.devicetree.chip_names import chip_named

__all__ = [
    "BOARD_KINDS",
    "is_chip",
    "is_reference_board",
    "is_reference_id",
    "is_reference_name",
    "mentions_reference",
    "telling_words",
]

BOARD_KINDS: dict[int, str] = {
    0x01: "CDP",
    0x02: "FFA",
    0x03: "Fluid",
    0x08: "MTP",
    0x09: "Liquid",
    0x0A: "Dragonboard",
    0x0B: "QRD",
    0x0C: "IPC",
    0x0D: "HRD",
    0x0E: "DTV",
    0x0F: "RUMI",
    0x10: "Virtio",
    0x13: "BTS",
    0x15: "RCM",
    0x18: "SBC",
    0x19: "ADP",
    0x1F: "HDK",
    0x21: "ATP",
    0x22: "IDP",
}
"""Low byte of board-id's first cell → Qualcomm's own board. Source: ``HW_PLATFORM_*`` in LK's
``platform/msm_shared/include/smem.h``; HDK and IDP: the ids of Qualcomm's trees of these names."""
SAMSUNG = re.compile(r"(?:ce|7e|b8|b9|c2)[0-9a-f]{2}ff01")
"""Samsung's numbers of the form 0xNNxxFF01 stand for a chip and serve every phone with it: ``lk2nd``'s ``msm8916-samsung-r*.dts``."""
REVISION = 0x20
"""A reference board's subtype, major and minor revision are smaller than this; vendors' own numbers fill these bytes otherwise."""
REFERENCE_WORD = re.compile(
    r"mtp|qrd\w*|cdp|idp|rcm|sbc|hdk|crd|rumi\w*|virtio|fluid|liquid|emulation|simulator|sim|surf|ffa|svlte|skui?\w*|skuh\w*|skuk\w*|"
    r"skut\w*|evb|evk|reference|dragonboard|adp|ihp|usecase|idps"
)
"""Words by which chip makers name their boards."""
COPIED = re.compile(
    r"^qcom,[\w-]+-(?:mtp|qrd|cdp|idp|rumi|sim|fluid|surf)\b[\w-]{0,5}$|^qualcomm technologies.* (?:mtp|qrd|cdp|idp|soc)$"
)
"""Reference boards whose names stand unchanged in phones' trees."""
NOISE = re.compile(
    r"qualcomm|technologies|technology|inc|ltd|co|corp|electronics|mobile|msm|apq|sdm|soc|based|on|board|platform|device|phone|tablet|the|for|with|and|or|"
    r"rev(?:ision)?\d*|r\d+|v\d+|evt\d*|dvt\d*|pvt\d*|mp\d*|proto\w*|ver\d*|hw\d*|project|open|eur|swa|chn|kor|usa|na|sea|mea|ltn|ctc|cmcc|"
    r"overlay|generic|unknown|version|android|sa|qc|pmi?\d+\w*|pm\w?\d+\w*|smb\d+|w|interposer|external|codec|ext|disp|panel|display|"
    r"mt\d{4}\w*|sm\d{4}\w*|sdm\d+\w*|msm\d+\w*|apq\d+\w*|sc\d+\w*|exynos\w*|universal\w*|s5e\d+|armv\d+\w*|tasha|tavil|wcd\d+\w*|\d+|[a-z]"
)
"""Words of a model that name no phone, matched whole."""
WORD = re.compile(r"[a-z0-9]+")


def is_reference_id(board_id: tuple[int, ...]) -> bool:
    """Whether a board-id is that of a reference board, with whatever revision, or of a maker's whole family.

    Args:
        board_id: ``(variant, subtype)``.

    Returns:
        True where it identifies no phone.

    Example:
        >>> is_reference_id((0x10008, 0)), is_reference_id((0x2F, 0)), is_reference_id((0xCE08FF01, 1))
        (True, False, True)
    """
    variant = board_id[0] if board_id else 0
    upper = variant >> 8
    plain = all((upper >> shift) & 0xFF < REVISION for shift in (0, 8, 16))
    return not variant or (variant & 0xFF in BOARD_KINDS and plain) or bool(SAMSUNG.fullmatch(f"{variant:08x}"))


def is_reference_board(text: str) -> bool:
    """Whether a compatible string or model is a chip's, or outright that of a reference board that phones copy.

    Args:
        text: The string.

    Returns:
        True where no record may be known by it.

    Example:
        >>> is_reference_board("qcom,msm8916-mtp"), is_reference_board("qcom,apq8016-sbc"), is_reference_board("10or,g")
        (True, False, False)
    """
    return bool(chip_named(text) or COPIED.search(text.lower()))


def is_reference_name(text: str) -> bool:
    """Whether a compatible string or model is a chip's or a reference board's.

    Args:
        text: The string.

    Returns:
        True where it names no phone.

    Example:
        >>> is_reference_name("qcom,kona-mtp"), is_reference_name("qcom,msm8916-qrd-wt88047"), is_reference_name("samsung,a3lte")
        (True, False, False)
    """
    return bool(chip_named(text)) or not telling_words(text.partition(",")[2] if _is_compatible(text) else text)


def _is_compatible(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z0-9-]+,\S+", text))


def telling_words(text: str) -> tuple[str, ...]:
    """The words that may name a phone.

    Args:
        text: A model, or what stands behind a compatible string's comma.

    Returns:
        Lower-case words, without those of chips, reference boards, revisions and companies' forms.

    Example:
        >>> telling_words("Samsung FORTUNA EUR PROJECT Rev00"), telling_words("Qualcomm Technologies, Inc. kona v1 SoC")
        (('samsung', 'fortuna'), ())
    """
    words = WORD.findall(text.lower())
    return tuple(
        word for word in words if not (NOISE.fullmatch(word) or REFERENCE_WORD.fullmatch(word) or is_chip(word))
    )


def mentions_reference(text: str) -> bool:
    """Whether a model speaks of a reference board.

    Args:
        text: The model.

    Returns:
        True where a word of it is MTP, QRD, CDP or another such board.

    Example:
        >>> mentions_reference("Qualcomm Technologies, Inc. Lagoon MTP USBC audio"), mentions_reference("Google Inc. MSM sm8150 Flame")
        (True, False)
    """
    return any(REFERENCE_WORD.fullmatch(word) for word in WORD.findall(text.lower()))


def is_chip(word: str) -> bool:
    """Whether a word is a chip's name.

    Args:
        word: The word, lower case.

    Returns:
        True for names of Qualcomm, Samsung, MediaTek, Spreadtrum and Google, code names included.

    Example:
        >>> is_chip("msm8916"), is_chip("kona"), is_chip("begonia")
        (True, True, False)
    """
    return any(
        chip_named(f"{vendor},{word}") for vendor in ("qcom", "samsung", "mediatek", "sprd", "google", "rockchip")
    )
