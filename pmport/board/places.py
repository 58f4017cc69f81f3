"""Names for nodes that mean the same in a vendor's tree and in mainline's: addresses, not paths.

A controller is known by the address at which the processor sees it, a part on a bus by its number there, a part of a
PMIC by the PMIC's unit and its own register, a regulator by PMIC and output.

Example:
    >>> from pmport.devicetree import parse_source
    >>> tree = parse_source('''/ { #address-cells = <1>; #size-cells = <1>;
    ...     i2c@78b9000 { reg = <0x78b9000 0x500>; #address-cells = <1>; #size-cells = <0>;
    ...         touch@38 { reg = <0x38>; }; }; };''')
    >>> Places(tree).key(tree["/i2c@78b9000/touch@38"])
    '@78b9000/38'
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.devicetree.addresses import to_cpu
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["Places", "bus_of", "is_uart"]

SPMI = re.compile(r"spmi")
UART = re.compile(r"uart|serial")


def one(node: TreeNode, name: str, default: int = -1) -> int:
    """The first cell of a property.

    Args:
        node: The node.
        name: The property.
        default: What to give where there is none.

    Returns:
        The number.
    """
    value = node.raw.get(name)
    return int.from_bytes(value[:4], "big") if value is not None and len(value) >= 4 else default


def is_uart(node: TreeNode) -> bool:
    """Whether a node is a serial port.

    Args:
        node: The node.

    Returns:
        True if its name or its strings say so.
    """
    return node.unit_name in {"serial", "uart"} or any(UART.search(text) for text in node.compatible)


def bus_of(node: TreeNode) -> str:
    """What kind of bus a node is for its children.

    Args:
        node: The node.

    Returns:
        ``i2c``, ``spi``, ``spmi``, ``dsi`` or nothing.
    """
    text, base = " ".join(node.compatible), node.unit_name
    if "spmi" in base or "spmi-pmic-arb" in text:
        return "spmi"
    if one(node, "#address-cells", 2) == 1 and one(node, "#size-cells", 1) == 0:
        if base.startswith(("i2c", "hsi2c")) or "i2c" in text:
            return "i2c"
        if base.startswith("spi") or re.search(r"\bspi\b|-spi", text):
            return "spi"
        if base.startswith(("dsi", "mdss_dsi")) or "dsi" in text:
            return "dsi"
    return ""


class Places:
    """The keys of a tree's nodes.

    Args:
        tree: The tree.
    """

    def __init__(self, tree: DeviceTree) -> None:
        self.tree = tree
        self._keys: dict[TreeNode, str] = {}
        self._addresses: dict[TreeNode, int | None] = {}

    def address(self, node: TreeNode) -> int | None:
        """Where the processor sees a node.

        Args:
            node: The node.

        Returns:
            The address; None where it is not mapped.
        """
        if node not in self._addresses:
            self._addresses[node] = _address(node)
        return self._addresses[node]

    def key(self, node: TreeNode) -> str:
        """The key of a node.

        Args:
            node: The node.

        Returns:
            ``@78b9000``, ``@78b9000/38``, ``pmic0``, ``pmic0:c000`` …; empty where it has none.
        """
        found = self._keys.get(node)
        if found is None:
            self._keys[node] = ""  # a loop ends here
            found = self._keys[node] = self._key(node)
        return found

    def _key(self, node: TreeNode) -> str:
        parent = node.parent
        if parent is None or node.name == "reserved-memory" or parent.name == "reserved-memory":
            return ""
        address = self.address(node)
        if address is not None:
            return f"@{address:x}"
        bus = bus_of(parent)
        if bus in {"i2c", "spi", "dsi"} and "reg" in node.raw:
            return f"{self.key(parent)}/{one(node, 'reg', 0):x}"
        if bus == "spmi":
            return f"pmic{one(node, 'reg', 0)}"
        return self._in_pmic(node, parent) or self._below(node, parent)

    def _in_pmic(self, node: TreeNode, parent: TreeNode) -> str:
        unit = next(
            (up for up in (node, *node.ancestors) if up.parent is not None and bus_of(up.parent) == "spmi"), None
        )
        if unit is not None and "reg" in node.raw and parent is unit:
            return f"pmic{one(unit, 'reg', 0)}:{one(node, 'reg'):x}"
        return ""

    def _below(self, node: TreeNode, parent: TreeNode) -> str:
        above = self.key(parent)
        return f"{above}/{node.name}" if above else ""

    @cached_property
    def nodes(self) -> dict[str, TreeNode]:
        """Key → node; of several, the first that is in use."""
        found: dict[str, TreeNode] = {}
        for node in self.tree.walk():
            key = self.key(node)
            if key and (key not in found or (node.enabled and not found[key].enabled)):
                found[key] = node
        return found


def _address(node: TreeNode) -> int | None:
    parent = node.parent
    value = node.raw.get("reg")
    if parent is None or not value:
        return None
    cells = one(parent, "#address-cells", 2)
    if not 1 <= cells <= 2 or len(value) < 4 * cells or one(parent, "#size-cells", 1) == 0:
        return None
    try:
        return to_cpu(node, int.from_bytes(value[: 4 * cells], "big"))
    except FormatError:
        return None
