"""``DeviceFacts``: all values seen for each field, each with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType

from pmport.redaction import REDACTED, identifies, redact
from pmport.render import Renders, Table

__all__ = ["FIELDS", "Certainty", "DeviceFacts", "Fact"]


class Certainty(IntEnum):
    """How far a fact can be believed; higher is better."""

    GUESS = 1
    """Concluded from habit: an address that looks like a default, a name that looks like a chip."""
    DERIVED = 2
    """Follows from what was read, by a rule of the format."""
    STATED = 3
    """Stands there in so many words."""
    MEASURED = 4
    """Answered by the device itself."""


FIELDS: Mapping[str, str] = MappingProxyType(
    {
        # identity
        "manufacturer": "maker, as the image or device writes it",
        "model": "model, as the device tree's root or the device writes it",
        "board": "board name: boot header's name field, getvar, PIT",
        "product": "bootloader's product name",
        "compatible": "compatible string of the device tree's root",
        "soc": "system on chip, lower case (msm8916, exynos7580, mt6765)",
        "arch": "kernel architecture as Alpine names it: aarch64, armv7, x86_64, riscv64 …",
        "qcom_msm_id": "Qualcomm msm-id, a tuple of cells",
        "qcom_board_id": "Qualcomm board-id, a tuple of cells",
        "qcom_pmic_id": "Qualcomm pmic-id, a tuple of cells",
        "exynos_ids": "DTBH ids (chip, platform, subtype, hw_rev, hw_rev_end)",
        "sprd_ids": "Spreadtrum ids (chip, board, revision)",
        "usb_ids": "USB (vendor, product)",
        "serial": "serial number (redacted when shared)",
        # boot image
        "header_version": "boot image header version",
        "page_size": "boot image page size, bytes",
        "kernel_addr": "absolute load address of the kernel",
        "ramdisk_addr": "absolute load address of the ramdisk",
        "second_addr": "absolute load address of the second stage",
        "tags_addr": "absolute address of the tags",
        "dtb_addr": "absolute load address of the dtb section",
        "second_size": "size of the second stage, bytes; 0: absent",
        "id_recipe": "how the image's id is made",
        "cmdline": "kernel command line",
        "bootconfig": "bootconfig line",
        "os_version": "Android version of the image",
        "os_patch_level": "Android security patch level",
        "boot_format": "variant of the boot image, by its standard name",
        "wrapper": "vendor wrapper around the image: seandroidenforce, dhtb, mtk, bump …",
        "mtk_label_kernel": "name in the MediaTek header of the kernel",
        "mtk_label_ramdisk": "name in the MediaTek header of the ramdisk",
        "dtb_placement": "where device trees are: appended, dtb, second, qcdt, dtbh, sprd, dtbo, vendor_boot",
        "dtb_name": "name of a mainline DTB, as deviceinfo's dtb",
        "kernel_format": "kernel file format: arm64 Image, zImage …",
        "kernel_compression": "compression of the kernel",
        "kernel_version": "release, as the banner has it",
        "ramdisk_compression": "compression of the ramdisk",
        "avb": "verified boot: 1, 2, and the flags",
        # parts
        "panel": "display panel",
        "touchscreen": "touch controller",
        "screen_size": "(width, height) in pixels",
        "memory": "(base, size) of a memory bank, bytes",
        "stdout": "serial console of the device tree",
        "storage": "what it keeps data on: ufs, card slot",
        # flashing
        "flash_method": "how it is flashed: fastboot, heimdall, 0xffff …",
        "bootloader": "bootloader family or version",
        "partition": "(name, size in bytes, type)",
        "slots": "number of slots",
        "max_download_size": "largest download, bytes",
        "unlocked": "whether the bootloader is unlocked",
        "secure": "whether the device checks signatures",
        "battery_voltage": "millivolts",
    }
)
"""Every field that facts may have, with its meaning."""


MOST_VALUE, MOST_VALUES = 80, 5
"""So many letters of a value, and values of a field, stand in a table that is not asked for whole."""
TABLE_ENTRY = re.compile(r"\S+ entry \d+")
"""Source of what an entry of a table of device trees says: the table's kind, and the entry's number."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value that somebody stated.

    Args:
        field: A key of :data:`FIELDS`.
        value: The value: int, str, bytes, bool or a tuple of them; hashable.
        source: Who said it: format and part, such as ``"boot image header"`` or ``"dtb 0, /compatible"``.
        offset: Where in the opened file, in bytes; None where there is no single place.
        certainty: How far it can be believed.
    """

    field: str
    value: object
    source: str
    offset: int | None = None
    certainty: Certainty = Certainty.STATED

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            raise ValueError(f"{self.field!r} is no field of facts: see pmport.facts.FIELDS")
        hash(self.value)

    @property
    def tree(self) -> str | None:
        """Where the device tree is that says it, or the entry of a table of trees; None where no tree does."""
        place, _, last = self.source.rpartition(": ")
        if last.startswith("/"):
            return place
        return self.source if TABLE_ENTRY.fullmatch(last) else None

    @property
    def text(self) -> str:
        """The value as a person reads it, on one line, what identifies the phone redacted.

        Example:
            >>> Fact("kernel_addr", 0x80008000, "boot image header").text
            '0x80008000'
        """
        text = REDACTED if identifies(self.field) else _value_text(self)
        return text.replace("\r", "\\r").replace("\n", "\\n")


class DeviceFacts(Renders):
    """All facts, in the order in which they were found.

    Args:
        facts: The facts; equal ones are kept once.

    Example:
        >>> a = DeviceFacts([Fact("page_size", 2048, "boot image header", 36)])
        >>> b = DeviceFacts([Fact("page_size", 4096, "a guess", certainty=Certainty.GUESS)])
        >>> (a | b).best("page_size"), (a | b).values("page_size")
        (2048, (2048, 4096))
    """

    __slots__ = ("_facts",)

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._facts = tuple(dict.fromkeys(facts))

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, field: str) -> bool:
        return any(fact.field == field for fact in self._facts)

    def __or__(self, other: DeviceFacts) -> DeviceFacts:
        return DeviceFacts((*self._facts, *other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceFacts) and set(self._facts) == set(other)

    def __hash__(self) -> int:
        return hash(frozenset(self._facts))

    def all(self, field: str) -> tuple[Fact, ...]:
        """Everything that was said about a field.

        Args:
            field: A key of :data:`FIELDS`.

        Returns:
            The facts, the most certain first.
        """
        return tuple(sorted((f for f in self._facts if f.field == field), key=lambda fact: -fact.certainty))

    def values(self, field: str) -> tuple[object, ...]:
        """The different values of a field.

        Args:
            field: A key of :data:`FIELDS`.

        Returns:
            Each once, the most certain first.
        """
        return tuple(dict.fromkeys(fact.value for fact in self.all(field)))

    def best(self, field: str) -> object | None:
        """The most certain value of a field; of several, the one that was found first.

        Args:
            field: A key of :data:`FIELDS`.

        Returns:
            The value, or None where nothing is known.
        """
        facts = self.all(field)
        return facts[0].value if facts else None

    def number(self, field: str) -> int | None:
        """As :meth:`best`, for a field of numbers.

        Args:
            field: A key of :data:`FIELDS`.

        Returns:
            The number, or None where nothing is known.
        """
        value = self.best(field)
        return value if isinstance(value, int) else None

    def text(self, field: str) -> str | None:
        """As :meth:`best`, for a field of text.

        Args:
            field: A key of :data:`FIELDS`.

        Returns:
            The text, or None where nothing is known.
        """
        value = self.best(field)
        return value if isinstance(value, str) else None

    def within(self, place: str) -> DeviceFacts:
        """The same facts, their sources prefixed by the place where the part was found.

        Args:
            place: Such as ``"ramdisk"``.

        Returns:
            New facts.
        """
        return DeviceFacts(replace(fact, source=f"{place}: {fact.source}") for fact in self._facts)

    def by_tree(self) -> dict[str | None, DeviceFacts]:
        """The facts of each device tree apart, and under None what the phone and the rest of the image say.

        Ids of one tree, or of one entry of a table, belong together; across trees they say nothing.

        Returns:
            Place of the tree in the file ("" for the file itself) → its facts, in the order in which they were found.

        Example:
            >>> told = DeviceFacts([Fact("model", "A", "dtb-00: /model"), Fact("board", "b", "boot image header")])
            >>> {place: len(facts) for place, facts in told.by_tree().items()}
            {'dtb-00': 1, None: 1}
        """
        found: dict[str | None, list[Fact]] = {}
        for fact in self._facts:
            found.setdefault(fact.tree, []).append(fact)
        return {place: DeviceFacts(facts) for place, facts in found.items()}

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Fields with more than one value."""
        fields = dict.fromkeys(fact.field for fact in self._facts)
        return tuple(field for field in fields if len(self.values(field)) > 1)

    def as_json(self, *, redacted: bool = True) -> dict[str, list[dict[str, object]]]:
        """Plain values for JSON.

        Args:
            redacted: Leave out what identifies the phone.

        Returns:
            Field → list of ``{value, source, offset, certainty}``.
        """
        result: dict[str, list[dict[str, object]]] = {}
        for fact in self._facts:
            hidden = redacted and identifies(fact.field)
            value = fact.value.decode("utf-8", "backslashreplace") if isinstance(fact.value, bytes) else fact.value
            row = {
                "value": REDACTED if hidden else value,
                "source": fact.source,
                "offset": fact.offset,
                "certainty": fact.certainty.name.lower(),
            }
            result.setdefault(fact.field, []).append(row)
        return result

    def view(self, *, whole: bool = False) -> Table:
        """A table of all facts.

        Args:
            whole: Each fact in a row, and values at full length; otherwise one row for equal facts of many places, and
                long values cut.

        Returns:
            The table, what identifies the phone redacted.
        """
        order = list(FIELDS)
        folded = sorted(self._folded(whole=whole), key=lambda item: order.index(item[0][0]))
        if whole:
            rows = [
                (
                    field,
                    shown,
                    facts[0].source,
                    "" if facts[0].offset is None else f"{facts[0].offset:#x}",
                    _sure(facts),
                )
                for (field, shown), facts in folded
            ]
            return Table(("fact", "value", "source", "offset", "certainty"), rows, empty="no facts")
        return Table(("fact", "value", "source"), _brief(folded), empty="no facts")

    def _folded(self, *, whole: bool) -> Iterator[tuple[tuple[str, str], list[Fact]]]:
        """``(field, value as it is shown)`` and the facts that say so, the most certain first."""
        rows: dict[tuple[str, str, int], list[Fact]] = {}
        for number, fact in enumerate(self._facts):
            rows.setdefault((fact.field, fact.text, number if whole else -1), []).append(fact)
        for (field, shown, _), facts in rows.items():
            yield (field, shown), sorted(facts, key=lambda fact: -fact.certainty)

    def __repr__(self) -> str:
        return f"<DeviceFacts: {len(self)} facts on {len({fact.field for fact in self._facts})} fields>"


