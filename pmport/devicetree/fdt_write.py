"""From nodes to a blob.

An untouched tree gives the bytes that it was read from: names keep their offsets in the strings block, blocks their
order, and what stands between them stays. What is new goes to the end of the strings block. The canonical form is the
one that :program:`dtc` writes: header, reservations, structure, strings; names in the order of their first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.devicetree.fdt_header import HEADER_SIZE, Header
from pmport.devicetree.fdt_layout import TreeLayout
from pmport.devicetree.fdt_old_versions import old_structure
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.fdt_layout import NodeLayout
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["VERSIONS", "write"]

_NODE = b"\0\0\0\1"
_END_NODE = b"\0\0\0\2"
_PROP = b"\0\0\0\3"
_NOP = b"\0\0\0\4"
_END = b"\0\0\0\t"
_PADS = (b"", b"\0\0\0", b"\0\0", b"\0")
_CANONICAL = [("reservations", b""), ("structure", b""), ("strings", b"")]
_ALIGN = {"reservations": 8, "structure": 4, "strings": 1}


VERSIONS = {1: (1, 28), 2: (1, 32), 3: (1, 36), 16: (16, 36), 17: (16, HEADER_SIZE)}
"""Version → the oldest that it is compatible with, and bytes of its header."""


def write(
    tree: DeviceTree, *, canonical: bool = False, padding: int = 0, version: int | None = None, spare: int = 0
) -> bytes:
    """Write a tree as a blob.

    Args:
        tree: The tree.
        canonical: Forget how the blob was laid out that the tree was read from.
        padding: Bytes to leave free at the end (``totalsize`` counts them), beside those that were there.
        version: The version, one of :data:`VERSIONS`; None: that of the layout, or 17. Another version than the layout's
            is laid out anew.
        spare: Empty entries behind the memory reservations, for a bootloader that adds to them.

    Returns:
        The blob.

    Raises:
        FormatError: If there is no such version.
    """
    layout = None if canonical else tree.layout
    if layout is None or not layout.blocks or (version is not None and version != layout.version):
        version = 17 if version is None else version
        if version not in VERSIONS:
            known = ", ".join(map(str, VERSIONS))
            raise FormatError(f"There is no version {version}", format="device tree blob", remedy=f"One of {known}")
        layout = TreeLayout(version, VERSIONS[version][0], b"", {}, list(_CANONICAL))
    names = _Names(layout)
    old = layout.version < 16
    reservations = [*tree.reservations, *[(0, 0)] * (spare + 1)]
    blocks = {
        "reservations": b"".join(a.to_bytes(8, "big") + s.to_bytes(8, "big") for a, s in reservations),
        "structure": old_structure(tree.root, names.head) if old else _structure(tree.root, names, layout),
    }
    blocks["strings"] = bytes(names.strings)
    pieces = [b""]
    offsets = {}
    past = head = VERSIONS[layout.version][1] if layout.version in VERSIONS else HEADER_SIZE
    for name, gap in layout.blocks:
        filler = gap if (past + len(gap)) % _ALIGN[name] == 0 else gap.rstrip(b"\0")
        filler += bytes(-(past + len(filler)) % _ALIGN[name])
        offsets[name] = past + len(filler)
        pieces += [filler, blocks[name]]
        past = offsets[name] + len(blocks[name])
    pieces += [layout.tail, bytes(padding)]
    header = Header(
        totalsize=past + len(layout.tail) + padding,
        off_dt_struct=offsets["structure"],
        off_dt_strings=offsets["strings"],
        off_mem_rsvmap=offsets["reservations"],
        version=layout.version,
        last_comp_version=layout.last_comp_version,
        boot_cpuid_phys=tree.boot_cpu,
        size_dt_strings=len(blocks["strings"]),
        size_dt_struct=len(blocks["structure"]),
    )
    pieces[0] = header.pack()[:head]
    return b"".join(pieces)


class _Names:
    """The strings block while it grows."""

    __slots__ = ("heads", "nameoffs", "strings")

    def __init__(self, layout: TreeLayout) -> None:
        self.strings = bytearray(layout.strings)
        self.nameoffs = dict(layout.nameoffs)
        self.heads: dict[str, dict[int, bytes]] = {}

    def head(self, name: str, size: int) -> bytes:
        """Token, length and name offset of a property."""
        offset = self.nameoffs.get(name)
        if offset is None:
            text = name.encode("utf-8", "surrogateescape") + b"\0"
            offset = self.strings.find(text)
            if offset < 0:
                offset = len(self.strings)
                self.strings += text
            self.nameoffs[name] = offset
        head = _PROP + size.to_bytes(4, "big") + offset.to_bytes(4, "big")
        self.heads.setdefault(name, {})[size] = head
        return head


def _structure(root: TreeNode, names: _Names, layout: TreeLayout) -> bytes:
    out: list[bytes] = [_NOP] * layout.structure_head
    append = out.append
    heads, pads = names.heads, _PADS
    stack: list[TreeNode | bytes] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, bytes):
            append(node)
            continue
        name = node.name.encode("utf-8", "surrogateescape")
        append(_NODE + name + b"\0\0\0\0"[len(name) & 3 :])
        if node.layout is not None:
            _odd_properties(node, node.layout, names, out)
            rest = _odd_children(node, node.layout)
        else:
            for key, value in node.raw.items():
                size = len(value)
                try:
                    append(heads[key][size])
                except KeyError:
                    append(names.head(key, size))
                append(value)
                if size & 3:
                    append(pads[size & 3])
            if not node.children:
                append(_END_NODE)
                continue
            rest = [*node.children.values(), _END_NODE]
        rest.reverse()
        stack.extend(rest)
    append(_END + layout.structure_tail)
    return b"".join(out)


def _odd_properties(node: TreeNode, layout: NodeLayout, names: _Names, out: list[bytes]) -> None:
    for key, value in node.raw.items():
        out.append(_NOP * layout.nops.get(key, 0))
        head = names.head(key, len(value))
        offset = layout.nameoffs.get(key)
        out += [head if offset is None else head[:8] + offset.to_bytes(4, "big"), value]
        pad = _PADS[len(value) & 3]
        kept = layout.pads.get(key, pad)
        out.append(kept if len(kept) == len(pad) else pad)


def _odd_children(node: TreeNode, layout: NodeLayout) -> list[TreeNode | bytes]:
    rest: list[TreeNode | bytes] = []
    for name, child in node.children.items():
        rest += [_NOP * layout.nops.get("/" + name, 0), child]
    return [*rest, _NOP * layout.nops.get("", 0) + _END_NODE]
