"""Each of dtc's checks finds its kind of fault, under dtc's name, at the line where dtc sees it; and no other source."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import judge

from pmport.cli import pmport as command
from pmport.devicetree import Blob, check, compile_source, parse_source
from pmport.devicetree.checks import CHECKS, KERNEL, Levels
from pmport.devicetree.checks.providers import PROVIDERS
from pmport.errors import FormatError

ONE = "#address-cells = <1>; #size-cells = <1>;"
I2C = "#address-cells = <1>; #size-cells = <0>;"
FAULTY = {
    "duplicate_node_names": "/ { a { }; a { }; };",
    "duplicate_property_names": "/ { a; a; };",
    "node_name_chars": "/ { a#b { }; };",
    "node_name_format": "/ { a@1@2 { }; };",
    "node_name_not_empty": "/ { @1 { }; };",
    "property_name_chars": "/ { a@b; };",
    "name_is_string": "/ { a { name = <1>; }; };",
    "name_properties": '/ { a { name = "b"; }; };',
    "node_name_vs_property_name": "/ { a; a { }; };",
    "duplicate_label": "/ { l: a { }; l: b { }; };",
    "explicit_phandles": "/ { a { phandle = <1>; }; b { phandle = <1>; }; };",
    "phandle_references": "/ { a = <&b>; };",
    "path_references": "/ { a = &b; };",
    "value_truncated": "/ { a = /bits/ 8 <256>; };",
    "address_cells_is_cell": "/ { #address-cells = <1 1>; };",
    "size_cells_is_cell": "/ { #size-cells = [01]; };",
    "device_type_is_string": '/ { a { device_type = "a", "b"; }; };',
    "model_is_string": "/ { model = <1>; };",
    "status_is_string": "/ { status; };",
    "label_is_string": "/ { label = [61 62]; };",
    "compatible_is_string_list": "/ { compatible = [61 00 62]; };",
    "names_is_string_list": "/ { clock-names = <1 2 3>; reg-names = [61]; };",
    "property_name_chars_strict": "/ { a_b; };",
    "node_name_chars_strict": "/ { a_b { }; };",
    "reg_format": f"/ {{ {ONE} a@1 {{ reg = <1>; }}; }};",
    "ranges_format": f"/ {{ {ONE} a@1 {{ ranges = <1>; }}; }};",
    "dma_ranges_format": f"/ {{ {ONE} a {{ #address-cells = <2>; #size-cells = <1>; dma-ranges; }}; }};",
    "unit_address_vs_reg": "/ { a@1 { }; };",
    "unit_address_format": f"/ {{ {ONE} a@0x01 {{ reg = <1 1>; }}; }};",
    "pci_bridge": '/ { a { device_type = "pci"; }; };',
    "pci_device_reg": (
        f'/ {{ {ONE} pcie@1 {{ reg = <1 1>; device_type = "pci"; ranges; #address-cells = <3>; #size-cells = <2>; '
        "a@1 { reg = <0x10000 0 0 0 0>; }; }; };"
    ),
    "pci_device_bus_num": (
        f'/ {{ {ONE} pcie@1 {{ reg = <1 1>; device_type = "pci"; ranges; #address-cells = <3>; #size-cells = <2>; '
        "bus-range = <0 0>; a@0 { reg = <0x10000 0 0 0 0>; }; }; };"
    ),
    "simple_bus_reg": f'/ {{ {ONE} soc {{ compatible = "simple-bus"; {ONE} ranges; a@2 {{ reg = <1 1>; }}; }}; }};',
    "i2c_bus_bridge": f"/ {{ i2c {{ {ONE} a@1 {{ reg = <1 1>; }}; }}; }};",
    "i2c_bus_reg": f"/ {{ i2c {{ {I2C} a@80 {{ reg = <0x80>; }}; }}; }};",
    "spi_bus_bridge": f"/ {{ spi {{ {ONE} a@1 {{ reg = <1 1>; }}; }}; }};",
    "spi_bus_reg": f"/ {{ spi {{ {I2C} a@1 {{ reg = <0>; }}; }}; }};",
    "avoid_default_addr_size": "/ { a { b@1 { reg = <0 1 1>; }; }; };",
    "avoid_unnecessary_addr_size": f"/ {{ {ONE} a {{ {ONE} b {{ }}; }}; }};",
    "unique_unit_address": f'/ {{ {ONE} a@1 {{ reg = <1 1>; }}; b@1 {{ reg = <1 1>; status = "disabled"; }}; }};',
    "unique_unit_address_if_enabled": f"/ {{ {ONE} a@1 {{ reg = <1 1>; }}; b@1 {{ reg = <1 1>; }}; }};",
    "obsolete_chosen_interrupt_controller": "/ { chosen { interrupt-controller = <1>; }; };",
    "chosen_node_is_root": "/ { a { chosen { }; }; };",
    "chosen_node_bootargs": "/ { chosen { bootargs = <1>; }; };",
    "chosen_node_stdout_path": '/ { chosen { linux,stdout-path = "/"; }; };',
    "deprecated_gpio_property": "/ { g: g { #gpio-cells = <0>; }; a { reset-gpio = <&g>; }; };",
    "gpios_property": "/ { g: g { #gpio-cells = <2>; }; a { reset-gpios = <&g 1>; }; };",
    "interrupts_property": "/ { a { interrupts = <1>; }; };",
    "interrupt_provider": "/ { a { interrupt-controller; }; };",
    "interrupt_map": "/ { a { #interrupt-cells = <1>; #address-cells = <1>; interrupt-map = <1 2>; }; };",
    "alias_paths": '/ { aliases { a = "/nope"; }; };',
    "graph_nodes": "/ { endpoint { }; };",
    "graph_child_address": f"/ {{ a {{ ports {{ {I2C} port@0 {{ reg = <0>; endpoint {{ }}; }}; }}; }}; }};",
    "graph_port": "/ { a { b { endpoint { }; }; }; };",
    "graph_endpoint": "/ { a { port { endpoint { remote-endpoint = <&e>; }; }; }; b { port { e: endpoint { }; }; }; };",
    "always_fail": "/ { };",
}
for _name, _counted_by in PROVIDERS.items():
    _stem = _name.replace("-", "_")
    FAULTY[f"{_stem}_is_cell"] = f"/ {{ p: p {{ {_counted_by} = [01]; }}; }};"
    FAULTY[f"{_stem}_property"] = f"/ {{ p: p {{ {_counted_by} = <2>; }}; u {{ {_name} = <&p 1>; }}; }};"
SILENT = {"addr_size_cells", "omit_unused_nodes", "simple_bus_bridge"}
"""They fail only where what they need fails."""
NEWER = {"node_name_not_empty", "value_truncated", "interrupt_map", "graph_nodes"}
"""Checks that Debian 12's dtc has not, or dies of."""
ELSEWHERE = {"phandle_references", "path_references", "pci_device_bus_num"}
"""Where dtc shows the node, or the bus, pmport shows the reference or the number that is wrong."""
OFF = [name for name, entry in CHECKS.items() if entry.level == "off"]
SAID = re.compile(r"^(\S+?):(\d+)\.(\d+)\S*: (?:ERROR|Warning) \((\w+)\): (?!Failed)", re.MULTILINE)


