"""The device tree that can be edited: nodes, raw properties, and the ways to find a node.

Example:
    >>> tree = DeviceTree()
    >>> tree.root["model"] = "Example Phone"
    >>> uart = tree.root.add("soc").add("serial@78b0000")
    >>> uart["compatible"] = ["qcom,msm-uartdm-v1.4", "qcom,msm-uartdm"]
    >>> tree["/soc/serial@78b0000"]["compatible"].strings
    ('qcom,msm-uartdm-v1.4', 'qcom,msm-uartdm')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.tree_node import NO_PHANDLES, TreeNode
from pmport.render import Renders, Table

if TYPE_CHECKING:
    import fdt

    from pmport.devicetree.fdt_layout import TreeLayout

__all__ = ["DeviceTree"]


class DeviceTree(Renders):
    """A whole tree: the root, the memory reservations, and what its blob looked like.

    Args:
        root: The root; None: a new one without anything.
        reservations: ``(address, size)`` of the memory reservation block.
        boot_cpu: Physical id of the boot processor.
        layout: How the blob that it was read from was laid out; None: as :program:`dtc` lays out.
    """

    def __init__(
        self,
        root: TreeNode | None = None,
        reservations: list[tuple[int, int]] | None = None,
        *,
        boot_cpu: int = 0,
        layout: TreeLayout | None = None,
    ) -> None:
        self.root: TreeNode = root or TreeNode("")
        self.reservations: list[tuple[int, int]] = reservations if reservations is not None else []
        self.boot_cpu = boot_cpu
        self.layout = layout

    # finding

    def __getitem__(self, path: str) -> TreeNode:
        """The node at a path (``/soc/serial@78b0000``), of an alias (``serial0``) or with a label (``&uart2``).

        Raises:
            KeyError: If there is none.
        """
        node = self.get(path)
        if node is None:
            kind = "node with the label" if path.startswith("&") else "node at" if path[:1] == "/" else "alias"
            raise KeyError(f"the tree has no {kind} {path}")
        return node

    def get(self, path: str) -> TreeNode | None:
        """The node at a path, of an alias or with a label; None where there is none.

        Args:
            path: ``/soc/serial@78b0000``; ``serial0`` or ``serial0/child``; ``&uart2``. What follows a colon, as in
                ``stdout-path``, is left out.

        Returns:
            The node.
        """
        if path.startswith("&"):
            return self.label(path[1:].strip("{}")) if not path.startswith("&{") else self.get(path[2:].rstrip("}"))
        path = path.partition(":")[0]
        if path.startswith("/"):
            return self.root.find(path)
        alias, _, rest = path.partition("/")
        target = self.aliases.get(alias)
        return target.find(rest) if target is not None and alias else None

    def named(self, text: str) -> tuple[TreeNode, ...]:
        """The nodes that a person may mean.

        Args:
            text: A path, an alias, a label with or without ``&``; else a node's name, with or without its unit address.

        Returns:
            The nodes; none where nothing has that name.

        Example:
            >>> tree = DeviceTree()
            >>> _ = tree.root.add("touchscreen@38"), tree.root.add("touchscreen@40")
            >>> [node.name for node in tree.named("touchscreen")]
            ['touchscreen@38', 'touchscreen@40']
        """
        node = self.get(text) or self.label(text)
        if node is not None:
            return (node,)
        return tuple(node for node in self.walk() if text in {node.name, node.unit_name} and node.parent is not None)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path) is not None

    def __iter__(self) -> Iterator[TreeNode]:
        return self.root.walk()

    def walk(self) -> Iterator[TreeNode]:
        """Every node, in the order of the blob.

        Yields:
            Nodes, the root first.
        """
        return self.root.walk()

    @property
    def phandles(self) -> dict[int, TreeNode]:
        """Phandle → node; of several with the same, the first."""
        return self.root.phandles

    def by_phandle(self, number: int) -> TreeNode | None:
        """The node that a phandle stands for.

        Args:
            number: The phandle.

        Returns:
            The node, or None.
        """
        return self.phandles.get(number)

    def phandle_of(self, node: TreeNode) -> int:
        """The phandle of a node; a free one is given to it where it has none.

        Args:
            node: A node of this tree.

        Returns:
            Its phandle. No other node's phandle ever changes.
        """
        number = node.phandle
        if number is None:
            number = max(self.phandles, default=0) + 1
            if number in NO_PHANDLES:
                number = next(free for free in range(1, 0xFFFFFFFF) if free not in self.phandles)
            node["phandle"] = number
        return number

    @property
    def aliases(self) -> dict[str, TreeNode]:
        """Alias → node, of ``/aliases``; those that lead nowhere are left out."""
        return self._paths("aliases")

    @property
    def labels(self) -> dict[str, TreeNode]:
        """Label → node: of the source, and of ``/__symbols__``."""
        found = self._paths("__symbols__")
        found.update((label, node) for node in self.root.walk() if node.labels for label in node.labels)
        return found

    def label(self, name: str) -> TreeNode | None:
        """The node with a label.

        Args:
            name: The label, without ``&``.

        Returns:
            The node, or None.
        """
        return self.labels.get(name)

    def _paths(self, name: str) -> dict[str, TreeNode]:
        holder = self.root.children.get(name)
        found = {}
        for key in holder.raw if holder is not None else ():
            path = next(iter(holder.strings(key)), "") if holder is not None else ""
            node = self.root.find(path) if path.startswith("/") else None
            if node is not None:
                found[key] = node
        return found

    @property
    def chosen(self) -> TreeNode | None:
        """``/chosen``, or None."""
        return self.root.children.get("chosen")

    @property
    def is_overlay(self) -> bool:
        """Whether it is an overlay: a child of the root holds ``__overlay__``."""
        return any("__overlay__" in node.children for node in self.root.children.values())

    # writing

    def __bytes__(self) -> bytes:
        from pmport.devicetree.fdt_write import write  # noqa: PLC0415 - the two modules need each other

        return write(self)

    def copy(self) -> DeviceTree:
        """Another tree with the same content, that can be edited without changing this one.

        Returns:
            The copy; what its blob looked like is forgotten, the names' offsets excepted.
        """
        root = TreeNode("")
        pairs = [(self.root, root)]
        while pairs:
            ours, theirs = pairs.pop()
            theirs.raw = dict(ours.raw)
            theirs.labels = ours.labels
            for name, child in ours.children.items():
                twin = TreeNode(name, theirs)
                theirs.children[name] = twin
                pairs.append((child, twin))
        return DeviceTree(root, list(self.reservations), boot_cpu=self.boot_cpu, layout=self.layout)

    def sort(self) -> None:
        """Put reservations, properties and nodes into the order of their names: ``dtc -s``."""
        self.reservations.sort()
        for node in self.walk():
            for table in (node.raw, node.children):
                items: list[tuple[str, object]] = sorted(
                    table.items(), key=lambda item: item[0].encode(errors="surrogateescape")
                )
                table.clear()
                table.update(items)  # type: ignore[arg-type]  # each table gets its own values back

    def to_fdt(self) -> fdt.FDT:
        """As an object of the ``fdt`` package; see :func:`pmport.devicetree.pyfdt.to_fdt`.

        Returns:
            A new object.
        """
        from pmport.devicetree.pyfdt import to_fdt  # noqa: PLC0415 - few need it

        return to_fdt(self)

    @classmethod
    def from_fdt(cls, source: fdt.FDT) -> DeviceTree:
        """From an object of the ``fdt`` package; see :func:`pmport.devicetree.pyfdt.from_fdt`.

        Args:
            source: The object.

        Returns:
            A new tree.
        """
        from pmport.devicetree.pyfdt import from_fdt  # noqa: PLC0415 - few need it

        return from_fdt(source, cls())

    @classmethod
    def from_files(cls, files: Iterable[tuple[str, bytes | None]]) -> DeviceTree:
        r"""From the files of a ``/proc/device-tree`` directory: each directory a node, each file a property.

        :func:`pmport.open` reads such a directory.

        Args:
            files: ``(path relative to the directory, content)``; None for a directory. Directories come before what is
                in them. The kernel's own ``name`` files are no properties.

        Returns:
            A new tree; the kernel keeps neither reservations nor layout.

        Example:
            >>> tree = DeviceTree.from_files([("model", b"Phone\0"), ("soc", None), ("soc/reg", bytes(4))])
            >>> tree["/soc"]["reg"].cells
            (0,)
        """
        tree = cls()
        for path, content in files:
            parent, _, name = path.rpartition("/")
            node = tree[f"/{parent}"]
            if content is None:
                node.add(name)
            elif name != "name" or content.rstrip(b"\0").decode("utf-8", "replace") != node.unit_name:
                node.raw[name] = content
        return tree

    def view(self) -> Table:
        """The nodes below the root.

        Returns:
            A table.
        """
        model = next(iter(self.root.strings("model")), "device tree")
        rows = [(node.name, ", ".join(node.compatible), node.status) for node in self.root.children.values()]
        return Table(("node", "compatible", "status"), rows, title=model, empty="no nodes")

    def _repr_html_(self) -> str:
        from pmport.devicetree.tree_outline import outline  # noqa: PLC0415 - notebooks alone draw it

        return outline(self)._repr_html_()

    def __repr__(self) -> str:
        model = next(iter(self.root.strings("model")), "")
        return f"<DeviceTree {model!r}: {sum(1 for _ in self.root.walk())} nodes>"
