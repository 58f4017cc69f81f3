"""Does a kernel's configuration have a driver for each part of this phone?

For every enabled node of a device tree: which driver serves it, which symbols that driver needs, and whether the
configuration has them. What is lacking is told apart: *not set* can simply be set; a symbol that is absent is hidden
behind another one, and that one is named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.kernels.expressions import blockers
from pmport.kernels.mainline_index import Driver, MainlineIndex, load_index
from pmport.kernels.renames import other_names
from pmport.render import Renders, Stack, Table, Text, View

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode
    from pmport.formats.kernel.config import KernelConfig

__all__ = ["ROLES", "Lack", "Need", "Needs", "Status", "needs"]


class Status(StrEnum):
    """What is known of one node."""

    SATISFIED = "satisfied"
    """A driver for it is built."""
    LACKING = "lacking"
    """The kernel has a driver, and the configuration leaves it out."""
    HANDLED = "handled"
    """The core, the bus or the node above takes care of it."""
    UNKNOWN = "unknown"
    """This kernel has no driver for it."""


ROLES: tuple[tuple[str, str, Severity, bool], ...] = (
    ("storage", r"drivers/(mmc|ufs|scsi|ata|nvme|mtd)/|drivers/phy/.*ufs", Severity.ERROR, True),
    ("usb", r"drivers/usb/|drivers/phy/.*(usb|qusb|hs|ss)|drivers/extcon/", Severity.ERROR, True),
    ("serial", r"drivers/tty/", Severity.ERROR, True),
    ("pins", r"drivers/(pinctrl|gpio)/", Severity.ERROR, True),
    ("clocks", r"drivers/(clk|reset|clocksource)/", Severity.ERROR, True),
    ("power", r"drivers/(regulator|mfd|soc|firmware|spmi|mailbox|pmdomain|genpd|hwspinlock|opp)/|drivers/(i2c|spi)/", Severity.ERROR, True),
    ("interrupts and memory", r"drivers/(irqchip|iommu|memory|interconnect|bus|dma|perf|base)/|arch/|kernel/|mm/", Severity.ERROR, True),
    ("display", r"drivers/(gpu|video)/|drivers/pwm/", Severity.WARNING, True),
    ("touch and keys", r"drivers/input/", Severity.WARNING, True),
    ("radio", r"drivers/(net|bluetooth|remoteproc|rpmsg|nfc|slimbus)/|net/", Severity.WARNING, False),
    ("charging", r"drivers/power/", Severity.WARNING, False),
    ("sound", r"sound/|drivers/soundwire/", Severity.WARNING, False),
    ("camera", r"drivers/media/|drivers/staging/media/", Severity.WARNING, False),
    ("sensors", r"drivers/(iio|hwmon|thermal)/", Severity.WARNING, False),
    ("lights", r"drivers/leds/", Severity.WARNING, False),
    ("other", r"", Severity.WARNING, False),
)  # fmt: skip
"""Role, the folders of its drivers, how bad a lack is, and whether the initramfs may need it. The first that fits counts."""


SYMBOL = re.compile(r"[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Lack:
    """One symbol that is not on.

    Args:
        symbol: Without ``CONFIG_``.
        hidden: It is absent from the configuration, because something that it depends on is off.
        because: What would have to change first; empty where it can simply be set.
        selected_by: Who switches it on, where a person cannot.
    """

    symbol: str
    hidden: bool = False
    because: tuple[str, ...] = ()
    selected_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.hidden:
            return f"{self.symbol} (not set)"
        why = f", because of {', '.join(self.because)}" if self.because else ""
        who = f"; switched on by {' or '.join(self.selected_by[:3])}" if self.selected_by and not self.because else ""
        return f"{self.symbol} (absent{why}{who})"


@dataclass(frozen=True, slots=True)
class Need:
    """One node, and who serves it.

    Args:
        path: The node.
        compatible: The string that decided; the first where none did.
        status: What is known.
        role: What the part is for.
        driver: The driver's source file; "" where there is none.
        symbols: What the driver needs.
        lacking: What of it is not on.
        modules: Modules that hold the driver, where it is no part of the kernel's image.
        why: Who handles it, where no driver matches.
    """

    path: str
    compatible: str
    status: Status
    role: str = ""
    driver: str = ""
    symbols: tuple[str, ...] = ()
    lacking: tuple[Lack, ...] = ()
    modules: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Needs(Renders):
    """What every enabled node of a tree needs; iterating yields them.

    Args:
        rows: The needs, in the order of the tree.
        index: The index that was used.
        config: The configuration.
    """

    rows: tuple[Need, ...]
    index: MainlineIndex
    config: KernelConfig

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

    @property
    def initramfs_modules(self) -> tuple[str, ...]:
        """Modules that the initramfs may need to show, to be touched, to store and to speak USB."""
        early = {role for role, _, _, is_early in ROLES if is_early}
        return tuple(sorted({name for need in self if need.role in early for name in need.modules}))

    def findings(self) -> Findings:
        """What is lacking, for a report: errors for what it takes to boot, warnings for the rest.

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
        for role in dict.fromkeys(role for role, *_ in ROLES):
            own = [need for need in self if need.role == role]
            if own:
                count = [sum(need.status is status for need in own) for status in (Status.SATISFIED, Status.LACKING)]
                rows.append((role, *count, "█" * count[0] + "░" * count[1] if sum(count) <= 60 else ""))
        lacking = [
            (need.role, need.path, need.compatible, ", ".join(map(str, need.lacking)))
            for need in self.of(Status.LACKING)
        ]
        unknown = [(need.path, need.compatible) for need in self.of(Status.UNKNOWN)]
        said = (
            f"{len(self.of(Status.SATISFIED))} nodes have their driver, {len(lacking)} lack it, "
            f"{len(self.of(Status.HANDLED))} need none, {len(unknown)} are unknown to {self.index.kernel} ({self.index.origin})"
        )
        return Stack(
            [
                Text(said),
                Table(("role", "have", "lack", ""), rows),
                Table(("role", "node", "compatible", "lacking"), lacking, title="lacking", empty="nothing is lacking"),
                Table(("node", "compatible"), unknown, title="no driver in this kernel", empty="nothing is unknown"),
            ]
        )


