"""A virtual phone as a real USB device of this Linux kernel, through ``vhci_hcd`` and USB/IP's messages.

Every program then sees it, with the kernel's own USB stack between. That takes root and the module ``vhci-hcd``; on a
machine whose kernel one would rather not touch, a small virtual machine does (``tests/virtual/test_real_kernel.py``).

The messages are those of the kernel's ``Documentation/usb/usbip_protocol.rst``: 48 bytes, big-endian, before the data.
"""

from __future__ import annotations

import errno
import socket
import struct
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pmport.errors import AccessError, TransportError
from pmport.virtual.transfers import Outcome, ask, begin, give, settle, take
from pmport.virtual.usb_device import ControlRequest

if TYPE_CHECKING:
    from pmport.virtual.faults import Fault
    from pmport.virtual.usb_device import VirtualUsbDevice

__all__ = ["KernelPort"]

VHCI = Path("/sys/devices/platform/vhci_hcd.0")
MESSAGE = struct.Struct(">10I8s")
"""Command, number, device, direction, endpoint, flags or status, length, start frame, packets, interval, setup."""
SETUP = struct.Struct("<BBHHH")
SUBMIT, UNLINK, SUBMITTED, UNLINKED = 1, 2, 3, 4
HIGH_SPEED = 3
IN = 0x80
BUFFER = 1 << 20
POLL_SECONDS = 0.02


class KernelPort:
    """A port of the kernel's virtual host controller, with a phone in it.

    Args:
        device: The phone.
        port: Which port; 0 to 7 are for high speed.
        controller: The controller's folder in /sys.

    Raises:
        AccessError: If the kernel has no such controller, or it may not be written to.
    """

    def __init__(self, device: VirtualUsbDevice, port: int = 0, controller: Path = VHCI) -> None:
        self.device = device
        self.port = port
        self._controller = controller
        self._waiting: OrderedDict[int, tuple[int, int, Fault | None]] = OrderedDict()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        self._socket = ours
        with theirs:
            self._tell("attach", f"{port} {theirs.fileno()} {0x10000 + port + 2} {HIGH_SPEED}")
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._serve, self._answer_later)]
        for thread in self._threads:
            thread.start()

    def _tell(self, name: str, text: str) -> None:
        try:
            (self._controller / name).write_text(text, encoding="ascii")
        except OSError as error:
            self._socket.close()
            raise AccessError(
                f"The kernel's virtual USB controller cannot be used: {error}",
                remedy="as root: modprobe vhci-hcd",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Pull the cable."""
        self._stop.set()
        with suppress(AccessError):
            self._tell("detach", str(self.port))
        self._socket.close()

    # messages

    def _received(self, size: int) -> bytes:
        data = bytearray(size)
        view, at = memoryview(data), 0
        while at < size:
            count = self._socket.recv_into(view[at:])
            if not count:
                raise EOFError
            at += count
        return bytes(data)

    def _serve(self) -> None:
        with suppress(EOFError, OSError):
            while not self._stop.is_set():
                row = MESSAGE.unpack(self._received(MESSAGE.size))
                command, number, _, direction, endpoint, value, length = row[:7]
                if command == UNLINK:
                    self._unlink(number, value)
                elif command == SUBMIT:
                    data = self._received(length) if not direction else b""
                    self._submit(number, endpoint | (IN if direction else 0), length, data, row[10])
                else:
                    raise TransportError(f"The kernel sent a message of kind {command}")

    def _submit(self, number: int, endpoint: int, length: int, data: bytes, setup: bytes) -> None:
        device = self.device
        with device.condition:
            if not endpoint & 0x7F:
                kind, request, value, index, size = SETUP.unpack(setup)
                asked = ControlRequest(kind, request, value, index, size, b"" if kind & IN else data)
                self._done(number, ask(device, asked), length, incoming=bool(kind & IN))
                return
            fault = begin(device, endpoint)
            if endpoint & IN:
                self._waiting[number] = (endpoint, length, fault)
                self._pump()
                return
            self._done(number, give(device, endpoint, data, fault), length, incoming=False)
            self._pump()

    def _unlink(self, number: int, wanted: int) -> None:
        with self.device.condition:
            found = self._waiting.pop(wanted, None)
        status = -errno.ECONNRESET if found is not None else 0
        with self._lock:
            self._socket.sendall(MESSAGE.pack(UNLINKED, number, 0, 0, 0, status & 0xFFFFFFFF, 0, 0, 0, 0, bytes(8)))

    def _pump(self) -> None:
        """Answer transfers from the phone, as far as it has something to say. The caller holds its condition."""
        blocked: set[int] = set()
        for number, (endpoint, length, fault) in list(self._waiting.items()):
            if endpoint in blocked:
                continue
            outcome = take(self.device, endpoint, length, fault)
            if outcome is None:
                blocked.add(endpoint)
                continue
            del self._waiting[number]
            self._done(number, outcome, length, incoming=True)

    def _answer_later(self) -> None:
        """What the phone says on its own time, and its leaving."""
        with suppress(OSError):
            while not self._stop.wait(POLL_SECONDS):
                with self.device.condition:
                    self._pump()
                settle(self.device)
                if not self.device.plugged:
                    self.close()

    def _done(self, number: int, outcome: Outcome | None, length: int, *, incoming: bool) -> None:
        if outcome is None:
            return  # the host's own deadline ends it
        data = outcome.data[:length] if incoming else b""
        count = len(data) if incoming else min(outcome.sent, length)
        head = MESSAGE.pack(SUBMITTED, number, 0, 0, 0, -outcome.error & 0xFFFFFFFF, count, 0, 0, 0, bytes(8))
        with self._lock:
            self._socket.sendall(head + data)
