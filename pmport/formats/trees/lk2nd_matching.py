"""Which device does lk2nd take itself for? Rules of its ``lk2nd/device/2nd/match.c`` and ``lk2nd/device/device.c``.

A ``/lk2nd`` node with a ``compatible`` is the device; otherwise the first child of which all ``lk2nd,match-*`` properties hold, and
which has at least one. A pattern may begin or end with ``*``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["TEXT_RULES", "devices_of", "fits", "match"]

TEXT_RULES: Mapping[str, str] = {
    "lk2nd,match-bootloader": "bootloader",
    "lk2nd,match-cmdline": "cmdline",
    "lk2nd,match-device": "device",
}
"""Property with a pattern → what of the phone it is compared with: ``androidboot.bootloader``, the whole command line of the
bootloader before, ``androidboot.device``."""


def devices_of(tree: DeviceTree) -> Iterator[TreeNode]:
    """The devices that a tree describes to lk2nd.

    Args:
        tree: The tree.

    Yields:
        ``/lk2nd`` where that is one device, else its children that have rules or a name.
    """
    node = tree.root.children.get("lk2nd")
    if node is None:
        return
    if "compatible" in node:
        yield node
        return
    yield from (child for child in node.children.values() if "compatible" in child or "model" in child)


def fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern.

    Args:
        text: The phone's.
        pattern: With ``*`` at its beginning, its end, or both.

    Returns:
        The result.

    Example:
        >>> fits("A300FXXU1", "A300F*"), fits("console=x lenok", "*lenok*"), fits("victara2", "victara")
        (True, True, False)
    """
    if pattern.endswith("*"):
        inner = pattern[:-1]
        return inner[1:] in text if len(pattern) > 1 and inner.startswith("*") else text.startswith(inner)
    return text.endswith(pattern[1:]) if pattern.startswith("*") else text == pattern


def match(node: TreeNode, phone: Mapping[str, int | str]) -> str:
    """Why lk2nd does not take a device.

    Args:
        node: The device's node.
        phone: ``bootloader``, ``cmdline``, ``device``, ``panel`` and ``machtype`` of the phone.

    Returns:
        The reason; "" where it fits.
    """
    if node.name == "lk2nd":
        return ""
    matched = False
    for name, field in TEXT_RULES.items():
        if name in node:
            pattern = next(iter(node.strings(name)), "")
            if field not in phone or not fits(str(phone[field]), pattern):
                return f"{name} is {pattern!r}, the phone's {field} is {phone.get(field, 'not known')!r}"
            matched = True
    if "lk2nd,match-machtype" in node:
        wanted = next(iter(node.cells("lk2nd,match-machtype")), None)
        if phone.get("machtype") != wanted:
            return f"lk2nd,match-machtype is {wanted}, the phone's is {phone.get('machtype', 'not known')}"
        matched = True
    if "lk2nd,match-panel" in node:
        panels = node.children["panel"].children if "panel" in node.children else {}
        if phone.get("panel") not in panels:
            return f"it has the panels {', '.join(panels)}, the phone's is {phone.get('panel', 'not known')}"
        matched = True
    return "" if matched else "it has no lk2nd,match-… property, so lk2nd never takes it"
