"""The parts of a tree without which no system starts: storage, console, the machine's core, and all that these refer to."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["boot_path"]

_BESIDE = (
    "iommu",
    "interconnect",
    "cooling",
    "thermal",
    "remote-endpoint",
    "opp",
    "sound",
    "status",
    "assigned-",
    "mmc-pwrseq",
)
"""How properties begin whose references do not keep a part from starting, or come back to everything."""


def boot_path(tree: DeviceTree, roots: Iterable[TreeNode]) -> frozenset[str]:
    """The nodes that a set of nodes needs: those above them, and those that their properties refer to, on and on.

    Args:
        tree: The tree.
        roots: Where to begin: storage, console, interrupts, timers.

    Returns:
        Paths.
    """
    by_handle = _handles(tree)
    found: dict[int, TreeNode] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        found[id(node)] = node
        if node.parent is not None:
            waiting.append(node.parent)
        waiting += _referred(node, by_handle)
    return frozenset(node.path for node in found.values())


def _handles(tree: DeviceTree) -> Mapping[int, TreeNode]:
    handles = {}
    for node in tree.root.walk():
        raw = node.raw.get("phandle", node.raw.get("linux,phandle", b""))
        if len(raw) == 4:
            handles[int.from_bytes(raw, "big")] = node
    return handles


def _referred(node: TreeNode, by_handle: Mapping[int, TreeNode]) -> list[TreeNode]:
    """What the properties of a node may refer to: its cells that are some node's handle, where properties hold handles."""
    found = []
    for name, raw in node.raw.items():
        if len(raw) % 4 or not raw or not _holds_handles(name):
            continue
        cells = struct.unpack(f">{len(raw) // 4}I", raw)
        whole = name.startswith(("pinctrl-", "interrupt-parent")) or name.endswith("-supply")
        found += [by_handle[cell] for cell in (cells if whole else _first_cells(cells, by_handle)) if cell in by_handle]
    return found


def _holds_handles(name: str) -> bool:
    if name.startswith(_BESIDE):
        return False
    return name.endswith(("-supply", "-gpios", "-gpio")) or name.startswith("pinctrl-") or name in _PLURALS


_PLURALS = frozenset(
    ("clocks", "resets", "phys", "power-domains", "interrupt-parent", "interrupts-extended", "dmas", "gpios", "hwlocks",
     "mboxes", "nvmem-cells", "syscon", "qcom,rpm-msg-ram", "memory-region", "ranges-parent")
)  # fmt: skip


def _first_cells(cells: tuple[int, ...], by_handle: Mapping[int, TreeNode]) -> list[int]:
    """The handles of a list of references with arguments, counted by what each node says of its arguments."""
    handles, place = [], 0
    while place < len(cells):
        node = by_handle.get(cells[place])
        handles.append(cells[place])
        place += 1 + (_arguments(node) if node is not None else 0)
    return handles


def _arguments(node: TreeNode) -> int:
    """How many cells follow a handle: the most that any of the node's ``#…-cells`` says that lists of references use."""
    names = ("#clock-cells", "#reset-cells", "#phy-cells", "#power-domain-cells", "#interrupt-cells", "#dma-cells", "#gpio-cells",
             "#hwlock-cells", "#mbox-cells")  # fmt: skip
    known = [int.from_bytes(node.raw[name], "big") for name in names if len(node.raw.get(name, b"")) == 4]
    return min(max(known, default=0), 8) if len(set(known)) <= 1 else 0
