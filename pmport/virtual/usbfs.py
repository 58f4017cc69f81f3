"""Linux' usbfs for virtual phones: unmodified programs open ``/dev/bus/usb/…`` and speak to a model.

The program runs with umockdev's preload library. That library redirects ``/sys`` and ``/dev`` into a folder
(:mod:`pmport.virtual.sysfs`) and sends each ioctl on a device node to a socket; :class:`Connection` answers it. Nothing
of umockdev but the preload library is needed, no kernel module, and no privilege.

Messages on the socket are three native longs (umockdev, ``src/libumockdev-preload.c``); the ioctls are those of
``linux/usbdevice_fs.h``.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from pmport.virtual.faults import Fault, FaultKind
from pmport.virtual.transfers import Outcome, ask, begin, give, settle, take
from pmport.virtual.usb_device import ControlRequest, VirtualUsbDevice

__all__ = ["Connection", "Node", "OnTrace"]

MESSAGE = struct.Struct("@LLL")
ANSWER = struct.Struct("@Lll")
IOCTL, DONE, READ_MEMORY, WRITE_MEMORY, READ = 1, 3, 5, 6, 7


def _ioctl(direction: int, number: int, size: int) -> int:
    """A request number as ``_IOC`` makes it, for type U."""
    return direction << 30 | size << 16 | ord("U") << 8 | number


IOCTLS = {
    "CONTROL": _ioctl(3, 0, 24),
    "BULK": _ioctl(3, 2, 24),
    "RESETEP": _ioctl(2, 3, 4),
    "SETINTERFACE": _ioctl(2, 4, 8),
    "SETCONFIGURATION": _ioctl(2, 5, 4),
    "GETDRIVER": _ioctl(1, 8, 260),
    "SUBMITURB": _ioctl(2, 10, 56),
    "DISCARDURB": _ioctl(0, 11, 0),
    "REAPURB": _ioctl(1, 12, 8),
    "REAPURBNDELAY": _ioctl(1, 13, 8),
    "CLAIMINTERFACE": _ioctl(2, 15, 4),
    "RELEASEINTERFACE": _ioctl(2, 16, 4),
    "CONNECTINFO": _ioctl(1, 17, 8),
    "IOCTL": _ioctl(3, 18, 16),
    "RESET": _ioctl(0, 20, 0),
    "CLEAR_HALT": _ioctl(2, 21, 4),
    "GET_CAPABILITIES": _ioctl(2, 26, 4),
    "DISCONNECT_CLAIM": _ioctl(2, 27, 264),
    "GET_SPEED": _ioctl(0, 31, 0),
}
NAMES = {number: name for name, number in IOCTLS.items()}
AFTER_UNPLUG = frozenset({"REAPURB", "REAPURBNDELAY", "DISCARDURB", "RELEASEINTERFACE"})
"""What the kernel still answers when the device is gone."""

CAPABILITIES = 0x01 | 0x02 | 0x04 | 0x08 | 0x10
"""Zero packets, bulk continuation, no limit of packets, scatter-gather, reaping after a disconnect."""
MEMORY = 16 << 20
"""The kernel's ``usbcore.usbfs_memory_mb``: one transfer of 16 MiB or more gives ENOMEM."""
URB_OVERHEAD = 256
URB_CONTROL, URB_INTERRUPT, URB_BULK = 2, 1, 3
URB = struct.Struct("@BBiIPiiiiiIP")
URB_STATUS, URB_ACTUAL = 4, 28
CONTROL = struct.Struct("@BBHHHIP")
BULK = struct.Struct("@IIIP")
SETUP = struct.Struct("<BBHHH")
HIGH_SPEED = 3
REAP_SECONDS = 0.002
"""How long an empty reap is held back: the node always looks readable, so that libusb would spin."""
LOOK_SECONDS = 0.2
"""How often a blocked transfer looks whether its program still lives."""
BUFFER = 4 << 20

OnTrace = Callable[[str], None]


