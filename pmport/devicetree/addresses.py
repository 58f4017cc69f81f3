"""``reg`` and ``ranges``: from a bus address to the address that the processor sees.

Devicetree Specification 0.4, sections 2.3.5, 2.3.6 and 2.3.8; PCI addresses as in IEEE 1275's PCI binding, whose
highest cell holds the kind of space.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> tree = DeviceTree()
    >>> soc = tree.root.add("soc")
    >>> soc["#address-cells"] = soc["#size-cells"] = 1
    >>> soc["ranges"] = [0, 0, 0x40000000, 0x10000000]
    >>> uart = soc.add("serial@1000")
    >>> uart["reg"] = [0x1000, 0x200]
    >>> reg(uart)
    (Range(address=4096, size=512, name=''),)
    >>> [hex(found.address) for found in cpu_ranges(uart)]
    ['0x40001000']
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Range", "address_cells", "cpu_ranges", "reg", "size_cells", "to_cpu"]

PCI_SPACE = 0x03000000
"""Bits of a PCI address's highest cell that say which space it is in: configuration, I/O, 32 or 64 bit memory."""


@dataclass(frozen=True, slots=True)
class Range:
    """Some addresses.

    Args:
        address: The first.
        size: How many; 0 where the bus has no sizes.
        name: Its name in ``reg-names``.
    """

    address: int
    size: int
    name: str = ""

    @property
    def end(self) -> int:
        """The first address behind."""
        return self.address + self.size

    def __str__(self) -> str:
        return f"{self.address:#x}+{self.size:#x}"


def address_cells(bus: TreeNode) -> int:
    """How many cells an address on this bus has.

    Args:
        bus: The node that the devices are children of.

    Returns:
        Its ``#address-cells``; 2 where it has none, as the specification says.
    """
    return _cell(bus, "#address-cells", 2)


def size_cells(bus: TreeNode) -> int:
    """How many cells a size on this bus has.

    Args:
        bus: The node that the devices are children of.

    Returns:
        Its ``#size-cells``; 1 where it has none, as the specification says.
    """
    return _cell(bus, "#size-cells", 1)


def reg(node: TreeNode, name: str = "reg") -> tuple[Range, ...]:
    """The address ranges of a node, as its bus counts them.

    Args:
        node: The node.
        name: The property, such as ``reg``, ``assigned-addresses`` or ``linux,usable-memory``.

    Returns:
        The ranges; none where the node has no such property.

    Raises:
        FormatError: If the length does not fit the cells of the bus.
    """
    value = node.get(name)
    if value is None or node.parent is None or not value.bytes:
        return ()
    wide, sizes = address_cells(node.parent), size_cells(node.parent)
    cells, step = value.cells, wide + sizes
    if not step or len(cells) % step:
        raise FormatError(
            f"{node.path}/{name} has {len(cells)} cells, and an entry on {node.parent.path} takes {step}",
            format="device tree property",
            field=name,
            offset=4 * (len(cells) // step * step if step else 0),
        )
    names = node.strings("reg-names") if name == "reg" else ()
    return tuple(
        Range(_number(cells[i : i + wide]), _number(cells[i + wide : i + step]), names[k] if k < len(names) else "")
        for k, i in enumerate(range(0, len(cells), step))
    )


def cpu_ranges(node: TreeNode, name: str = "reg") -> tuple[Range, ...]:
    """The address ranges of a node, as the processor sees them.

    Args:
        node: The node.
        name: The property.

    Returns:
        The ranges that can be translated; none of a device on a bus without ``ranges``, such as I²C.

    Raises:
        FormatError: If a length does not fit the cells of its bus.
    """
    found = []
    for item in reg(node, name):
        address = to_cpu(node, item.address)
        if address is not None:
            found.append(Range(address, item.size, item.name))
    return tuple(found)


def to_cpu(node: TreeNode, address: int) -> int | None:
    """Translate an address of a node's bus.

    Args:
        node: A node on the bus.
        address: The address, as the bus counts.

    Returns:
        The processor's address; None where a bus on the way has no ``ranges``, or none that holds the address.

    Raises:
        FormatError: If the length of a ``ranges`` does not fit.
    """
    bus = node.parent
    while bus is not None and bus.parent is not None:
        ranges = bus.get("ranges")
        if ranges is None:
            return None
        if ranges.bytes:
            moved = _through(bus, address)
            if moved is None:
                return None
            address = moved
        bus = bus.parent
    return address if bus is not None else None


def _through(bus: TreeNode, address: int) -> int | None:
    """Through one ``ranges``, from the bus to the one above it."""
    value = bus["ranges"]
    cells = value.cells
    inner, sizes = address_cells(bus), size_cells(bus)
    outer = address_cells(bus.parent) if bus.parent is not None else 0
    step = inner + outer + sizes
    if not step or len(cells) % step:
        raise FormatError(
            f"{bus.path}/ranges has {len(cells)} cells, and an entry takes {step}",
            format="device tree property",
            field="ranges",
            offset=4 * (len(cells) // step * step if step else 0),
        )
    for i in range(0, len(cells), step):
        child = cells[i : i + inner]
        size = _number(cells[i + inner + outer : i + step])
        if inner == 3:
            if (child[0] ^ address >> 64) & PCI_SPACE:
                continue
            child, wanted = child[1:], address & (1 << 64) - 1
        else:
            wanted = address
        first = _number(child)
        if first <= wanted < first + size:
            return _number(cells[i + inner : i + inner + outer]) + wanted - first
    return None


def _cell(node: TreeNode, name: str, default: int) -> int:
    value = node.raw.get(name)
    return int.from_bytes(value, "big") if value is not None and len(value) == 4 else default


def _number(cells: tuple[int, ...]) -> int:
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value
