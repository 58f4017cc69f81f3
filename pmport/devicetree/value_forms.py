r"""How the value of a property is best written in source: as strings, cells or bytes.

A blob holds no types. The name tells most of them, and where it does not, the bytes are looked at. Every form that is
chosen here gives the same bytes back when it is compiled, so a wrong guess is only less readable.

Example:
    >>> choose("compatible", b"acme,argon\0"), choose("reg", bytes(8)), choose("mac-address", bytes(8))
    (<Form.STRINGS: 'strings'>, <Form.CELLS: 'cells'>, <Form.BYTES: 'bytes'>)
    >>> choose("regulator-min-microvolt", b"\x001Q\x00"), choose("dma-coherent", b"")
    (<Form.CELLS: 'cells'>, <Form.FLAG: 'flag'>)
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

__all__ = ["Form", "choose", "decimal", "escaped", "shown"]


class Form(Enum):
    """How a value is written."""

    FLAG = "flag"
    """No value: the property's presence says it all."""
    STRINGS = "strings"
    """``"a", "b"``."""
    CELLS = "cells"
    """``<1 2>``."""
    BYTES = "bytes"
    """``[01 02]``."""


STRINGS = re.compile(
    r"(?:.*,)?(?:compatible|model|status|label|name|bootargs|stdout-path|stdin-path|device_type|chassis-type|serial-number"
    r"|regulator-name|pins|groups|function|mount-matrix|firmware-name|linux,default-trigger|linux,keymap-name|trigger"
    r"|.*-names?|.*-panel-name|.*-command-state|audio-routing|widgets|routing|dr_mode|phy_type|phy-mode|type|method"
    r"|maximum-speed|bus-type|.*-string|.*-strings|target-path|default-state|clock-output-names|dai-format)"
)
"""Names whose values are strings. Source of the names: the kernel's bindings, and vendor trees."""
CELLS = re.compile(
    r"(?:.*,)?(?:reg|ranges|dma-ranges|interrupts|interrupt-map|interrupt-map-mask|phandle|bus-range|memory|size|alignment"
    r"|#.*|.*-supply|.*-gpios?|gpios?|clocks|resets|phys|dmas|power-domains|.*-microvolts?|.*-microamps?|.*-(?:us|ms|ns|hz|mv|ma|uv|ua)"
    r"|.*-frequency|.*-rates?|code|keycodes?|msm-id|board-id|pmic-id|.*-cells|.*-width|.*-height|opp-.*|freq.*"
    r"|.*-level|.*-offset|.*-size|.*-address|.*-mask|.*-delay.*|.*-current.*|.*-voltage.*|.*-threshold.*)"
)
"""Names whose values are cells."""
BYTES = re.compile(
    r"(?:.*,)?(?:.*-commands?|(?:local-)?mac-address|.*-address-bytes|.*panel-timings.*|rng-seed|kaslr-seed-bytes|edid)"
)
"""Names whose values are bytes, also where their length would make cells of them. MIPI commands are the reason: one in
three has a length that four divides."""
STRING_HOLDERS = frozenset({"aliases", "__symbols__", "__fixups__"})
"""Children of the root that hold nothing but strings."""
PRINTABLE = frozenset(range(0x20, 0x7F))
VISIBLE = re.compile(rb"[ -~]+")
SHORT = 4
"""A string with fewer letters is believed only where it cannot be cells."""
DECIMAL = re.compile(
    r"(?:.*,)?(?:#.*|.*-frequency|.*-microvolts?|.*-microamps?|.*-(?:us|ms|ns|hz|mv|ma|uv|ua)|code|bus-width|.*-width|.*-height"
    r"|.*-delay.*|.*-num|num-.*|.*-lanes?|.*-percent.*|.*-interval.*|.*-rates?|linux,code|reg-shift|reg-io-width)"
)
"""Names whose numbers people read in decimal."""
PLAIN = re.compile(rb"[ !#-\[\]-~]*")
"""A string that needs no escapes."""
ESCAPES = {0x5C: "\\\\", 0x22: '\\"', 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


def choose(name: str, value: bytes, holder: str = "") -> Form:
    """Choose the form of a value.

    Args:
        name: The property's name.
        value: Its bytes.
        holder: Name of the node, where it is a child of the root.

    Returns:
        A form that can write these bytes.
    """
    if not value:
        return Form.FLAG
    told = Form.STRINGS if holder in STRING_HOLDERS else _by_name(name)
    strings, cells = value[-1] == 0, not len(value) & 3
    if told is Form.BYTES or (told is Form.STRINGS and strings) or (told is Form.CELLS and cells):
        return told
    if strings and _looks_like_strings(value):
        return Form.STRINGS
    return Form.CELLS if cells else Form.BYTES


@lru_cache(maxsize=8192)
def _by_name(name: str) -> Form | None:
    for pattern, form in ((BYTES, Form.BYTES), (CELLS, Form.CELLS), (STRINGS, Form.STRINGS)):
        if pattern.fullmatch(name):
            return form
    return None


def _looks_like_strings(value: bytes) -> bool:
    """Each is printable and not empty, and one of them is too long for chance where they could be cells."""
    strings = value[:-1].split(b"\0")
    if not all(map(VISIBLE.fullmatch, strings)):
        return False
    return bool(len(value) & 3) or any(len(text) >= SHORT for text in strings)


@lru_cache(maxsize=8192)
def decimal(name: str) -> bool:
    """Whether the numbers of a property are read in decimal.

    Args:
        name: Its name.

    Returns:
        True for counts, frequencies, voltages and the like; False for addresses and masks.
    """
    return DECIMAL.fullmatch(name) is not None


def escaped(text: bytes) -> str:
    r"""A string between quotes.

    Args:
        text: Its bytes, without NUL.

    Returns:
        The literal; a byte that is no printable ASCII is written as three octal digits, which no digit behind it can
        lengthen.

    Example:
        >>> print(escaped(b'13.3"' + bytes([200]) + b"1"))
        "13.3\"\3101"
    """
    if PLAIN.fullmatch(text):
        return f'"{text.decode("ascii")}"'
    inner = "".join(
        chr(byte) if byte in PRINTABLE and byte not in ESCAPES else ESCAPES.get(byte) or f"\\{byte:03o}"
        for byte in text
    )
    return f'"{inner}"'


def shown(name: str, value: bytes, longest: int = 60) -> str:
    r"""A value on one line, for tables and reports.

    Args:
        name: The property's name.
        value: Its bytes.
        longest: Letters after which it is cut.

    Returns:
        The value as source has it; "" for a property without one.

    Example:
        >>> shown("compatible", b"acme,argon\0acme,soc\0"), shown("reg", bytes(8)), shown("dma-coherent", b"")
        ('"acme,argon", "acme,soc"', '<0 0>', '')
    """
    form = choose(name, value)
    if form is Form.FLAG:
        return ""
    if form is Form.STRINGS:
        text = ", ".join(escaped(part) for part in value[:-1].split(b"\0"))
    elif form is Form.BYTES:
        text = f"[{value[:longest].hex(' ')}]"
    else:
        cells = [int.from_bytes(value[at : at + 4], "big") for at in range(0, min(len(value), 4 * longest), 4)]
        text = "<" + " ".join(str(cell) if cell < 10 or decimal(name) else f"{cell:#x}" for cell in cells) + ">"
    return text if len(text) <= longest else text[: longest - 1] + "…"
