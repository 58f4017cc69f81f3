"""The part of a driver that powers the panel, resets it, and sends its packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.panel.driver_packets import calls, sent_by_host, sleep, table, wrapped
from pmport.panel.driver_text import DriverText, signature

if TYPE_CHECKING:
    from pmport.panel.packets import Packet

__all__ = ["function", "prepare", "reset", "sender"]

_SENDS = {
    "dcs": (
        "\t\tcase MIPI_DSI_DCS_LONG_WRITE:",
        "\t\t\tret = mipi_dsi_dcs_write_buffer(dsi, packet->data, packet->len);",
        "\t\t\tbreak;",
    ),
    "generic": (
        "\t\tcase MIPI_DSI_GENERIC_LONG_WRITE:",
        "\t\t\tret = mipi_dsi_generic_write(dsi, packet->data, packet->len);",
        "\t\t\tbreak;",
    ),
    "pps": (
        "\t\tcase MIPI_DSI_PICTURE_PARAMETER_SET:",
        "\t\t\tdrm_dsc_pps_payload_pack(&pps, &ctx->dsc);",
        "\t\t\tret = mipi_dsi_picture_parameter_set(dsi, &pps);",
        "\t\t\tbreak;",
    ),
    "compression": (
        "\t\tcase MIPI_DSI_COMPRESSION_MODE:",
        "\t\t\tret = mipi_dsi_compression_mode(dsi, packet->data[0]);",
        "\t\t\tbreak;",
    ),
    "turn on": (
        "\t\tcase MIPI_DSI_TURN_ON_PERIPHERAL:",
        "\t\t\tret = mipi_dsi_turn_on_peripheral(dsi);",
        "\t\t\tbreak;",
    ),
    "shut down": (
        "\t\tcase MIPI_DSI_SHUTDOWN_PERIPHERAL:",
        "\t\t\tret = mipi_dsi_shutdown_peripheral(dsi);",
        "\t\t\tbreak;",
    ),
}
"""Kind of packet → its case in the loop of a driver for older kernels."""


def sender(source: DriverText) -> Iterator[str]:
    """For older kernels: a table's packet, and the loop that sends one.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    kinds = {packet.kind for role in ("on", "off") for packet in source.packets(role) if sent_by_host(packet)}
    if source.timing.dsc:
        kinds |= {"pps", "compression"}
    if not kinds:
        return
    own = source.own
    yield f"struct {own}_packet {{"
    yield "\tu8 type;"
    yield "\tu16 wait_ms;"
    yield "\tu16 len;"
    yield "\tconst u8 *data;"
    yield "};"
    yield ""
    yield from signature(
        f"static int {own}_send", f"struct {own} *ctx", f"const struct {own}_packet *packets", "size_t count"
    )
    yield "\tstruct mipi_dsi_device *dsi = ctx->dsi;"
    if "pps" in kinds:
        yield "\tstruct drm_dsc_picture_parameter_set pps;"
    yield "\tssize_t ret = 0;"
    yield "\tsize_t i;"
    yield ""
    yield "\tfor (i = 0; i < count && ret >= 0; i++) {"
    yield "\t\tconst struct " + own + "_packet *packet = &packets[i];"
    yield ""
    yield "\t\tswitch (packet->type) {"
    for kind, code in _SENDS.items():
        if kind in kinds:
            yield from code
    yield "\t\tdefault:"
    yield "\t\t\tbreak;"
    yield "\t\t}"
    yield ""
    yield "\t\tif (packet->wait_ms)"
    yield "\t\t\tusleep_range(packet->wait_ms * 1000, packet->wait_ms * 1000 + 1000);"
    yield "\t}"
    yield ""
    yield "\treturn ret < 0 ? ret : 0;"
    yield "}"
    yield ""


