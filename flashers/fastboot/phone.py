"""What a phone in fastboot mode says of itself, asked for when it is needed, and whether it is the one that a plan is for.

``getvar all`` decides nothing: U-Boot lists neither slots nor sizes there, some bootloaders are silent on it. Each variable
is asked for by its name, once per connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.errors import PlanError
from pmport.generate.plans.images import check_room, is_ramdisk, raw_size
from pmport.plan import Verb
from pmport.wire import fastboot as wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmport.flashers.fastboot.client import FastbootClient
    from pmport.formats.reports.getvars import GetVars
    from pmport.plan import FlashPlan, Step

__all__ = ["Phone", "check_phone"]

FASTBOOTD_COMMAND_SIZE = 256
"""Longest command that fastbootd reads, bytes (AOSP ``fastboot/device/fastboot_device.cpp``)."""
WRITES = frozenset({Verb.FLASH, Verb.ERASE})
FIX = {"state": "Nothing was written", "remedy": "Make the plan again"}


class Phone:
    """Variables of a phone that is connected.

    Args:
        client: The connection.
    """

    def __init__(self, client: FastbootClient) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """The value of a variable, "" where the phone has none of that name."""
        if name not in self._known:
            self._known[name] = self._client.getvar(name)
        return self._known[name]

    def forget(self) -> None:
        """Ask again: a command may have changed what the phone has."""
        self._known.clear()

    @property
    def max_download_size(self) -> int | None:
        """Largest download, bytes; None where it does not say."""
        return wire.number(self["max-download-size"])

    @property
    def current_slot(self) -> str:
        """Letter of the current slot, "" where it does not say."""
        return self["current-slot"].removeprefix("_")

    def slots(self, slot: str) -> list[str]:
        """The slots that a word means.

        Args:
            slot: A letter, ``other``, ``all``, or "" for the current one.

        Returns:
            Letters; empty where the phone does not say which is the current one.

        Raises:
            PlanError: If the phone has no such slot.
        """
        count = wire.number(self["slot-count"]) or 2
        letters = [chr(ord("a") + number) for number in range(min(count, 26))]
        if slot == "all":
            return letters
        current = self.current_slot
        if slot == "other":
            if current not in letters:
                raise PlanError("The phone does not say which slot is the current one", **FIX)
            return [letters[(letters.index(current) + 1) % len(letters)]]
        if slot and slot not in letters:
            raise PlanError(
                f"The phone has no slot {slot!r}", state="Nothing was written", remedy=f"It has {', '.join(letters)}"
            )
        return [slot] if slot else [current] if current else []

    def partitions(self, partition: str, slot: str = "") -> list[str]:
        """The names under which the bootloader knows a partition.

        Args:
            partition: Its name, with or without a suffix.
            slot: Which slots are meant; see :meth:`slots`.

        Returns:
            The name with each slot's suffix where the partition has slots, else the name.
        """
        if ":" in partition or self[f"has-slot:{partition}"] != "yes":
            return [partition]
        return [f"{partition}_{letter}" for letter in self.slots(slot)] or [partition]

    def size(self, partition: str) -> int | None:
        """Bytes of a partition.

        Args:
            partition: The bootloader's name for it.

        Returns:
            None where the phone does not say, or 0.
        """
        return wire.size_number(self[f"partition-size:{partition}"]) or None

    def is_logical(self, partition: str) -> bool:
        """Whether a partition lies in super, and grows as it must; only fastbootd knows such.

        Args:
            partition: The bootloader's name for it.

        Returns:
            What the phone says.
        """
        return self["is-userspace"] == "yes" and self[f"is-logical:{partition}"] == "yes"

    def with_partitions(self, partitions: Iterable[str]) -> GetVars:
        """Everything that a planner needs to know: ``getvar all``, and what that leaves out about some partitions.

        Args:
            partitions: Their names without a slot.

        Returns:
            The variables.
        """
        from pmport.formats.reports.getvars import GetVars  # noqa: PLC0415 - planners need it, flashing does not

        told = dict(self._client.getvars().variables)
        self._known.update(told)
        names = ["product", "unlocked", "max-download-size", "slot-count", "current-slot", "is-userspace"]
        for partition in partitions:
            names += [f"has-slot:{partition}"]
            names += [f"partition-size:{own}" for own in self.partitions(partition)]
        return GetVars({**told, **{name: self[name] for name in names if self[name]}})


def check_phone(plan: FlashPlan, phone: Phone, steps: Iterable[Step]) -> None:
    """Refuse a phone that is not the one that the plan was made for.

    Args:
        plan: The plan.
        phone: What the phone says of itself.
        steps: The steps up to the next restart, after which it says something else.

    Raises:
        PlanError: Names the difference; nothing was written.
    """
    wanted, steps = plan.preconditions, list(steps)
    if wanted.products and phone["product"] not in {"", *wanted.products} and not _names_no_phone(phone):
        raise PlanError(
            f"The phone says that it is {phone['product']!r}, and the plan is for {' or '.join(wanted.products)}",
            state="Nothing was written", remedy="Take the right phone, or make a plan for this one",
        )  # fmt: skip
    if any(step.verb in WRITES for step in steps) and phone["battery-soc-ok"] == "no":
        raise PlanError(
            f"The phone says that its battery is too low ({phone['battery-voltage'] or 'voltage not told'})",
            state="Nothing was written",
            remedy="Charge it: a phone that goes off while it is written may not start again",
        )
    if wanted.unlocked and phone["unlocked"].lower() in {"no", "false"}:
        raise PlanError(
            "The bootloader is locked", state="Nothing was written", remedy="Unlock it as its maker describes"
        )
    if wanted.current_slot and phone.current_slot not in {"", wanted.current_slot}:
        raise PlanError(
            f"The current slot is {phone.current_slot}, and was {wanted.current_slot} when the plan was made", **FIX
        )
    if wanted.max_download_size and (phone.max_download_size or wanted.max_download_size) < wanted.max_download_size:
        raise PlanError(
            f"The phone takes {phone.max_download_size} bytes at once, and said {wanted.max_download_size} before",
            **FIX,
        )
    for step in steps:
        _check_command(step, phone)
        if step.verb is Verb.FLASH and step.image and not is_ramdisk(step.partition):
            for name in phone.partitions(step.partition, plan.slot):
                room = None if phone.is_logical(name) else phone.size(name)
                check_room(step.image.name, raw_size(step.image.section), name, room)


def _names_no_phone(phone: Phone) -> bool:
    """Whether a bootloader that a port put there answers: lk2nd and U-Boot name their platform, not the phone."""
    return bool(phone["lk2nd:version"]) or phone["version-bootloader"].startswith("U-Boot")


def _check_command(step: Step, phone: Phone) -> None:
    """Refuse what the bootloader would cut off, or take for two commands."""
    texts = {Verb.COMMAND: step.argument, Verb.ERASE: f"erase:{step.partition}", Verb.FLASH: f"flash:{step.partition}"}
    text = texts.get(step.verb)
    if text is None:
        return
    if not text.isascii() or not text.isprintable() or not text:
        raise PlanError(
            f"{text!r} is no command of fastboot", state="Nothing was written",
            remedy="Commands and names of partitions are plain ASCII, without control characters",
        )  # fmt: skip
    if len(text) > wire.COMMAND_SIZE:
        longest = FASTBOOTD_COMMAND_SIZE if phone["is-userspace"] == "yes" else wire.COMMAND_SIZE
        if len(text) > longest:
            raise PlanError(
                f"{text[:40]!r}… has {len(text)} bytes, and this phone reads {longest}", state="Nothing was written",
                remedy="Say it shorter: the bootloader would cut it off and do something else",
            )  # fmt: skip
