"""Ctrl-C, SIGTERM and a notebook's stop, held back until an exchange with a phone is in a state that leaves it usable.

A second one ends the program at once.

Example:
    >>> import signal
    >>> try:
    ...     with held("nothing was written"):
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("the exchange is finished first")
    ... except Stopped as stop:
    ...     print(stop, stop.exit_code)
    the exchange is finished first
    Stopped by SIGINT. Nothing was written. 130
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

__all__ = ["Stopped", "check", "held", "raise_stopped", "waiting_slice"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SLICE_SECONDS = 0.25
"""How long a wait may be without a look at whether it is to stop."""
SHELL = 128
"""What a shell adds to the number of a signal that ended a program."""


class Stopped(KeyboardInterrupt):
    """The user, or whoever ended the program, stopped an exchange with a phone.

    Args:
        number: The signal.
        state: What is on the phone now.
        remedy: What to do next.
        bytes_sent: Bytes of the transfer that was stopped that the device took.
    """

    def __init__(self, number: int = signal.SIGINT, *, state: str = "", remedy: str = "", bytes_sent: int = 0) -> None:
        super().__init__(number)
        self.number = number
        self.state = state
        self.remedy = remedy
        self.bytes_sent = bytes_sent

    @property
    def exit_code(self) -> int:
        """What a shell gives for a program that this signal ended: 130, 143."""
        return SHELL + self.number

    def __str__(self) -> str:
        parts = (f"Stopped by {signal.Signals(self.number).name}", self.state, self.remedy)
        return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts if part)


@dataclass
class _Held:
    """Whether signals are held back, and which came."""

    depth: int = 0
    number: int = 0
    handlers: dict[int, Any] = field(default_factory=dict)


_held = _Held()


def raise_stopped(number: int, frame: FrameType | None = None) -> None:
    """A handler for signals that ends what runs at once.

    Args:
        number: The signal.
        frame: Where the program was.

    Raises:
        Stopped: Always.
    """
    del frame
    raise Stopped(number)


def _note(number: int, frame: FrameType | None) -> None:
    if _held.number:  # a second one: the user does not want to wait
        raise_stopped(number, frame)
    _held.number = number


@contextmanager
def held(state: str = "") -> Iterator[None]:
    """Hold signals back while an exchange runs; only the main thread can, in others nothing is changed.

    Args:
        state: What is on the phone when the exchange went well, for the message.

    Yields:
        Nothing; what waits inside calls :func:`check`.

    Raises:
        Stopped: At the end of the block, if a signal came and nothing inside raised it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if not _held.depth:
        _held.number = 0
        obeyed = [number for number in SIGNALS if signal.getsignal(number) not in {None, signal.SIG_IGN}]
        _held.handlers = {number: signal.signal(number, _note) for number in obeyed}
    _held.depth += 1
    try:
        yield
    finally:
        _held.depth -= 1
        if not _held.depth:
            for number, handler in _held.handlers.items():
                signal.signal(number, handler)
    if not _held.depth and _held.number:
        number, _held.number = _held.number, 0
        raise Stopped(number, state=state)


def check(*, bytes_sent: int = 0) -> None:
    """End here, if a signal was held back: the caller knows what to do with the phone.

    Args:
        bytes_sent: Bytes of the transfer that the device took.

    Raises:
        Stopped: If one came; once.
    """
    if _held.number:
        number, _held.number = _held.number, 0
        raise Stopped(number, bytes_sent=bytes_sent)


def waiting_slice(seconds: float | None) -> float:
    """How long to wait before the next :func:`check`.

    Args:
        seconds: How long is to be waited in all; None: for ever.

    Returns:
        Seconds.
    """
    return SLICE_SECONDS if seconds is None else min(seconds, SLICE_SECONDS)