Folded = tuple[tuple[str, str], list[Fact]]


def _brief(folded: Iterable[Folded]) -> Iterator[tuple[str, str, str]]:
    """Rows for reading: all values of one field from the same trees; of many, a few and how many more."""
    rows: dict[tuple[str, str], list[str]] = {}
    for (field, shown), facts in folded:
        sure = "" if facts[0].certainty is Certainty.STATED else f" ({_sure(facts)})"
        rows.setdefault((field, _sources(facts) + sure), []).append(_cut(shown, MOST_VALUE))
    for (field, source), values in rows.items():
        more = f" and {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
        yield field, "; ".join(values[:MOST_VALUES]) + more, source


def _sure(facts: Sequence[Fact]) -> str:
    return facts[0].certainty.name.lower()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _sources(facts: Sequence[Fact]) -> str:
    """Who says it, or how many do."""
    trees = {fact.tree for fact in facts}
    if len(trees) > 1 and None not in trees:
        return f"{len(trees)} trees"
    if len(facts) > 1:
        return f"{len(facts)} places"
    fact = facts[0]
    return fact.tree or fact.source.rpartition(": ")[2] + ("" if fact.offset is None else f", {fact.offset:#x}")


def _value_text(fact: Fact) -> str:
    if isinstance(fact.value, int) and not isinstance(fact.value, bool) and fact.field.endswith("_addr"):
        return f"{fact.value:#010x}"
    if fact.field == "screen_size" and isinstance(fact.value, tuple):
        return "x".join(str(item) for item in fact.value)
    if isinstance(fact.value, tuple):
        return " ".join(f"{item:#x}" if isinstance(item, int) else str(item) for item in fact.value)
    return redact(str(fact.value))
