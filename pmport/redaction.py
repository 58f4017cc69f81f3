"""What identifies a phone or its owner, and how it is taken out before anything is shared.

One table says what counts (:data:`IDENTIFYING`); :func:`redact` applies it to text and to the plain values that JSON
is made of. Reports, recordings and ``--json`` output pass through here unless the user asks for the raw values.

Example:
    >>> redact("androidboot.serialno=0123456789ABCDEF quiet")
    'androidboot.serialno=[redacted] quiet'
    >>> redact({"serialno": "c0ffee", "product": "enchilada"})
    {'serialno': '[redacted]', 'product': 'enchilada'}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TypeVar, cast

__all__ = ["IDENTIFYING", "REDACTED", "identifies", "redact"]

REDACTED = "[redacted]"

IDENTIFYING: tuple[tuple[str, str], ...] = (
    (
        "serial number",
        r"(?:(?:batt(?:ery)?|board|device|emmc|panel|phone|soc|usb)[-_. ]?)?serial(?:[-_. ]?(?:no|num|number))?|iserialnumber",
    ),
    ("IMEI or MEID", r"imei\d?|meid|imeisv"),
    (
        "chip identity",
        r"cpuid|cpu[-_]?id|chip[-_]?id(?:entity)?|socid[-_]?unique|androidboot\.cpuid|uid|public[-_]?id|root[-_]?key[-_]?hash",
    ),
    (
        "hardware address",
        r"(?:(?:local|perm|factory)[-_]?)?(?:wifi|wlan|bt|bluetooth|eth|btmac|wifi[-_]?mac)?[-_.]?(?:mac|macaddr|mac[-_]?addr(?:ess)?|bd[-_]?addr(?:ess)?)|usb_network_host_addr",
    ),
    ("unlock code", r"unlock[-_]?(?:code|key)|(?:[a-z]+[-_])?token|get_unlock_data"),
    ("telephone subscriber", r"imsi|iccid|msisdn|phone[-_]?number"),
    ("build owner", r"androidboot\.(?:wificountrycode|deviceid|uniqueno|em\.did|prjname_sn|psn|barcode)|barcode|psn"),
)
"""What counts: ``(what it is, pattern of the whole key)``, matched without regard to case."""

_KEY = "|".join(pattern for _, pattern in IDENTIFYING)
_WHOLE_KEY = rf"(?i:(?:[\w.-]+[.:])?(?:{_KEY}))"
_VALUE = r"\"[^\"\n]*\"|'[^'\n]*'|(?:(?<=:)|(?<=:\s))[^\s\",;]+(?: (?=[a-z-]*\d)[0-9a-z-]+(?=[\s\",;]|$))*|[^\s\",;]+"
"""In quotes, to their end; behind a colon also further words with digits in them; else one word."""
_KEY_AND_VALUE = rf"(?i:(?P<key>(?<![\w.-])(?:[\w-]+[.:])?(?:{_KEY}))(?P<sign>\"?\s*[=:]\s*)(?P<value>{_VALUE}))"
_MAC = r"(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])"
_IMEI = r"(?<!\d)\d{15}(?!\d)"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled where it is wanted: every command imports this module, and few have anything to redact."""
    return re.compile(pattern)


T = TypeVar("T")


def identifies(key: str) -> bool:
    """Whether a value under this name tells which phone it is.

    Args:
        key: A getvar, property, command line or JSON key.

    Returns:
        True for serial numbers, IMEIs, hardware addresses and the like.

    Example:
        >>> identifies("androidboot.serialno"), identifies("product")
        (True, False)
    """
    return _compiled(_WHOLE_KEY).fullmatch(key) is not None


def redact(value: T) -> T:
    """The same value without what identifies a phone.

    Args:
        value: Text, or a value made of mappings, lists, tuples and plain values, as JSON is.

    Returns:
        A value of the same shape; what identifies is replaced by ``[redacted]``.
    """
    return cast("T", _redact(value))


def _redact(value: object) -> object:
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if isinstance(key, str) and identifies(key) and item else _redact(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_redact(item) for item in value)
    return value


def _redact_text(text: str) -> str:
    text = _compiled(_KEY_AND_VALUE).sub(_hidden, text)
    text = _compiled(_MAC).sub(REDACTED, text)
    return _compiled(_IMEI).sub(lambda match: REDACTED if _luhn(match.group()) else match.group(), text)


def _hidden(match: re.Match[str]) -> str:
    value = match["value"]
    quote = value[0] if value[0] in "\"'" and len(value) > 1 and value[-1] == value[0] else ""
    return f"{match['key']}{match['sign']}{quote}{REDACTED}{quote}"


def _luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, as in every IMEI (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + (i + 1) % 2) for i, digit in enumerate(reversed(digits), start=1))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
