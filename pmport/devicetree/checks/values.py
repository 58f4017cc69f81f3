"""What a property must hold by its name alone: one string, a list of strings, one cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.devicetree.checks.context import ends_at_nul

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Context, Remark, Rule
    from pmport.devicetree.tree_node import TreeNode

__all__ = [
    "alias_paths",
    "chosen_bootargs",
    "chosen_interrupt_controller",
    "chosen_is_root",
    "chosen_stdout_path",
    "deprecated_gpio",
    "is_cell",
    "is_gpio",
    "is_string",
    "is_string_list",
    "names_are_string_lists",
]


def is_string(name: str) -> Rule:
    """A property that holds one string.

    Args:
        name: The property.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        del context
        value = node.raw.get(name)
        if value is not None and not ends_at_nul(value):
            yield node, name, "it is not one string"

    return rule


def is_string_list(name: str) -> Rule:
    """A property that holds strings.

    Args:
        name: The property.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        del context
        if node.raw.get(name, b"\0")[-1:] not in {b"\0", b""}:
            yield node, name, "it is no list of strings"

    return rule


def is_cell(name: str) -> Rule:
    """A property that holds one cell.

    Args:
        name: The property.

    Returns:
        The rule.
    """

    def rule(context: Context, node: TreeNode) -> Iterator[Remark]:
        del context
        value = node.raw.get(name)
        if value is not None and len(value) != 4:
            yield node, name, f"it is {len(value)} bytes long, not one cell"

    return rule


def names_are_string_lists(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``…-names`` hold strings."""
    for name in node.raw:
        if name.endswith("-names"):
            yield from is_string_list(name)(context, node)


def alias_paths(context: Context, node: TreeNode) -> Iterator[Remark]:
    """Aliases lead to nodes, those of an overlay excepted, and have names of small letters, digits and ``-``."""
    if node.name != "aliases":
        return
    for name, value in node.raw.items():
        if name in {"phandle", "linux,phandle"}:
            continue
        path = value.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        if not context.plugin and not (value and _leads(context.root, path)):
            yield node, name, f"the alias leads to no node ({path})"
        elif not all(letter in "abcdefghijklmnopqrstuvwxyz0123456789-" for letter in name):
            yield node, "", "the name of an alias has small letters, digits and '-' only"


def _leads(root: TreeNode, path: str) -> bool:
    """Whether a path leads to a node by whole names."""
    node: TreeNode | None = root
    for name in filter(None, path.split("/")):
        node = node.children.get(name) if node is not None else None
    return node is not None


def chosen_interrupt_controller(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``/chosen`` names no interrupt controller any more."""
    chosen = node.children.get("chosen") if node is context.root else None
    if chosen is not None and "interrupt-controller" in chosen.raw:
        yield chosen, "interrupt-controller", "it is obsolete in /chosen"


def chosen_is_root(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``chosen`` is a child of the root."""
    if node.name == "chosen" and node.parent is not context.root:
        yield node, "", "it belongs below the root"


def chosen_bootargs(context: Context, node: TreeNode) -> Iterator[Remark]:
    """The command line is one string."""
    if node.name == "chosen":
        yield from is_string("bootargs")(context, node)


def chosen_stdout_path(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``stdout-path`` is one string, and has no prefix."""
    if node.name != "chosen":
        return
    name = "stdout-path"
    if name not in node.raw and "linux,stdout-path" in node.raw:
        name = "linux,stdout-path"
        yield node, name, "it is called stdout-path now"
    yield from is_string(name)(context, node)


def is_gpio(name: str) -> bool:
    """Whether a property holds GPIOs, by its name.

    Args:
        name: Its name.

    Returns:
        Whether it does.
    """
    return name in {"gpio", "gpios"} or (name.endswith(("-gpio", "-gpios")) and not name.endswith(",nr-gpios"))


def deprecated_gpio(context: Context, node: TreeNode) -> Iterator[Remark]:
    """``…-gpio`` is spelt ``…-gpios`` now."""
    del context
    for name in node.raw:
        if is_gpio(name) and name.endswith("gpio"):
            yield node, name, f"the name is deprecated: {name}s"
