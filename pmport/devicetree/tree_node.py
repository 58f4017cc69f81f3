"""A node of a device tree that can be edited: its raw properties, its children, and what it says of itself.

Example:
    >>> node = TreeNode("serial@78b0000")
    >>> node["status"] = "disabled"
    >>> node.unit_address, node.enabled
    ('78b0000', False)
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from pmport.devicetree.fdt_header import NO_PHANDLES
from pmport.devicetree.properties import Property, Value, encode

if TYPE_CHECKING:
    from pmport.devicetree.fdt_layout import NodeLayout

__all__ = ["NO_PHANDLES", "Properties", "TreeNode"]


class TreeNode:
    """One node.

    Args:
        name: Its name with the unit address: ``serial@78b0000``; the root's is empty.
        parent: The node that holds it; None for a root.

    Attributes:
        raw: Name → bytes of every property, in order: the only truth. To be read; write through ``node[name] = …``.
        children: Name → node, in order. To be read; change it with :meth:`add` and :meth:`remove`.
        labels: The labels that its source gave it. Those of a blob are in ``/__symbols__``: see ``tree.labels``.
        layout: What an exact rewrite of its blob has to know; None for nearly every node.
        index: At a root: phandle → node, as long as nothing has changed.
    """

    __slots__ = ("children", "index", "labels", "layout", "name", "parent", "raw")

    def __init__(self, name: str, parent: TreeNode | None = None) -> None:
        self.name: str = name
        self.parent = parent
        self.raw: dict[str, bytes] = {}
        self.children: dict[str, TreeNode] = {}
        self.labels: tuple[str, ...] = ()
        self.layout: NodeLayout | None = None
        self.index: dict[int, TreeNode] | None = None

    # properties

    def __getitem__(self, name: str) -> Property:
        """The property of that name.

        Raises:
            KeyError: If the node has none; the message names the node.
        """
        try:
            return Property(name, self.raw[name], self)
        except KeyError:
            raise KeyError(f"{self.path} has no property {name!r}") from None

    def get(self, name: str) -> Property | None:
        """The property of that name, or None.

        Args:
            name: Its name.

        Returns:
            The property.
        """
        value = self.raw.get(name)
        return None if value is None else Property(name, value, self)

    def __setitem__(self, name: str, value: Value) -> None:
        self.raw[name] = encode(value)
        if name.endswith("phandle"):
            self.changed()

    def __delitem__(self, name: str) -> None:
        if name not in self.raw:
            raise KeyError(f"{self.path} has no property {name!r}")
        del self.raw[name]
        if name.endswith("phandle"):
            self.changed()

    def __contains__(self, name: object) -> bool:
        return name in self.raw

    @property
    def properties(self) -> Properties:
        """All properties as a mapping of names to :class:`~pmport.devicetree.properties.Property`."""
        return Properties(self)

    def strings(self, name: str) -> tuple[str, ...]:
        """The strings of a property.

        Args:
            name: Its name.

        Returns:
            The strings; none where the property is absent or holds no strings.
        """
        value = self.raw.get(name)
        return Property(name, value, self).strings if value and value[-1] == 0 else ()

    def cells(self, name: str) -> tuple[int, ...]:
        """The cells of a property.

        Args:
            name: Its name.

        Returns:
            The cells; none where the property is absent or its length is no multiple of 4.
        """
        value = self.raw.get(name)
        return Property(name, value, self).cells if value and not len(value) & 3 else ()

    # place

    @property
    def path(self) -> str:
        """Its full path, such as ``/soc/serial@78b0000``."""
        names = []
        node = self
        while node.parent is not None:
            names.append(node.name)
            node = node.parent
        return "/" + "/".join(reversed(names))

    @property
    def root(self) -> TreeNode:
        """The node at the top."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    @property
    def phandles(self) -> dict[int, TreeNode]:
        """Phandle → node of the whole tree; of several with the same, the first."""
        root = self.root
        if root.index is None:
            root.index = {}
            for node in root.walk():
                number = node.phandle
                if number is not None:
                    root.index.setdefault(number, node)
        return root.index

    @property
    def ancestors(self) -> Iterator[TreeNode]:
        """The node above, and so on up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def depth(self) -> int:
        """How many nodes are above it."""
        return sum(1 for _ in self.ancestors)

    @property
    def unit_name(self) -> str:
        """The name without the unit address: ``serial``."""
        return self.name.partition("@")[0]

    @property
    def unit_address(self) -> str:
        """What follows the ``@`` of the name; empty where there is none."""
        return self.name.partition("@")[2]

    def walk(self) -> Iterator[TreeNode]:
        """It and everything below, in the order of the blob.

        Yields:
            Nodes. Adding or removing nodes meanwhile is allowed below those that were not yielded yet.
        """
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.children:
                stack.extend(reversed(node.children.values()))

    def find(self, path: str) -> TreeNode | None:
        """The node at a path below this one.

        Args:
            path: Names joined by ``/``. A name without unit address finds the only node of that name with one.

        Returns:
            The node, or None.
        """
        node = self
        for name in path.split("/"):
            if not name:
                continue
            child = node.children.get(name)
            if child is None:
                if "@" in name:
                    return None
                near = [item for item in node.children.values() if item.unit_name == name]
                if len(near) != 1:
                    return None
                child = near[0]
            node = child
        return node

    # editing

    def changed(self) -> None:
        """Tell the tree that nodes or phandles are others now; whoever writes to :attr:`raw` directly calls it."""
        self.root.index = None

    def add(self, name: str, *, before: str | None = None) -> TreeNode:
        """Make a new child.

        Args:
            name: Its name, with unit address.
            before: The name of the child that it shall stand before; None: last.

        Returns:
            The child.

        Raises:
            ValueError: If there is one of that name already, or the name cannot be one.
            KeyError: If there is no child ``before``.
        """
        if not name or "/" in name or "\0" in name:
            raise ValueError(f"{name!r} cannot be the name of a node")
        if name in self.children:
            raise ValueError(f"{self.path} has a node {name} already")
        child = TreeNode(name, self)
        self._insert(child, before)
        return child

    def attach(self, node: TreeNode, *, before: str | None = None) -> None:
        """Make a node that has no parent a child of this one.

        Args:
            node: The node, with everything below it.
            before: The name of the child that it shall stand before; None: last.

        Raises:
            ValueError: If it has a parent, or there is one of that name already.
        """
        if node.parent is not None or node.name in self.children or not node.name or node is self.root:
            raise ValueError(f"{node.name!r} cannot be attached to {self.path}")
        node.parent = self
        self._insert(node, before)

    def _insert(self, child: TreeNode, before: str | None) -> None:
        if before is not None and before not in self.children:
            raise KeyError(f"{self.path} has no node {before!r}")
        self.children[child.name] = child
        if before is not None:
            names = list(self.children)
            for name in names[names.index(before) : -1]:
                self.children[name] = self.children.pop(name)
        self.changed()

    def remove(self) -> None:
        """Take it out of its tree, with everything below it.

        Raises:
            ValueError: If it is the root.
        """
        if self.parent is None:
            raise ValueError("the root cannot be removed")
        parent = self.parent
        del parent.children[self.name]
        self.parent = None
        parent.changed()

    def rename(self, name: str) -> None:
        """Give it another name, in its place.

        Args:
            name: The new name, with unit address.

        Raises:
            ValueError: If it is the root, or a sibling has that name.
        """
        if self.parent is None or not name or "/" in name or "\0" in name:
            raise ValueError(f"{self.path} cannot be renamed to {name!r}")
        siblings = self.parent.children
        if name != self.name and name in siblings:
            raise ValueError(f"{self.parent.path} has a node {name} already")
        order = list(siblings.items())
        siblings.clear()
        for old, node in order:
            siblings[name if node is self else old] = node
        self.name = name
        self.changed()

    # meaning that needs nothing else

    @property
    def compatible(self) -> tuple[str, ...]:
        """The strings of ``compatible``, the most specific first."""
        return self.strings("compatible")

    @property
    def status(self) -> str:
        """Its own ``status``; ``okay`` where it has none. The old spelling ``ok`` is kept."""
        return next(iter(self.strings("status")), "okay")

    @property
    def enabled(self) -> bool:
        """Whether it and every node above it is in use, as the kernel sees it (``okay`` or ``ok``)."""
        node: TreeNode | None = self
        while node is not None:
            value = node.raw.get("status")
            if value and value.rstrip(b"\0") not in {b"okay", b"ok"}:
                return False
            node = node.parent
        return True

    @property
    def phandle(self) -> int | None:
        """Its phandle; None where nobody can refer to it."""
        value = self.raw.get("phandle") or self.raw.get("linux,phandle")
        number = int.from_bytes(value, "big") if value and len(value) == 4 else 0
        return None if number in NO_PHANDLES else number

    def __repr__(self) -> str:
        return f"<TreeNode {self.path}: {len(self.raw)} properties, {len(self.children)} nodes>"


class Properties(MutableMapping[str, Property]):
    """The properties of a node as a mapping that can be changed.

    Args:
        node: The node.
    """

    __slots__ = ("node",)

    def __init__(self, node: TreeNode) -> None:
        self.node: TreeNode = node

    def __getitem__(self, name: str) -> Property:
        return self.node[name]

    def __setitem__(self, name: str, value: Value) -> None:
        self.node[name] = value

    def __delitem__(self, name: str) -> None:
        del self.node[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.node.raw)

    def __len__(self) -> int:
        return len(self.node.raw)

    def __repr__(self) -> str:
        return f"Properties({', '.join(self.node.raw)})"
