"""In which mode a phone on the USB cable is, by what it says of itself: one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MODES", "Mode", "mode_of"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode that a phone can be in.

    Args:
        name: What people call it.
        method: The flash method that speaks to it, or "" where pmport has none.
        interface: USB interface (class, subclass, protocol), where that tells it.
        ids: USB (vendor, product), where that tells it; product None: any of that vendor.
        remark: What it is for, in a few words.
        asked: Whether it may be asked for its strings: a boot ROM has no time for that.
    """

    name: str
    method: str = ""
    interface: tuple[int, int, int] | None = None
    ids: tuple[tuple[int, int | None], ...] = ()
    remark: str = ""
    asked: bool = True

    def fits(self, vendor: int, product: int, interfaces: Iterable[tuple[int, int, int]]) -> bool:
        """Whether a device is in this mode.

        Args:
            vendor: USB vendor id.
            product: USB product id.
            interfaces: Class, subclass and protocol of each of its interfaces.

        Returns:
            True where the interface or the ids tell it.
        """
        return self.interface in set(interfaces) or (vendor, product) in self.ids or (vendor, None) in self.ids


MODES: tuple[Mode, ...] = (
    Mode("fastboot", "fastboot", (0xFF, 0x42, 0x03), remark="bootloader or fastbootd"),
    Mode("adb", "", (0xFF, 0x42, 0x01), remark="Android or a recovery; `adb reboot bootloader` leads on"),
    Mode("download", "heimdall", ids=((0x04E8, 0x6601), (0x04E8, 0x685D), (0x04E8, 0x68C3)), remark="Samsung Odin mode"),
    Mode("NOLO", "0xffff", ids=((0x0421, 0x0105),), remark="Nokia's bootloader, in update mode"),
    Mode("Nokia boot ROM", "0xffff", ids=((0x0421, 0x0106),), remark="takes loaders: cold flashing", asked=False),
    Mode("Mk II", "0xffff", ids=((0x0421, 0x01C8), (0x0421, 0x03D2)), remark="Nokia's PC-Suite mode; tells its version, and reboots"),
    Mode("Nokia storage", "", ids=((0x0421, 0x01C7), (0x0421, 0x0096), (0x0421, 0x0189), (0x0421, 0x03D1), (0x0421, 0x0431), (0x0421, 0x04C3), (0x0421, 0x0518)), remark="a running Nokia tablet as a disk"),
    Mode("EDL", "", ids=((0x05C6, 0x9008), (0x05C6, 0x900E)), remark="Qualcomm emergency download"),
    Mode("MediaTek boot ROM", "", ids=((0x0E8D, 0x0003),), remark="mtkclient speaks to it"),
    Mode("MediaTek preloader", "", ids=((0x0E8D, 0x2000), (0x0E8D, 0x2001)), remark="there for a moment after switching on"),
    Mode("Rockchip loader", "", ids=((0x2207, None),), remark="rkdeveloptool speaks to it"),
    Mode("Allwinner FEL", "", ids=((0x1F3A, 0xEFE8),), remark="sunxi-fel speaks to it"),
    Mode("Spreadtrum download", "", ids=((0x1782, 0x4D00),), remark="the boot ROM or its loader"),
    Mode("NXP SDP", "", ids=((0x15A2, None),), remark="uuu speaks to it"),
    Mode("USB gadget of Linux", "", ids=((0x18D1, 0xD001), (0x0525, 0xA4A2)), remark="a running port: SSH over the cable"),
)  # fmt: skip
"""From the protocol's documents and the clients' own tables; the first row that fits wins."""


def mode_of(vendor: int, product: int, interfaces: Iterable[tuple[int, int, int]] = ()) -> Mode | None:
    """The mode of a device.

    Args:
        vendor: USB vendor id.
        product: USB product id.
        interfaces: Class, subclass and protocol of each of its interfaces.

    Returns:
        The first row of :data:`MODES` that fits, or None for what is no phone.

    Example:
        >>> mode_of(0x18D1, 0xD00D, [(0xFF, 0x42, 0x03)]).name
        'fastboot'
    """
    known = tuple(interfaces)
    return next((mode for mode in MODES if mode.fits(vendor, product, known)), None)
