"""The answer first: what a person wants to know of a file, in a few lines, from its facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.facts.device_facts import DeviceFacts

__all__ = ["summary"]

MOST = 3
"""So many values of one kind are named; of more, how many."""


def summary(facts: DeviceFacts) -> dict[str, str]:
    """Tell which phone, which chip, which kernel, and how it is built.

    Args:
        facts: The facts of a file.

    Returns:
        ``phone``, ``chip``, ``kernel`` and ``built`` → in words; what the facts do not tell is left out.

    Example:
        >>> from pmport.facts import DeviceFacts, Fact
        >>> summary(DeviceFacts([Fact("model", "Acme Argon", "/model"), Fact("soc", "msm8916", "/compatible")]))
        {'phone': 'Acme Argon', 'chip': 'msm8916'}
    """
    lines = {
        "phone": _phone(facts),
        "chip": ", ".join(filter(None, (_named(facts.values("soc")), _named(facts.values("arch"))))),
        "kernel": ", ".join(_kernel(facts)),
        "built": ", ".join(_built(facts)),
    }
    return {label: text for label, text in lines.items() if text}


def _phone(facts: DeviceFacts) -> str:
    """Model, else the names that bootloaders and boards go by."""
    for field in ("model", "product", "board"):
        values = facts.values(field)
        if values:
            trees = {fact.tree for fact in facts.all(field) if fact.tree is not None}
            of_many = len(values) > 1 and len(trees) > 1
            return _named(values) + (f" (the file has trees of {len(values)} boards)" if of_many else "")
    return ""


def _kernel(facts: DeviceFacts) -> Iterator[str]:
    if facts.values("kernel_version"):
        yield _named(facts.values("kernel_version"))
    if facts.values("kernel_format"):
        yield _named(facts.values("kernel_format"))
    if facts.values("kernel_compression"):
        yield f"{_named(facts.values('kernel_compression'))} compressed"


def _built(facts: DeviceFacts) -> Iterator[str]:
    version = facts.number("header_version")
    if version is not None:
        yield f"header version {version}"
    if facts.number("page_size"):
        yield f"pages of {facts.number('page_size')} bytes"
    if facts.values("ramdisk_compression"):
        yield f"{_named(facts.values('ramdisk_compression'))} ramdisk"
    if facts.values("dtb_placement"):
        trees = len({fact.tree for fact in facts if fact.tree is not None})
        counted = f" ({trees} device trees)" if trees > 1 else ""
        yield f"device trees: {_named(facts.values('dtb_placement'))}{counted}"
    if facts.values("wrapper"):
        yield f"wrapped as {_named(facts.values('wrapper'))}"
    if facts.values("avb"):
        yield f"verified boot: {_named(facts.values('avb'))}"
    if facts.values("os_version"):
        yield f"Android {_named(facts.values('os_version'))}"


def _named(values: Sequence[object]) -> str:
    shown = ", ".join(str(value) for value in values[:MOST])
    return f"{shown} and {len(values) - MOST} more" if len(values) > MOST else shown
