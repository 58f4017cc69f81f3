"""Which category of postmarketOS a port could enter with its kernel, and what is missing.

A port is in one of four categories: *downstream* (a vendor's kernel), *testing* (a kernel near mainline that boots),
*community* and *main* (maintained; every kernel there carries the community rules). Of what they ask, this judges what a
configuration can tell; maintainers, images and tests are judged by people.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.kernels.checking import OptionFinding, check
from pmport.kernels.mainline_index import load_index, releases, shipped_series
from pmport.render import Renders, Stack, Table, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.rules import RuleSet

__all__ = ["Gate", "Principle", "Readiness", "principles", "readiness"]

VENDOR_MARKS = ("ANDROID_PARANOID_NETWORK", "SEC_RESTRICT_ROOTING", "KINETO_GAN", "TZDEV", "SAMSUNG_TUI", "ION_MSM",
                "MSM_SMD", "MSM_KGSL", "QCOM_KGSL", "FB_MSM", "MTK_PLATFORM", "MTK_LCM", "EXYNOS_IPI", "SPRD_MODULES",
                "BCM_VCIO", "BCM2708_VCMEM", "ROCKCHIP_MPP_SERVICE", "MALI_BIFROST")  # fmt: skip
"""Options of vendors' kernels that no mainline kernel ever had."""
VENDORS_SHARE = 0.08
"""Of what a vendor's kernel has on, 9 to 37 % is unknown to mainline; of what forks near mainline have on, 4 % at most."""


@dataclass(frozen=True)
class Principle:
    """Something that every port should give its users.

    Args:
        name: Its short name.
        text: What a user gets by it.
        all: Options that must be y or m.
        builtin: Options that must be y.
        any: Of each list one must be y or m.
        off: Options that must not be y.
    """

    name: str
    text: str
    all: tuple[str, ...] = ()
    builtin: tuple[str, ...] = ()
    any: tuple[tuple[str, ...], ...] = ()
    off: tuple[str, ...] = ()

    def missing(self, config: KernelConfig) -> tuple[str, ...]:
        """What keeps a kernel from it.

        Args:
            config: The kernel's configuration.

        Returns:
            One phrase per option or choice; empty where nothing is missing.
        """
        texts = config.texts
        lacking = [f"{name}=y or m" for name in self.all if texts.get(name) not in {"y", "m"}]
        lacking += [f"{name}=y" for name in self.builtin if texts.get(name) != "y"]
        lacking += [f"one of {', '.join(one)}" for one in self.any if not any(texts.get(n) in {"y", "m"} for n in one)]
        lacking += [f"{name} off" for name in self.off if texts.get(name) == "y"]
        return tuple(lacking)


