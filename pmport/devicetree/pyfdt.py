"""To and from the objects of the ``fdt`` package, for scripts that already use it.

That package keeps no raw bytes, no padding and no name offsets: what goes there and comes back has the same values,
and the canonical layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pmport.errors import MissingDependencyError

if TYPE_CHECKING:
    import fdt

    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["from_fdt", "to_fdt"]


def to_fdt(tree: DeviceTree) -> fdt.FDT:
    """A tree as an ``fdt.FDT``.

    Args:
        tree: The tree.

    Returns:
        A new object; its list of reservations is its own, other than those that ``fdt`` makes itself share.

    Raises:
        MissingDependencyError: If the package ``fdt`` is not installed.

    Example:
        >>> from pmport.devicetree import DeviceTree
        >>> tree = DeviceTree()
        >>> tree.root["model"] = "Example Phone"
        >>> to_fdt(tree).get_property("model").value
        'Example Phone'
    """
    try:
        import fdt  # noqa: PLC0415 - costs 12 ms, and few need it
        from fdt.items import new_property  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            "Objects of the package fdt need that package", install="pip install fdt"
        ) from error

    result = fdt.FDT(entries=[{"address": address, "size": size} for address, size in tree.reservations])
    result.header.version = 17
    result.header.boot_cpuid_phys = tree.boot_cpu
    made: dict[int, Any] = {id(tree.root): result.root}
    for node in tree.walk():
        copy = made[id(node)]
        for name, raw in node.raw.items():
            copy.append(new_property(name, raw))
        for child in node.children.values():
            made[id(child)] = fdt.Node(child.name)
            copy.append(made[id(child)])
    return result


def from_fdt(source: fdt.FDT, tree: DeviceTree) -> DeviceTree:
    """An ``fdt.FDT`` as a tree.

    Args:
        source: The object.
        tree: An empty tree, which is filled.

    Returns:
        The tree.
    """
    tree.reservations = [(entry["address"], entry["size"]) for entry in source.entries]
    tree.boot_cpu = source.header.boot_cpuid_phys or 0
    stack: list[tuple[Any, TreeNode]] = [(source.root, tree.root)]
    while stack:
        theirs, ours = stack.pop()
        for item in theirs.props:
            ours[item.name] = _raw(item)
        pairs = [(child, ours.add(child.name)) for child in theirs.nodes]
        stack.extend(reversed(pairs))
    return tree


def _raw(item: Any) -> bytes:
    kind = type(item).__name__
    if kind == "PropStrings":
        return b"".join(text.encode("ascii") + b"\0" for text in item.data)
    if kind == "PropWords":
        return b"".join(word.to_bytes(4, "big") for word in item.data)
    return bytes(getattr(item, "data", b""))
