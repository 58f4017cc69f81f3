"""Have we met? Vendors' panels against the index of mainline's drivers, and the index against people's reading of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from vendor_panels import every_panel, made, pairs

from pmport.errors import FormatError
from pmport.panel import MainlinePanel, acquainted, mainline_panels, packet_difference, read_drivers

PAIRS = pairs()
absent = pytest.mark.skipif(not PAIRS, reason="the panels with known drivers are not here (set PMPORT_CORPUS)")


def test_index_holds_drivers_with_modes_and_packets() -> None:
    drivers = {item.name: item for item in mainline_panels()}
    assert len(drivers) >= 120
    sample = drivers["panel-ebbg-ft8719"]
    assert sample.compatibles == ("ebbg,ft8719",)
    assert sample.modes[0][:2] == (1080, 2246)
    assert b"\x51\xff\x00" in sample.lists[0]


def test_folder_that_is_no_kernel_is_refused(tmp_path: Any) -> None:
    with pytest.raises(FormatError, match="has no drivers/gpu/drm/panel"):
        read_drivers(tmp_path)


def test_stranger_is_not_claimed() -> None:
    assert not any(near.drives for near in acquainted(made()))


def test_what_differs_is_shown_packet_by_packet() -> None:
    panel = made()
    on = panel.sequence("on")
    assert on
    ours = [packet.sent for packet in on.packets if packet.kind in {"dcs", "generic"}]
    assert packet_difference(panel, MainlinePanel("none", (), (), ())) == (tuple(ours), ())
    zeros = tuple(data + b"\0" if data in {b"\x11", b"\x29"} else data for data in ours)
    assert packet_difference(panel, MainlinePanel("same", (), (), ((b"\xff",), zeros))) == ((), ())
    more = (b"\xde\xad", *zeros[1:], zeros[1])
    assert packet_difference(panel, MainlinePanel("other", (), (), (more,))) == ((ours[0],), (b"\xde\xad", ours[1]))


@absent
@pytest.mark.corpus
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["driver"])
def test_index_says_what_people_read_in_the_driver(pair: dict[str, Any]) -> None:
    (entry,) = [item for item in mainline_panels() if f"{item.name}.c" == pair["driver"]]
    mode = pair["mainline"]["mode"]
    names = ("hdisplay", "vdisplay", "hfp", "hsync", "hbp", "vfp", "vsync", "vbp", "clock_khz")
    assert tuple(mode[name] for name in names) in entry.modes
    wanted = Counter(bytes(packet["bytes"]) for packet in pair["mainline"]["on"])
    assert any(wanted <= Counter(packets) for packets in entry.lists)


@absent
@pytest.mark.corpus
@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if pair["vendor"]["tree_file"]], ids=lambda pair: pair["driver"]
)
def test_panel_that_mainline_drives_is_recognized(pair: dict[str, Any]) -> None:
    vendor = pair["vendor"]
    (panel,) = [p for name, p in every_panel() if name == vendor["tree_file"] and p.node.endswith(vendor["node"])]
    nearest = acquainted(panel)[0]
    assert f"{nearest.driver}.c" == pair["driver"]
    assert nearest.drives
    assert nearest.same_timing


CHANGED = {
    "panel-boe-td4320.c": {"51b800": "the maintainer starts at another brightness, in two bytes"},
    "panel-ebbg-ft8719.c": {"51ff00": "the kernel sends brightness in two bytes, the vendor in one"},
}
"""Packets of mainline's drivers that the vendors' nodes do not have, and why."""


@absent
@pytest.mark.corpus
@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if pair["vendor"]["tree_file"]], ids=lambda pair: pair["driver"]
)
def test_mainline_sends_nothing_but_what_the_node_says(pair: dict[str, Any]) -> None:
    vendor = pair["vendor"]
    (panel,) = [p for name, p in every_panel() if name == vendor["tree_file"] and p.node.endswith(vendor["node"])]
    on = panel.sequence("on")
    assert on is not None
    ours = Counter(bare(packet.sent) for packet in on.packets if packet.sent)
    theirs = Counter(bare(bytes(packet["bytes"])) for packet in pair["mainline"]["on"])
    assert {data.hex() for data in theirs - ours} == set(CHANGED.get(pair["driver"], {}))


def bare(data: bytes) -> bytes:
    """A command that has no parameters, without the zero that some write behind it."""
    return data[:1] if data[0] in {0x10, 0x11, 0x28, 0x29} else data
