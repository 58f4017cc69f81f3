"""A log is explained: what it is of, where it stopped, which node, driver and symbol a trouble is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from debian import unpacked
from hypothesis import given
from hypothesis import strategies as st

from pmport.bootlog import explain, load_rules
from pmport.cli import pmport
from pmport.devicetree import Blob, parse_source
from pmport.formats import KernelConfig

TREE = parse_source("""/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
  aliases { i2c2 = "/soc/i2c@78b6000"; };
  remoteproc { compatible = "qcom,msm8916-rpm-proc"; };
  soc { #address-cells = <1>; #size-cells = <1>; ranges; compatible = "simple-bus";
    usb: usb@78d9000 { compatible = "qcom,ci-hdrc"; reg = <0x78d9000 0x200>; };
    i2c@78b6000 { compatible = "qcom,i2c-qup-v2.2.1"; reg = <0x78b6000 0x500>; #address-cells = <1>; #size-cells = <0>;
      muic: extcon@25 { compatible = "siliconmitus,sm5502-muic"; reg = <0x25>; };
      touchscreen@20 { compatible = "syna,rmi4-i2c"; reg = <0x20>; }; };
    dsi@1a98000 { compatible = "qcom,mdss-dsi-ctrl"; reg = <0x1a98000 0x25c>; #address-cells = <1>; #size-cells = <0>;
      panel@0 { compatible = "boe,panel"; reg = <0>; }; };
    spmi@200f000 { compatible = "qcom,spmi-pmic-arb"; reg = <0x200f000 0x1000>; #address-cells = <2>; #size-cells = <0>;
      pmic@1 { compatible = "qcom,pm8916"; reg = <1 0>; #address-cells = <1>; #size-cells = <0>;
        audio-codec@f000 { compatible = "qcom,pm8916-wcd-analog-codec"; reg = <0xf000>; status = "disabled"; }; }; };
  };
};""")
CONFIG = KernelConfig.build({"EXTCON": "y", "USB_CHIPIDEA": "y"})
LOG = """\
[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd030]
[    0.000000] Linux version 6.12.1-msm8916 (a@b) (gcc) #1 SMP
[    0.000000] Machine model: Acme Argon
[    0.000000] Kernel command line: console=ttyMSM0 androidboot.serialno=0a1b2c3d quiet
[    1.427689] clk: Disabling unused clocks
[    1.429189] Freeing unused kernel memory: 3776K
[   12.000000] platform 78d9000.usb: deferred probe pending: platform: wait for supplier /soc/i2c@78b6000/extcon@25
[   12.000001] platform 2-0025: deferred probe pending: platform: wait for supplier /soc/spmi@200f000/pmic@1/audio-codec@f000
"""


def test_a_log_says_what_it_is_of_and_where_it_stopped() -> None:
    found = explain(LOG.encode())
    assert (found.kernel, found.model) == ("6.12.1-msm8916", "Acme Argon")
    assert found.command_line == "console=ttyMSM0 androidboot.serialno=[redacted] quiet"
    assert found.reached == "the kernel is ready"
    assert "the log ends at 12.000 s" in found.stopped
    assert not found.advice, "the troubles say more"
    assert "look into the initramfs" in explain(LOG[: LOG.index("[   12.0")].encode()).advice
    assert "0a1b2c3d" in explain(LOG.encode(), redacted=False).command_line


@pytest.mark.parametrize(
    ("device", "node"),
    [
        ("78d9000.usb", "/soc/usb@78d9000"),
        ("2-0020", "/soc/i2c@78b6000/touchscreen@20"),
        ("7-0020", "/soc/i2c@78b6000/touchscreen@20"),
        ("1a98000.dsi.0", "/soc/dsi@1a98000/panel@0"),
        ("200f000.spmi:pmic@1:audio-codec@f000", "/soc/spmi@200f000/pmic@1/audio-codec@f000"),
        ("remoteproc", "/remoteproc"),
        ("78d9000.nothing", ""),
        ("0-0099", ""),
    ],
)
def test_a_device_is_the_node_that_the_kernel_named_it_after(device: str, node: str) -> None:
    (trouble,) = explain(f"foo {device}: probe with driver foo failed with error -22".encode(), TREE)
    assert trouble.device == device
    assert trouble.node == node


@pytest.mark.online
@pytest.mark.parametrize(
    ("device", "node"),
    [
        ("78d9000.usb", "/soc@0/usb@78d9000"),
        ("1a98000.dsi", "/soc@0/mdss@1a00000/dsi@1a98000"),
        ("200f000.spmi:pmic@1:audio-codec@f000", "/soc@0/spmi@200f000/pmic@1/audio-codec@f000"),
        ("firmware:scm", "/firmware/scm"),
    ],
)
def test_devices_of_a_real_phone_are_nodes_of_debians_tree_of_it(device: str, node: str) -> None:
    top = unpacked("linux-image-arm64", "arm64") / "usr/lib"
    blob = Blob.parse(next(top.glob("linux-image-*/qcom/msm8916-samsung-j5.dtb")))
    (trouble,) = explain(f"foo {device}: probe with driver foo failed with error -22".encode(), blob.tree())
    assert trouble.node == node


def test_the_driver_and_the_symbol_that_is_off_are_told() -> None:
    trouble = next(one for one in explain(LOG.encode(), TREE, CONFIG) if one.device == "2-0025")
    assert trouble.node == "/soc/i2c@78b6000/extcon@25"
    assert trouble.driver == "drivers/extcon/extcon-sm5502.c"
    assert any(text.startswith("EXTCON_SM5502") for text in trouble.lacking)
    assert "CONFIG_EXTCON_SM5502" in trouble.finding().fix


def test_who_waits_for_whom_is_a_picture_with_the_reason_at_its_end() -> None:
    picture = explain(LOG.encode(), TREE, CONFIG).waiting.splitlines()
    assert picture[0].startswith("/soc/usb@78d9000: 78d9000.usb, CONFIG_")
    assert picture[1].startswith("└─ /soc/i2c@78b6000/extcon@25: 2-0025, CONFIG_EXTCON_SM5502 (")
    assert picture[2] == "   └─ /soc/spmi@200f000/pmic@1/audio-codec@f000: its node is disabled"


def test_a_circle_of_suppliers_is_drawn_once() -> None:
    text = "".join(
        f"platform {a}: deferred probe pending: platform: supplier {b} not ready\n" for a, b in ("ab", "bc", "ca")
    )
    picture = explain(text.encode()).waiting
    assert picture.splitlines() == ["a", "└─ b", "   └─ c", "      └─ a (in a circle)"]


def test_a_consequence_is_no_row_of_its_own_but_another_devices_failure_is() -> None:
    log = b"""foo 1.a: Direct firmware load for a.bin failed with error -2
