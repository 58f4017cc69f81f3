"""A USB bus that unmodified programs see: folders for ``/sys`` and ``/dev``, and a socket per device node.

::

    with UsbBus([FastbootPhone("lk")]) as bus:
        subprocess.run(["fastboot", "devices"], env=bus.environment())

Devices that are pulled out or put in again, by a failure or by a reboot, leave and enter the folders by themselves, and
running programs learn of it as from udev.
"""

from __future__ import annotations

import ctypes.util
import itertools
import os
import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from pmport.errors import MissingDependencyError, PmportError
from pmport.virtual.usb_device import Interface, VirtualUsbDevice
from pmport.virtual.usbfs import Connection, Node, OnTrace

__all__ = ["UsbBus"]

LIBRARY = "libumockdev-preload.so.0"
LONGEST_SOCKET = 107
"""Characters of a socket's path (unix(7))."""
LOOK_SECONDS = 0.02
"""How often the bus looks which devices are plugged in."""
MAJOR = 189
LIBUDEV_MAGIC = 0xFEEDCAFE
ROOT_HUB = "usb1"


class RootHub(VirtualUsbDevice):
    """What every bus begins with."""

    vendor: int = 0x1D6B
    product: int = 0x0002
    device_triple: tuple[int, int, int] = (9, 0, 1)
    manufacturer_name: str = "Linux"
    product_name: str = "Virtual hub"
    interfaces: tuple[Interface, ...] = (Interface(0, (9, 0, 0)),)