@dataclass(frozen=True, slots=True)
class _Special:
    pattern: re.Pattern[str]
    kind: str
    source: str
    symbols: tuple[str, ...]


@lru_cache(maxsize=1)
def _special_nodes() -> tuple[_Special, ...]:
    table = tomllib.loads((files("pmport.kernels") / "special_nodes.toml").read_text(encoding="utf-8"))
    return tuple(
        _Special(re.compile(row["compatible"]), row["kind"], row["source"], tuple(row.get("symbols", ())))
        for row in table["node"]
    )


@lru_cache(maxsize=8192)
def special(compatible: str) -> _Special | None:
    """Who handles a node that no match table names.

    Args:
        compatible: A compatible string of it.

    Returns:
        The row of ``special_nodes.toml``.
    """
    return next((row for row in _special_nodes() if row.pattern.fullmatch(compatible)), None)


def of_the_core(strings: tuple[str, ...]) -> bool:
    """Whether the core takes care of a node, whatever drivers there are.

    Args:
        strings: Its compatible strings.

    Returns:
        True where each of them is one of the core's.
    """
    rows = [special(text) for text in strings]
    return bool(rows) and all(row is not None and row.kind == "core" for row in rows)


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
    return Needs(tuple(_judged(node, config, used) for node in enabled(tree)), used, config)


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


