"""The word in which a boot image packs Android's version and its security patch level.

Bits 31 to 25, 24 to 18 and 17 to 11 hold the three parts of the version, bits 10 to 4 the year since 2000, bits 3 to 0 the month. Zero
in either half means that it was not set; both halves are independent (AOSP ``bootimg.h``).

Example:
    >>> decode(0x18000165)
    ('12.0.0', '2022-05')
    >>> hex(encode("12.0.0", "2022-05"))
    '0x18000165'
"""

from __future__ import annotations

import re

from pmport.errors import FormatError

__all__ = ["decode", "encode"]

_VERSION = re.compile(r"(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?")
_PATCH_LEVEL = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?")


def decode(word: int) -> tuple[str | None, str | None]:
    """Take the word apart.

    Args:
        word: The 32-bit header field.

    Returns:
        ``(version, patch level)`` such as ``("12.0.0", "2022-05")``; None where a half is zero. A month outside 1 to 12 is
        shown as it stands.
    """
    version, level = word >> 11, word & 0x7FF
    return (
        f"{version >> 14}.{version >> 7 & 0x7F}.{version & 0x7F}" if version else None,
        f"{2000 + (level >> 4):04d}-{level & 0xF:02d}" if level else None,
    )


def encode(version: str | None, patch_level: str | None) -> int:
    """Put the word together.

    Args:
        version: One to three numbers below 128, such as ``"11"`` or ``"8.1.0"``; None or empty: not set.
        patch_level: ``YYYY-MM``, a day behind it is ignored; None or empty: not set.

    Returns:
        The 32-bit header field.

    Raises:
        FormatError: If a text is no version or no patch level, or does not fit.
    """
    return _version_bits(version) << 11 | _patch_bits(patch_level)


def _version_bits(version: str | None) -> int:
    if not version:
        return 0
    match = _VERSION.fullmatch(version)
    parts = [int(part or 0) for part in match.groups()] if match else [128]
    if max(parts) > 127:
        raise FormatError(
            f"{version!r} is no Android version",
            field="os_version",
            remedy="Use up to three numbers below 128, as 8.1.0",
        )
    return parts[0] << 14 | parts[1] << 7 | parts[2]


def _patch_bits(patch_level: str | None) -> int:
    if not patch_level:
        return 0
    match = _PATCH_LEVEL.fullmatch(patch_level)
    year, month = (int(match.group(1)) - 2000, int(match.group(2))) if match else (-1, 0)
    if not 0 <= year < 128 or not 1 <= month <= 12:
        raise FormatError(
            f"{patch_level!r} is no security patch level",
            field="os_patch_level",
            remedy="Use YYYY-MM, from 2000 to 2127",
        )
    return year << 4 | month
