"""Does a kernel's configuration have a driver for each part of this phone?

For every enabled node of a device tree: which driver serves it, which symbols that driver needs, and whether the
configuration has them. What is lacking is told apart: *not set* can simply be set; a symbol that is absent is hidden
behind another one, and that one is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.kernels.boot_path import boot_path
from pmport.kernels.doubts import doubts
from pmport.kernels.expressions import blockers
from pmport.kernels.implied_needs import implied
from pmport.kernels.initramfs import early_modules
from pmport.kernels.mainline_index import MainlineIndex, load_index
from pmport.kernels.need_rows import ROLES, SYMBOL, VITAL, Lack, Need, Status
from pmport.kernels.node_needs import judged, judged_implied
from pmport.kernels.special_nodes import of_the_core, special
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode
    from pmport.formats.kernel.config import KernelConfig

__all__ = ["ROLES", "Lack", "Need", "Needs", "Status", "enabled", "needs", "of_the_core", "special"]


@dataclass(frozen=True)
class Needs(Renders):
    """What every enabled node of a tree needs; iterating yields them.

    Args:
        rows: The needs, in the order of the tree.
        index: The index that was used.
        config: The configuration.
        doubts: What makes tree, configuration and index an odd set: another architecture, a vendor's tree.
        initramfs_modules: Modules that the initramfs may need to show, to be touched, to store, to charge and to speak USB.
    """

    rows: tuple[Need, ...]
    index: MainlineIndex
    config: KernelConfig
    doubts: tuple[Finding, ...] = ()
    initramfs_modules: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Need]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, *statuses: Status) -> tuple[Need, ...]:
        """The nodes with some statuses.

        Args:
            statuses: Which.

        Returns:
            Their needs.
        """
        return tuple(need for need in self if need.status in statuses)

    @property
    def lacking_symbols(self) -> tuple[str, ...]:
        """Symbols that are not on, each once, the most needed first."""
        count: dict[str, int] = {}
        for need in self.of(Status.LACKING):
            for lack in need.lacking:
                count[lack.symbol] = count.get(lack.symbol, 0) + 1
        return tuple(sorted(count, key=lambda name: (-count[name], name)))

    def findings(self) -> Findings:
        """What is lacking, for a report: errors for what keeps it from starting, warnings for the rest.

        Returns:
            Findings; a phone's part that this kernel has no driver for is an unknown.
        """
        return Findings(_findings(self))

    def fragment(self) -> str:
        """A fragment that switches on what is lacking: built in where it takes part in booting, as a module elsewhere.

        Returns:
            Lines of a configuration, by role. Symbols that no one can set are comments that name who selects them.
        """
        return "".join(_fragment(self))

    def view(self) -> View:
        """A picture by role, then what is lacking and what is unknown.

        Returns:
            Tables.
        """
        rows = []
        for role, _ in ROLES:
            own = [need for need in self if need.role == role]
            if own:
                count = [sum(need.status is status for need in own) for status in (Status.SATISFIED, Status.LACKING)]
                rows.append((role, *count, "█" * count[0] + "░" * count[1] if sum(count) <= 60 else ""))
        lacking = [
            (
                need.role + (" !" if need.stops_boot else ""),
                need.path,
                need.compatible,
                ", ".join(map(str, need.lacking)),
            )
            for need in self.of(Status.LACKING)
        ]
        unknown = [(need.path, need.compatible) for need in self.of(Status.UNKNOWN)]
        said = (
            f"{len(self.of(Status.SATISFIED))} parts have what they need, {len(lacking)} lack something, "
            f"{len(self.of(Status.HANDLED))} need none, {len(unknown)} are unknown to {self.index.kernel} ({self.index.origin})"
        )
        return Stack(
            [
                Text(said),
                *(Text(f"{doubt.severity}: {doubt.message}") for doubt in self.doubts),
                Table(("role", "have", "lack", ""), rows),
                Table(
                    ("role", "node", "for", "lacking"),
                    lacking,
                    title="lacking (!: keeps it from starting)",
                    empty="nothing is lacking",
                ),
                Text("modules for the initramfs: " + (" ".join(self.initramfs_modules) or "none")),
                Table(("node", "compatible"), unknown, title="no driver in this kernel", empty="nothing is unknown"),
            ]
        )


def needs(tree: DeviceTree, config: KernelConfig, index: MainlineIndex | None = None) -> Needs:
    """Find out what a device tree needs of a kernel's configuration.

    Args:
        tree: The mainline device tree of the phone.
        config: The configuration.
        index: The index of the kernel's series; None: the shipped one nearest to the configuration's version.

    Returns:
        One row for each enabled node with a compatible string, except the root and the processors.
    """
    used = index or load_index(config.version)
    nodes = tuple(enabled(tree))
    rows = [judged(node, config, used) for node in nodes]
    drivers = {need.path: need.driver for need in rows}
    rows += [judged_implied(found, config, used) for found in implied(tree, nodes, drivers, used, config)]
    vital = _vital(tree, nodes, rows)
    marked = tuple(replace(need, stops_boot=True) if need.path in vital and _carries(need) else need for need in rows)
    early = early_modules(tree, marked, config, used)
    return Needs(marked, used, config, tuple(doubts(tree, marked, config, used)), early)


def _vital(tree: DeviceTree, nodes: tuple[TreeNode, ...], rows: list[Need]) -> frozenset[str]:
    """The parts without which nothing starts. Caches, watchdogs and counters are none of them, wherever they stand."""
    begin = {need.path for need in rows if need.role in VITAL and not need.driver.startswith(_IDLE)}
    begin |= {need.path for need in rows if need.role == "serial" and not need.driver}
    return boot_path(tree, [node for node in nodes if node.path in begin])


BUILT_IN = frozenset(
    {"storage", "serial", "pins", "clocks", "power", "interrupts and memory", "usb", "display", "touch and keys"}
)
"""Roles whose drivers a fragment builds in: an initramfs need not hold them then."""
_IDLE = ("drivers/perf/", "drivers/iommu/", "drivers/interconnect/", "drivers/dma/", "drivers/memory/")


def _carries(need: Need) -> bool:
    """Whether a row is such a part itself, or a layer above it without which it carries nothing."""
    return need.role in _CARRYING and (bool(need.driver) or need.role in {"storage", "serial"})


_CARRYING = frozenset({"storage", "usb", "serial", "pins", "clocks", "power", "interrupts and memory"})


def enabled(tree: DeviceTree) -> Iterator[TreeNode]:
    """Nodes that the kernel makes devices of: with a compatible string, and nothing above them is disabled.

    Args:
        tree: The tree.

    Yields:
        Nodes; not the root, not the processors.
    """
    waiting = list(reversed(tree.root.children.values()))
    while waiting:
        node = waiting.pop()
        if node.raw.get("status", b"okay\0") not in {b"okay\0", b"ok\0"} or node.path == "/cpus":
            continue
        if "compatible" in node.raw:
            yield node
        waiting.extend(reversed(node.children.values()))


def _findings(found: Needs) -> Iterator[Finding]:
    yield from found.doubts
    for need in found.of(Status.LACKING):
        yield Finding(
            need.severity,
            "no-driver-built",
            f"{need.compatible} lacks {', '.join(map(str, need.lacking))}",
            where=need.path,
            why=f"{need.role}: {need.driver or need.why}",
            fix="set " + ", ".join(f"CONFIG_{lack.symbol}" for lack in need.lacking),
            source=repr(found.index),
        )
    for need in found.of(Status.UNKNOWN):
        yield Finding(
            Severity.UNKNOWN,
            "no-driver-known",
            f"Linux {found.index.series} has no driver that matches {need.compatible or 'it'}",
            where=need.path,
            source=repr(found.index),
        )


def _fragment(found: Needs) -> Iterator[str]:
    done: set[str] = set()
    for role, _ in ROLES:
        needed = [need for need in found.of(Status.LACKING) if need.role == role]
        pairs = [
            (lack.symbol, "y" if role in BUILT_IN or need.stops_boot else "m")
            for need in needed
            for lack in need.lacking
        ]
        lines = [line for name, value in pairs for line in _switched_on(name, value, found, done)]
        if lines:
            yield f"# {role}\n"
            yield from lines


def _switched_on(name: str, value: str, found: Needs, done: set[str]) -> Iterator[str]:
    """A symbol, and before it what hides it, as far as a person can set that."""
    waiting = [(name, False)]
    while waiting:
        current, ready = waiting.pop()
        symbol = found.index.symbol(current)
        if symbol is not None and not ready and current not in done:
            done.add(current)
            hidden = blockers(
                symbol.depends, lambda other: "y" if other in done else found.config.texts.get(other, "n")
            )
            waiting.append((current, True))
            waiting += [(word, False) for word in hidden if SYMBOL.fullmatch(word)]
        elif symbol is None and current not in done:
            done.add(current)
            yield f"# CONFIG_{current} is unknown to Linux {found.index.series}\n"
        elif symbol is not None and ready:
            if symbol.prompt or not symbol.selected_by:
                yield f"CONFIG_{current}={'m' if symbol.type == 't' and value == 'm' else 'y'}\n"
            else:
                yield f"# CONFIG_{current} is switched on by {' or '.join(symbol.selected_by[:3])}\n"
