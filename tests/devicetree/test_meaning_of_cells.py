"""References, addresses and interrupts are resolved by the cells that the tree itself declares."""

from __future__ import annotations

import contextlib
from pathlib import Path

import fdt
import pytest
from support import corpus_files, real

from pmport.devicetree import DeviceTree, find_blobs
from pmport.devicetree.addresses import cpu_ranges, reg, to_cpu
from pmport.devicetree.interrupt_resolver import interrupt_parent, interrupts
from pmport.devicetree.pyfdt import from_fdt, to_fdt
from pmport.devicetree.reference_resolver import all_references, references, regulators
from pmport.errors import FormatError

TREES = corpus_files("dtb", "*.dtb") + corpus_files("dtb-split", "**/*.dtb")[::9]


def first_tree(path: Path) -> DeviceTree:
    (found, *_) = find_blobs(real(path).read_bytes())
    return found.blob.tree()


def test_a_reference_ends_where_the_provider_says(phone: DeviceTree) -> None:
    clock = phone.root.add("clock-controller")
    clock["#clock-cells"] = 2
    user = phone.root.add("user")
    user["clocks"] = [phone.phandle_of(clock), 1, 2, 0, phone.phandle_of(clock), 3, 4]
    found = references(user, "clocks")
    assert [(item.node, item.args) for item in found] == [(clock, (1, 2)), (None, ()), (clock, (3, 4))]


def test_a_reference_that_leads_nowhere_says_where_it_stands(phone: DeviceTree) -> None:
    user = phone.root.add("user")
    user["clocks"] = [0x777, 1]
    with pytest.raises(FormatError, match="clocks"):
        references(user, "clocks")


def test_regulators_go_by_the_name_of_their_supply(phone: DeviceTree) -> None:
    regulator = phone.root.add("regulator-l5")
    regulator["regulator-name"] = "l5"
    user = phone.root.add("user")
    user["vdd-supply"] = phone.phandle_of(regulator)
    assert regulators(user) == {"vdd": regulator}


def test_an_address_is_translated_bus_by_bus(phone: DeviceTree) -> None:
    soc = phone["/soc@0"]
    bus = soc.add("bus@1000000")
    bus["#address-cells"] = bus["#size-cells"] = 1
    bus["ranges"] = [0x0, 0x100_0000, 0x1000]
    device = bus.add("device@20")
    device["reg"] = [0x20, 0x10]
    assert [found.address for found in reg(device)] == [0x20]
    assert [found.address for found in cpu_ranges(device)] == [0x100_0020]
    assert to_cpu(device, 0x5000) is None


def test_interrupts_go_to_the_nearest_parent(phone: DeviceTree) -> None:
    serial = phone["/soc@0/serial@78b0000"]
    serial["interrupts"] = [0, 107, 4]
    (found,) = interrupts(serial)
    assert interrupt_parent(serial) is phone["/soc@0/interrupt-controller@b000000"]
    assert (found.controller, found.cells, found.trigger) == (interrupt_parent(serial), (0, 107, 4), "level high")


def test_a_nexus_passes_an_interrupt_on(phone: DeviceTree) -> None:
    gic = phone["/soc@0/interrupt-controller@b000000"]
    nexus = phone.root.add("nexus")
    nexus["#interrupt-cells"] = 1
    nexus["#address-cells"] = 0
    nexus["interrupt-map"] = [5, phone.phandle_of(gic), 0, 33, 1]
    user = phone.root.add("user")
    user["interrupt-parent"] = phone.phandle_of(nexus)
    user["interrupts"] = [5]
    (found,) = interrupts(user)
    assert (found.controller, found.cells, found.via) == (gic, (0, 33, 1), (nexus,))


@pytest.mark.corpus
@pytest.mark.parametrize("path", TREES, ids=lambda path: path.name)
def test_real_trees_resolve_or_say_what_does_not(path: Path) -> None:
    tree = first_tree(path)
    resolved = 0
    for node in tree.walk():
        with contextlib.suppress(FormatError):  # vendors' trees leave things out; whoever asks is told what
            resolved += len(list(all_references(node))) + len(interrupts(node)) + len(cpu_ranges(node))
    assert resolved or len(list(tree.walk())) < 10


@pytest.mark.corpus
@pytest.mark.parametrize("path", TREES[::6], ids=lambda path: path.name)
def test_the_fdt_package_sees_the_same_values(path: Path) -> None:
    tree = first_tree(path)
    theirs = fdt.parse_dtb(to_fdt(tree).to_dtb(version=17))
    again = from_fdt(theirs, DeviceTree())
    assert [(node.path, {name: node[name].bytes for name in node.properties}) for node in again.walk()] == [
        (node.path, {name: node[name].bytes for name in node.properties}) for node in tree.walk()
    ]


