"""The vendor's table of device trees for the dt section, made from trees that say what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pmport.devicetree import Blob
from pmport.errors import RecordError
from pmport.formats.registry import recognise
from pmport.formats.trees.selection import candidate_of
from pmport.formats.trees.tables import DtbhTable, QcdtTable, SprdTable

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["tree_table"]

Ids = Mapping[str, "int | str"]
QCDT_NAMES = {"platform": "platform_id", "variant": "variant_id"}
EXYNOS_PLATFORM = 0x50A6
EXYNOS_SUBTYPE = 0x2175_84DA
"""What dtbTool-exynos writes for ``android`` and ``samsung``, where it is not told otherwise (U-Boot's binman too)."""
EXYNOS_SPACE = 0x20
WANTED = {
    "qcom": "qcom,msm-id and qcom,board-id",
    "exynos": "model_info-chip, model_info-hw_rev and model_info-hw_rev_end",
    "sprd": "sprd,sc-id",
}
"""Type of table → the properties of a tree's root that its rows are made from."""


def tree_table(trees: tuple[Section, ...], kind: str, page_size: int, stock: Section) -> Section:
    """Make the table.

    Args:
        trees: The device trees.
        kind: The record's ``qcdt_type``; "": Qualcomm's, or that of the stock image.
        page_size: Bytes per page of the boot image.
        stock: The dt section of the stock image; may be empty.

    Returns:
        The table.

    Raises:
        RecordError: If a tree does not say what it is for.
    """
    kind = kind or _kind_of(stock)
    rows = [(tree, ids) for tree in trees for ids in _ids_of(tree, kind)]
    if kind == "exynos":
        return DtbhTable.build([(tree, _exynos_row(ids)) for tree, ids in rows], page_size=page_size).section()
    if kind == "sprd":
        return SprdTable.build([(tree, _numbers(ids)) for tree, ids in rows], page_size=page_size).section()
    named = [(tree, {QCDT_NAMES.get(key, key): value for key, value in _numbers(ids).items()}) for tree, ids in rows]
    version = _qcdt_version(stock, [ids for _, ids in named])
    known = QcdtTable.LAYOUTS[version].fields
    kept = [(tree, {key: value for key, value in ids.items() if key in known}) for tree, ids in named]
    return QcdtTable.build(kept, version=version, page_size=page_size).section()


def _ids_of(tree: Section, kind: str) -> tuple[Ids, ...]:
    found = tuple(ids for ids in candidate_of(Blob.parse(tree).tree(), "").ids if ids)
    if not found:
        raise RecordError(
            "The record wants a table of device trees, and a tree does not say which phones it is for",
            remedy=f"Put {WANTED[kind]} into its root, or give a finished table as dt",
        )
    return found


def _numbers(ids: Ids) -> dict[str, int]:
    return {key: value for key, value in ids.items() if isinstance(value, int)}


def _exynos_row(ids: Ids) -> dict[str, int]:
    fixed = {"platform": EXYNOS_PLATFORM, "subtype": EXYNOS_SUBTYPE, "space": EXYNOS_SPACE}
    return fixed | {key: value for key, value in _numbers(ids).items() if key in {"chip", "hw_rev", "hw_rev_end"}}


def _kind_of(stock: Section) -> str:
    kinds = {DtbhTable.MAGIC: "exynos", SprdTable.MAGIC: "sprd"}
    return kinds.get(stock.read(0, 4), "qcom")


def _qcdt_version(stock: Section, rows: list[dict[str, int]]) -> int:
    """That of the stock table, else the oldest that holds every id."""
    if stock.read(0, 4) == QcdtTable.MAGIC:
        table = recognise(stock)
        if isinstance(table, QcdtTable) and table.version in (1, 2, 3):
            return table.version
    names = {name for ids in rows for name, value in ids.items() if value}
    return 3 if any(name.startswith("pmic") for name in names) else 2 if "subtype" in names else 1