foo 1.a: probe with driver foo failed with error -2
bar 2.b: probe with driver bar failed with error -22
"""
    assert [(one.rule, one.device) for one in explain(log)] == [("firmware-missing", "1.a"), ("probe-failed", "2.b")]


def test_a_crash_names_its_place() -> None:
    log = b"""[    1.0] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000008
[    1.1] Internal error: Oops: 96000004 [#1] PREEMPT SMP
[    1.2] CPU: 1 PID: 35 Comm: kworker/1:1 Not tainted 6.1.0 #1
[    1.3] pc : sm5502_muic_probe+0x20/0x30 [extcon_sm5502]
[    1.4] Kernel panic - not syncing: Oops: Fatal exception
"""
    (trouble,) = explain(log)
    assert trouble.place == "sm5502_muic_probe() of the module extcon_sm5502 in kworker/1:1"


def test_the_command_explains_and_its_exit_code_says_whether_anything_is_wrong(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG, encoding="utf-8")
    shown = CliRunner().invoke(pmport, ["log", "explain", str(log)])
    assert shown.exit_code == 1
    assert "78d9000.usb waits for" in shown.output
    asked = CliRunner().invoke(pmport, ["log", "explain", "-", "--json"], input="[    1.0] all is well\n")
    assert asked.exit_code == 0
    assert json.loads(asked.output)["result"]["troubles"] == []


PIECES = [rule.example for rule in load_rules().rules] + ["\x1b[31mred", "pc : a+0x1/0x2", "Call trace:", "[    1.0] "]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=30), max_size=12), st.sampled_from(["\n", "\r\n", " "]))
def test_any_mixture_is_explained_and_safe_to_print(pieces: list[str], ends: str) -> None:
    found = explain(ends.join(pieces).encode("utf-8", "surrogatepass"), TREE)
    assert "\x1b" not in str(found.view())
    assert found.findings() is not None


@given(st.binary(max_size=400))
def test_bytes_that_are_no_log_are_explained(data: bytes) -> None:
    explain(b"x" + data)


def test_what_came_right_later_is_no_trouble() -> None:
    waiting = b"[    1.0] Waiting for root device /dev/mmcblk0p2...\n"
    mounted = b"[    1.5] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode\n"
    assert [one.rule for one in explain(waiting)] == ["root-waiting"]
    assert not explain(waiting + mounted).troubles
    assert [one.rule for one in explain(waiting + mounted + waiting)] == ["root-waiting"]


def test_a_warning_is_told_with_the_words_before_it() -> None:
    log = b"""[    1.0] ------------[ cut here ]------------
[    1.1] dsi0pll already disabled
[    1.2] WARNING: CPU: 0 PID: 60 at drivers/clk/clk.c:1188 clk_core_disable+0x1c0/0x200
"""
    (trouble,) = explain(log)
    assert trouble.says == "The kernel wonders at drivers/clk/clk.c:1188: dsi0pll already disabled"


def test_many_ways_from_one_to_another_are_drawn_to_a_limit() -> None:
    names = range(16)
    waits = (
        f"platform {a}.x: deferred probe pending: platform: supplier {b}.x not ready"
        for a in names
        for b in names[a + 1 :]
    )
    picture = explain("\n".join(waits).encode()).waiting.splitlines()
    assert picture[-1] == "… and more"
    assert len(picture) == 61


def test_thousands_of_troubles_are_told_to_a_limit_and_counted() -> None:
    log = "\n".join(
        f"foo {number:x}.dev: probe with driver foo failed with error -22" for number in range(65536, 70536)
    )
    found = explain(log.encode(), TREE)
    assert len(found) == 5000
    assert str(found.view()).count("probe with driver") == 40
    assert "… and 4960 more." in str(found.view())
