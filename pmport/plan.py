"""What is to be done to a phone, step by step: made without a phone, printed as the dry run, carried out by a flasher.

A plan is a value. It carries what must be true of the phone before the first write (:class:`Preconditions`), and each
file with its size and hash; :meth:`Flasher.run` checks both and refuses a difference.

Example:
    >>> from pmport.section import Section
    >>> image = PlannedFile.of("boot.img", Section.of(b"ANDROID!"))
    >>> print(FlashPlan("fastboot", (Step(Verb.FLASH, "boot", image), Step(Verb.REBOOT)), device="google-example"))
    plan for google-example, by fastboot
      step  what        file      size  sha256
      1     flash boot  boot.img  8 B   329dcec9dc94…
      2     reboot
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pmport.dangers import DANGERS, danger_of
from pmport.errors import PlanError, RefusedError
from pmport.render import Renders, Stack, Table, Text, View, size_text

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.section import Section

__all__ = ["DANGERS", "FlashPlan", "Image", "PlannedFile", "Preconditions", "Step", "Verb"]


class Verb(StrEnum):
    """What a step does."""

    FLASH = "flash"
    """Write an image to a partition."""
    ERASE = "erase"
    """Erase a partition."""
    BOOT = "boot"
    """Start an image from memory, without writing it."""
    SET_ACTIVE = "set active slot"
    """Choose the slot that starts next."""
    REBOOT = "reboot"
    """Start again, into what ``argument`` names; "" is the system."""
    STAGE = "stage"
    """Send an image that a later step uses."""
    COMMAND = "command"
    """Send a vendor's command, as it stands in ``argument``."""


@dataclass(frozen=True)
class PlannedFile:
    """A file that a step sends.

    Args:
        name: What a person calls it: its path.
        section: Its bytes.
        size: Its size when the plan was made, bytes.
        sha256: Its hash when the plan was made, in hexadecimal.
    """

    name: str
    section: Section = field(repr=False)
    size: int
    sha256: str

    @classmethod
    def of(cls, name: str, section: Section) -> Self:
        """Take a file into a plan; reads it once, for its hash.

        Args:
            name: What a person calls it.
            section: Its bytes.

        Returns:
            The image.

        Raises:
            PlanError: If it is empty.
        """
        if not section.size:
            raise PlanError(f"{name} is empty", state="Nothing was written", remedy="Build or download it again")
        return cls(name, section, section.size, section.sha256())

    def columns(self) -> tuple[str, str, str]:
        """What the dry run shows of it.

        Returns:
            Name, size, and the begin of the hash.
        """
        return self.name, size_text(self.size), f"{self.sha256[:12]}…"

    def check(self) -> None:
        """Refuse a file that is not the planned one any more.

        Raises:
            PlanError: If the file was changed since the plan was made.
        """
        if self.section.changed_file():
            raise PlanError(
                f"{self.name} was changed after the plan was made",
                state="Nothing was written",
                remedy="Make the plan again",
            )