@dataclass(frozen=True)
class Gate:
    """One category, and what stands between it and this kernel.

    Args:
        category: ``downstream``, ``testing``, ``community`` or ``main``.
        missing: One phrase per obstacle; empty: the kernel may enter.
    """

    category: str
    missing: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether the kernel may enter."""
        return not self.missing


@dataclass(frozen=True)
class Readiness(Renders):
    """What a configuration tells about a port's category.

    Args:
        gates: From the easiest category to the hardest.
        principles: Name → what is missing; empty: held.
        near_mainline: Whether the sources are near mainline; None: not known.
        findings: Of the rules of all categories together.
        evidence: What tells whether the sources are near mainline.
        newer: Options that are missing because their rules are younger than the kernel → month of the rule.
    """

    gates: tuple[Gate, ...]
    principles: Mapping[str, tuple[str, ...]]
    near_mainline: bool | None
    findings: Findings
    evidence: tuple[str, ...] = ()
    newer: Mapping[str, str] = field(default_factory=dict)

    @property
    def category(self) -> str:
        """The hardest category that is open with all easier ones that ask for the same sources."""
        return next((gate.category for gate in reversed(self.gates) if gate.is_open), "none")

    @property
    def nearest(self) -> tuple[Gate, ...]:
        """The categories above, where only options keep a kernel near mainline out; each with what those before it do not ask."""
        closed = (
            [gate for gate in self.gates if not gate.is_open and gate.category != "main"] if self.near_mainline else []
        )
        asked: set[str] = set()
        found: list[Gate] = []
        for gate in closed:
            missing = tuple(word for word in gate.missing if word not in asked)
            if not found or len(missing) <= FEW_MORE:
                found.append(Gate(gate.category, missing))
            asked.update(missing)
        return tuple(found)

    @property
    def verdict(self) -> str:
        """The category in words; where only options are missing for it: ``testing once NULL_TTY=m is set``."""
        words = [] if self.category == "downstream" and self.nearest else [self.category]
        for place, gate in enumerate(self.nearest):
            also = " as well" if place else ""
            names = f"{_few(gate.missing)} {'is' if len(gate.missing) == 1 else 'are'} set{also}"
            words.append(f"{gate.category} once {names if gate.missing else 'these are set'}")
        return ", and ".join(words)

    def view(self) -> Stack:
        """Two tables: categories and principles.

        Returns:
            What is missing for each.
        """
        gates = [(gate.category, "open" if gate.is_open else "closed", _few(gate.missing)) for gate in self.gates]
        held = [
            (name, "held" if not missing else "missing", _few(missing)) for name, missing in self.principles.items()
        ]
        newer = ", ".join(f"{name} ({month})" for name, month in self.newer.items())
        return Stack(
            [
                Table(("category", "kernel", "missing"), gates, title=f"This kernel may enter: {self.verdict}"),
                *(Text(line) for line in self.evidence),
                *([Text(f"rules younger than this kernel: {newer}")] if newer else []),
                Table(("principle", "", "missing"), held),
            ]
        )


FEW_MORE = 16
"""With more options missing than so many, a category is not near."""


def _few(words: tuple[str, ...], room: int = 8) -> str:
    more = f" and {len(words) - room} more" if len(words) > room else ""
    return "; ".join(words[:room]) + more


@cache
def principles() -> tuple[Principle, ...]:
    """The principles that pmport ships.

    Returns:
        Each as its record has it.
    """
    document = tomllib.loads(files(__package__).joinpath("principles.toml").read_text(encoding="utf-8"))
    return tuple(
        Principle(
            name,
            table["text"],
            tuple(table.get("all", ())),
            tuple(table.get("builtin", ())),
            tuple(tuple(one) for one in table.get("any", ())),
            tuple(table.get("off", ())),
        )
        for name, table in document.items()
    )


def readiness(
    config: KernelConfig,
    rules: RuleSet | None = None,
    *,
    version: str | None = None,
    arch: str | None = None,
    near_mainline: bool | None = None,
    board: str = "",
) -> Readiness:
    r"""Judge a kernel.

    Args:
        config: Its configuration.
        rules: The rules; None: the shipped ones.
        version: The kernel's version; None: the configuration's own.
        arch: Alpine's name; None: the configuration's own.
        near_mainline: Whether its sources are near mainline; None: the configuration tells, by options that only
            vendors' kernels have, and by how much of it mainline does not know.
        board: The first compatible string of the phone's mainline tree: whether mainline has it is evidence as well.

    Returns:
        The categories that are open, and what is missing for the others. What people judge for *main* (maintainers,
        images, tests) no configuration can tell.

    Example:
        >>> from pmport.formats.kernel.config import KernelConfig
        >>> text = b"# Linux/arm 3.4.0 Kernel Configuration\nCONFIG_ANDROID_PARANOID_NETWORK=y\n"
        >>> readiness(KernelConfig.parse(text)).category
        'downstream'
    """
    default = check(config, rules, version=version, arch=arch)
    community = check(config, rules, categories=["community"], version=version, arch=arch)
    near, evidence = nearness(config, board)
    near_mainline = near if near_mainline is None else near_mainline
    held = {principle.name: principle.missing(config) for principle in principles()}
    sources = {
        True: (),
        False: ("sources near mainline",),
        None: ("to know whether the sources are near mainline",),
    }[near_mainline]
    held["near-mainline"] = sources
    unmet = tuple(f"principle {name}" for name, missing in held.items() if missing and name != "near-mainline")
    gates = (
        Gate("downstream", ()),
        Gate("testing", sources + _broken(default)),
        Gate("community", sources + _broken(community) + unmet),
        Gate("main", (*sources, *_broken(community), *unmet, "what people judge: maintainers, images, tests")),
    )
    found = Findings({*default, *community})
    return Readiness(gates, held, near_mainline, found, evidence, _newer(found, version or config.version))


def nearness(config: KernelConfig, board: str = "") -> tuple[bool | None, tuple[str, ...]]:
    """Whether a kernel's sources are near mainline, by its configuration.

    Args:
        config: The configuration.
        board: The first compatible string of the phone's mainline tree; "": not known.

    Returns:
        True, False, or None where nothing tells; and what tells.
    """
    marks = [name for name in VENDOR_MARKS if config.is_on(name)]
    if marks:
        return False, (f"a vendor's kernel: it has {', '.join(marks[:3])}",)
    evidence = []
    if board and any(load_index(series).boards_of(board) for series in shipped_series()):
        evidence.append(f"mainline has a tree of {board}")
    if config.kernel_arch not in INDEXED:
        recent = _number(config.version) >= OLDEST_LIKELY
        return (True if recent or evidence else None), tuple(evidence) or ("no option that only vendors' kernels have",)
    on = [name for name, text in config.texts.items() if text in {"y", "m"}]
    unknown = sum(all(load_index(series).symbol(name) is None for series in shipped_series()) for name in on)
    share = unknown / max(1, len(on))
    evidence.append(f"{share:.1%} of what it has on is unknown to Linux {', '.join(shipped_series())}")
    return share < VENDORS_SHARE if len(on) >= FEWEST or share >= VENDORS_SHARE else None, tuple(evidence)


INDEXED = frozenset({"arm", "arm64"})
"""Architectures whose options the indexes hold."""
OLDEST_LIKELY = (5, 10)
"""Vendors' kernels of other architectures are older."""
FEWEST = 200
"""A configuration with fewer options tells nothing."""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


