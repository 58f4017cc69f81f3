"""PCI, simple-bus, I²C and SPI: which node is such a bus, and whether its children's addresses are as it has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.addresses import address_cells, size_cells
from pmport.devicetree.checks.context import cells

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark
    from pmport.devicetree.tree_node import TreeNode

__all__ = [
    "i2c_bus_bridge",
    "i2c_bus_reg",
    "pci_bridge",
    "pci_device_bus_num",
    "pci_device_reg",
    "simple_bus_bridge",
    "simple_bus_reg",
    "spi_bus_bridge",
    "spi_bus_reg",
]

I2C_OWN_ADDRESS, I2C_TEN_BITS = 1 << 30, 1 << 31
"""Flags in ``reg`` of an I²C device: ``include/dt-bindings/i2c/i2c.h`` of the kernel."""


def _wrong_cells(node: TreeNode, bus: str, wide: int, sizes: int) -> Iterator[Remark]:
    if address_cells(node) != wide:
        yield node, "", f"#address-cells of {bus} is {wide}"
    if size_cells(node) != sizes:
        yield node, "", f"#size-cells of {bus} is {sizes}"


def _wrong_unit(node: TreeNode, bus: str, *wanted: str) -> Iterator[Remark]:
    if node.unit_address not in wanted:
        yield node, "", f"the unit address on {bus} would be {wanted[-1]}"


# PCI Bus Binding to IEEE 1275


def pci_bridge(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A PCI host or bridge: its name, cells and ranges."""
    if node.raw.get("device_type", b"").partition(b"\0")[0] != b"pci":
        return
    context.buses[node] = "pci"
    if node.unit_name not in {"pci", "pcie"}:
        yield node, "", "a PCI bridge is called pci or pcie"
    if "ranges" not in node.raw:
        yield node, "", "a PCI bridge has ranges"
    yield from _wrong_cells(node, "PCI", 3, 2)
    buses = node.raw.get("bus-range")
    if buses is None:
        return
    if len(buses) != 8:
        yield node, "bus-range", "it has two cells"
        return
    first, last = cells(node, "bus-range") or (0, 0)
    if first > last:
        yield node, "bus-range", "its first bus is behind its last"
    if last > 0xFF:
        yield node, "bus-range", "a bus number is less than 256"


def pci_device_bus_num(context: Context, node: TreeNode) -> Iterator[Remark]:
    """The bus number of a device is one of its bridge's."""
    reg = cells(node, "reg")
    if context.bus_above(node) != "pci" or not reg or node.parent is None:
        return
    number = reg[0] >> 16 & 0xFF
    first, last = (*(cells(node.parent, "bus-range") or ()), 0, 0)[:2]
    if not first <= number <= last:
        yield node, "reg", f"the bus number {number} is not one of {first} to {last}"


def pci_device_reg(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``reg`` of a device begins with its place in configuration space, and its unit address tells the same."""
    reg = cells(node, "reg")
    if context.bus_above(node) != "pci" or not reg or len(reg) < 3:
        return
    if reg[1] or reg[2]:
        yield node, "reg", "the second and third cell of a place in configuration space are 0"
    device, function = reg[0] >> 11 & 0x1F, reg[0] >> 8 & 7
    if reg[0] >> 24:
        yield node, "reg", "its first entry is not in configuration space"
    if reg[0] & 0xFF:
        yield node, "reg", "the register number of a place in configuration space is 0"
    short = () if function else (f"{device:x}",)
    yield from _wrong_unit(node, "PCI", *short, f"{device:x},{function:x}")


# simple-bus: Devicetree Specification 0.4, section 4.5


def simple_bus_bridge(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Which nodes are simple buses."""
    if b"simple-bus" in node.raw.get("compatible", b"").split(b"\0"):
        context.buses[node] = "simple-bus"
    return iter(())


def simple_bus_reg(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A child's unit address is its first address."""
    if context.bus_above(node) != "simple-bus" or node.parent is None:
        return
    found = cells(node, "reg")
    if found is None and node.raw.get("ranges"):
        found = (cells(node, "ranges") or ())[address_cells(node) :]
    if found is None:
        if node.parent.parent is not None and context.buses.get(node) != "simple-bus":
            yield node, "", "it has neither reg nor ranges"
        return
    address = 0
    for number in found[: address_cells(node.parent)]:
        address = (address << 32 | number) & (1 << 64) - 1
    yield from _wrong_unit(node, "a simple bus", f"{address:x}")


# I²C


def i2c_bus_bridge(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Which nodes are I²C buses, by their names; their cells."""
    inner = any(child.unit_name == "i2c-bus" for child in node.children.values())
    if node.unit_name not in {"i2c-bus", "i2c-arb"} and (node.unit_name != "i2c" or inner):
        return
    context.buses[node] = "i2c"
    if node.children:
        yield from _wrong_cells(node, "an I²C bus", 1, 0)


def i2c_bus_reg(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A device's unit address is its first address; addresses have 7 bits, or 10 where they say so."""
    if context.bus_above(node) != "i2c":
        return
    found = cells(node, "reg")
    if not found:
        yield node, "", "it has no reg, or an empty one"
        return
    yield from _wrong_unit(node, "I²C", f"{found[0] & ~I2C_OWN_ADDRESS:x}")
    for number in found:
        address = number & ~I2C_OWN_ADDRESS
        if address & I2C_TEN_BITS:
            if address & ~I2C_TEN_BITS > 0x3FF:
                yield node, "reg", f"{address:#x} has more than 10 bits"
        elif address > 0x7F:
            yield node, "reg", f"{address:#x} has more than 7 bits; I2C_TEN_BIT_ADDRESS marks those of 10"


# SPI


def spi_bus_bridge(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Which nodes are SPI buses, by their names or their children's properties; their cells."""
    if node.unit_name != "spi":
        like = address_cells(node) == 1 and size_cells(node) == 0
        if not like or not any(name.startswith("spi-") for child in node.children.values() for name in child.raw):
            return
    context.buses[node] = "spi"
    if node.unit_name != "spi" and "reg" in node.raw:
        yield node, "", "an SPI bus is called spi"
    if node.children:
        yield from _wrong_cells(node, "an SPI bus", 0 if "spi-slave" in node.raw else 1, 0)


def spi_bus_reg(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A device's unit address is its chip select."""
    if context.bus_above(node) != "spi" or node.parent is None or "spi-slave" in node.parent.raw:
        return
    found = cells(node, "reg")
    if not found:
        yield node, "", "it has no reg, or an empty one"
        return
    yield from _wrong_unit(node, "SPI", f"{found[0]:x}")
