"""What no compatible string shows is needed as well: cells by name, consoles, the layers above a driver."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from support import REPOSITORY

from pmport.devicetree import parse_source
from pmport.findings import Severity
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import Needs, load_index, needs
from pmport.kernels.driver_needs import Status

ROWS = tomllib.loads((REPOSITORY / "kernels" / "implied_needs.toml").read_text(encoding="utf-8"))["need"]

BOARD = """/ {
    compatible = "acme,phone", "qcom,msm8916"; #address-cells = <1>; #size-cells = <1>;
    aliases { serial0 = &uart; };
    chosen { stdout-path = "serial0:115200n8"; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { compatible = "arm,cortex-a53"; reg = <0>; operating-points-v2 = <&opp>; #cooling-cells = <2>; cpu-idle-states = <1>; }; };
    opp: opp-table-0 { compatible = "operating-points-v2"; opp-shared; };
    thermal-zones { cpu { }; };
    soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
        gcc: clocks@1 { compatible = "qcom,gcc-sdm845"; reg = <1 1>; #clock-cells = <1>; };
        camcc: clocks@2 { compatible = "qcom,sdm845-camcc"; reg = <2 1>; #clock-cells = <1>; };
        uart: serial@3 { compatible = "qcom,geni-debug-uart"; reg = <3 1>; };
        ufs@4 { compatible = "qcom,sdm845-ufshc", "qcom,ufshc", "jedec,ufs-2.0"; reg = <4 1>; clocks = <&gcc 5>; };
        usb@5 { compatible = "snps,dwc3"; reg = <5 1>; dr_mode = "peripheral"; };
        serial@6 { compatible = "qcom,geni-uart"; reg = <6 1>; bluetooth { compatible = "qcom,wcn3990-bt"; }; };
        i2c@7 { compatible = "qcom,geni-i2c"; reg = <7 1>; #address-cells = <1>; #size-cells = <0>;
            touch@20 { compatible = "syna,rmi4-i2c"; reg = <0x20>; rmi4-f12@12 { reg = <0x12>; }; };
            pmic@34 { compatible = "x-powers,axp803"; reg = <0x34>; }; };
        mmc@8 { compatible = "qcom,sdhci-msm-v5"; reg = <8 1>; #address-cells = <1>; #size-cells = <0>;
            wifi@1 { compatible = "brcm,bcm4329-fmac"; reg = <1>; }; };
        remoteproc@9 { compatible = "qcom,sdm845-adsp-pas"; reg = <9 1>; glink-edge { }; };
    };
};"""


def told(*off: str, board: str = BOARD, title: str = "Linux/arm64 7.2.0 Kernel Configuration") -> Needs:
    """The needs of a board whose configuration has everything on but some symbols."""
    every = needs(parse_source(board), KernelConfig.build({"ARM64": "y"}, title=title), load_index("7.2"))
    options = {name: "y" for need in every for name in need.symbols}
    options |= dict.fromkeys(off, "n")
    return needs(parse_source(board), KernelConfig.build({"ARM64": "y", **options}, title=title), load_index("7.2"))


@pytest.mark.parametrize(
    "symbol",
    [
        "SERIAL_QCOM_GENI_CONSOLE", "CPUFREQ_DT", "CPU_THERMAL", "THERMAL_OF", "BLK_DEV_SD", "EFI_PARTITION", "USB_GADGET",
        "USB_CONFIGFS", "SERIAL_DEV_BUS", "SERIAL_DEV_CTRL_TTYPORT", "RMI4_F12", "INPUT_EVDEV", "REGULATOR_AXP20X",
        "INPUT_AXP20X_PEK", "BATTERY_AXP20X", "AXP20X_POWER", "MMC_BLOCK", "BRCMFMAC_SDIO", "RPMSG_QCOM_GLINK_SMEM", "QRTR",
        "QRTR_SMD", "QCOM_PD_MAPPER",
    ],
)  # fmt: skip
def test_what_is_switched_off_is_noticed(symbol: str) -> None:
    assert not told().of(Status.LACKING)
    assert symbol in told(symbol).lacking_symbols


def test_the_mode_of_a_usb_controller_decides_what_it_needs() -> None:
    host = BOARD.replace('"peripheral"', '"host"')
    assert "USB_XHCI_PLATFORM" in told("USB_XHCI_PLATFORM", board=host).lacking_symbols
    assert not told("USB_XHCI_PLATFORM").of(Status.LACKING)
    assert "USB_DWC3_GADGET" in told("USB_DWC3_GADGET").lacking_symbols
    both = told("USB_DWC3_GADGET").config.replace({"USB_DWC3_DUAL_ROLE": "y"})
    assert not needs(parse_source(BOARD), both, load_index("7.2")).of(Status.LACKING), "One of two suffices"


def test_a_lack_is_an_error_where_it_keeps_the_phone_from_starting() -> None:
    severities = {
        finding.where.rpartition("/")[2]: finding.severity
        for finding in told(
            "SDM_GCC_845", "SDM_CAMCC_845", "SCSI_UFS_QCOM", "RMI4_I2C", "SERIAL_QCOM_GENI_CONSOLE"
        ).findings()
    }
    assert severities["clocks@1"] is severities["ufs@4"] is severities["serial@3"] is Severity.ERROR
    assert severities["clocks@2"] is severities["touch@20"] is Severity.WARNING


def test_a_driver_of_another_bus_does_not_bind() -> None:
    board = '/ { i2c@1 { #address-cells = <1>; #size-cells = <0>; accel@1d { compatible = "st,lis3lv02d"; reg = <0x1d>; }; }; };'
    spi = KernelConfig.build(
        {"INPUT": "y", "INPUT_MISC": "y", "MISC_DEVICES": "y", "SENSORS_LIS3LV02D": "m", "SENSORS_LIS3_SPI": "m"}
    )
    assert next(iter(needs(parse_source(board), spi, load_index("7.2")))).status is Status.LACKING
    i2c = spi.replace({"SENSORS_LIS3_I2C": "m", "SENSORS_LIS3_SPI": None})
    assert next(iter(needs(parse_source(board), i2c, load_index("7.2")))).status is Status.SATISFIED


def test_odd_sets_get_a_word() -> None:
    index = load_index("7.2")
    board = '/ { compatible = "samsung,klte", "qcom,msm8974"; };'
    wrong = needs(
        parse_source(board), KernelConfig.build({"ARM64": "y"}, title="Linux/arm64 7.2.1 Kernel Configuration"), index
    )
    assert [doubt.code for doubt in wrong.doubts] == ["another-architecture"]
    vendor = "/ { " + " ".join(f'n{number} {{ compatible = "acme,part{number}"; }};' for number in range(25)) + " };"
    found = needs(
        parse_source(vendor), KernelConfig.build({"ARM64": "y"}, title="Linux/arm64 4.9.1 Kernel Configuration"), index
    )
    assert [doubt.code for doubt in found.doubts] == ["vendors-tree", "other-series"]
    assert "vendor's tree" in str(found.view())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["source"][:40])
def test_every_row_names_symbols_of_linux_and_its_source(row: dict[str, Any]) -> None:
    index = load_index("7.2")
    symbols = [*row.get("symbols", []), *(name for one in row.get("any", []) for name in one)]
    assert symbols
    for name in symbols:
        names = [name] if "\\1" not in name else [name.replace("\\1", number) for number in ("11", "12", "30")]
        assert any(index.symbol(one) is not None for one in names), name
    assert re.search(r"\w+/\w+", str(row["source"]))
