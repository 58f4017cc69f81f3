r"""What mainline's drivers know of Qualcomm's PMICs: the outputs, their ranges, and the names of what feeds them.

Read from the tables in ``drivers/regulator/qcom_smd-regulator.c`` and ``qcom-rpmh-regulator.c`` of a kernel's source.

Example:
    >>> outputs = read_outputs('''
    ... static const struct regulator_desc pm1_ldo = { .linear_ranges = (struct linear_range[]) {
    ...     REGULATOR_LINEAR_RANGE(1000000, 0, 10, 50000), } };
    ... static const struct rpm_regulator_data rpm_pm1_regulators[] = { { "l1", QCOM_SMD_RPM_LDOA, 1, &pm1_ldo, "vdd_l1" }, {} };
    ... { .compatible = "qcom,rpm-pm1-regulators", .data = &rpm_pm1_regulators },
    ... ''')
    >>> outputs["pm1"]["l1"]
    Output(low=1000000, high=1500000, supply='vdd_l1')
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["Output", "outputs_of_kernel", "read_outputs"]

SOURCES = ("drivers/regulator/qcom_smd-regulator.c", "drivers/regulator/qcom-rpmh-regulator.c")
STRUCT = re.compile(
    r"static const struct \w+ (\w+)(\[\])? = \{(.*?)\n\};|static const struct \w+ (\w+)(\[\])? = \{(.*?)\};", re.DOTALL
)
RANGE = re.compile(r"REGULATOR_LINEAR_RANGE\((\d+),\s*(\d+),\s*(\d+),\s*(\d+)\)")
SMD = re.compile(r'\{\s*"(\w+)",\s*\w+,\s*\w+,\s*&(\w+)(?:,\s*"([\w-]+)")?')
RPMH = re.compile(r'RPMH_VREG\("(\w+)",[^&]*&(\w+),\s*"([\w-]+)"')
MATCH = re.compile(r'compatible = "qcom,(?:rpm-)?(\w+?)-(?:rpmh-)?regulators",\s*\.data = &?(\w+)')


class Output(NamedTuple):
    """An output of a PMIC.

    Args:
        low: The least that its driver can set; µV, 0 for a switch.
        high: The greatest.
        supply: The name of what feeds it.
    """

    low: int
    high: int
    supply: str


def read_outputs(text: str) -> dict[str, dict[str, Output]]:
    """Read the tables of a driver.

    Args:
        text: Its source.

    Returns:
        PMIC → output → what the driver knows.
    """
    ranges: dict[str, tuple[int, int]] = {}
    tables: dict[str, list[tuple[str, str, str]]] = {}
    for match in STRUCT.finditer(text):
        name, body = match[1] or match[4], match[3] or match[6] or ""
        spans = [
            (int(first), int(first) + (int(last) - int(start)) * int(step))
            for first, start, last, step in RANGE.findall(body)
        ]
        if spans:
            ranges[name] = min(low for low, _ in spans), max(high for _, high in spans)
        rows = [*SMD.findall(body), *RPMH.findall(body)]
        if rows:
            tables[name] = rows
    return {
        pmic: {output: Output(*ranges.get(kind, (0, 0)), supply) for output, kind, supply in tables[table]}
        for pmic, table in MATCH.findall(text)
        if table in tables
    }


def outputs_of_kernel(kernel: Path) -> dict[str, dict[str, Output]]:
    """What the drivers of a kernel know.

    Args:
        kernel: The source's folder.

    Returns:
        PMIC → output → what the driver knows; nothing where the drivers are not there.
    """
    found: dict[str, dict[str, Output]] = {}
    for name in SOURCES:
        file = kernel / name
        if file.is_file():
            for pmic, outputs in read_outputs(file.read_text(encoding="utf-8", errors="replace")).items():
                found.setdefault(pmic, {}).update(outputs)
    return found
