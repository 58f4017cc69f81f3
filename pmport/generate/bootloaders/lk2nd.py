"""The file that makes lk2nd know a phone: ``lk2nd/device/dts/<chip>/<file>.dts``.

Properties and match rules: lk2nd's ``Documentation/dt-bindings/lk2nd.yaml`` and its device files, as of July 2026.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["lk2nd_node"]

SAMSUNG = "samsung"


def lk2nd_node(device: Device) -> str:
    """Device tree source for lk2nd.

    Args:
        device: The record.

    Returns:
        A whole file. Samsung's bootloader names its version after the model number, so that is the match rule; for other
        makers it is asked for.

    Example:
        >>> from pmport import device_db
        >>> "lk2nd,dtb-files" in lk2nd_node(device_db.load("motorola-potter"))
        True
    """
    name = device.codename.partition("-")[2].replace("_", "-")
    compatible = device.compatible[0] if device.compatible else device.codename.replace("-", ",", 1)
    wide = device.arch == "aarch64"
    lines = [
        "// SPDX-License-Identifier: BSD-3-Clause",
        "",
        f"#include <skeleton{'64' if wide else ''}.dtsi>",
        "#include <lk2nd.dtsi>",
        "",
        "/ {",
    ]
    lines += (
        [f"\tqcom,msm-id = {_cells(device.qcom_msm_id)};"]
        if device.qcom_msm_id
        else ["\t/* qcom,msm-id: as in the stock device tree */"]
    )
    lines += (
        [f"\tqcom,board-id = {_cells(device.qcom_board_id)};"]
        if device.qcom_board_id
        else ["\t/* qcom,board-id: as in the stock device tree */"]
    )
    lines += ["};", "", "&lk2nd {", f"\t{name} {{", f"\t\tmodel = {json.dumps(device.name or device.codename)};"]
    lines += [f"\t\tcompatible = {json.dumps(compatible)};", *_match(device), ""]
    if device.dtb:
        trees = ", ".join(json.dumps(tree.rpartition("/")[2]) for tree in device.dtb)
        lines.append(f"\t\tlk2nd,dtb-files = {trees};")
    lines += [*_panels(device, compatible), "\t};", "};", ""]
    return "\n".join(lines)


def _match(device: Device) -> Iterator[str]:
    numbers = [number.partition("-")[2] for number in device.model_numbers if number.startswith(("SM-", "GT-"))]
    if device.manufacturer.lower() == SAMSUNG and numbers:
        rules = ", ".join(json.dumps(f"{number}*") for number in numbers)
        yield f"\t\tlk2nd,match-bootloader = {rules};"
    else:
        yield "\t\t/* lk2nd,match-bootloader, match-cmdline or match-device: see what the stock bootloader reports */"


def _panels(device: Device, compatible: str) -> Iterator[str]:
    if not device.display.panels:
        return
    yield ""
    yield "\t\tpanel {"
    yield f'\t\t\tcompatible = {json.dumps(f"{compatible}-panel")}, "lk2nd,panel";'
    for vendor, mainline in device.display.panels.items():
        yield ""
        yield f"\t\t\t{vendor} {{"
        yield (
            f"\t\t\t\tcompatible = {json.dumps(mainline)};"
            if mainline
            else "\t\t\t\t/* compatible: mainline has no driver yet */"
        )
        yield "\t\t\t};"
    yield "\t\t};"


def _cells(ids: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join("<" + " ".join(str(cell) if cell < 4096 else f"{cell:#x}" for cell in pair) + ">" for pair in ids)
