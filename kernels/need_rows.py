"""One row of what a device tree needs: the part, its driver, and what is lacking of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pmport.findings import Severity

__all__ = ["ROLES", "VITAL", "Lack", "Need", "Status", "role_of"]


class Status(StrEnum):
    """What is known of one node."""

    SATISFIED = "satisfied"
    """A driver for it is built."""
    LACKING = "lacking"
    """The kernel has a driver, and the configuration leaves it out."""
    HANDLED = "handled"
    """The core, the bus or the node above takes care of it."""
    UNKNOWN = "unknown"
    """This kernel has no driver for it."""


ROLES: tuple[tuple[str, str], ...] = (
    ("storage", r"drivers/(mmc|ufs|scsi|ata|nvme|mtd)/|drivers/phy/.*ufs"),
    ("usb", r"drivers/usb/|drivers/phy/.*(usb|qusb|hs|ss)|drivers/extcon/"),
    ("serial", r"drivers/tty/"),
    ("pins", r"drivers/(pinctrl|gpio)/"),
    ("clocks", r"drivers/(clk|reset|clocksource)/"),
    (
        "power",
        r"drivers/(regulator|mfd|soc|firmware|spmi|mailbox|pmdomain|genpd|hwspinlock|opp|cpufreq)/|drivers/(i2c|spi)/",
    ),
    ("interrupts and memory", r"drivers/(irqchip|iommu|memory|interconnect|bus|dma|perf|base)/|arch/|kernel/|mm/"),
    ("display", r"drivers/(gpu|video)/|drivers/pwm/"),
    ("touch and keys", r"drivers/input/"),
    ("radio", r"drivers/(net|bluetooth|remoteproc|rpmsg|nfc|slimbus)/|net/"),
    ("charging", r"drivers/power/"),
    ("sound", r"sound/|drivers/soundwire/"),
    ("camera", r"drivers/media/|drivers/staging/media/"),
    ("sensors", r"drivers/(iio|hwmon|thermal)/"),
    ("lights", r"drivers/leds/"),
    ("other", r""),
)
"""Role, and the folders of its drivers. The first that fits counts."""
VITAL = frozenset({"storage", "interrupts and memory"})
"""Roles whose parts a system cannot start without; beside them the console, and what all of these refer to."""


SYMBOL = re.compile(r"[A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Lack:
    """One symbol that is not on.

    Args:
        symbol: Without ``CONFIG_``.
        hidden: It is absent from the configuration, because something that it depends on is off.
        because: What would have to change first; empty where it can simply be set.
        selected_by: Who switches it on, where a person cannot; with the condition, where there is one.
    """

    symbol: str
    hidden: bool = False
    because: tuple[str, ...] = ()
    selected_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.hidden:
            return f"{self.symbol} (not set)"
        why = f", because of {', '.join(self.because)}" if self.because else ""
        who = f"; switched on by {' or '.join(self.selected_by[:3])}" if self.selected_by and not self.because else ""
        return f"{self.symbol} (absent{why}{who})"


@dataclass(frozen=True, slots=True)
class Need:
    """One node, and who serves it.

    Args:
        path: The node.
        compatible: The string that decided; the first where none did.
        status: What is known.
        role: What the part is for.
        driver: The driver's source file; "" where there is none.
        symbols: What the driver needs.
        lacking: What of it is not on.
        modules: Modules that hold the driver, where it is no part of the kernel's image.
        why: Who handles it, where no driver matches; what makes it needed, where no string does.
        stops_boot: Whether storage, console or the machine's core depend on it.
    """

    path: str
    compatible: str
    status: Status
    role: str = ""
    driver: str = ""
    symbols: tuple[str, ...] = ()
    lacking: tuple[Lack, ...] = ()
    modules: tuple[str, ...] = ()
    why: str = ""
    stops_boot: bool = False

    @property
    def severity(self) -> Severity:
        """How bad a lack of it is."""
        return Severity.ERROR if self.stops_boot else Severity.WARNING


@lru_cache(maxsize=8192)
def role_of(path: str) -> str:
    """What a driver's part is for.

    Args:
        path: Its source file.

    Returns:
        The name of a row of :data:`ROLES`.
    """
    return next(role for role, pattern in ROLES if re.match(pattern, path))
