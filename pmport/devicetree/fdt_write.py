"""From nodes to a blob.

An untouched tree gives the bytes that it was read from: names keep their offsets in the strings block, blocks their
order, and what stands between them stays. What is new goes to the end of the strings block. The canonical form is the
one that :program:`dtc` writes: header, reservations, structure, strings; names in the order of their first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.devicetree.fdt_header import HEADER_SIZE, Header
from pmport.devicetree.fdt_layout import TreeLayout

if TYPE_CHECKING:
    from pmport.devicetree.fdt_layout import NodeLayout
    from pmport.devicetree.tree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["write"]

_NODE = b"\0\0\0\1"
_END_NODE = b"\0\0\0\2"
_PROP = b"\0\0\0\3"
_NOP = b"\0\0\0\4"
_END = b"\0\0\0\t"
_PADS = (b"", b"\0\0\0", b"\0\0", b"\0")
_CANONICAL = [("reservations", b""), ("structure", b""), ("strings", b"")]
_ALIGN = {"reservations": 8, "structure": 4, "strings": 1}


def write(tree: DeviceTree, *, canonical: bool = False, padding: int = 0) -> bytes:
    """Write a tree as a blob of version 17.

    Args:
        tree: The tree.
        canonical: Forget how the blob was laid out that the tree was read from.
        padding: Bytes to leave free at the end (``totalsize`` counts them), beside those that were there.

    Returns:
        The blob.
    """
    layout = None if canonical else tree.layout
    if layout is None or not layout.blocks:
        layout = TreeLayout(17, 16, b"", {}, list(_CANONICAL))
    names = _Names(layout)
    blocks = {
        "reservations": b"".join(a.to_bytes(8, "big") + s.to_bytes(8, "big") for a, s in [*tree.reservations, (0, 0)]),
        "structure": _structure(tree.root, names, layout),
    }
    blocks["strings"] = bytes(names.strings)
    pieces = [b""]
    offsets = {}
    past = HEADER_SIZE
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
    pieces[0] = header.pack()
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