def test_there_is_a_faulty_source_for_each_check() -> None:
    assert set(FAULTY) | SILENT == set(CHECKS)


@pytest.mark.parametrize("name", FAULTY)
def test_each_check_finds_its_fault(name: str) -> None:
    made = compile_source("/dts-v1/; " + FAULTY[name], levels=Levels([name]), force=True)
    found = [finding for finding in made.findings if finding.code == name]
    assert found
    assert all(finding.where.startswith("source:1:") for finding in found)
    assert bytes(made.tree)


@pytest.mark.judge
@pytest.mark.parametrize("name", [name for name in FAULTY if name not in NEWER | ELSEWHERE])
def test_dtc_says_the_same_of_the_same_places(name: str) -> None:
    text = "/dts-v1/;\n" + FAULTY[name]
    ran = subprocess.run(
        [judge("dtc", "device-tree-compiler"), f"-W{name}", "-f", "-O", "dtb", "-o", "/dev/null", "-"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    found = SAID.findall(ran.stderr.decode())
    said = {(int(line), int(column)) for _, line, column, code in found if code == name}
    made = compile_source(text, levels=Levels([name]), force=True)
    ours = {tuple(map(int, finding.where.split(":")[1:])) for finding in made.findings if finding.code == name}
    assert ours == said


GOOD = f"""/dts-v1/;
/ {{
    {ONE}
    model = "Board"; compatible = "acme,board", "acme,chip"; interrupt-parent = <&gic>;
    aliases {{ serial0 = &uart; }};
    chosen {{ stdout-path = "serial0:115200n8"; bootargs = "quiet"; }};
    gic: interrupt-controller@100 {{ reg = <0x100 1>; #interrupt-cells = <3>; interrupt-controller; }};
    soc@0 {{
        compatible = "simple-bus"; {ONE} ranges = <0 0 0x1000>; reg = <0 0x1000>;
        uart: serial@200 {{ reg = <0x200 1>; interrupts = <0 1 4>; clocks = <&clk 1>; clock-names = "core"; }};
        clk: clock-controller@300 {{ reg = <0x300 1>; #clock-cells = <1>; }};
        gpio: gpio@400 {{ reg = <0x400 1>; #gpio-cells = <2>; gpio-controller; hog {{ gpio-hog; gpios = <1 0>; }}; }};
        i2c@500 {{
            reg = <0x500 1>; {I2C}
            touchscreen@38 {{ reg = <0x38>; reset-gpios = <&gpio 1 0>, <0>; nr,nr-gpios = <3>; }};
            tuner@80000123 {{ reg = <0x80000123>; }};
            own@10 {{ reg = <0x40000010>; }};
        }};
        spi@600 {{ reg = <0x600 1>; {I2C} flash@0 {{ reg = <0>; spi-max-frequency = <1>; }}; }};
        panel@700 {{ reg = <0x700 1>; port {{ a: endpoint {{ remote-endpoint = <&b>; }}; }}; }};
        dsi@800 {{ reg = <0x800 1>; ports {{ {I2C}
            port@0 {{ reg = <0>; }}; port@1 {{ reg = <1>; b: endpoint {{ remote-endpoint = <&a>; }}; }}; }}; }};
    }};
    pcie@1000 {{
        device_type = "pci"; reg = <0x1000 1>; ranges = <0 0 0 0 0 0>; #address-cells = <3>; #size-cells = <2>;
        bus-range = <0 1>; #interrupt-cells = <1>; interrupt-map-mask = <0 0 0 7>;
        interrupt-map = <0 0 0 1 &intc 9>;
        wifi@1,2 {{ reg = <0x10a00 0 0 0 0>; }};
    }};
    intc: interrupt-controller@2000 {{ reg = <0x2000 1>; interrupt-controller; #interrupt-cells = <1>; #address-cells = <0>; }};
}};
"""


def test_a_good_source_is_left_alone() -> None:
    levels = Levels(name for name in OFF if name != "always_fail")
    made = compile_source(GOOD, levels=levels)
    assert [str(finding) for finding in made.findings] == []
    assert not check(Blob.parse(bytes(made.tree)).tree(), levels)


def test_of_a_blob_the_path_is_told() -> None:
    tree = parse_source("/ { soc { #address-cells = <1>; #size-cells = <0>; a@1 { reg = <1 2 3>; b@1 { }; }; }; };")
    tree["/soc/a@1"]["reg"] = [1, 2]
    found = {(finding.where, finding.code) for finding in check(Blob.parse(bytes(tree)).tree())}
    assert ("/soc/a@1/b@1", "unit_address_vs_reg") in found


def test_levels_rise_with_what_a_check_needs_and_fall_with_what_needs_it() -> None:
    assert Levels(errors=["reg_format"]).of("address_cells_is_cell") == "error"
    assert Levels(["no-address_cells_is_cell"]).of("reg_format") == "off"
    assert Levels(["no_size_cells_is_cell"]).of("address_cells_is_cell") == "warning"
    assert Levels(errors=["always_fail", "no-always_fail"]).of("always_fail") == "off"
    with pytest.raises(FormatError, match="'nope' is no check"):
        Levels(["nope"])


@pytest.mark.parametrize("level", KERNEL)
def test_the_kernels_levels_name_checks(level: int) -> None:
    levels = Levels(KERNEL[level])
    assert (levels.of("unit_address_vs_reg") == "warning") is (level > 0)
    assert (levels.of("unique_unit_address_if_enabled") == "warning") is (level > 0)
    assert (levels.of("unique_unit_address") == "warning") is (level == 2)


def test_the_command_checks_source_and_blob_and_lists_the_checks(tmp_path: Path) -> None:
    source, blob = tmp_path / "a.dts", tmp_path / "a.dtb"
    source.write_text("/dts-v1/;\n/ {\n\ta@1 { };\n};\n", encoding="utf-8")
    blob.write_bytes(bytes(parse_source(source.read_text(encoding="utf-8"))))
    run = CliRunner().invoke(command, ["dt", "check", str(source)], standalone_mode=False)
    assert run.return_value == 1
    assert f"{source}:3:6" in run.output
    run = CliRunner().invoke(command, ["dt", "check", str(blob), "--json"], standalone_mode=False)
    assert [found["code"] for found in json.loads(run.output)["findings"]] == ["unit_address_vs_reg"]
    run = CliRunner().invoke(command, ["dt", "check", str(source), "--kernel", "0"], standalone_mode=False)
    assert (run.return_value, run.output.strip()) == (0, "no findings")
    run = CliRunner().invoke(command, ["dt", "check", "--list"], standalone_mode=False)
    assert all(name in run.output for name in CHECKS)


def test_a_blob_with_one_phandle_twice_can_be_checked(tmp_path: Path) -> None:
    tree = parse_source("/ { a { phandle = <1>; }; b { }; };")
    tree["/b"]["phandle"] = 1
    (tmp_path / "a.dtb").write_bytes(bytes(tree))
    run = CliRunner().invoke(command, ["dt", "check", str(tmp_path / "a.dtb"), "--json"], standalone_mode=False)
    assert [found["code"] for found in json.loads(run.output)["findings"]] == ["explicit_phandles", "not_checked"]


def test_compile_says_warnings_and_writes_nothing_where_there_are_errors(tmp_path: Path) -> None:
    source, blob = tmp_path / "a.dts", tmp_path / "a.dtb"
    source.write_text("/dts-v1/; / { a@1 { }; b { }; b { }; };", encoding="utf-8")
    run = CliRunner().invoke(command, ["dt", "compile", str(source), "-o", str(blob)])
    assert "ERROR (duplicate_node_names)" in run.output
    assert "Warning (unit_address_vs_reg)" in run.output
    assert isinstance(run.exception, FormatError)
    assert not blob.exists()
    run = CliRunner().invoke(command, ["dt", "compile", "-fqq", str(source), "-o", str(blob)])
    assert (run.exit_code, run.output) == (0, "")
    assert blob.exists()
