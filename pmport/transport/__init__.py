"""The cable: one narrow seam that writes, reads and closes, with a deadline on each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.transport.base import Transport
    from pmport.transport.modes import MODES, Mode, mode_of
    from pmport.transport.recording import Recorder, Replayer
    from pmport.transport.serial_port import SerialTransport
    from pmport.transport.tcp import TcpTransport
    from pmport.transport.udp import UdpTransport
    from pmport.transport.usb import UsbDevice, UsbInterface, UsbTransport, usb_devices

_NAMES = {
    "SerialTransport": "pmport.transport.serial_port:SerialTransport",
    "Replayer": "pmport.transport.recording:Replayer",
    "Recorder": "pmport.transport.recording:Recorder",
    "UdpTransport": "pmport.transport.udp:UdpTransport",
    "MODES": "pmport.transport.modes:MODES",
    "Mode": "pmport.transport.modes:Mode",
    "TcpTransport": "pmport.transport.tcp:TcpTransport",
    "Transport": "pmport.transport.base:Transport",
    "UsbDevice": "pmport.transport.usb:UsbDevice",
    "UsbInterface": "pmport.transport.usb:UsbInterface",
    "UsbTransport": "pmport.transport.usb:UsbTransport",
    "mode_of": "pmport.transport.modes:mode_of",
    "usb_devices": "pmport.transport.usb:usb_devices",
}

__all__ = [
    "MODES",
    "Mode",
    "Recorder",
    "Replayer",
    "SerialTransport",
    "TcpTransport",
    "Transport",
    "UdpTransport",
    "UsbDevice",
    "UsbInterface",
    "UsbTransport",
    "mode_of",
    "usb_devices",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)
