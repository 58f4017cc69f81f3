"""What stands beside a driver: its binding, its lines in Kconfig and Makefile, the board's node, lk2nd's entry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pmport.panel.driver_text import comment
from pmport.panel.drm_driver import driver
from pmport.panel.json_value import as_json
from pmport.panel.kernel_series import NEWEST, KernelSeries
from pmport.panel.naming import names_of, supply_names
from pmport.panel.open_questions import questions

if TYPE_CHECKING:
    from pmport.panel.panel_value import Panel

__all__ = ["all_files", "binding", "board_node", "build_hunks", "lk2nd_entry"]


def binding(panel: Panel, *, compatible: str = "", maintainer: str = "") -> str:
    """The binding: a schema for ``Documentation/devicetree/bindings/display/panel``.

    Args:
        panel: The panel.
        compatible: The compatible string, where somebody knows better than the panel's name tells.
        maintainer: ``Name <address>`` of whoever looks after it; a placeholder where it is empty.

    Returns:
        YAML, to be kept as ``VENDOR,PART.yaml``.
    """
    names = names_of(panel, compatible)
    supplies = [f"{name}-supply" for name in supply_names(panel)]
    required = ["compatible", "reg", *supplies, *(["reset-gpios"] if panel.reset else []), "port"]
    reset = ["  reset-gpios: true"] if panel.reset else []
    lines = [
        "# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause",
        "%YAML 1.2",
        "---",
        f"$id: http://devicetree.org/schemas/display/panel/{names.compatible}.yaml#",
        "$schema: http://devicetree.org/meta-schemas/core.yaml#",
        "",
        f"title: {names.vendor} {names.part} DSI display panel",
        "",
        "maintainers:",
        f"  - {maintainer or 'Your Name <you@example.org>'}",
        "",
        "allOf:",
        "  - $ref: panel-common.yaml#",
        "",
        "properties:",
        "  compatible:",
        f"    const: {names.compatible}",
        "",
        "  reg:",
        "    maxItems: 1",
        "    description: DSI virtual channel",
        "",
        *(f"  {name}: true" for name in supplies if name in _COMMON),
        *(
            line
            for name in supplies
            if name not in _COMMON
            for line in (f"  {name}:", f"    description: Supply {name}")
        ),
        "  backlight: true",
        "  port: true",
        *reset,
        "",
        "required:",
        *(f"  - {name}" for name in required),
        "",
        "additionalProperties: false",
        "",
        "examples:",
        "  - |",
        "    #include <dt-bindings/gpio/gpio.h>",
        "",
        "    dsi {",
        "        #address-cells = <1>;",
        "        #size-cells = <0>;",
        "",
        *(f"        {line}" if line else "" for line in _node(panel, names.compatible, "    ", "&tlmm 8", "dsi_out")),
        "    };",
        "...",
    ]
    return "\n".join(lines) + "\n"


_COMMON = frozenset({"power-supply"})
"""Supplies that ``panel-common.yaml`` declares already."""


def _node(panel: Panel, compatible: str, indent: str, reset: str, endpoint: str) -> list[str]:
    return [
        "panel@0 {",
        f'{indent}compatible = "{compatible}";',
        f"{indent}reg = <0>;",
        *([""] if panel.reset or panel.supplies else []),
        *([f"{indent}reset-gpios = <{reset} GPIO_ACTIVE_LOW>;"] if panel.reset else []),
        *(f"{indent}{name}-supply = <&vreg_{name.replace('-', '_')}>;" for name in supply_names(panel)),
        "",
        f"{indent}port {{",
        f"{indent * 2}endpoint {{",
        f"{indent * 3}remote-endpoint = <&{endpoint}>;",
        f"{indent * 2}}};",
        f"{indent}}};",
        "};",
    ]


def build_hunks(panel: Panel, *, compatible: str = "") -> dict[str, str]:
    """The lines that ``drivers/gpu/drm/panel`` needs for the driver.

    Args:
        panel: The panel.
        compatible: The compatible string, where somebody knows better.

    Returns:
        ``Kconfig`` and ``Makefile`` → lines to put among the others, in alphabetical order.
    """
    names = names_of(panel, compatible)
    select = ["\tselect DRM_DISPLAY_DSC_HELPER", "\tselect DRM_DISPLAY_HELPER"] if panel.dsc else []
    size = f"{panel.timing.width}x{panel.timing.height} " if panel.timing else ""
    mode = "video" if panel.mode and panel.mode.video else "command"
    kconfig = [
        f"config {names.symbol}",
        f'\ttristate "{names.compatible} DSI {mode} mode panel"',
        "\tdepends on OF",
        "\tdepends on DRM_MIPI_DSI",
        "\tdepends on BACKLIGHT_CLASS_DEVICE",
        *select,
        "\thelp",
        f"\t  Say Y here to enable support for the {size}DSI panel",
        f"\t  {names.compatible}.",
        "",
        f"\t  The module is called {names.file}.",
    ]
    return {
        "Kconfig": "\n".join(kconfig) + "\n",
        "Makefile": f"obj-$(CONFIG_{names.symbol}) += {names.file}.o\n",
    }


def board_node(panel: Panel, *, compatible: str = "") -> str:
    """The panel's node for a board file, with the host's side of the link.

    Args:
        panel: The panel.
        compatible: The compatible string, where somebody knows better.

    Returns:
        Source of a device tree. Labels of the host, regulators and pins are the porter's to fill in; comments say so, with
        what the vendor's tree has there.
    """
    names = names_of(panel, compatible)
    pin = next((item for item in panel.pins if item.use == "reset"), None)
    number = f"&tlmm {pin.number}" if pin is not None else "&tlmm 0"
    notes = [comment(question) for question in questions(panel, names)]
    if pin is not None:
        notes.append(
            comment(f"Reset: pin {pin.number} of {pin.controller or 'a controller outside this tree'} ({pin.source}).")
        )
    elif panel.reset:
        notes.append("Which pin resets the panel? 0 is a placeholder.")
    notes += [
        f"{comment(supply.name)}: {supply.minimum_uv} to {supply.maximum_uv} uV, {supply.load_ua} uA."
        for supply in panel.supplies
        if supply.maximum_uv
    ]
    lanes = " ".join(str(lane) for lane in (panel.lane_order or panel.lanes)[: len(panel.lanes)])
    node = _node(panel, names.compatible, "\t", number, "mdss_dsi0_out")
    at = next(index for index, line in enumerate(node) if "endpoint {" in line)
    node[at] = node[at].replace("endpoint {", "panel_in: endpoint {")
    return "\n".join(
        [
            *(f"/* {note} */" for note in notes),
            "&mdss_dsi0 {",
            *(f"\t{line}" if line else "" for line in node),
            "};",
            "",
            "&mdss_dsi0_out {",
            f"\tdata-lanes = <{lanes}>;",
            "\tremote-endpoint = <&panel_in>;",
            "};",
            "",
        ]
    )


def lk2nd_entry(panel: Panel, *, compatible: str = "") -> str:
    """The panel's line in the ``panel`` node of lk2nd's device file.

    Args:
        panel: The panel.
        compatible: The compatible string, where somebody knows better.

    Returns:
        Source: the vendor's name, which lk2nd finds on the stock command line, with mainline's compatible string. It
        belongs into a node that is compatible with ``lk2nd,panel``.
    """
    names = names_of(panel, compatible)
    node = panel.node.rpartition("/")[2].partition("@")[0]
    return f'{node} {{\n\tcompatible = "{names.compatible}";\n}};\n'


def all_files(panel: Panel, *, kernel: KernelSeries = NEWEST, compatible: str = "", origin: str = "") -> dict[str, str]:
    """All that a panel needs in mainline, under the names that a kernel's source has.

    Args:
        panel: The panel.
        kernel: The series that the driver is for.
        compatible: The compatible string, where somebody knows better.
        origin: What tree the panel was read from.

    Returns:
        Name → text: driver, binding, lines of ``Kconfig`` and ``Makefile``, the board's node, lk2nd's entry, JSON.

    Raises:
        FormatError: If no driver can be written.
    """
    names = names_of(panel, compatible)
    return {
        f"{names.file}.c": driver(panel, kernel=kernel, compatible=compatible, origin=origin),
        f"{names.compatible}.yaml": binding(panel, compatible=compatible),
        **build_hunks(panel, compatible=compatible),
        "node.dtsi": board_node(panel, compatible=compatible),
        "lk2nd.dtsi": lk2nd_entry(panel, compatible=compatible),
        "panel.json": json.dumps(as_json(panel), indent=1) + "\n",
    }
