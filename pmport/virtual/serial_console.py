"""A virtual phone's serial console, on a pseudo-terminal, behind a name that stays the same through its reboots."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

from pmport.errors import MissingDependencyError

__all__ = ["SerialConsole"]


class SerialConsole:
    """A port that a program can open, and that goes and comes as a phone restarts.

    Args:
        path: The name under which it is found; a link to the pseudo-terminal.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, SerialConsole(f"{folder}/ttyACM0") as console:
        ...     console.say("Linux version 6.12")
        ...     os.path.exists(f"{folder}/ttyACM0")
        True
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(path)
        self._ours = self._theirs = -1
        self.plug()

    def plug(self) -> None:
        """Make the port appear."""
        if self._ours >= 0:
            return
        try:
            import pty  # noqa: PLC0415 - Windows has neither
            import tty  # noqa: PLC0415
        except ImportError as error:
            raise MissingDependencyError(
                "This system has no pseudo-terminals, which a virtual serial console stands on",
                install="use Linux or macOS for it; virtual phones on USB work everywhere",
            ) from error
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(self._theirs))

    def unplug(self) -> None:
        """Make the port disappear; who has it open is hung up on."""
        if self._ours < 0:
            return
        self.path.unlink(missing_ok=True)
        for end in (self._theirs, self._ours):
            os.close(end)
        self._ours = self._theirs = -1

    def say(self, text: str) -> None:
        """Print a line.

        Args:
            text: The line, without its end.
        """
        os.write(self._ours, text.encode() + b"\r\n")

    def heard(self) -> bytes:
        """What was typed since the last call."""
        with suppress(BlockingIOError):
            return os.read(self._ours, 1 << 16)
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.unplug()
