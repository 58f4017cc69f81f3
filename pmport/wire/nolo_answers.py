"""What NOLO answers, as text: its version, the phone's identity, its log, and which phone shows which USB product string.

Example:
    >>> version_text(0x00140E00)
    '1.4.14'
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pmport.errors import FormatError
from pmport.untrusted import printable

__all__ = ["FORMAT", "PRODUCTS", "identity", "identity_bytes", "log_lines", "product_of", "version_text"]

FORMAT = "NOLO message"

PRODUCTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "SU-18": ("Nokia 770", ("Nokia 770", "Nokia 770 (Update mode)")),
    "RX-34": ("Nokia N800", ("Nokia N800 Internet Tablet", "Nokia N800 (Update mode)")),
    "RX-44": ("Nokia N810", ("Nokia N810 Internet Tablet", "Nokia N810 (Update mode)")),
    "RX-48": ("Nokia N810 WiMAX", ("Nokia N810 Internet Tablet WiMAX Edition", "Nokia-RX48 (Update mode)")),
    "RX-51": (
        "Nokia N900",
        ("N900 (Storage Mode)", "Nokia N900 (Update mode)", "N900 (PC-Suite Mode)", "N900 (U-Boot)"),
    ),
    "RM-680": ("Nokia N950", ("Nokia N950", "N950 (Update mode)")),
    "RM-696": ("Nokia N9", ("Nokia N9", "N9 (Update mode)", "Nokia N9 RNDIS/Ethernet")),
}
"""Product code → name, and the product strings that its modes show on USB."""


def version_text(word: int) -> str:
    """NOLO's version.

    Args:
        word: The answer to :attr:`pmport.wire.nolo.Request.VERSION`.

    Returns:
        Such as ``"1.4.14"``.

    Raises:
        FormatError: If the low byte is above 1: another protocol.
    """
    if word & 0xFF > 1:
        raise FormatError(f"{word:#010x} is no version of NOLO", format=FORMAT, field="version", offset=0)
    return f"{word >> 20 & 15}.{word >> 16 & 15}.{word >> 8 & 255}"


def identity(data: bytes) -> dict[str, str]:
    """Keys and values of an answer to :attr:`pmport.wire.nolo.Request.IDENTIFY`.

    Args:
        data: The answer.

    Returns:
        Such as ``{"prod_code": "RX-51", "hw_rev": "2101"}``, in the phone's order.

    Example:
        >>> identity(bytes((9, 6)) + b"prod_code" + bytes((0, 6)) + b"RX-51" + bytes(1))
        {'prod_code': 'RX-51'}
    """
    words = [word.decode("ascii") for word in re.findall(rb"[ -~]+", data)]
    return dict(zip(words[::2], words[1::2], strict=False))


def identity_bytes(values: Mapping[str, str]) -> bytes:
    """An answer to :attr:`pmport.wire.nolo.Request.IDENTIFY`, as a phone gives it.

    Args:
        values: Keys and values.

    Returns:
        Each key and each value with a NUL behind it.
    """
    return b"".join(f"{key}\0{value}\0".encode("ascii") for key, value in values.items())


def log_lines(data: bytes) -> tuple[str, ...]:
    """Lines of an answer to :attr:`pmport.wire.nolo.Request.ERROR_LOG`.

    Args:
        data: The answer.

    Returns:
        The lines that are not empty.
    """
    lines = (line.decode("utf-8", "backslashreplace").strip() for line in data.split(b"\0") if line.strip())
    return tuple(printable(line) for line in lines)


def product_of(text: str) -> str | None:
    """The product code behind a USB product string.

    Args:
        text: The string.

    Returns:
        Such as ``"RX-51"``; None if no product shows it.
    """
    return next((code for code, (_, shown) in PRODUCTS.items() if text in shown), None)
