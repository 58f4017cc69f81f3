"""How bootloaders compare the numbers of a device tree with those of the phone: one table per bootloader, from its public source.

Each has conditions that a tree must meet, and preferences that are applied one after the other to those that meet them; of
what remains the first in the file is taken. What the phone did not tell is not compared.

Sources:

- LK: ``platform_dt_absolute_match``, ``platform_dt_match_best`` and the functions that they call, in
  ``platform/msm_shared/dev_tree.c`` of CodeLinaro's LK and of lk2nd; what Qualcomm's first UEFI bootloaders do differs only in
  the bits of the PMIC's revision (``LocateDeviceTree.c``).
- ABL, Qualcomm's UEFI bootloader for a tree of the chip and an overlay of the board: ``dtb_read_find_match``, ``get_soc_dtb`` and
  ``get_board_dtb`` of the same file, its copy in LK.
- Samsung: the ranges that ``dtbhtool`` and AOSP's ``mkdtimg --custom0=/:dtbo-hw_rev --custom1=/:dtbo-hw_rev_end`` write for its
  bootloader; the bootloader itself is not published.
- Spreadtrum: ``dtbTool`` of its kernels; Amlogic: ``get_multi_dt_entry`` of its U-Boot; Android: ``id`` or index of AOSP's
  device tree table, by the bootloader's own reckoning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["BOOTLOADERS", "Bootloader", "Condition", "Ids", "Prefer", "Preference", "Rule"]

Ids = Mapping[str, int | str]
"""Numbers of a tree, or of the phone, by field."""


class Rule(Enum):
    """How a number of a tree is compared with the phone's."""

    EQUAL = "must be equal"
    EQUAL_OR_ZERO = "must be equal; 0 fits every phone, and counts less"
    AT_MOST = "must not be newer than the phone; the newest is taken"
    FROM = "must not be above the phone's"
    TO = "must not be below the phone's"

    def holds(self, value: int | str, own: int | str) -> bool:
        """Whether a tree's number fits.

        Args:
            value: The tree's.
            own: The phone's.

        Returns:
            The result; text is compared for equality.
        """
        if not (isinstance(value, int) and isinstance(own, int)):
            return str(value) == str(own)
        if self in {Rule.AT_MOST, Rule.FROM}:
            return value <= own
        if self is Rule.TO:
            return value >= own
        return value == own or (self is Rule.EQUAL_OR_ZERO and not value)


class Prefer(Enum):
    """Which trees stay, of those that meet all conditions."""

    EXACT_ELSE_ZERO = "those with the phone's own number; without any, those with 0, and else none"
    EXACT_FIRST = "the phone's own number before 0, and 0 before others"
    NOT_NEWER = "the phone's own number before older ones, and those before newer ones"
    NEWEST = "the newest"


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or some bits of one.

    Args:
        field: The field.
        mask: The bits that count.
        own_field: The phone's field, where it has another name.
    """

    field: str
    mask: int = -1
    own_field: str = ""

    def of(self, ids: Ids) -> int | str | None:
        """A tree's number.

        Args:
            ids: Its fields.

        Returns:
            The bits, or the text; None where it has none.
        """
        value = _subtype(ids) if self.field == "subtype" else ids.get(self.field)
        return value & self.mask if isinstance(value, int) else value

    def own(self, phone: Ids) -> int | str | None:
        """The phone's number.

        Args:
            phone: Its fields.

        Returns:
            As :meth:`of`; None where it is not told.
        """
        if self == FOUNDRY:  # a chip's number without its foundry does not tell the foundry
            told, chip = phone.get("foundry"), phone.get("platform")
            return (
                told << 16 if isinstance(told, int) else chip & FOUNDRY_BITS or None if isinstance(chip, int) else None
            )
        return Number(self.own_field or self.field, self.mask).of(phone)


def _subtype(ids: Ids) -> int | str | None:
    """A subtype of 0 stands in the upper byte of the variant: ``0xSSMMmmHH``."""
    value, variant = ids.get("subtype"), ids.get("variant")
    return variant >> 24 if not value and isinstance(variant, int) else value


@dataclass(frozen=True, slots=True)
class Condition:
    """What a tree must meet.

    Args:
        number: The number.
        rule: How it is compared.
    """

    number: Number
    rule: Rule


@dataclass(frozen=True, slots=True)
class Preference:
    """Which trees are preferred.

    Args:
        numbers: The numbers, compared together.
        prefer: How.
    """

    numbers: tuple[Number, ...]
    prefer: Prefer

    def kept(self, candidates: Sequence[Ids], phone: Ids) -> list[int]:
        """Which of several stay.

        Args:
            candidates: Fields of each.
            phone: The phone's.

        Returns:
            Their positions.
        """
        everyone = list(range(len(candidates)))
        own = tuple(value for number in self.numbers if (value := number.own(phone)) is not None)
        if len(own) < len(self.numbers):
            return everyone
        told = [
            tuple(_or(number.of(ids), mine) for number, mine in zip(self.numbers, own, strict=True))
            for ids in candidates
        ]
        if self.prefer is Prefer.EXACT_ELSE_ZERO:
            wanted = own if own in told else (0,) * len(own)
            return [position for position in everyone if told[position] == wanted]
        grades = [
            tuple(GRADES[self.prefer](value, mine) for value, mine in zip(values, own, strict=True)) for values in told
        ]
        best = max(grades, default=())
        return [position for position in everyone if grades[position] == best]


def _or(value: int | str | None, own: int | str) -> int | str:
    """A number that a tree lacks is as the phone's: so the bootloaders fill in."""
    return own if value is None else value


