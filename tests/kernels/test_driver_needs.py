"""Each part of a phone has its driver, or lacks symbols that are named with what hides them, or is told to be unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from debian import unpacked
from support import CORPUS, real

from pmport.cli import pmport as command
from pmport.devicetree import Blob, DeviceTree, find_blobs, parse_source
from pmport.findings import Severity
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import downstream_map, load_index, mainline_status, needs
from pmport.kernels.driver_needs import Status, enabled, special
from pmport.kernels.upstream_status import Found

BOARD = """/ {
    compatible = "acme,argon";
    cpus { cpu@0 { compatible = "arm,cortex-a53"; }; };
    soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <0>;
        i2c@1 { compatible = "qcom,i2c-qup-v2.2.1"; #address-cells = <1>; #size-cells = <0>;
            touchscreen@20 { compatible = "syna,rmi4-i2c"; };
            eeprom@50 { compatible = "atmel,24c02"; };
            other@51 { compatible = "acme,nothing"; };
        };
        mmc@2 { compatible = "qcom,sdhci-msm-v4"; };
        off { status = "disabled"; inner { compatible = "syna,rmi4-i2c"; }; };
    };
};"""
ON = {"OF": "y", "I2C": "y", "INPUT": "y", "MMC": "y", "RMI4_CORE": "m", "I2C_QUP": "y"}


def config(**options: str) -> KernelConfig:
    return KernelConfig.build({**ON, **options}, title="Linux/arm64 6.12.9 Kernel Configuration")


def found(**options: str) -> dict[str, tuple[Status, tuple[str, ...]]]:
    result = needs(parse_source(BOARD), config(**options), load_index("6.12"))
    told: dict[str, tuple[Status, tuple[str, ...]]] = {}
    for need in result:  # a node's driver comes first, then what is above it
        told.setdefault(need.path.rpartition("/")[2], (need.status, tuple(map(str, need.lacking))))
    return told


def test_a_driver_that_is_built_satisfies_a_node() -> None:
    assert found(RMI4_I2C="m")["touchscreen@20"] == (Status.SATISFIED, ())


def test_what_can_be_set_is_told_from_what_is_hidden() -> None:
    assert found(RMI4_I2C="n")["touchscreen@20"] == (Status.LACKING, ("RMI4_I2C (not set)",))
    lacking = found(RMI4_CORE="n")["touchscreen@20"][1]
    assert lacking == ("RMI4_CORE (not set)", "RMI4_I2C (absent, because of RMI4_CORE)")


def test_the_core_the_bus_and_what_nobody_knows() -> None:
    told = found()
    assert told["soc"][0] is Status.HANDLED
    assert told["other@51"] == (Status.UNKNOWN, ())
    assert "cpu@0" not in told
    assert "inner" not in told


def test_storage_is_an_error_touch_a_warning_and_the_unknown_an_unknown() -> None:
    findings = needs(parse_source(BOARD), config(), load_index("6.12")).findings()
    by_node = {finding.where.rpartition("/")[2]: finding.severity for finding in findings}
    assert by_node["mmc@2"] is Severity.ERROR
    assert by_node["touchscreen@20"] is Severity.WARNING
    assert by_node["other@51"] is Severity.UNKNOWN
    assert "6.12" in findings[0].source


def test_the_fragment_switches_on_what_hides_it_first_and_then_nothing_is_lacking() -> None:
    tree, index = parse_source(BOARD), load_index("6.12")
    before = config(RMI4_CORE="n")
    text = needs(tree, before, index).fragment()
    assert text.index("CONFIG_RMI4_CORE=y") < text.index("CONFIG_RMI4_I2C=y")
    lines = [line.removeprefix("CONFIG_").split("=") for line in text.splitlines() if not line.startswith("#")]
    after = before.replace(dict(lines))
    assert not needs(tree, after, index).of(Status.LACKING)


def test_modules_that_an_initramfs_needs_are_told() -> None:
    result = needs(parse_source(BOARD), config(RMI4_I2C="m"), load_index("6.12"))
    assert "rmi_i2c" in result.initramfs_modules


def test_a_symbol_of_another_series_counts_under_its_other_name() -> None:
    tree = parse_source('/ { i2c { pmic { compatible = "rockchip,rk818"; }; }; };')
    options = config(MFD_RK8XX_I2C="y", MFD_CORE="y", REGMAP_I2C="y")
    assert next(iter(needs(tree, options, load_index("6.1")))).status is Status.SATISFIED


@pytest.mark.parametrize(("text", "kind"), [("simple-bus", "core"), ("usb1d6b,2", "bus"), ("simple-battery", "parent")])
def test_special_nodes_cite_who_takes_care_of_them(text: str, kind: str) -> None:
    row = special(text)
    assert row is not None
    assert row.kind == kind
    assert "/" in row.source


def mainline(name: str) -> DeviceTree:
    return Blob.parse(next(unpacked("linux-image-arm64", "arm64").rglob(f"{name}.dtb")).read_bytes()).tree()


def debian_config() -> KernelConfig:
    return KernelConfig.parse(next(unpacked("linux-image-arm64", "arm64").glob("boot/config-*")).read_bytes())


LACKING = {
    "sdm845-oneplus-enchilada": {
        "QCOM_Q6V5_PAS", "QCOM_SMP2P", "RMI4_I2C", "DRM_PANEL_SAMSUNG_SOFEF00", "ATH10K_SNOC", "QCOM_IPA",
        "VIDEO_QCOM_VENUS", "BATTERY_BQ27XXX_I2C", "REGULATOR_QCOM_LABIBB", "HWSPINLOCK_QCOM",
    },
    "msm8916-samsung-a3u-eur": {
        "RPMSG_QCOM_SMD", "QCOM_SMSM", "INTERCONNECT_QCOM_MSM8916", "TOUCHSCREEN_ZINITIX", "EXTCON_SM5502",
        "NFC_S3FWRN5_I2C",
    },
    "sun50i-a64-pinephone-1.2": {
        "VIDEO_SUN8I_ROTATE", "VIDEO_SUN8I_DEINTERLACE", "KEYBOARD_SUN4I_LRADC", "LEDS_SGM3140", "SND_SOC_BT_SCO",
    },
    "rk3399-pinephone-pro": set(),
}  # fmt: skip


@pytest.mark.online
@pytest.mark.slow
@pytest.mark.parametrize("name", LACKING)
def test_what_debians_kernel_lacks_for_real_phones(name: str) -> None:
    result = needs(mainline(name), debian_config())
    symbols = set(result.lacking_symbols)
    assert symbols >= LACKING[name]
    assert bool(symbols) == bool(LACKING[name])


@pytest.mark.online
@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "architecture", "most"), [("linux-image-arm64", "arm64", 0.003), ("linux-image-armmp", "armhf", 0.03)]
)
def test_hardly_any_node_of_mainline_stays_unexplained(package: str, architecture: str, most: float) -> None:
    options, index = debian_config(), load_index("6.1")
    nodes = unexplained = 0
    for path in sorted(unpacked(package, architecture).rglob("*.dtb")):
        rows = needs(Blob.parse(path.read_bytes()).tree(), options, index)
        nodes += len(rows)
        unexplained += len(rows.of(Status.UNKNOWN))
    assert nodes > 50_000
    assert unexplained / nodes <= most


def test_a_vendors_tree_is_compared_by_string_by_known_pair_and_by_chip() -> None:
    tree = parse_source(
        '/ { a { compatible = "goodix,gt1151"; }; b { compatible = "synaptics,rmi4"; }; c { compatible = "acme,tfa9897_i2c"; };\n'
        'd { compatible = "acme,unheard"; }; e { compatible = "simple-bus"; }; };'
    )
    status = mainline_status(tree, load_index("6.12"))
    assert [part.found for part in status.parts] == [Found.SAME, Found.MAPPED, Found.CHIP, Found.NONE, Found.CORE]
    assert status.score[Found.SAME] == 0.25
    assert [part.compatible for part in status.missing] == ["acme,unheard"]
    assert "4 parts need a driver" in str(status.view())


def test_the_map_names_strings_that_mainline_has() -> None:
    index = load_index("6.1")
    rows = [row for pairs in downstream_map().values() for row in pairs if row.confidence in {"same", "mapped"}]
    assert len(rows) > 50
    lost = [row.mainline for row in rows if not index.drivers(row.mainline) and not index.drivers(row.mainline, "ref")]
    assert not lost


def test_a_real_vendor_tree_has_candidates() -> None:
    tree = find_blobs(real(CORPUS / "dtb/xiaomi-lithium-msm8996pro.dtb").read_bytes())[0].blob.tree()
    status = mainline_status(tree)
    mapped = {part.compatible: part.candidates[0] for part in status.parts if part.found is Found.MAPPED}
    assert mapped["ft,ft5x46_i2c"] == "edt,edt-ft5406"
    assert len(status.parts) == len(list(enabled(tree)))


def test_the_commands_tell_it(tmp_path: Path) -> None:
    tree, options = tmp_path / "board.dtb", tmp_path / "config"
    tree.write_bytes(bytes(parse_source(BOARD)))
    options.write_bytes(bytes(config()))
    run = CliRunner().invoke(command, ["kernel", "needs", str(tree), str(options), "--json"])
    told = json.loads(run.stdout)
    assert {need["status"] for need in told["result"]["needs"]} == {"satisfied", "lacking", "handled", "unknown"}
    assert told["findings"]
    text = CliRunner().invoke(command, ["kernel", "needs", str(tree), str(options), "--fragment"]).output
    assert "CONFIG_MMC_SDHCI_MSM=y" in text
    told = json.loads(CliRunner().invoke(command, ["kernel", "status", str(tree), "--json"]).stdout)
    assert told["result"]["score"]["same string"] > 0
