"""What the parts of a driver's text are made of, and how its longer lines are broken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.panel.driver_packets import wrapped
from pmport.panel.naming import Names, supply_names

if TYPE_CHECKING:
    from pmport.panel.kernel_series import KernelSeries
    from pmport.panel.packets import Packet
    from pmport.panel.panel_value import Panel, Timing

__all__ = ["DriverText", "comment", "signature"]


def comment(text: str) -> str:
    """Text of a tree, safe inside a comment of C.

    Args:
        text: The text.

    Returns:
        Printable ASCII that cannot end a comment.
    """
    return re.sub(r"[^ -~]", "?", text).replace("*/", "* /").replace("/*", "/ *")


def signature(start: str, *arguments: str) -> Iterator[str]:
    """The first lines of a function.

    Args:
        start: What stands before the bracket.
        arguments: Its parameters.

    Yields:
        Lines, and the brace.
    """
    yield from wrapped(f"{start}(", arguments, ")")
    yield "{"


@dataclass(frozen=True)
class DriverText:
    """What the parts of a driver's text are made of.

    Args:
        panel: The panel.
        timing: Its mode.
        kernel: The series that the driver is for.
        names: Its names.
        origin: What tree the panel was read from.
    """

    panel: Panel
    timing: Timing
    kernel: KernelSeries
    names: Names
    origin: str

    @property
    def own(self) -> str:
        """What the driver's names begin with."""
        return self.names.identifier

    @property
    def dcs_backlight(self) -> bool:
        """Whether the panel makes its light, and is told how much by a command."""
        return (
            self.panel.backlight is not None
            and self.panel.backlight.kind == "dcs"
            and bool(self.panel.backlight.maximum)
        )

    @property
    def supplies(self) -> tuple[str, ...]:
        """Names of the supplies."""
        return supply_names(self.panel)

    def packets(self, role: str) -> tuple[Packet, ...]:
        """What is sent for a purpose.

        Args:
            role: ``on`` or ``off``.

        Returns:
            Packets.
        """
        item = self.panel.sequence(role)
        packets = item.packets if item is not None else ()
        if self.timing.dsc is None:  # packets that speak of compression have no meaning without it
            return tuple(packet for packet in packets if packet.kind not in {"pps", "compression"})
        return packets

    def low_power(self, role: str) -> bool | None:
        """Whether packets go out in low-power mode.

        Args:
            role: ``on`` or ``off``.

        Returns:
            None where the tree does not say.
        """
        item = self.panel.sequence(role)
        return item.low_power if item is not None else None
