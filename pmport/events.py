"""What happens while something long runs, as small frozen values.

Whoever does long work takes ``on_event`` and calls it; whoever watches draws. The command line draws with rich, a
notebook draws a bar, a test collects them in a list.

Example:
    >>> seen = []
    >>> seen.append(BytesMoved("flash boot", done=512, total=1024))
    >>> seen[0].fraction
    0.5
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["BytesMoved", "DeviceText", "Event", "OnEvent", "StepFinished", "StepStarted", "Waiting", "ignore"]


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events.

    Args:
        step: What is being done, in a few words that a person reads (``"flash boot"``).
    """

    step: str


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """A step begins.

    Args:
        step: What is being done.
        index: Which step of the plan, counted from 0.
        steps: How many steps the plan has.
    """

    index: int = 0
    steps: int = 1


@dataclass(frozen=True, slots=True)
class BytesMoved(Event):
    """Bytes went over.

    Args:
        step: What is being done.
        done: Bytes so far.
        total: Bytes in all.
    """

    done: int
    total: int

    @property
    def fraction(self) -> float:
        """How far it is, from 0.0 to 1.0."""
        return self.done / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class DeviceText(Event):
    """The device said something for people (fastboot INFO and TEXT).

    Args:
        step: What is being done.
        text: The device's own words, undecodable bytes escaped.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Waiting(Event):
    """Nothing can be done until something happens.

    Args:
        step: What is being done.
        reason: What is being waited for.
        seconds: For how long at most; None: for ever.
    """

    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StepFinished(Event):
    """A step is done.

    Args:
        step: What was done.
        seconds: How long it took.
    """

    seconds: float


OnEvent: TypeAlias = Callable[[Event], None]


def ignore(event: Event, /) -> None:
    """Look at no event: the default of every ``on_event``.

    Args:
        event: The event that is not looked at.
    """
