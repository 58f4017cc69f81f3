r"""What a phone in fastboot mode says of itself: the answers to ``getvar all``, live or recorded.

A recording is what ``fastboot getvar all`` prints, in any of the ways in which bootloaders write it:
``(bootloader) name:value``, ``name: value``, ``(bootloader) partition-size:boot: 0x4000000``.

Example:
    >>> getvars = GetVars.parse(b"(bootloader) product: msm8916\n(bootloader) partition-size:boot:\t0x2000000\n")
    >>> getvars["product"], getvars.partition_sizes
    ('msm8916', {'boot': 33554432})
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.reports.answers import Answers
from pmport.node import Format, Part, Role
from pmport.redaction import REDACTED, identifies
from pmport.section import Section
from pmport.wire import fastboot as wire

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["GetVars", "looks_like_getvars"]

LIMIT = 1 << 20
LINE = re.compile(
    r"(?:\(bootloader\)|INFO)?\s*(?P<name>[A-Za-z][\w.,-]*(?:\[\d+\])?(?::[\w.-]+)*?)\s*:\s*(?P<value>.*)"
)
WITH_ARGUMENT = {
    "has-slot", "is-logical", "partition-size", "partition-type", "slot-retry-count", "slot-successful",
    "slot-unbootable", "lk2nd",
}  # fmt: skip
"""Variables whose name has an argument behind a colon."""
ABSENT = {"", "not found", "n/a"}


class GetVars(Answers):
    """Variables of a bootloader, in the order in which it named them: a mapping of name to value.

    Args:
        variables: Name → value, as the device wrote it, white space trimmed.
        section: The recording that they were read from, if any.
    """

    KIND: ClassVar[str] = "fastboot variables"
    FORMAT = Format(probe="looks_like_getvars", certain=False, source="AOSP fastboot; recordings of bootloaders")

    def __init__(self, variables: Mapping[str, str], section: Section | None = None) -> None:
        super().__init__(variables)
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a recording of ``fastboot getvar all``.

        Args:
            source: The text.

        Returns:
            The variables; lines that are none are passed over.

        Raises:
            FormatError: If no line is a variable.
        """
        section = Section.of(source)
        text = section.read(limit=LIMIT).decode("utf-8", "surrogateescape")
        variables = dict(_variables(text.splitlines()))
        if not variables:
            raise FormatError(
                "No line is a variable", format=cls.KIND, offset=0, remedy="record it with: fastboot getvar all"
            )
        return cls(variables, section)

    @classmethod
    def of_lines(cls, lines: list[str]) -> Self:
        """The variables of the INFO lines of a live device.

        Args:
            lines: The lines, without their tag.

        Returns:
            The variables.
        """
        return cls(dict(_variables(lines)))

    def parts(self) -> Iterator[Part]:
        """The recording; a live device's variables as ``name: value`` lines."""
        text = "".join(f"(bootloader) {name}: {value}\n" for name, value in self.variables.items())
        yield Part("variables", self._section or Section.of(text.encode("utf-8", "surrogateescape")), Role.HEADER)

    def _by_argument(self, name: str) -> Iterator[tuple[str, str]]:
        for key, value in self.variables.items():
            head, _, argument = key.partition(":")
            if head == name and argument and value.lower() not in ABSENT:
                yield argument, value

    @property
    def variables(self) -> dict[str, str]:
        """Name → value."""
        return self._values

    @property
    def product(self) -> str:
        """The bootloader's product name."""
        return self["product"]

    @property
    def max_download_size(self) -> int | None:
        """Largest download, in bytes; None where the device does not say."""
        return wire.number(self["max-download-size"])

    @property
    def partition_sizes(self) -> dict[str, int]:
        """Partition → size in bytes."""
        sizes = ((name, wire.size_number(value)) for name, value in self._by_argument("partition-size"))
        return {name: size for name, size in sizes if size is not None}

    @property
    def partition_types(self) -> dict[str, str]:
        """Partition → type."""
        return dict(self._by_argument("partition-type"))

    @property
    def slots(self) -> int:
        """How many slots the device has; 0 for none."""
        return wire.number(self["slot-count"]) or 0

    @property
    def current_slot(self) -> str:
        """Letter of the current slot, "" where nothing has slots (U-Boot answers ``a`` even then)."""
        return self["current-slot"].removeprefix("_") if self.slots or self._slotted() else ""

    def _slotted(self) -> list[str]:
        return [name for name, value in self._by_argument("has-slot") if value == "yes"]

    def has_slot(self, partition: str) -> bool:
        """Whether a partition is there once per slot.

        Args:
            partition: Its name without a suffix.

        Returns:
            What the device said.
        """
        return self[f"has-slot:{partition}"] == "yes"

    @property
    def unlocked(self) -> bool | None:
        """Whether the bootloader is unlocked; None where the device does not say."""
        return {"yes": True, "true": True, "no": False, "false": False}.get(self["unlocked"].lower())

    @property
    def is_userspace(self) -> bool:
        """Whether this is fastbootd."""
        return self["is-userspace"] == "yes"

    def describe(self) -> Iterator[tuple[str, object]]:
        """All variables, what identifies the phone redacted."""
        for name, value in self.variables.items():
            yield name, REDACTED if identifies(name) and value else value


def _variables(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = LINE.fullmatch(line.rstrip())
        if match is None or match["name"] in {"Finished", "finished", "all", "OKAY"}:
            continue
        name, value = match["name"], match["value"].strip()
        if name in WITH_ARGUMENT and ":" in value:
            argument, _, value = value.partition(":")
            name, value = f"{name}:{argument.strip()}", value.strip()
        yield name, value


def looks_like_getvars(section: Section) -> bool:
    """Whether some text may be a recording of ``fastboot getvar all``.

    Args:
        section: The bytes.

    Returns:
        True where the bootloader's mark and a variable of every bootloader are there.
    """
    head = section.read(0, 1 << 16)
    return (b"(bootloader)" in head or head.startswith(b"INFO")) and (b"version" in head or b"product" in head)