@dataclass
class Node:
    """A device node: the model, its number on the bus, and who has claimed which interface.

    Args:
        device: The model.
        number: Its device number.
        generation: The model's generation when the node was made; a later one is another node.
    """

    device: VirtualUsbDevice
    number: int
    generation: int

    def __post_init__(self) -> None:
        self.claims: dict[int, Connection] = {}

    @property
    def alive(self) -> bool:
        """Whether the device is still the one that this node was made for."""
        return self.device.plugged and self.device.generation == self.generation


@dataclass
class _Urb:
    """A transfer that a program submitted."""

    address: int
    endpoint: int
    buffer: int
    length: int
    fault: Fault | None = None
    data: bytes = b""
    outgoing: bytes = b""
    actual: int = 0
    status: int = 0

    def finish(self, outcome: Outcome) -> None:
        self.data, self.status = outcome.data, -outcome.error
        self.actual = len(outcome.data) if self.endpoint & 0x80 else outcome.sent


class _Failed(Exception):  # noqa: N818 - not an error of pmport: an errno on its way to the program
    """An ioctl fails."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Connection:
    """One opened device node of one program.

    Args:
        link: The socket.
        node: The node.
        trace: Told one line per ioctl; None: nobody.
    """

    def __init__(self, link: socket.socket, node: Node, trace: OnTrace | None = None) -> None:
        self.link = link
        self.node = node
        self.device: VirtualUsbDevice = node.device
        self.trace = trace
        self._offset = 0
        self._pending: OrderedDict[int, _Urb] = OrderedDict()
        self._done: deque[_Urb] = deque()
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            link.setsockopt(socket.SOL_SOCKET, option, BUFFER)

    def serve(self) -> None:
        """Answer until the program closes the node."""
        try:
            while True:
                command, first, second = MESSAGE.unpack(self._receive(MESSAGE.size))
                try:
                    result, code = self._handle(command, first, second), 0
                except _Failed as failed:
                    result, code = -1, failed.code
                self.link.sendall(ANSWER.pack(DONE, result, code))
        except (EOFError, OSError):  # the program ended, or the bus was closed
            pass
        finally:
            with self.device.condition:
                self._pending.clear()
                self.node.claims = {key: owner for key, owner in self.node.claims.items() if owner is not self}
                self.device.condition.notify_all()
            self.link.close()

    def _handle(self, command: int, first: int, second: int) -> int:
        if command == IOCTL:
            return self._traced(first, second)
        if command == READ:
            raw = self.device.device_descriptor() + self.device.configuration_descriptor()
            data = raw[self._offset : self._offset + second]
            self._offset += len(data)
            self._poke(first, data)
            return len(data)
        raise _Failed(errno.EINVAL)

    def _traced(self, request: int, argument: int) -> int:
        start = time.monotonic()
        name = NAMES.get(request, "")
        text = ""
        try:
            result = self._dispatch(name, argument)
            text = str(result)
        except _Failed as failed:
            text = errno.errorcode.get(failed.code, str(failed.code))
            raise
        finally:
            if self.trace is not None:
                self.trace(f"{name or hex(request)} {text} {(time.monotonic() - start) * 1000:.2f} ms")
        return result

    # ----- the program's memory

    def _receive(self, size: int) -> bytes:
        data = self.link.recv(size, socket.MSG_WAITALL)
        if len(data) < size:
            raise EOFError
        return data

    def _peek(self, address: int, size: int) -> bytes:
        if not size:
            return b""
        self.link.sendall(MESSAGE.pack(READ_MEMORY, address, size))
        return self._receive(size)

    def _poke(self, address: int, data: bytes) -> None:
        if data:
            self.link.sendall(MESSAGE.pack(WRITE_MEMORY, address, len(data)))  # on its own: preload reads it so
            self.link.sendall(data)

    def _number(self, address: int) -> int:
        number: int = struct.unpack("@I", self._peek(address, 4))[0]
        return number

    # ----- ioctls

    def _dispatch(self, name: str, argument: int) -> int:
        if not name:
            raise _Failed(errno.ENOTTY)
        if not self.node.alive and name not in AFTER_UNPLUG:
            raise _Failed(errno.ENODEV)
        handler: Callable[[int], int] | None = getattr(self, "_on_" + name.lower(), None)
        if handler is None:
            raise _Failed(errno.ENODATA)  # GETDRIVER and IOCTL: no kernel driver is bound
        return handler(argument)

    def _on_get_capabilities(self, argument: int) -> int:
        self._poke(argument, struct.pack("@I", CAPABILITIES))
        return 0

    def _on_get_speed(self, argument: int) -> int:
        del argument
        return HIGH_SPEED

    def _on_connectinfo(self, argument: int) -> int:
        self._poke(argument, struct.pack("@IB", self.node.number, 0))
        return 0

    def _on_claiminterface(self, argument: int) -> int:
        number = self._number(argument)
        with self.device.condition:
            if self.node.claims.setdefault(number, self) is not self:
                raise _Failed(errno.EBUSY)
        return 0

    _on_disconnect_claim = _on_claiminterface

    def _on_releaseinterface(self, argument: int) -> int:
        number = self._number(argument)
        with self.device.condition:
            if self.node.claims.get(number) is not self:
                raise _Failed(errno.EINVAL)
            del self.node.claims[number]
        return 0

    def _on_setinterface(self, argument: int) -> int:
        interface, alternate = struct.unpack("@II", self._peek(argument, 8))
        self._asked(ControlRequest(0x01, 11, alternate, interface))
        return 0

    def _on_setconfiguration(self, argument: int) -> int:
        self._asked(ControlRequest(0x00, 9, self._number(argument)))
        return 0

    def _on_clear_halt(self, argument: int) -> int:
        endpoint = self._number(argument)
        with self.device.condition:
            self.device.halted.discard(endpoint)
        return 0

    _on_resetep = _on_clear_halt

    def _on_reset(self, argument: int) -> int:
        del argument
        with self.device.condition:
            self.device.queues.clear()
            self.device.halted.clear()
            self.device.reset()
        return 0

    def _asked(self, setup: ControlRequest, milliseconds: int = 0) -> bytes:
        with self.device.condition:
            outcome = ask(self.device, setup)
            end = time.monotonic() + milliseconds / 1000 if milliseconds else None
            while outcome is None:
                self._wait(end)
                if not self.node.alive:
                    outcome = Outcome(error=errno.ENODEV)
        if outcome.error:
            raise _Failed(outcome.error)
        return outcome.data

    def _on_control(self, argument: int) -> int:
        kind, request, value, index, length, milliseconds, address = CONTROL.unpack(self._peek(argument, CONTROL.size))
        incoming = bool(kind & 0x80)
        sent = b"" if incoming else self._peek(address, length)
        answer = self._asked(ControlRequest(kind, request, value, index, length, sent), milliseconds)
        if incoming:
            self._poke(address, answer)
        settle(self.device)
        return len(answer) if incoming else length

    # ----- synchronous bulk transfers

    def _on_bulk(self, argument: int) -> int:
        endpoint, length, milliseconds, address = BULK.unpack(self._peek(argument, BULK.size))
        incoming = bool(endpoint & 0x80)
        outgoing = b"" if incoming else self._peek(address, length)
        end = time.monotonic() + milliseconds / 1000 if milliseconds else None
        with self.device.condition:
            fault = begin(self.device, endpoint)
            while True:
                if incoming:
                    outcome = take(self.device, endpoint, length, fault)
                else:
                    outcome = give(self.device, endpoint, outgoing, fault)
                if outcome is not None:
                    break
                self._wait(end)
        if outcome.error and outcome.error != errno.EOVERFLOW:
            raise _Failed(outcome.error)
        self._poke(address, outcome.data)
        if outcome.error:
            raise _Failed(outcome.error)
        settle(self.device)
        return len(outcome.data) if incoming else outcome.sent

    def _wait(self, end: float | None) -> None:
        """Until something happens on the device; fails at the deadline, and when the program is gone."""
        left = LOOK_SECONDS if end is None else min(end - time.monotonic(), LOOK_SECONDS)
        if left <= 0:
            raise _Failed(errno.ETIMEDOUT)
        self.device.condition.wait(left)
        if select.select([self.link], [], [], 0)[0] and not self.link.recv(1, socket.MSG_PEEK):
            raise EOFError

    # ----- asynchronous transfers

    def _on_submiturb(self, argument: int) -> int:
        kind, endpoint, _, _, buffer, length, *_ = URB.unpack(self._peek(argument, URB.size))
        urb = _Urb(argument, endpoint, buffer, length)
        if kind == URB_CONTROL:
            self._submit_control(urb)
            return 0
        if kind not in {URB_BULK, URB_INTERRUPT}:
            raise _Failed(errno.EINVAL)
        if sum(item.length for item in self._pending.values()) + length + URB_OVERHEAD > MEMORY:
            raise _Failed(errno.ENOMEM)
        if not endpoint & 0x80:
            urb.outgoing = self._peek(buffer, length)
        with self.device.condition:
            urb.fault = begin(self.device, endpoint)
            self._pending[argument] = urb
            self._pump()
        return 0

    def _submit_control(self, urb: _Urb) -> None:
        raw = self._peek(urb.buffer, urb.length)
        kind, request, value, index, length = SETUP.unpack_from(raw)
        incoming = bool(kind & 0x80)
        sent = b"" if incoming else raw[SETUP.size : SETUP.size + length]
        urb.buffer += SETUP.size
        with self.device.condition:
            outcome = ask(self.device, ControlRequest(kind, request, value, index, length, sent))
            if outcome is None:  # until the program discards it, or the device leaves
                urb.fault = Fault(FaultKind.NAK, 0)
                self._pending[urb.address] = urb
                return
        urb.data, urb.status = outcome.data, -outcome.error
        urb.actual = len(urb.data) if incoming else length
        self._done.append(urb)

    def _pump(self) -> None:
        """Finish what the device is ready for, in order on each endpoint. The caller holds the condition."""
        blocked: set[int] = set()
        for address, urb in list(self._pending.items()):
            if urb.endpoint in blocked:
                continue
            if urb.endpoint & 0x80:
                outcome = take(self.device, urb.endpoint, urb.length, urb.fault)
            else:
                outcome = give(self.device, urb.endpoint, urb.outgoing, urb.fault)
            if outcome is None:
                blocked.add(urb.endpoint)
                continue
            if outcome.error == errno.ENODEV:
                outcome = Outcome(error=errno.ESHUTDOWN)
            urb.finish(outcome)
            del self._pending[address]
            self._done.append(urb)

    def _on_discardurb(self, argument: int) -> int:
        with self.device.condition:
            urb = self._pending.pop(argument, None)
            if urb is None:
                raise _Failed(errno.EINVAL)
            urb.status = -errno.ENOENT
            self._done.append(urb)
        return 0

    def _on_reapurb(self, argument: int) -> int:
        return self._reap(argument, None)

    def _on_reapurbndelay(self, argument: int) -> int:
        return self._reap(argument, REAP_SECONDS)

    def _reap(self, argument: int, seconds: float | None) -> int:
        with self.device.condition:
            self._pump()
            while not self._done and self.node.alive and seconds is None:
                self._wait(None)
                self._pump()
            if not self._done and self.node.alive and self._pending:
                self.device.condition.wait(seconds)
                self._pump()
            if not self._done:
                raise _Failed(errno.EAGAIN if self.node.alive else errno.ENODEV)
            urb = self._done.popleft()
        self._poke(urb.buffer, urb.data)
        self._poke(urb.address + URB_STATUS, struct.pack("@i", urb.status))
        self._poke(urb.address + URB_ACTUAL, struct.pack("@i", urb.actual))
        self._poke(argument, struct.pack("@P", urb.address))
        settle(self.device)
        return 0
