"""Structure blocks before version 16: names are whole paths, and long values stand at multiples of eight."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pmport.devicetree.fdt_header import KIND
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["drop_names", "modernise", "old_structure"]


def modernise(block: bytes, start: int) -> bytes:
    """The structure block of an old version as version 16 writes it.

    Args:
        block: The block.
        start: Its offset in the blob, for errors.

    Returns:
        The block with short names and without the padding of eight bytes.

    Raises:
        FormatError: If it ends too early, or a token is none.
    """
    pieces = []
    i = 0
    while True:
        token = block[i : i + 4]
        if token == b"\0\0\0\3":
            size = int.from_bytes(block[i + 4 : i + 8], "big")
            value = i + 12
            if size >= 8 and value % 8:
                value += 4
            past = value + size + 3 & ~3
            pieces += [block[i : i + 12], block[value:past]]
            if past > len(block):
                raise FormatError("A value goes past the structure block", format=KIND, offset=start + i)
            i = past
        elif token == b"\0\0\0\1":
            end = block.find(0, i + 4)
            if end < 0:
                raise FormatError("The name of a node has no end", format=KIND, offset=start + i + 4)
            name = block[i + 4 : end].rpartition(b"/")[2]
            pieces += [token, name, bytes(4 - len(name) % 4)]
            i = end + 4 & ~3
        elif token in {b"\0\0\0\2", b"\0\0\0\4"}:
            pieces.append(token)
            i += 4
        elif token == b"\0\0\0\t":
            return b"".join([*pieces, token])
        else:
            what = f"{token.hex()} is no token" if len(token) == 4 else "the structure block ends within the tree"
            raise FormatError(what, format=KIND, offset=start + i)


def old_structure(root: TreeNode, head: Callable[[str, int], bytes]) -> bytes:
    """The structure block of a tree as versions before 16 write it.

    Args:
        root: The tree's root.
        head: Gives token, length and name offset of a property, by its name and length.

    Returns:
        The block: whole paths, a ``name`` property in each node, long values at multiples of eight.
    """
    out = bytearray()
    stack: list[TreeNode | None] = [root]
    while stack:
        node = stack.pop()
        if node is None:
            out += b"\0\0\0\2"
            continue
        path = b"" if node.parent is None else node.path.encode("utf-8", "surrogateescape")
        out += b"\0\0\0\1" + path + bytes(4 - len(path) % 4)
        named = {} if "name" in node.raw else {"name": node.unit_name.encode("utf-8", "surrogateescape") + b"\0"}
        for name, value in {**node.raw, **named}.items():
            out += head(name, len(value))
            if len(value) >= 8:
                out += bytes(-len(out) % 8)
            out += value + bytes(-len(value) % 4)
        stack += [None, *reversed(node.children.values())]
    return bytes(out + b"\0\0\0\t")


def drop_names(root: TreeNode) -> None:
    """Take out the ``name`` properties that only repeat the node's name: later versions have none.

    Args:
        root: The tree's root.
    """
    for node in root.walk():
        if node.raw.get("name") == node.unit_name.encode("utf-8", "surrogateescape") + b"\0":
            del node.raw["name"]
