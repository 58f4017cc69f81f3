"""Packets as C: calls of ``mipi_dsi_…_multi`` for newer kernels, a table and a loop for older ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.panel.packets import Packet

__all__ = ["calls", "sent_by_host", "sleep", "table", "wrapped"]

_NAMED = {0x10: "enter_sleep_mode", 0x11: "exit_sleep_mode", 0x28: "set_display_off", 0x29: "set_display_on"}
_WIDTH = 100
_SILENT = {
    "read": "the vendor reads {bytes} here",
    "maximum return size": "the vendor sets the size of answers here",
    "nothing": "an empty packet stands here",
    "colour mode on": "colour mode on stands here",
    "colour mode off": "colour mode off stands here",
    "unknown": "a packet of an unknown type stands here",
}


def wrapped(start: str, values: Iterable[str], end: str) -> Iterator[str]:
    """A list of values in lines of C, aligned behind the bracket as the kernel wants it.

    Args:
        start: Text up to and with the bracket, indented by tabs.
        values: The values.
        end: What follows the last.

    Yields:
        Lines.
    """
    bracket = start.rfind("(") + 1 or len(start)
    column = len(start[:bracket].expandtabs(8))
    indent = "\t" * (column // 8) + " " * (column % 8)
    line, empty = start, True
    for value in values:
        piece = value if empty else f", {value}"
        if len(line.expandtabs(8)) + len(piece) + len(end) > _WIDTH:
            yield line + ("" if empty else ",")
            line, piece = indent, value
        line += piece
        empty = False
    yield line + end


def sleep(milliseconds: int, prefix: str = "", context: str = "") -> str:
    """A wait.

    Args:
        milliseconds: How long.
        prefix: What stands before the function's name.
        context: First argument.

    Returns:
        A line of C: ``msleep`` from 20 ms on, below that a range (``Documentation/timers/delay_sleep_functions``).
    """
    if milliseconds < 20:
        return f"\t{prefix}usleep_range({context}{milliseconds * 1000}, {milliseconds * 1000 + 1000});"
    return f"\t{prefix}msleep({context}{milliseconds});"


def calls(packets: Iterable[Packet]) -> Iterator[str]:
    """Packets as calls that remember the first error.

    Args:
        packets: The packets.

    Yields:
        Lines of a function that has ``dsi_ctx`` and, for compression, ``ctx->dsc`` and ``pps``.
    """
    for packet in packets:
        yield from _call(packet)
        if packet.wait_ms:
            yield sleep(packet.wait_ms, "mipi_dsi_", "&dsi_ctx, ")


def _call(packet: Packet) -> Iterator[str]:
    data, kind = packet.sent, packet.kind
    if kind == "dcs" and data:
        name = _NAMED.get(data[0]) if len(data) == 1 else None
        if name:
            yield f"\tmipi_dsi_dcs_{name}_multi(&dsi_ctx);"
        elif data[0] == 0x35 and len(data) == 2 and data[1] < 2:
            mode = "VHBLANK" if data[1] else "VBLANK"
            yield f"\tmipi_dsi_dcs_set_tear_on_multi(&dsi_ctx, MIPI_DSI_DCS_TEAR_MODE_{mode});"
        else:
            yield from wrapped("\tmipi_dsi_dcs_write_seq_multi(&dsi_ctx, ", _bytes(data), ");")
    elif kind == "generic" and data:
        yield from wrapped("\tmipi_dsi_generic_write_seq_multi(&dsi_ctx, ", _bytes(data), ");")
    elif kind == "pps":
        yield "\tdrm_dsc_pps_payload_pack(&pps, &ctx->dsc);"
        yield "\tmipi_dsi_picture_parameter_set_multi(&dsi_ctx, &pps);"
    elif kind == "compression":
        on = "true" if data[:1] > b"\0" else "false"
        yield f"\tmipi_dsi_compression_mode_ext_multi(&dsi_ctx, {on}, MIPI_DSI_COMPRESSION_DSC, 0);"
    elif kind == "turn on":
        yield "\tmipi_dsi_turn_on_peripheral_multi(&dsi_ctx);"
    elif kind == "shut down":
        yield "\tif (!dsi_ctx.accum_err)"
        yield "\t\tdsi_ctx.accum_err = mipi_dsi_shutdown_peripheral(dsi_ctx.dsi);"
    else:
        yield f"\t/* {_remark(packet)} */"


def _remark(packet: Packet) -> str:
    said = packet.sent[:16].hex(" ") or "nothing"
    return _SILENT.get(packet.kind, "an empty packet stands here").format(bytes=said)


def _bytes(data: bytes) -> list[str]:
    return [f"0x{byte:02x}" for byte in data]


_TYPES = {
    "dcs": "MIPI_DSI_DCS_LONG_WRITE",
    "generic": "MIPI_DSI_GENERIC_LONG_WRITE",
    "pps": "MIPI_DSI_PICTURE_PARAMETER_SET",
    "compression": "MIPI_DSI_COMPRESSION_MODE",
    "turn on": "MIPI_DSI_TURN_ON_PERIPHERAL",
    "shut down": "MIPI_DSI_SHUTDOWN_PERIPHERAL",
}


def sent_by_host(packet: Packet) -> bool:
    """Whether a driver sends a packet, and does not merely remark on it.

    Args:
        packet: The packet.

    Returns:
        True if it does.
    """
    return packet.kind in _TYPES and (packet.kind not in {"dcs", "generic"} or bool(packet.sent))


def table(name: str, packets: Iterable[Packet], identifier: str) -> Iterator[str]:
    """Packets as a table, for kernels whose interface has no calls that remember an error.

    Args:
        name: The table's name.
        packets: The packets.
        identifier: What the driver's names begin with.

    Yields:
        Lines.
    """
    lists, rows = [], []
    for number, packet in enumerate(packets):
        if not sent_by_host(packet):
            rows.append(f"\t/* {_remark(packet)} */")
            if packet.wait_ms:
                rows.append(f"\t{{ 0, {packet.wait_ms}, 0, NULL }},")
            continue
        data = b"" if packet.kind in {"pps", "turn on", "shut down"} else packet.sent
        if data:
            lists += [*wrapped(f"static const u8 {name}_{number}[] = {{ ", _bytes(data), " };")]
        pointer = f"{name}_{number}" if data else "NULL"
        rows.append(f"\t{{ {_TYPES[packet.kind]}, {packet.wait_ms}, {len(data)}, {pointer} }},")
    yield from lists
    if lists:
        yield ""
    yield f"static const struct {identifier}_packet {name}[] = {{"
    yield from rows
    yield "};"
    yield ""
