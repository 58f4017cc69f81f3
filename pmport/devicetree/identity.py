"""Who a tree is for: model, chip, and the numbers by which a bootloader chooses among several.

Vendor trees say it in vendor properties at the root. Of an overlay that is its own root: a bootloader reads it there,
and applying the overlay does not copy it. Sources of the properties: the bootloaders' choosing code as described in
``docs/formats.md``, and the trees of about sixty phones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Identity", "identify", "memory_banks", "soc_of"]

SOC_PATTERNS: tuple[str, ...] = (
    r"qcom,((?:msm|apq|mdm|sdm|sda|sdx|sm|sc|qcm|qcs|qrb|ipq|x1e)\d+\w*)",
    r"samsung,(exynos\d+\w*|s5pv?\d+|s5e\d+)",
    r"mediatek,(mt\d{4}\w*)",
    r"allwinner,(sun\d+i-\w+)",
    r"rockchip,(rk\d{4}\w*|px\d+)",
    r"(?:fsl|nxp),(imx\d\w*|vf\d+|ls\d+\w*)",
    r"ti,(omap\d\w*|am\d+\w*|dra\d+\w*)",
    r"nvidia,(tegra\d+\w*)",
    r"sprd,(sc\d+\w*|scx\d+|ums\d+\w*|sp\d+\w*)",
    r"amlogic, ?((?:a|g|s|t)\d+\w*|g12[ab]|sm1|gx\w+|meson\w*)",
    r"google,(gs\d+|zuma\w*)",
    r"hisilicon,((?:hi|kirin)\d+\w*)",
    r"st-ericsson,(u8500|u8540)",
    r"(?:marvell|mrvl),(pxa\d+\w*|armada\w+)",
    r"renesas,(r8a\w+|emev2)",
    r"broadcom|brcm,(bcm\d+\w*)",
    r"apple,(t\d{4}|s5l\w+)",
    r"intel,(\w+)",
)
"""Compatible strings that name a chip; the group is the chip."""

QCOM_NAMES = {"kona": "sm8250", "lahaina": "sm8350", "waipio": "sm8450", "kalama": "sm8550", "lito": "sm7250"} | {
    "bengal": "sm6115",
    "trinket": "sm6125",
    "atoll": "sm7125",
    "yupik": "sc7280",
    "shima": "sm7325",
    "holi": "sm4350",
    "sdmmagpie": "sm7150",
    "sdmshrike": "sc8180x",
    "pineapple": "sm8650",
}
"""Code names that Qualcomm's own trees use instead of the chip's number."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the root of a tree says.

    Args:
        model: The root's ``model``; in vendor trees often a reference board, not the phone's name.
        compatible: The root's ``compatible``.
        soc: The chip, lower case; empty where nothing names it.
        msm_ids: Qualcomm ``qcom,msm-id``: ``(soc, revision)``, or ``(platform, board, revision)`` in old trees.
        board_ids: Qualcomm ``qcom,board-id``: ``(variant, subtype)``.
        pmic_ids: Qualcomm ``qcom,pmic-id``: four cells each.
        exynos_ids: ``(chip, platform, subtype, hw_rev, hw_rev_end)`` of a Samsung DTBH tree.
        hw_revs: ``(first, last)`` hardware revision of Samsung's ``dtbo-hw_rev`` or ``dtb-hw_rev``.
        sprd_ids: Spreadtrum ``sprd,sc-id``: ``(chip, board, revision)``.
        amlogic_id: Amlogic ``amlogic-dt-id``, such as ``g12a_s905y2_deadpool``.
        overlay: Whether it is an overlay.
    """

    model: str
    compatible: tuple[str, ...]
    soc: str
    msm_ids: tuple[tuple[int, ...], ...] = ()
    board_ids: tuple[tuple[int, ...], ...] = ()
    pmic_ids: tuple[tuple[int, ...], ...] = ()
    exynos_ids: tuple[object, ...] = ()
    hw_revs: tuple[int, int] | None = None
    sprd_ids: tuple[int, ...] = ()
    amlogic_id: str = ""
    overlay: bool = False


def identify(tree: DeviceTree) -> Identity:
    """Read who a tree is for.

    Args:
        tree: The tree, or an overlay that was not applied.

    Returns:
        What its root says; empty where it says nothing.

    Example:
        >>> from pmport.devicetree import DeviceTree
        >>> tree = DeviceTree()
        >>> tree.root["compatible"] = ["qcom,msm8916-mtp", "qcom,msm8916", "qcom,mtp"]
        >>> tree.root["qcom,msm-id"] = [206, 0, 248, 0]
        >>> tree.root["qcom,board-id"] = [8, 0]
        >>> identify(tree).soc, identify(tree).msm_ids
        ('msm8916', ((206, 0), (248, 0)))
    """
    root = tree.root
    msm = root.cells("qcom,msm-id")
    triples = "qcom,board-id" not in root and len(msm) % 3 == 0
    compatible = compatible_of(root)
    return Identity(
        model=next(iter(root.strings("model")), ""),
        compatible=compatible,
        soc=soc_of(compatible),
        msm_ids=_groups(msm, 3 if triples else 2),
        board_ids=_groups(root.cells("qcom,board-id"), 2),
        pmic_ids=_groups(root.cells("qcom,pmic-id"), 4),
        exynos_ids=_exynos(root),
        hw_revs=_hw_revs(root),
        sprd_ids=root.cells("sprd,sc-id") if len(root.cells("sprd,sc-id")) == 3 else (),
        amlogic_id=next(iter(root.strings("amlogic-dt-id")), ""),
        overlay=tree.is_overlay,
    )


def compatible_of(root: TreeNode) -> tuple[str, ...]:
    """The root's compatible strings, without the blanks that some vendors leave around them.

    Args:
        root: The root.

    Returns:
        The strings, none empty.
    """
    return tuple(text for text in (raw.strip() for raw in root.compatible) if text)


def soc_of(compatible: tuple[str, ...]) -> str:
    """The chip that a root's compatible strings name.

    Args:
        compatible: The strings.

    Returns:
        Its name in lower case; empty where none is known. The last string that names one counts: the first ones name
        boards after their chip.

    Example:
        >>> soc_of(("xiaomi,vayu", "qcom,sm8150-mtp", "qcom,sm8150", "qcom,mtp"))
        'sm8150'
    """
    for text in reversed(compatible):
        lower = text.lower()
        for pattern in SOC_PATTERNS:
            found = re.fullmatch(pattern, lower)
            if found and found[1]:
                return found[1]
        name = lower.removeprefix("qcom,")
        if name in QCOM_NAMES:
            return QCOM_NAMES[name]
    return ""


def memory_banks(tree: DeviceTree) -> Iterator[tuple[TreeNode, int, int]]:
    """The memory that the tree states; banks of size 0, which a bootloader fills in, are left out.

    Args:
        tree: The tree.

    Yields:
        ``(node, base, size)``, in bytes.
    """
    root = tree.root
    wide, size_cells = (next(iter(root.cells(name)), 1) for name in ("#address-cells", "#size-cells"))
    step = wide + size_cells
    for node in root.children.values():
        if node.unit_name != "memory" and node.strings("device_type") != ("memory",):
            continue
        cells = node.cells("reg") or node.cells("linux,usable-memory")
        for i in range(0, len(cells) - step + 1, step or 1):
            base, size = _number(cells[i : i + wide]), _number(cells[i + wide : i + step])
            if size:
                yield node, base, size


def _number(cells: tuple[int, ...]) -> int:
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


def _groups(cells: tuple[int, ...], size: int) -> tuple[tuple[int, ...], ...]:
    return tuple(cells[i : i + size] for i in range(0, len(cells) - size + 1, size))


def _exynos(root: TreeNode) -> tuple[object, ...]:
    names = ("chip", "platform", "subtype", "hw_rev", "hw_rev_end")
    values: list[object] = []
    for name in names:
        value = root.get(f"model_info-{name}")
        if value is None:
            return ()
        values.append(value.string if name in {"platform", "subtype"} else value.number)
    return tuple(values)


def _hw_revs(root: TreeNode) -> tuple[int, int] | None:
    for prefix in ("dtbo", "dtb"):
        first, last = root.get(f"{prefix}-hw_rev"), root.get(f"{prefix}-hw_rev_end")
        if first is not None:
            return first.number, (last or first).number
    return None
