"""Which virtual phones there are: one row each.

Example:
    >>> from pmport.virtual import PHONES
    >>> [type(device).__name__ for device in PHONES["n900-cold"].make()]
    ['ColdPhone', 'NoloPhone']
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pmport.extensions import Extensible, load
from pmport.virtual.fastboot_phone import FastbootPhone
from pmport.virtual.fastboot_profiles import PROFILES
from pmport.virtual.nokia import ColdPhone, Mk2Phone
from pmport.virtual.nolo import NOLO_PROFILES, NoloPhone
from pmport.virtual.partitions import Partition
from pmport.virtual.samsung import LOKE_PROFILES, LokePhone

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault
    from pmport.virtual.usb_device import VirtualUsbDevice

__all__ = ["PHONES", "Phone", "contents", "keep_in", "save_in"]

FASTBOOT_ROOM = 64 << 20


@dataclass(frozen=True, slots=True)
class Phone:
    """One kind of phone.

    Args:
        words: What it is, for people.
        programs: Programs that speak to it.
        factory: Makes its devices: one, or one for each of its modes.
    """

    words: str
    programs: str
    factory: Callable[[Iterable[Fault]], tuple[VirtualUsbDevice, ...]]

    def make(self, faults: Iterable[Fault] = ()) -> tuple[VirtualUsbDevice, ...]:
        """Make one.

        Args:
            faults: When its first device fails.

        Returns:
            Its devices, for a bus; the first is the one that is plugged in.
        """
        return self.factory(faults)


def _fastboot(profile: str, faults: Iterable[Fault]) -> tuple[VirtualUsbDevice, ...]:
    parts = {name: Partition(FASTBOOT_ROOM) for name in ("boot", "recovery", "dtbo", "vbmeta", "userdata")}
    return (FastbootPhone(profile, parts, faults=faults),)


def _loke(profile: str, faults: Iterable[Fault]) -> tuple[VirtualUsbDevice, ...]:
    return (LokePhone(profile, faults=faults),)


def _nolo(profile: str, faults: Iterable[Fault]) -> tuple[VirtualUsbDevice, ...]:
    return (NoloPhone(profile, faults=faults),)


def _cold(faults: Iterable[Fault]) -> tuple[VirtualUsbDevice, ...]:
    becomes = NoloPhone("N900")
    return (ColdPhone(becomes, faults=faults), becomes)


def _mk2(faults: Iterable[Fault]) -> tuple[VirtualUsbDevice, ...]:
    return (Mk2Phone(faults=faults),)


PHONES: Mapping[str, Phone] = Extensible(
    "pmport.virtual",
    {
        **{name: Phone(f"a phone in fastboot mode, {name}", "fastboot", partial(_fastboot, name)) for name in PROFILES},
        "samsung": Phone("a Samsung phone in download mode", "heimdall", partial(_loke, "v2")),
        **{
            f"samsung-{name}": Phone(f"the same with another bootloader, {name}", "heimdall", partial(_loke, name))
            for name in LOKE_PROFILES
        },
        **{
            name.lower(): Phone(f"a Nokia {name} in update mode (NOLO)", "0xFFFF", partial(_nolo, name))
            for name in NOLO_PROFILES
        },
        "n900-cold": Phone("a Nokia N900 whose boot ROM waits for a loader", "0xFFFF", _cold),
        "n900-mk2": Phone("a Nokia N900 in PC-Suite mode (Mk II)", "0xFFFF", _mk2),
    },
    lambda point: cast("Phone", load(point)),
)
"""Phone by name."""


def _partitions(device: VirtualUsbDevice) -> dict[str, Partition]:
    found: dict[str, Partition] = getattr(device, "partitions", {})
    return found


def contents(device: VirtualUsbDevice) -> Iterator[tuple[str, int, str]]:
    """What was written to a phone.

    Args:
        device: The model.

    Yields:
        Partition or image, bytes, and SHA-256 in hexadecimal.
    """
    for name, part in _partitions(device).items():
        if part.written:
            yield name, part.written, part.sha256(part.written)
    if isinstance(device, NoloPhone):
        for name, data in device.flash.items():
            yield name, len(data), hashlib.sha256(data).hexdigest()


def keep_in(device: VirtualUsbDevice, folder: Path) -> None:
    """Keep a phone's partitions in files, also those that are there from an earlier time.

    Args:
        device: The model.
        folder: Where; it exists.
    """
    parts = _partitions(device)
    for name, part in list(parts.items()):
        parts[name] = Partition(part.size, file=folder / f"{name}.img", kind=part.kind, logical=part.logical)
    if isinstance(device, NoloPhone):
        device.flash |= {path.stem: path.read_bytes() for path in folder.glob("*.img")}


def save_in(device: VirtualUsbDevice, folder: Path) -> None:
    """Write to files what the model kept in memory, and remove the files of partitions that nothing was written to.

    Args:
        device: The model.
        folder: Where; it exists.
    """
    if isinstance(device, NoloPhone):
        for name, data in device.flash.items():
            (folder / f"{name}.img").write_bytes(data)
    for part in _partitions(device).values():
        if part.file is not None and not part.written:
            part.file.unlink(missing_ok=True)
