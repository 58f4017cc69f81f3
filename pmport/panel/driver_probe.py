"""The part of a driver that the kernel finds it by: mode, backlight, probe and removal."""

from __future__ import annotations

from collections.abc import Iterator

from pmport.panel.driver_packets import wrapped
from pmport.panel.driver_text import DriverText, signature

__all__ = ["backlight", "mode", "probe", "tail"]


def mode(source: DriverText) -> Iterator[str]:
    """The mode, and the panel's table of functions.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    own, t = source.own, source.timing
    h_total = f"{t.width} + {t.h_front} + {t.h_sync} + {t.h_back}"
    v_total = f"{t.height} + {t.v_front} + {t.v_sync} + {t.v_back}"
    exact = t.clock_khz or t.h_total * t.v_total * t.fps >= 1 << 31
    clock = str(t.pixel_clock_khz) if exact else f"({h_total}) * ({v_total}) * {t.fps} / 1000"
    rows = [
        ("clock", clock),
        ("hdisplay", str(t.width)),
        ("hsync_start", f"{t.width} + {t.h_front}"),
        ("hsync_end", f"{t.width} + {t.h_front} + {t.h_sync}"),
        ("htotal", h_total),
        ("vdisplay", str(t.height)),
        ("vsync_start", f"{t.height} + {t.v_front}"),
        ("vsync_end", f"{t.height} + {t.v_front} + {t.v_sync}"),
        ("vtotal", v_total),
    ]
    if all(0 < side <= 0xFFFF for side in source.panel.size_mm):
        rows += [("width_mm", str(source.panel.size_mm[0])), ("height_mm", str(source.panel.size_mm[1]))]
    rows.append(("type", "DRM_MODE_TYPE_DRIVER | DRM_MODE_TYPE_PREFERRED"))
    yield f"static const struct drm_display_mode {own}_mode = {{"
    yield from (f"\t.{name} = {value}," for name, value in rows)
    yield "};"
    yield ""
    yield from signature(f"static int {own}_get_modes", "struct drm_panel *panel", "struct drm_connector *connector")
    yield f"\treturn drm_connector_helper_get_modes_fixed(connector, &{own}_mode);"
    yield "}"
    yield ""
    yield f"static const struct drm_panel_funcs {own}_funcs = {{"
    yield f"\t.prepare = {own}_prepare,"
    if source.packets("off"):
        yield f"\t.disable = {own}_disable,"
    yield f"\t.unprepare = {own}_unprepare,"
    yield f"\t.get_modes = {own}_get_modes,"
    yield "};"
    yield ""


def backlight(source: DriverText) -> Iterator[str]:
    """The backlight that the panel itself is.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    own, light = source.own, source.panel.backlight
    if light is None:
        return
    large = "_large" if light.big_endian else ""
    low = "MIPI_DSI_MODE_LPM" in source.panel.flags
    yield from signature(f"static int {own}_bl_update_status", "struct backlight_device *bl")
    yield "\tstruct mipi_dsi_device *dsi = bl_get_data(bl);"
    one_byte = light.maximum <= 0xFF
    yield f"\t{'u8' if one_byte else 'u16'} brightness = backlight_get_brightness(bl);"
    yield f"\t{'ssize_t' if one_byte else 'int'} ret;"
    yield ""
    if low:
        yield "\tdsi->mode_flags &= ~MIPI_DSI_MODE_LPM;"
    if one_byte:
        yield "\tret = mipi_dsi_dcs_write(dsi, MIPI_DCS_SET_DISPLAY_BRIGHTNESS,"
        yield "\t\t\t\t &brightness, sizeof(brightness));"
    else:
        yield f"\tret = mipi_dsi_dcs_set_display_brightness{large}(dsi, brightness);"
    if low:
        yield "\tdsi->mode_flags |= MIPI_DSI_MODE_LPM;"
    yield ""
    yield "\treturn ret < 0 ? ret : 0;"
    yield "}"
    yield ""
    yield f"static const struct backlight_ops {own}_bl_ops = {{"
    yield f"\t.update_status = {own}_bl_update_status,"
    yield "};"
    yield ""
    yield "static struct backlight_device *"
    yield from signature(f"{own}_create_backlight", "struct mipi_dsi_device *dsi")
    yield "\tstruct device *dev = &dsi->dev;"
    yield "\tconst struct backlight_properties props = {"
    yield "\t\t.type = BACKLIGHT_RAW,"
    yield f"\t\t.brightness = {light.maximum},"
    yield f"\t\t.max_brightness = {light.maximum},"
    yield "\t};"
    yield ""
    yield "\treturn devm_backlight_device_register(dev, dev_name(dev), dev, dsi,"
    yield f"\t\t\t\t\t      &{own}_bl_ops, &props);"
    yield "}"
    yield ""


