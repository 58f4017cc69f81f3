"""From the structure block to nodes.

One loop over 32-bit words, without recursion: a tree of any depth and any length is read or refused, and every refusal
names the offset. Tokens: Devicetree Specification 0.4, section 5.4.
"""

from __future__ import annotations

import sys
from array import array
from typing import NoReturn

from pmport.devicetree.fdt_header import KIND, Header
from pmport.devicetree.fdt_layout import NodeLayout, TreeLayout
from pmport.devicetree.fdt_old_versions import drop_names, modernise
from pmport.devicetree.tree import DeviceTree
from pmport.devicetree.tree_node import NO_PHANDLES, TreeNode
from pmport.errors import FormatError

__all__ = ["MAX_DEPTH", "read_tree"]

MAX_DEPTH = 256
"""How deep nodes may be nested. Linux unflattens 64 levels; no tree of a phone has more than 12."""

BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9

_DIRTY = (0, 0x00FFFFFF, 0x0000FFFF, 0x000000FF)
"""By the length's last two bits: which bits of the last word are padding."""


def read_tree(data: bytes, header: Header, *, unique: bool = True) -> DeviceTree:
    """Read a whole blob.

    Args:
        data: The blob; ``header.totalsize`` bytes.
        header: Its header, checked.
        unique: Refuse a tree in which two nodes have one phandle.

    Returns:
        The tree, with the layout that gives the same bytes again.

    Raises:
        FormatError: If anything in it is not as the standard says, with the offset from the start of the blob.
    """
    start, size = header.off_dt_struct, header.size_dt_struct
    block = data[start : start + size]
    if header.version < 16:
        block = modernise(block, start)
    strings = data[header.off_dt_strings : header.off_dt_strings + header.size_dt_strings]
    reservations, after_reservations = read_reservations(data, header)
    reader = _Reader(block, strings, start)
    used = reader.run()
    if header.version < 16:
        drop_names(reader.root)
    if unique:
        check_phandles(reader.root, data, header)
    layout = TreeLayout(
        header.version, header.last_comp_version, strings, reader.nameoffs, [], structure_head=reader.head
    )
    layout.structure_tail = block[used:] if header.version >= 17 else b""
    _note_blocks(layout, data, header, after_reservations)
    return DeviceTree(reader.root, reservations, boot_cpu=header.boot_cpuid_phys, layout=layout)


def read_reservations(data: bytes, header: Header) -> tuple[list[tuple[int, int]], int]:
    """Read the memory reservation block.

    Args:
        data: The blob.
        header: Its header.

    Returns:
        ``(address, size)`` of each entry, and the offset behind the closing one.

    Raises:
        FormatError: If no closing entry comes.
    """
    found: list[tuple[int, int]] = []
    offset = header.off_mem_rsvmap
    while offset + 16 <= header.totalsize:
        address = int.from_bytes(data[offset : offset + 8], "big")
        size = int.from_bytes(data[offset + 8 : offset + 16], "big")
        offset += 16
        if not address and not size:
            return found, offset
        found.append((address, size))
    raise FormatError(
        "The memory reservations have no end", format=KIND, field="off_mem_rsvmap", offset=header.off_mem_rsvmap
    )


