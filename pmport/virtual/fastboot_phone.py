"""A virtual phone in fastboot mode, on a USB cable.

Example:
    >>> from pmport.virtual import FastbootPhone, Partition, PyusbBackend
    >>> import pmport.flashers
    >>> phone = FastbootPhone("lk2nd", {"boot": Partition(1 << 20)}, serial="EXAMPLE01")
    >>> with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
    ...     flasher.client.getvar("product")
    'lk2nd-msm8916'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pmport.virtual.fastboot_model import FastbootModel
from pmport.virtual.fastboot_profiles import PROFILES
from pmport.virtual.partitions import Partition
from pmport.virtual.usb_device import Endpoint, Interface, VirtualUsbDevice
from pmport.wire import fastboot as wire

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault

__all__ = ["FastbootPhone"]

IN, OUT = 0x81, 0x01
SMALL = 1 << 24


class FastbootPhone(VirtualUsbDevice):
    """A phone whose bootloader speaks fastboot.

    Args:
        profile: A key of :data:`~pmport.virtual.fastboot_profiles.PROFILES`.
        partitions: Its partitions by name; None: boot, recovery and userdata of 16 MiB.
        serial: Its serial number.
        variables: What ``getvar`` answers besides, over the profile's own.
        slots: Names of its slots.
        locked: Whether the bootloader is locked.
        faults: When to fail.
    """

    manufacturer_name = "Google"
    product_name = "Android"
    interface_names: tuple[str, ...] = ("fastboot",)
    interfaces: tuple[Interface, ...] = (Interface(0, wire.INTERFACE, (Endpoint(IN), Endpoint(OUT)), string=4),)

    def __init__(
        self,
        profile: str = "lk2nd",
        partitions: Mapping[str, Partition] | None = None,
        *,
        serial: str = "PMPORT0001",
        variables: Mapping[str, str] | None = None,
        slots: tuple[str, ...] = (),
        locked: bool = False,
        faults: Iterable[Fault] = (),
    ) -> None:
        super().__init__(serial=serial, faults=faults)
        if partitions is None:
            partitions = {name: Partition(SMALL) for name in ("boot", "recovery", "userdata")}
        self.model: FastbootModel = FastbootModel(
            PROFILES[profile], dict(partitions), serial, variables or {}, slots, locked, self._rebooted
        )
        self.mode: str = "bootloader"
        self._bootloader = PROFILES[profile]
        self._leaving = False
        self._packet = self.interfaces[0].endpoints[1].packet_size

    @property
    def partitions(self) -> dict[str, Partition]:
        """Its partitions by name."""
        return self.model.partitions

    def received(self, endpoint: int, data: bytes) -> None:  # noqa: ARG002 - there is one
        """A command or a part of a download; see :class:`~pmport.virtual.usb_device.VirtualUsbDevice`."""
        expected = self.model.expected
        short = len(data) % self._packet and len(data) < expected
        if expected and short and self.model.profile.stops_at_short_packets:
            self.model.reset()  # LK's read ends there, and it reports nothing
            return
        for answer in self.model.receive(data):
            self.send(IN, answer)

    def reset(self) -> None:
        """Forget the conversation."""
        self._leaving = False
        self.model.reset()

    def _rebooted(self, target: str) -> None:
        self.mode = target
        self._leaving = True

    def settle(self) -> None:
        """Do what the last reboot command asked for: leave the bus, or come back to it.

        A real phone answers first and leaves a moment later; tests and servers call this when the answer was read.
        """
        with self.condition:
            if not self._leaving:
                return
            self._leaving = False
            if self.mode in {"bootloader", "fastboot"}:
                self.model.profile = PROFILES["fastbootd"] if self.mode == "fastboot" else self._bootloader
                self.plug()
            else:
                self.unplug()
