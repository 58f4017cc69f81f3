"""Addresses of phones on a network, as AOSP's client takes them: ``host``, ``host:port``, ``[IPv6]:port``, bare IPv6."""

from __future__ import annotations

from pmport.errors import NoDeviceError
from pmport.untrusted import decimal, printable

__all__ = ["shown_address", "split_address"]

LAST_PORT = 65535


def split_address(text: str, port: int) -> tuple[str, int]:
    """Host and port of an address (AOSP ``libbase``, ``ParseNetAddress``).

    Args:
        text: As a person wrote it.
        port: The port where none is named.

    Returns:
        Host and port.

    Raises:
        NoDeviceError: If it is no address.

    Example:
        >>> split_address("phone.local", 5554), split_address("[fe80::1%eth0]:5555", 5554), split_address("::1", 5554)
        (('phone.local', 5554), ('fe80::1%eth0', 5555), ('::1', 5554))
    """
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        digits = rest[1:] if rest.startswith(":") else ""
        valid = bool(bracket) and (not rest or rest.startswith(":"))
    elif text.count(":") > 1:
        host, rest, digits, valid = text, "", "", True
    else:
        host, rest, digits = text.partition(":")
        valid = True
    number = decimal(digits) if rest else port
    if not valid or not host or number is None or not 0 < number <= LAST_PORT:
        raise NoDeviceError(
            f"{printable(text)!r} is no address of a phone", state="Nothing was sent",
            remedy="Write host, host:port (1 to 65535), or [IPv6]:port",
        )  # fmt: skip
    return host, number


def shown_address(host: str, port: int) -> str:
    """An address as it is written.

    Args:
        host: Name or address.
        port: The port.

    Returns:
        ``host:port``, with IPv6 in brackets.
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