def probe(source: DriverText) -> Iterator[str]:
    """What the kernel calls when it finds the panel.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    own = source.own
    yield from signature(f"static int {own}_probe", "struct mipi_dsi_device *dsi")
    yield "\tstruct device *dev = &dsi->dev;"
    yield f"\tstruct {own} *ctx;"
    yield "\tint ret;"
    yield ""
    if source.kernel.panel_alloc:
        arguments = ("dev", f"struct {own}", "panel", f"&{own}_funcs", "DRM_MODE_CONNECTOR_DSI")
        yield from wrapped("\tctx = devm_drm_panel_alloc(", arguments, ");")
        yield "\tif (IS_ERR(ctx))"
        yield "\t\treturn PTR_ERR(ctx);"
    else:
        yield "\tctx = devm_kzalloc(dev, sizeof(*ctx), GFP_KERNEL);"
        yield "\tif (!ctx)"
        yield "\t\treturn -ENOMEM;"
    yield ""
    yield from _resources(source)
    yield "\tctx->dsi = dsi;"
    yield "\tmipi_dsi_set_drvdata(dsi, ctx);"
    yield ""
    yield from _dsi(source)
    if not source.kernel.panel_alloc:
        yield f"\tdrm_panel_init(&ctx->panel, dev, &{own}_funcs, DRM_MODE_CONNECTOR_DSI);"
    if source.kernel.prepare_prev_first:
        yield "\tctx->panel.prepare_prev_first = true;"
    if not source.kernel.panel_alloc or source.kernel.prepare_prev_first:
        yield ""
    yield from _light(source)
    yield from _compression(source)
    yield "\tdrm_panel_add(&ctx->panel);"
    yield ""
    yield "\tret = mipi_dsi_attach(dsi);"
    yield "\tif (ret < 0) {"
    yield "\t\tdrm_panel_remove(&ctx->panel);"
    yield '\t\treturn dev_err_probe(dev, ret, "Failed to attach to DSI host\\n");'
    yield "\t}"
    yield ""
    yield "\treturn 0;"
    yield "}"
    yield ""


def _resources(source: DriverText) -> Iterator[str]:
    """Supplies and the reset line."""
    own = source.own
    if source.supplies:
        yield f"\tret = devm_regulator_bulk_get_const(dev, ARRAY_SIZE({own}_supplies),"
        yield f"\t\t\t\t\t    {own}_supplies, &ctx->supplies);"
        yield "\tif (ret < 0)"
        yield '\t\treturn dev_err_probe(dev, ret, "Failed to get regulators\\n");'
        yield ""
    if source.panel.reset:
        yield '\tctx->reset_gpio = devm_gpiod_get(dev, "reset", GPIOD_OUT_HIGH);'
        yield "\tif (IS_ERR(ctx->reset_gpio))"
        yield "\t\treturn dev_err_probe(dev, PTR_ERR(ctx->reset_gpio),"
        yield '\t\t\t\t     "Failed to get reset-gpios\\n");'
        yield ""


def _dsi(source: DriverText) -> Iterator[str]:
    mode = source.panel.mode
    flags = sorted(source.panel.flags)
    if mode is not None and mode.video:
        kind = {"burst": "MIPI_DSI_MODE_VIDEO_BURST", "sync pulse": "MIPI_DSI_MODE_VIDEO_SYNC_PULSE"}
        extra = kind.get(mode.value.removeprefix("video, "))
        flags = ["MIPI_DSI_MODE_VIDEO", *([extra] if extra else []), *flags]
    yield f"\tdsi->lanes = {len(source.panel.lanes)};"
    yield f"\tdsi->format = MIPI_DSI_FMT_{source.panel.colour or 'RGB888'};"
    rows = [" | ".join(flags[at : at + 2]) for at in range(0, len(flags), 2)]
    if rows:
        yield f"\tdsi->mode_flags = {rows[0]}{' |' if len(rows) > 1 else ';'}"
        yield from (f"\t\t\t  {row}{' |' if index + 2 < len(rows) else ';'}" for index, row in enumerate(rows[1:]))
    yield ""


def _light(source: DriverText) -> Iterator[str]:
    if source.dcs_backlight:
        yield f"\tctx->panel.backlight = {source.own}_create_backlight(dsi);"
        yield "\tif (IS_ERR(ctx->panel.backlight))"
        yield "\t\treturn dev_err_probe(dev, PTR_ERR(ctx->panel.backlight),"
        yield '\t\t\t\t     "Failed to create backlight\\n");'
    else:
        yield "\tret = drm_panel_of_backlight(&ctx->panel);"
        yield "\tif (ret)"
        yield '\t\treturn dev_err_probe(dev, ret, "Failed to get backlight\\n");'
    yield ""


def _compression(source: DriverText) -> Iterator[str]:
    dsc = source.timing.dsc
    if dsc is None:
        return
    yield "\tdsi->dsc = &ctx->dsc;"
    yield f"\tctx->dsc.dsc_version_major = {dsc.version[0]};"
    yield f"\tctx->dsc.dsc_version_minor = {dsc.version[1]};"
    yield f"\tctx->dsc.slice_height = {dsc.slice_height};"
    yield f"\tctx->dsc.slice_width = {dsc.slice_width};"
    yield f"\tctx->dsc.slice_count = {max(source.timing.width // dsc.slice_width, 1)};"
    yield f"\tctx->dsc.bits_per_component = {dsc.bits_per_component};"
    yield f"\tctx->dsc.bits_per_pixel = {dsc.bits_per_pixel} << 4; /* 4 fractional bits */"
    yield f"\tctx->dsc.block_pred_enable = {'true' if dsc.block_prediction else 'false'};"
    yield ""


def tail(source: DriverText) -> Iterator[str]:
    """Removal, the compatible string, the driver's table.

    Args:
        source: The driver's parts.

    Yields:
        Lines.
    """
    own = source.own
    yield from signature(f"static void {own}_remove", "struct mipi_dsi_device *dsi")
    yield f"\tstruct {own} *ctx = mipi_dsi_get_drvdata(dsi);"
    yield "\tint ret;"
    yield ""
    yield "\tret = mipi_dsi_detach(dsi);"
    yield "\tif (ret < 0)"
    yield '\t\tdev_err(&dsi->dev, "Failed to detach from DSI host: %d\\n", ret);'
    yield ""
    yield "\tdrm_panel_remove(&ctx->panel);"
    yield "}"
    yield ""
    yield f"static const struct of_device_id {own}_of_match[] = {{"
    yield f'\t{{ .compatible = "{source.names.compatible}" }},'
    yield "\t{ /* sentinel */ }"
    yield "};"
    yield f"MODULE_DEVICE_TABLE(of, {own}_of_match);"
    yield ""
    yield f"static struct mipi_dsi_driver {own}_driver = {{"
    yield f"\t.probe = {own}_probe,"
    yield f"\t.remove = {own}_remove,"
    yield "\t.driver = {"
    yield f'\t\t.name = "{source.names.file}",'
    yield f"\t\t.of_match_table = {own}_of_match,"
    yield "\t},"
    yield "};"
    yield f"module_mipi_dsi_driver({own}_driver);"
    yield ""
    yield f'MODULE_DESCRIPTION("DRM driver for the panel {source.names.compatible}");'
    yield 'MODULE_LICENSE("GPL");'
