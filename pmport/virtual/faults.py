"""What can go wrong on the cable, and when: a virtual phone's instructions to fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fault", "FaultKind", "Faults"]


class FaultKind(StrEnum):
    """Ways to fail."""

    UNPLUG = "unplug"
    """The cable is pulled before this transfer."""
    STALL = "stall"
    """The endpoint answers STALL."""
    NAK = "nak"
    """The device hangs: this transfer and all that follow run into their deadlines, until it is plugged in again."""
    SHORT = "short"
    """Half of the bytes are taken or given."""
    GARBAGE = "garbage"
    """The answer is replaced by noise."""
    SLOW = "slow"
    """The transfer takes ``seconds``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure.

    Args:
        kind: The way to fail.
        at: Index of the transfer that fails, counted from 0 over both directions since the device was plugged in; bulk
            transfers and vendor requests count, the standard requests of USB do not.
        direction: ``"out"``, ``"in"``, or ``""`` for either.
        seconds: How long a slow transfer takes.
    """

    kind: FaultKind
    at: int
    direction: str = ""
    seconds: float = 0.0


class Faults:
    """The failures that are still to come, and the count of transfers.

    Args:
        faults: In any order.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._hung: Fault | None = None
        self.transfers: int = 0

    def restart(self) -> None:
        """The device was plugged in again: count from the beginning."""
        self.transfers = 0
        self._hung = None

    def next(self, direction: str) -> Fault | None:
        """Count a transfer, and say whether it is to fail.

        Args:
            direction: ``"out"`` or ``"in"``.

        Returns:
            The failure, which is used up unless the device hangs; None for a transfer that goes well.
        """
        if self._hung is not None:
            return self._hung
        index = self.transfers
        self.transfers += 1
        for fault in self._faults:
            if fault.at == index and fault.direction in {"", direction}:
                self._faults.remove(fault)
                self._hung = fault if fault.kind is FaultKind.NAK else None
                return fault
        return None
