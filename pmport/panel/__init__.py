"""Display panels of vendors' device trees: as values, and as what mainline needs to drive them.

::

    for found in panel.panels(tree):          # every panel, wherever it stands in the tree
        print(found.name, found.timing, found.obstacles)
    panel.driver(found, kernel=panel.KernelSeries.of("6.12"))    # C that compiles
    panel.acquainted(found)                   # does mainline drive it, or one like it, already?

Readers know the notations of Qualcomm, Unisoc, Rockchip, Amlogic, Samsung and MediaTek; each field keeps its source,
and what could not be read is a finding with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.panel.acquaintance import (
        Acquaintance as Acquaintance,
        MainlinePanel as MainlinePanel,
        acquainted as acquainted,
        mainline_panels as mainline_panels,
        packet_difference as packet_difference,
    )
    from pmport.panel.drm_driver import driver as driver
    from pmport.panel.driver_sources import read_drivers as read_drivers
    from pmport.panel.json_value import as_json as as_json
    from pmport.panel.kernel_series import KernelSeries as KernelSeries
    from pmport.panel.mainline_files import (
        all_files as all_files,
        binding as binding,
        board_node as board_node,
        build_hunks as build_hunks,
        lk2nd_entry as lk2nd_entry,
    )
    from pmport.panel.naming import Names as Names, names_of as names_of
    from pmport.panel.packets import (
        Layout as Layout,
        Packet as Packet,
        Packets as Packets,
        read_packets as read_packets,
    )
    from pmport.panel.panel_value import (
        Backlight as Backlight,
        Dsc as Dsc,
        Mode as Mode,
        Panel as Panel,
        Pin as Pin,
        Sequence as Sequence,
        Supply as Supply,
        Timing as Timing,
    )
    from pmport.panel.open_questions import questions as questions
    from pmport.panel.reading import (
        Fitted as Fitted,
        fitted as fitted,
        panels as panels,
        panels_in as panels_in,
        trees_in as trees_in,
    )
else:
    _PUBLIC = {
        "pmport.panel.acquaintance": "Acquaintance MainlinePanel acquainted mainline_panels packet_difference",
        "pmport.panel.drm_driver": "driver",
        "pmport.panel.driver_sources": "read_drivers",
        "pmport.panel.json_value": "as_json",
        "pmport.panel.kernel_series": "KernelSeries",
        "pmport.panel.mainline_files": "all_files binding board_node build_hunks lk2nd_entry",
        "pmport.panel.naming": "Names names_of",
        "pmport.panel.packets": "Layout Packet Packets read_packets",
        "pmport.panel.panel_value": "Backlight Dsc Mode Panel Pin Sequence Supply Timing",
        "pmport.panel.open_questions": "questions",
        "pmport.panel.reading": "Fitted fitted panels panels_in trees_in",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)
