"""Virtual phones: device-side models of bootloaders, for tests, notebooks, demonstrations and other people's scripts.

One model serves several ways: behind pyusb in the same process (:class:`PyusbBackend`), over TCP, and to unmodified
programs. It keeps its partitions in memory or in files, and fails on purpose when told to (:class:`Fault`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.virtual.fastboot_phone import FastbootPhone
    from pmport.virtual.fastboot_profiles import PROFILES, FastbootProfile
    from pmport.virtual.faults import Fault, FaultKind
    from pmport.virtual.network import NetworkPhone
    from pmport.virtual.nokia import ColdPhone, Mk2Phone
    from pmport.virtual.nolo import NOLO_PROFILES, NoloPhone, NoloProfile
    from pmport.virtual.partitions import Partition
    from pmport.virtual.phones import PHONES, Phone
    from pmport.virtual.pyusb_backend import PyusbBackend
    from pmport.virtual.samsung import LOKE_PROFILES, LokePhone, LokeProfile
    from pmport.virtual.serial_console import SerialConsole
    from pmport.virtual.usb_bus import UsbBus
    from pmport.virtual.usb_device import ControlRequest, Stall, VirtualUsbDevice
    from pmport.virtual.usbip import KernelPort

_NAMES = {
    "SerialConsole": "pmport.virtual.serial_console:SerialConsole",
    "KernelPort": "pmport.virtual.usbip:KernelPort",
    "NetworkPhone": "pmport.virtual.network:NetworkPhone",
    "LOKE_PROFILES": "pmport.virtual.samsung:LOKE_PROFILES",
    "NOLO_PROFILES": "pmport.virtual.nolo:NOLO_PROFILES",
    "PHONES": "pmport.virtual.phones:PHONES",
    "PROFILES": "pmport.virtual.fastboot_profiles:PROFILES",
    "ColdPhone": "pmport.virtual.nokia:ColdPhone",
    "ControlRequest": "pmport.virtual.usb_device:ControlRequest",
    "FastbootPhone": "pmport.virtual.fastboot_phone:FastbootPhone",
    "FastbootProfile": "pmport.virtual.fastboot_profiles:FastbootProfile",
    "Fault": "pmport.virtual.faults:Fault",
    "FaultKind": "pmport.virtual.faults:FaultKind",
    "LokePhone": "pmport.virtual.samsung:LokePhone",
    "LokeProfile": "pmport.virtual.samsung:LokeProfile",
    "Mk2Phone": "pmport.virtual.nokia:Mk2Phone",
    "NoloPhone": "pmport.virtual.nolo:NoloPhone",
    "NoloProfile": "pmport.virtual.nolo:NoloProfile",
    "Partition": "pmport.virtual.partitions:Partition",
    "Phone": "pmport.virtual.phones:Phone",
    "PyusbBackend": "pmport.virtual.pyusb_backend:PyusbBackend",
    "Stall": "pmport.virtual.usb_device:Stall",
    "UsbBus": "pmport.virtual.usb_bus:UsbBus",
    "VirtualUsbDevice": "pmport.virtual.usb_device:VirtualUsbDevice",
}

__all__ = [
    "LOKE_PROFILES",
    "NOLO_PROFILES",
    "PHONES",
    "PROFILES",
    "ColdPhone",
    "ControlRequest",
    "FastbootPhone",
    "FastbootProfile",
    "Fault",
    "FaultKind",
    "KernelPort",
    "LokePhone",
    "LokeProfile",
    "Mk2Phone",
    "NetworkPhone",
    "NoloPhone",
    "NoloProfile",
    "Partition",
    "Phone",
    "PyusbBackend",
    "SerialConsole",
    "Stall",
    "UsbBus",
    "VirtualUsbDevice",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)