@cache
def rule_months() -> Mapping[str, str]:
    """When options came into the rules.

    Returns:
        Option → month, such as ``2026-05``; not for those that are as old as the rules.
    """
    table = tomllib.loads(files(__package__).joinpath("rule_dates.toml").read_text(encoding="utf-8"))
    return {option: month for month, options in table.items() for option in options}


def _newer(findings: Findings, version: str) -> Mapping[str, str]:
    """Missing options whose rules are younger than a kernel."""
    number = _number(version)
    if len(number) < 2:
        return {}
    age = (releases(number) - releases(ANCHOR[0])) * 63 + (number[2] if len(number) > 2 else 0) * 7
    born = (ANCHOR[1] + timedelta(days=age)).strftime("%Y-%m")
    months = rule_months()
    missing = [item.option for item in findings if isinstance(item, OptionFinding) and item.level == "must"]
    return {name: months[name] for name in dict.fromkeys(missing) if months.get(name, "") > born}


ANCHOR = ((6, 1), date(2022, 12, 11))
"""A release of Linux with its day; one follows every nine weeks, and a stable one about every week."""


def _broken(findings: Findings) -> tuple[str, ...]:
    return tuple(_phrase(item) for item in findings if item.severity in {Severity.ERROR, Severity.UNKNOWN})


def _phrase(finding: Finding) -> str:
    if finding.severity is Severity.UNKNOWN or not isinstance(finding, OptionFinding):
        return finding.message
    return f"{finding.option} off" if finding.wanted == "n" else finding.fix.removeprefix("CONFIG_")
