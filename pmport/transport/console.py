r"""What a phone prints on its serial port, with times, into a log: through reboots, in which the port comes and goes.

Example:
    >>> import io
    >>> clock = iter([0.0, 0.5, 1.25]).__next__
    >>> log = io.StringIO()
    >>> lines = Lines(log, clock)
    >>> lines.take(b"Booting Li"); lines.take(b"nux\r\nlogin:"); lines.end()
    >>> print(log.getvalue(), end="")
    [    0.500] Booting Linux
    [    1.250] login:
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from pmport.errors import AccessError, DeadlineError, DeviceGoneError, NoDeviceError, TransportError

if TYPE_CHECKING:
    from pmport.transport.base import Transport

__all__ = ["Lines", "follow"]

PIECE = 4096
POLL_SECONDS = 0.2
LONGEST = 4096
"""A line without an end is broken here."""


class Lines:
    """Writes bytes as lines with the time since the beginning.

    Args:
        log: Where they go.
        clock: Seconds, of any beginning.
        show: Also told every line.
    """

    def __init__(
        self, log: TextIO, clock: Callable[[], float] = time.monotonic, show: Callable[[str], None] | None = None
    ) -> None:
        self._log = log
        self._clock = clock
        self._show = show
        self._began = clock()
        self._open = b""

    def take(self, data: bytes) -> None:
        """Bytes that came.

        Args:
            data: The bytes; a line may come in pieces.
        """
        *whole, self._open = (self._open + data).split(b"\n")
        if len(self._open) > LONGEST:
            whole, self._open = [*whole, self._open], b""
        for line in whole:
            self.note(line.rstrip(b"\r").decode("utf-8", "replace"))

    def note(self, text: str) -> None:
        """A whole line.

        Args:
            text: Without its end.
        """
        line = f"[{self._clock() - self._began:9.3f}] {text}"
        self._log.write(line + "\n")
        self._log.flush()
        if self._show:
            self._show(line)

    def end(self) -> None:
        """Write what is left of a line that never ended."""
        if self._open:
            self.note(self._open.rstrip(b"\r").decode("utf-8", "replace"))
            self._open = b""


def follow(
    connect: Callable[[], Transport],
    lines: Lines,
    *,
    seconds: float | None = None,
    until: Callable[[], bool] = lambda: False,
) -> Iterator[str]:
    """Follow a port, and open it again whenever it comes back.

    Args:
        connect: Opens the port; raises where it is not there.
        lines: Where its lines go.
        seconds: How long; None: for ever.
        until: Asked now and then whether to stop.

    Yields:
        What happened to the port: ``opened``, ``gone``; after each, the caller may stop.

    Raises:
        AccessError: If the port is there and may not be opened.
    """
    end = None if seconds is None else time.monotonic() + seconds

    def over() -> bool:
        return until() or (end is not None and time.monotonic() >= end)

    while not over():
        try:
            port = connect()
        except AccessError:
            raise
        except (NoDeviceError, TransportError):
            time.sleep(POLL_SECONDS)
            continue
        lines.note("--- the port is open ---")
        yield "opened"
        try:
            while not over():
                with suppress(DeadlineError):
                    lines.take(port.read(PIECE, POLL_SECONDS))
        except DeviceGoneError:
            lines.end()
            lines.note("--- the port is gone: the phone restarts, or was unplugged ---")
            yield "gone"
        finally:
            port.close()
    lines.end()
