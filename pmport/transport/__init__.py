"""The cable: one narrow seam that writes, reads and closes, with a deadline on each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.transport.base import Transport as Transport
    from pmport.transport.modes import MODES as MODES, Mode as Mode, mode_of as mode_of
    from pmport.transport.recording import Recorder as Recorder, Replayer as Replayer
    from pmport.transport.serial_port import SerialTransport as SerialTransport
    from pmport.transport.tcp import TcpTransport as TcpTransport
    from pmport.transport.udp import UdpTransport as UdpTransport
    from pmport.transport.usb import (
        UsbDevice as UsbDevice,
        UsbInterface as UsbInterface,
        UsbTransport as UsbTransport,
        usb_devices as usb_devices,
        wait_for_device as wait_for_device,
    )
else:
    _PUBLIC = {
        "pmport.transport.base": "Transport",
        "pmport.transport.modes": "MODES Mode mode_of",
        "pmport.transport.recording": "Recorder Replayer",
        "pmport.transport.serial_port": "SerialTransport",
        "pmport.transport.tcp": "TcpTransport",
        "pmport.transport.udp": "UdpTransport",
        "pmport.transport.usb": "UsbDevice UsbInterface UsbTransport usb_devices wait_for_device",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
