"""Whether a tree, a configuration and an index belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.findings import Finding, Severity
from pmport.kernels.need_rows import Need, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pmport.devicetree import DeviceTree
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["doubts"]

UNKNOWN_SHARE = 0.35
"""In mainline's own trees 3 % of the nodes at most have no driver in the kernel of their series; in vendors' trees 60 % and more."""
FEWEST = 20
"""Of so few nodes nothing can be told."""


def doubts(tree: DeviceTree, rows: Sequence[Need], config: KernelConfig, index: MainlineIndex) -> Iterator[Finding]:
    """What makes a tree, a configuration and an index an odd set.

    Args:
        tree: The tree.
        rows: What its nodes need.
        config: The configuration.
        index: The kernel's index.

    Yields:
        Findings.
    """
    arches = tree_arches(tree, index)
    arch = config.kernel_arch
    if arch and arches and arch not in arches:
        yield Finding(
            Severity.WARNING,
            "another-architecture",
            f"The tree is of a board that Linux has under arch/{' and arch/'.join(sorted(arches))}; the configuration is for {arch}",
            where="/",
            why="a kernel of one architecture builds none of the other's drivers",
            fix="take the board's tree or a configuration of the same architecture",
        )
    known = [need for need in rows if need.path]
    unknown = sum(need.status is Status.UNKNOWN for need in known)
    if len(known) >= FEWEST and unknown / len(known) > UNKNOWN_SHARE:
        yield Finding(
            Severity.WARNING,
            "vendors-tree",
            f"This looks like a vendor's tree: Linux {index.series} has no driver for {unknown} of {len(known)} nodes",
            where="/",
            why="`kernel needs` judges mainline trees; strings of a vendor's tree say nothing of mainline's drivers",
            fix="`kernel status` compares a vendor's tree with mainline; or give the index of the vendor's own sources",
        )
    series = ".".join(config.version.split(".")[:2])
    if series and series != index.series:
        yield Finding(
            Severity.NOTE,
            "other-series",
            f"The configuration is of Linux {series}, judged by the index of {index.series}",
            where=index.kernel,
            fix="`kernel index` makes an index of any kernel's sources; name it with --index",
        )


def tree_arches(tree: DeviceTree, index: MainlineIndex) -> frozenset[str]:
    """The architectures under which a kernel has the board of a tree.

    Args:
        tree: The tree.
        index: The kernel's index.

    Returns:
        The kernel's words for them; none where it does not have the board.
    """
    strings = tree.root.compatible
    paths = index.boards_of(strings[0]) if strings else ()
    return frozenset(path.split("/")[1] for path in paths if path.startswith("arch/"))
