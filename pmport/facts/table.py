"""Which values tell facts, and who reads them: one visible row per input type."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from pmport.facts.device_facts import DeviceFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pmport.facts.device_facts import Fact

__all__ = ["READERS", "of"]

READERS: dict[str, str] = {
    "pmport.formats.kernel_config:KernelConfig": "pmport.facts.kernel_config:read",
}
"""``"module:Class"`` of a value → ``"module:function"`` that yields its facts. A subclass uses its base's row."""


def of(value: object) -> DeviceFacts:
    """What a value tells about the device.

    Args:
        value: Anything that :func:`pmport.open` gives, or that a device answered: a boot image, a device tree, getvars …

    Returns:
        The facts of the value and of everything inside that it knows how to ask.

    Raises:
        TypeError: If no row of :data:`READERS` fits.
    """
    for base in type(value).__mro__:
        reader = READERS.get(f"{base.__module__}:{base.__qualname__}")
        if reader:
            module, _, name = reader.partition(":")
            read = cast("Callable[[object], Iterable[Fact]]", getattr(import_module(module), name))
            return DeviceFacts(read(value))
    raise TypeError(f"a {type(value).__name__} tells no facts; facts can be read from {', '.join(sorted(READERS))}")
