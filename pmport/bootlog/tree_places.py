"""From the name of a device, as the kernel's log has it, to its node in the tree.

The kernel names a platform device after its address and its node (``78d9000.usb``), one without an address after the nodes on
its way (``soc:remoteproc``), an I²C device after bus and address (``0-0020``), a panel after its host (``1a98000.dsi.0``).
Sources: drivers/of/device.c and platform.c (``of_device_make_bus_id``), drivers/i2c/i2c-core-base.c (``i2c_dev_set_name``),
drivers/gpu/drm/drm_mipi_dsi.c, drivers/spi/spi.c.

Example:
    >>> from pmport.devicetree import parse_source
    >>> tree = parse_source('''/ { #address-cells = <1>; #size-cells = <1>;
    ...   soc { #address-cells = <1>; #size-cells = <1>; ranges; usb@78d9000 { reg = <0x78d9000 0x200>; }; }; };''')
    >>> TreePlaces(tree).node("78d9000.usb").path
    '/soc/usb@78d9000'
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.devicetree.addresses import reg, to_cpu
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["TreePlaces", "device_of_path"]

I2C = re.compile(r"(\d+)-00([0-9a-f]{2})")
SPI = re.compile(r"spi(\d+)\.(\d+)")
SHORTEST = 5
"""Hexadecimal digits of an address that is not one on a bus such as I²C."""
BELOW_DSI = re.compile(r"(.+)\.(\d)")


class TreePlaces:
    """The nodes of a tree by the names of their devices.

    Args:
        tree: The tree that the kernel booted with.
    """

    def __init__(self, tree: DeviceTree) -> None:
        self._tree = tree

    def node(self, device: str) -> TreeNode | None:
        """The node of a device.

        Args:
            device: Its name in the log, or the path of a node.

        Returns:
            The node; None where the tree has none, or several fit.
        """
        if device.startswith("/"):
            return self._tree.get(device)
        found = self._platform.get(device)
        if found is not None:
            return found
        for pattern, bus in ((I2C, "i2c"), (SPI, "spi")):
            match = pattern.fullmatch(device)
            if match:
                return self._on_bus(bus, match[1], int(match[2], 16 if bus == "i2c" else 10))
        below = BELOW_DSI.fullmatch(device)
        host = self._platform.get(below[1]) if below else None
        if below and host is not None:
            return next((node for node in host.children.values() if node.cells("reg") == (int(below[2]),)), None)
        return self._tree.aliases.get(device)

    def name(self, node: TreeNode) -> str:
        """The name of a node's platform device.

        Args:
            node: A node.

        Returns:
            As the kernel makes it.
        """
        parts: list[str] = []
        while node.parent is not None:
            address = _address(node)
            if address is not None:
                return ":".join([f"{address:x}.{node.unit_name}", *reversed(parts)])
            parts.append(node.name)
            node = node.parent
        return ":".join(reversed(parts))

    @cached_property
    def _platform(self) -> dict[str, TreeNode]:
        """Name → node; the first of a name counts, as the kernel refuses the second."""
        found: dict[str, TreeNode] = {}
        for node in self._tree.walk():
            if node.parent is not None:
                found.setdefault(self.name(node), node)
        return found

    @cached_property
    def _buses(self) -> dict[str, list[TreeNode]]:
        """The controllers of each kind of bus."""
        nodes = list(self._tree.walk())
        return {bus: [node for node in nodes if node.unit_name in {bus, f"{bus}-gpio"}] for bus in ("i2c", "spi")}

    def _on_bus(self, bus: str, number: str, address: int) -> TreeNode | None:
        """The node at an address of a numbered bus; without an alias for the bus, the only one with that address."""
        named = self._tree.aliases.get(f"{bus}{number}")
        buses = [named] if named else self._buses[bus]
        nodes = [child for node in buses for child in node.children.values() if child.cells("reg")[:1] == (address,)]
        return nodes[0] if len(nodes) == 1 else None


def _address(node: TreeNode) -> int | None:
    """The first address of a node, as the processor sees it."""
    try:
        ranges = reg(node)
        return to_cpu(node, ranges[0].address) if ranges and ranges[0].size else None
    except FormatError:
        return None


def device_of_path(path: str) -> str:
    """The likely name of a node's device, where there is no tree to look it up in.

    Args:
        path: A path, such as ``/soc@0/geniqup@8c0000/i2c@890000``.

    Returns:
        The name after its last part, ``890000.i2c``; the path itself where that part has no address of the processor.
    """
    name, _, address = path.rpartition("/")[2].partition("@")
    return f"{address}.{name}" if len(address) >= SHORTEST else path
