r"""The two text files of a factory package: what the phone must be, and what is flashed in which order.

``android-info.txt`` holds lines like ``require board=bramble|redfin``, ``reject version-bootloader=X``, ``board=bramble``
(without a word it is required), ``require-for-product:bramble version-baseband=Y`` and ``require partition-exists=vendor``;
``board`` means the product, and ``*`` at the end of a value stands for any rest. ``fastboot-info.txt`` holds the steps (AOSP, ``fastboot/fastboot.cpp`` and
``fastboot/task.cpp``).

Example:
    >>> rows = requirements("require board=argon|argon_*\nreject version-bootloader=1.0\n")
    >>> [(row.variable, row.values, row.reject) for row in rows]
    [('product', ('argon', 'argon_*'), False), ('version-bootloader', ('1.0',), True)]
    >>> rows[0].holds("argon_eu"), rows[1].holds("1.0")
    (True, False)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FactoryStep", "Requirement", "factory_steps", "requirements"]

PLAIN = re.compile(r"(?P<word>require\s+|reject\s+)?\s*(?P<name>\S+)\s*=\s*(?P<values>.*)")
"""A requirement; without a word it is one too."""
BOUND = re.compile(r"require-for-product:\s*(?P<product>\S+)\s+(?P<name>\S+)\s*=\s*(?P<values>.*)")
"""A requirement for one product; on the others it does not count."""
KNOWN_VERSION = 1
REBOOTS = frozenset({"", "fastboot", "bootloader", "recovery"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of ``android-info.txt``.

    Args:
        variable: The phone's variable; ``partition-exists`` asks for a partition.
        values: What it may be; what it must not be, if it is a rejection.
        reject: Whether it is a rejection.
        product: The product that it is for; "" for all.
        line: Where it stands, counted from 1.
    """

    variable: str
    values: tuple[str, ...]
    reject: bool
    product: str = ""
    line: int = 0

    def holds(self, value: str) -> bool:
        """Whether a phone's value is right.

        Args:
            value: What the phone says.

        Returns:
            True where it is.
        """
        matched = any(
            value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted for wanted in self.values
        )
        return matched is not self.reject


def requirements(text: str) -> tuple[Requirement, ...]:
    """Read ``android-info.txt``.

    Args:
        text: Its text.

    Returns:
        The requirements, in order.

    Raises:
        FormatError: If a line is none; with the line.
    """
    return tuple(_requirement(line, number) for number, line in _lines(text))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].strip()
        if words:
            yield number, words


def _requirement(line: str, number: int) -> Requirement:
    plain = PLAIN.fullmatch(line)
    bound = None if plain else BOUND.fullmatch(line)
    match = plain or bound
    if match is None:
        raise FormatError(
            f"line {number} is no requirement: {line[:60]!r}", format="android-info.txt", field=line.partition(" ")[0]
        )
    variable = match["name"]
    return Requirement(
        "product" if variable == "board" else variable,
        tuple(value.strip() for value in match["values"].split("|")),
        bool(plain and plain["word"] and plain["word"].strip() == "reject"),
        bound["product"] if bound else "",
        number,
    )


@dataclass(frozen=True, slots=True)
class FactoryStep:
    """One line of ``fastboot-info.txt``.

    Args:
        word: ``flash``, ``erase``, ``reboot`` or ``update-super``.
        partition: Which.
        image: The file; its partition's name and ``.img`` where the line names none.
        target: Where to reboot to; "" for the system.
        other_slot: Whether the other slot's partition is meant.
        apply_vbmeta: Whether flags of verified boot go into it.
        if_wipe: Only where the user's data are erased.
    """

    word: str
    partition: str = ""
    image: str = ""
    target: str = ""
    other_slot: bool = False
    apply_vbmeta: bool = False
    if_wipe: bool = False


def factory_steps(text: str) -> tuple[FactoryStep, ...]:
    """Read ``fastboot-info.txt``.

    Args:
        text: Its text.

    Returns:
        The steps, in order.

    Raises:
        FormatError: If a line is none, or the version is newer; with the line.
    """
    steps = []
    for number, line in _lines(text):
        words = line.split()
        if words[0] == "version":
            if len(words) != 2 or not re.fullmatch("[0-9]{1,4}", words[1]) or int(words[1]) > KNOWN_VERSION:
                raise _broken(number, line, f"version {KNOWN_VERSION} is known")
            continue
        steps.append(_step(words, number, line))
    return tuple(steps)


def _step(words: list[str], number: int, line: str) -> FactoryStep:
    if_wipe = words[0] == "if-wipe"
    word, *rest = (words[1:] if if_wipe else words) or [""]
    options = {text for text in rest if text.startswith("--")}
    names = [text for text in rest if not text.startswith("--")]
    if word == "flash" and names and len(names) <= 2 and options <= {"--slot-other", "--apply-vbmeta"}:
        image = names[1] if len(names) > 1 else f"{names[0]}.img"
        return FactoryStep(
            word,
            names[0],
            image,
            other_slot="--slot-other" in options,
            apply_vbmeta="--apply-vbmeta" in options,
            if_wipe=if_wipe,
        )
    if word == "erase" and len(names) == 1 and not options:
        return FactoryStep(word, names[0], if_wipe=if_wipe)
    if word == "reboot" and len(names) <= 1 and not options and "".join(names) in REBOOTS:
        return FactoryStep(word, target="".join(names), if_wipe=if_wipe)
    if word == "update-super" and not rest:
        return FactoryStep(word, if_wipe=if_wipe)
    raise _broken(number, line, "it is no step")


def _broken(number: int, line: str, why: str) -> FormatError:
    return FormatError(f"line {number}, {line[:60]!r}: {why}", format="fastboot-info.txt")
