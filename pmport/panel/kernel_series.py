"""What a kernel series offers to a panel driver."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pmport.errors import FormatError

__all__ = ["NEWEST", "KernelSeries"]


@dataclass(frozen=True, order=True, slots=True)
class KernelSeries:
    """A kernel series.

    Args:
        major: Its first number.
        minor: Its second.

    Example:
        >>> KernelSeries.of("6.1").multi, KernelSeries.of("7.2").multi
        (False, True)
    """

    major: int
    minor: int

    @classmethod
    def of(cls, text: str) -> KernelSeries:
        """The series that a person names.

        Args:
            text: ``"6.12"``, or the folder of a kernel's source.

        Returns:
            The series.

        Raises:
            FormatError: If it is neither, or older than 6.1, for which no driver is written.
        """
        makefile = Path(text) / "Makefile"
        match = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.\S*)?", text)
        if not match and makefile.is_file():
            head = makefile.read_text(encoding="utf-8", errors="replace")[:400]
            match = re.search(r"^VERSION = (\d+)\nPATCHLEVEL = (\d+)$", head, re.MULTILINE)
        if not match:
            raise FormatError(
                f"{text} is no kernel series and no kernel's source",
                format="kernel series",
                remedy="Name a series such as 6.12, or the folder of a kernel's source",
            )
        series = cls(int(match[1]), int(match[2]))
        if series < cls(6, 1):
            raise FormatError(
                f"Panel drivers are written for Linux 6.1 and later, and this is {series}",
                format="kernel series",
                remedy="Name a later series",
            )
        return series

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def multi(self) -> bool:
        """Whether ``mipi_dsi_*_multi`` and ``mipi_dsi_msleep`` are there: Linux 6.11."""
        return (self.major, self.minor) >= (6, 11)

    @property
    def panel_alloc(self) -> bool:
        """Whether ``devm_drm_panel_alloc`` is there: Linux 6.16."""
        return (self.major, self.minor) >= (6, 16)

    @property
    def prepare_prev_first(self) -> bool:
        """Whether a panel can ask for its host to be up before it is prepared: Linux 6.3."""
        return (self.major, self.minor) >= (6, 3)

    @property
    def rgb101010(self) -> bool:
        """Whether ``MIPI_DSI_FMT_RGB101010`` is there. Seen in 7.2, absent in 6.12."""
        return (self.major, self.minor) >= (7, 2)


NEWEST = KernelSeries(7, 2)
"""The newest series whose interface was tried."""
