"""Make the files of chips: for each chip that a record names, what it is sold as and what mainline calls it.

``python tools/make_socs.py --kernel SOURCE --lineage FOLDER -o device_db/socs``: SOURCE is a kernel's source tree (Qualcomm's
numbers, compatible strings and folders), FOLDER the ``_data/devices`` of LineageOS' wiki (what chips are sold as). What a
file says already is kept.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import yaml
from name_sources import chip_name

from pmport import device_db, kernels
from pmport.device_db.device import Soc
from pmport.device_db.toml_reader import read_toml
from pmport.device_db.toml_writer import to_toml

MAKERS = (
    (r"(msm|apq|mdm|sdm|sda|sm|sc\d{4}x?$|sc7|sc8\d80|qcm|qcs|qm|x1e)", "Qualcomm", "qcom"),
    (r"(exynos|s5p)", "Samsung", "samsung"),
    (r"mt\d", "MediaTek", "mediatek"),
    (r"sun\d", "Allwinner", "allwinner"),
    (r"(rk|rv|px)\d", "Rockchip", "rockchip"),
    (r"imx", "NXP", "fsl"),
    (r"omap", "Texas Instruments", "ti"),
    (r"tegra", "NVIDIA", "nvidia"),
    (r"meson", "Amlogic", "amlogic"),
    (r"gs\d", "Google", "google"),
    (r"(kirin|hi\d)", "HiSilicon", "hisilicon"),
    (r"u8500", "ST-Ericsson", "st-ericsson"),
)
UNISOC = {"sc8830", "sc7731", "sc9830", "sc9863a"}
"""Spreadtrum's numbers begin like Qualcomm's."""
FOLDERS = {"fsl": "freescale", "ti": "ti/omap"}


def maker_of(chip: str) -> tuple[str, str]:
    """Who makes a chip, and the prefix of its compatible string; empty where it is not known."""
    if chip in UNISOC or chip.startswith("ums"):
        return "Unisoc", "sprd"
    return next(((maker, prefix) for pattern, maker, prefix in MAKERS if re.match(pattern, chip)), ("", ""))


def sold_as(folder: Path) -> dict[str, list[str]]:
    """Chip → what it is sold as, the commonest name first."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for path in folder.glob("*.yml"):
        chips = yaml.safe_load(path.read_text(encoding="utf-8"))["soc"]
        for text in chips if isinstance(chips, list) else [chips]:
            chip = chip_name(text)
            if chip and (match := re.search(r"(Snapdragon .*)$", text)):
                counts[chip][match[1].strip()] += 1
    return {chip: sorted(names, key=lambda name: (-names[name], name)) for chip, names in counts.items()}


def qualcomm_ids(kernel: Path) -> dict[str, list[int]]:
    """Chip → Qualcomm's numbers for it, from ``include/dt-bindings/arm/qcom,ids.h``."""
    found: dict[str, list[int]] = defaultdict(list)
    text = (kernel / "include/dt-bindings/arm/qcom,ids.h").read_text(encoding="utf-8")
    for name, number in re.findall(r"#define\s+QCOM_ID_(\w+)\s+(\d+)", text):
        found[name.lower()].append(int(number))
    return found


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--kernel", "--lineage", "--output"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args()
    arches: dict[str, set[str]] = defaultdict(set)
    for device in device_db.records():
        arches[device.soc].add(device.arch)
    rows = list(kernels.load_index(kernels.shipped_series()[-1]).boards())
    known = {name for _, _, compatible, _ in rows for name in compatible[1:]}
    mainline = {
        name: path.split("/")[4]
        for path, _, compatible, _ in rows
        for name in compatible[1:]
        if path.startswith("arch/arm64")
    }
    names, ids = sold_as(options.lineage), qualcomm_ids(options.kernel)
    for chip in sorted(set(arches) | set(names)):
        maker, prefix = maker_of(chip)
        if not maker:
            continue
        path = options.output / f"{chip}.toml"
        arch = arches.get(chip, set()) - {"", "armhf"}
        compatible = f"{prefix},{chip}" if f"{prefix},{chip}" in known else ""
        soc = Soc(
            name=chip,
            vendor=maker,
            arch=arch.pop() if len(arch) == 1 else "",
            marketing_names=tuple(names.get(chip, ())),
            compatible=compatible,
            mainline=mainline.get(compatible, FOLDERS.get(prefix, prefix) if compatible else ""),
            qcom_ids=tuple(ids.get(chip, ())),
        )
        if path.exists():
            old = read_toml(Soc, path.read_text(encoding="utf-8"), path.name)
            soc = replace(
                soc, arch=old.arch or soc.arch, packages=old.packages, mainline=old.mainline or soc.mainline,
                marketing_names=tuple(dict.fromkeys((*old.marketing_names, *soc.marketing_names))),
                compatible=old.compatible or soc.compatible, qcom_ids=old.qcom_ids or soc.qcom_ids,
            )  # fmt: skip
        if soc.marketing_names or soc.compatible or soc.qcom_ids:
            path.write_text(to_toml(soc), encoding="utf-8")


if __name__ == "__main__":
    main()
