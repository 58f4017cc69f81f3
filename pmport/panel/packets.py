"""What is sent to a panel over DSI: typed packets, and the vendors' ways to write lists of them.

The layouts differ in the header alone. Sources: the bindings and parsers of the vendors' kernels (Qualcomm
``mdss-dsi-panel``, Unisoc ``sprd,generic-mipi-panel``, Rockchip ``simple-panel-dsi``, Samsung ``gen-panel``); data
types: MIPI DSI 1.3, section 8.7, as in Linux's ``include/video/mipi_display.h``.

Example:
    >>> found = read_packets(bytes.fromhex("39010000000003f05a5a 05010000780002 1100"), QUALCOMM)
    >>> [(packet.kind, packet.sent.hex(), packet.wait_ms) for packet in found.packets]
    [('dcs', 'f05a5a', 0), ('dcs', '11', 120)]
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["GEN_PANEL", "QUALCOMM", "QUALCOMM_OLD", "ROCKCHIP", "UNISOC", "Layout", "Packet", "Packets", "read_packets"]

_KINDS: dict[int, tuple[str, int | None]] = {
    0x03: ("generic", 0),
    0x13: ("generic", 1),
    0x23: ("generic", 2),
    0x29: ("generic", None),
    0x05: ("dcs", 1),
    0x15: ("dcs", 2),
    0x39: ("dcs", None),
    0x06: ("read", 1),
    0x04: ("read", 0),
    0x14: ("read", 1),
    0x24: ("read", 2),
    0x07: ("compression", 2),
    0x0A: ("pps", None),
    0x02: ("colour mode off", 0),
    0x12: ("colour mode on", 0),
    0x22: ("shut down", 0),
    0x32: ("turn on", 0),
    0x37: ("maximum return size", 2),
    0x00: ("nothing", 0),
    0x09: ("nothing", 0),
}
"""Data type → what it is, and how many bytes of its payload go out; None: all."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet.

    Args:
        data_type: The DSI data type, without the virtual channel.
        payload: The bytes that the tree declares for it.
        wait_ms: How long to wait after it, in milliseconds.
        last: Whether what was queued so far goes out now.
        channel: The virtual channel.
    """

    data_type: int
    payload: bytes
    wait_ms: int = 0
    last: bool = True
    channel: int = 0

    @property
    def kind(self) -> str:
        """What it is: ``dcs``, ``generic``, ``read``, ``pps``, ``compression``, ``turn on`` …; ``unknown``."""
        return _KINDS.get(self.data_type, ("unknown", None))[0]

    @property
    def sent(self) -> bytes:
        """The bytes that go out: a short packet has room for two at most, whatever the tree declares."""
        return self.payload[: _KINDS.get(self.data_type, ("", None))[1]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a vendor writes a packet's header.

    Args:
        name: Whose it is.
        header: The header, in :mod:`struct`'s notation.
        fields: The header's fields, in order; the length of the payload is the last.
    """

    name: str
    header: str
    fields: tuple[str, ...]

    @property
    def size(self) -> int:
        """The header's size in bytes."""
        return struct.calcsize(self.header)


QUALCOMM = Layout("Qualcomm", ">BBBBBH", ("data_type", "last", "channel", "ack", "wait_ms", "length"))
QUALCOMM_OLD = Layout("Qualcomm, Linux 3.4", ">BBBBBB", ("data_type", "last", "channel", "ack", "wait_ms", "length"))
UNISOC = Layout("Unisoc", ">BBH", ("data_type", "wait_ms", "length"))
ROCKCHIP = Layout("Rockchip", ">BBB", ("data_type", "wait_ms", "length"))
GEN_PANEL = Layout("Samsung gen-panel", ">BBHH", ("data_type", "mode", "wait_ms", "length"))


@dataclass(frozen=True, slots=True)
class Packets:
    """A list of packets as it was read.

    Args:
        packets: Those that are whole.
        trouble: What is wrong behind the last of them; empty where nothing is.
    """

    packets: tuple[Packet, ...]
    trouble: str = ""


def read_packets(data: bytes, *layouts: Layout) -> Packets:
    """The packets of a property.

    Args:
        data: The property's value.
        layouts: The layouts that it may have; the first that uses up all bytes is taken, else the one that comes farthest.

    Returns:
        The packets, and what is wrong. Nothing is raised: a list that is cut short gives what stands before the cut.
    """
    tried = [_read(data, layout) for layout in layouts]
    found, _ = next((item for item in tried if not item[0].trouble), max(tried, key=lambda item: item[1]))
    return found


def _read(data: bytes, layout: Layout) -> tuple[Packets, int]:
    packets: list[Packet] = []
    at, size = 0, layout.size
    while at < len(data):
        if at + size > len(data):
            return Packets(
                tuple(packets), f"{len(data) - at} bytes at offset {at} are too few for a packet's header"
            ), at
        header = dict(zip(layout.fields, struct.unpack_from(layout.header, data, at), strict=True))
        end = at + size + header["length"]
        trouble = ""
        if header["data_type"] not in _KINDS:
            trouble = f"0x{header['data_type']:02x} at offset {at} is no data type"
        elif end > len(data):
            trouble = (
                f"the packet at offset {at} declares {header['length']} bytes, and {len(data) - at - size} are left"
            )
        if trouble:
            return Packets(tuple(packets), trouble), at
        packets.append(
            Packet(
                header["data_type"],
                data[at + size : end],
                header["wait_ms"],
                bool(header.get("last", 1)),
                header.get("channel", 0),
            )
        )
        at = end
    return Packets(tuple(packets)), at