def test_a_reference_prints_where_it_stands_and_where_it_leads(phone: DeviceTree) -> None:
    clock = phone.root.add("clock-controller")
    clock["#clock-cells"] = 1
    user = phone.root.add("user")
    user["clocks"] = [phone.phandle_of(clock), 7, 0]
    user["clock-names"] = ["core"]
    first, second = references(user, "clocks")
    assert str(first) == "/user/clocks[0] → /clock-controller (7,)"
    assert str(second) == "/user/clocks[1] → nothing"
    assert [(item.name, item.index, item.cell) for item in (first, second)] == [("core", 0, 0), ("", 1, 2)]


@pytest.mark.parametrize(
    ("cells", "words", "offset"),
    [
        ([0x777, 1], "0x777, which leads nowhere", 0),
        ([0, 0xFFFFFFFF], "is not resolved yet", 4),
        (["clock", 1], "takes 2 cells", 8),
        (["clock", 1, 2, 0, "clock"], "takes 2 cells", 20),
        ([0, "bare"], "has no #clock-cells", 4),
    ],
)
def test_cells_that_do_not_fit_are_shown_by_their_offset(
    phone: DeviceTree, cells: list[int | str], words: str, offset: int
) -> None:
    clock = phone.root.add("clock-controller")
    clock["#clock-cells"] = 2
    handles = {"clock": phone.phandle_of(clock), "bare": phone.phandle_of(phone.root.add("no-controller"))}
    user = phone.root.add("user")
    user["clocks"] = [handles[cell] if isinstance(cell, str) else cell for cell in cells]
    with pytest.raises(FormatError, match=words) as raised:
        references(user, "clocks")
    assert raised.value.offset == offset


def test_an_entry_of_a_map_has_cells_on_both_sides(phone: DeviceTree) -> None:
    smmu = phone.root.add("smmu")
    smmu["#iommu-cells"] = 1
    user = phone.root.add("pcie")
    entry = [0x100, phone.phandle_of(smmu), 0x1480, 0x1]
    user["iommu-map"] = [*entry, *entry]
    found = references(user, "iommu-map")
    assert [(item.before, item.node, item.args, item.cell) for item in found] == [
        ((0x100,), smmu, (0x1480,), 1),
        ((0x100,), smmu, (0x1480,), 5),
    ]
    user["iommu-map"] = [*entry, 0x100]
    with pytest.raises(FormatError, match="ends within an entry") as raised:
        references(user, "iommu-map")
    assert raised.value.offset == 20


def test_pin_states_go_by_their_names(phone: DeviceTree) -> None:
    pins = [phone.root.add(f"pins-{number}") for number in range(3)]
    user = phone.root.add("user")
    user["pinctrl-names"] = ["default", "sleep"]
    user["pinctrl-0"] = [phone.phandle_of(pins[0]), phone.phandle_of(pins[1])]
    user["pinctrl-1"] = [phone.phandle_of(pins[2])]
    user["pinctrl-2"] = [phone.phandle_of(pins[2])]
    assert [(item.name, item.node) for number in range(3) for item in references(user, f"pinctrl-{number}")] == [
        ("default", pins[0]),
        ("default", pins[1]),
        ("sleep", pins[2]),
        ("", pins[2]),
    ]


def test_what_only_looks_like_a_reference_is_none(phone: DeviceTree) -> None:
    gpio = phone.root.add("gpio")
    gpio["#gpio-cells"] = 2
    hog = gpio.add("line-hog")
    hog["gpios"] = [phone.phandle_of(gpio), 3, 0]
    assert [item.node for item in references(hog, "gpios")] == [gpio]
    hog["gpio-hog"] = True
    assert references(hog, "gpios") == ()
    hog["reset-gpios"] = [phone.phandle_of(gpio), 3, 0]
    assert [item.node for item in references(hog, "reset-gpios")] == [gpio]
    assert references(hog, "label") == ()
    aliases = phone["/aliases"]
    aliases["reset-gpios"] = "/gpio"
    assert references(aliases, "reset-gpios") == ()
    deeper = gpio.add("aliases")
    deeper["reset-gpios"] = [phone.phandle_of(gpio), 1, 0]
    assert [item.node for item in references(deeper, "reset-gpios")] == [gpio]
