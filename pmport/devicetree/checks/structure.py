"""Names, labels and phandles: the checks whose failures :program:`dtc` calls errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import cell, ends_at_nul
from pmport.devicetree.tree_node import NO_PHANDLES

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark, Rule
    from pmport.devicetree.tree_node import TreeNode

__all__ = [
    "always_fail",
    "duplicate_label",
    "explicit_phandles",
    "name_chars",
    "name_format",
    "name_is_string",
    "name_not_empty",
    "name_properties",
    "node_and_property",
    "property_chars",
    "property_chars_strict",
    "silent",
]

ODD_IN_NODE = re.compile(r"[^A-Za-z0-9,._+@-]")
ODD_IN_NODE_STRICT = re.compile(r"[^A-Za-z0-9,-]")
ODD_IN_PROPERTY = re.compile(r"[^A-Za-z0-9,._+*#?-]")
ODD_IN_PROPERTY_STRICT = re.compile(r"[^A-Za-z0-9,-]")
WHERE = {"node": "{path}", "property": "{name} of {path}", "value": "the value of {name} of {path}"}


@lru_cache(maxsize=8192)
def _odd(pattern: re.Pattern[str], name: str) -> str:
    found = pattern.search(name)
    return found[0] if found else ""


def _exempt(context: Context, name: str) -> bool:
    """Names between quotes are pmport's own spelling of what no source of dtc can hold."""
    return context.source is not None and name in context.source.quoted


def name_chars(*, strict: bool) -> Rule:
    """Letters of node names.

    Args:
        strict: Only those that the specification recommends, before the unit address.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        odd = _odd(ODD_IN_NODE_STRICT, node.unit_name) if strict else _odd(ODD_IN_NODE, node.name)
        if odd and not _exempt(context, node.name):
            yield node, "", f"{odd!r} {'is not recommended' if strict else 'may not stand'} in the name of a node"

    return rule


def name_format(context: Context, node: TreeNode) -> Iterator[Remark]:
    """One ``@`` at most."""
    if "@" in node.unit_address and not _exempt(context, node.name):
        yield node, "", "its name has more than one '@'"


def name_not_empty(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Something before the unit address."""
    if node is not context.root and not node.unit_name:
        yield node, "", "there is nothing before its unit address"


def node_and_property(context: Context, node: TreeNode) -> Iterator[Remark]:
    """A node and a property of one name."""
    del context
    if node.parent is not None and node.name in node.parent.raw:
        yield node, "", "its parent has a property of the same name"


def property_chars(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Letters of property names."""
    for name in node.raw:
        odd = _odd(ODD_IN_PROPERTY, name)
        if odd and not _exempt(context, name):
            yield node, name, f"{odd!r} may not stand in the name of a property"


def property_chars_strict(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Letters that the specification recommends; one ``#`` may begin a name, or follow the vendor's comma."""
    del context
    for name in node.raw:
        rest = name
        found = ODD_IN_PROPERTY_STRICT.search(rest)
        if found and found[0] == "#" and (found.start() == 0 or rest[found.start() - 1] == ","):
            rest = rest[found.end() :]
            found = ODD_IN_PROPERTY_STRICT.search(rest)
        if found and name != "device_type":
            yield node, name, f"{found[0]!r} is not recommended in the name of a property"


def duplicate_label(context: Context, node: TreeNode) -> Iterator[Remark]:
    """One label at two places."""
    if context.source is None or node is not context.root:
        return
    first: dict[str, str] = {}
    for label, holder, name, kind in context.source.labelled():
        here = WHERE[kind].format(path=holder.path, name=name)
        if label in first:
            yield holder, name, f"the label {label} stands at {first[label]} and at {here}"
        first.setdefault(label, here)


def explicit_phandles(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Phandles that the source gives: one cell, no reserved number, no other node's."""
    numbers = []
    for name in ("phandle", "linux,phandle"):
        value = node.raw.get(name)
        if value is None:
            continue
        pieces = context.source.pieces.get(node, {}).get(name, ()) if context.source is not None else ()
        targets = [piece for piece in pieces if not isinstance(piece, bytes)]
        if len(value) != 4:
            yield node, name, f"{name} is {len(value)} bytes long, not one cell"
        elif targets and context.source is not None:
            if context.source.find(targets[0]) is not node:
                yield node, "", f"{name} refers to another node"
        elif cell(node, name) in NO_PHANDLES:
            yield node, name, f"{name} cannot be {cell(node, name):#x}"
        else:
            numbers.append((name, int.from_bytes(value, "big")))
    if len({number for _, number in numbers}) > 1:
        yield node, "", "phandle and linux,phandle differ"
    for _, number in numbers[:1]:
        other = context.by_phandle(number)
        if other is not None and other is not node:
            yield node, "", f"the phandle {number:#x} belongs to {other.path}"


def name_is_string(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``name`` holds one string."""
    del context
    value = node.raw.get("name")
    if value is not None and not ends_at_nul(value):
        yield node, "name", "it is not one string"


def name_properties(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``name``, which old sources give, says what the node's name says."""
    del context
    value = node.raw.get("name")
    if value is not None and value != node.unit_name.encode("utf-8", "surrogateescape") + b"\0":
        yield node, "", f"its property name says {value.rstrip(bytes(1)).decode('utf-8', 'backslashreplace')!r}"


def always_fail(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Fails for every node: a check of the checks."""
    del context
    yield node, "", "this check always fails"


def silent(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Says nothing: dtc has a name for what only other checks can fail."""
    del context, node
    return iter(())
