"""Virtual phones: device-side models of bootloaders, for tests, notebooks, demonstrations and other people's scripts.

One model serves several ways: behind pyusb in the same process (:class:`PyusbBackend`), over TCP, and to unmodified
programs. It keeps its partitions in memory or in files, and fails on purpose when told to (:class:`Fault`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.virtual.boot_choice import BootChoice as BootChoice
    from pmport.virtual.fastboot_phone import FastbootPhone as FastbootPhone
    from pmport.virtual.fastboot_profiles import PROFILES as PROFILES, FastbootProfile as FastbootProfile
    from pmport.virtual.faults import Fault as Fault, FaultKind as FaultKind
    from pmport.virtual.network import NetworkPhone as NetworkPhone
    from pmport.virtual.nokia import ColdPhone as ColdPhone, Mk2Phone as Mk2Phone
    from pmport.virtual.nolo import NOLO_PROFILES as NOLO_PROFILES, NoloPhone as NoloPhone, NoloProfile as NoloProfile
    from pmport.virtual.partitions import Partition as Partition
    from pmport.virtual.phones import PHONES as PHONES, Phone as Phone
    from pmport.virtual.pyusb_backend import PyusbBackend as PyusbBackend
    from pmport.virtual.qemu import BootedPhone as BootedPhone, boot as boot
    from pmport.virtual.samsung import (
        LOKE_PROFILES as LOKE_PROFILES,
        LokePhone as LokePhone,
        LokeProfile as LokeProfile,
    )
    from pmport.virtual.serial_console import SerialConsole as SerialConsole
    from pmport.virtual.usb_bus import UsbBus as UsbBus
    from pmport.virtual.usb_device import (
        ControlRequest as ControlRequest,
        Stall as Stall,
        VirtualUsbDevice as VirtualUsbDevice,
    )
    from pmport.virtual.usbip import KernelPort as KernelPort
else:
    _PUBLIC = {
        "pmport.virtual.boot_choice": "BootChoice",
        "pmport.virtual.fastboot_phone": "FastbootPhone",
        "pmport.virtual.fastboot_profiles": "PROFILES FastbootProfile",
        "pmport.virtual.faults": "Fault FaultKind",
        "pmport.virtual.network": "NetworkPhone",
        "pmport.virtual.nokia": "ColdPhone Mk2Phone",
        "pmport.virtual.nolo": "NOLO_PROFILES NoloPhone NoloProfile",
        "pmport.virtual.partitions": "Partition",
        "pmport.virtual.phones": "PHONES Phone",
        "pmport.virtual.pyusb_backend": "PyusbBackend",
        "pmport.virtual.qemu": "BootedPhone boot",
        "pmport.virtual.samsung": "LOKE_PROFILES LokePhone LokeProfile",
        "pmport.virtual.serial_console": "SerialConsole",
        "pmport.virtual.usb_bus": "UsbBus",
        "pmport.virtual.usb_device": "ControlRequest Stall VirtualUsbDevice",
        "pmport.virtual.usbip": "KernelPort",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