Image = PlannedFile
"""The old name of :class:`PlannedFile`; it goes with the next release."""


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Args:
        verb: What.
        partition: Where, if anywhere.
        image: What with, if anything.
        argument: Slot, reboot target or command text.
        danger: A key of :data:`DANGERS` that its maker knows of, beside what :mod:`pmport.dangers` finds by itself.

    Raises:
        PlanError: If ``danger`` is none of :data:`DANGERS`.
    """

    verb: Verb
    partition: str = ""
    image: PlannedFile | None = None
    argument: str = ""
    danger: str = ""

    def __post_init__(self) -> None:
        _check_words((self.danger,) if self.danger else ())

    def dangers(self, method: str, partition: str = "") -> tuple[str, ...]:
        """What may go wrong for good.

        Args:
            method: The flash method.
            partition: The phone's own name of the partition, where the step has another one, such as a number.

        Returns:
            Keys of :data:`DANGERS`, each once.
        """
        what = self.argument if self.verb is Verb.COMMAND else partition or self.partition
        derived = danger_of(method, self.verb.name.lower(), what)
        return tuple(dict.fromkeys(word for word in (derived, self.danger) if word))

    @property
    def title(self) -> str:
        """A few words that a person reads: ``flash boot``."""
        return " ".join(part for part in (self.verb, self.partition, self.argument) if part)


@dataclass(frozen=True)
class Preconditions:
    """What must be true of the phone before the first write. What is empty is not asked.

    Args:
        products: Names that the bootloader may answer to ``product``, or that the PIT or the board may carry.
        max_download_size: What the phone said it takes at once when the plan was made, bytes.
        partition_sizes: What the phone said of its partitions when the plan was made, bytes.
        unlocked: True: the bootloader must be unlocked.
        current_slot: The slot that was current when the plan was made.
    """

    products: tuple[str, ...] = ()
    max_download_size: int | None = None
    partition_sizes: Mapping[str, int] = field(default_factory=dict)
    unlocked: bool | None = None
    current_slot: str = ""

    def rows(self) -> Iterator[tuple[str, str]]:
        """What is asked, for people.

        Yields:
            ``(what, wanted)``.
        """
        if self.products:
            yield "product", " or ".join(self.products)
        if self.unlocked:
            yield "bootloader", "unlocked"
        if self.current_slot:
            yield "current slot", self.current_slot
        if self.max_download_size:
            yield "largest download", size_text(self.max_download_size)
        for name, size in self.partition_sizes.items():
            yield f"size of {name}", size_text(size)


@dataclass(frozen=True)
class FlashPlan(Renders):
    """Steps for one phone, by one method.

    Args:
        method: The flash method: ``fastboot``, ``heimdall`` …
        steps: What to do, in order.
        device: Codename of the device that it was made for.
        preconditions: What must be true of the phone.
        findings: What there is to say about it before it runs.
        allow: Dangers that the user accepted: words of :data:`DANGERS`.
        slot: Which slot of partitions that have slots: a letter, ``other``, ``all``; "" for the current one.

    Raises:
        RefusedError: If a step is dangerous and its danger was not allowed.
        PlanError: If ``allow`` has a word that is none of :data:`DANGERS`.
    """

    method: str
    steps: tuple[Step, ...]
    device: str = ""
    preconditions: Preconditions = Preconditions()
    findings: tuple[Finding, ...] = ()
    allow: tuple[str, ...] = ()
    slot: str = ""

    def __post_init__(self) -> None:
        _check_words(self.allow)
        self.check_dangers()

    def check_dangers(self, own_name: Callable[[str], str] = str) -> None:
        """Refuse what nobody allowed; a flasher asks again, with the names that the phone itself uses.

        Args:
            own_name: From a step's partition to the phone's name for it.

        Raises:
            RefusedError: Names the first step and its danger; nothing was written.
        """
        for step in self.steps:
            for danger in step.dangers(self.method, own_name(step.partition)):
                if danger not in self.allow:
                    own = own_name(step.partition)
                    title = step.title if own == step.partition else f"{step.title} ({own})"
                    raise RefusedError(f"{title}: {DANGERS[danger]}", danger=danger)

    def check(self, method: str) -> None:
        """Refuse what no flasher may begin: a plan for another method, with dangers that nobody allowed, or of other files.

        Args:
            method: The flash method that the phone speaks.

        Raises:
            PlanError: Says which; nothing was written.
        """
        if self.method != method:
            raise PlanError(
                f"This plan is for {self.method}, and the phone speaks {method}", state="Nothing was written",
                remedy="Make a plan for this phone",
            )  # fmt: skip
        self.check_dangers()
        self.check_files()

    @property
    def bytes_to_send(self) -> int:
        """Bytes of all images together."""
        return sum(step.image.size for step in self.steps if step.image)

    def check_files(self) -> None:
        """Refuse files that are not the planned ones any more.

        Raises:
            PlanError: If one was changed since the plan was made.
        """
        for step in self.steps:
            if step.image:
                step.image.check()

    def __str__(self) -> str:
        head, *tables = self._views()
        blocks = ("\n".join(f"  {line}" for line in str(table).splitlines()) for table in tables)
        return f"{head}\n" + "\n\n".join(blocks)

    def _views(self) -> list[View]:
        dangers = [", ".join(step.dangers(self.method)) for step in self.steps]
        rows = [
            (number, step.title, *(step.image.columns() if step.image else ("", "", "")), *((danger,) if any(dangers) else ()))
            for number, (step, danger) in enumerate(zip(self.steps, dangers, strict=True), 1)
        ]  # fmt: skip
        head = ("step", "what", "file", "size", "sha256", *(("danger",) if any(dangers) else ()))
        views: list[View] = [Text(f"plan for {self.device or 'any device'}, by {self.method}"), Table(head, rows)]
        wanted = list(self.preconditions.rows())
        if wanted:
            views.append(Table(("the phone must say", ""), wanted))
        if self.findings:
            views.append(Table(("before you run it", ""), [(item.severity, item.message) for item in self.findings]))
        return views

    def view(self) -> View:
        """The dry run: every step, what the phone must say, and what there is to know before.

        Returns:
            Tables.
        """
        return Stack(self._views())


def _check_words(words: tuple[str, ...]) -> None:
    unknown = [word for word in words if word not in DANGERS]
    if unknown:
        raise PlanError(f"{', '.join(unknown)} names no danger", remedy=f"These are: {', '.join(DANGERS)}")
