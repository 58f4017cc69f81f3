"""Who a node refers to: clocks, GPIOs, regulators, pin states, power domains, memory regions and the like..

Each entry of such a property is a phandle and as many cells as the provider's ``#…-cells`` says, so only the whole
tree can tell where one entry ends.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> tree = DeviceTree()
    >>> gcc = tree.root.add("clock-controller")
    >>> gcc["#clock-cells"] = 1
    >>> uart = tree.root.add("serial")
    >>> uart["clocks"] = [tree.phandle_of(gcc), 7, gcc.phandle, 9]
    >>> uart["clock-names"] = ["core", "iface"]
    >>> [(found.node.path, found.args, found.name) for found in references(uart, "clocks")]
    [('/clock-controller', (7,), 'core'), ('/clock-controller', (9,), 'iface')]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.devicetree.bindings import REST, binding_of
from pmport.devicetree.fdt_header import NO_PHANDLES
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.bindings import Binding
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["PATH_LISTS", "Reference", "all_references", "entries", "references", "refers", "regulators", "resolve"]

PATH_LISTS = frozenset({"aliases", "__symbols__", "__fixups__", "__local_fixups__"})
"""Children of the root whose properties are named by labels."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of a property that refers to other nodes.

    Args:
        user: The node that refers.
        property: The property's name.
        kind: What is referred to, in one word: ``clock``, ``gpio``, ``regulator`` …
        phandle: The phandle; 0 for an entry that was left empty on purpose.
        node: The node referred to; None where the phandle is 0.
        args: The cells that belong to the entry.
        name: Its name in the companion property (``clock-names`` …); empty where there is none.
        index: Which entry it is, counted from 0.
        cell: Which cell of the property holds the phandle, counted from 0.
        before: The cells before the phandle, for maps.
    """

    user: TreeNode
    property: str
    kind: str
    phandle: int
    node: TreeNode | None
    args: tuple[int, ...] = ()
    name: str = ""
    index: int = 0
    cell: int = 0
    before: tuple[int, ...] = ()

    def __str__(self) -> str:
        target = "nothing" if self.node is None else self.node.path
        return f"{self.user.path}/{self.property}[{self.index}] → {target}" + (f" {self.args}" if self.args else "")


def references(node: TreeNode, name: str) -> tuple[Reference, ...]:
    """The references in one property.

    Args:
        node: The node.
        name: The property.

    Returns:
        Its entries in order; none where the node has no such property, or its name is not known to refer.

    Raises:
        FormatError: If a phandle leads nowhere, the provider does not say how many cells it takes, or cells are
            missing; with the offset in the property.
    """
    binding = binding_of(name)
    value = node.get(name)
    if binding is None or value is None or not refers(node, name):
        return ()
    return resolve(node, name, value.cells, binding)


def refers(node: TreeNode, name: str) -> bool:
    """Whether a property refers to other nodes, by its name and where it stands.

    Args:
        node: The node.
        name: The property.

    Returns:
        False also for the ``gpios`` of a GPIO hog, which belong to its parent, and for lists of paths like ``/aliases``,
        whose names are labels.
    """
    if binding_of(name) is None or (name == "gpios" and "gpio-hog" in node.raw):
        return False
    return node.name not in PATH_LISTS or node.parent is None or node.parent.parent is not None


def resolve(node: TreeNode, name: str, cells: tuple[int, ...], binding: Binding) -> tuple[Reference, ...]:
    """Split cells into references.

    Args:
        node: The node that refers.
        name: The property.
        cells: Its cells.
        binding: How they are written.

    Returns:
        The entries.

    Raises:
        FormatError: As :func:`references` does.
    """
    names = _names(node, name, binding)
    return tuple(
        Reference(
            node,
            name,
            binding.kind,
            cells[at],
            target,
            cells[at + 1 : past],
            names[number] if number < len(names) else "",
            number,
            at,
            cells[at - binding.before : at],
        )
        for number, (at, past, target) in enumerate(entries(node, name, cells, binding))
    )


def entries(
    node: TreeNode, name: str, cells: tuple[int, ...], binding: Binding
) -> Iterator[tuple[int, int, TreeNode | None]]:
    """Where each entry of a property stands.

    Args:
        node: The node that refers.
        name: The property.
        cells: Its cells.
        binding: How they are written.

    Yields:
        ``(cell of the phandle, cell behind the specifier, the node that is referred to)``; cells of a map's entry stand
        before the one and behind the other.

    Raises:
        FormatError: As :func:`references` does.
    """
    nodes = node.phandles
    size, before, after = len(cells), binding.before, binding.after
    i = 0
    while i < size:
        at = i + before
        if at >= size:
            raise _misfit(node, name, "ends within an entry", size)
        phandle = cells[at]
        target = nodes.get(phandle)
        if target is None and phandle:
            what = "is not resolved yet" if phandle in NO_PHANDLES else "leads nowhere"
            raise _misfit(node, name, f"holds the phandle {phandle:#x}, which {what}", at)
        count = 0 if target is None else _count(target, binding, node, name, at)
        past = size if count == REST else at + 1 + count
        i = past + (after if target is not None else 0)
        if i > size:
            raise _misfit(node, name, f"ends within an entry that takes {count} cells", size)
        yield at, past, target


def all_references(node: TreeNode) -> Iterator[Reference]:
    """Every reference of a node that can be resolved, interrupts by ``interrupt-parent`` not included.

    Args:
        node: The node.

    Yields:
        References, in the order of the properties. What is wrong is left out; :func:`references` says why.
    """
    for name in node.raw:
        if refers(node, name):
            try:
                yield from references(node, name)
            except FormatError:
                continue


def regulators(node: TreeNode) -> dict[str, TreeNode]:
    """The supplies of a node.

    Args:
        node: The node.

    Returns:
        Supply name (without ``-supply``) → regulator.
    """
    found = {}
    for name in node.raw:
        if name.endswith("-supply"):
            supply = node.phandles.get(node[name].number)
            if supply is not None:
                found[name.removesuffix("-supply")] = supply
    return found


def _count(target: TreeNode, binding: Binding, node: TreeNode, name: str, cell: int) -> int:
    if isinstance(binding.cells, int):
        return binding.cells
    value = target.raw.get(binding.cells)
    if value is not None and len(value) == 4:
        return int.from_bytes(value, "big")
    if binding.default is None:
        raise _misfit(node, name, f"refers to {target.path}, which has no {binding.cells}", cell)
    return binding.default


def _names(node: TreeNode, name: str, binding: Binding) -> tuple[str, ...]:
    if name.startswith("pinctrl-"):
        states = node.strings("pinctrl-names")
        number = int(name[8:])
        return (states[number],) * 64 if number < len(states) else ()
    return node.strings(binding.names) if binding.names and name + "-names" != binding.names else ()


def _misfit(node: TreeNode, name: str, what: str, cell: int) -> FormatError:
    return FormatError(
        f"{node.path.rstrip('/')}/{name} {what}", format="device tree property", field=name, offset=4 * cell
    )