class UsbBus:
    """The bus; a context manager.

    Args:
        devices: What is plugged into it, in the order of the ports.
        trace: Told one line per ioctl; None: nobody.

    Raises:
        PmportError: If the folder for temporary files has too long a name for sockets.
    """

    def __init__(self, devices: Iterable[VirtualUsbDevice] = (), *, trace: OnTrace | None = None) -> None:
        self.root: Path = Path(tempfile.mkdtemp(prefix="usb."))
        self.trace = trace
        if len(f"{self.root}/ioctl/dev/bus/usb/001/001") > LONGEST_SOCKET:
            self.root.rmdir()
            raise PmportError(f"{self.root} is too long a name for sockets", remedy="Set TMPDIR to a shorter one")
        for folder in ("sys/bus/usb/devices", "sys/class", "dev/bus/usb/001", "dev/.node", "ioctl/dev/bus/usb/001"):
            (self.root / folder).mkdir(parents=True)
        self._numbers = itertools.count(1)
        self._events = itertools.count(1)
        self._ports: list[VirtualUsbDevice] = []
        self._nodes: dict[int, tuple[Node, socket.socket]] = {}
        self._links: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._lock = threading.RLock()
        self._show(RootHub(), 0)
        for device in devices:
            self.plug(device)
        self._start(self._watch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment in which a program sees this bus, and no other.

        Args:
            base: Variables besides; None: those of this process.

        Returns:
            The variables.

        Raises:
            MissingDependencyError: If umockdev's preload library is not installed.
        """
        if ctypes.util.find_library("umockdev-preload") is None:
            raise MissingDependencyError(
                f"{LIBRARY} is missing: unmodified programs cannot see virtual phones",
                install="apt install umockdev (Debian), apk add umockdev (Alpine), dnf install umockdev (Fedora)",
            )
        return {**(os.environ if base is None else base), "LD_PRELOAD": LIBRARY, "UMOCKDEV_DIR": str(self.root)}

    def plug(self, device: VirtualUsbDevice) -> None:
        """Put another device into the next port.

        Args:
            device: The model.
        """
        with self._lock:
            self._ports.append(device)
            self._look()

    def close(self) -> None:
        """Take the bus away; programs that still hold a device see it leave."""
        self._closing.set()
        with self._lock:
            for port in list(self._nodes):
                self._stop(port)
            for link in self._links:
                with suppress(OSError):
                    link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self.root, ignore_errors=True)

    # ----- who is there

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]  # any callable
        self._threads = [item for item in self._threads if item.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _watch(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            with self._lock:
                self._look()

    def _look(self) -> None:
        for port, device in enumerate(self._ports, 1):
            shown = self._nodes.get(port)
            if shown and not shown[0].alive:
                self._hide(port)
                shown = None
            if shown is None and device.plugged and not self._closing.is_set():
                self._show(device, port)

    def _show(self, device: VirtualUsbDevice, port: int) -> None:
        node = Node(device, next(self._numbers), device.generation)
        listener = socket.socket(socket.AF_UNIX)
        path = self.root / f"ioctl/dev/bus/usb/001/{node.number:03d}"
        listener.bind(str(path))
        listener.listen(16)
        self._nodes[port] = (node, listener)
        self._start(self._accept, node, listener)
        _write_device(self.root, self._name(port), node)
        self._tell("add", port, node)

    def _name(self, port: int) -> str:
        """The port's name; another mode of one phone has that of the first."""
        first = self._ports[port - 1].port_of if port else None
        return _name(self._ports.index(first) + 1 if first in self._ports else port)

    def _stop(self, port: int) -> Node:
        node, listener = self._nodes.pop(port)
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        listener.close()
        return node

    def _hide(self, port: int) -> None:
        node, name = self._stop(port), self._name(port)
        (self.root / "sys/bus/usb/devices" / name).unlink()
        shutil.rmtree(self.root / _folder(name))
        (self.root / f"dev/bus/usb/001/{node.number:03d}").unlink()
        self._tell("remove", port, node)

    def _accept(self, node: Node, listener: socket.socket) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:  # the device was pulled out
                return
            with self._lock:
                self._links = [item for item in self._links if item.fileno() >= 0]
                self._links.append(link)
                self._start(Connection(link, node, self.trace).serve)

    # ----- udev's messages

    def _tell(self, action: str, port: int, node: Node) -> None:
        """Tell every program that listens: libusb has one listener per context."""
        properties = {
            "ACTION": action, "DEVPATH": f"/{_folder(self._name(port)).relative_to('sys')}", "SUBSYSTEM": "usb",
            "DEVTYPE": "usb_device", "DEVNAME": f"/dev/bus/usb/001/{node.number:03d}",
            "SEQNUM": str(next(self._events)), "MAJOR": str(MAJOR), "MINOR": str(node.number - 1),
            "BUSNUM": "001", "DEVNUM": f"{node.number:03d}",
        }  # fmt: skip
        body = b"".join(f"{key}={value}\0".encode() for key, value in properties.items())
        head = (
            b"libudev\0"
            + struct.pack(">I", LIBUDEV_MAGIC)
            + struct.pack("@III", 40, 40, len(body))
            + struct.pack(">II", murmur2("usb"), murmur2("usb_device"))
            + bytes(8)
        )
        for path in self.root.glob("event*"):
            with socket.socket(socket.AF_UNIX, socket.SOCK_RAW) as sender:
                try:
                    sender.sendto(head + body, str(path))
                except OSError:  # that program is gone
                    path.unlink(missing_ok=True)


def _name(port: int) -> str:
    return f"1-{port}" if port else ROOT_HUB


def _folder(name: str) -> Path:
    base = Path("sys/devices/pmport", ROOT_HUB)
    return base if name == ROOT_HUB else base / name


def _write_device(root: Path, name: str, node: Node) -> None:
    """What sysfs and devtmpfs show of one device (Documentation/ABI/testing/sysfs-bus-usb in the kernel's source)."""
    device, number = node.device, node.number
    raw = device.device_descriptor() + device.configuration_descriptor()
    path = f"bus/usb/001/{number:03d}"
    attributes = {
        "busnum": "1", "devnum": str(number), "devpath": name.removeprefix("1-") if name != ROOT_HUB else "0",
        "bConfigurationValue": "1", "bNumConfigurations": "1", "speed": "480", "dev": f"{MAJOR}:{number - 1}",
        "idVendor": f"{device.vendor:04x}", "idProduct": f"{device.product:04x}",
        "manufacturer": device.manufacturer_name, "product": device.product_name,
        "uevent": f"MAJOR={MAJOR}\nMINOR={number - 1}\nDEVNAME={path}\nDEVTYPE=usb_device\nDRIVER=usb\n"
                  f"BUSNUM=001\nDEVNUM={number:03d}",
    }  # fmt: skip
    if device.serial:
        attributes["serial"] = device.serial
    folder = root / _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    for key, value in attributes.items():
        (folder / key).write_text(value + "\n", encoding="utf-8")
    (folder / "descriptors").write_bytes(raw)
    for interface in device.interfaces:
        if interface.alternate == 0:
            _write_interface(folder / f"{name}:1.{interface.number}", interface, device.strings)
    up = "../" * (len(_folder(name).parts) - 1)  # relative: programs see the folder under the name /sys
    (folder / "subsystem").symlink_to(f"{up}bus/usb")
    (root / "sys/bus/usb/devices" / name).symlink_to(f"../../../{_folder(name).relative_to('sys')}")
    (root / "dev" / path).write_bytes(raw)
    marker = root / "dev/.node" / path.replace("/", "_")
    marker.unlink(missing_ok=True)
    marker.symlink_to(f"{MAJOR}:{number - 1}")


def _write_interface(folder: Path, interface: Interface, strings: tuple[str, ...]) -> None:
    folder.mkdir()
    kind, subkind, protocol = interface.triple
    attributes = {
        "bInterfaceNumber": f"{interface.number:02x}", "bInterfaceClass": f"{kind:02x}",
        "bInterfaceSubClass": f"{subkind:02x}", "bInterfaceProtocol": f"{protocol:02x}",
        "bAlternateSetting": " 0", "bNumEndpoints": f"{len(interface.endpoints):02x}",
    }  # fmt: skip
    if 0 < interface.string < len(strings):
        attributes["interface"] = strings[interface.string]
    for key, value in attributes.items():
        (folder / key).write_text(value + "\n", encoding="utf-8")


def murmur2(text: str) -> int:
    """MurmurHash2 with seed 0, which libudev's socket filters are made of.

    Args:
        text: What to hash.

    Returns:
        32 bits.

    Example:
        >>> hex(murmur2("usb"))
        '0x577c5e5'
    """
    multiplier, mask = 0x5BD1E995, 0xFFFF_FFFF
    data = text.encode()
    state = len(data)
    while len(data) >= 4:
        word = int.from_bytes(data[:4], "little") * multiplier & mask
        state = state * multiplier & mask ^ (word ^ word >> 24) * multiplier & mask
        data = data[4:]
    if data:
        state = (state ^ int.from_bytes(data, "little")) * multiplier & mask
    state = (state ^ state >> 13) * multiplier & mask
    return state ^ state >> 15
