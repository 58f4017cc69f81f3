"""Panels of vendors' trees: what is read, where it stands, what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vendor_panels import boards, every_panel, made, pairs, tree_of

from pmport.devicetree import parse_source
from pmport.panel import Mode, Panel, as_json, fitted, panels, read_packets
from pmport.panel.packets import GEN_PANEL, QUALCOMM, QUALCOMM_OLD, ROCKCHIP, UNISOC


def codes(panel: Panel) -> set[str]:
    return {finding.code for finding in panel.findings}


def test_qualcomm_panel_is_read_whole() -> None:
    panel = made()
    assert panel.timing is not None
    assert (panel.timing.width, panel.timing.height, panel.timing.fps) == (1080, 1920, 60)
    assert panel.timing.porches == (100, 8, 16, 4, 2, 5)
    assert panel.mode is Mode.BURST
    assert (panel.lanes, panel.colour, panel.reset) == ((0, 1, 2, 3), "RGB888", ((1, 2), (0, 5), (1, 20)))
    on = panel.sequence("on")
    assert on is not None
    assert [(packet.sent.hex(), packet.wait_ms) for packet in on.packets] == [("f05a5a", 0), ("11", 120), ("29", 20)]
    assert panel.flags == {"MIPI_DSI_MODE_LPM", "MIPI_DSI_MODE_NO_EOT_PACKET", "MIPI_DSI_CLOCK_NON_CONTINUOUS"}
    assert panel.sources["name"] == "/phone/acme_panel/qcom,mdss-dsi-panel-name"
    assert not panel.findings


@pytest.mark.parametrize(
    ("changed", "code", "obstacle"),
    [
        pytest.param({"on_command": "39010000000005f05a"}, "broken-packets", True, id="a list cut short"),
        pytest.param({"on_command": "3901000000ffff11"}, "broken-packets", True, id="a length that lies"),
        pytest.param({"on_command": "fe010000000001aa"}, "broken-packets", True, id="no data type"),
        pytest.param({"panel_width": "00000000"}, "timing", True, id="a width of zero"),
        pytest.param({"panel_framerate": "00000000"}, "timing", True, id="no frames"),
        pytest.param({"panel_width": "7fffffff"}, "timing", True, id="a width that no mode has room for"),
        pytest.param({"panel_height": "12"}, "short-property", True, id="a cell of one byte"),
        pytest.param({"panel_type": None}, "no-mode", True, id="no mode"),
        pytest.param({"bpp": "0000000b"}, "colour", True, id="eleven bits a pixel"),
        pytest.param({"bpp": None}, "no-colour", False, id="bits not said"),
        pytest.param({"reset_sequence": "000000010000000200"}, "short-property", False, id="reset of nine bytes"),
        pytest.param({"reset_sequence": "ffffffff0000000200000000"}, "reset", False, id="reset without pairs"),
        pytest.param({"on_command": None}, "no-on-command", False, id="nothing switches it on"),
    ],
)
def test_broken_property_is_a_finding_and_loses_no_panel(
    changed: dict[str, str | None], code: str, *, obstacle: bool
) -> None:
    panel = made(**changed)
    assert panel.name == "boe nt35596 1080p video mode dsi panel"
    assert code in codes(panel)
    assert bool(panel.obstacles) == obstacle


def test_megabyte_of_commands_is_read() -> None:
    panel = made(on_command="15010000000002510f" * 120_000)
    on = panel.sequence("on")
    assert on is not None
    assert len(on.packets) == 120_000


def test_fragments_over_a_panel_and_its_supplies_are_found() -> None:
    tree = parse_source("""/ {
        entries: supplies { entry@0 { qcom,supply-name = "vddio"; qcom,supply-min-voltage = <1800000>;
            qcom,supply-max-voltage = <1900000>; qcom,supply-enable-load = <62000>; }; };
        gpio: pins { };
        fragment@0 { target-path = "/"; __overlay__ { panel_x: x { qcom,mdss-dsi-panel-name = "x";
            qcom,mdss-dsi-panel-type = "dsi_cmd_mode"; qcom,mdss-dsi-lane-0-state; qcom,mdss-dsi-bpp = <30>;
            qcom,mdss-dsi-display-timings { timing@0 { qcom,mdss-dsi-panel-width = <1440>;
                qcom,mdss-dsi-panel-height = <3200>; qcom,mdss-dsi-panel-framerate = <120>;
                qcom,compression-mode = "dsc"; qcom,mdss-dsc-slice-width = <720>; qcom,mdss-dsc-slice-height = <40>;
                qcom,mdss-dsc-bit-per-component = <10>; qcom,mdss-dsc-block-prediction-enable; }; }; }; }; };
        fragment@1 { target = <&panel_x>; __overlay__ { qcom,panel-supply-entries = <&entries>;
            qcom,mdss-dsi-bl-pmic-control-type = "bl_ctrl_dcs"; qcom,mdss-dsi-bl-max-level = <2047>; }; };
        display { qcom,dsi-panel = <&panel_x>; qcom,platform-reset-gpio = <&gpio 6 1>; qcom,dsi-ctrl-num = <0 1>; };
    };""")
    (panel,) = panels(tree)
    assert [(supply.name, supply.maximum_uv) for supply in panel.supplies] == [("vddio", 1_900_000)]
    assert panel.backlight is not None
    assert (panel.backlight.kind, panel.backlight.maximum) == ("dcs", 2047)
    assert panel.dsc is not None
    assert (panel.dsc.slice_width, panel.dsc.bits_per_component, panel.dsc.block_prediction) == (720, 10, True)
    assert (panel.colour, panel.dual) == ("RGB101010", True)
    assert [(pin.use, pin.number, pin.controller) for pin in panel.pins] == [("reset", 6, "/pins")]


UNISOC_TREE = """/ { lcds { lcd_a { sprd,dsi-work-mode = <2>; sprd,dsi-lane-number = <4>; sprd,dsi-color-format = "rgb888";
    sprd,width-mm = <68>; sprd,height-mm = <121>; sprd,reset-on-sequence = <1 10>, <0 20>, <1 100>;
    sprd,initial-command = [13 78 00 01 11 13 0a 00 01 29]; sprd,sleep-in-command = [13 0a 00 01 28];
    display-timings { timing0 { clock-frequency = <61618320>; hactive = <576>; vactive = <1440>; hback-porch = <25>;
        hfront-porch = <45>; vback-porch = <50>; vfront-porch = <48>; hsync-len = <20>; vsync-len = <4>; }; }; }; }; };"""
ROCKCHIP_TREE = """/ { dsi { panel@0 { compatible = "elida,kd35t133", "simple-panel-dsi"; dsi,flags = <0xa03>; dsi,lanes = <1>;
    dsi,format = <0>; reset-delay-ms = <1>; init-delay-ms = <20>; panel-init-sequence = [05 fa 01 11 15 00 02 36 48];
    panel-exit-sequence = [05 00 01 28]; display-timings { timing0 { clock-frequency = <16994400>; hactive = <320>;
        vactive = <480>; hfront-porch = <130>; hsync-len = <4>; hback-porch = <130>; vfront-porch = <2>;
        vsync-len = <1>; vback-porch = <2>; }; }; }; }; };"""
AMLOGIC_TREE = """/ { lcd { lcd_0 { model_name = "B080XAN01"; interface = "mipi";
    basic_setting = <768 1024 948 1140 8 119 159>; lcd_timing = <64 56 0 50 30 0>; clk_attr = <0 0 1 64843200>;
    mipi_attr = <4 550 0 1 0 2 1 0>; dsi_init_on = <0x05 1 0x11 0xfd 1 20 0x05 1 0x29 0xff 0>; extern_init = <0xff>; }; }; };"""
GEN_TREE = """/ { gen-panel-x { gen-panel-name = "x"; gen-panel-xres = <1024>; gen-panel-yres = <600>; gen-panel-refresh = <60>;
    gen-panel-lan-number = <4>; gen-panel-work-mode = <1>; gen-panel-bus-width = <24>;
    gen-panel-h-front-porch = <160>; gen-panel-h-sync-width = <2>; gen-panel-h-back-porch = <148>;
    gen-panel-init-cmds = [29 00 00 64 00 02 09 29]; }; };"""


@pytest.mark.parametrize(
    ("source", "reader", "mode", "on", "off"),
    [
        (UNISOC_TREE, "unisoc", Mode.SYNC_PULSE, [("11", 120), ("29", 10)], ["28"]),
        (ROCKCHIP_TREE, "rockchip", Mode.BURST, [("11", 250), ("3648", 0)], ["28"]),
        (AMLOGIC_TREE, "amlogic", Mode.BURST, [("11", 20), ("29", 0)], []),
        (GEN_TREE, "samsung", Mode.BURST, [("0929", 100)], []),
    ],
    ids=["unisoc", "rockchip", "amlogic", "gen-panel"],
)
def test_other_notations_are_read(
    source: str, reader: str, mode: Mode, on: list[tuple[str, int]], off: list[str]
) -> None:
    (panel,) = panels(parse_source(source))
    assert (panel.reader, panel.mode, panel.obstacles) == (reader, mode, ())
    assert panel.timing is not None
    assert 59 <= panel.timing.fps <= 61
    first = panel.sequence("on")
    assert first is not None
    assert [(packet.sent.hex(), packet.wait_ms) for packet in first.packets] == on
    last = panel.sequence("off")
    assert [packet.sent.hex() for packet in last.packets] if last else off == []


@pytest.mark.parametrize(
    ("source", "name", "place"),
    [
        (('/ { s { panel_name = "s6e3"; resolution = <720 1480>; timing,refresh = <60>; timing,h-porch = <26 62 2>; '
         "timing,v-porch = <10 12 2>; }; };"), "s6e3", "exynos"),
        ('/ { p { panel-name = "one", "two"; panel-lut = <0 1 2>; }; };', "one", "exynos"),
        ('/ { chosen { atag,videolfb-lcmname = "nt35695_truly_drv"; }; };', "nt35695_truly_drv", "lcm/nt35695_truly"),
    ],
)  # fmt: skip
def test_what_stands_in_code_is_said(source: str, name: str, place: str) -> None:
    panel = panels(parse_source(source))[0]
    assert panel.name == name
    (finding,) = panel.obstacles
    assert finding.code == "in-code"
    assert place in finding.message


TWO = """/ {{ chosen {{ bootargs = "{bootargs}"; }};
    qcom,mdss_dsi_one_video {{ qcom,mdss-dsi-panel-name = "one"; qcom,mdss-dsi-panel-type = "dsi_video_mode"; }};
    two: qcom,mdss_dsi_two_video {{ qcom,mdss-dsi-panel-name = "two"; qcom,mdss-dsi-panel-type = "dsi_video_mode"; }};
    ctrl {{ {prefers} }}; }};"""


@pytest.mark.parametrize(
    ("bootargs", "prefers", "cmdline", "expected"),
    [
        ("mdss_mdp.panel=1:dsi:0:qcom,mdss_dsi_one_video:1:none", "", "", "one"),
        ("msm_drm.dsi_display0=dsi_two_video_display:config0", "", "", "two"),
        ("quiet", "qcom,dsi-pref-prim-pan = <&two>;", "", "two"),
        ("quiet", "qcom,dsi-pref-prim-pan = <&two>;", "mdss_mdp.panel=1:dsi:0:qcom,mdss_dsi_one_video", "one"),
        ("quiet", "", "", None),
    ],
)
def test_fitted_panel_is_found_by_evidence(bootargs: str, prefers: str, cmdline: str, expected: str | None) -> None:
    tree = parse_source(TWO.format(bootargs=bootargs, prefers=prefers))
    found = fitted(tree, panels(tree), cmdline)
    assert (found.panel.name if found else None) == expected


@given(st.binary(max_size=400), st.sampled_from([QUALCOMM, QUALCOMM_OLD, UNISOC, ROCKCHIP, GEN_PANEL]))
def test_any_bytes_are_packets_or_a_trouble(data: bytes, layout: Any) -> None:
    found = read_packets(data, layout)
    used = sum(layout.size + len(packet.payload) for packet in found.packets)
    assert (used == len(data)) is not bool(found.trouble)


@given(
    st.dictionaries(
        st.sampled_from(["on_command", "panel_width", "reset_sequence", "bpp", "panel_type"]), st.binary(max_size=40)
    )
)
def test_any_bytes_in_properties_give_a_panel(changed: dict[str, bytes]) -> None:
    panel = made(**{name: value.hex() for name, value in changed.items()})
    assert as_json(panel)["name"]


@pytest.mark.corpus
@pytest.mark.parametrize("path", boards(), ids=lambda path: path.name)
def test_every_panel_of_real_trees_is_whole_or_has_a_reason(path: Any) -> None:
    for panel in panels(tree_of(path)):
        assert panel.obstacles or (panel.timing and panel.mode and panel.lanes), panel.node
        assert as_json(panel)["node"] == panel.node


@pytest.mark.corpus
@pytest.mark.parametrize(
    "pair",
    [item for item in pairs() if item["vendor"]["tree_file"]] or [{}],
    ids=lambda pair: pair.get("driver", "absent"),
)
def test_real_panels_are_what_their_nodes_say(pair: dict[str, Any]) -> None:
    if not pair:
        pytest.skip("the panels with known drivers are not here (set PMPORT_CORPUS)")
    vendor, said = pair["vendor"], pair["vendor"]["timing"]
    (panel,) = [p for name, p in every_panel() if name == vendor["tree_file"] and p.node.endswith(vendor["node"])]
    timing, on = panel.timing, panel.sequence("on")
    assert timing is not None
    assert on is not None
    names = ("hactive", "vactive", "hfp", "hsync", "hbp", "vfp", "vsync", "vbp", "fps")
    assert (timing.width, timing.height, *timing.porches, timing.fps) == tuple(said[name] for name in names)
    assert [(p.data_type, p.wait_ms, list(p.sent)) for p in on.packets] == [
        (p["dtype"], p["wait_ms"], p["bytes"]) for p in vendor["on"]
    ]
    assert [step for pair in panel.reset for step in pair] == vendor["reset_level_ms"]
    assert list(panel.size_mm) == [vendor["width_mm"] or 0, vendor["height_mm"] or 0]
