"""A small kernel source with an invented chip and three boards, and a vendor's tree of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmport.devicetree import DeviceTree, parse_source

CHIP = """
/ {
	#address-cells = <2>; #size-cells = <2>;
	compatible = "qcom,sdm999";
	chosen { };
	reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
		adsp_mem: adsp@8c500000 { reg = <0x0 0x8c500000 0x0 0x1a00000>; no-map; };
		mpss_mem: mpss@8e000000 { reg = <0x0 0x8e000000 0x0 0x7000000>; no-map; };
	};
	soc: soc@0 { compatible = "simple-bus"; #address-cells = <2>; #size-cells = <2>; ranges;
		tlmm: pinctrl@3500000 { compatible = "qcom,sdm999-pinctrl"; reg = <0x0 0x3500000 0x0 0x1000>;
			gpio-controller; #gpio-cells = <2>; interrupt-controller; #interrupt-cells = <2>;
			i2c2_default: i2c2-default { pins = "gpio6", "gpio7"; function = "qup2"; }; };
		i2c1: i2c@880000 { compatible = "qcom,geni-i2c"; reg = <0x0 0x880000 0x0 0x4000>; #address-cells = <1>; #size-cells = <0>; status = "disabled"; };
		i2c2: i2c@884000 { compatible = "qcom,geni-i2c"; reg = <0x0 0x884000 0x0 0x4000>; #address-cells = <1>; #size-cells = <0>; pinctrl-0 = <&i2c2_default>; pinctrl-names = "default"; status = "disabled"; };
		uart9: serial@a84000 { compatible = "qcom,geni-debug-uart"; reg = <0x0 0xa84000 0x0 0x4000>; status = "disabled"; };
		sdhc_2: mmc@8804000 { compatible = "qcom,sdhci-msm-v5"; reg = <0x0 0x8804000 0x0 0x1000>; status = "disabled"; };
		spmi_bus: spmi@c440000 { compatible = "qcom,spmi-pmic-arb"; reg = <0x0 0xc440000 0x0 0x1100>; #address-cells = <2>; #size-cells = <0>; };
		apps_rsc: rsc@179c0000 { compatible = "qcom,rpmh-rsc"; reg = <0x0 0x179c0000 0x0 0x10000>; };
	};
};
"""
PMIC = """
&spmi_bus {
	pm9990: pmic@0 { compatible = "qcom,pm9990", "qcom,spmi-pmic"; reg = <0 0>; #address-cells = <1>; #size-cells = <0>;
		pon@800 { compatible = "qcom,pm9990-pon"; reg = <0x800>;
			pm9990_pwrkey: pwrkey { compatible = "qcom,pm8941-pwrkey"; linux,code = <116>; status = "disabled"; };
			pm9990_resin: resin { compatible = "qcom,pm8941-resin"; status = "disabled"; }; };
		pm9990_gpios: gpio@c000 { compatible = "qcom,pm9990-gpio"; reg = <0xc000>; gpio-controller; #gpio-cells = <2>; interrupt-controller; #interrupt-cells = <2>; };
	};
};
"""
BOARD = """// SPDX-License-Identifier: GPL-2.0-only
/dts-v1/;
#include <dt-bindings/gpio/gpio.h>
#include <dt-bindings/interrupt-controller/irq.h>
#include "sdm999.dtsi"
#include "pm9990.dtsi"
/ {{
	model = "{model}";
	compatible = "{maker},{name}", "qcom,sdm999";
	chassis-type = "handset";
	qcom,msm-id = <999 0x10000>;
	aliases {{ serial0 = &uart9; }};
	chosen {{ stdout-path = "serial0:115200n8"; }};
}};
&apps_rsc {{
	regulators-0 {{
		compatible = "qcom,pm9990-rpmh-regulators";
		qcom,pmic-id = "a";
		vdd-l14-supply = <&vreg_s5a>;
		vreg_s5a: smps5 {{ regulator-min-microvolt = <1904000>; regulator-max-microvolt = <2040000>; }};
		vreg_l14a_1p8: ldo14 {{ regulator-min-microvolt = <1800000>; regulator-max-microvolt = <1800000>; }};
		vreg_l21a: ldo21 {{ regulator-min-microvolt = <2704000>; regulator-max-microvolt = <2960000>; }};
	}};
}};
&uart9 {{ status = "okay"; }};
&i2c1 {{
	status = "okay";
	touchscreen@38 {{
		compatible = "edt,edt-ft5406";
		reg = <0x38>;
		interrupts-extended = <&tlmm {irq} IRQ_TYPE_EDGE_FALLING>;
		reset-gpios = <&tlmm {reset} GPIO_ACTIVE_LOW>;
		vcc-supply = <&vreg_l21a>;
		iovcc-supply = <&vreg_l14a_1p8>;
		touchscreen-size-x = <1080>;
		touchscreen-size-y = <2160>;
	}};
}};
"""
VENDOR = """/dts-v1/;
/ {
	#address-cells = <2>; #size-cells = <2>;
	model = "Qualcomm Technologies, Inc. SDM999 MTP";
	compatible = "qcom,sdm999-mtp", "qcom,sdm999", "qcom,mtp";
	qcom,msm-id = <999 0x10000>;
	qcom,board-id = <8 0>;
	reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
		pil_modem_mem: modem_region@8e000000 { compatible = "removed-dma-pool"; no-map; reg = <0 0x8e000000 0 0x7800000>; };
		pil_adsp_mem: adsp_region@8c500000 { compatible = "removed-dma-pool"; no-map; reg = <0 0x8c500000 0 0x1a00000>; };
		ramoops@b0000000 { compatible = "ramoops"; reg = <0 0xb0000000 0 0x400000>; record-size = <0x40000>; };
		cont_splash_memory: cont_splash_region@9d400000 { reg = <0 0x9d400000 0 0x2400000>; };
	};
	gpio_keys { compatible = "gpio-keys";
		vol_up { label = "volume_up"; gpios = <&pm_gpios 6 1>; linux,input-type = <1>; linux,code = <115>; gpio-key,wakeup; debounce-interval = <15>; };
		hall { label = "hall"; gpios = <&tlmm 124 1>; linux,input-type = <5>; linux,code = <0>; };
	};
	soc { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0 0xffffffff>; compatible = "simple-bus";
		tlmm: pinctrl@3400000 { compatible = "qcom,sdm999-pinctrl"; reg = <0x3400000 0x1000>; gpio-controller; #gpio-cells = <2>; interrupt-controller; #interrupt-cells = <2>; };
		qcom,spmi@c440000 { compatible = "qcom,spmi-pmic-arb"; reg = <0xc440000 0x1100>; #address-cells = <2>; #size-cells = <0>;
			qcom,pm9990@0 { compatible = "qcom,spmi-pmic"; reg = <0 0>; #address-cells = <1>; #size-cells = <0>;
				qcom,power-on@800 { compatible = "qcom,qpnp-power-on"; reg = <0x800>;
					qcom,pon_2 { qcom,pon-type = <1>; linux,code = <114>; }; };
				pm_gpios: pinctrl@c000 { compatible = "qcom,spmi-gpio"; reg = <0xc000>; gpio-controller; #gpio-cells = <2>; }; };
		};
		rpmh-regulator-ldoa14 { compatible = "qcom,rpmh-vrm-regulator"; qcom,resource-name = "ldoa14";
			l14: regulator-l14 { regulator-name = "pm9990_l14"; regulator-min-microvolt = <1800000>; regulator-max-microvolt = <1880000>; }; };
		rpmh-regulator-ldoa21 { compatible = "qcom,rpmh-vrm-regulator"; qcom,resource-name = "ldoa21";
			l21: regulator-l21 { regulator-name = "pm9990_l21"; regulator-min-microvolt = <2704000>; regulator-max-microvolt = <2960000>; }; };
		rpmh-regulator-cxlvl { compatible = "qcom,rpmh-arc-regulator"; qcom,resource-name = "cx.lvl";
			cx: regulator-cx { regulator-name = "pm9990_s9_level"; regulator-min-microvolt = <1>; regulator-max-microvolt = <512>; }; };
		sdhci@8804000 { compatible = "qcom,sdhci-msm-v5"; reg = <0x8804000 0x1000>; vdd-supply = <&l21>; vdd-io-supply = <&l14>; cd-gpios = <&tlmm 126 1>; qcom,bus-width = <4>; };
		i2c@880000 { compatible = "qcom,i2c-geni"; reg = <0x880000 0x4000>; #address-cells = <1>; #size-cells = <0>;
			focaltech@38 { compatible = "focaltech,fts"; reg = <0x38>; interrupt-parent = <&tlmm>; interrupts = <125 0x2008>;
				focaltech,reset-gpio = <&tlmm 99 0>; vdd-supply = <&l21>; vcc_i2c-supply = <&l14>; focaltech,display-coords = <0 0 1080 2280>; };
		};
		i2c@7 { compatible = "i2c-gpio"; gpios = <&tlmm 6 0 &tlmm 7 0>; #address-cells = <1>; #size-cells = <0>;
			aw2013@45 { compatible = "awinic,aw2013"; reg = <0x45>; }; };
	};
	chosen { bootargs = "console=ttyMSM0 msm_drm.dsi_display0=dsi_acme_fhd_display:"; };
	dsi_other_panel: qcom,mdss_dsi_other { qcom,mdss-dsi-panel-name = "other hd panel"; qcom,mdss-dsi-panel-width = <720>; qcom,mdss-dsi-panel-height = <1280>; };
	dsi_acme: qcom,mdss_dsi_acme_fhd { qcom,mdss-dsi-panel-name = "acme fhd panel"; qcom,mdss-dsi-panel-width = <1080>; qcom,mdss-dsi-panel-height = <2280>; };
};
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A kernel's source with three boards of the chip."""
    folder = tmp_path / "linux" / "arch" / "arm64" / "boot" / "dts" / "qcom"
    folder.mkdir(parents=True)
    (folder / "sdm999.dtsi").write_text(CHIP)
    (folder / "pm9990.dtsi").write_text(PMIC)
    for number, (maker, name) in enumerate((("acme", "argon"), ("zenith", "xenon"), ("apex", "radon"))):
        text = BOARD.format(maker=maker, name=name, model=f"{maker} {name}", irq=40 + number, reset=50 + number)
        (folder / f"sdm999-{maker}-{name}.dts").write_text(text)
    bindings = tmp_path / "linux" / "include" / "dt-bindings"
    for header, lines in {
        "gpio/gpio.h": "#define GPIO_ACTIVE_HIGH 0\n#define GPIO_ACTIVE_LOW 1\n",
        "interrupt-controller/irq.h": "#define IRQ_TYPE_EDGE_FALLING 2\n#define IRQ_TYPE_LEVEL_LOW 8\n",
        "input/input.h": "#define KEY_VOLUMEDOWN 114\n#define KEY_VOLUMEUP 115\n#define EV_SW 5\n#define SW_LID 0\n",
        "arm/qcom,ids.h": "#define QCOM_ID_SDM999 999\n",
    }.items():
        (bindings / header).parent.mkdir(parents=True, exist_ok=True)
        (bindings / header).write_text(lines)
    return tmp_path / "linux"


@pytest.fixture
def vendor() -> DeviceTree:
    """The vendor's tree of a third phone with the chip."""
    return parse_source(VENDOR)
