"""Version numbers as Alpine compares them: ``6.18_rc1`` is before ``6.18``, ``6.18`` before ``6.18.0``.

The grammar is that of apk: numbers joined by dots, one letter, suffixes (``_alpha _beta _pre _rc`` before the release,
``_cvs _svn _git _hg _p`` behind it) with numbers, and a package revision ``-r1``; see ``apk-package(5)``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

__all__ = ["compare", "from_kernel", "is_version", "satisfies"]

_BEFORE = ("alpha", "beta", "pre", "rc")
_BEHIND = ("cvs", "svn", "git", "hg", "p")
_VERSION = re.compile(rf"\d+(?:\.\d+)*[a-z]?(?:_(?:{'|'.join(_BEFORE + _BEHIND)})\d*)*(?:-r\d+)?")
_TOKEN = re.compile(
    r"(?P<number>\.?\d+)|(?P<letter>[a-z](?![a-z]))|_(?P<suffix>[a-z]+)(?P<count>\d*)|-r(?P<revision>\d+)"
)

_RELEASE = re.compile(r"^(\d+\.\d+)\.0(?![\d.])")
_PRE, _END, _REVISION, _COUNT, _POST, _TAIL, _LETTER, _NUMBER = range(8)
"""What may stand at one place of two versions that are equal up to there, from the lowest to the highest."""

Key: TypeAlias = tuple[tuple[int, int], ...]
CONDITIONS: dict[str, tuple[int, ...]] = {">=": (0, 1), "<": (-1,)}
"""Operator of a version range → results of :func:`compare` that satisfy it."""


def is_version(text: str) -> bool:
    """Whether a text is a version in Alpine's grammar.

    Args:
        text: Such as ``6.18_rc1``.

    Returns:
        True if all of it is.
    """
    return _VERSION.fullmatch(text) is not None


def from_kernel(release: str) -> str:
    """A kernel's release in Alpine's grammar.

    Args:
        release: As a configuration or a banner writes it: ``7.1.0-rc1``, ``4.9.227-perf+``.

    Returns:
        The version, local suffixes cut off; empty where there is none.

    Example:
        >>> from_kernel("7.1.0-rc1"), from_kernel("4.9.227-perf+"), from_kernel("unknown")
        ('7.1.0_rc1', '4.9.227', '')
    """
    match = _VERSION.match(release.replace("-rc", "_rc"))
    return match[0] if match else ""


@lru_cache(maxsize=4096)
def _key(version: str, compat: bool) -> Key:
    key: list[tuple[int, int]] = []
    place = 0
    while match := _TOKEN.match(version, place):
        place = match.end()
        if match["number"]:
            digits = match["number"].lstrip(".")
            key += _number(digits, first=not key, goes_on=compat and place < len(version))
        elif match["letter"]:
            key.append((_LETTER, ord(match["letter"])))
        elif match["suffix"] in _BEFORE:
            key += [(_PRE, _BEFORE.index(match["suffix"])), (_COUNT, int(match["count"] or -1))]
        elif match["suffix"] in _BEHIND:
            key += [(_POST, _BEHIND.index(match["suffix"])), (_COUNT, int(match["count"] or -1))]
        elif match["revision"]:
            key.append((_REVISION, int(match["revision"])))
        else:
            place = match.start()
            break
    return (*key, (_TAIL, 0) if place < len(version) else (_END, 0))


def _number(digits: str, *, first: bool, goes_on: bool) -> list[tuple[int, int]]:
    """A number; with leading zeros, behind the first dot, it counts like the digits of a fraction."""
    rest = digits.lstrip("0")
    if first or rest == digits:
        return [(_NUMBER, int(digits))]
    key = [(_NUMBER, len(rest) - len(digits))]
    if rest or goes_on:
        key.append((_NUMBER, int(rest or 0)))
    return key


def compare(a: str, b: str, *, compat: bool = False) -> int:
    """Which of two versions is higher.

    Args:
        a: One.
        b: The other.
        compat: Repeat a fault of pmbootstrap's comparison (seen in revision 6f1a283a), for which a release
            candidate is *above* its release when the last number is zero: ``7.0_rc1`` above ``7.0``.

    Returns:
        -1 if ``a`` is lower, 1 if it is higher, 0 if both are equal.

    Example:
        >>> compare("6.18_rc1", "6.18"), compare("7.0_rc1", "7.0"), compare("7.0_rc1", "7.0", compat=True)
        (-1, -1, 1)
    """
    left, right = _key(a, compat), _key(b, compat)
    return (left > right) - (left < right)


def satisfies(version: str, condition: str, *, compat: bool = False) -> bool:
    """Whether a version satisfies one condition. ``6.12`` and ``6.12.0`` are the same release of Linux.

    Args:
        version: The version.
        condition: ``>=`` or ``<`` and a version.
        compat: As for :func:`compare`.

    Returns:
        True if it does.

    Raises:
        ValueError: If the condition has another operator.

    Example:
        >>> satisfies("6.12", ">=6.12.0"), satisfies("6.1_rc3", "<6.1_rc1")
        (True, False)
    """
    for operator, results in CONDITIONS.items():
        if condition.startswith(operator):
            other = condition[len(operator) :]
            if not compat:
                version, other = _RELEASE.sub(r"\1", version), _RELEASE.sub(r"\1", other)
            return compare(version, other, compat=compat) in results
    raise ValueError(f"{condition!r} is no condition: it begins with >= or <")
