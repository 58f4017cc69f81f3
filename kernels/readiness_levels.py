"""Which category of postmarketOS a port could enter with its kernel, and what is missing.

A port is in one of four categories: *downstream* (a vendor's kernel), *testing* (a kernel near mainline that boots),
*community* and *main* (maintained; every kernel there carries the community rules). Of what they ask, this judges what a
configuration can tell; maintainers, images and tests are judged by people.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.kernels.checking import check
from pmport.render import Renders, Stack, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.rules import RuleSet

__all__ = ["Gate", "Principle", "Readiness", "principles", "readiness"]

VENDOR_MARKS = ("ANDROID_PARANOID_NETWORK", "SEC_RESTRICT_ROOTING", "KINETO_GAN", "TZDEV", "SAMSUNG_TUI", "ION_MSM",
                "MSM_SMD", "MSM_KGSL", "QCOM_KGSL", "FB_MSM", "MTK_PLATFORM", "MTK_LCM", "EXYNOS_IPI", "SPRD_MODULES")  # fmt: skip
"""Options of vendors' kernels that no mainline kernel ever had."""


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
    """

    gates: tuple[Gate, ...]
    principles: Mapping[str, tuple[str, ...]]
    near_mainline: bool | None
    findings: Findings

    @property
    def category(self) -> str:
        """The hardest category that is open with all easier ones that ask for the same sources."""
        return next((gate.category for gate in reversed(self.gates) if gate.is_open), "none")

    def view(self) -> Stack:
        """Two tables: categories and principles.

        Returns:
            What is missing for each.
        """
        gates = [(gate.category, "open" if gate.is_open else "closed", _few(gate.missing)) for gate in self.gates]
        held = [
            (name, "held" if not missing else "missing", _few(missing)) for name, missing in self.principles.items()
        ]
        return Stack(
            [
                Table(("category", "kernel", "missing"), gates, title=f"This kernel may enter: {self.category}"),
                Table(("principle", "", "missing"), held),
            ]
        )


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
) -> Readiness:
    r"""Judge a kernel.

    Args:
        config: Its configuration.
        rules: The rules; None: the shipped ones.
        version: The kernel's version; None: the configuration's own.
        arch: Alpine's name; None: the configuration's own.
        near_mainline: Whether its sources are near mainline; None: a configuration with options that only vendors'
            kernels have is taken for one of them, otherwise it stays unknown.

    Returns:
        The categories that are open, and what is missing for the others.

    Example:
        >>> from pmport.formats.kernel.config import KernelConfig
        >>> text = b"# Linux/arm 3.4.0 Kernel Configuration\nCONFIG_ANDROID_PARANOID_NETWORK=y\n"
        >>> readiness(KernelConfig.parse(text)).category
        'downstream'
    """
    default = check(config, rules, version=version, arch=arch)
    community = check(config, rules, categories=["community"], version=version, arch=arch)
    marks = [name for name in VENDOR_MARKS if config.is_on(name)]
    if near_mainline is None and marks:
        near_mainline = False
    held = {principle.name: principle.missing(config) for principle in principles()}
    sources = {
        True: (),
        False: ("sources near mainline" + (f" (this is a vendor's kernel: it has {marks[0]})" if marks else ""),),
        None: ("to know whether the sources are near mainline",),
    }[near_mainline]
    held["near-mainline"] = sources
    unmet = tuple(f"principle {name}" for name, missing in held.items() if missing and name != "near-mainline")
    gates = (
        Gate("downstream", ()),
        Gate("testing", sources + _broken(default)),
        Gate("community", sources + _broken(community) + unmet),
        Gate("main", sources + _broken(community) + unmet),
    )
    return Readiness(gates, held, near_mainline, Findings({*default, *community}))


def _broken(findings: Findings) -> tuple[str, ...]:
    return tuple(_phrase(item) for item in findings if item.severity in {Severity.ERROR, Severity.UNKNOWN})


def _phrase(finding: Finding) -> str:
    return finding.message if finding.severity is Severity.UNKNOWN else finding.fix.removeprefix("CONFIG_")
