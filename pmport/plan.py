"""What is to be done to a phone, step by step: made without a phone, printed as the dry run, carried out by a flasher.

A plan is a value. It carries what must be true of the phone before the first write (:class:`Preconditions`), and each
file with its size and hash; :meth:`Flasher.run` checks both and refuses a difference.

Example:
    >>> from pmport.section import Section
    >>> image = Image.of("boot.img", Section.of(b"ANDROID!"))
    >>> print(FlashPlan("fastboot", (Step(Verb.FLASH, "boot", image), Step(Verb.REBOOT)), device="google-example"))
    plan for google-example, by fastboot
      step  what        file      size  sha256
      1     flash boot  boot.img  8 B   329dcec9dc94…
      2     reboot
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pmport.byte_sources import FileSource
from pmport.errors import PlanError, RefusedError
from pmport.render import Renders, Stack, Table, Text, View, size_text

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.section import Section

__all__ = ["DANGERS", "FlashPlan", "Image", "Preconditions", "Step", "Verb"]

DANGERS: Mapping[str, str] = {
    "lock": "it locks the bootloader: with anything but the maker's software on it, the phone may never start again",
    "repartition": "it rewrites the partition table: everything on the phone is lost, and a wrong table is hard to mend",
    "bootloader": "it replaces a piece of the boot chain: a wrong one leaves the phone dead without a hardware programmer",
    "erase": "it erases a partition that the device record does not name for that: calibration and identity may be lost",
    "cold-flash": "it starts code on the bare chip: a wrong one for this board may damage it",
}
"""The words that ``allow=`` takes, and why each is dangerous."""


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
class Image:
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
            raise PlanError(f"{name} is empty", remedy="nothing can be flashed from it: build it again")
        return cls(name, section, section.size, section.sha256())

    def check(self) -> None:
        """Refuse a file that is not the planned one any more.

        Raises:
            PlanError: If the file was changed since the plan was made.
        """
        source = self.section.source
        if isinstance(source, FileSource) and not source.closed and source.changed():
            raise PlanError(f"{self.name} was changed after the plan was made", remedy="make the plan again")


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Args:
        verb: What.
        partition: Where, if anywhere.
        image: What with, if anything.
        argument: Slot, reboot target or command text.
        danger: A key of :data:`DANGERS`; "" for what is harmless.
    """

    verb: Verb
    partition: str = ""
    image: Image | None = None
    argument: str = ""
    danger: str = ""

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
        allow: Dangers that the user accepted.

    Raises:
        RefusedError: If a step is dangerous and its danger was not allowed.
    """

    method: str
    steps: tuple[Step, ...]
    device: str = ""
    preconditions: Preconditions = Preconditions()
    findings: tuple[Finding, ...] = ()
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for step in self.steps:
            if step.danger and step.danger not in self.allow:
                raise RefusedError(f"{step.title}: {DANGERS[step.danger]}", danger=step.danger)

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
        steps = Table(
            ("step", "what", "file", "size", "sha256"),
            [
                (number, step.title, *((step.image.name, size_text(step.image.size), step.image.sha256[:12] + "…") if step.image else ("", "", "")))
                for number, step in enumerate(self.steps, 1)
            ],
        )  # fmt: skip
        views: list[View] = [Text(f"plan for {self.device or 'any device'}, by {self.method}"), steps]
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