def _exact_first(value: int | str, own: int | str) -> int:
    return 2 if value == own else 0 if value else 1


def _not_newer(value: int | str, own: int | str) -> int:
    return 2 if value == own else int(isinstance(value, int) and isinstance(own, int) and value < own)


def _newest(value: int | str, _: int | str) -> int:
    return value if isinstance(value, int) else 0


GRADES: Mapping[Prefer, Callable[[int | str, int | str], int]] = {
    Prefer.EXACT_FIRST: _exact_first,
    Prefer.NOT_NEWER: _not_newer,
    Prefer.NEWEST: _newest,
}


@dataclass(frozen=True, slots=True)
class Bootloader:
    """How one bootloader chooses.

    Args:
        name: What it is called.
        conditions: What a tree must meet.
        preferences: What is preferred, one after the other.
    """

    name: str
    conditions: tuple[Condition, ...]
    preferences: tuple[Preference, ...] = ()


FOUNDRY_BITS = 0xFF0000
PMICS = ("pmic0", "pmic1", "pmic2", "pmic3")
CHIP = Number("platform", 0xFFFF)
FOUNDRY = Number("platform", FOUNDRY_BITS)
KIND = Number("variant", 0xFF)
REVISION = Number("variant", 0xFFFF00)
MAJOR, MINOR = Number("variant", 0xFF0000), Number("variant", 0xFF00)
SUBTYPE = Number("subtype", 0xFF)
MEMORY = Number("subtype", 0x700)
PANEL = Number("subtype", 0x1800)
BOOT_DEVICE = Number("subtype", 0xF0000)
CHIP_REVISION = Number("soc_rev")


def _one(number: Number, prefer: Prefer) -> Preference:
    return Preference((number,), prefer)


LK = Bootloader(
    "LK",
    (
        Condition(CHIP, Rule.EQUAL),
        Condition(KIND, Rule.EQUAL),
        Condition(SUBTYPE, Rule.EQUAL),
        Condition(MEMORY, Rule.EQUAL),
        Condition(REVISION, Rule.AT_MOST),
        Condition(CHIP_REVISION, Rule.AT_MOST),
        *(Condition(Number(name, 0xFFFF00), Rule.AT_MOST) for name in PMICS),
    ),
    (
        _one(FOUNDRY, Prefer.EXACT_ELSE_ZERO),
        Preference(tuple(Number(name, 0xFF) for name in PMICS), Prefer.EXACT_ELSE_ZERO),
        _one(PANEL, Prefer.EXACT_ELSE_ZERO),
        _one(BOOT_DEVICE, Prefer.EXACT_ELSE_ZERO),
        _one(CHIP_REVISION, Prefer.NEWEST),
        _one(REVISION, Prefer.NEWEST),
        *(_one(Number(name, 0xFFFF00), Prefer.NEWEST) for name in PMICS),
    ),
)
ABL = Bootloader(
    "ABL",
    (
        Condition(CHIP, Rule.EQUAL),
        Condition(FOUNDRY, Rule.EQUAL_OR_ZERO),
        Condition(KIND, Rule.EQUAL),
        Condition(SUBTYPE, Rule.EQUAL_OR_ZERO),
    ),
    (
        _one(SUBTYPE, Prefer.EXACT_FIRST),
        *(_one(Number(name, 0xFF), Prefer.EXACT_FIRST) for name in reversed(PMICS)),
        _one(FOUNDRY, Prefer.EXACT_FIRST),
        _one(CHIP_REVISION, Prefer.NOT_NEWER),
        _one(MAJOR, Prefer.NOT_NEWER),
        _one(MINOR, Prefer.NOT_NEWER),
        *(_one(Number(name, 0xFFFFFF00), Prefer.NOT_NEWER) for name in reversed(PMICS)),
        _one(CHIP_REVISION, Prefer.NEWEST),
        _one(MAJOR, Prefer.NEWEST),
        _one(MINOR, Prefer.NEWEST),
        *(_one(Number(name, 0xFFFFFF00), Prefer.NEWEST) for name in PMICS),
    ),
)
SAMSUNG = Bootloader(
    "Samsung",
    (
        Condition(Number("chip"), Rule.EQUAL),
        Condition(Number("platform"), Rule.EQUAL),
        Condition(Number("subtype"), Rule.EQUAL),
        Condition(Number("hw_rev"), Rule.FROM),
        Condition(Number("hw_rev_end", own_field="hw_rev"), Rule.TO),
    ),
)
SPREADTRUM = Bootloader(
    "Spreadtrum",
    (
        Condition(Number("chip"), Rule.EQUAL),
        Condition(Number("board"), Rule.EQUAL),
        Condition(Number("revision"), Rule.AT_MOST),
    ),
    (_one(Number("revision"), Prefer.NEWEST),),
)
AMLOGIC = Bootloader(
    "Amlogic",
    tuple(Condition(Number(field), Rule.EQUAL) for field in ("soc", "platform", "variant", "id")),
)
ANDROID = Bootloader(
    "Android",
    tuple(
        Condition(Number(field), Rule.EQUAL)
        for field in ("id", "rev", "custom0", "custom1", "custom2", "custom3", "flags", "index", "board_name")
    ),
)
BOOTLOADERS: Mapping[str, Bootloader] = {
    "lk": LK, "abl": ABL, "samsung": SAMSUNG, "sprd": SPREADTRUM, "amlogic": AMLOGIC, "android": ANDROID,
}  # fmt: skip
"""Short name → rules."""
EVERYWHERE = (Condition(Number("index"), Rule.EQUAL), Condition(Number("board_name"), Rule.EQUAL))
"""What a person may ask for beside the bootloader's numbers."""
