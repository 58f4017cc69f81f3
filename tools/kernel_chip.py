"""The chip that a vendor's kernel is configured for: the platform symbol of its configuration, where there is just one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pmport.device_db.device import Device

__all__ = ["platform_of"]

SYMBOLS = (
    r"CONFIG_ARCH_((?:MSM|APQ|SDM|SM|SDA)\d{3,4})=y",
    r"CONFIG_MACH_(MT\d{4})=y",
    r"CONFIG_ARCH_(MT\d{4})M?=y",
    r"CONFIG_SOC_(EXYNOS\d{3,4})=y",
    r"CONFIG_ARCH_(SC\d{4})=y",
    r"CONFIG_ARCH_(RK\d{4})=y",
)
"""How vendors' kernels name the platform; sisters of one die share a symbol."""
TEGRA = (r"CONFIG_ARCH_TEGRA_(\w+)_SOC=y", {"2x": "tegra20", "3x": "tegra30", "11x": "tegra114", "12x": "tegra124"})


def platform_of(device: Device, pmaports: Path) -> str:
    """The platform that all configurations of a port's own kernel agree on.

    Args:
        device: The record.
        pmaports: A checkout.

    Returns:
        Such as ``msm8974``; "" where the port has no kernel of its own, or the configuration serves several platforms.
    """
    found: set[str] = set()
    for path in pmaports.glob(f"device/*/linux-{device.codename}/config-*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        found |= {match.lower() for pattern in SYMBOLS for match in re.findall(pattern, text)}
        pattern, names = TEGRA
        found |= {names.get(match.lower(), match) for match in re.findall(pattern, text)}
    return found.pop() if len(found) == 1 else ""