class _Reader:
    """The state of one reading."""

    __slots__ = ("block", "head", "nameoffs", "names", "odd", "root", "start", "strings")

    def __init__(self, block: bytes, strings: bytes, start: int) -> None:
        self.block = block
        self.strings = strings
        self.start = start
        self.names: dict[int, str] = {}
        self.nameoffs: dict[str, int] = {}
        self.odd: set[int] = set()
        self.head = 0
        self.root = TreeNode("")

    def run(self) -> int:
        """Read everything.

        Returns:
            How many bytes of the structure block were used.
        """
        words = array("I", self.block[: len(self.block) & ~3])
        if sys.byteorder == "little":
            words.byteswap()
        i = 0
        try:
            while words[i] == NOP:
                i += 1
            self.head = i
            if words[i] != BEGIN_NODE:
                self.fail(f"the tree begins with the token {words[i]:#x}, not with its root", i)
            if self.block[4 * i + 4] != 0:
                self.fail("the root has a name", i + 1)
            i = self.nodes(words, i + 2)
            while words[i] == NOP:
                i += 1
            if words[i] != END:
                self.fail(f"the token behind the root is {words[i]:#x}, not the end", i)
        except IndexError:
            raise FormatError(
                "The structure block ends within the tree",
                format=KIND,
                field="size_dt_struct",
                offset=self.start + len(self.block),
            ) from None
        return 4 * (i + 1)

    def nodes(self, words: array[int], i: int) -> int:  # noqa: C901, PLR0912, PLR0915 - one loop, because calls cost more than the work
        """Read from behind the root's name to behind its END_NODE.

        Args:
            words: The structure block.
            i: Index of the next word.

        Returns:
            Index of the word behind.
        """
        block, names, odd = self.block, self.names, self.odd
        dirty = _DIRTY
        node = self.root
        raw = node.raw
        depth = 0
        nops = 0
        while True:
            tag = words[i]
            if tag == PROP:
                size = words[i + 1]
                nameoff = words[i + 2]
                try:
                    name = names[nameoff]
                except KeyError:
                    name = self.name(nameoff, i + 2)
                if name in raw:
                    self.fail(f"{node.path} has the property {name} twice", i)
                value = (i + 3) << 2
                raw[name] = block[value : value + size]
                i += 3 + ((size + 3) >> 2)
                if size & 3 and words[i - 1] & dirty[size & 3]:
                    _layout(node).pads[name] = block[value + size : i << 2]
                if odd and nameoff in odd:
                    _layout(node).nameoffs[name] = nameoff
                if nops:
                    _layout(node).nops[name] = nops
                    nops = 0
            elif tag == BEGIN_NODE:
                begin = (i + 1) << 2
                end = block.find(0, begin)
                if end < 0:
                    self.fail("the name of a node has no end", i + 1)
                name = block[begin:end].decode("utf-8", "surrogateescape")
                if not name or "/" in name or name in node.children:
                    self.fail(self.bad_name(name, node), i + 1)
                if nops:
                    _layout(node).nops["/" + name] = nops
                    nops = 0
                child = TreeNode(name, node)
                node.children[name] = child
                node = child
                raw = node.raw
                i = (end + 4) >> 2
                depth += 1
                if depth > MAX_DEPTH:
                    self.fail(f"nodes are nested more than {MAX_DEPTH} deep", begin >> 2)
            elif tag == END_NODE:
                if nops:
                    _layout(node).nops[""] = nops
                    nops = 0
                i += 1
                depth -= 1
                if node.parent is None:
                    return i
                node = node.parent
                raw = node.raw
            elif tag == NOP:
                nops += 1
                i += 1
            else:
                self.fail(f"{tag:#x} is no token" if tag != END else "the tree ends within a node", i)

    def name(self, nameoff: int, word: int) -> str:
        """The name of a property, from the strings block."""
        end = self.strings.find(0, nameoff) if nameoff < len(self.strings) else -1
        if end < 0:
            self.fail(f"the name at {nameoff} is not within the {len(self.strings)} bytes of strings", word)
        name = self.strings[nameoff:end].decode("utf-8", "surrogateescape")
        if not name:
            self.fail("the name of a property is empty", word)
        self.names[nameoff] = name
        if self.nameoffs.setdefault(name, nameoff) != nameoff:
            self.odd.add(nameoff)
        return name

    @staticmethod
    def bad_name(name: str, node: TreeNode) -> str:
        if name in node.children:
            return f"{node.path} has the node {name} twice"
        return f"{name!r} cannot be the name of a node" if name else f"a node of {node.path} has no name"

    def fail(self, what: str, word: int) -> NoReturn:
        raise FormatError(what, format=KIND, offset=self.start + 4 * word)


def _layout(node: TreeNode) -> NodeLayout:
    if node.layout is None:
        node.layout = NodeLayout()
    return node.layout


def check_phandles(root: TreeNode, data: bytes, header: Header) -> None:
    """Refuse a tree in which two nodes have one phandle: nobody can say what a reference to it means.

    Args:
        root: The tree.
        data: Its blob.
        header: The blob's header.

    Raises:
        FormatError: With the two paths, and the offset of the second.
    """
    seen: dict[bytes, TreeNode] = {}
    for node in root.walk():
        value = node.raw.get("phandle") or node.raw.get("linux,phandle")
        if value is None or int.from_bytes(value, "big") in NO_PHANDLES:
            continue
        first = seen.setdefault(value, node)
        if first is not node:
            end = header.off_dt_struct + header.size_dt_struct
            raise FormatError(
                f"{first.path} and {node.path} have the same phandle, {int.from_bytes(value, 'big'):#x}",
                format=KIND,
                field="phandle",
                offset=data.rfind(value, header.off_dt_struct, end),
            )


def _note_blocks(layout: TreeLayout, data: bytes, header: Header, after_reservations: int) -> None:
    """Note the order of the blocks and what is between them; overlapping blocks are laid out anew when written."""
    if header.version < 17:
        return
    blocks = sorted(
        [
            (header.off_mem_rsvmap, after_reservations, "reservations"),
            (header.off_dt_struct, header.off_dt_struct + header.size_dt_struct, "structure"),
            (header.off_dt_strings, header.off_dt_strings + header.size_dt_strings, "strings"),
        ]
    )
    past = 40
    for begin, end, name in blocks:
        if begin < past:
            layout.blocks.clear()
            return
        layout.blocks.append((name, data[past:begin]))
        past = end
    layout.tail = data[past : header.totalsize]
