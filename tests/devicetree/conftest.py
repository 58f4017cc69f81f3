"""What the tests of device trees share: small trees, and the real ones of the corpus."""

from __future__ import annotations

import pytest

from pmport.devicetree import DeviceTree


@pytest.fixture
def phone() -> DeviceTree:
    """A small tree with the usual kinds of nodes and references."""
    tree = DeviceTree(reservations=[(0x8000_0000, 0x1000)])
    root = tree.root
    root["#address-cells"] = 2
    root["#size-cells"] = 1
    root["model"] = "Example Phone"
    root["compatible"] = ["example,phone", "qcom,msm8916"]
    root["qcom,msm-id"] = [206, 0]
    root["qcom,board-id"] = [8, 0]
    root["interrupt-parent"] = 1
    root.add("aliases")["serial0"] = "/soc@0/serial@78b0000"
    chosen = root.add("chosen")
    chosen["stdout-path"] = "serial0:115200n8"
    chosen["bootargs"] = "quiet"
    memory = root.add("memory@80000000")
    memory["device_type"] = "memory"
    memory["reg"] = [0, 0x8000_0000, 0x4000_0000]
    soc = root.add("soc@0")
    soc["compatible"] = "simple-bus"
    soc["#address-cells"] = 1
    soc["#size-cells"] = 1
    soc["ranges"] = [0, 0, 0, 0xFFFF_FFFF]
    gic = soc.add("interrupt-controller@b000000")
    gic["#interrupt-cells"] = 3
    gic["interrupt-controller"] = True
    gic["phandle"] = 1
    serial = soc.add("serial@78b0000")
    serial["compatible"] = ["qcom,msm-uartdm-v1.4", "qcom,msm-uartdm"]
    serial["reg"] = [0x78B_0000, 0x200]
    serial["interrupts"] = [0, 108, 4]
    serial["clocks"] = [2, 7, 2, 9]
    serial["clock-names"] = ["core", "iface"]
    clocks = soc.add("clock-controller@1800000")
    clocks["#clock-cells"] = 1
    clocks["phandle"] = 2
    symbols = root.add("__symbols__")
    symbols["blsp1_uart2"] = "/soc@0/serial@78b0000"
    symbols["gcc"] = "/soc@0/clock-controller@1800000"
    return tree
