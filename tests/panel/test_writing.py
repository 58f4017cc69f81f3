"""What is written from a panel: driver, binding, node, lines for Kconfig and Makefile, lk2nd's entry."""

from __future__ import annotations

import json
import re

import pytest
from vendor_panels import drivable, made

from pmport.errors import FormatError
from pmport.panel import KernelSeries, Panel, all_files, as_json, board_node, driver, names_of

NEW, OLD = KernelSeries(7, 2), KernelSeries(6, 1)
COMPRESSED = """qcom,compression-mode = "dsc"; qcom,mdss-dsc-slice-width = <540>; qcom,mdss-dsc-slice-height = <20>;
    qcom,mdss-dsc-bit-per-component = <8>; qcom,mdss-dsc-bit-per-pixel = <8>;"""


def test_driver_sends_what_the_tree_says_in_the_style_of_the_series() -> None:
    new, old = driver(made(), kernel=NEW), driver(made(), kernel=OLD)
    assert "mipi_dsi_dcs_write_seq_multi(&dsi_ctx, 0xf0, 0x5a, 0x5a);" in new
    assert "mipi_dsi_dcs_exit_sleep_mode_multi(&dsi_ctx);\n\tmipi_dsi_msleep(&dsi_ctx, 120);" in new
    assert "devm_drm_panel_alloc" in new
    assert "_multi" not in old
    assert "{ 0xf0, 0x5a, 0x5a };" in old
    assert "MIPI_DSI_DCS_LONG_WRITE, 120, 1," in old
    assert "drm_panel_init" in old


def test_reset_line_is_active_low() -> None:
    text = driver(made())
    reset = text[text.index("_reset(struct") :]
    assert re.findall(r"reset_gpio, (\d)\);", reset[: reset.index("\n}")]) == ["0", "1", "0"]


@pytest.mark.parametrize("kernel", [NEW, OLD], ids=str)
def test_compression_is_configured_and_switched_on(kernel: KernelSeries) -> None:
    text = driver(made(COMPRESSED), kernel=kernel)
    assert "ctx->dsc.slice_count = 2;" in text
    assert "drm_dsc_pps_payload_pack(&pps, &ctx->dsc);" in text


def test_panel_that_cannot_be_driven_is_refused_with_the_reason() -> None:
    with pytest.raises(FormatError, match="30 bits a pixel"):
        driver(made(bpp="0000001e"), kernel=OLD)
    assert "RGB101010" in driver(made(bpp="0000001e"), kernel=NEW)
    with pytest.raises(FormatError, match="video or a command panel"):
        driver(made(panel_type=None))
    with pytest.raises(FormatError, match=r"6\.1 and later"):
        KernelSeries.of("5.10")


def test_names_from_a_tree_stay_inside_comments() -> None:
    evil = 'x */ int evil; /* " \\ \n'
    panel = made(panel_name=evil.encode().hex() + "00")
    text = driver(panel)
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    assert "evil" not in code
    assert "evil" not in re.sub(r"/\*.*?\*/", "", board_node(panel), flags=re.DOTALL)


def test_all_files_have_plain_names() -> None:
    for name in ("../../etc/passwd", "a b/c", "", "ü"):
        panel = Panel(name, "/" + name, "qualcomm")
        assert re.fullmatch(r"panel-[a-z0-9-]+", names_of(panel).file)
    assert json.loads(all_files(made())["panel.json"])["name"] == as_json(made())["name"]


def test_what_the_tree_does_not_tell_is_a_question() -> None:
    text = driver(made())
    assert "Which supplies does the panel have?" in text
    assert "Who makes the panel?" not in text
    assert "Who makes the panel?" in driver(made(panel_name=b"thing video mode dsi panel\0".hex()))


@pytest.mark.corpus
@pytest.mark.parametrize("kernel", [NEW, OLD], ids=str)
def test_every_real_panel_is_written_in_lines_that_the_kernel_accepts(kernel: KernelSeries) -> None:
    for name, panel in drivable():
        try:
            texts = all_files(panel, kernel=kernel)
        except FormatError as error:
            assert re.search("30 bits|size of a slice", str(error)), name  # noqa: PT017 - every other reason is wrong
            continue
        for file, text in texts.items():
            assert (
                file.endswith(".json")
                or max(len(line.expandtabs(8)) for line in text.splitlines()) <= 100
                or not file.endswith(".c")
            )
            assert "\n\n\n" not in text, (name, file)
