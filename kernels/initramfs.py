"""Which modules an initramfs has to hold: so that a phone shows, is touched, stores, charges and speaks USB.

The modules that those depend on come along by themselves (``modprobe``'s own lists); buses that a part hangs on do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.kernels.binding import candidates, chosen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pmport.devicetree import DeviceTree
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.mainline_index import MainlineIndex
    from pmport.kernels.need_rows import Need

__all__ = ["early_modules"]

EARLY = re.compile(
    r"drivers/(gpu/drm/(?!panfrost|panthor|lima|etnaviv|nouveau|scheduler)|video/backlight/|input/(touchscreen|rmi4)/|hid/|power/supply/"
    r"|input/keyboard/cros_ec|usb/(typec|dwc3|dwc2|musb|chipidea|mtu3|gadget|cdns3)/|extcon/|ufs/|nvme/|mmc/host/|phy/(?!.*(pcie|edp|hdmi|csi)))"
)
"""Drivers of what is used before the root file system is there: display, touch, batteries and chargers, USB, storage."""
BUSES = re.compile(r"drivers/(i2c|spi|dma|soundwire|hsi|pwm|mfd)/")
"""Drivers of what those hang on or name: they are no dependency of the module."""
_NAMES = ("dmas", "pwms", "backlight", "power-supply", "extcon")
"""Properties that name parts without which an early one does not work."""
HANDHELD = frozenset({"handset", "tablet", "watch"})
"""``chassis-type`` of devices with a display; a tree that leaves it off says that the author had none yet."""


def early_modules(
    tree: DeviceTree, rows: Sequence[Need], config: KernelConfig, index: MainlineIndex
) -> tuple[str, ...]:
    """The modules.

    Args:
        tree: The tree.
        rows: What it needs.
        config: The configuration.
        index: The kernel's index.

    Returns:
        Names as ``modprobe`` knows them, sorted.
    """
    early = {need.path for need in rows if EARLY.match(need.driver)}
    found = {name for need in rows if need.path in early and EARLY.match(need.driver) for name in need.modules}
    beside = {above for path in early for above in _above(path)} | set(_named(tree, early))
    found.update(name for need in rows if need.path in beside and BUSES.match(need.driver) for name in need.modules)
    found.update(_display(tree, config, index))
    found.update(_panels(tree, config))
    return tuple(sorted(found))


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _named(tree: DeviceTree, paths: set[str]) -> Iterator[str]:
    """The parts that nodes name by a handle: DMA, PWM, backlight; also those of the bus that a node is on."""
    handles = {node.raw["phandle"]: node.path for node in tree.root.walk() if "phandle" in node.raw}
    buses = {path.rpartition("/")[0] for path in paths}
    for node in tree.root.walk():
        if node.path in paths or node.path in buses:
            for name in _NAMES:
                if (path := handles.get(node.raw.get(name, b"")[:4])) is not None:
                    yield path


def _display(tree: DeviceTree, config: KernelConfig, index: MainlineIndex) -> Iterator[str]:
    """The display's driver of a phone whose tree leaves its display off."""
    root = tree.root
    kind = root.raw.get("chassis-type", b"").rstrip(b"\0").decode("utf-8", "replace")
    if kind not in HANDHELD:
        return
    for node in root.walk():
        if node.raw.get("status") == b"disabled\0" and re.match(r"(display-subsystem|mdss|display-engine)", node.name):
            for group in candidates(node, index):
                choice = chosen(group, config)
                if not choice.missing and any(config.texts.get(name) == "m" for name in choice.symbols):
                    yield from choice.candidate.driver.modules


def _panels(tree: DeviceTree, config: KernelConfig) -> Iterator[str]:
    """Panels of a fork that are named after the very board: ``DRM_PANEL_MOTOROLA_HARPIA_BOE`` on ``motorola,harpia``."""
    strings = tree.root.compatible
    words = re.sub(r"\W", "_", strings[0].upper()) if strings else ""
    if "_" in words:
        for name, text in config.texts.items():
            if text == "m" and name.startswith(f"DRM_PANEL_{words}_"):
                yield name.removeprefix("DRM_").lower()