def reset(source: DriverText) -> Iterator[str]:
    """The reset line's steps.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    yield from signature(f"static void {source.own}_reset", f"struct {source.own} *ctx")
    for level, wait in source.panel.reset:
        yield f"\tgpiod_set_value_cansleep(ctx->reset_gpio, {0 if level else 1});"
        if wait:
            yield sleep(wait)
    yield "}"
    yield ""


def function(source: DriverText, role: str) -> Iterator[str]:
    """What switches the panel on or off.

    Args:
        source: The driver's parts.
        role: ``on`` or ``off``.

    Yields:
        Lines.
    """
    packets = source.packets(role)
    compress = role == "on" and source.timing.dsc is not None
    wanted = []
    if compress and not any(packet.kind == "pps" for packet in packets):
        wanted = ["pps", "compression"]
    if source.kernel.multi:
        yield from _multi_function(source, role, packets, wanted)
    else:
        yield from _table_function(source, role, packets, wanted)


def _multi_function(source: DriverText, role: str, packets: tuple[Packet, ...], wanted: list[str]) -> Iterator[str]:
    own = source.own
    yield from signature(f"static int {own}_{role}", f"struct {own} *ctx")
    yield "\tstruct mipi_dsi_multi_context dsi_ctx = { .dsi = ctx->dsi };"
    if wanted or any(packet.kind == "pps" for packet in packets):
        yield "\tstruct drm_dsc_picture_parameter_set pps;"
    yield ""
    yield from _power(source, role)
    yield from calls(packets)
    if wanted:
        if packets:
            yield ""
        yield "\tdrm_dsc_pps_payload_pack(&pps, &ctx->dsc);"
        yield "\tmipi_dsi_picture_parameter_set_multi(&dsi_ctx, &pps);"
        yield "\tmipi_dsi_compression_mode_ext_multi(&dsi_ctx, true, MIPI_DSI_COMPRESSION_DSC, 0);"
    yield ""
    yield "\treturn dsi_ctx.accum_err;"
    yield "}"
    yield ""


def _table_function(source: DriverText, role: str, packets: tuple[Packet, ...], wanted: list[str]) -> Iterator[str]:
    own = source.own
    lines = list(table(f"{own}_{role}_packets", packets, own))
    if wanted:
        end = lines.index("};", next(i for i, line in enumerate(lines) if line.startswith("static const struct")))
        lines[end:end] = [
            "\t{ MIPI_DSI_PICTURE_PARAMETER_SET, 0, 0, NULL },",
            f"\t{{ MIPI_DSI_COMPRESSION_MODE, 0, 1, {own}_compress }},",
        ]
        yield f"static const u8 {own}_compress[] = {{ 0x01 }};"
        yield ""
    yield from lines
    yield from signature(f"static int {own}_{role}", f"struct {own} *ctx")
    yield from _power(source, role)
    name = f"{own}_{role}_packets"
    yield from wrapped(f"\treturn {own}_send(", ["ctx", name, f"ARRAY_SIZE({name})"], ");")
    yield "}"
    yield ""


def _power(source: DriverText, role: str) -> Iterator[str]:
    low = source.low_power(role)
    if low is not None:
        yield f"\tctx->dsi->mode_flags {'|= ' if low else '&= ~'}MIPI_DSI_MODE_LPM;"
        yield ""


def prepare(source: DriverText) -> Iterator[str]:
    """What the kernel calls before the panel is used and after.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    own, reset = source.own, bool(source.panel.reset)
    on = bool(source.packets("on") or source.timing.dsc)
    power_off = []
    if reset:
        power_off.append("gpiod_set_value_cansleep(ctx->reset_gpio, 1);")
    if source.supplies:
        power_off.append(f"regulator_bulk_disable(ARRAY_SIZE({own}_supplies), ctx->supplies);")
    yield from signature(f"static int {own}_prepare", "struct drm_panel *panel")
    if reset or on or source.supplies:
        yield f"\tstruct {own} *ctx = to_{own}(panel);"
    if source.supplies or on:
        yield "\tint ret;"
    if reset or on or source.supplies:
        yield ""
    if source.supplies:
        yield f"\tret = regulator_bulk_enable(ARRAY_SIZE({own}_supplies), ctx->supplies);"
        yield "\tif (ret < 0)"
        yield "\t\treturn ret;"
        yield ""
    if reset:
        yield f"\t{own}_reset(ctx);"
        yield ""
    if on:
        yield f"\tret = {own}_on(ctx);"
        yield "\tif (ret < 0) {"
        yield '\t\tdev_err(panel->dev, "Failed to initialize panel: %d\\n", ret);'
        yield from (f"\t\t{line}" for line in power_off)
        yield "\t\treturn ret;"
        yield "\t}"
        yield ""
    yield "\treturn 0;"
    yield "}"
    yield ""
    yield from _unprepare(source, power_off)


def _unprepare(source: DriverText, power_off: list[str]) -> Iterator[str]:
    own = source.own
    yield from signature(f"static int {own}_unprepare", "struct drm_panel *panel")
    if power_off:
        yield f"\tstruct {own} *ctx = to_{own}(panel);"
        yield ""
        yield from (f"\t{line}" for line in power_off)
        yield ""
    yield "\treturn 0;"
    yield "}"
    yield ""
    if source.packets("off"):
        yield from signature(f"static int {own}_disable", "struct drm_panel *panel")
        yield f"\tstruct {own} *ctx = to_{own}(panel);"
        yield "\tint ret;"
        yield ""
        yield f"\tret = {own}_off(ctx);"
        yield "\tif (ret < 0)"
        yield '\t\tdev_err(panel->dev, "Failed to switch panel off: %d\\n", ret);'
        yield ""
        yield "\treturn 0;"
        yield "}"
        yield ""