def _judged(node: TreeNode, config: KernelConfig, index: MainlineIndex) -> Need:
    strings = node.compatible
    candidates = list(_candidates(node, index))
    if candidates and not of_the_core(strings):
        return _best(node, candidates, config, index)
    for text in strings:
        row = special(text)
        if row is not None:
            lacking = tuple(_lack(name, config, index) for name in row.symbols if not _is_on(name, config))
            status = Status.LACKING if lacking else Status.HANDLED
            return Need(node.path, text, status, "other", symbols=row.symbols, lacking=lacking, why=row.source)
    for text in strings:
        asked = index.drivers(text, "ref")
        if asked:
            return Need(node.path, text, Status.HANDLED, _role(asked[0].path), why=f"asked for by {asked[0].path}")
    above = node.parent
    if above is not None and above.parent is not None and "compatible" in above.raw and _is_function(node):
        return Need(node.path, strings[0] if strings else "", Status.HANDLED, why=f"a part of {above.name}")
    return Need(node.path, strings[0] if strings else "", Status.UNKNOWN)


def _is_function(node: TreeNode) -> bool:
    """A child without an address on a bus: the driver of the node above reads it."""
    return (
        "reg" not in node.raw
        and "@" not in node.name
        and node.parent is not None
        and "#size-cells" not in node.parent.raw
    )


def _candidates(node: TreeNode, index: MainlineIndex) -> Iterator[tuple[int, str, Driver]]:
    """``(position of the string, string, driver)``; children of I2C and SPI buses also by the ids of these buses."""
    for position, text in enumerate(node.compatible):
        for driver in index.drivers(text):
            yield position, text, driver
        for bus in ("i2c", "spi"):
            if node.parent is not None and bus in node.parent.unit_name:
                for driver in index.drivers(text.rpartition(",")[2], bus):
                    yield position, text, driver


def _is_on(name: str, config: KernelConfig) -> bool:
    """Whether a symbol is on, under this name or that of another series."""
    return config.is_on(name) or any(config.is_on(other) for other in other_names(name))


def _best(node: TreeNode, found: list[tuple[int, str, Driver]], config: KernelConfig, index: MainlineIndex) -> Need:
    """The driver that lacks least; of several, the one for the more exact string."""
    judged = []
    for position, text, driver in found:
        for symbols in driver.alternatives or ((),):
            missing = [name for name in symbols if not _is_on(name, config)]
            judged.append((len(missing), position, driver.path, text, driver, symbols, missing))
    _, _, _, text, driver, symbols, missing = min(judged, key=lambda row: row[:3])
    role = _role(driver.path)
    if missing:
        lacking = tuple(_lack(name, config, index) for name in missing)
        return Need(node.path, text, Status.LACKING, role, driver.path, symbols, lacking)
    is_module = any(config.texts.get(name) == "m" for name in symbols)
    modules = driver.modules if is_module else ()
    return Need(node.path, text, Status.SATISFIED, role, driver.path, symbols, modules=modules)


@lru_cache(maxsize=8192)
def _role(path: str) -> str:
    return next(role for role, pattern, _, _ in ROLES if re.match(pattern, path))


def _lack(name: str, config: KernelConfig, index: MainlineIndex) -> Lack:
    if name in config:
        return Lack(name)
    symbol = index.symbol(name)
    if symbol is None:
        return Lack(name, hidden=True, because=(f"Linux {index.series} has no such symbol",))
    because = blockers(symbol.depends, lambda other: config.texts.get(other, "n"))
    return Lack(name, hidden=True, because=because, selected_by=() if symbol.prompt else symbol.selected_by)


def _findings(found: Needs) -> Iterator[Finding]:
    severities = {role: severity for role, _, severity, _ in ROLES}
    for need in found.of(Status.LACKING):
        yield Finding(
            severities.get(need.role, Severity.WARNING),
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
    for role, _, _, early in ROLES:
        names = [lack.symbol for need in found.of(Status.LACKING) if need.role == role for lack in need.lacking]
        lines = [line for name in names for line in _switched_on(name, "y" if early else "m", found, done)]
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
