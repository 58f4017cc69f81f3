"""Who waits for whom: the deferred probes of a log, as a picture.

Example:
    >>> print(picture({"a.usb": ("b.phy",), "b.phy": ("c.regulator",)}, {"c.regulator": "CONFIG_X is off"}))
    a.usb
    └─ b.phy
       └─ c.regulator: CONFIG_X is off
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

__all__ = ["picture"]

DEEPEST = 12
MOST = 60
"""Lines of a picture: who waits for many has many ways to them, and each is drawn."""


def picture(waits: Mapping[str, tuple[str, ...]], remarks: Mapping[str, str]) -> str:
    """Draw who waits for whom.

    Args:
        waits: Device → what it waits for.
        remarks: What is known of a device.

    Returns:
        A tree of text; below a device stands what it waits for. What nobody waits for stands at the left.
    """
    suppliers = {name for names in waits.values() for name in names}
    tops = [device for device in waits if device not in suppliers] or list(waits)[:1]
    lines = list(islice((line for top in tops for line in _drawn(top, waits, remarks)), MOST + 1))
    return "\n".join([*lines[:MOST], *(["… and more"] if len(lines) > MOST else [])])


def _drawn(top: str, waits: Mapping[str, tuple[str, ...]], remarks: Mapping[str, str]) -> Iterator[str]:
    yield _line(top, remarks)
    yield from _below(top, waits, remarks, "", (top,))


def _below(
    device: str, waits: Mapping[str, tuple[str, ...]], remarks: Mapping[str, str], indent: str, way: tuple[str, ...]
) -> Iterator[str]:
    names = waits.get(device, ())
    for number, name in enumerate(names):
        last = number == len(names) - 1
        in_circle = name in way
        yield f"{indent}{'└' if last else '├'}─ {_line(name, remarks)}{' (in a circle)' if in_circle else ''}"
        if not in_circle and len(way) < DEEPEST:
            yield from _below(name, waits, remarks, indent + ("   " if last else "│  "), (*way, name))


def _line(name: str, remarks: Mapping[str, str]) -> str:
    return f"{name}: {remarks[name]}" if remarks.get(name) else name
