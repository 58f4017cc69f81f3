"""Who a tree is for: model, chip, and the numbers by which a bootloader chooses among several.

Vendor trees say it in vendor properties at the root. Of an overlay that is its own root: a bootloader reads it there,
and applying the overlay does not copy it. Sources of the properties: the bootloaders' choosing code as described in
``docs/formats.md``, and the trees of about sixty phones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.chip_names import soc_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Identity", "identify", "memory_banks"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the root of a tree says.

    Args:
        model: The root's ``model``; in vendor trees often a reference board, not the phone's name.
        compatible: The root's ``compatible``.
        soc: The chip, lower case; empty where nothing names it.
        msm_ids: Qualcomm ``qcom,msm-id``: ``(soc, revision)``; in old trees, which have no board-id,
            ``(platform, variant, revision)``, and in LG's for MSM8974 ``(platform, variant, revision, subtype)``.
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
    compatible = compatible_of(root)
    return Identity(
        model=next(iter(root.strings("model")), ""),
        compatible=compatible,
        soc=soc_of(compatible),
        msm_ids=_msm_ids(root.cells("qcom,msm-id"), alone="qcom,board-id" not in root),
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


SMALLEST_CHIP = 16
"""Chips' numbers begin far above it, and the lower halves of their revisions end far below."""


def _msm_ids(cells: tuple[int, ...], *, alone: bool) -> tuple[tuple[int, ...], ...]:
    """The ids; what a bootloader reads as pairs or as more cells, where there is no board-id, the values tell."""
    if not alone:
        return _groups(cells, 2)
    pairs = not len(cells) % 2 and not any(_is_revision(cell) for cell in cells[::2])
    if len(cells) == 4 and not pairs:
        return (cells,)
    return _groups(cells, 3 if not len(cells) % 3 and not pairs else 2)


def _is_revision(cell: int) -> bool:
    return cell & 0xFFFF < SMALLEST_CHIP


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
