"""Judges nodes: who binds, and what of it a configuration leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.kernels.binding import Candidate, candidates, chosen, is_on
from pmport.kernels.expressions import blockers
from pmport.kernels.need_rows import Lack, Need, Status, role_of
from pmport.kernels.special_nodes import of_the_core, special

if TYPE_CHECKING:
    from pmport.devicetree import TreeNode
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.implied_needs import Implied
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["judged", "judged_implied", "lack"]


def judged(node: TreeNode, config: KernelConfig, index: MainlineIndex) -> Need:
    """Judge one node.

    Args:
        node: An enabled node with a compatible string.
        config: The configuration.
        index: The kernel's index.

    Returns:
        Its row.
    """
    strings = node.compatible
    groups = candidates(node, index)
    if groups and not of_the_core(strings):
        return _bound(node, groups, config, index)
    for text in strings:
        row = special(text)
        if row is not None:
            lacking = tuple(lack(name, config, index) for name in row.symbols if not is_on(name, config))
            status = Status.LACKING if lacking else Status.SATISFIED if row.symbols else Status.HANDLED
            return Need(node.path, text, status, "other", symbols=row.symbols, lacking=lacking, why=row.source)
    for text in strings:
        asked = index.drivers(text, "ref")
        if asked:
            return Need(node.path, text, Status.HANDLED, role_of(asked[0].path), why=f"asked for by {asked[0].path}")
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


def _bound(node: TreeNode, groups: list[list[Candidate]], config: KernelConfig, index: MainlineIndex) -> Need:
    """Who binds; where several must, what any of them lacks. One beside a driver that was never offered is not for this machine."""
    choices = [chosen(group, config) for group in groups]
    choices = choices[:1] + [choice for choice in choices[1:] if all(name in config for name in choice.missing)]
    first = next((choice for choice in choices if choice.missing), choices[0])
    driver, symbols = first.candidate.driver, tuple(dict.fromkeys(n for choice in choices for n in choice.symbols))
    missing = dict.fromkeys(name for choice in choices for name in choice.missing)
    role = role_of(driver.path)
    if missing:
        lacking = tuple(lack(name, config, index) for name in missing)
        return Need(node.path, first.candidate.text, Status.LACKING, role, driver.path, symbols, lacking)
    modules = [
        name
        for choice in choices
        if any(config.texts.get(symbol) == "m" for symbol in choice.symbols)
        for name in choice.candidate.driver.modules
    ]
    return Need(
        node.path,
        first.candidate.text,
        Status.SATISFIED,
        role,
        driver.path,
        symbols,
        modules=tuple(dict.fromkeys(modules)),
    )


def judged_implied(found: Implied, config: KernelConfig, index: MainlineIndex) -> Need:
    """Judge a need that no compatible string shows.

    Args:
        found: The need.
        config: The configuration.
        index: The kernel's index.

    Returns:
        Its row.
    """
    symbols: dict[str, None] = {}
    missing: dict[str, None] = {}
    for sets in found.choices:
        lacks = [(tuple(name for name in one if not is_on(name, config)), one) for one in sets]
        least, one = min(lacks, key=lambda pair: (len(pair[0]), any(name not in config for name in pair[0])))
        symbols |= dict.fromkeys(one)
        missing |= dict.fromkeys(least)
    role = found.role or role_of(found.driver)
    modules = found.modules if any(config.texts.get(name) == "m" for name in symbols) and not missing else ()
    return Need(
        found.path,
        found.what,
        Status.LACKING if missing else Status.SATISFIED,
        role,
        found.driver,
        tuple(symbols),
        tuple(lack(name, config, index) for name in missing),
        modules,
        found.source,
    )


def lack(name: str, config: KernelConfig, index: MainlineIndex) -> Lack:
    """Why a symbol is not on.

    Args:
        name: Without ``CONFIG_``.
        config: The configuration.
        index: The kernel's index.

    Returns:
        That it can simply be set, or what has to change first.
    """
    if name in config:
        return Lack(name)
    symbol = index.symbol(name)
    if symbol is None:
        return Lack(name, hidden=True, because=(f"Linux {index.series} has no such symbol",))

    def value(other: str) -> str:
        return config.texts.get(other, "n")

    because = blockers(symbol.depends, value)
    if symbol.prompt:
        because = (*because, *blockers(symbol.prompt_if, value))
        return Lack(name, hidden=True, because=tuple(dict.fromkeys(because)))
    conditions = symbol.select_if
    who = tuple(f"{one} if {conditions[one]}" if one in conditions else one for one in symbol.selected_by)
    return Lack(name, hidden=True, because=because, selected_by=who)
