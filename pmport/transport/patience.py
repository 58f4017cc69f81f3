"""How long, and for how much, one exchange with a phone is listened to: the same bounds for every protocol.

A phone that works says something now and then, and each message gives it time for the next; a phone that talks for ever
comes to an end here all the same.

Example:
    >>> patience = Patience(10.0, what="getvar:all")
    >>> patience.heard(b"INFOproduct:thor")
    >>> 9 < patience.seconds <= 10
    True
"""

from __future__ import annotations

import time

from pmport.errors import DeadlineError, ProtocolError

__all__ = ["EXTENDED", "LARGEST_TALK", "LOWEST_RATE", "MOST_EMPTY", "MOST_MESSAGES", "Patience"]

EXTENDED = 3.0
"""How many times its deadline a phone gets in all, as long as it says something in between."""
MOST_MESSAGES = 20_000
"""Messages in one exchange; the log of a whole start of Linux has a few thousand lines."""
MOST_EMPTY = 8
"""Empty messages in a row; some stacks show the device's zero-length packets."""
LARGEST_TALK = 4 << 20
"""Bytes of all messages of one exchange, apart from announced data."""
LOWEST_RATE = 32 << 10
"""Bytes per second of announced data, below which a phone is as good as silent."""


class Patience:
    """One exchange: a command with all its answers.

    Args:
        each: Seconds that each message may take; None: for ever.
        what: What was asked, for people.
        data: Bytes of announced data, which may take longer than messages.
        device: The connection's name.
        messages: How many messages may come.
        remedy: What to do when they do not end.
    """

    def __init__(
        self,
        each: float | None,
        *,
        what: str = "",
        data: int = 0,
        device: str = "",
        messages: int = MOST_MESSAGES,
        remedy: str = "unplug the phone, enter its mode again, and retry",
    ) -> None:
        self._each = each
        self._end = None if each is None else time.monotonic() + each * EXTENDED + data / LOWEST_RATE
        self._what = what
        self._device = device
        self._remedy = remedy
        self._left = messages
        self._talk = LARGEST_TALK + data
        self._empty = 0

    @property
    def seconds(self) -> float | None:
        """How long the next message may take.

        Raises:
            DeadlineError: If the time for the whole exchange is over.
        """
        if self._each is None or self._end is None:
            return None
        left = self._end - time.monotonic()
        if left <= 0:
            raise DeadlineError(
                f"{self._named} came to no end in {self._each * EXTENDED:g} s, though the device kept talking",
                device=self._device, remedy=self._remedy,
            )  # fmt: skip
        return min(self._each, left)

    @property
    def _named(self) -> str:
        return f"The answer to {self._what!r}" if self._what else "The answer"

    def heard(self, message: bytes) -> None:
        """Count a message.

        Args:
            message: What came; empty for a zero-length packet.

        Raises:
            ProtocolError: If there were too many of them, too many bytes, or too many empty ones in a row.
        """
        self._left -= 1
        self._talk -= len(message)
        self._empty = 0 if message else self._empty + 1
        if self._empty > MOST_EMPTY:
            self._refuse(f"{self._named} is nothing but empty packets")
        if self._left < 0 or self._talk < 0:
            self._refuse(f"{self._named} has no end: the device sends more messages than any that is known")

    def _refuse(self, what: str) -> None:
        raise ProtocolError(what, state="It may be in the middle of an answer", remedy=self._remedy)
